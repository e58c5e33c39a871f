//! What no sequence of events may bring about where on-close orders are netted. Seeds are printed by arbtest.

use std::fmt::Write as _;
use std::time::Duration;

use arbtest::arbitrary::{Result, Unstructured};
use plimsoll_model::{Account, InstrumentId, OrdType, Position, Side};

use super::script::Script;
use crate::config::OnCloseCrossing;

const BUDGET_MS: u64 = 700;

/// The last quarter of an hour before the cutoff of a half day, until after the close.
fn life(u: &mut Unstructured<'_>) -> Result<String> {
    let mut script = String::from("12:40:00 quote SPY 600.00 600.02\n");
    let mut next = 0_u32;
    let mut number = 100_000_000_u32;
    for at in 0..40_u32 {
        // Twenty seconds around the release, then the auction.
        let clock = if at < 30 { format!("12:49:{:02}", 30 + at) } else { format!("13:00:{:02}", at - 30) };
        let bot = *u.choose(&["trend", "revert"])?;
        let id = u.int_in_range(1..=next.max(1))?;
        let what = match u.int_in_range(0..=15)? {
            0..=5 => {
                next += 1;
                let side = u.choose(&["BUY", "SELL"])?;
                let qty = u.choose(&["1", "7", "40", "100"])?;
                let kind = u.choose(&["MOC", "MOC", "MOC", "LOC 600.00"])?;
                let account =
                    if bot == "trend" { "account=DU1" } else { u.choose(&["account=DU1", "account=DU2"])? };
                format!("{bot} {side} {qty} SPY {kind} {account} id={next}")
            }
            6 => format!("{bot} cancel {id}"),
            7 => (*u.choose(&["disk slow", "disk done", "disk done"])?).to_owned(),
            8 => (*u.choose(&["halt new_risk revert", "halt all", "resume", "resume revert"])?).to_owned(),
            9 => (*u.choose(&["own down", "own up", "own answers", "own answers"])?).to_owned(),
            10 => (*u.choose(&["restart", "wake"])?).to_owned(),
            11 => format!("{bot} {}", u.choose(&["leaves", "arrives", "cancel all"])?),
            12 => format!("venue accepts own {number}"),
            13 => format!("venue fills own {number} {} 600.25", u.choose(&["1", "20", "all"])?),
            14 => format!("venue {} own {number}", u.choose(&["cancels", "rejects"])?)
                .replace("rejects own", "cancels own"),
            _ => {
                number += u.int_in_range(0..=1)?;
                "wake".to_owned()
            }
        };
        writeln!(script, "{clock} {what}\n{clock} quote SPY 600.00 600.02\n{clock} wake").unwrap();
    }
    // Peace at last: everything is answered.
    script.push_str(
        "13:01:00 disk done\n13:01:00 own down\n13:01:01 own up\n13:01:01 own answers\n13:01:02 wake\n",
    );
    Ok(script)
}

fn world() -> Script {
    let mut world = Script::new();
    world.lenient = true;
    world.config.venue.on_close_crossing = OnCloseCrossing::Net { lead: Duration::from_secs(2) };
    for bot in &mut world.config.bots {
        bot.duplicate_window = Duration::ZERO;
    }
    world.run("day 2026-11-27\n12:39:00 quote SPY 600.00 600.02");
    world
}

/// By the venue's own books, not by the bridge's.
#[test]
fn no_opposite_on_close_orders_of_one_account_are_ever_at_the_venue_and_none_is_sent_late() {
    arbtest::arbtest(|u| {
        let script = life(u)?;
        let mut world = world();
        let mut seen = 0;
        for line in script.lines() {
            let trace = world.run(line);
            let open: Vec<_> = world.at_venue.values().filter(|order| order.status.is_open()).collect();
            for buy in open.iter().filter(|order| order.request.side == Side::Buy) {
                let meets = |order: &&&super::script::AtVenue| {
                    order.request.side == Side::Sell && order.account == buy.account
                };
                assert!(!open.iter().any(|order| meets(&order)), "{line}: {trace}\n{script}");
            }
            let late = world.at_venue.len() > seen && line >= "12:50:00";
            assert!(!late, "{line}: {trace}\n{script}");
            seen = world.at_venue.len();
        }
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}

#[test]
fn one_order_leaves_for_each_account_and_the_books_sum_to_the_brokers_holding() {
    arbtest::arbtest(|u| {
        let script = life(u)?;
        let mut world = world();
        let mut trace = String::new();
        for line in script.lines() {
            trace += &world.run(line);
        }
        for name in ["DU1", "DU2"] {
            let account = Account::new(name).unwrap();
            let nets = world.at_venue.values().filter(|order| {
                order.account == account
                    && order.request.ord_type == OrdType::MarketOnClose
                    && order.request.order_ref.contains("-plimsoll-")
            });
            assert!(nets.count() <= 1, "{trace}\n{script}");
            let key = (account.clone(), InstrumentId::us_stock("SPY"));
            let broker = world.holdings.get(&key).copied().unwrap_or(Position::FLAT);
            let ledger = world.bridge.ledger.position(&key.0, &key.1);
            assert_eq!(ledger, broker, "{trace}\n{script}");
        }
        Ok(())
    })
    .budget_ms(BUDGET_MS);
}
