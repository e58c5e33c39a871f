//! A thousand days on which anything goes wrong with an on-close order and its fallback. By the venue's own books no
//! position is reversed, and none could be; no on-close order leaves late; no two orders could trade with each other.

use std::fmt::Write as _;

use arbtest::arbitrary::{Result, Unstructured};
use jiff::civil::Time;
use plimsoll_model::{Account, InstrumentId, Position, Side};
use rust_decimal::Decimal;

use super::closing;
use super::script::Script;

const DAYS: u64 = 1_000;

/// A half day and a whole one, with the minute of the close.
const CALENDAR: [(&str, Time); 2] =
    [("2026-11-27", Time::constant(13, 0, 0, 0)), ("2026-02-27", Time::constant(16, 0, 0, 0))];

/// What may happen: to the on-close order, to the connections, to the process.
fn line(u: &mut Unstructured<'_>) -> Result<String> {
    let id = u.choose(&["100000000", "100000000", "100000001", "100000002"])?;
    Ok(match u.int_in_range(0..=16)? {
        0 | 1 => format!("venue accepts own {id}"),
        2 => format!("venue cancels own {id}"),
        3 => format!("venue forgets own {id}"),
        4 => format!("venue fills own {id} {} 500.00", u.choose(&["1", "40", "all"])?),
        5 => format!("venue rejects own {id} 201"),
        6 => format!("venue deactivates own {id}"),
        7 => "own down".to_owned(),
        8 => "own up".to_owned(),
        9..=11 => "own answers".to_owned(),
        12 => "restart".to_owned(),
        13 => (*u.choose(&["disk slow", "disk done", "disk done"])?).to_owned(),
        14 => "trend SELL 30 SPY MKT".to_owned(),
        15 => "trend SELL 100 SPY MOC".to_owned(),
        _ => (*u.choose(&["own error 1100", "own error 1102", "trend leaves", "trend arrives"])?).to_owned(),
    })
}

/// What the working orders of one side can still execute, by the venue.
fn leaves(world: &Script, side: Side) -> Decimal {
    let working =
        world.at_venue.values().filter(|order| order.status.is_open() && order.request.side == side);
    working.map(|order| order.request.qty.saturating_sub(order.cum_qty).get()).sum()
}

/// What is left of the position if everything that works is executed.
fn room(world: &Script) -> Decimal {
    let key = (Account::new("DU1").unwrap(), InstrumentId::us_stock("SPY"));
    let held = world.holdings.get(&key).copied().unwrap_or(Position::FLAT);
    held.get() - leaves(world, Side::Sell)
}

/// One day, from the job to the settlement; how many market orders took the place of an on-close order.
fn day(u: &mut Unstructured<'_>) -> Result<usize> {
    let (date, close) = u.choose(&CALENDAR)?;
    let mut world = closing::world();
    world.lenient = true;
    world.run(&format!(
        "day {date}\n10:00:00 quote SPY 500.00 500.02\n10:00:01 trend BUY 100 SPY MKT id=1\n\
         10:00:02 venue fills trend 1 100 500.02"
    ));
    let at = |seconds: i64| close.saturating_add(jiff::SignedDuration::from_secs(seconds));
    let mut events = vec![(at(-605), "wake".to_owned())];
    for second in [-604, -603, -602, -599, -300, -120, -30, -8] {
        events.push((at(second), line(u)?));
    }
    for half in -14..2_i64 {
        let at = close.saturating_add(jiff::SignedDuration::from_millis(500 * half));
        events.push((at, line(u)?));
        events.push((at, "wake".to_owned()));
    }
    events.extend([(at(300), "wake".to_owned()), (at(301), "own answers".to_owned())]);
    let mut told = String::new();
    for (time, mut event) in events {
        let before = world.run(&format!("{time} quote SPY 500.00 500.02"));
        // A bot that sells more than it has is not what this is about.
        let sells = event.strip_prefix("trend SELL ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        if sells.is_some_and(|qty: Decimal| qty > room(&world)) {
            event = "wake".to_owned();
        }
        let trace = before + &world.run(&format!("{time} {event}"));
        writeln!(told, "{time} {event}\n{trace}").unwrap();
        let placed = trace.lines().filter(|line| line.contains("SPY MOC for") || line.contains("submit"));
        let is_late = |line: &&str| line.contains(" MOC ") && time >= at(-600);
        assert!(!placed.clone().any(|line| is_late(&line)), "late:\n{told}");
        assert!(room(&world) >= Decimal::ZERO, "it is doubled, or could be:\n{told}");
        assert!(
            leaves(&world, Side::Buy).is_zero() || leaves(&world, Side::Sell).is_zero(),
            "a pair:\n{told}"
        );
    }
    Ok(told.lines().filter(|line| line.contains("place 900") && line.contains(" MKT ")).count())
}

#[test]
fn on_a_thousand_days_no_position_is_doubled_no_order_is_late_and_no_pair_could_trade() {
    let (mut days, mut sent) = (0, 0);
    for seed in 0..DAYS {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let noise: Vec<u8> = (0..512)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_be_bytes()[0]
            })
            .collect();
        sent += day(&mut Unstructured::new(&noise)).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        days += 1;
    }
    assert!(days == DAYS && sent > 50, "the days are too quiet to mean anything: {sent} fallbacks");
}
