//! Half-open sockets: what is left unread, and what becomes of it when somebody reads again.

use plimsoll_tws::message::StartApi;
use plimsoll_tws::{Request, ServerVersion, frame};

use super::rig::{Rig, order};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, IbkrVenue, Output, Profile};

fn rig() -> Rig {
    Rig::new(config(Profile::Live, ELEVEN))
}

fn bytes(request: &Request) -> Vec<u8> {
    frame::encode(request.encode(ServerVersion::new(178).unwrap()).bytes()).to_vec()
}

/// Where among the outputs a connection was left unread, and read again.
fn reading(rig: &Rig, conn: ConnId) -> Vec<&'static str> {
    let each = rig.sent.iter().filter_map(|output| match output {
        Output::StopReading { conn: of } if *of == conn => Some("stop"),
        Output::ReadOn { conn: of } if *of == conn => Some("on"),
        _ => None,
    });
    each.collect()
}

#[test]
fn the_server_is_told_to_leave_a_half_open_socket_unread_until_the_fault_ends() {
    let mut rig = rig();
    let (seven, eight) = (rig.client(7), rig.client(8));
    rig.fault(r#"{"kind": "half_open", "client": 7, "for": "60s"}"#);
    assert_eq!((reading(&rig, seven), reading(&rig, eight)), (vec!["stop"], vec![]));
    rig.ask(seven, &Request::ReqPositions);
    rig.wait(60);
    assert_eq!(reading(&rig, seven), ["stop", "on"]);
    // First what had been read, then what still waits in the socket.
    let last = rig.sent.iter().rev().take(2).collect::<Vec<_>>();
    assert!(matches!(last[..], [Output::ReadOn { .. }, Output::Send { .. }]), "{last:?}");
}

#[test]
fn of_two_faults_of_a_socket_the_last_one_to_end_counts() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "half_open", "for": "60s"}"#);
    rig.fault(r#"{"kind": "half_open", "client": 7, "for": "30s"}"#);
    rig.wait(59);
    assert_eq!(reading(&rig, conn), ["stop"]);
    rig.wait(1);
    assert_eq!(reading(&rig, conn), ["stop", "on"]);
}

#[test]
fn healing_everything_reads_on() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "half_open"}"#);
    rig.run(IbkrVenue::heal_all);
    assert_eq!(reading(&rig, conn), ["stop", "on"]);
}

#[test]
fn a_socket_that_is_opened_meanwhile_is_left_unread_from_its_first_byte() {
    let mut rig = rig();
    rig.fault(r#"{"kind": "half_open", "for": "60s"}"#);
    let conn = rig.socket();
    assert_eq!(reading(&rig, conn), ["stop"]);
}

// A library may send its startApi and its first questions in one piece.
#[test]
fn what_comes_in_one_piece_with_the_client_id_is_left_unread_too() {
    let mut rig = rig();
    rig.fault(r#"{"kind": "half_open", "client": 7, "for": "60s"}"#);
    let conn = rig.socket();
    rig.bytes(conn, b"API\0\0\0\0\x09v157..178");
    let start = Request::StartApi(StartApi { client_id: 7, ..StartApi::default() });
    rig.bytes(conn, &[bytes(&start), bytes(&order(1, "DU1", "BUY 10 SPY MKT"))].concat());
    assert_eq!(rig.state()["orders"].as_array().unwrap().len(), 0);
    rig.wait(60);
    assert!(rig.lines(conn).contains("orderStatus 1 Filled 10+0"));
}

#[test]
fn what_waited_in_the_socket_counts_for_no_rate_and_what_comes_behind_it_does() {
    let mut rig = rig();
    let conn = rig.client(7);
    rig.fault(r#"{"kind": "rate_limit", "per_second": 10}"#);
    let late: Vec<u8> = (0..100).flat_map(|_| bytes(&Request::ReqPositions)).collect();
    rig.run(|venue, out| venue.received_late(conn, &late, out));
    assert_eq!(rig.lines(conn).matches("positionEnd").count(), 100);
    assert_eq!(rig.violations(), Vec::<String>::new());
    for _ in 0..11 {
        rig.ask(conn, &Request::ReqPositions);
    }
    assert_eq!(rig.violations(), ["message_rate"]);
}
