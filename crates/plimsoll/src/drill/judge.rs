//! Was it as expected? Orders, positions and broken rules by the venue's own books, what a bot was told by the bot.

use jiff::Timestamp;
use plimsoll_runtime::view::StatusView;
use plimsoll_sim::bots::News;
use rust_decimal::Decimal;
use serde_json::Value;

use super::play::{BotTold, Played, Scene};
use super::script::{Drill, Expectation, Expected};

/// One line, judged.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) met: bool,
    /// Whether it is about the venue's own books.
    #[cfg(test)]
    pub(crate) is_of_the_books: bool,
    /// What was found instead, where it was not met.
    pub(crate) found: String,
}

/// Holds what happened against what was expected.
pub(crate) fn judge(drill: &Drill, played: &Played) -> Vec<Judged> {
    let of = |expected: &Expected| {
        let scene = scene(played, expected.at.unwrap_or(drill.to));
        let (met, found) = one(&expected.what, played, scene);
        Judged {
            line: expected.line,
            text: expected.text.clone(),
            met,
            #[cfg(test)]
            is_of_the_books: expected.what.is_of_the_books(),
            found,
        }
    };
    drill.expected.iter().map(of).collect()
}

fn scene(played: &Played, at: Timestamp) -> &Scene {
    let found = played.scenes.iter().find(|scene| scene.at == at);
    found.expect("invariant: each time that something is expected of was looked at, and the end")
}

fn one(what: &Expectation, played: &Played, scene: &Scene) -> (bool, String) {
    match what {
        Expectation::Denied { order, guard, words } => {
            let mark = format!("Plimsoll {guard}:");
            let messages = messages(played, order, scene.at);
            let met = messages.iter().any(|(_, text)| text.contains(&mark) && text.contains(words.as_str()));
            (met, told(&messages))
        }
        Expectation::Told { order, code } => {
            let messages = messages(played, order, scene.at);
            (messages.iter().any(|(said, _)| said == code), told(&messages))
        }
        Expectation::Answered { order } => {
            let data =
                news(played, order, scene.at).any(|news| matches!(news, News::Data(count) if *count > 0));
            (data, if data { "data came" } else { "no data came" }.to_owned())
        }
        Expectation::Status { order, word } => {
            let last = statuses(played, order, scene.at).last().map(ToString::to_string);
            (last.as_deref() == Some(word), last.unwrap_or_else(|| "no status".to_owned()))
        }
        Expectation::Reached { order, reached } => {
            let row = row(played, scene, order);
            let found = if row.is_some() { "it reached the venue" } else { "it did not reach the venue" };
            (row.is_some() == *reached, found.to_owned())
        }
        Expectation::Filled { order, qty } => {
            let filled = row(played, scene, order).map(|row| number(&row["filled"]));
            let found =
                filled.map_or("it did not reach the venue".to_owned(), |filled| format!("filled {filled}"));
            (filled == Some(qty.get()), found)
        }
        Expectation::Orders(count) => {
            let rows = rows(scene, "orders").len();
            (rows == *count, format!("{rows} orders"))
        }
        Expectation::Position { account, symbol, qty } => {
            let held: Decimal = rows(scene, "positions")
                .iter()
                .filter(|row| row["account"] == account.as_str() && row["symbol"] == symbol.as_str())
                .map(|row| number(&row["qty"]))
                .sum();
            (held == *qty, format!("position {held}"))
        }
        Expectation::NoViolation => {
            let kinds = kinds(scene);
            (kinds.is_empty(), broken(&kinds))
        }
        Expectation::Violation { kind, count } => {
            let kinds = kinds(scene);
            let times = kinds.iter().filter(|known| **known == kind).count();
            (count.map_or(times > 0, |count| times == count), broken(&kinds))
        }
        Expectation::State(word) => shown(scene, |status| {
            let state = status.state;
            (state == word, format!("state {state}"))
        }),
        Expectation::Clock(word) => shown(scene, |status| {
            let state = status.clock.state;
            (state == word, format!("clock {state}"))
        }),
        Expectation::Job { name, word } => shown(scene, |status| job(status, name, word)),
        Expectation::Breaks(count) => shown(scene, |status| {
            let breaks = status.breaks.len();
            (breaks == *count, format!("{breaks} breaks"))
        }),
    }
}

/// By what the gateway shows.
fn shown(scene: &Scene, judge: impl FnOnce(&StatusView) -> (bool, String)) -> (bool, String) {
    let view = scene.view.as_ref();
    view.map_or_else(|| (false, "there is no gateway".to_owned()), |view| judge(&view.status))
}

fn job(status: &StatusView, name: &str, word: &str) -> (bool, String) {
    let Some(job) = status.jobs.iter().find(|job| job.job == *name) else {
        return (false, format!("there is no job {name}"));
    };
    let last = job.last.as_ref().map(|last| last.outcome);
    (job.state == word || last == Some(word), format!("{}, last {}", job.state, last.unwrap_or("none")))
}

/// The bot and the number of the order that a drill calls so; none if it was never sent.
fn find<'a>(played: &'a Played, label: &str) -> Option<(&'a BotTold, i32)> {
    played.bots.iter().find_map(|bot| {
        let (_, id) = bot.orders.iter().find(|(known, _)| known == label)?;
        Some((bot, *id))
    })
}

fn row<'a>(played: &Played, scene: &'a Scene, label: &str) -> Option<&'a Value> {
    let (bot, order_id) = find(played, label)?;
    rows(scene, "orders").iter().find(|row| row["client"] == bot.client_id && row["order_id"] == order_id)
}

fn rows<'a>(scene: &'a Scene, key: &str) -> &'a [Value] {
    // Books that are not told are not empty books.
    scene.venue[key].as_array().expect("the venue tells all of its books")
}

fn number(value: &Value) -> Decimal {
    let text = value.as_str().and_then(|text| Decimal::from_str_exact(text).ok());
    text.expect("the venue's numbers are exact decimals in text")
}

fn news<'a>(played: &'a Played, label: &str, until: Timestamp) -> impl Iterator<Item = &'a News> {
    let found = find(played, label);
    let told =
        found.into_iter().flat_map(|(bot, id)| bot.told.iter().filter(move |told| told.order_id == id));
    told.filter(move |told| told.at <= until).map(|told| &told.news)
}

fn messages<'a>(played: &'a Played, label: &str, until: Timestamp) -> Vec<(i32, &'a str)> {
    news(played, label, until)
        .filter_map(|news| match news {
            News::Message(code, text) => Some((*code, &**text)),
            News::Sent(_) | News::Status(_) | News::Executed(_) | News::Data(_) => None,
        })
        .collect()
}

fn statuses<'a>(played: &'a Played, label: &str, until: Timestamp) -> Vec<&'a str> {
    news(played, label, until)
        .filter_map(|news| match news {
            News::Status(word) => Some(&**word),
            News::Sent(_) | News::Message(..) | News::Executed(_) | News::Data(_) => None,
        })
        .collect()
}

fn kinds(scene: &Scene) -> Vec<&str> {
    rows(scene, "violations").iter().filter_map(|row| row["kind"].as_str()).collect()
}

fn broken(kinds: &[&str]) -> String {
    if kinds.is_empty() { "no rule was broken".to_owned() } else { format!("broken: {}", kinds.join(", ")) }
}

fn told(messages: &[(i32, &str)]) -> String {
    if messages.is_empty() {
        return "the bot was told nothing".to_owned();
    }
    let all: Vec<_> = messages.iter().map(|(code, text)| format!("{code} {text}")).collect();
    format!("the bot was told {}", all.join("; "))
}
