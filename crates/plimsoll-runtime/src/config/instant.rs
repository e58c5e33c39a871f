//! Instants of a trade date, as jobs name them: `moc_entry - 5s`, `XLON close + 1m`, `09:45 America/New_York`.

use jiff::SignedDuration;
use jiff::civil::Time;
use plimsoll_calendar::{AnchorKind, Calendar, Listing};
use plimsoll_core::schedule::{Place, When};

use super::value;

/// The longest offset; what is farther away belongs to another trade date.
const OFFSET_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An anchor with an offset, or a civil time with its zone.
pub(super) fn when(text: &str) -> Result<When, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [time] if time.contains(':') => Err(format!(
            "`{time}` has no zone, so it is no instant; write \"{time} America/New_York\", or count from the session: \
             \"close - 10m\""
        )),
        [time, zone] if time.contains(':') => civil(time, zone),
        // A sign that leans on a word: what is meant is plain, and how it is written as well.
        _ if words.iter().any(|word| word.len() > 1 && word.contains(['+', '-'])) => {
            let apart = text.replace('-', " - ").replace('+', " + ");
            let apart = apart.split_whitespace().collect::<Vec<_>>().join(" ");
            Err(format!("`{text}` lacks blanks around its sign; write \"{apart}\""))
        }
        [kind] => anchored(None, kind, SignedDuration::ZERO),
        [place, kind] if is_calendar(place) => anchored(Some(calendar(place)?), kind, SignedDuration::ZERO),
        [kind, sign, span] => anchored(None, kind, offset(sign, span)?),
        [place, kind, sign, span] => anchored(Some(calendar(place)?), kind, offset(sign, span)?),
        _ => Err(format!(
            "`{text}` is not understood; write for example \"close - 5s\" or \"09:45 America/New_York\""
        )),
    }
}

/// A calendar by name, with the listing whose name it is.
pub(super) fn calendar(name: &str) -> Result<Place, String> {
    let Some(known) = Calendar::names().find(|known| *known == name) else {
        let all: Vec<&str> = Calendar::names().collect();
        return Err(format!("`{name}` is no calendar; write one of {}", all.join(", ")));
    };
    Ok(Place { calendar: known.into(), listing: Listing::of_calendar(known).unwrap_or(Listing::Unknown) })
}

fn is_calendar(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
}

fn anchored(place: Option<Place>, kind: &str, offset: SignedDuration) -> Result<When, String> {
    let Some(kind) = AnchorKind::from_word(kind) else {
        let known: Vec<&str> = AnchorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        return Err(format!("`{kind}` is no instant of the day; write {}", known.join(", ")));
    };
    Ok(When::Anchor { place, kind, offset })
}

fn offset(sign: &str, span: &str) -> Result<SignedDuration, String> {
    let span = SignedDuration::try_from(value::duration(span)?).unwrap_or(SignedDuration::MAX);
    if span > OFFSET_MAX {
        return Err(
            "an offset of more than seven days belongs to another trade date; count from an anchor of that"
                .into(),
        );
    }
    match sign {
        "+" => Ok(span),
        "-" => Ok(-span),
        _ => Err(format!(
            "`{sign}` is not understood between an anchor and its offset; write + or -, for example \"close - 5s\""
        )),
    }
}

fn civil(time: &str, zone: &str) -> Result<When, String> {
    let parts: Option<Vec<i8>> = time.split(':').map(two_digits).collect();
    let read = match parts.as_deref() {
        Some([hour, minute]) => Time::new(*hour, *minute, 0, 0).ok(),
        Some([hour, minute, second]) => Time::new(*hour, *minute, *second, 0).ok(),
        _ => None,
    };
    let time =
        read.ok_or_else(|| format!("`{time}` is no time of day; write for example 09:45 or 15:49:55"))?;
    // An abbreviation is a fixed offset to some and New York to others.
    let found = (zone.contains('/') || zone == "UTC").then(|| plimsoll_calendar::zone(zone).ok()).flatten();
    let zone = found
        .ok_or_else(|| format!("`{zone}` is no time zone; write its IANA name, such as America/New_York"))?;
    Ok(When::Civil { time, zone })
}

fn two_digits(text: &str) -> Option<i8> {
    let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_as_it_is_written() {
        for text in [
            "close",
            "moc_entry - 5s",
            "open + 90s",
            "XLON close",
            "XLON close + 1m",
            "ARCX moc_entry - 5500ms",
            "09:45:00 America/New_York",
            "15:49:55 Europe/London",
            "00:00:00 UTC",
        ] {
            assert_eq!(when(text).unwrap().to_string(), text);
        }
        assert_eq!(when("09:45 UTC").unwrap().to_string(), "09:45:00 UTC");
        assert_eq!(when("  close  -  60s ").unwrap().to_string(), "close - 1m");
    }

    #[test]
    fn what_is_no_instant_is_refused_with_what_to_write() {
        for (text, says) in [
            ("15:50", "`15:50` has no zone, so it is no instant; write \"15:50 America/New_York\""),
            ("15:50 EST", "`EST` is no time zone"),
            ("15:50 America/Newyork", "`America/Newyork` is no time zone"),
            ("25:00 UTC", "`25:00` is no time of day"),
            ("9:45 UTC", "`9:45` is no time of day"),
            ("09:45:60 UTC", "`09:45:60` is no time of day"),
            ("noon - 5s", "`noon` is no instant of the day; write open, close, moc_entry"),
            ("close - 5", "`5` has no unit"),
            ("close -5s", "`close -5s` lacks blanks around its sign; write \"close - 5s\""),
            ("close-5s", "`close-5s` lacks blanks around its sign; write \"close - 5s\""),
            ("XLON close+ 1m", "`XLON close+ 1m` lacks blanks around its sign; write \"XLON close + 1m\""),
            ("close * 5s", "`*` is not understood between an anchor and its offset"),
            ("XNYX close", "`XNYX` is no calendar; write one of "),
            ("xnys close - 5s", "`xnys` is no calendar"),
            ("close - 8d", "an offset of more than seven days"),
            ("close - 18446744073709551615ms", "an offset of more than seven days"),
            ("", "`` is not understood"),
            ("a b c d e", "`a b c d e` is not understood"),
        ] {
            let why = when(text).unwrap_err();
            assert!(why.starts_with(says), "{text}: {why}");
        }
    }

    #[test]
    fn a_calendar_brings_its_listing_and_one_without_stocks_none() {
        assert_eq!(calendar("ARCX").unwrap().listing, Listing::Arca);
        assert_eq!(calendar("CMEGLOBEX_EQ").unwrap().listing, Listing::Unknown);
    }
}
