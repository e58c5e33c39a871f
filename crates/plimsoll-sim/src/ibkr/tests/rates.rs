//! How fast a login may speak: its messages, and its questions for the time.

use plimsoll_tws::message::ReqIds;
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, order};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile, VenueConfig};

fn rig() -> Rig {
    Rig::new(config(Profile::Live, ELEVEN))
}

fn next_id() -> Request {
    Request::ReqIds(ReqIds { count: 1 })
}

fn asks(rig: &mut Rig, conn: ConnId, times: usize) {
    for _ in 0..times {
        rig.ask(conn, &next_id());
    }
}

/// What a client heard, by the names of messages and the codes of errors.
fn heard(rig: &mut Rig, conn: ConnId) -> Vec<String> {
    let name =
        |r: &Response| if let Response::Error(e) = r { e.code.to_string() } else { r.name().to_owned() };
    rig.heard(conn).iter().map(name).collect()
}

#[test]
fn what_two_clients_ask_beyond_fifty_messages_a_second_is_answered_a_second_later_and_not_refused() {
    let mut rig = rig();
    let (one, two) = (rig.client(1), rig.client(2));
    asks(&mut rig, one, 30);
    asks(&mut rig, two, 30);
    assert_eq!((heard(&mut rig, one).len(), heard(&mut rig, two)), (30, vec!["nextValidId".to_owned(); 20]));
    // Whoever comes now is behind them.
    rig.ask(one, &order(1, "DU1", "BUY 1 SPY MKT"));
    assert_eq!(rig.lines(one), "");
    rig.wait(1);
    assert_eq!(heard(&mut rig, two), ["nextValidId"; 10]);
    assert!(rig.lines(one).contains("orderStatus 1 Filled 1+0"));
    let state = rig.state();
    let [row] = &state["violations"].as_array().unwrap()[..] else { panic!("{state}") };
    assert_eq!(row["kind"], "message_rate");
    // Who sent most of what was there when it became too much.
    assert_eq!(row["client"], 1);
}

#[test]
fn fifty_messages_a_second_for_a_minute_are_no_violation() {
    let mut rig = rig();
    let conn = rig.client(1);
    for _ in 0..60 {
        asks(&mut rig, conn, 50);
        assert_eq!(heard(&mut rig, conn).len(), 50);
        rig.wait(1);
    }
    assert!(rig.violations().is_empty());
}

#[test]
fn a_flood_is_answered_fifty_a_second_and_is_one_violation_until_it_is_over() {
    let mut rig = rig();
    let conn = rig.client(1);
    asks(&mut rig, conn, 170);
    for answered in [50, 50, 50, 20] {
        assert_eq!(heard(&mut rig, conn).len(), answered);
        rig.wait(1);
    }
    assert_eq!(rig.violations(), ["message_rate"]);
    asks(&mut rig, conn, 51);
    assert_eq!(rig.violations(), ["message_rate", "message_rate"]);
}

#[test]
fn an_order_behind_a_flood_is_read_although_its_client_has_hung_up() {
    let mut rig = rig();
    let conn = rig.client(1);
    asks(&mut rig, conn, 70);
    rig.ask(conn, &order(1, "DU1", "BUY 1 SPY MKT"));
    rig.heard(conn);
    rig.hang_up(conn);
    // TWS has not read so far, and has not seen that the client is gone.
    let again = rig.start_at(1, 178);
    assert!(rig.lines(again).contains(" 326 "));
    rig.wait(1);
    assert_eq!(rig.state()["executions"][0]["client"], 1);
    assert!(rig.heard(conn).is_empty());
    let again = rig.start_at(1, 178);
    assert!(rig.lines(again).contains("nextValidId 2\n"));
}

#[test]
fn who_sends_more_than_the_sockets_buffers_take_while_it_has_to_wait_is_broken_off_alone() {
    let mut rig = rig();
    let (one, two) = (rig.client(1), rig.client(2));
    asks(&mut rig, one, 50);
    let long = order(1, &"x".repeat(4_000), "BUY 1 SPY MKT");
    let mut sent = 0;
    while rig.ended(one).is_none() {
        rig.ask(one, &long);
        sent += 1;
        assert!(sent < 2_000, "no limit");
    }
    assert!(sent > 900, "{sent}");
    assert_eq!(rig.ended(one), Some("reset"));
    rig.ask(two, &next_id());
    rig.wait(1);
    assert_eq!(rig.lines(two), "nextValidId 1\n");
    assert_eq!(rig.state()["orders"].as_array().unwrap().len(), 0);
}

#[test]
fn a_venue_in_lockstep_answers_at_once_because_its_time_stands() {
    let mut rig = Rig::new(VenueConfig { lockstep: true, ..config(Profile::Live, ELEVEN) });
    let conn = rig.client(1);
    asks(&mut rig, conn, 200);
    assert_eq!(heard(&mut rig, conn).len(), 200);
    assert_eq!(rig.violations(), ["message_rate"], "that it was too much is noted all the same");
}

#[test]
fn a_tws_that_rejects_tells_each_client_once_a_second_and_closes_at_the_third_time() {
    let mut rig = rig();
    let (one, two) = (rig.client(1), rig.client(2));
    rig.fault(r#"{"kind": "rate_limit", "per_second": 2}"#);
    for second in 1..=3 {
        asks(&mut rig, one, 4);
        if second < 3 {
            assert_eq!(heard(&mut rig, one), ["nextValidId", "nextValidId", "100"]);
            assert_eq!(rig.ended(one), None);
        }
        if second == 1 {
            // The login's two messages are spent.
            asks(&mut rig, two, 2);
            assert_eq!(heard(&mut rig, two), ["100"]);
        }
        rig.wait(1);
    }
    assert_eq!((rig.ended(one), rig.ended(two)), (Some("closed"), None));
}

#[test]
fn the_time_is_told_once_a_second_to_the_whole_login_in_seconds_or_in_milliseconds() {
    let mut rig = rig();
    let (one, two) = (rig.start_at(1, 200), rig.start_at(2, 200));
    rig.heard(one);
    rig.heard(two);
    rig.ask(one, &Request::ReqCurrentTime);
    assert_eq!(rig.lines(one), "currentTime\n");
    for question in [Request::ReqCurrentTime, Request::ReqCurrentTimeInMillis] {
        rig.wait(1);
        rig.ask(one, &Request::ReqCurrentTimeInMillis);
        assert_eq!(rig.lines(one), "currentTimeInMillis\n");
        rig.ask(two, &question);
        assert_eq!(rig.lines(two), "");
    }
    assert_eq!(rig.violations(), ["current_time_pacing"; 2]);
    rig.wait(1);
    rig.ask(two, &Request::ReqCurrentTime);
    assert_eq!(rig.lines(two), "currentTime\n");
}
