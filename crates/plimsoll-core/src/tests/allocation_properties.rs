//! What no sequence of events may bring about where orders are divided over accounts. Seeds are printed by arbtest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use arbtest::arbitrary::{Result, Unstructured};
use plimsoll_model::{Account, InstrumentId, Position, Qty, Side};

use super::allocations;
use super::script::Script;

const BUDGET_MS: u64 = 700;

/// Half a minute of trading, in which everything may happen to everybody.
fn life(u: &mut Unstructured<'_>) -> Result<String> {
    let mut script = String::from("10:00:00 quote SPY 500.00 500.02\n");
    let (mut next, mut number) = (0_u32, 100_000_000_u32);
    for at in 0..40_u32 {
        let clock = format!("10:00:{at:02}");
        let id = u.int_in_range(1..=next.max(1))?;
        let of = number.saturating_sub(u.int_in_range(0..=4)?).max(100_000_000);
        let what = match u.int_in_range(0..=15)? {
            0..=3 => {
                next += 1;
                number += 3;
                let side = u.choose(&["BUY", "SELL"])?;
                let qty = u.choose(&["1", "7", "10", "100"])?;
                let kind = u.choose(&["MKT", "LMT 500.00"])?;
                let name = u.choose(&["EVEN", "PARTS", "DU2"])?;
                let decision = u.choose(&["", " ref=decision:a", " ref=decision:b"])?;
                let decision = if name.starts_with("DU") { "" } else { decision };
                format!("trend {side} {qty} SPY {kind} account={name} id={next}{decision}")
            }
            4 => format!("trend cancel {id}"),
            5 => (*u.choose(&["disk slow", "disk done", "disk done"])?).to_owned(),
            6 => (*u.choose(&["halt new_risk trend", "halt all", "resume", "resume trend"])?).to_owned(),
            7 => (*u.choose(&["own down", "own up", "own answers", "own answers"])?).to_owned(),
            8 => (*u.choose(&["restart", "wake"])?).to_owned(),
            9 => format!("trend {}", u.choose(&["leaves", "arrives", "cancel all"])?),
            10 => format!("venue accepts own {of}"),
            11 | 12 => format!("venue fills own {of} {} 500.01", u.choose(&["1", "2", "all"])?),
            13 => format!("venue {} own {of}", u.choose(&["cancels", "deactivates"])?),
            14 => format!("venue errs own {of} {}", u.choose(&["161", "10148"])?),
            _ => "wake".to_owned(),
        };
        writeln!(script, "{clock} {what}\n{clock} quote SPY 500.00 500.02\n{clock} wake").unwrap();
    }
    // Peace at last: everything is answered.
    script.push_str(
        "10:01:00 disk done\n10:01:00 own down\n10:01:01 own up\n10:01:01 own answers\n10:01:02 wake\n\
         10:02:00 wake\n10:02:00 own answers\n",
    );
    Ok(script)
}

#[test]
fn no_part_is_sent_twice_and_the_books_the_report_and_what_the_bot_is_told_are_the_venues() {
    arbtest::arbtest(|u| {
        let script = life(u)?;
        let mut world = allocations::world();
        world.lenient = true;
        let trace = world.run(&script);
        sent_once(&world, &trace);
        told_once(&world, &trace);
        books_agree(&world);
        reports_agree(&world);
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

/// Each account gets its part of each order once, whatever reference that bears, and a declared decision is carried out
/// by one order.
fn sent_once(world: &Script, trace: &str) {
    let mut parts = BTreeMap::new();
    for view in world.bridge.allocation_views() {
        for part in view.parts {
            let Some(cl_ord_id) = part.cl_ord_id else { continue };
            parts.insert(cl_ord_id.to_string(), (view.cl_ord_id.clone(), view.order_id.0, part.account));
        }
    }
    let (mut seen, mut carried_out) = (BTreeSet::new(), BTreeMap::new());
    for line in trace.lines().filter(|line| line.contains(" place 900 ")) {
        let reference = line.split_once('[').unwrap().1.split_once(']').unwrap().0;
        let Some((of, order_id, account)) = parts.get(reference) else {
            panic!("nobody's part: {line}\n{trace}")
        };
        assert!(line.contains(&format!(" for {account} [")), "{account}: {line}\n{trace}");
        assert!(seen.insert((of.clone(), account.clone())), "sent twice: {line}\n{trace}");
        if let Some(decision) = declared(world, *order_id) {
            let first = carried_out.entry(decision).or_insert_with(|| of.clone());
            assert_eq!(first, of, "carried out twice: {line}\n{trace}");
        }
    }
}

/// The decision that the bot's order declared.
fn declared(world: &Script, order_id: i32) -> Option<String> {
    let asked = world.requests.iter().find(|((_, id), _)| id.0 == order_id)?.1;
    asked.order_ref.strip_prefix("decision:").map(str::to_owned)
}

/// Whatever the bot is told is executed of its divided orders, is so at the venue, once, and nothing is kept from it.
fn told_once(world: &Script, trace: &str) {
    let told: Vec<&str> = trace
        .lines()
        .filter(|line| line.contains(" tell trend order ") && line.contains(" in DU"))
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    let own = world.executions.iter().filter(|report| report.client_id.0 == 900);
    let mut wanted: Vec<&str> = own.map(|report| report.execution.exec_id.as_str()).collect();
    let mut once = told.clone();
    once.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(once, wanted, "{trace}");
}

fn books_agree(world: &Script) {
    for code in ["DU1", "DU2", "DU3"] {
        let key = (Account::new(code).unwrap(), InstrumentId::us_stock("SPY"));
        let venue = world.holdings.get(&key).copied().unwrap_or(Position::FLAT);
        assert_eq!(world.bridge.ledger.position(&key.0, &key.1), venue, "{code}");
    }
}

/// The sums of the reports by account are the venue's executions of our own orders.
fn reports_agree(world: &Script) {
    let mut by_report: BTreeMap<(Account, Side), Qty> = BTreeMap::new();
    for view in world.bridge.allocation_views() {
        let parts = view.parts.iter().map(|part| part.cum_qty);
        assert_eq!(parts.fold(Qty::ZERO, |sum, qty| sum.checked_add(qty).unwrap()), view.cum_qty, "{view:?}");
        let whole = view.parts.iter().fold(view.left, |sum, part| sum.checked_add(part.qty).unwrap());
        assert_eq!(whole, view.qty, "{view:?}");
        for part in &view.parts {
            assert!(part.cum_qty <= part.sent, "{view:?}");
            let sum = by_report.entry((part.account.clone(), view.side)).or_insert(Qty::ZERO);
            *sum = sum.checked_add(part.cum_qty).unwrap();
        }
    }
    let mut by_venue: BTreeMap<(Account, Side), Qty> = BTreeMap::new();
    for report in world.executions.iter().filter(|report| report.client_id.0 == 900) {
        let execution = &report.execution;
        let sum = by_venue.entry((execution.account.clone(), execution.side)).or_insert(Qty::ZERO);
        *sum = sum.checked_add(execution.last_qty).unwrap();
    }
    by_report.retain(|_, qty| !qty.is_zero());
    assert_eq!(by_report, by_venue);
}
