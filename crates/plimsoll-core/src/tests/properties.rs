//! What no sequence of events may bring about. Seeds are printed by arbtest.

use arbtest::arbitrary::{Result, Unstructured};
use plimsoll_model::{OrdType, Position, Side};
use rust_decimal::Decimal;

use super::script::Script;

/// A minute of two bots, a venue and an operator, a word per line.
fn life(u: &mut Unstructured<'_>) -> Result<String> {
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
        script.push_str(&format!("10:00:{at:02} {what}\n10:00:{at:02} quote SPY 500.00 500.00\n"));
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

fn world() -> Script {
    let mut world = Script::new();
    world.lenient = true;
    for bot in &mut world.config.bots {
        bot.duplicate_window = std::time::Duration::ZERO;
        let max = Decimal::from(60_000);
        bot.position_notional_max =
            Some(plimsoll_model::Money { amount: max, currency: plimsoll_model::Currency::USD });
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
    });
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
    });
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
    });
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
                        (
                            OrdType::MarketOnClose | OrdType::Market,
                            OrdType::MarketOnClose | OrdType::Market,
                        ) => true,
                        _ => false,
                    };
                    assert!(!meet, "{trace}");
                }
            }
        })
    });
}

#[test]
fn the_same_events_give_the_same_trace_byte_for_byte() {
    arbtest::arbtest(|u| {
        let script = life(u)?;
        assert_eq!(world().run(&script), world().run(&script));
        Ok(())
    });
}
