//! Lockstep and determinism: the order of turns, and the same bytes for the same seed.

use bytes::BytesMut;
use plimsoll_model::ClientId;
use plimsoll_tws::message::CurrentTime;
use plimsoll_tws::{Request, Response};
use rust_decimal::Decimal;

use super::rig::{Rig, order, quotes};
use super::{ELEVEN, config};
use crate::bots::{DemoBot, demo_bots};
use crate::ibkr::{ConnId, IbkrVenue, Output, Profile, VenueConfig};

fn lockstep(start: &str) -> VenueConfig {
    let master_client_id = Some(ClientId(900));
    let accounts =
        ["DU1111111", "DU2222222"].map(|name| plimsoll_model::Account::new(name).unwrap()).to_vec();
    VenueConfig { lockstep: true, master_client_id, accounts, ..config(Profile::Live, start) }
}

fn tick(rig: &mut Rig) {
    rig.run(IbkrVenue::tick);
}

#[test]
fn batches_go_out_one_by_one_the_master_first_and_then_by_client_id() {
    let mut rig = Rig::new(lockstep(ELEVEN));
    let (twelve, idle, master, eleven) = (rig.client(12), rig.client(1), rig.client(900), rig.client(11));
    for conn in [twelve, master, eleven] {
        rig.ask(conn, &quotes(1, "SPY"));
        rig.heard(conn);
    }
    tick(&mut rig);
    for conn in [master, eleven, twelve] {
        assert_eq!(rig.venue.waiting_for(), Some(conn));
        let heard = rig.heard(conn);
        let seconds = rig.venue.now().as_second();
        assert_eq!(heard[0], Response::CurrentTime(CurrentTime { seconds }));
        assert!(heard.len() > 1, "no data in the batch");
        rig.ask(conn, &Request::ReqCurrentTime);
        assert!(rig.heard(conn).is_empty(), "an acknowledgement was answered");
    }
    assert_eq!(rig.venue.waiting_for(), None);
    assert!(rig.heard(idle).is_empty());
}

#[test]
fn time_stands_still_until_the_tick_is_acknowledged() {
    let mut rig = Rig::new(lockstep(ELEVEN));
    let conn = rig.client(11);
    rig.ask(conn, &quotes(1, "SPY"));
    tick(&mut rig);
    let then = rig.venue.now();
    tick(&mut rig);
    rig.wait(60);
    assert_eq!((rig.venue.now(), rig.venue.next_event()), (then, None));
    rig.ask(conn, &Request::ReqCurrentTime);
    tick(&mut rig);
    assert_eq!(rig.venue.now().as_second(), then.as_second() + 1);
}

#[test]
fn a_client_that_leaves_or_is_passed_over_gives_its_turn_away() {
    let mut rig = Rig::new(lockstep(ELEVEN));
    let (one, two, three) = (rig.client(1), rig.client(2), rig.client(3));
    for conn in [one, two, three] {
        rig.ask(conn, &quotes(1, "SPY"));
    }
    tick(&mut rig);
    rig.hang_up(one);
    assert_eq!(rig.venue.waiting_for(), Some(two));
    rig.run(|venue, out| venue.skip(two, out));
    assert_eq!(rig.venue.waiting_for(), Some(three));
    rig.heard(two);
    // The late acknowledgement must not be answered: the answer would look like the next second.
    rig.ask(two, &Request::ReqCurrentTime);
    assert!(rig.heard(two).is_empty());
}

#[test]
fn answers_to_ones_own_requests_do_not_wait_for_ones_turn() {
    let mut rig = Rig::new(lockstep(ELEVEN));
    let (one, two) = (rig.client(1), rig.client(2));
    for conn in [one, two] {
        rig.ask(conn, &quotes(1, "SPY"));
    }
    tick(&mut rig);
    rig.heard(two);
    rig.ask(two, &order(1, "DU1111111", "BUY 10 SPY MKT"));
    assert!(rig.lines(two).contains("orderStatus 1 Filled"));
    assert_eq!(rig.venue.waiting_for(), Some(one));
}

/// A venue with the four demo bots wired straight to it.
struct Day {
    venue: IbkrVenue,
    bots: Vec<DemoBot>,
    wire: Vec<u8>,
}

impl Day {
    fn run(config: VenueConfig, seconds: usize) -> Self {
        let mut day = Self { venue: IbkrVenue::new(config).unwrap(), bots: demo_bots(), wire: Vec::new() };
        let mut out = Vec::new();
        for index in 0..day.bots.len() {
            let conn = ConnId(u64::try_from(index).unwrap());
            day.venue.connected(conn, &mut out);
            let mut said = BytesMut::new();
            day.bots[index].connected(&mut said);
            day.venue.received(conn, &said, &mut out);
            day.carry(&mut out);
        }
        for _ in 0..seconds {
            day.venue.tick(&mut out);
            day.carry(&mut out);
            assert_eq!(day.venue.waiting_for(), None, "every bot acknowledges");
        }
        day
    }

    /// Hands over bytes until nobody says anything any more.
    fn carry(&mut self, out: &mut Vec<Output>) {
        while !out.is_empty() {
            for output in std::mem::take(out) {
                let Output::Send { conn, bytes } = output else {
                    panic!("the venue ended a bot: {output:?}")
                };
                self.wire.extend_from_slice(&bytes);
                let mut said = BytesMut::new();
                self.bots[usize::try_from(conn.0).unwrap()].received(&bytes, &mut said).unwrap();
                if !said.is_empty() {
                    self.venue.received(conn, &said, out);
                }
            }
        }
    }

    fn state(&self) -> serde_json::Value {
        serde_json::to_value(self.venue.state()).unwrap()
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let day = |seed| Day::run(VenueConfig { seed, ..lockstep("2026-11-27T10:58:00-05:00") }, 600);
    let (one, again, other) = (day(7), day(7), day(8));
    assert!(one.wire == again.wire, "two runs of one seed differ");
    assert_eq!(one.state(), again.state());
    assert!(one.wire != other.wire, "the seed decides nothing");
    assert!(!one.state()["executions"].as_array().unwrap().is_empty());
}

/// Cash and positions, computed once more from nothing but the executions.
fn conserved(state: &serde_json::Value) {
    let number = |value: &serde_json::Value| value.as_str().unwrap().parse::<Decimal>().unwrap();
    for account in state["accounts"].as_array().unwrap() {
        let mut cash = Decimal::from(1_000_000);
        let mut held = std::collections::BTreeMap::<&str, Decimal>::new();
        for row in state["executions"].as_array().unwrap() {
            if row["account"] != account["account"] {
                continue;
            }
            let signed = if row["side"] == "BUY" { number(&row["qty"]) } else { -number(&row["qty"]) };
            cash -= signed * number(&row["price"]) + number(&row["commission"]);
            *held.entry(row["symbol"].as_str().unwrap()).or_default() += signed;
        }
        assert_eq!(number(&account["cash"]), cash, "cash of {}", account["account"]);
        held.retain(|_, qty| !qty.is_zero());
        for row in state["positions"].as_array().unwrap() {
            if row["account"] == account["account"] {
                assert_eq!(held.remove(row["symbol"].as_str().unwrap()), Some(number(&row["qty"])));
            }
        }
        assert!(held.is_empty(), "positions that the state does not show: {held:?}");
    }
}

// The day of the demonstration without Plimsoll: every mistake of the bots meets the live venue.
#[test]
fn the_half_day_ends_with_its_accounts_in_balance_and_its_mistakes_on_record() {
    let day = Day::run(lockstep("2026-11-27T09:29:50-05:00"), 12_620);
    let state = day.state();
    conserved(&state);
    let open = state["orders"].as_array().unwrap().iter().filter(|row| row["status"] == "Submitted").count();
    assert_eq!(open, 0, "day orders outlived the close");
    let rows = state["violations"].as_array().unwrap();
    let count = |kind: &str| rows.iter().filter(|row| row["kind"] == kind).count();
    assert!(count("missing_account") > 0);
    assert!(count("crossing_on_close") > 0);
    assert!(count("late_on_close") > 0);
    assert!(day.bots.iter().any(|bot| !bot.refusals().is_empty()));
}
