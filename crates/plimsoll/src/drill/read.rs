//! A `.drill` file: text in, a [`Drill`] or the place of every mistake out.
//!
//! Owns the head of the file and what holds across lines. What a single line of the script means is in [`cue`],
//! what a line of expectations means in [`expect`].

mod act;
mod cue;
mod expect;
#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it updates")]
mod tests;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_core::{GUARDS, GuardId};
use plimsoll_model::{Account, BotName};
use plimsoll_sim::bots::{ScriptAct, StepAct};
use plimsoll_sim::{Profile, TwsSettings};

use super::script::{Bot, Cue, Drill, Expectation, Expected, HostClock};
use super::settings;
use super::words::{Line, Problem, Problems, Word};

/// The accounts of the login where a drill names none.
const ACCOUNTS: [&str; 2] = ["DU1111111", "DU2222222"];
/// Time servers where a drill is about clocks and names none.
const SERVERS: usize = 4;
/// No drill is longer: an evening and the day after.
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(24);
/// No drill has more of them.
const BOTS_MAX: usize = 16;
/// Words that begin a line of the head.
const HEAD: &str = "title, pitfall, guard, shows, tws, day, from, to, seed, profile, accounts, bot, on_close_crossing, job, clock, \
                    time_servers";
/// Actors that are no bots.
const ACTORS: [&str; 4] = ["venue", "host", "operator", "expect"];

/// Reads a drill.
pub(crate) fn read(name: &str, file: &str, text: &str) -> Result<Drill, Problems> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        let line = Line::new(index + 1, line);
        if line.is_empty() {
            continue;
        }
        if let Err(problem) = reader.line(line) {
            reader.problems.push(problem);
        }
    }
    reader.finish(name).map_err(|list| Problems { file: file.to_owned(), list })
}

/// What the lines so far have said.
#[derive(Default)]
struct Reader {
    title: Option<String>,
    pitfall: Option<String>,
    guard: Option<GuardId>,
    shows: Option<String>,
    tws: TwsSettings,
    profile: Option<Profile>,
    seed: Option<u64>,
    day: Option<(Date, TimeZone)>,
    from: Option<(Time, Place)>,
    /// The drill begins on the day before.
    day_before: bool,
    to: Option<(Time, Place)>,
    accounts: Vec<Account>,
    bots: Vec<Bot>,
    crossing: Option<(String, usize)>,
    /// `[[job]]` tables, and where they stand.
    jobs: Vec<(String, usize)>,
    ahead: Option<SignedDuration>,
    servers: Option<Vec<Option<SignedDuration>>>,
    cues: Vec<Cue>,
    expected: Vec<Expected>,
    /// Labels of orders, with the bot whose they are.
    labels: Vec<(String, usize)>,
    /// The times of the script, to be held against the drill's.
    times: Vec<(Timestamp, Place)>,
    /// Words of the head that have been said, well or not.
    seen: Vec<String>,
    /// Where each bot stands.
    bot_lines: Vec<usize>,
    problems: Vec<Problem>,
}

/// Line and column.
type Place = (usize, usize);

impl Reader {
    fn line(&mut self, mut line: Line<'_>) -> Result<(), Problem> {
        let first = line.word("")?;
        if first.text.starts_with(|c: char| c.is_ascii_digit()) {
            return self.script_line(first, line);
        }
        let is_said_once = !matches!(first.text, "bot" | "job" | "expect");
        if is_said_once && self.seen.iter().any(|word| word == first.text) {
            return Err(line.at(first, &format!("`{}` is said already; leave one out", first.text)));
        }
        self.seen.push(first.text.to_owned());
        match first.text {
            "title" => self.title = Some(said(&mut line, "write `title    MOC after the cutoff`")?),
            "pitfall" => self.pitfall = Some(said(&mut line, "write `pitfall  04-moc-after-cutoff`")?),
            "guard" => self.guard = Some(guard(&mut line)?),
            "shows" => {
                self.shows = Some(said(&mut line, "write `shows    each bot sees its own holdings only`")?);
            }
            "tws" => {
                line.read("write `tws order_presets`", |word| (word == "order_presets").then_some(()))?;
                self.tws.announce_preset_tif = true;
            }
            "profile" => {
                self.profile = Some(line.read("write `live` or `paper`", |word| match word {
                    "live" => Some(Profile::Live),
                    "paper" => Some(Profile::Paper),
                    _ => None,
                })?);
            }
            "seed" => self.seed = Some(line.read("write a whole number, `seed 7`", |w| w.parse().ok())?),
            "day" => {
                let write = "write a date and its zone, `day 2026-11-27 America/New_York`";
                let date = line.read(write, |word| word.parse::<Date>().ok())?;
                let zone = line.read(write, |word| plimsoll_calendar::zone(word).ok())?;
                self.day = Some((date, zone));
            }
            "from" => {
                self.from = Some(time_of_day(&mut line)?);
                self.day_before = line.take_if("day_before");
            }
            "to" => self.to = Some(time_of_day(&mut line)?),
            "accounts" => self.read_accounts(&mut line)?,
            "bot" => self.read_bot(&mut line)?,
            "on_close_crossing" => {
                let word = line.word(settings::WRITE_CROSSING)?.text;
                let crossing = settings::crossing(word, &line.rest())
                    .ok_or_else(|| line.missing(settings::WRITE_CROSSING))?;
                self.crossing = Some((crossing, line.number));
            }
            "job" => {
                let bot = line.word(settings::WRITE_JOB)?.text;
                let job =
                    settings::job(bot, &line.rest()).ok_or_else(|| line.missing(settings::WRITE_JOB))?;
                self.jobs.push((job, line.number));
            }
            "clock" => self.ahead = Some(line.read("write `clock +2s` or `clock -2s`", offset)?),
            "time_servers" => self.servers = Some(servers(&mut line)?),
            "expect" => {
                self.expectation(&mut line)?;
            }
            other => {
                let what = format!(
                    "`{other}` begins no line; write one of {HEAD}, or a time of the script, or `expect`"
                );
                return Err(line.at(first, &what));
            }
        }
        line.finish()
    }

    fn read_accounts(&mut self, line: &mut Line<'_>) -> Result<(), Problem> {
        while line.peek().is_some() {
            self.accounts.push(line.read("write `DU1111111`", Account::new)?);
        }
        Ok(())
    }

    fn read_bot(&mut self, line: &mut Line<'_>) -> Result<(), Problem> {
        const WRITE: &str = "write `bot trend 11 DU1111111 SPY,QQQ stale_after=15s`";
        let word = line.word(WRITE)?;
        let name = BotName::new(word.text).filter(|name| !ACTORS.contains(&name.as_str()));
        let name =
            name.ok_or_else(|| line.at(word, &format!("`{}` is no name of a bot; {WRITE}", word.text)))?;
        if self.bots.iter().any(|bot| bot.name == name) {
            return Err(line.at(word, &format!("there is a bot `{name}` already; write another name")));
        }
        if self.bots.len() == BOTS_MAX {
            return Err(line.at(word, &format!("more than {BOTS_MAX} bots; leave some out")));
        }
        let client_id = line.read(WRITE, |word| word.parse().ok())?;
        let account = line.read(WRITE, Account::new)?;
        let symbols = line.word(WRITE)?.text.split(',').map(Into::into).collect();
        let mut keys = Vec::new();
        while line.peek().is_some() {
            let write = "write a key of `[[bot]]` and its value, `max_order_qty=100`";
            keys.push(line.read(write, |word| {
                let (key, value) =
                    word.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty())?;
                Some((key.to_owned(), toml_value(key, value)))
            })?);
        }
        self.bot_lines.push(line.number);
        self.bots.push(Bot { name, client_id, account, symbols, keys, steps: Vec::new() });
        Ok(())
    }

    /// The instant of a time of the drill's day; of the day before, where the drill begins on that and the time is not
    /// before its beginning. Before the day is known no time means anything.
    fn instant(&self, line: &Line<'_>, word: Word<'_>) -> Result<Timestamp, Problem> {
        let write = "write hours, minutes and seconds, `12:50:00`";
        let time = clock_time(word.text)
            .ok_or_else(|| line.at(word, &format!("`{}` is no time of day; {write}", word.text)))?;
        let (date, zone) = self.day.as_ref().ok_or_else(|| {
            line.at(word, "the day is not known yet; write `day 2026-11-27 America/New_York` above")
        })?;
        let date = if self.is_of_the_day_before(time) { date.yesterday().unwrap_or(*date) } else { *date };
        resolve(date, time, zone).ok_or_else(|| {
            line.at(word, "the clocks are changed at that time; write one that exists once on that day")
        })
    }

    fn is_of_the_day_before(&self, time: Time) -> bool {
        self.day_before && self.from.is_some_and(|(from, _)| from <= time)
    }

    fn finish(mut self, name: &str) -> Result<Drill, Vec<Problem>> {
        let seen = std::mem::take(&mut self.seen);
        let mut needs = |word: &str, write: &str| {
            if !seen.iter().any(|seen| seen == word) {
                let what = format!("something is missing; {write}");
                self.problems.push(Problem { line: 1, column: 1, what });
            }
        };
        needs("title", "write `title    MOC after the cutoff of a half day`");
        needs("pitfall", "write `pitfall  04-moc-after-cutoff`, a page in docs/pitfalls");
        needs("day", "write `day      2026-11-27 America/New_York`");
        needs("from", "write `from     12:45:00`");
        needs("to", "write `to       13:01:00`");
        needs("bot", "write `bot      trend 11 DU1111111 SPY`");
        needs("expect", "write what has to come of it, `expect   violations none`");
        let span = self.span();
        if self.accounts.is_empty() {
            self.accounts = ACCOUNTS.iter().filter_map(|text| Account::new(text)).collect();
        }
        self.check_labels();
        self.check_positions();
        self.check_settings();
        let (Some((from, to)), Some((_, zone)), true) = (span, self.day, self.problems.is_empty()) else {
            self.problems.sort_by_key(|problem| (problem.line, problem.column));
            return Err(self.problems);
        };
        let is_about_clocks =
            self.ahead.is_some() || self.servers.is_some() || self.cues.iter().any(Cue::is_clock);
        let clock = is_about_clocks.then(|| HostClock {
            ahead: self.ahead.unwrap_or(SignedDuration::ZERO),
            servers: self.servers.unwrap_or_else(|| vec![Some(SignedDuration::ZERO); SERVERS]),
        });
        self.cues.sort_by_key(|cue| cue.at);
        for bot in &mut self.bots {
            bot.steps.sort_by_key(|step| step.at);
        }
        Ok(Drill {
            name: name.to_owned(),
            title: self.title.unwrap_or_default(),
            pitfall: self.pitfall.unwrap_or_default(),
            guard: self.guard,
            shows: self.shows,
            tws: self.tws,
            profile: self.profile.unwrap_or(Profile::Live),
            seed: self.seed.unwrap_or(7),
            zone,
            from,
            to,
            accounts: self.accounts,
            bots: self.bots,
            crossing: self.crossing.map_or_else(settings::denies, |(crossing, _)| crossing),
            jobs: self.jobs.into_iter().map(|(job, _)| job).collect(),
            clock,
            cues: self.cues,
            expected: self.expected,
        })
    }

    /// From when to when, with everything in between.
    fn span(&mut self) -> Option<(Timestamp, Timestamp)> {
        let (date, zone) = self.day.clone()?;
        let ((from, from_place), (to, to_place)) = (self.from?, self.to?);
        let mut problem =
            |(line, column): Place, what: String| self.problems.push(Problem { line, column, what });
        let begins = if self.day_before { date.yesterday().unwrap_or(date) } else { date };
        let (Some(from), Some(to)) = (resolve(begins, from, &zone), resolve(date, to, &zone)) else {
            problem(from_place, "the clocks are changed at that time; write another".to_owned());
            return None;
        };
        if to <= from {
            let what =
                "the drill would end before it begins; write a later time, or `from 18:00:00 day_before`";
            problem(to_place, what.to_owned());
        } else if to.duration_since(from) > SPAN_MAX {
            problem(to_place, "the drill would be longer than a day; write an earlier time".to_owned());
        }
        for (at, place) in self.times.iter().filter(|(at, _)| *at < from || *at > to) {
            let said = at.to_zoned(zone.clone()).strftime("%H:%M:%S");
            problem(
                *place,
                format!("{said} is not between `from` and `to`; write another time, or move those"),
            );
        }
        Some((from, to))
    }

    /// What is expected of an order has to be about one that is sent.
    fn check_labels(&mut self) {
        for expected in &self.expected {
            let Some(order) = expected.what.order() else { continue };
            if !self.labels.iter().any(|(label, _)| label == order) {
                let known: Vec<_> = self.labels.iter().map(|(label, _)| label.as_str()).collect();
                let what = format!("no order is called `{order}`; write one of {}", known.join(", "));
                self.problems.push(Problem { line: expected.line, column: expected.column, what });
            }
        }
    }

    /// What is expected of a holding has to be about one that there can be.
    fn check_positions(&mut self) {
        for expected in &self.expected {
            let Expectation::Position { account, symbol, .. } = &expected.what else { continue };
            let wrong = |name: &str, known: &[&str]| {
                let (line, column) = (expected.line, expected.column);
                let what = format!("nobody here has `{name}`; write one of {}", known.join(", "));
                (!known.contains(&name)).then_some(Problem { line, column, what })
            };
            let accounts: Vec<_> = self.accounts.iter().map(Account::as_str).collect();
            let symbols: Vec<_> =
                self.bots.iter().flat_map(|bot| &bot.symbols).map(|symbol| &**symbol).collect();
            self.problems.extend(wrong(account.as_str(), &accounts));
            self.problems.extend(wrong(symbol, &symbols));
        }
    }

    /// What the gateway's own configuration says about the keys of each bot, and then about jobs.
    fn check_settings(&mut self) {
        let mut wrong = Vec::new();
        for (bot, line) in self.bots.iter().zip(&self.bot_lines) {
            let one = std::slice::from_ref(bot);
            wrong.extend(settings::wrong(one, &settings::denies(), "").into_iter().map(|what| (*line, what)));
        }
        if wrong.is_empty() && !self.bots.is_empty() {
            for (job, line) in &self.jobs {
                wrong.extend(
                    settings::wrong(&self.bots, &settings::denies(), job)
                        .into_iter()
                        .map(|what| (*line, what)),
                );
            }
            if let Some((crossing, line)) = &self.crossing {
                wrong.extend(settings::wrong(&self.bots, crossing, "").into_iter().map(|what| (*line, what)));
            }
        }
        self.problems.extend(wrong.into_iter().map(|(line, what)| Problem { line, column: 1, what }));
    }

    /// Whose order that is.
    fn sender(&self, label: &str) -> Option<usize> {
        self.labels.iter().find(|(known, _)| known == label).map(|(_, bot)| *bot)
    }
}

impl Expectation {
    /// The order that it is about.
    fn order(&self) -> Option<&str> {
        match self {
            Self::Denied { order, .. }
            | Self::Reached { order, .. }
            | Self::Filled { order, .. }
            | Self::Told { order, .. }
            | Self::Answered { order }
            | Self::Status { order, .. } => Some(order),
            Self::Orders(_)
            | Self::Position { .. }
            | Self::NoViolation
            | Self::Violation { .. }
            | Self::State(_)
            | Self::Clock(_)
            | Self::Job { .. }
            | Self::Breaks(_) => None,
        }
    }
}

impl Bot {
    /// The labels of its orders and requests in the order in which they are sent.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match &step.act {
            StepAct::Order(ScriptAct::Place(order)) => Some(&*order.label),
            StepAct::Close { label, .. } => Some(&**label),
            StepAct::Ask(question) => Some(&*question.label),
            StepAct::Order(ScriptAct::Cancel(_)) | StepAct::CancelAll => None,
        })
    }
}

fn said(line: &mut Line<'_>, write: &str) -> Result<String, Problem> {
    let text = line.rest();
    if text.is_empty() { Err(line.missing(write)) } else { Ok(text) }
}

fn guard(line: &mut Line<'_>) -> Result<GuardId, Problem> {
    let names: Vec<_> = GUARDS.iter().map(|spec| spec.id.as_str()).collect();
    let write = format!("write one of {}", names.join(", "));
    line.read(&write, |word| GUARDS.iter().map(|spec| spec.id).find(|id| id.as_str() == word))
}

fn servers(line: &mut Line<'_>) -> Result<Vec<Option<SignedDuration>>, Problem> {
    let mut servers = Vec::new();
    while line.peek().is_some() {
        let write =
            "write by how much each server is wrong, or `silent`: `time_servers +0ms +0ms +0ms +3.7s`";
        servers.push(line.read(write, |word| match word {
            "silent" => Some(None),
            other => offset(other).map(Some),
        })?);
    }
    if servers.is_empty() {
        Err(line.missing("write `time_servers +0ms +0ms +0ms +3.7s`"))
    } else {
        Ok(servers)
    }
}

/// An offset says its direction.
fn offset(word: &str) -> Option<SignedDuration> {
    let (sign, span) =
        word.strip_prefix('+').map(|rest| (1, rest)).or_else(|| Some((-1, word.strip_prefix('-')?)))?;
    span.parse::<SignedDuration>().ok().filter(|span| !span.is_negative())?.checked_mul(sign)
}

fn time_of_day(line: &mut Line<'_>) -> Result<(Time, Place), Problem> {
    let write = "write hours, minutes and seconds, `12:50:00`";
    let column = line.peek().map_or(1, |word| word.column);
    let time = line.read(write, clock_time)?;
    Ok((time, (line.number, column)))
}

/// `12:50` or `12:50:00`; venue time moves by seconds.
fn clock_time(text: &str) -> Option<Time> {
    let time: Time = text.parse().ok()?;
    let is_plain = text.chars().all(|c| c.is_ascii_digit() || c == ':');
    (is_plain && time.subsec_nanosecond() == 0).then_some(time)
}

fn resolve(date: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(date.to_datetime(time)).unambiguous().ok()
}

/// Numbers and truth as they are, lists with a comma or of keys that are lists, everything else as text.
fn toml_value(key: &str, value: &str) -> String {
    const LISTS: [&str; 3] = ["shared", "instruments", "accounts"];
    let quoted = |text: &str| toml::Value::from(text).to_string();
    if LISTS.contains(&key) {
        let list: Vec<_> = value.split(',').map(quoted).collect();
        return format!("[{}]", list.join(", "));
    }
    let is_bare = value.parse::<u64>().is_ok() || matches!(value, "true" | "false");
    // A drill has no blanks inside of a word: `max_order_notional=25000_USD`.
    if is_bare { value.to_owned() } else { quoted(&value.replace('_', " ")) }
}
