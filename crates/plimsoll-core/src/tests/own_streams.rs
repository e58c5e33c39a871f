//! A bot whose own prices stand still while Plimsoll sees the market move.

use expect_test::expect;
use jiff::Timestamp;
use plimsoll_model::{BotName, InstrumentId, LinkId};

use super::script::Script;
use crate::Event;

const TREND: LinkId = LinkId(1);

/// Ten o'clock and so many seconds, on the day of the scripts.
fn ten(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-02-27T15:00:00Z".parse().unwrap();
    ten + jiff::SignedDuration::from_secs(seconds)
}

fn stream(link: LinkId, still_since: Option<Timestamp>) -> Event {
    Event::Stream { link, instrument: InstrumentId::us_stock("SPY"), still_since }
}

#[test]
fn new_risk_is_denied_and_an_exit_is_not_until_the_stream_moves() {
    let mut world = Script::new();
    let mut trace = world.run(
        "
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 5 SPY MKT
        10:00:02 venue fills trend 1 5 500.02
        10:00:20 quote SPY 500.00 500.02
        ",
    );
    world.feed(stream(TREND, Some(ten(3))));
    trace += &world.run(
        "
        10:00:21 trend BUY 1 SPY MKT
        10:00:22 trend BUY 2 SPY MOC
        10:00:23 trend SELL 5 SPY MKT
        10:00:24 venue fills trend 4 5 500.00
        10:00:24 revert SELL 4 SPY LMT 500.50
        ",
    );
    world.feed(stream(TREND, None));
    trace += &world.run("10:00:25 trend BUY 3 SPY LMT 500.00");
    expect![["
        10:00:01 submit 1 BUY 5 SPY MKT for DU1 [SPY-trend-20260227-1]
        10:00:21 deny 1 order 2: Plimsoll stale_data: the bot's own prices of SPY stopped 18s ago, limit 15s
        10:00:22 deny 1 order 3: Plimsoll stale_data: the bot's own prices of SPY stopped 19s ago, limit 15s
        10:00:23 submit 1 SELL 5 SPY MKT for DU1 [SPY-trend-20260227-4]
        10:00:24 submit 2 SELL 4 SPY LMT 500.50 for DU1 [SPY-revert-20260227-1]
        10:00:25 submit 1 BUY 3 SPY LMT 500.00 for DU1 [SPY-trend-20260227-5]
    "]]
    .assert_eq(&trace);
}

#[test]
fn a_stream_that_stops_while_the_order_waits_for_the_disk_denies_it() {
    let mut world = Script::new();
    world.run("10:00:00 quote SPY 500.00 500.02\n10:00:01 disk slow\n10:00:02 trend BUY 1 SPY MKT");
    world.feed(stream(TREND, Some(ten(-14))));
    expect![["
        10:00:03 deny 1 order 1: Plimsoll stale_data: the bot's own prices of SPY stopped 17s ago, limit 15s
    "]]
    .assert_eq(&world.run("10:00:03 disk done"));
}

#[test]
fn a_link_takes_its_streams_along() {
    let mut world = Script::new();
    world.run("10:00:00 quote SPY 500.00 500.02");
    world.feed(stream(TREND, Some(ten(-14))));
    world.feed(Event::BotGone { link: TREND });
    world.feed(stream(TREND, Some(ten(-14))));
    assert_eq!(
        world.bridge.streams.still_since(&BotName::new("trend").unwrap(), &InstrumentId::us_stock("SPY")),
        None
    );
}
