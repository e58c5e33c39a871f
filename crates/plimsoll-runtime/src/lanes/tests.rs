//! Who is heard when, by hand.

use plimsoll_model::{CancelRequest, Contract, Currency, OrdType, OrderRequest, Qty, Side, TimeInForce};

use super::*;

const TREND: LinkId = LinkId(1);
const REVERT: LinkId = LinkId(2);

fn order(id: i32) -> Request {
    Request::Order(Box::new(OrderRequest {
        order_id: OrderId(id),
        contract: Contract::stock("SPY", Currency::USD),
        side: Side::Buy,
        qty: Qty::whole(1),
        ord_type: OrdType::Market,
        limit_px: None,
        stop_px: None,
        tif: TimeInForce::Day,
        account: None,
        order_ref: "".into(),
        transmit: true,
        parent_id: None,
        oca_group: "".into(),
        legs: Vec::new(),
        what_if: false,
        outside_rth: false,
        unguarded: vec![],
        fa_group: "".into(),
        beyond: vec![],
    }))
}

fn cancel(id: i32) -> Request {
    Request::Cancel(CancelRequest { order_id: OrderId(id) })
}

/// Fills the lanes from `link request` pairs.
fn lanes(frames: Vec<(LinkId, Request)>) -> Lanes<&'static str, &'static str> {
    let mut lanes = Lanes::default();
    for (link, request) in frames {
        lanes.push_bot(link, BotInput::Frame { request, raw: RawFrame::default(), _room: None });
    }
    lanes
}

fn drain(lanes: &mut Lanes<&'static str, &'static str>) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(work) = lanes.next(Heard::Everything) {
        seen.push(match work {
            WorkItem::Operator(text) | WorkItem::Venue(text) => text.to_owned(),
            WorkItem::Flushed(token) => format!("flushed {token}"),
            WorkItem::Bot(link, BotInput::Gone(_)) => format!("{link} gone"),
            WorkItem::Bot(link, BotInput::Frame { request, .. }) => match request {
                Request::Order(order) => format!("{link} order {}", order.order_id),
                Request::Cancel(cancel) => format!("{link} cancel {}", cancel.order_id),
                Request::GlobalCancel => format!("{link} cancel all"),
                _ => format!("{link} other"),
            },
        });
    }
    seen
}

#[test]
fn a_request_behind_a_waiting_order_waits_and_an_order_right_behind_does_not() {
    let mut lanes =
        lanes(vec![(TREND, order(1)), (TREND, order(2)), (TREND, Request::Other), (TREND, order(3))]);
    assert!(matches!(lanes.next(Heard::Everything), Some(WorkItem::Bot(TREND, _))));
    lanes.await_token(TREND, 7);
    assert_eq!(drain(&mut lanes), ["1 order 2"]);
    lanes.await_token(TREND, 8);
    lanes.settled(7);
    assert_eq!(drain(&mut lanes), Vec::<String>::new(), "order 2 still waits");
    lanes.settled(8);
    assert!(!lanes.is_waiting(TREND));
    assert_eq!(drain(&mut lanes), ["1 other", "1 order 3"]);
}

#[test]
fn a_cancel_goes_ahead_of_everything_but_its_own_order() {
    let mut lanes =
        lanes(vec![(TREND, Request::Other), (TREND, order(5)), (TREND, cancel(5)), (TREND, cancel(4))]);
    assert_eq!(drain(&mut lanes), ["1 cancel 4", "1 other", "1 order 5", "1 cancel 5"]);
}

#[test]
fn a_cancel_passes_a_link_that_waits_for_the_disk() {
    let mut lanes = lanes(vec![(TREND, Request::Other), (TREND, cancel(1))]);
    lanes.await_token(TREND, 1);
    assert_eq!(drain(&mut lanes), ["1 cancel 1"]);
}

#[test]
fn while_the_venue_takes_no_more_orders_cancels_and_the_end_go_ahead_of_the_rest_and_nothing_is_lost() {
    let mut lanes = lanes(vec![(TREND, Request::Other), (TREND, order(5)), (TREND, Request::Ids)]);
    lanes.push_bot(TREND, BotInput::Frame { request: cancel(5), raw: RawFrame::default(), _room: None });
    lanes.push_bot(REVERT, BotInput::Gone(None));
    assert_eq!(lanes.paced(TREND), 2);
    assert!(lanes.has_work(Heard::Unpaced));
    let next = |lanes: &mut Lanes<_, _>| match lanes.next(Heard::Unpaced) {
        Some(WorkItem::Bot(link, input)) => Some((link, input.enters_order(), input.is_cancel())),
        _ => None,
    };
    assert_eq!(next(&mut lanes), Some((TREND, true, false)));
    assert_eq!(next(&mut lanes), Some((TREND, false, true)));
    assert_eq!(next(&mut lanes), Some((REVERT, false, false)));
    assert_eq!(next(&mut lanes), None);
    assert!(!lanes.has_work(Heard::Unpaced));
    assert_eq!(drain(&mut lanes), ["1 other", "1 other"]);
}

#[test]
fn a_global_cancel_stays_behind_orders_that_came_before_it() {
    let mut lanes = lanes(vec![
        (TREND, Request::Other),
        (TREND, Request::GlobalCancel),
        (TREND, order(1)),
        (TREND, Request::GlobalCancel),
    ]);
    assert_eq!(drain(&mut lanes), ["1 cancel all", "1 other", "1 order 1", "1 cancel all"]);
}

#[test]
fn one_bot_cannot_starve_another() {
    let mut lanes = lanes(vec![(TREND, order(1)), (TREND, order(2)), (TREND, order(3)), (REVERT, order(1))]);
    assert_eq!(drain(&mut lanes), ["1 order 1", "2 order 1", "1 order 2", "1 order 3"]);
}

#[test]
fn halts_go_first_then_the_venue_then_cancels_then_what_the_disk_has() {
    let mut lanes = lanes(vec![(TREND, order(1)), (REVERT, cancel(1))]);
    lanes.push_flushed(3);
    lanes.push_data(REVERT, "tick");
    lanes.push_word(TREND, "status");
    lanes.push_operator("halt");
    assert_eq!(drain(&mut lanes), ["halt", "status", "2 cancel 1", "flushed 3", "1 order 1", "tick"]);
}

#[test]
fn a_cancel_goes_ahead_of_a_flood_of_ticks() {
    let mut lanes = lanes(vec![(TREND, Request::Other), (TREND, cancel(4))]);
    for _ in 0..1000 {
        lanes.push_data(TREND, "tick");
    }
    assert_eq!(drain(&mut lanes)[..2], ["1 cancel 4", "1 other"]);
}

#[test]
fn what_a_venue_sends_on_one_link_is_never_reordered() {
    let mut lanes = lanes(vec![]);
    lanes.push_data(TREND, "tick 1");
    lanes.push_data(REVERT, "other tick");
    lanes.push_word(TREND, "status");
    lanes.push_data(TREND, "tick 2");
    assert_eq!(drain(&mut lanes), ["tick 1", "status", "tick 2", "other tick"]);
}

#[test]
fn a_bot_that_never_stops_asking_does_not_silence_the_market() {
    let mut lanes = lanes((0..40).map(|_| (TREND, Request::Other)).collect());
    lanes.push_data(REVERT, "tick 1");
    lanes.push_data(REVERT, "tick 2");
    let seen = drain(&mut lanes);
    let at = |tick: &str| seen.iter().position(|seen| seen == tick);
    assert_eq!((at("tick 1"), at("tick 2")), (Some(16), Some(33)));
}

#[test]
fn data_flows_on_while_the_journal_lags() {
    let mut lanes = lanes(vec![(TREND, order(1))]);
    lanes.push_data(TREND, "tick");
    assert!(lanes.has_work(Heard::Cancels));
    assert!(matches!(lanes.next(Heard::Cancels), Some(WorkItem::Venue("tick"))));
    assert!(!lanes.has_work(Heard::Cancels));
}

#[test]
fn while_the_journal_lags_only_cancels_are_heard() {
    let mut lanes = lanes(vec![(TREND, order(1)), (REVERT, cancel(1))]);
    assert!(matches!(lanes.next(Heard::Cancels), Some(WorkItem::Bot(REVERT, _))));
    assert!(lanes.next(Heard::Cancels).is_none());
    assert!(lanes.next(Heard::Everything).is_some());
}

#[test]
fn nothing_is_heard_of_a_link_before_it_is_open_and_nothing_is_lost() {
    let mut lanes = lanes(vec![(TREND, Request::Other), (TREND, cancel(1))]);
    lanes.hold(TREND);
    assert!(!lanes.has_work(Heard::Everything));
    assert_eq!(drain(&mut lanes), Vec::<String>::new());
    lanes.release(TREND);
    assert_eq!(drain(&mut lanes), ["1 cancel 1", "1 other"]);
}

#[test]
fn a_forgotten_link_leaves_no_cancel_behind() {
    let mut lanes = lanes(vec![(TREND, cancel(1)), (REVERT, Request::Other)]);
    lanes.push_data(TREND, "tick");
    lanes.forget(TREND);
    assert_eq!(drain(&mut lanes), ["2 other"]);
    assert_eq!(lanes.cancels, 0);
}
