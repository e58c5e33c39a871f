//! What no sequence of events may bring about. Seeds are printed by arbtest.

use std::fmt::Write as _;

use arbtest::arbitrary::{Result, Unstructured};
use plimsoll_model::{
    Account, CancelRequest, ClientId, ConId, Contract, Currency, ErrorReport, ExecId, Execution,
    ExecutionReport, InstrumentId, LinkId, OpenOrderReport, OrdType, OrderId, OrderRequest, PermId, Position,
    PositionReport, Price, Qty, RawFrame, Report, Request, SecType, Side, StatusReport, TimeInForce,
};
use rust_decimal::Decimal;

use super::script::Script;
use crate::{Event, Quote};

/// Enough for hundreds of lives; all of them together take a few seconds.
const BUDGET_MS: u64 = 700;

/// A minute of two bots, a venue and an operator, a word per line.
pub(super) fn life(u: &mut Unstructured<'_>) -> Result<String> {
    let mut script = String::from("10:00:00 quote SPY 500.00 500.00\n");
    let mut next = 0_u32;
    for at in 1..60_u32 {
        let bot = *u.choose(&["trend", "revert"])?;
        let id = u.int_in_range(1..=next.max(1))?;
        let what = match u.int_in_range(0..=15)? {
            0..=5 => {
                next += 1;
                format!("{} id={next}", order(u, bot)?)
            }
            6 => format!("{} id={id}", order(u, bot)?),
            7 => format!("{bot} cancel {id}"),
            8 => format!("venue accepts {bot} {id}"),
            9 => format!("venue fills {bot} {id} {} 500.00", u.choose(&["1", "20", "all"])?),
            10 => format!("venue cancels {bot} {id}"),
            11 => (*u.choose(&["disk slow", "disk done", "disk done"])?).to_owned(),
            12 => (*u.choose(&["halt new_risk", "halt all", "resume", "resume"])?).to_owned(),
            13 => (*u.choose(&["own down", "own up", "own answers", "own error 1100", "own error 1102"])?)
                .to_owned(),
            14 => (*u.choose(&["restart", "wake", "own answers"])?).to_owned(),
            _ => format!("{bot} {}", u.choose(&["leaves", "arrives", "cancel all", "ids"])?),
        };
        writeln!(script, "10:00:{at:02} {what}\n10:00:{at:02} quote SPY 500.00 500.00").unwrap();
    }
    Ok(script)
}

fn order(u: &mut Unstructured<'_>, bot: &str) -> Result<String> {
    let side = u.choose(&["BUY", "SELL"])?;
    let qty = u.choose(&["1", "20", "60", "100", "121"])?;
    let kind = u.choose(&["MKT", "LMT 499.00", "LMT 500.00", "LMT 501.00", "MOC"])?;
    let account = u.choose(&["account=DU1", "account=DU1", "account=DU2", "account=DU3", "account=-"])?;
    Ok(format!("{bot} {side} {qty} SPY {kind} {account}"))
}

pub(super) fn world() -> Script {
    let mut world = Script::new();
    world.lenient = true;
    for bot in &mut world.config.bots {
        bot.duplicate_window = std::time::Duration::ZERO;
        let max = plimsoll_model::Money { amount: Decimal::from(60_000), currency: Currency::USD };
        bot.position_notional_max = Some(max);
        bot.daily_loss_max = Some(max);
    }
    world
}

/// Runs a life line by line, and looks after every line.
fn watch(u: &mut Unstructured<'_>, look: impl Fn(&Script, &str)) -> Result<()> {
    let script = life(u)?;
    let mut world = world();
    for line in script.lines() {
        let trace = world.run(line);
        look(&world, &trace);
    }
    Ok(())
}

/// 60000 dollars at 500 are 120 shares, of what is held and what can still execute, on either side.
#[test]
fn the_worst_case_of_an_account_never_passes_the_position_limit() {
    arbtest::arbtest(|u| {
        watch(u, |world, trace| {
            for account in ["DU1", "DU2"] {
                for side in [Side::Buy, Side::Sell] {
                    let worst = worst(world, account, side);
                    assert!(worst <= Decimal::from(120), "{account} {side} {worst}: {trace}");
                }
            }
        })
    })
    .budget_ms(BUDGET_MS);
}

/// By the venue's own books, not by the bridge's.
fn worst(world: &Script, account: &str, side: Side) -> Decimal {
    let held: Position = world
        .holdings
        .iter()
        .filter(|((of, _), _)| of.as_str() == account)
        .fold(Position::FLAT, |sum, (_, position)| sum.checked_add(*position).unwrap());
    let leaves: Decimal = world
        .at_venue
        .values()
        .filter(|o| o.account.as_str() == account && o.request.side == side && o.status.is_open())
        .map(|o| o.request.qty.saturating_sub(o.cum_qty).get())
        .sum();
    match side {
        Side::Buy => held.get() + leaves,
        Side::Sell => leaves - held.get(),
    }
}

#[test]
fn what_the_book_counts_as_it_goes_is_what_a_walk_through_it_finds() {
    arbtest::arbtest(|u| {
        watch(u, |world, trace| {
            let book = &world.bridge.book;
            for instrument in ["SPY", "QQQ"].map(InstrumentId::us_stock) {
                let is_exposed = |state: &crate::OrderState| {
                    let moves = state.status.is_open() || state.cum_qty > state.posted_qty;
                    moves && state.part_in(&instrument).is_some()
                };
                let walked: Vec<_> =
                    book.recent().filter(|(_, state)| is_exposed(state)).map(|(key, _)| key).collect();
                let counted: Vec<_> = book.exposed_in(&instrument).map(|(key, _)| key).collect();
                assert_eq!(counted, walked, "{trace}");
            }
            for bot in &world.config.bots {
                let own = book.open().filter(|(_, state)| state.owner.bot() == Some(&bot.name)).count();
                assert_eq!(book.open_count_of(&bot.name), own, "{trace}");
            }
            let clients: std::collections::BTreeSet<_> = book.open().map(|(_, s)| s.client_id).collect();
            assert_eq!(book.open_clients().collect::<Vec<_>>(), Vec::from_iter(clients), "{trace}");
            let unknown =
                book.recent().any(|(_, state)| state.status == plimsoll_model::OrderStatus::Unknown);
            assert_eq!(book.has_unknown(), unknown, "{trace}");
        })
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn no_order_leaves_for_an_account_that_is_not_its_bots() {
    arbtest::arbtest(|u| {
        watch(u, |_, trace| {
            for line in trace.lines().filter(|line| line.contains(" submit ")) {
                let own = line.contains(" submit 1 ") && line.contains(" for DU1 ");
                let reverts =
                    line.contains(" submit 2 ") && (line.contains(" for DU1 ") || line.contains(" for DU2 "));
                assert!(own || reverts, "{line}");
            }
        })
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn no_order_leaves_before_reconciliation_and_none_that_adds_risk_after_a_halt() {
    arbtest::arbtest(|u| {
        watch(u, |world, trace| {
            let left = trace.lines().any(|line| line.contains(" submit ") || line.contains(" replace "));
            if !left {
                return;
            }
            assert_eq!(world.bridge.recon.state, crate::ReconState::Done, "{trace}");
            let Some(halt) = world.bridge.halts.fleet() else { return };
            assert_eq!(halt.level, crate::HaltLevel::NewRisk, "{trace}");
            for account in ["DU1", "DU2"].into_iter().filter(|a| trace.contains(&format!(" for {a} "))) {
                for (side, word) in [(Side::Buy, " BUY "), (Side::Sell, " SELL ")] {
                    let reduces = !trace.contains(word) || worst(world, account, side) <= Decimal::ZERO;
                    assert!(reduces, "{trace}");
                }
            }
        })
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn no_two_working_orders_of_one_account_can_meet() {
    arbtest::arbtest(|u| {
        watch(u, |world, trace| {
            let open: Vec<_> = world.at_venue.values().filter(|o| o.status.is_open()).collect();
            for buy in open.iter().filter(|o| o.request.side == Side::Buy) {
                for sell in open.iter().filter(|o| o.request.side == Side::Sell && o.account == buy.account) {
                    let kinds = (&buy.request.ord_type, &sell.request.ord_type);
                    let meet = match kinds {
                        (OrdType::Limit, OrdType::Limit) => buy.request.limit_px >= sell.request.limit_px,
                        // A market order is gone before the close; only two of a kind can meet.
                        (OrdType::MarketOnClose, OrdType::MarketOnClose)
                        | (OrdType::Market, OrdType::Market) => true,
                        _ => false,
                    };
                    assert!(!meet, "{trace}");
                }
            }
        })
    })
    .budget_ms(BUDGET_MS);
}

/// A life in which lines about holdings come later than the executions, though not as late as a difference has to
/// last, and in which the broker is asked and answers at any moment between the two: it is asked all the time,
/// about an order whose bot is away.
fn lagging_life(u: &mut Unstructured<'_>) -> Result<Vec<String>> {
    let mut lines = vec![
        (0, "quote SPY 500.00 500.00".to_owned()),
        (0, "venue tells DU1 SPY".to_owned()),
        (1, "revert BUY 1 SPY LMT 400.00 id=1".to_owned()),
        (2, "revert leaves".to_owned()),
    ];
    let (mut at, mut next) = (10, 0);
    for _ in 0..60 {
        at += u.int_in_range(100..=900_u64)?;
        match u.int_in_range(0..=9)? {
            0..=3 => {
                next += 1;
                lines.push((at, "quote SPY 500.00 500.00".to_owned()));
                lines.push((at, format!("{} id={next}", order(u, "trend")?)));
                let executed = at + u.int_in_range(0..=500)?;
                let told = executed + u.int_in_range(0..=1900)?;
                let qty = u.choose(&["1", "20", "all"])?;
                lines.push((executed, format!("venue fills trend {next} {qty} 500.00")));
                lines.push((told, "venue tells DU1 SPY".to_owned()));
            }
            4 => lines.push((at, format!("trend {}", u.choose(&["leaves", "arrives", "arrives"])?))),
            5 => lines.push((at, (*u.choose(&["own down", "own up"])?).to_owned())),
            6 => lines.push((at, "own answers positions".to_owned())),
            7 => lines.push((at, "wake".to_owned())),
            _ => lines.push((at, "own answers".to_owned())),
        }
    }
    for (at, line) in [(57_000, "own up"), (57_001, "own answers"), (59_500, "wake"), (59_501, "own answers")]
    {
        lines.push((at, line.to_owned()));
    }
    lines.sort_by_key(|(at, _)| *at);
    let clock = |at: u64| format!("10:00:{:02}.{:03}", at / 1000, at % 1000);
    Ok(lines.into_iter().map(|(at, what)| format!("{} {what}", clock(at))).collect())
}

#[test]
fn a_position_line_that_lags_behind_its_execution_makes_nothing_foreign() {
    arbtest::arbtest(|u| {
        let mut world = world();
        for line in lagging_life(u)? {
            let trace = world.run(&line);
            assert!(!trace.contains("is foreign"), "{line}\n{trace}");
        }
        for ((account, instrument), held) in &world.holdings {
            assert_eq!(world.bridge.ledger.position(account, instrument), *held);
        }
        Ok(())
    })
    .size_min(1024)
    .budget_ms(BUDGET_MS);
}

#[test]
fn the_same_events_give_the_same_trace_byte_for_byte() {
    arbtest::arbtest(|u| {
        let script = life(u)?;
        assert_eq!(world().run(&script), world().run(&script));
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

/// Packed at once when they end, or never: nobody who decides, shows or counts notices.
#[test]
fn a_book_that_packs_what_has_ended_decides_as_one_that_does_not() {
    arbtest::arbtest(|u| {
        let script = life(u)?;
        let (mut packs, mut does_not) = (world(), world());
        packs.bridge.book = crate::Book::with_ended(0);
        does_not.bridge.book = crate::Book::with_ended(usize::MAX);
        (packs.shows, does_not.shows) = (true, true);
        for line in script.lines() {
            assert_eq!(packs.run(line), does_not.run(line), "{line}");
        }
        let views = |world: &Script| {
            let view = world.bridge.snapshot_without_orders(world.now());
            format!("{:?}", (view.bots, view.positions, view.breaks))
        };
        assert_eq!(views(&packs), views(&does_not));
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

/// Anything that a codec could hand over, with the numbers at their ends.
#[test]
fn no_sequence_of_events_ends_the_process() {
    arbtest::arbtest(|u| {
        let mut world = world();
        if u.arbitrary()? {
            world.bridge.book = crate::Book::with_ended(0);
            world.bridge.ledger = plimsoll_ledger::Ledger::keeping(1);
        }
        world.run("10:00:00 quote SPY 500.00 500.00");
        world.deaf = true;
        for _ in 0..40 {
            let event = wild(u)?;
            world.feed(event);
            world.bridge.snapshot(world.now());
            let _ = world.bridge.next_wakeup();
        }
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

fn wild(u: &mut Unstructured<'_>) -> Result<Event> {
    let link = LinkId(*u.choose(&[1, 2, 3, 900])?);
    let raw = RawFrame::default();
    Ok(match u.int_in_range(0..=9)? {
        0..=3 => {
            let request = Request::Order(Box::new(wild_order(u)?));
            Event::FromBot { link, request, raw }
        }
        4 => {
            let order_id = OrderId(wild_number(u)?);
            Event::FromBot { link, request: Request::Cancel(CancelRequest { order_id }), raw }
        }
        5..=6 => Event::FromVenue { link, report: wild_report(u)?, raw },
        7 => {
            let px = |u: &mut Unstructured<'_>| {
                wild_decimal(u).map(|px| u.ratio(4, 5).map(|some| some.then(|| Price::new(px))))
            };
            let quote = Quote {
                bid: px(u)??,
                ask: px(u)??,
                last: px(u)??,
                struck: crate::Struck::at(jiff::Timestamp::MAX),
            };
            Event::Quote { instrument: InstrumentId::us_stock("SPY"), quote }
        }
        8 => Event::Flushed { token: u64::MAX },
        _ => u
            .choose(&[
                Event::Woke,
                Event::BotLeft { link },
                Event::BotGone { link },
                Event::OwnDown { link },
                Event::OwnUp { link },
            ])?
            .clone(),
    })
}

fn wild_number(u: &mut Unstructured<'_>) -> Result<i32> {
    Ok(*u.choose(&[i32::MIN, -1, 0, 1, 2, 3, 4, i32::MAX - 1, i32::MAX])?)
}

fn wild_decimal(u: &mut Unstructured<'_>) -> Result<Decimal> {
    let tiny = Decimal::from_i128_with_scale(1, 28);
    Ok(*u.choose(&[Decimal::MIN, -Decimal::ONE, Decimal::ZERO, tiny, Decimal::from(500), Decimal::MAX])?)
}

fn wild_qty(u: &mut Unstructured<'_>) -> Result<Qty> {
    Ok(Qty::new(wild_decimal(u)?.abs()).unwrap())
}

fn wild_contract(u: &mut Unstructured<'_>) -> Result<Contract> {
    let symbol =
        u.choose(&["SPY", "QQQ", "", ".", "-", "\u{e9}", "a very long symbol that no exchange knows"])?;
    let sec_type = u.choose(&[SecType::Stock, SecType::Option, SecType::Combo])?.clone();
    let con_id = if u.ratio(1, 3)? { Some(ConId(wild_number(u)?)) } else { None };
    Ok(Contract { sec_type, con_id, ..Contract::stock(symbol, Currency::USD) })
}

fn wild_order(u: &mut Unstructured<'_>) -> Result<OrderRequest> {
    let px =
        |u: &mut Unstructured<'_>| Ok(if u.ratio(2, 3)? { Some(Price::new(wild_decimal(u)?)) } else { None });
    Ok(OrderRequest {
        order_id: OrderId(wild_number(u)?),
        contract: wild_contract(u)?,
        side: *u.choose(&[Side::Buy, Side::Sell])?,
        qty: wild_qty(u)?,
        ord_type: OrdType::from_wire(u.choose(&["MKT", "LMT", "STP", "STP LMT", "MOC", "LOC", "REL", ""])?),
        limit_px: px(u)?,
        stop_px: px(u)?,
        tif: TimeInForce::from_wire(u.choose(&["", "GTC", "OPG", "IOC", "?"])?),
        account: Account::new(u.choose(&["DU1", "DU2", "DU3", ""])?),
        order_ref: (*u.choose(&["", "SPY-trend-20260227-1", "SPY-trend-20260227-4294967295", "---"])?).into(),
        transmit: u.ratio(3, 4)?,
        parent_id: if u.ratio(1, 2)? { Some(OrderId(wild_number(u)?)) } else { None },
        oca_group: (*u.choose(&["", "", "g"])?).into(),
        legs: Vec::new(),
        what_if: u.ratio(1, 9)?,
        outside_rth: u.arbitrary()?,
        unguarded: Vec::new(),
        fa_group: "".into(),
        beyond: Vec::new(),
    })
}

pub(super) fn wild_report(u: &mut Unstructured<'_>) -> Result<Report> {
    use plimsoll_model::OrderStatus::{Canceled, Filled, New, PendingNew, Rejected};
    let order = wild_order(u)?;
    let status = *u.choose(&[Canceled, Filled, New, PendingNew, Rejected])?;
    let perm_id = PermId(i64::from(wild_number(u)?));
    let (order_id, client_id) = (order.order_id, ClientId(*u.choose(&[11, 12, 0])?));
    let (account, cum_qty) = (Account::new("DU1").unwrap(), wild_qty(u)?);
    Ok(match u.int_in_range(0..=4)? {
        0 => Report::OpenOrder(Box::new(OpenOrderReport {
            order_id: Some(order_id),
            client_id: Some(client_id),
            perm_id,
            contract: order.contract,
            account: order.account,
            side: order.side,
            qty: order.qty,
            ord_type: order.ord_type,
            limit_px: order.limit_px,
            stop_px: order.stop_px,
            tif: order.tif,
            order_ref: order.order_ref,
            parent_id: order.parent_id,
            oca_group: order.oca_group.clone(),
            status,
            legs: Vec::new(),
            what_if: false,
            cum_qty: Some(cum_qty),
        })),
        1 => Report::Status(StatusReport {
            order_id,
            client_id,
            perm_id,
            status,
            cum_qty,
            leaves_qty: order.qty,
            avg_px: None,
        }),
        2 => Report::Execution(Box::new(ExecutionReport {
            req_id: None,
            order_id,
            client_id,
            perm_id,
            contract: order.contract.clone(),
            order_ref: order.order_ref,
            cum_qty,
            execution: Execution {
                exec_id: ExecId::new(u.choose(&["a.01.01", "a.01.02", "b.01.01", "x"])?).unwrap(),
                cl_ord_id: None,
                account,
                instrument: InstrumentId::us_stock("SPY"),
                side: order.side,
                last_qty: order.qty,
                last_px: Price::new(wild_decimal(u)?),
                at: None,
            },
        })),
        3 => Report::Position(Box::new(PositionReport {
            account,
            contract: order.contract,
            position: Position::new(wild_decimal(u)?),
            avg_cost: order.limit_px,
        })),
        _ => {
            let code = *u.choose(&[200, 201, 202, 321, 1100, 1101, 1102])?;
            Report::Error(ErrorReport { id: Some(order_id.0), code, text: "x".into() })
        }
    })
}
