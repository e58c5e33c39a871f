//! What the broker repeats to a bot that asks for the day's executions.

use plimsoll_model::{BotName, ExecutionReport, LinkId, Money, Price, Qty, RawFrame, Report, ReqId};
use rust_decimal::Decimal;

use super::script::Script;
use crate::{Command, Event, Repeated, Rewrite};

const TREND: LinkId = LinkId(1);
const REVERT: LinkId = LinkId(2);

/// Each bot has bought in DU1.
fn world() -> Script {
    let mut world = Script::new();
    world.run(
        "
        10:00:00 quote SPY 500.00 502.00
        10:00:01 trend BUY 60 SPY LMT 500.00 id=5
        10:00:02 venue fills trend 5 60 500.00
        10:00:03 revert BUY 40 SPY LMT 502.00 id=6
        10:00:04 venue fills revert 6 40 502.00
        ",
    );
    world
}

/// The first execution, `trend`'s, as the answer to a question of a bot has it.
fn asked(world: &Script) -> ExecutionReport {
    ExecutionReport { req_id: Some(ReqId(9)), ..world.executions[0].clone() }
}

fn execution(report: &ExecutionReport) -> Report {
    Report::Execution(Box::new(report.clone()))
}

fn commission(report: &ExecutionReport, amount: i64) -> Report {
    let charge = Money { amount: Decimal::from(amount), currency: plimsoll_model::Currency::USD };
    Report::Commission { exec_id: report.execution.exec_id.clone(), charge: Some(charge) }
}

fn feed(world: &mut Script, link: LinkId, report: Report) -> Vec<Command> {
    let mut out = Vec::new();
    world.bridge.on(world.now(), Event::FromVenue { link, report, raw: RawFrame::default() }, &mut out);
    out
}

fn shows(out: &[Command]) -> Vec<Vec<Rewrite>> {
    let rewrites = |command: &Command| match command {
        Command::ToBot { rewrites, .. } => rewrites.clone(),
        other => panic!("{other}"),
    };
    out.iter().map(rewrites).collect()
}

#[test]
fn a_repetition_is_shown_as_if_it_were_fed_and_feeding_it_changes_nothing() {
    for link in [TREND, REVERT] {
        let mut world = world();
        let known = asked(&world);
        for report in [execution(&known), commission(&known, 1)] {
            let said = world.bridge.repeated(link, &report).expect("it is known");
            let before = (world.bridge.ledger.clone(), format!("{:?}", world.bridge.snapshot(world.now())));
            let shown = shows(&feed(&mut world, link, report));
            let after = (world.bridge.ledger.clone(), format!("{:?}", world.bridge.snapshot(world.now())));
            assert_eq!(before, after);
            match said {
                Repeated::Hidden => assert_eq!((link, shown), (REVERT, vec![])),
                Repeated::Shown(rewrites) => assert_eq!((link, shown), (TREND, vec![rewrites])),
            }
        }
    }
}

#[test]
fn what_differs_from_what_is_known_has_to_be_fed() {
    let mut world = world();
    let known = asked(&world);
    let mut others = vec![known.clone(); 5];
    others[0].execution.last_qty = Qty::whole(61);
    others[1].execution.last_px = Price::parse("500.01").unwrap();
    others[2].execution.exec_id = plimsoll_model::ExecId::new("0001.0001.01.02").unwrap();
    others[3].cum_qty = Qty::whole(70);
    others[4].req_id = None;
    for other in &others {
        assert_eq!(world.bridge.repeated(TREND, &execution(other)), None, "{other:?}");
    }
    assert_eq!(world.bridge.repeated(TREND, &commission(&known, 2)), None);
    assert_eq!(world.bridge.repeated(TREND, &commission(&others[2], 1)), None);
}

#[test]
fn the_commission_behind_a_repetition_that_was_not_fed_is_shown_on_a_new_link() {
    let mut world = world();
    let known = asked(&world);
    let (link, bot) = (LinkId(77), BotName::new("trend").unwrap());
    let event = Event::BotGone { link: TREND };
    world.bridge.on(world.now(), event, &mut Vec::new());
    let client_id = known.client_id;
    let event = Event::BotArrived { link, bot, client_id, raw: RawFrame::default() };
    world.bridge.on(world.now(), event, &mut Vec::new());
    assert!(matches!(world.bridge.repeated(link, &execution(&known)), Some(Repeated::Shown(_))));
    // Nothing says that the link was shown the execution; the fee is news, so it is fed.
    assert_eq!(shows(&feed(&mut world, link, commission(&known, 2))), [vec![]]);
}

#[test]
fn a_day_s_repetitions_leave_no_order_unpacked() {
    let mut world = world();
    world.bridge.book.ended_at_most(0);
    world.run("10:00:05 quote SPY 500.00 502.00");
    for report in [asked(&world), ExecutionReport { req_id: Some(ReqId(9)), ..world.executions[1].clone() }] {
        assert!(world.bridge.repeated(TREND, &execution(&report)).is_some());
        assert_eq!(world.bridge.book.unpacked_count(), 0);
    }
}

#[test]
fn until_the_broker_s_state_is_known_everything_is_fed() {
    let mut world = world();
    let known = asked(&world);
    world.run("10:00:05 own down");
    assert_eq!(world.bridge.repeated(TREND, &execution(&known)), None);
}
