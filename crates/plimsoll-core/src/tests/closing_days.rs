//! A thousand days on which anything goes wrong with an on-close order and its fallback. By the venue's own books no
//! position is reversed, and none could be; no on-close order leaves late; no two orders could trade with each other.
//!
//! On half of them orders are netted, and another bot's opposite ones are held: then the difference is at the venue, and whose
//! what is of it the ledger says, whose sum is the venue's holding in the end.

use std::fmt::Write as _;
use std::time::Duration;

use arbtest::arbitrary::{Result, Unstructured};
use jiff::civil::Time;
use plimsoll_model::{Account, BotName, InstrumentId, Position, Side};
use rust_decimal::Decimal;

use super::closing;
use super::script::{AtVenue, Script};
use crate::config::OnCloseCrossing;

const DAYS: u64 = 1_000;

/// A half day and a whole one, with the minute of the close.
const CALENDAR: [(&str, Time); 2] =
    [("2026-11-27", Time::constant(13, 0, 0, 0)), ("2026-02-27", Time::constant(16, 0, 0, 0))];

/// Whether orders are netted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    Deny,
    Net,
}

/// What may happen: to the on-close order, to the connections, to the process.
fn line(u: &mut Unstructured<'_>, policy: Policy) -> Result<String> {
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
        // What is held is not at the venue, which could not tell how much of it a bot sells twice.
        14 | 15 if policy == Policy::Net => {
            let qty = u.choose(&["40", "40", "100", "140"])?;
            (*u.choose(&[format!("revert BUY {qty} SPY MOC"), "revert cancel all".to_owned()])?).clone()
        }
        14 => "trend SELL 30 SPY MKT".to_owned(),
        15 => "trend SELL 100 SPY MOC".to_owned(),
        _ => (*u.choose(&["own error 1100", "own error 1102", "trend leaves", "trend arrives"])?).to_owned(),
    })
}

/// What the working orders of one side can still execute, by the venue.
fn leaves(world: &Script, side: Side) -> Decimal {
    leaves_of(world, side, |_| true)
}

fn leaves_of(world: &Script, side: Side, is_of: impl Fn(&AtVenue) -> bool) -> Decimal {
    let working =
        world.at_venue.values().filter(|order| order.status.is_open() && order.request.side == side);
    working
        .filter(|order| is_of(order))
        .map(|order| order.request.qty.saturating_sub(order.cum_qty).get())
        .sum()
}

/// What is left of the position if everything that works is executed.
fn room(world: &Script) -> Decimal {
    let key = (Account::new("DU1").unwrap(), InstrumentId::us_stock("SPY"));
    let held = world.holdings.get(&key).copied().unwrap_or(Position::FLAT);
    held.get() - leaves(world, Side::Sell)
}

/// Orders of the two that could trade with each other in the auction.
fn is_pair(world: &Script, policy: Policy) -> bool {
    let on_close = |order: &AtVenue| policy == Policy::Deny || order.request.ord_type.is_on_close();
    let of = |side| leaves_of(world, side, on_close);
    !of(Side::Buy).is_zero() && !of(Side::Sell).is_zero()
}

/// What the ledger has for the bot whose positions are closed.
fn held(world: &Script) -> Position {
    let (account, spy) = (Account::new("DU1").unwrap(), InstrumentId::us_stock("SPY"));
    world.bridge.ledger.bot_position(&BotName::new("trend").unwrap(), &account, &spy)
}

/// At last everything is answered, and the price of the auction is known.
fn end_of_day(world: &mut Script, close: Time) -> String {
    let at = |seconds: i64| close.saturating_add(jiff::SignedDuration::from_secs(seconds));
    world.run(&format!(
        "{a} disk done\n{a} own down\n{a} own up\n{a} own answers\n{a} venue closes 500.00\n{b} wake\n{b} own answers",
        a = at(601),
        b = at(602)
    ))
}

/// What became of the orders of one day.
#[derive(Default)]
struct Sent {
    /// Market orders in the place of an on-close order.
    fallbacks: usize,
    /// The same where orders are netted.
    netted_fallbacks: usize,
    /// Differences of several bots' orders.
    nets: usize,
}

/// One day, from the job to the settlement.
fn day(u: &mut Unstructured<'_>) -> Result<Sent> {
    let (date, close) = u.choose(&CALENDAR)?;
    let policy = *u.choose(&[Policy::Deny, Policy::Net])?;
    let mut world = closing::world();
    world.lenient = true;
    if policy == Policy::Net {
        world.config.venue.on_close_crossing = OnCloseCrossing::Net { lead: Duration::from_secs(2) };
    }
    world.run(&format!(
        "day {date}\n10:00:00 quote SPY 500.00 500.02\n10:00:01 trend BUY 100 SPY MKT id=1\n\
         10:00:02 venue fills trend 1 100 500.02"
    ));
    let at = |seconds: i64| close.saturating_add(jiff::SignedDuration::from_secs(seconds));
    let mut events = Vec::new();
    if policy == Policy::Net {
        let qty = u.choose(&["40", "100", "140", "0"])?;
        events.push((at(-606), format!("revert BUY {qty} SPY MOC")));
    }
    events.push((at(-605), "wake".to_owned()));
    for second in [-604, -603, -602, -599, -300, -120, -30, -8] {
        events.push((at(second), line(u, policy)?));
        events.push((at(second), "wake".to_owned()));
    }
    for half in -14..2_i64 {
        let at = close.saturating_add(jiff::SignedDuration::from_millis(500 * half));
        events.push((at, line(u, policy)?));
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
        assert!(!is_pair(&world, policy), "a pair:\n{told}");
        assert!(held(&world) >= Position::FLAT, "it is reversed:\n{told}");
    }
    let placed =
        |kind: &str| told.lines().filter(|line| line.contains("place 900") && line.contains(kind)).count();
    let mut sent = Sent { fallbacks: placed(" MKT "), nets: placed("-plimsoll-"), ..Sent::default() };
    if policy == Policy::Net {
        sent.netted_fallbacks = sent.fallbacks;
        told += &end_of_day(&mut world, *close);
        let key = (Account::new("DU1").unwrap(), InstrumentId::us_stock("SPY"));
        let broker = world.holdings.get(&key).copied().unwrap_or(Position::FLAT);
        assert_eq!(world.bridge.ledger.position(&key.0, &key.1), broker, "{told}");
        assert!(held(&world) >= Position::FLAT, "it is reversed:\n{told}");
    }
    Ok(sent)
}

#[test]
fn on_a_thousand_days_no_position_is_doubled_no_order_is_late_and_no_pair_could_trade() {
    let (mut days, mut all) = (0, Sent::default());
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
        let sent = day(&mut Unstructured::new(&noise)).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        all.fallbacks += sent.fallbacks;
        all.netted_fallbacks += sent.netted_fallbacks;
        all.nets += sent.nets;
        days += 1;
    }
    let Sent { fallbacks, netted_fallbacks, nets } = all;
    assert!(
        days == DAYS && fallbacks > 50 && netted_fallbacks > 20 && nets > 100,
        "the days are too quiet to mean anything: {fallbacks} fallbacks, {netted_fallbacks} netted, {nets} differences"
    );
}
