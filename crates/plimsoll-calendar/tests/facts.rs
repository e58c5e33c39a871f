//! Facts about US sessions and cutoffs, written down from the exchanges' announcements and from history.

use jiff::Timestamp;
use jiff::civil::{Date, date, time};
use plimsoll_calendar::{
    Amendment, AnchorKind, Announcement, Calendar, CalendarError, Change, ClosureKind, DayKind, Listing,
    Party, SessionState,
};

/// What is known about a date; clock times are UTC.
enum Fact {
    Full(&'static str, &'static str),
    Half(&'static str),
    Holiday(&'static str),
    OneOff(&'static str),
}

use Fact::{Full, Half, Holiday, OneOff};

const FACTS: &[(&str, Fact)] = &[
    // Announced for the years ahead (NYSE Group press release of 2025-12-23).
    ("2026-11-26", Holiday("Thanksgiving Day")),
    ("2026-11-27", Half("18:00")),
    ("2026-12-24", Half("18:00")),
    ("2026-12-25", Holiday("Christmas Day")),
    ("2027-01-01", Holiday("New Year's Day")),
    ("2027-01-18", Holiday("Martin Luther King Jr. Day")),
    ("2027-02-15", Holiday("Washington's Birthday")),
    ("2027-03-26", Holiday("Good Friday")),
    ("2027-05-31", Holiday("Memorial Day")),
    ("2027-06-18", Holiday("Juneteenth National Independence Day")),
    ("2027-07-05", Holiday("Independence Day")),
    ("2027-09-06", Holiday("Labor Day")),
    ("2027-11-25", Holiday("Thanksgiving Day")),
    ("2027-11-26", Half("18:00")),
    ("2027-12-24", Holiday("Christmas Day")),
    ("2027-12-31", Full("14:30", "21:00")),
    ("2028-01-03", Full("14:30", "21:00")),
    ("2028-07-03", Half("17:00")),
    ("2028-11-24", Half("18:00")),
    // July 3, 2026 is the holiday itself, and the day before it is a full one.
    ("2026-07-03", Holiday("Independence Day")),
    ("2026-07-02", Full("13:30", "20:00")),
    // A New Year's Day on a Saturday is not kept; neither is its eve short.
    ("2021-12-31", Full("14:30", "21:00")),
    // Juneteenth was a session before it became a holiday.
    ("2021-06-18", Full("13:30", "20:00")),
    ("2022-06-20", Holiday("Juneteenth National Independence Day")),
    // The first Martin Luther King Jr. Day of the exchange was in 1998.
    ("1997-01-20", Full("14:30", "21:00")),
    ("1998-01-19", Holiday("Martin Luther King Jr. Day")),
    // Half days that only history knows.
    ("1996-07-05", Half("17:00")),
    ("2002-07-05", Half("17:00")),
    ("2012-07-03", Half("17:00")),
    ("2013-07-03", Half("17:00")),
    ("2013-07-05", Full("13:30", "20:00")),
    ("1997-12-26", Half("18:00")),
    ("1999-12-31", Half("18:00")),
    ("2003-12-26", Half("18:00")),
    // One-off closures.
    ("1994-04-27", OneOff("National Day of Mourning")),
    ("2001-09-11", OneOff("attacks of September 11")),
    ("2001-09-14", OneOff("attacks of September 11")),
    ("2001-09-17", Full("13:30", "20:00")),
    ("2004-06-11", OneOff("National Day of Mourning")),
    ("2007-01-02", OneOff("National Day of Mourning")),
    ("2012-10-30", OneOff("Hurricane Sandy")),
    ("2018-12-05", OneOff("National Day of Mourning")),
    ("2025-01-09", OneOff("National Day of Mourning")),
    // The sessions around a switch of the clocks.
    ("2026-03-06", Full("14:30", "21:00")),
    ("2026-03-09", Full("13:30", "20:00")),
    ("2026-10-30", Full("13:30", "20:00")),
    ("2026-11-02", Full("14:30", "21:00")),
    // Until 2006 the US switched in April.
    ("2006-03-31", Full("14:30", "21:00")),
    ("2006-04-03", Full("13:30", "20:00")),
];

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp of the test")
}

#[test]
fn the_calendar_agrees_with_the_announced_and_the_historical_days() {
    let calendar = Calendar::us_equities();
    for (text, fact) in FACTS {
        let date: Date = text.parse().unwrap();
        let utc = |clock: &str| at(&format!("{text}T{clock}:00Z"));
        match (calendar.day(date).unwrap(), fact) {
            (DayKind::Session(day), Full(open, close)) => {
                assert_eq!((day.open(), day.close()), (utc(open), utc(close)), "{text}");
                assert_eq!(day.early(), None, "{text}");
            }
            (DayKind::Session(day), Half(close)) => {
                assert_eq!(day.close(), utc(close), "{text}");
                assert!(day.early().is_some(), "{text}");
            }
            (DayKind::Closed(closure), Holiday(name)) => {
                assert_eq!((closure.kind, &*closure.name), (ClosureKind::Holiday, *name), "{text}");
            }
            (DayKind::Closed(closure), OneOff(name)) => {
                assert_eq!((closure.kind, &*closure.name), (ClosureKind::AdHoc, *name), "{text}");
            }
            (other, _) => panic!("{text} is {other:?}"),
        }
    }
}

#[test]
fn on_the_half_day_of_2026_everything_moves_with_the_close() {
    use AnchorKind::{Close, LocEntry, LooEntry, MocEntry, MooEntry, OnCloseCancel, Open};
    let day = Calendar::us_equities().session(date(2026, 11, 27)).unwrap().unwrap();
    // Eastern clock times of the day; UTC is five hours ahead.
    let table = [
        (Listing::Arca, Open, "14:30:00", "open", Party::Exchange),
        (Listing::Arca, Close, "18:00:00", "close", Party::Exchange),
        (Listing::Arca, MocEntry, "17:50:00", "close - 10m", Party::Broker),
        (Listing::Arca, LocEntry, "17:50:00", "close - 10m", Party::Broker),
        (Listing::Arca, OnCloseCancel, "17:50:00", "close - 10m", Party::Broker),
        (Listing::Arca, MooEntry, "14:29:00", "open - 1m", Party::Exchange),
        (Listing::Nyse, MocEntry, "17:50:00", "close - 10m", Party::Exchange),
        (Listing::Nyse, OnCloseCancel, "17:50:00", "close - 10m", Party::Exchange),
        (Listing::Nyse, LooEntry, "14:30:00", "open", Party::Exchange),
        (Listing::Nasdaq, MocEntry, "17:55:00", "close - 5m", Party::Exchange),
        (Listing::Nasdaq, LocEntry, "17:55:00", "close - 5m", Party::Broker),
        (Listing::Nasdaq, OnCloseCancel, "17:50:00", "close - 10m", Party::Exchange),
        (Listing::Nasdaq, MooEntry, "14:28:00", "open - 2m", Party::Exchange),
        (Listing::American, MocEntry, "17:50:00", "close - 10m", Party::Exchange),
        (Listing::Bats, MocEntry, "17:50:00", "close - 10m", Party::Exchange),
        (Listing::Unknown, MocEntry, "17:50:00", "close - 10m", Party::Exchange),
        (Listing::Unknown, LocEntry, "17:50:00", "close - 10m", Party::Exchange),
        (Listing::Unknown, MooEntry, "14:28:00", "open - 2m", Party::Exchange),
    ];
    for (listing, kind, clock, rule, party) in table {
        let anchor = day.anchor(kind, listing).unwrap();
        assert_eq!(anchor.at, at(&format!("2026-11-27T{clock}Z")), "{listing} {kind}");
        assert_eq!((anchor.rule.to_string().as_str(), anchor.decided_by), (rule, party), "{listing} {kind}");
    }
}

#[test]
fn for_spy_the_exchange_would_still_take_what_the_broker_no_longer_does() {
    let day = Calendar::us_equities().session(date(2026, 11, 25)).unwrap().unwrap();
    let moc = day.anchor(AnchorKind::MocEntry, Listing::Arca).unwrap();
    assert_eq!(moc.exchange.at, at("2026-11-25T20:59:00Z"));
    assert_eq!(moc.broker.as_ref().unwrap().at, at("2026-11-25T20:50:00Z"));
    assert_eq!(moc.at, at("2026-11-25T20:50:00Z"));
    assert!(moc.source().starts_with("IBKR"), "{}", moc.source());
}

#[test]
fn a_cutoff_is_too_late_at_its_own_instant() {
    let day = Calendar::us_equities().session(date(2026, 11, 25)).unwrap().unwrap();
    let moc = day.anchor(AnchorKind::MocEntry, Listing::Arca).unwrap();
    assert!(!moc.is_past(at("2026-11-25T20:49:59.999999999Z")));
    assert!(moc.is_past(at("2026-11-25T20:50:00Z")));
}

#[test]
fn an_unknown_listing_and_an_unread_rule_say_so() {
    let day = Calendar::us_equities().session(date(2026, 11, 25)).unwrap().unwrap();
    let source = |listing| day.anchor(AnchorKind::MocEntry, listing).unwrap().source();
    assert!(source(Listing::Unknown).contains("listing venue unknown"));
    assert!(source(Listing::Bats).contains("(assumed)"));
    assert!(!source(Listing::Nyse).contains("(assumed)"));
}

#[test]
fn a_venue_without_auctions_has_open_close_and_its_funding() {
    let day = Calendar::always_open().session(date(2026, 2, 28)).unwrap().unwrap();
    let anchors = day.anchors(Listing::Unknown);
    let kinds: Vec<_> = anchors.iter().map(|anchor| anchor.kind).collect();
    let funding = AnchorKind::Funding;
    assert_eq!(kinds, [AnchorKind::Open, AnchorKind::Close, funding, funding, funding]);
    let hours: Vec<_> = day.each(funding, Listing::Unknown).map(|anchor| anchor.at.to_string()).collect();
    assert_eq!(hours, ["2026-02-28T00:00:00Z", "2026-02-28T08:00:00Z", "2026-02-28T16:00:00Z"]);
    assert!(anchors[2].source().contains("(assumed)"), "an instrument may have times of its own");
}

#[test]
fn the_broker_s_words_name_the_listing() {
    let words = [
        ("NYSE", Listing::Nyse),
        ("NASDAQ", Listing::Nasdaq),
        ("ISLAND", Listing::Nasdaq),
        ("ARCA", Listing::Arca),
        ("AMEX", Listing::American),
        ("BATS", Listing::Bats),
        ("SMART", Listing::Unknown),
        ("", Listing::Unknown),
    ];
    for (word, listing) in words {
        assert_eq!(Listing::from_primary_exchange(word), listing, "{word}");
    }
}

#[test]
fn the_open_is_inside_and_the_close_is_outside() {
    let calendar = Calendar::us_equities();
    let open = at("2026-11-27T14:30:00Z");
    let close = at("2026-11-27T18:00:00Z");
    let monday = at("2026-11-30T14:30:00Z");
    let table = [
        ("2026-11-27T14:29:59.999999999Z", SessionState::PreOpen { open }),
        ("2026-11-27T14:30:00Z", SessionState::Open { until: close }),
        ("2026-11-27T17:59:59.999999999Z", SessionState::Open { until: close }),
        ("2026-11-27T18:00:00Z", SessionState::Closed { next_open: monday }),
        // Saturday; Sunday before and from the hour at which Monday's trade date begins.
        ("2026-11-28T15:00:00Z", SessionState::Closed { next_open: monday }),
        ("2026-11-30T00:59:59Z", SessionState::Closed { next_open: monday }),
        ("2026-11-30T01:00:00Z", SessionState::PreOpen { open: monday }),
    ];
    for (instant, state) in table {
        let instant = at(instant);
        assert_eq!(calendar.session_state(instant), Ok(state), "{instant}");
        let open = matches!(state, SessionState::Open { .. });
        assert_eq!(calendar.is_regular_session(instant), Ok(open), "{instant}");
    }
}

#[test]
fn the_trade_date_is_not_the_civil_date() {
    let calendar = Calendar::us_equities();
    let table = [
        // Late trading belongs to the day, trading from 20:00 Eastern on to the next session.
        ("2026-11-25T20:00:00Z", date(2026, 11, 25)),
        ("2026-11-26T00:59:59Z", date(2026, 11, 25)),
        // From the evening before Thanksgiving on, the next session is the half day.
        ("2026-11-26T01:00:00Z", date(2026, 11, 27)),
        ("2026-11-26T15:00:00Z", date(2026, 11, 27)),
        ("2026-11-27T20:00:00Z", date(2026, 11, 27)),
        ("2026-11-28T12:00:00Z", date(2026, 11, 30)),
        // In summer 20:00 Eastern is midnight UTC.
        ("2026-07-09T23:59:59Z", date(2026, 7, 9)),
        ("2026-07-10T00:00:00Z", date(2026, 7, 10)),
    ];
    for (instant, trade_date) in table {
        assert_eq!(calendar.trade_date(at(instant)), Ok(trade_date), "{instant}");
    }
    let always = Calendar::always_open();
    assert_eq!(always.trade_date(at("2026-11-27T23:59:59Z")), Ok(date(2026, 11, 27)));
}

#[test]
fn a_date_out_of_range_is_neither_open_nor_closed() {
    let calendar = Calendar::us_equities();
    let outside = |date| {
        Err(CalendarError::OutOfRange {
            calendar: "XNYS",
            date,
            from: self::date(1993, 1, 1),
            through: self::date(2028, 12, 31),
        })
    };
    assert_eq!(calendar.day(date(2029, 1, 2)).map(|_| ()), outside(date(2029, 1, 2)));
    assert_eq!(calendar.day(date(1992, 12, 31)).map(|_| ()), outside(date(1992, 12, 31)));
    assert!(calendar.day(date(2028, 12, 31)).is_ok());
    // The last session is a Friday; what follows it is not known, so nothing is said about the weekend.
    let saturday = at("2028-12-30T15:00:00Z");
    assert_eq!(calendar.is_regular_session(saturday), Ok(false));
    assert_eq!(calendar.session_state(saturday).map(|_| ()), outside(date(2029, 1, 1)));
    assert_eq!(calendar.trade_date(saturday).map(|_| ()), outside(date(2029, 1, 1)));
    assert_eq!(calendar.next_session(date(2028, 12, 29)).map(|_| ()), outside(date(2029, 1, 1)));
    assert!(calendar.sessions(date(2028, 1, 1), date(2029, 1, 1)).is_err());
}

#[test]
fn neighbours_of_a_long_weekend_are_found() {
    let calendar = Calendar::us_equities();
    assert_eq!(calendar.next_session(date(2026, 11, 25)).unwrap().date(), date(2026, 11, 27));
    assert_eq!(calendar.next_session(date(2026, 12, 24)).unwrap().date(), date(2026, 12, 28));
    assert_eq!(calendar.previous_session(date(2026, 11, 30)).unwrap().date(), date(2026, 11, 27));
    assert_eq!(calendar.previous_session(date(2001, 9, 17)).unwrap().date(), date(2001, 9, 10));
}

#[test]
fn an_unknown_calendar_names_the_known_ones() {
    let error = Calendar::named("XNSY").unwrap_err();
    assert!(error.to_string().contains("XNYS, XNAS, ARCX, XASE, BATS, XLON, XETR"), "{error}");
}

fn amendment(change: Change) -> Amendment {
    Amendment {
        change,
        name: "National Day of Mourning".into(),
        source: "NYSE, 2026-11-30".into(),
        force: false,
    }
}

#[test]
fn an_announced_closure_is_taken_in_without_a_release() {
    let mut calendar = Calendar::us_equities();
    calendar.amend(date(2026, 12, 2), amendment(Change::Closed)).unwrap();
    let DayKind::Closed(closure) = calendar.day(date(2026, 12, 2)).unwrap() else {
        panic!("the day is still a session");
    };
    assert_eq!(closure.kind, ClosureKind::AdHoc);
    assert_eq!(closure.source, "NYSE, 2026-11-30");
    assert_eq!(calendar.next_session(date(2026, 12, 1)).unwrap().date(), date(2026, 12, 3));
}

#[test]
fn an_announced_early_close_moves_the_cutoffs() {
    let mut calendar = Calendar::us_equities();
    calendar.amend(date(2026, 12, 2), amendment(Change::EarlyClose(time(14, 0, 0, 0)))).unwrap();
    calendar.amend(date(2026, 12, 2), amendment(Change::LateOpen(time(10, 0, 0, 0)))).unwrap();
    let day = calendar.session(date(2026, 12, 2)).unwrap().unwrap();
    assert_eq!((day.open(), day.close()), (at("2026-12-02T15:00:00Z"), at("2026-12-02T19:00:00Z")));
    assert_eq!(day.early(), Some("National Day of Mourning"));
    let moc = day.anchor(AnchorKind::MocEntry, Listing::Arca).unwrap();
    assert_eq!(moc.at, at("2026-12-02T18:50:00Z"));
}

#[test]
fn an_amendment_never_adds_trading_time() {
    let mut calendar = Calendar::us_equities();
    let late = amendment(Change::EarlyClose(time(17, 0, 0, 0)));
    for (date, change) in [
        (date(2026, 12, 2), late.clone()),
        (date(2026, 11, 26), late),
        (date(2026, 11, 28), amendment(Change::Closed)),
    ] {
        assert!(matches!(calendar.amend(date, change), Err(CalendarError::NotAReduction { .. })), "{date}");
    }
    assert_eq!(
        calendar.session(date(2026, 12, 2)).unwrap(),
        Calendar::us_equities().session(date(2026, 12, 2)).unwrap()
    );
}

#[test]
fn a_moment_says_the_same_until_it_ends_and_no_longer() {
    for calendar in [Calendar::us_equities(), Calendar::always_open()] {
        // Thanksgiving, the half day after it, a weekend, and the evening's change of the trade date.
        let start: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        let mut moment = calendar.moment(start);
        let mut ends = 0;
        for minutes in 0..6 * 24 * 60 {
            let instant = start + jiff::SignedDuration::from_mins(minutes);
            let now = calendar.moment(instant);
            if !moment.holds_at(instant) {
                ends += 1;
                moment = now;
            }
            assert_eq!(moment.trade_date, calendar.trade_date(instant));
            assert_eq!(moment.state, calendar.session_state(instant));
        }
        assert!(ends >= 5, "{}: {ends}", calendar.name());
        assert!(!moment.holds_at(start), "what is past is asked for anew");
    }
}

fn forced(change: Change) -> Amendment {
    Amendment { force: true, ..amendment(change) }
}

#[test]
fn a_closed_day_opens_only_by_force_and_not_against_a_source_that_closes_it() {
    let hours = Change::Open(time(9, 30, 0, 0), time(16, 0, 0, 0));
    let thanksgiving = date(2026, 11, 26);
    let mut calendar = Calendar::us_equities();
    let refused = calendar.amend(thanksgiving, amendment(hours));
    assert!(matches!(refused, Err(CalendarError::NeedsForce { .. })), "{refused:?}");
    assert!(calendar.session(thanksgiving).unwrap().is_none());
    calendar.amend(thanksgiving, forced(hours)).unwrap();
    let day = calendar.session(thanksgiving).unwrap().unwrap();
    assert_eq!((day.open(), day.close()), (at("2026-11-26T14:30:00Z"), at("2026-11-26T21:00:00Z")));
    assert_eq!(day.source(), "NYSE, 2026-11-30");
    // Whichever is heard of first: what closes wins.
    calendar.amend(thanksgiving, amendment(Change::Closed)).unwrap();
    assert!(calendar.session(thanksgiving).unwrap().is_none());
    let mut other = Calendar::us_equities();
    other.amend(date(2026, 12, 2), amendment(Change::Closed)).unwrap();
    let refused = other.amend(date(2026, 12, 2), forced(hours));
    assert!(matches!(refused, Err(CalendarError::NeedsForce { .. })), "{refused:?}");
    assert!(other.session(date(2026, 12, 2)).unwrap().is_none());
}

#[test]
fn what_one_us_venue_announces_holds_for_all_of_them_and_for_no_other_calendar() {
    let day = date(2027, 1, 15);
    let all = [Announcement { calendar: "XNAS".into(), date: day, amendment: amendment(Change::Closed) }];
    let closed = |name| Calendar::announced(name, &all).unwrap().session(day).unwrap().is_none();
    for name in ["XNYS", "XNAS", "ARCX", "XASE", "BATS"] {
        assert!(closed(name), "{name}");
    }
    assert!(!closed("XLON"));
    // The same day twice, or a day that is a holiday anyway, says nothing new.
    let twice = [all[0].clone(), all[0].clone(), Announcement { date: date(2026, 12, 25), ..all[0].clone() }];
    assert!(Calendar::announced("XNYS", &twice).is_ok());
    let beyond = [Announcement { date: date(2031, 1, 2), ..all[0].clone() }];
    assert!(matches!(Calendar::announced("XNYS", &beyond), Err(CalendarError::OutOfRange { .. })));
}
