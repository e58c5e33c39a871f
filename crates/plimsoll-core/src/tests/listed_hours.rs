//! The broker's own hours against the calendar, as the guards see them.

use jiff::SignedDuration;
use jiff::civil::{Date, date, time};
use plimsoll_calendar::{Amendment, AnchorKind, Announcement, Change, Listing, Policy};
use plimsoll_model::{Contract, Currency, InstrumentId};

use super::script::Script;
use crate::schedule::{Action, HalfDays, Job, JobName, Missed, Place, Timing, When};
use crate::{Event, HaltLevel, Operator};

const FRIDAY: Date = date(2026, 11, 20);

/// A Friday in the hours that a broker lists: Thursday and the days until Tuesday as they are, Friday as given.
fn listing(friday: &str) -> Script {
    let mut world = Script::new();
    world.listed_hours = format!(
        "20261119:0930-20261119:1600;20261120:{friday};20261121:CLOSED;20261122:CLOSED;20261123:0930-20261123:1600"
    )
    .into();
    world
}

fn decided(change: Change, force: bool) -> Event {
    let amendment = Amendment { change, name: "seen".into(), source: "a person".into(), force };
    let days = [Announcement { calendar: "XNYS".into(), date: FRIDAY, amendment }].into();
    Event::Operator(Operator::Calendar { days, problems: [].into() })
}

fn notices(trace: &str) -> Vec<&str> {
    trace.lines().filter_map(|line| line.split_once(" notice ")).map(|(_, text)| text).collect()
}

#[test]
fn hours_that_agree_are_not_spoken_of_and_a_broker_that_lists_none_is_not_either() {
    for mut world in [listing("0930-20261120:1600"), Script::new()] {
        let trace = world.run(
            "
            day 2026-11-20
            10:00:00 quote SPY 600.00 600.02
            10:00:01 trend BUY 10 SPY MKT
            ",
        );
        assert_eq!(trace, "10:00:01 submit 1 BUY 10 SPY MKT for DU1 [SPY-trend-20261120-1]\n");
    }
}

#[test]
fn a_day_that_the_broker_calls_closed_is_closed_and_what_would_wait_for_monday_waits_for_a_person() {
    let mut world = listing("CLOSED");
    let trace = world.run(
        "
        day 2026-11-20
        10:00:00 restart
        10:00:00 own answers
        10:00:01 quote SPY 600.00 600.02
        10:00:02 trend BUY 10 SPY MKT
        10:00:03 trend BUY 10 SPY LMT 590 tif=GTC
        ",
    );
    let told = notices(&trace);
    assert!(
        told.contains(
            &"XNYS on 2026-11-20 by the broker's hours of QQQ: listed as closed, open by the calendar; the narrower \
              of both holds, and new risk of that day waits until a person decides: plimsoll calendar add XNYS 2026-11-20"
        ),
        "{trace}"
    );
    assert_eq!(
        trace.matches("hours_disputed").count() + trace.matches("a person has to decide").count(),
        2,
        "{trace}"
    );
    assert!(!trace.contains("submit"), "{trace}");
}

#[test]
fn an_earlier_close_moves_the_cutoff_and_keeps_new_risk_out_but_nobody_in() {
    let mut world = listing("0930-20261120:1300");
    let trace = world.run(
        "
        day 2026-11-20
        10:00:00 venue holds DU1 SPY 100
        10:00:00 own answers
        12:00:00 quote SPY 600.00 600.02
        12:00:01 trend BUY 10 SPY MOC
        ",
    );
    assert!(
        trace.contains("listed as closing at 13:00, at 16:00 by the calendar; a person has to decide"),
        "{trace}"
    );
    // Once a person has said that the broker is right, the day is short for everybody.
    world.feed(decided(Change::EarlyClose(time(13, 0, 0, 0)), false));
    let trace = world.run(
        "
        12:49:00 quote SPY 600.00 600.02
        12:49:01 trend BUY 11 SPY MOC
        12:50:00 quote SPY 600.00 600.02
        12:50:01 trend BUY 12 SPY MOC
        ",
    );
    assert!(trace.contains("submit 1 BUY 11 SPY MOC"), "{trace}");
    assert!(trace.contains("had to be in by 2026-11-20 12:50:00"), "{trace}");
}

#[test]
fn only_force_stands_against_a_broker_that_takes_time_away() {
    let mut world = listing("0930-20261120:1300");
    world.run("day 2026-11-20\n10:00:00 restart\n10:00:00 own answers");
    let order = |at: &str| format!("{at} quote SPY 600.00 600.02\n{at} trend BUY 10 SPY MKT");
    world.feed(decided(Change::EarlyClose(time(15, 0, 0, 0)), false));
    let trace = world.run(&order("10:00:10"));
    assert!(trace.contains("a person has to decide"), "{trace}");
    world.feed(decided(Change::Open(time(9, 30, 0, 0), time(16, 0, 0, 0)), true));
    let trace = world.run(&order("14:00:20"));
    assert!(trace.contains("submit"), "{trace}");
}

#[test]
fn a_half_day_that_the_broker_does_not_know_stays_one_and_is_disputed() {
    let mut world = Script::new();
    world.listed_hours = "20261127:0930-20261127:1600".into();
    let trace = world.run(
        "
        day 2026-11-27
        10:00:00 restart
        10:00:00 own answers
        10:00:01 quote SPY 600.00 600.02
        10:00:02 trend BUY 10 SPY MKT
        ",
    );
    assert!(
        trace.contains("listed as closing at 16:00, at 13:00 by the calendar; a person has to decide"),
        "{trace}"
    );
    let before = Announcement {
        calendar: "XNYS".into(),
        date: date(2026, 11, 27),
        amendment: Amendment {
            change: Change::EarlyClose(time(12, 59, 0, 0)),
            name: "seen".into(),
            source: "a person".into(),
            force: false,
        },
    };
    world.feed(Event::Operator(Operator::Calendar { days: [before].into(), problems: [].into() }));
    let trace = world.run("10:00:10 quote SPY 600.00 600.02\n10:00:10 trend BUY 10 SPY MKT");
    assert!(trace.contains("submit"), "{trace}");
}

#[test]
fn a_surprise_that_the_broker_learns_of_during_the_day_is_heard_within_an_hour_of_a_short_one() {
    let mut world = Script::new();
    world.listed_hours = "20261127:0930-20261127:1300".into();
    let trace = world.run("day 2026-11-27\n09:00:00 restart\n09:00:00 own answers");
    assert_eq!(notices(&trace), ["reconciled: 0 open orders, 0 positions"]);
    world.listed_hours = "20261127:0930-20261127:1200".into();
    let trace = world.run("09:59:59 wake\n09:59:59 own answers");
    assert_eq!(notices(&trace), [""; 0], "not asked again yet");
    let trace = world.run("10:00:00 wake\n10:00:00 own answers");
    // The first of two stocks is not the calendar yet.
    assert_eq!(notices(&trace).len(), 2, "{trace}");
    assert!(
        notices(&trace)[0].contains("in what is listed so")
            && notices(&trace)[1].contains("the narrower of both holds")
    );
    assert!(trace.contains("listed as closing at 12:00, at 13:00 by the calendar"), "{trace}");
    world.listed_hours = "20261127:0930-20261127:1300".into();
    let trace = world.run("11:00:00 wake\n11:00:00 own answers");
    assert!(trace.contains("no longer disputed: XNYS on 2026-11-27"), "{trace}");
}

// Asked at 18:00, told at 20:00 that tomorrow is closed: a day after the last question would be too late.
#[test]
fn what_is_announced_in_the_evening_is_heard_an_hour_before_the_session_would_open() {
    let mut world = listing("0930-20261120:1600");
    let closed = listing("CLOSED").listed_hours;
    let trace = world.run("day 2026-11-19\n18:00:00 restart\n18:00:00 own answers");
    assert_eq!(notices(&trace), ["reconciled: 0 open orders, 0 positions"]);
    world.listed_hours = closed;
    let trace = world.run("day 2026-11-20\n08:29:59 wake\n08:29:59 own answers");
    assert_eq!(notices(&trace), [""; 0], "not asked again yet");
    let trace = world.run("08:30:00 wake\n08:30:00 own answers");
    assert!(
        notices(&trace)[1].contains("listed as closed, open by the calendar; the narrower of both holds"),
        "{trace}"
    );
    let trace = world.run(
        "
        09:00:00 quote SPY 600.00 600.02
        09:00:01 trend BUY 10 SPY MKT tif=OPG
        09:00:02 trend BUY 10 SPY MOC
        ",
    );
    assert_eq!(
        trace.matches("listed as closed, open by the calendar; a person has to decide").count(),
        2,
        "{trace}"
    );
}

/// `trend` trades a stock of London as well, of which the broker lists these hours.
fn london(listed: &str) -> Script {
    let mut world = Script::new();
    let stock = Contract::stock("ABC", Currency::USD);
    world.config.bots[0].instruments.insert(InstrumentId::of(&stock).unwrap(), stock.clone());
    world.answers = vec![Contract { primary_exchange: "LSE".into(), ..stock }];
    world.london_hours = vec![("ABC", listed.into())];
    world
}

#[test]
fn a_day_that_the_broker_calls_closed_in_london_is_closed_there_and_in_no_other_city() {
    let mut world = london("20261120:CLOSED;20261123:0800-20261123:1630");
    let trace = world.run("day 2026-11-20\n04:00:00 journal lost");
    let told = "XLON on 2026-11-20 by the broker's hours of ABC: listed as closed, open by the calendar; the narrower \
                of both holds, and new risk of that day waits until a person decides: plimsoll calendar add XLON 2026-11-20";
    assert!(notices(&trace).contains(&told), "{trace}");
    let trace = world.run(
        "
        10:00:00 quote ABC 10.00 10.00
        10:00:00 quote SPY 500.00 500.02
        10:00:01 trend BUY 1 ABC MKT
        10:00:02 trend BUY 1 SPY MKT
        ",
    );
    assert!(trace.contains("deny 1 order 1: Plimsoll trading_session: XLON on 2026-11-20"), "{trace}");
    assert!(trace.contains("submit 1 BUY 1 SPY MKT"), "{trace}");
}

#[test]
fn an_early_close_that_the_broker_lists_for_london_moves_the_cutoff_there() {
    let mut world = london("20261120:0800-20261120:1230");
    world.run("day 2026-11-20\n04:00:00 journal lost\n04:00:01 quote ABC 10.00 10.00");
    world.run("04:00:02 trend BUY 100 ABC MKT");
    let amendment = Amendment {
        change: Change::EarlyClose(time(12, 30, 0, 0)),
        name: "seen".into(),
        source: "a person".into(),
        force: false,
    };
    let days = [Announcement { calendar: "XLON".into(), date: FRIDAY, amendment }].into();
    world.feed(Event::Operator(Operator::Calendar { days, problems: [].into() }));
    let trace = world.run("07:20:00 quote ABC 10.00 10.00\n07:20:00 trend BUY 1 ABC MOC");
    assert!(trace.contains("had to be in by 2026-11-20 12:20:00 Europe/London"), "{trace}");
}

// The broker's half day of London moves the job that runs by London's close, and no other.
#[test]
fn a_job_by_london_s_close_goes_by_the_broker_s_hours_of_london() {
    let mut world = london("20261120:0800-20261120:1230");
    world.config.jobs = vec![Job {
        name: JobName::new("london").unwrap(),
        bot: None,
        timing: Timing {
            place: Place { calendar: "XLON".into(), listing: Listing::London },
            at: When::Anchor { place: None, kind: AnchorKind::Close, offset: SignedDuration::from_mins(-1) },
            until: None,
            half_days: HalfDays::Run,
            policy: Policy::COMPATIBLE,
            missed: Missed::Alert,
        },
        action: Action::Halt { level: HaltLevel::NewRisk },
        require: Vec::new(),
    }];
    let trace = world.run("day 2026-11-20\n04:00:00 journal lost\n07:29:00 wake\n07:29:01 wake");
    assert!(
        trace.contains("job london: halt for fleet on 2026-11-20, due at 2026-11-20T12:29:00Z"),
        "{trace}"
    );
}

#[test]
fn a_list_that_cannot_be_read_is_said_and_disputes_nothing() {
    for (listed, why) in
        [("20261120:0930", "no entry of trading hours"), ("20261120:1600-20261120:0930", "ends before")]
    {
        let mut world = Script::new();
        world.listed_hours = listed.into();
        let trace = world.run("day 2026-11-20\n10:00:00 restart\n10:00:00 own answers");
        assert!(trace.contains("not compared with the calendar") && trace.contains(why), "{trace}");
        let trace = world.run("10:00:01 quote SPY 600.00 600.02\n10:00:02 trend BUY 10 SPY MKT");
        assert!(trace.contains("submit"), "{trace}");
    }
}

#[test]
fn sessions_of_the_past_that_differ_are_told_once_a_week() {
    let mut world = Script::new();
    world.past_sessions = vec![
        ("20261112", "20261112-09:30:00", "20261112-16:00:00"),
        ("20261113", "20261113-09:30:00", "20261113-13:00:00"),
        ("20261117", "20261117-09:30:00", "20261117-16:00:00"),
    ];
    let told = "2 differences between XNYS and the broker's sessions of the past: \
                2026-11-13 listed as closing at 13:00, at 16:00 by the calendar; \
                2026-11-16 listed as closed, open by the calendar";
    let trace = world.run("day 2026-11-20\n10:00:00 restart\n10:00:00 own answers");
    assert!(notices(&trace).contains(&told), "{trace}");
    let trace = world.run("10:00:05 own down\n10:00:06 own up\n10:00:06 own answers");
    assert!(!trace.contains("of the past"), "{trace}");
}

#[test]
fn nobody_is_kept_in_a_position_on_a_disputed_day_not_even_by_its_cutoff() {
    let mut world = Script::new();
    world.run("day 2026-11-20\n10:00:00 quote SPY 600.00 600.02\n10:00:01 trend BUY 100 SPY MKT");
    world.run("10:00:02 venue fills trend 1 100 600.02");
    world.listed_hours = listing("CLOSED").listed_hours;
    let trace = world.run(
        "
        10:00:05 own down
        10:00:06 own up
        10:00:06 own answers
        10:00:07 quote SPY 600.00 600.02
        10:00:08 trend SELL 40 SPY MKT
        10:00:09 trend SELL 60 SPY MOC
        10:00:10 trend BUY 1 SPY LMT 590 tif=GTC
        ",
    );
    assert!(
        trace.contains("submit 1 SELL 40 SPY MKT") && trace.contains("submit 1 SELL 60 SPY MOC"),
        "{trace}"
    );
    assert!(trace.contains("a person has to decide"), "{trace}");
}

#[test]
fn a_dispute_ends_with_the_restart_after_which_the_lists_agree_and_with_its_day() {
    let mut world = listing("CLOSED");
    world.run("day 2026-11-20\n10:00:00 restart\n10:00:00 own answers");
    let now = world.now();
    assert_eq!(world.bridge.snapshot(now).disputed_days.len(), 1);
    world.listed_hours = listing("0930-20261120:1600").listed_hours;
    let trace = world.run(
        "
        10:01:00 restart
        10:01:00 own answers
        10:01:01 trend arrives
        10:01:02 quote SPY 600.00 600.02
        10:01:03 trend BUY 10 SPY MKT
        ",
    );
    assert!(trace.contains("submit 1 BUY 10 SPY MKT"), "{trace}");
}
