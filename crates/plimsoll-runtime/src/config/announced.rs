//! A file of `calendar.d`: days that were announced after this version was written.
//!
//! Owns its form, both ways, and the place of every mistake. Does not own where the files are, which is
//! [`crate::announced`]'s.

use jiff::civil::{Date, Time};
use plimsoll_calendar::{Amendment, Announcement, Calendar, Change};
use toml::Spanned;

use super::ConfigError;
use super::place::Problems;
use super::section::Section;
use super::value;

/// No file has more days.
const DAYS_MAX: usize = 1024;

/// The word for a change in a file and on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// No session.
    Closed,
    /// The session ends at `close`.
    Early,
    /// The session begins at `open`.
    Late,
    /// A session from `open` to `close`, whatever the rules say.
    Open,
}

impl Word {
    /// All of them by name.
    pub const ALL: &[(&str, Self)] =
        &[("closed", Self::Closed), ("early", Self::Early), ("late", Self::Late), ("open", Self::Open)];

    /// The change with its times; each word needs its own and no other.
    pub fn change(self, open: Option<Time>, close: Option<Time>) -> Result<Change, String> {
        match (self, open, close) {
            (Self::Closed, None, None) => Ok(Change::Closed),
            (Self::Early, None, Some(close)) => Ok(Change::EarlyClose(close)),
            (Self::Late, Some(open), None) => Ok(Change::LateOpen(open)),
            (Self::Open, Some(open), Some(close)) if open < close => Ok(Change::Open(open, close)),
            (Self::Open, Some(open), Some(close)) => Err(format!(
                "the session would end at {close} and begin at {open}; write the earlier one as `open`"
            )),
            (Self::Closed, ..) => Err("a closed day has neither `open` nor `close`; leave them out".into()),
            (Self::Early, ..) => Err("an early close has `close = \"13:00\"` and no `open`".into()),
            (Self::Late, ..) => Err("a late open has `open = \"10:00\"` and no `close`".into()),
            (Self::Open, ..) => {
                Err("an open day has both, `open = \"09:30\"` and `close = \"16:00\"`".into())
            }
        }
    }
}

/// Checks a file's text; `file` is how problems name it. Each day is held against its calendar as well, so
/// that a wrong date is found before it matters.
pub fn parse(file: &str, text: &str) -> Result<Vec<Announcement>, ConfigError> {
    let mut problems = Problems::new(file, text);
    let days = read(text, &mut problems);
    match problems.into_list() {
        list if list.is_empty() => Ok(days),
        list => Err(ConfigError::Problems(list)),
    }
}

/// The text of a file with these days; [`parse`] reads it back.
pub fn text(days: &[Announcement]) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut out = String::new();
    for Announcement { calendar, date, amendment } in days {
        let (word, open, close) = match amendment.change {
            Change::Closed => ("closed", None, None),
            Change::EarlyClose(close) => ("early", None, Some(close)),
            Change::LateOpen(open) => ("late", Some(open), None),
            Change::Open(open, close) => ("open", Some(open), Some(close)),
        };
        out.push_str("[[day]]\n");
        let mut line = |key: &str, value: String| out.extend([key, " = ", &value, "\n"]);
        line("calendar", quoted(calendar));
        line("date", quoted(&date.to_string()));
        line("change", quoted(word));
        for (key, time) in [("open", open), ("close", close)] {
            if let Some(time) = time {
                line(key, quoted(&time.strftime("%H:%M").to_string()));
            }
        }
        line("reason", quoted(&amendment.name));
        line("source", quoted(&amendment.source));
        if amendment.force {
            line("force", "true".to_owned());
        }
    }
    out
}

fn read(text: &str, problems: &mut Problems) -> Vec<Announcement> {
    let (document, errors) = toml::de::DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            problems.at(error.span().unwrap_or_default(), error.message().replace('\n', ", "));
        }
        return Vec::new();
    }
    let mut root = Section::root(&document);
    let sections = root.tables("day", problems);
    root.finish(problems);
    if sections.len() > DAYS_MAX {
        problems.at(0..0, format!("{} days are more than {DAYS_MAX}; none was read", sections.len()));
        return Vec::new();
    }
    sections.into_iter().filter_map(|section| day(section, problems)).collect()
}

fn day(mut section: Section<'_>, problems: &mut Problems) -> Option<Announcement> {
    let span = section.span.clone();
    let calendar = section.required("calendar", "\"XNYS\"", problems, |name| {
        Calendar::named(name).map_err(|error| error.to_string())
    });
    let date = section.required("date", "\"2027-01-15\"", problems, date);
    let word = section.required("change", "\"closed\"", problems, |text| value::word(text, Word::ALL));
    let open = section.text("open", problems, clock);
    let close = section.text("close", problems, clock);
    let reason = section.required("reason", "\"National Day of Mourning\"", problems, words);
    let source = section.required("source", "\"NYSE, 2027-01-12\"", problems, words);
    let force = section.flag("force", problems).is_some_and(Spanned::into_inner);
    section.finish(problems);
    let change = word.and_then(|word| {
        let times = (open.map(Spanned::into_inner), close.map(Spanned::into_inner));
        word.get_ref()
            .change(times.0, times.1)
            .map_err(|text| problems.at(word.span(), format!("`change`: {text}")))
            .ok()
    });
    let (calendar, date) = (calendar?, date?);
    let place = date.span();
    let amendment =
        Amendment { change: change?, name: reason?.into_inner(), source: source?.into_inner(), force };
    let announcement =
        Announcement { calendar: calendar.get_ref().name().into(), date: date.into_inner(), amendment };
    let held = calendar.into_inner().announce(&announcement);
    if let Err(error) = held {
        problems.at(if place.is_empty() { span } else { place }, error.to_string());
        return None;
    }
    Some(announcement)
}

fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is no date; write for example \"2027-01-15\""))
}

/// A civil time at the venue, to the minute.
pub fn clock(text: &str) -> Result<Time, String> {
    let wrong =
        || format!("`{text}` is no time of day; write for example \"13:00\", in the venue's own time");
    match text.len() {
        5 => Time::strptime("%H:%M", text).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// Something that a person can read later.
pub fn words(text: &str) -> Result<Box<str>, String> {
    let text = text.trim();
    match text.len() {
        0 => Err("is empty; write who or why, it is kept in the journal".into()),
        1..=200 => Ok(text.into()),
        len => Err(format!("has {len} bytes; write at most 200")),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(file: &str, expected: &Expect) {
        let answer = match parse("calendar.d/a.toml", file) {
            Ok(days) => text(&days),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&answer);
    }

    #[test]
    fn a_file_is_read_and_written_again() {
        let file = r#"[[day]]
calendar = "XNYS"
date = "2027-01-15"
change = "closed"
reason = "National Day of Mourning"
source = "NYSE, 2027-01-12"
[[day]]
calendar = "XLON"
date = "2027-03-05"
change = "early"
close = "12:30"
reason = "a \"storm\""
source = "LSE notice N1"
[[day]]
calendar = "XNYS"
date = "2027-11-25"
change = "open"
open = "09:30"
close = "16:00"
reason = "Thanksgiving moved"
source = "NYSE"
force = true
"#;
        let days = parse("x", file).unwrap();
        assert_eq!(days.len(), 3);
        assert_eq!(parse("x", &text(&days)).unwrap(), days);
        assert_eq!(text(&days[..1]), file[..=file[1..].find("[[day]]").unwrap()]);
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        check(
            r#"[[day]]
calendar = "XNSY"
date = "2027-02-30"
change = "half"
reason = ""
[[day]]
calendar = "XNYS"
date = "2027-11-25"
change = "open"
open = "09:30"
close = "16:00"
reason = "r"
source = "s"
[[day]]
calendar = "XNYS"
date = "2031-01-02"
change = "closed"
reason = "r"
source = "s"
[[day]]
calendar = "XNYS"
date = "2027-01-16"
change = "early"
close = "1pm"
closes = "13:00"
reason = "r"
source = "s"
"#,
            &expect![[r#"
                calendar.d/a.toml:1:1: error: [[day]] has no `source`; write `source = "NYSE, 2027-01-12"`
                calendar.d/a.toml:2:12: error: `calendar`: there is no calendar `XNSY`; none was used; known are XNYS, XNAS, ARCX, XASE, BATS, XLON, XETR, XPAR, XAMS, XSWX, XTSE, XTKS, XHKG, XASX, CMEGLOBEX_EQ, ALWAYS_OPEN_247
                calendar.d/a.toml:3:8: error: `date`: `2027-02-30` is no date; write for example "2027-01-15"
                calendar.d/a.toml:4:10: error: `change`: `half` is not known; write closed or early or late or open
                calendar.d/a.toml:5:10: error: `reason`: is empty; write who or why, it is kept in the journal
                calendar.d/a.toml:8:8: error: the amendment `r` opens XNYS on 2027-11-25 at times that another source calls closed; it was not applied, because the most restrictive source wins; with force it stands against the rules, but not against an amendment that closes the day
                calendar.d/a.toml:16:8: error: 2031-01-02 is outside calendar XNYS, which covers 1993-01-01 to 2028-12-31; neither open nor closed was assumed; use a release with newer calendars
                calendar.d/a.toml:23:10: error: `change`: an early close has `close = "13:00"` and no `open`
                calendar.d/a.toml:24:9: error: `close`: `1pm` is no time of day; write for example "13:00", in the venue's own time
                calendar.d/a.toml:25:1: error: unknown key `closes` in [[day]]; did you mean `close`?"#]],
        );
    }

    #[test]
    fn a_broken_file_has_no_days() {
        check(
            "[[day]\ncalendar =",
            &expect!["calendar.d/a.toml:1:7: error: unclosed array table, expected `]`"],
        );
    }
}
