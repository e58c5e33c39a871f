//! Facts about venues outside of the US, written down from the exchanges' announcements and from the public
//! vectors.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use plimsoll_calendar::{
    Action, AnchorKind, AuctionOrder, Calendar, CalendarError, DayKind, Listing, SessionState, export_row,
};

fn row(calendar: &str, day: Date) -> String {
    let known = Calendar::named(calendar).expect("the calendar exists");
    match known.day(day).expect("in range") {
        DayKind::Session(session) => export_row(&session),
        DayKind::Closed(closure) => format!("{day} closed: {}", closure.name),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

#[test]
fn london_and_tokyo_have_the_sessions_of_the_public_vectors() {
    let table = [
        ("XLON", "2000-01-04,2000-01-04T08:00Z,2000-01-04T16:30Z,,,0"),
        ("XLON", "2020-05-07,2020-05-07T07:00Z,2020-05-07T15:30Z,,,0"),
        ("XLON", "2024-12-24,2024-12-24T08:00Z,2024-12-24T12:30Z,,,1"),
        ("XLON", "2024-12-31,2024-12-31T08:00Z,2024-12-31T12:30Z,,,1"),
        ("XTKS", "2000-01-05,2000-01-05T00:00Z,2000-01-05T06:00Z,2000-01-05T02:00Z,2000-01-05T03:30Z,0"),
        ("XTKS", "2011-11-21,2011-11-21T00:00Z,2011-11-21T06:00Z,2011-11-21T02:30Z,2011-11-21T03:30Z,0"),
        ("XTKS", "2024-11-01,2024-11-01T00:00Z,2024-11-01T06:00Z,2024-11-01T02:30Z,2024-11-01T03:30Z,0"),
        ("XTKS", "2024-11-05,2024-11-05T00:00Z,2024-11-05T06:30Z,2024-11-05T02:30Z,2024-11-05T03:30Z,0"),
    ];
    for (calendar, expected) in table {
        assert_eq!(row(calendar, expected[..10].parse().unwrap()), expected, "{calendar}");
    }
}

#[test]
fn closures_of_one_time_and_moved_holidays_are_known() {
    let table = [
        ("XLON", date(2011, 4, 29), "royal wedding"),
        ("XLON", date(2020, 5, 8), "early May bank holiday, moved to VE Day"),
        ("XLON", date(2022, 6, 3), "Platinum Jubilee"),
        ("XLON", date(2022, 9, 19), "state funeral of Queen Elizabeth II"),
        ("XLON", date(2026, 12, 28), "Boxing Day"),
        ("XHKG", date(2023, 9, 1), "typhoon Saola"),
        ("CMEGLOBEX_EQ", date(2024, 3, 29), "Good Friday"),
    ];
    for (calendar, day, name) in table {
        assert_eq!(row(calendar, day), format!("{day} closed: {name}"), "{calendar}");
    }
    // The day on which the machines of Tokyo stood still for the whole day is no session.
    assert!(row("XTKS", date(2020, 10, 1)).contains("closed"));
}

#[test]
fn every_venue_has_the_regular_and_the_short_hours_of_its_rules() {
    let table = [
        // Xetra: 14:00 on the last day; Whit Monday trades again since 2022; December 24 and 31 never.
        ("XETR", "2026-12-30,2026-12-30T08:00Z,2026-12-30T13:00Z,,,1"),
        ("XETR", "2022-06-06,2022-06-06T07:00Z,2022-06-06T15:30Z,,,0"),
        ("XETR", "2022-10-03,2022-10-03T07:00Z,2022-10-03T15:30Z,,,0"),
        ("XPAR", "2026-12-24,2026-12-24T08:00Z,2026-12-24T13:05Z,,,1"),
        ("XAMS", "2026-12-31,2026-12-31T08:00Z,2026-12-31T13:05Z,,,1"),
        ("XSWX", "2026-11-27,2026-11-27T08:00Z,2026-11-27T16:20Z,,,0"),
        ("XTSE", "2026-12-24,2026-12-24T14:30Z,2026-12-24T18:00Z,,,1"),
        // The TSX does not keep the US Thanksgiving.
        ("XTSE", "2026-11-26,2026-11-26T14:30Z,2026-11-26T21:00Z,,,0"),
        ("XHKG", "2026-12-24,2026-12-24T01:30Z,2026-12-24T04:00Z,,,1"),
        ("XHKG", "2026-11-27,2026-11-27T01:30Z,2026-11-27T08:00Z,2026-11-27T04:00Z,2026-11-27T05:00Z,0"),
        ("XASX", "2026-12-24,2026-12-23T23:00Z,2026-12-24T03:10Z,,,1"),
        ("XASX", "2026-07-01,2026-07-01T00:00Z,2026-07-01T06:00Z,,,0"),
        ("CMEGLOBEX_EQ", "2026-11-26,2026-11-25T23:00Z,2026-11-26T18:00Z,,,1"),
        ("CMEGLOBEX_EQ", "2026-11-27,2026-11-26T23:00Z,2026-11-27T18:15Z,,,1"),
        ("CMEGLOBEX_EQ", "2026-04-03,2026-04-02T22:00Z,2026-04-03T13:15Z,,,1"),
    ];
    for (calendar, expected) in table {
        assert_eq!(row(calendar, expected[..10].parse().unwrap()), expected, "{calendar}");
    }
    for (calendar, day) in [
        ("XETR", date(2026, 12, 24)),
        ("XETR", date(2026, 12, 31)),
        ("XETR", date(2021, 5, 24)),
        ("XSWX", date(2026, 1, 2)),
        ("XTSE", date(2026, 10, 12)),
        ("XASX", date(2026, 4, 27)),
    ] {
        let text = row(calendar, day);
        let expected = if (calendar, day) == ("XASX", date(2026, 4, 27)) { "2026-04-27," } else { "closed" };
        assert!(text.contains(expected), "{calendar} {text}");
    }
}

#[test]
fn the_globex_trade_date_is_the_day_of_the_close_through_both_switches() {
    let globex = Calendar::named("CMEGLOBEX_EQ").unwrap();
    let table = [
        // 17:00 in Chicago on the Sundays after the clocks went forward and back.
        ("2026-03-08T21:59:59Z", date(2026, 3, 9), false),
        ("2026-03-08T22:00:00Z", date(2026, 3, 9), true),
        ("2026-11-01T22:59:59Z", date(2026, 11, 2), false),
        ("2026-11-01T23:00:00Z", date(2026, 11, 2), true),
        // The pause of an ordinary day, 16:00 to 17:00.
        ("2026-11-23T21:59:59Z", date(2026, 11, 23), true),
        ("2026-11-23T22:30:00Z", date(2026, 11, 23), false),
        ("2026-11-23T23:00:00Z", date(2026, 11, 24), true),
    ];
    for (instant, trade_date, open) in table {
        assert_eq!(globex.trade_date(at(instant)), Ok(trade_date), "{instant}");
        assert_eq!(globex.is_regular_session(at(instant)), Ok(open), "{instant}");
    }
}

#[test]
fn auctions_and_breaks_are_anchors_of_their_own() {
    let anchor = |calendar: &str, day: Date, kind| {
        let day = Calendar::named(calendar).unwrap().session(day).unwrap().unwrap();
        day.anchor(kind, Listing::Unknown).map(|anchor| anchor.at.to_string())
    };
    let day = date(2026, 11, 27);
    let table = [
        ("XLON", AnchorKind::AuctionStart, Some("2026-11-27T16:30:00Z")),
        ("XLON", AnchorKind::AuctionEnd, Some("2026-11-27T16:35:00Z")),
        ("XETR", AnchorKind::AuctionEnd, Some("2026-11-27T16:35:00Z")),
        ("XSWX", AnchorKind::AuctionEnd, Some("2026-11-27T16:30:00Z")),
        ("XTKS", AnchorKind::AuctionStart, Some("2026-11-27T06:25:00Z")),
        ("XTKS", AnchorKind::BreakStart, Some("2026-11-27T02:30:00Z")),
        ("XTKS", AnchorKind::BreakEnd, Some("2026-11-27T03:30:00Z")),
        ("XASX", AnchorKind::AuctionEnd, Some("2026-11-27T05:10:00Z")),
        // A half day: everything moves with the close.
        ("XNYS", AnchorKind::AuctionStart, Some("2026-11-27T18:00:00Z")),
        ("XNYS", AnchorKind::BreakStart, None),
        ("CMEGLOBEX_EQ", AnchorKind::AuctionStart, None),
        ("CMEGLOBEX_EQ", AnchorKind::MocEntry, None),
        ("ALWAYS_OPEN_247", AnchorKind::Funding, Some("2026-11-27T00:00:00Z")),
    ];
    for (calendar, kind, expected) in table {
        assert_eq!(anchor(calendar, day, kind).as_deref(), expected, "{calendar} {kind}");
    }
}

#[test]
fn outside_of_the_us_a_cutoff_is_the_widest_known_and_says_that_it_is_assumed() {
    for listing in Listing::KNOWN.iter().copied().skip(5) {
        let calendar = Calendar::named(listing.calendar().unwrap()).unwrap();
        let day = calendar.session(date(2026, 11, 25)).unwrap().unwrap();
        let moc = day.anchor(AnchorKind::MocEntry, listing).unwrap();
        assert!(moc.at <= day.close() - jiff::SignedDuration::from_mins(10), "{listing}");
        assert!(moc.source().contains("(assumed)"), "{listing}: {}", moc.source());
        // An instrument of another venue has no auction here.
        assert_eq!(day.anchor(AnchorKind::MocEntry, Listing::Arca), None, "{listing}");
    }
}

#[test]
fn the_cutoff_of_an_order_depends_on_what_is_to_be_done_with_it() {
    use {Action::*, AnchorKind::*, AuctionOrder::*};
    let table = [
        (Moc, Entry, MocEntry),
        (Loc, Entry, LocEntry),
        (Moc, Cancel, OnCloseCancel),
        (Loc, Reduce, OnCloseCancel),
        (Moo, Entry, MooEntry),
        (Loo, Entry, LooEntry),
        (Moo, Reduce, OnOpenCancel),
        (Loo, Cancel, OnOpenCancel),
    ];
    for (order, action, kind) in table {
        assert_eq!(AnchorKind::of_order(order, action), kind, "{order:?} {action:?}");
    }
    // Nasdaq takes a market-on-close order until 15:55 and gives none back after 15:50.
    let day = Calendar::us_equities().session(date(2026, 11, 25)).unwrap().unwrap();
    let cutoff = |order, action| {
        day.anchor(AnchorKind::of_order(order, action), Listing::Nasdaq).unwrap().at.to_string()
    };
    assert_eq!(cutoff(Moc, Entry), "2026-11-25T20:55:00Z");
    assert_eq!(cutoff(Moc, Reduce), "2026-11-25T20:50:00Z");
    assert_eq!(cutoff(Loo, Cancel), "2026-11-25T14:25:00Z");
}

#[test]
fn the_cutoffs_of_the_past_were_earlier() {
    let us = Calendar::us_equities();
    let moc = |day, listing| {
        let day = us.session(day).unwrap().unwrap();
        let anchor = day.anchor(AnchorKind::MocEntry, listing).unwrap();
        (anchor.rule.to_string(), anchor.exchange.since)
    };
    let rule = |text: &str| text.to_owned();
    assert_eq!(moc(date(2005, 6, 1), Listing::Nyse), (rule("close - 20m"), None));
    assert_eq!(moc(date(2015, 6, 1), Listing::Nyse), (rule("close - 15m"), Some(date(2011, 1, 1))));
    assert_eq!(moc(date(2020, 1, 2), Listing::Nyse), (rule("close - 10m"), Some(date(2020, 1, 1))));
    assert_eq!(moc(date(2018, 6, 1), Listing::Nasdaq), (rule("close - 10m"), None));
    assert_eq!(moc(date(2019, 6, 3), Listing::Nasdaq), (rule("close - 5m"), Some(date(2019, 1, 1))));
}

#[test]
fn beyond_what_was_published_nothing_is_said() {
    for name in ["XLON", "XETR", "XTKS", "XHKG", "CMEGLOBEX_EQ"] {
        let calendar = Calendar::named(name).unwrap();
        let error = calendar.day(date(2028, 1, 3)).unwrap_err();
        assert!(matches!(error, CalendarError::OutOfRange { .. }), "{name}: {error}");
        let after = calendar.session_state(at("2027-12-31T23:59:00Z"));
        assert!(!matches!(after, Ok(SessionState::Open { .. })), "{name}: {after:?}");
    }
}
