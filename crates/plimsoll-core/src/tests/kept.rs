//! What is kept from one order to the next is what a look at everything finds, whatever happens in between.
//! Seeds are printed by arbtest.

use arbtest::arbitrary::{Result, Unstructured};
use plimsoll_model::{
    Account, Currency, ExecId, InstrumentId, LinkId, Money, Price, Qty, RawFrame, Report, Side,
};
use rust_decimal::Decimal;

use super::properties::{life, wild_report, world};
use super::script::Script;
use crate::book::is_summable;
use crate::{Event, OrderState, Quote, Struck, result};

const BUDGET_MS: u64 = 700;
const BUDGETS_MAX: usize = 20;

#[test]
fn the_result_kept_of_a_bot_is_what_a_walk_through_its_holdings_finds() {
    let mut kept = 0;
    // On a busy machine one budget may be over before a life has come to a result.
    for _ in 0..BUDGETS_MAX {
        arbtest::arbtest(|u| {
            between_lines(u, |world| {
                for bot in &world.config.bots {
                    world.bridge.refresh_result(bot);
                    let walked =
                        result::whole(&world.bridge.ledger, &world.bridge.quotes, bot, Currency::USD);
                    if let Some(answer) = world.bridge.results.kept_of(&bot.name) {
                        kept += usize::from(walked.is_ok_and(|money| !money.amount.is_zero()));
                        assert_eq!(answer, walked, "{}", bot.name);
                    }
                }
            })
        })
        .budget_ms(BUDGET_MS);
        if kept > 0 {
            return;
        }
    }
    panic!("no life had a result");
}

#[test]
fn the_sums_and_limits_kept_of_orders_are_what_a_walk_through_them_finds() {
    arbtest::arbtest(|u| {
        between_lines(u, |world| {
            for instrument in ["SPY", "QQQ"].map(InstrumentId::us_stock) {
                for side in [Side::Buy, Side::Sell] {
                    look_at_limits(world, &instrument, side);
                    for account in ["DU1", "DU2"].map(|name| Account::new(name).unwrap()) {
                        look_at_sums(world, &instrument, &account, side);
                    }
                }
            }
        })
    })
    .budget_ms(BUDGET_MS);
}

fn look_at_sums(world: &Script, instrument: &InstrumentId, account: &Account, side: Side) {
    let book = &world.bridge.book;
    let of = |state: &OrderState| {
        let (of, times) = state.part_in(instrument).unwrap();
        let counts = of == side && state.account.as_ref() == Some(account);
        if counts { state.exposed_qty().checked_mul(times).unwrap_or(Qty::MAX) } else { Qty::ZERO }
    };
    let all: Vec<_> = book.exposed_in(instrument).map(|(_, state)| of(state)).collect();
    if all.iter().all(|qty| is_summable(*qty)) {
        let walked: Decimal = book.walked_in(instrument).map(|(_, state)| of(state).get()).sum();
        let kept = book.plain_sum(instrument, account, side, None).get() + walked;
        assert_eq!(kept, all.iter().map(|qty| qty.get()).sum::<Decimal>(), "{instrument} {account} {side}");
        for (key, state) in book.exposed_in(instrument) {
            let is_walked = book.walked_in(instrument).any(|(one, _)| one == key);
            let own = if is_walked { Decimal::ZERO } else { of(state).get() };
            let others = book.plain_sum(instrument, account, side, Some(key)).get();
            assert_eq!(others + own + walked, kept, "without {key:?}");
        }
    }
}

/// Every order either has no limit that counts, or one within the furthest.
fn look_at_limits(world: &Script, instrument: &InstrumentId, side: Side) {
    let book = &world.bridge.book;
    let with_limit = book.exposed_in(instrument).filter(|(key, state)| {
        let is_unlimited = book.unlimited_in(instrument).any(|(one, _)| one == *key);
        !is_unlimited && state.part_in(instrument).is_some_and(|(of, _)| of == side)
    });
    let limits = with_limit.map(|(_, state)| state.limit_px.expect("one with a limit has one"));
    let furthest = if side == Side::Buy { limits.max() } else { limits.min() };
    assert_eq!(book.furthest_limit(instrument, side), furthest, "{instrument} {side}");
}

/// A life in which prices move, executions and fees come at any moment, and the quotes are lost.
fn between_lines(u: &mut Unstructured<'_>, mut look: impl FnMut(&mut Script)) -> Result<()> {
    let script = life(u)?;
    let mut world = world();
    for line in script.lines() {
        world.run(line);
        look(&mut world);
        let raw = RawFrame::default();
        let event = match u.int_in_range(0..=7)? {
            0..=3 => {
                let instrument = InstrumentId::us_stock(u.choose(&["SPY", "SPY", "QQQ"])?);
                let px = |u: &mut Unstructured<'_>| {
                    let cents = u.int_in_range(49_800..=50_200)?;
                    Ok(u.ratio(4, 5)?.then(|| Price::new(Decimal::new(cents, 2))))
                };
                let quote =
                    Quote { bid: px(u)?, ask: px(u)?, last: px(u)?, struck: Struck::at(world.now().wall) };
                Event::Quote { instrument, quote }
            }
            4 => Event::FromVenue { link: LinkId(1), report: wild_report(u)?, raw },
            5 => Event::FromVenue { link: LinkId(1), report: fee(u)?, raw },
            _ => continue,
        };
        world.feed(event);
        look(&mut world);
    }
    Ok(())
}

fn fee(u: &mut Unstructured<'_>) -> Result<Report> {
    let exec_id = ExecId::new(u.choose(&["a.01.01", "a.01.02", "b.01.01", "x"])?).unwrap();
    let currency = *u.choose(&[Currency::USD, Currency::USD, Currency::new("EUR").unwrap()])?;
    let charge = Some(Money { amount: Decimal::new(u.int_in_range(0..=300)?, 2), currency });
    Ok(Report::Commission { exec_id, charge })
}
