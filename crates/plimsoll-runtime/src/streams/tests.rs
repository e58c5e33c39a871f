//! Streams and a market, second by second.

use plimsoll_tws::ServerVersion;

use super::*;

const MAX: Duration = Duration::from_secs(15);
const KEY: (PriceStream, i32) = (PriceStream::Quotes, 7);

/// A bot's stream of SPY beside the market's own.
struct World {
    streams: Streams,
    second: u64,
    market: Option<Timestamp>,
}

impl World {
    fn new() -> Self {
        let mut world = Self { streams: Streams::default(), second: 0, market: None };
        world.begin();
        world
    }

    fn now(&self) -> Now {
        let start: Timestamp = "2026-11-27T15:00:00Z".parse().unwrap();
        let passed = Duration::from_secs(self.second);
        Now { mono: Mono::ZERO.after(passed), wall: start.checked_add(passed).unwrap() }
    }

    fn begin(&mut self) -> Option<Request> {
        let now = self.now();
        self.streams.begin(KEY, (Some(InstrumentId::us_stock("SPY")), StruckBy::Prices), &asked(), now)
    }

    fn strike(&mut self, field: QuoteField) {
        self.streams.struck(Strike { stream: KEY.0, req_id: KEY.1, field: Some(field) });
    }

    /// Seconds in which the market moves, or not, and the stream does, or not.
    fn pass(&mut self, seconds: u64, market: bool, stream: bool) -> Vec<String> {
        let mut told = Vec::new();
        for _ in 0..seconds {
            self.second += 1;
            if market {
                self.market = Some(self.now().wall);
            }
            if stream {
                self.strike(QuoteField::Bid);
            }
            let (now, market, mut room) = (self.now(), self.market, 5);
            for found in self.streams.measure(now, MAX, |_, _| market, &mut room) {
                told.push(match found {
                    Found::News { still_since: Some(_), .. } => format!("{} still", self.second),
                    Found::News { still_since: None, .. } => format!("{} moves", self.second),
                    Found::Renew { end, begin, .. } => {
                        assert_eq!((*end, begin), (Request::CancelMktData(ById { req_id: 7 }), asked()));
                        format!("{} renew", self.second)
                    }
                });
            }
        }
        told
    }
}

fn asked() -> RawFrame {
    RawFrame::new("1|11|7|0|SPY|STK||0|||SMART||USD|||0||0|0||".replace('|', "\0").into_bytes().into())
}

#[test]
fn a_stream_that_stops_while_the_market_moves_is_told_and_begun_again_with_patience() {
    let mut world = World::new();
    assert!(world.pass(60, true, true).is_empty());
    assert_eq!(world.pass(15, true, false), [""; 0], "fifteen seconds are allowed");
    assert_eq!(world.pass(1, true, false), ["76 renew", "76 still"]);
    assert_eq!(
        world.pass(120, true, false),
        ["91 renew", "121 renew", "181 renew"],
        "each wait is twice the last"
    );
    assert_eq!(world.pass(1, true, true), [""; 0], "memory");
    assert_eq!(world.pass(1, true, true), ["198 moves"]);
}

#[test]
fn what_the_venue_remembers_after_a_renewal_is_not_taken_for_life() {
    let mut world = World::new();
    world.pass(5, true, true);
    assert_eq!(world.pass(16, true, false), ["21 renew", "21 still"]);
    for field in [QuoteField::Bid, QuoteField::Ask, QuoteField::Last] {
        world.strike(field);
    }
    assert_eq!(world.pass(10, true, false), [""; 0], "it stays still");
    world.strike(QuoteField::Ask);
    assert_eq!(world.pass(1, true, false), ["32 moves"]);
}

#[test]
fn at_night_and_when_everything_stops_nothing_is_said_and_nothing_is_asked() {
    let mut world = World::new();
    world.pass(5, true, true);
    assert_eq!(world.pass(36_000, false, false), [""; 0]);
    assert_eq!(world.pass(1, true, false), [""; 0], "ours came first");
    assert_eq!(world.pass(30, true, true), [""; 0]);
}

#[test]
fn a_subscription_that_never_brings_a_price_is_found() {
    let mut world = World::new();
    assert_eq!(world.pass(16, true, false), ["16 renew", "16 still"]);
}

#[test]
fn after_data_was_lost_the_bot_has_its_turn_and_then_the_stream_is_begun_again() {
    let mut world = World::new();
    world.pass(5, true, true);
    world.streams.lost(world.now().mono);
    assert_eq!(world.pass(3, false, false), ["7 renew"]);
    assert!(world.streams.is_ours(7, 300), "the venue has forgotten what we ended");
    assert!(!world.streams.is_ours(7, 300), "once");
    // The bot asks again all the same, under the same number.
    assert_eq!(world.begin(), Some(Request::CancelMktData(ById { req_id: 7 })));

    let mut world = World::new();
    world.pass(5, true, true);
    world.streams.lost(world.now().mono);
    assert_eq!(world.begin(), None, "it was quicker than we");
    assert_eq!(world.pass(10, true, true), [""; 0]);
}

#[test]
fn lost_data_that_is_too_old_is_still_at_once_whatever_the_market_does() {
    let mut world = World::new();
    world.pass(5, true, true);
    assert_eq!(world.pass(20, false, false), [""; 0], "1100: everything has stopped");
    world.streams.lost(world.now().mono);
    assert_eq!(world.pass(1, false, false), ["26 still"]);
    assert_eq!(world.pass(1, true, false), ["27 renew"]);
    assert_eq!(world.pass(600, false, false), [""; 0], "while nothing moves it is asked once");
    assert_eq!(world.pass(1, true, false), ["628 renew"], "and once more when the market moves");
    assert_eq!(world.pass(1, true, true), [""; 0], "memory");
    assert_eq!(world.pass(1, true, true), ["630 moves"]);
}

#[test]
fn a_stream_that_the_bot_or_the_venue_has_ended_is_measured_no_more() {
    let mut world = World::new();
    world.streams.end(KEY);
    assert!(world.pass(60, true, false).is_empty());
    world.begin();
    assert!(!world.streams.is_ours(7, 354), "the bot hears that it has no permission");
    assert!(world.pass(60, true, false).is_empty() && !world.streams.are_measured());
    world.begin();
    assert!(!world.streams.is_ours(7, 201), "an order of the same number was rejected");
    assert_eq!(world.pass(16, true, false).len(), 2);
}

#[test]
fn a_bot_that_asks_anew_has_no_price_until_one_comes() {
    let mut world = World::new();
    world.pass(5, true, true);
    assert_eq!(world.pass(16, true, false), ["21 renew", "21 still"]);
    world.streams.end(KEY);
    assert_eq!(world.pass(2, true, false), [""; 0], "it is about to ask again");
    world.begin();
    world.strike(QuoteField::Bid);
    assert_eq!(world.pass(5, true, false), [""; 0], "what the venue remembers is no price");
    assert_eq!(world.pass(1, true, true), ["29 moves"]);
}

#[test]
fn a_bot_that_takes_its_prices_elsewhere_is_not_held_to_the_old_ones_for_ever() {
    let mut world = World::new();
    world.pass(5, true, true);
    world.pass(16, true, false);
    world.streams.end(KEY);
    assert_eq!(world.pass(17, true, false), ["38 moves"]);
    assert!(!world.streams.are_measured());
}

#[test]
fn a_refused_renewal_leaves_the_prices_stopped_and_is_tried_again() {
    let mut world = World::new();
    world.pass(5, true, true);
    assert_eq!(world.pass(16, true, false), ["21 renew", "21 still"]);
    assert!(!world.streams.is_ours(7, 101), "the bot hears it");
    assert_eq!(world.pass(15, true, false), ["36 renew"]);
    world.pass(2, true, true);
    // The bot believes it lost and asks again under its number, long after prices have come.
    assert_eq!(world.begin(), Some(Request::CancelMktData(ById { req_id: 7 })));
    assert!(world.streams.is_ours(7, 300), "what we have ended was not there");
    assert_eq!(world.begin(), None, "now it is the bot's");
}

#[test]
fn the_end_of_a_stream_is_what_the_official_client_sends() {
    let version = ServerVersion::new(178).unwrap();
    assert_eq!(end(KEY).encode(version).bytes(), b"2\x002\x007\x00");
}

#[test]
fn streams_beyond_the_limit_are_not_measured() {
    let mut streams = Streams::default();
    let spy = || (Some(InstrumentId::us_stock("SPY")), StruckBy::Prices);
    let now = World::new().now();
    for n in 0..2 * i32::try_from(STREAMS_MAX).unwrap() {
        streams.begin((PriceStream::Quotes, n), spy(), &asked(), now);
    }
    assert_eq!(streams.all.len(), STREAMS_MAX);
}
