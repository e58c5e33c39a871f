//! Several quotes within a second.

use jiff::SignedDuration;
use plimsoll_tws::Response;
use rust_decimal::Decimal;

use super::rig::{Rig, order, quotes};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile, TwsSettings, VenueConfig};

fn rig(quotes_per_second: u32) -> (Rig, ConnId) {
    let settings = TwsSettings { quotes_per_second, ..TwsSettings::default() };
    let mut rig = Rig::new(VenueConfig { settings, ..config(Profile::Live, ELEVEN) });
    let conn = rig.client(7);
    rig.ask(conn, &quotes(1, "SPY"));
    (rig, conn)
}

fn wait_ms(rig: &mut Rig, millis: i64) {
    let to = rig.venue.now() + SignedDuration::from_millis(millis);
    rig.run(|venue, out| venue.advance(to, out));
}

/// The last size of the offer, and how many ticks of either kind came.
fn sizes(rig: &mut Rig, conn: ConnId) -> (Option<Decimal>, usize, usize) {
    let heard = rig.heard(conn);
    let of = |wanted: i32| {
        heard.iter().filter_map(move |said| match said {
            Response::TickSize(m) if m.tick == wanted => m.size,
            _ => None,
        })
    };
    let prices = heard.iter().filter(|said| matches!(said, Response::TickPrice(_))).count();
    (of(3).last().map(plimsoll_model::Qty::get), of(0).count() + of(3).count(), prices)
}

#[test]
fn sizes_change_every_quarter_of_a_second_and_prices_by_the_second() {
    let (mut rig, conn) = rig(4);
    rig.heard(conn);
    wait_ms(&mut rig, 999);
    let (_, count, prices) = sizes(&mut rig, conn);
    // Three parts, two sides; a size that was drawn twice is told once.
    assert!((3..=6).contains(&count) && prices == 0, "{count} {prices}");
    wait_ms(&mut rig, 1);
    assert!(sizes(&mut rig, conn).1 > 0);
}

#[test]
fn one_quote_a_second_is_silent_in_between() {
    let (mut rig, conn) = rig(1);
    rig.heard(conn);
    wait_ms(&mut rig, 999);
    assert_eq!(sizes(&mut rig, conn).1, 0);
}

// What is shown in a part of a second is what an order in that part can take at the best price.
#[test]
fn an_order_takes_the_size_that_was_shown_last() {
    let (mut rig, conn) = rig(4);
    wait_ms(&mut rig, 510);
    let shown = sizes(&mut rig, conn).0.unwrap();
    rig.ask(conn, &order(1, "DU1", "BUY 4000 SPY MKT"));
    let first = rig.heard(conn).iter().find_map(|said| match said {
        Response::ExecDetails(m) => m.qty,
        _ => None,
    });
    // Clients of this version are told shares.
    assert_eq!(first.map(plimsoll_model::Qty::get), Some(shown));
}

#[test]
fn the_same_seed_gives_the_same_sizes() {
    let play = || {
        let (mut rig, conn) = rig(10);
        wait_ms(&mut rig, 2_350);
        rig.heard(conn)
    };
    assert_eq!(play(), play());
}
