//! What a drill prints: what happened, what was expected, the verdict.

use std::fmt::Write as _;

use jiff::Timestamp;
use plimsoll_core::GuardId;
use plimsoll_sim::bots::News;
use serde_json::{Value, json};

use super::judge::Judged;
use super::play::{BotTold, Played};
use super::script::Drill;

/// One drill, played and judged.
pub(crate) struct Report<'a> {
    drill: &'a Drill,
    happened: Vec<Happened>,
    judged: Vec<Judged>,
}

struct Happened {
    at: Timestamp,
    who: String,
    what: String,
}

impl<'a> Report<'a> {
    pub(crate) fn new(drill: &'a Drill, played: &Played, judged: Vec<Judged>) -> Self {
        Self { drill, happened: happened(drill, played), judged }
    }

    /// Whether everything was as expected.
    pub(crate) fn has_passed(&self) -> bool {
        self.judged.iter().all(|judged| judged.met)
    }

    /// In one line, for a list of many whose names are so wide.
    pub(crate) fn short(&self, width: usize) -> String {
        // Writing to a string cannot fail, here and below.
        let mut line = format!("{}  {:<width$}  {}", self.word(), self.drill.name, self.drill.title);
        for judged in self.judged.iter().filter(|judged| !judged.met) {
            let _ = write!(line, "\n        line {}: {}; {}", judged.line, judged.text, judged.found);
        }
        line
    }

    /// With everything that happened.
    pub(crate) fn long(&self) -> String {
        let mut text = format!("{}: {}\n", self.drill.name, self.drill.title);
        let (day, guard, pitfall) = (self.day(), guard(self.drill), &self.drill.pitfall);
        let _ = write!(text, "{day}, guard {guard}{}, {pitfall}\n\n", self.shows());
        let width = self.happened.iter().map(|row| row.who.chars().count()).max().unwrap_or(0);
        for Happened { at, who, what } in &self.happened {
            let _ = writeln!(text, "  {}  {who:<width$}  {what}", self.time(*at));
        }
        text.push('\n');
        for judged in &self.judged {
            let word = if judged.met { "ok " } else { "NO " };
            let _ = write!(text, "  {word} {}", judged.text);
            if !judged.met {
                let _ = write!(text, "   found: {}", judged.found);
            }
            text.push('\n');
        }
        let _ = write!(text, "\n{}", self.word());
        text
    }

    /// What it shows beside a guard.
    fn shows(&self) -> String {
        self.drill.shows.as_ref().map_or_else(String::new, |shows| format!(", {shows}"))
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let happened = self
            .happened
            .iter()
            .map(|row| json!({ "at": row.at.to_string(), "who": row.who, "what": row.what }));
        let expected = self.judged.iter().map(|judged| {
            json!({ "line": judged.line, "expect": judged.text, "met": judged.met, "found": judged.found })
        });
        json!({
            "name": self.drill.name,
            "title": self.drill.title,
            "pitfall": self.drill.pitfall,
            "guard": self.drill.guard.map(GuardId::as_str),
            "shows": self.drill.shows,
            "verdict": if self.has_passed() { "passed" } else { "failed" },
            "happened": happened.collect::<Vec<_>>(),
            "expected": expected.collect::<Vec<_>>(),
        })
    }

    fn word(&self) -> &'static str {
        if self.has_passed() { "passed" } else { "FAILED" }
    }

    fn day(&self) -> String {
        let (from, to) = (self.drill.from, self.drill.to);
        let [from, to] = [from, to].map(|at| at.to_zoned(self.drill.zone.clone()));
        let evening =
            if from.date() < to.date() { from.strftime("%A %F to ").to_string() } else { String::new() };
        format!("{evening}{}", to.strftime("%A %F, %Q"))
    }

    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.drill.zone.clone()).strftime("%H:%M:%S").to_string()
    }
}

pub(super) fn guard(drill: &Drill) -> &'static str {
    drill.guard.map_or("none", GuardId::as_str)
}

/// Everything in the order of time, by the venue's clock.
fn happened(drill: &Drill, played: &Played) -> Vec<Happened> {
    let mut all: Vec<Happened> = drill
        .cues
        .iter()
        .map(|cue| {
            let (who, what) = cue.text.split_once(' ').unwrap_or((&cue.text, ""));
            Happened { at: cue.at, who: who.to_owned(), what: what.to_owned() }
        })
        .collect();
    for bot in &played.bots {
        all.extend(of_bot(bot));
    }
    let end = played.scenes.last().expect("invariant: the end was looked at");
    for violation in end.venue["violations"].as_array().into_iter().flatten() {
        let word = |key: &str| violation[key].as_str().unwrap_or_default();
        let at = word("at").parse().unwrap_or(end.at);
        let what = format!("RULE BROKEN {}: {}", word("kind"), word("detail"));
        all.push(Happened { at, who: "venue".to_owned(), what });
    }
    all.sort_by_key(|row| row.at);
    all
}

/// A status that is told again says nothing new.
fn of_bot(bot: &BotTold) -> Vec<Happened> {
    let mut rows: Vec<Happened> = Vec::new();
    let mut last: Vec<(i32, &str)> = Vec::new();
    for told in &bot.told {
        let label = bot.orders.iter().find(|(_, id)| *id == told.order_id);
        let label = label.map_or("?", |(label, _)| label);
        let what = match &told.news {
            News::Sent(what) => format!("{label}: {what}"),
            News::Status(word) if last.contains(&(told.order_id, &**word)) => continue,
            News::Status(word) => {
                last.retain(|(id, _)| *id != told.order_id);
                last.push((told.order_id, &**word));
                format!("{label} is {word}")
            }
            News::Executed(qty) => format!("{label} executed {qty}"),
            News::Data(count) => format!("{label} answered with {count} bars or prices"),
            News::Message(code, text) => format!("{label} told {code} {text}"),
        };
        rows.push(Happened { at: told.at, who: bot.name.clone(), what });
    }
    rows
}
