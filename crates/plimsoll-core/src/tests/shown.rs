//! The virtual book: what each of two bots in one account is shown of it.

use plimsoll_model::{
    Account, ClientId, Contract, Currency, LinkId, OpenOrderReport, OrdType, OrderId, OrderStatus, PermId,
    Position, PositionReport, Price, Qty, RawFrame, Report, Side, StatusReport, TimeInForce,
};
use rust_decimal::Decimal;

use super::Script;
use crate::{Command, Event, Holding};

const TREND: LinkId = LinkId(1);
const REVERT: LinkId = LinkId(2);

/// `trend` has bought 60 SPY at 500 and `revert` 40 at 502, both in DU1.
const BOTH_BOUGHT: &str = "
    10:00:00 quote SPY 500.00 502.00
    10:00:01 trend BUY 60 SPY LMT 500.00 id=5
    10:00:02 venue fills trend 5 60 500.00
    10:00:03 revert BUY 40 SPY LMT 502.00 id=6
    10:00:04 venue fills revert 6 40 502.00
";

fn account(text: &str) -> Account {
    Account::new(text).unwrap()
}

fn holding(whose: &str, symbol: &str, position: &str) -> PositionReport {
    PositionReport {
        account: account(whose),
        contract: Contract::stock(symbol, Currency::USD),
        position: Position::parse(position).unwrap(),
        avg_cost: None,
    }
}

fn own(position: &str, avg_cost: Option<&str>) -> Holding {
    Holding::Own {
        position: Position::parse(position).unwrap(),
        avg_cost: avg_cost.map(|px| Price::parse(px).unwrap()),
        multiplier: Decimal::ONE,
    }
}

/// Whether the bot of this link is shown the report.
fn is_shown(world: &mut Script, link: LinkId, report: Report) -> bool {
    let mut out = Vec::new();
    world.bridge.on(world.now(), Event::FromVenue { link, report, raw: RawFrame::default() }, &mut out);
    out.iter().any(|command| matches!(command, Command::ToBot { link: to, .. } if *to == link))
}

fn open_order(client: i32, order_id: i32, perm_id: i64) -> OpenOrderReport {
    OpenOrderReport {
        order_id: Some(OrderId(order_id)),
        client_id: Some(ClientId(client)),
        perm_id: PermId(perm_id),
        contract: Contract::stock("SPY", Currency::USD),
        account: Some(account("DU1")),
        side: Side::Buy,
        qty: Qty::whole(10),
        ord_type: OrdType::Limit,
        limit_px: Price::parse("490").ok(),
        stop_px: None,
        tif: TimeInForce::Day,
        order_ref: "".into(),
        parent_id: None,
        oca_group: "".into(),
        status: OrderStatus::New,
        legs: Vec::new(),
        what_if: false,
        cum_qty: None,
    }
}

#[test]
fn each_of_two_bots_in_one_account_sees_its_own_part_of_a_holding() {
    let mut world = Script::new();
    world.run(BOTH_BOUGHT);
    let all = holding("DU1", "SPY", "100");
    assert_eq!(world.bridge.holding_seen_by(TREND, &all), own("60", Some("500.00")));
    assert_eq!(world.bridge.holding_seen_by(REVERT, &all), own("40", Some("502.00")));
}

#[test]
fn a_holding_that_is_all_the_bots_own_keeps_the_brokers_bytes() {
    let mut world = Script::new();
    world.run(
        "
        10:00:00 quote SPY 500.00 502.00
        10:00:01 trend BUY 60 SPY LMT 500.00 id=5
        10:00:02 venue fills trend 5 60 500.00
        ",
    );
    assert_eq!(world.bridge.holding_seen_by(TREND, &holding("DU1", "SPY", "60")), Holding::AsItIs);
    assert_eq!(world.bridge.holding_seen_by(REVERT, &holding("DU1", "SPY", "60")), own("0", None));
}

#[test]
fn a_holding_from_elsewhere_is_no_bots() {
    let mut world = Script::new();
    world.run("10:00:00 venue holds DU1 SPY 70");
    assert_eq!(world.bridge.holding_seen_by(TREND, &holding("DU1", "SPY", "70")), own("0", None));
    assert_eq!(world.bridge.holding_seen_by(TREND, &holding("DU1", "TLT", "70")), own("0", None));
    assert_eq!(world.bridge.holding_seen_by(TREND, &holding("DU2", "SPY", "70")), Holding::Hidden);
}

#[test]
fn a_bot_that_is_shown_its_accounts_sees_what_the_broker_says() {
    let mut world = Script::new();
    world.run(&format!("shows account\n{BOTH_BOUGHT}"));
    assert_eq!(world.bridge.holding_seen_by(TREND, &holding("DU1", "SPY", "100")), Holding::AsItIs);
    assert_eq!(world.bridge.holding_seen_by(TREND, &holding("DU2", "SPY", "9")), Holding::Hidden);
    assert_eq!(
        world.bridge.holding_seen_by(REVERT, &holding("DU1", "SPY", "100")),
        own("40", Some("502.00"))
    );
    let theirs = Report::OpenOrder(Box::new(open_order(0, 0, 77)));
    assert!(is_shown(&mut world, TREND, theirs));
}

#[test]
fn in_observe_mode_a_bot_sees_what_it_would_see_without_plimsoll() {
    let mut world = Script::new();
    world.run(&format!("observe\n{BOTH_BOUGHT}"));
    assert_eq!(world.bridge.holding_seen_by(TREND, &holding("DU1", "SPY", "100")), Holding::AsItIs);
    assert!(is_shown(&mut world, TREND, Report::OpenOrder(Box::new(open_order(0, 0, 77)))));
    assert_eq!(world.bridge.holding_seen_by(TREND, &holding("DU2", "SPY", "9")), Holding::Hidden);
}

#[test]
fn another_bots_orders_and_executions_are_not_shown_and_its_own_are() {
    let mut world = Script::new();
    world.run(
        "
        10:00:00 quote SPY 500.00 502.00
        10:00:01 revert BUY 10 SPY LMT 490.00 id=6
        10:00:02 venue accepts revert 6
        ",
    );
    let theirs = || open_order(12, 6, 1001);
    assert!(!is_shown(&mut world, TREND, Report::OpenOrder(Box::new(theirs()))));
    assert!(is_shown(&mut world, REVERT, Report::OpenOrder(Box::new(theirs()))));
    let ended = || OpenOrderReport { order_id: None, client_id: None, cum_qty: None, ..theirs() };
    assert!(!is_shown(&mut world, TREND, Report::CompletedOrder(Box::new(ended()))));
    assert!(is_shown(&mut world, REVERT, Report::CompletedOrder(Box::new(ended()))));
    let status = || {
        Report::Status(StatusReport {
            order_id: OrderId(6),
            client_id: ClientId(12),
            perm_id: PermId(1001),
            status: OrderStatus::New,
            cum_qty: Qty::ZERO,
            leaves_qty: Qty::whole(10),
            avg_px: None,
        })
    };
    assert!(!is_shown(&mut world, TREND, status()));
    assert!(is_shown(&mut world, REVERT, status()));
}

#[test]
fn an_order_of_its_own_client_from_before_is_shown_and_one_by_hand_is_not() {
    let mut world = Script::new();
    world.run("10:00:00 trend ids");
    assert!(is_shown(&mut world, TREND, Report::OpenOrder(Box::new(open_order(11, 3, 70)))));
    assert!(!is_shown(&mut world, TREND, Report::OpenOrder(Box::new(open_order(0, 0, 71)))));
    assert!(!is_shown(&mut world, TREND, Report::OpenOrder(Box::new(open_order(0, -4, 72)))));
}
