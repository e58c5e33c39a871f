//! `[[job]]`: what is to be done at an instant of each trade date.
//!
//! Owns: the keys and their defaults, which of them belong together, and what the calendars say about a job whatever
//! the date. Does not own: when it is started, which the bridge decides.

use std::ops::Range;
use std::time::Duration;

use jiff::SignedDuration;
use plimsoll_calendar::{AnchorKind, Choice, Listing, Policy};
use plimsoll_core::schedule::{
    Action, Calendars, Finding, HalfDays, Job, JobName, Missed, Place, Planned, Requirement, Run, Sessions,
    Timing, When,
};
use plimsoll_core::{HaltLevel, limits};
use plimsoll_model::{BotName, Contract};
use toml::Spanned;

use super::bot::RawBot;
use super::instant;
use super::place::Problems;
use super::section::Section;
use super::value;

/// How long a program may run, unless its job says otherwise.
const TIME_LIMIT: Duration = Duration::from_mins(5);
/// The longest that it can say.
const TIME_LIMIT_MAX: Duration = Duration::from_hours(24);
/// The most that a job may be late.
const LATE_BY_MAX: Duration = Duration::from_hours(24);
/// Words of a program and its arguments.
const WORDS_MAX: usize = 64;
/// Bytes of one of them.
const WORD_BYTES_MAX: usize = 4_096;

/// What the file says of all jobs.
pub(super) struct Jobs {
    /// For the bridge.
    pub(super) jobs: Vec<Job>,
    /// Their dates, and those of their fallbacks.
    pub(super) planned: Vec<Planned>,
}

/// One `[[job]]`, each part optional until the whole file has been judged.
struct RawJob {
    span: Range<usize>,
    name: Option<Spanned<JobName>>,
    bot: Option<Spanned<BotName>>,
    /// The job's own, or what its bots' instruments have in common.
    place: Option<Place>,
    at: Option<Spanned<When>>,
    until: Option<Spanned<When>>,
    half_days: Option<Spanned<HalfDays>>,
    missed: Missed,
    policy: Policy,
    require: Vec<Requirement>,
    does: Option<Action>,
}

/// Reads all jobs; what is wrong with one does not hide the next. `net_lead`: how long before the cutoff netted on-close
/// orders leave.
pub(super) fn read(
    sections: Vec<Section<'_>>,
    bots: &[RawBot],
    net_lead: Option<Duration>,
    problems: &mut Problems,
) -> Jobs {
    if let Some(beyond) = sections.get(limits::JOBS_MAX) {
        let most = limits::JOBS_MAX;
        problems.at(
            beyond.span.clone(),
            format!("more than {most} jobs; leave some out, or let one program do several things"),
        );
        return Jobs { jobs: Vec::new(), planned: Vec::new() };
    }
    let raw: Vec<RawJob> =
        sections.into_iter().map(|section| RawJob::read(section, bots, problems)).collect();
    let whole: Vec<(JobName, Timing, &RawJob)> =
        raw.iter().filter_map(|raw| Some((raw.name(problems)?, raw.timing()?, raw))).collect();
    names(&whole, problems);
    let calendars = Calendars::of(whole.iter().map(|(_, timing, _)| timing), &[]);
    let mut sessions = Sessions::default();
    for (_, timing, raw) in &whole {
        if let Some(leave) =
            net_lead.map(leave).filter(|leave| in_netting(timing, leave, &mut sessions, &calendars))
        {
            let text = format!(
                "`at`: {} is not before netted on-close orders leave ({leave}); start earlier, or shorten `on_close_lead`",
                timing.at
            );
            problems.at(raw.span_of("at"), text);
        }
        for finding in sessions.findings(timing, raw.half_days.is_some(), &calendars) {
            problems.at(raw.span_of(finding.key()), format!("`{}`: {finding}", finding.key()));
        }
        if let Some(Action::ClosePositions { fallback: Some(at) }) = &raw.does {
            // What stands in for an order comes after it.
            let until = Timing { until: Some(at.clone()), ..timing.clone() };
            let findings = sessions.findings(&until, true, &calendars);
            if findings.iter().any(|finding| matches!(finding, Finding::AlwaysAfterUntil { .. })) {
                let text =
                    format!("`fallback.at`: {at} is not after `at` ({}); write `close - 2s`", timing.at);
                problems.at(raw.span_of("at"), text);
            }
        }
    }
    let planned = whole.iter().flat_map(|(name, timing, raw)| raw.planned(name, timing)).collect();
    let jobs = whole.iter().filter_map(|(name, timing, raw)| raw.job(name, timing)).collect();
    Jobs { jobs, planned }
}

impl RawJob {
    fn read(mut section: Section<'_>, bots: &[RawBot], problems: &mut Problems) -> Self {
        let bot = bot(&mut section, bots, problems);
        let at = section.required("at", "\"moc_entry - 5s\"", problems, instant::when);
        let until = section.text("until", problems, instant::when);
        let does = does(&mut section, bot.as_ref(), problems);
        let policy = policy(&mut section, [&at, &until], problems);
        let raw = Self {
            span: section.span.clone(),
            name: section.text("name", problems, name),
            place: place(&mut section, bot.as_ref(), bots, problems),
            half_days: section.text("half_days", problems, |text| {
                let words = [("run", HalfDays::Run), ("skip", HalfDays::Skip), ("only", HalfDays::Only)];
                value::word(text, &words)
            }),
            missed: missed(&mut section, problems),
            require: require(&mut section, does.as_ref(), bot.as_ref(), bots, problems),
            bot,
            at,
            until,
            policy,
            does,
        };
        section.finish(problems);
        raw
    }

    /// What it is called, or what it does for whom.
    fn name(&self, problems: &mut Problems) -> Option<JobName> {
        if let Some(name) = &self.name {
            return Some(name.get_ref().clone());
        }
        let whom = self.bot.as_ref().map_or("fleet", |bot| bot.get_ref().as_str());
        let text = format!("{whom}-{}", self.does.as_ref()?.as_str());
        let name = JobName::new(&text);
        if name.is_none() {
            problems.at(self.span.clone(), format!("`{text}` is too long for a name; write `name = \"…\"`"));
        }
        name
    }

    fn timing(&self) -> Option<Timing> {
        Some(Timing {
            place: self.place.clone()?,
            at: self.at.as_ref()?.get_ref().clone(),
            until: self.until.as_ref().map(|until| until.get_ref().clone()).or_else(|| self.entry()),
            half_days: self.half_days.as_ref().map_or(HalfDays::Run, |half_days| *half_days.get_ref()),
            policy: self.policy,
            missed: self.missed,
        })
    }

    /// What places on-close orders has no other end than their cutoff.
    fn entry(&self) -> Option<When> {
        let closes = matches!(self.does, Some(Action::ClosePositions { .. }));
        let entry = When::Anchor { place: None, kind: AnchorKind::MocEntry, offset: SignedDuration::ZERO };
        closes.then_some(entry)
    }

    fn span_of(&self, key: &str) -> Range<usize> {
        let at = self.at.as_ref().map(Spanned::span);
        let half_days = self.half_days.as_ref().map(Spanned::span).filter(|_| key == "half_days");
        half_days.or(at).unwrap_or_else(|| self.span.clone())
    }

    fn job(&self, name: &JobName, timing: &Timing) -> Option<Job> {
        let action = self.does.as_ref()?;
        Some(Job {
            name: name.clone(),
            bot: self.bot.as_ref().map(|bot| bot.get_ref().clone()),
            timing: timing.clone(),
            action: action.clone(),
            require: self.require.clone(),
        })
    }

    /// Its dates, and those of its fallback.
    fn planned(&self, name: &JobName, timing: &Timing) -> Vec<Planned> {
        let Some(does) = &self.does else { return Vec::new() };
        let bot = self.bot.as_ref().map(|bot| bot.get_ref().clone());
        let one = |name: String, does: &str, timing: Timing| Planned {
            name: name.into(),
            bot: bot.clone(),
            does: does.into(),
            timing,
        };
        let mut all = vec![one(name.to_string(), does.as_str(), timing.clone())];
        if let Action::ClosePositions { fallback: Some(at) } = does {
            let timing = Timing { at: at.clone(), until: None, ..timing.clone() };
            all.push(one(format!("{name} fallback"), "market", timing));
        }
        all
    }
}

/// The bot that it is for; the fleet has none.
fn bot(section: &mut Section<'_>, bots: &[RawBot], problems: &mut Problems) -> Option<Spanned<BotName>> {
    let bot = section.text("bot", problems, value::bot_name)?;
    if known(bots, &bot).is_none() {
        problems.at(bot.span(), format!("`bot`: no [[bot]] is named `{}`", bot.get_ref()));
    }
    Some(bot)
}

fn known<'b>(bots: &'b [RawBot], bot: &Spanned<BotName>) -> Option<&'b RawBot> {
    bots.iter().find(|raw| raw.name.as_ref().is_some_and(|name| name.get_ref() == bot.get_ref()))
}

fn name(text: &str) -> Result<JobName, String> {
    let most = JobName::MAX;
    JobName::new(text).ok_or_else(|| {
        format!(
            "`{text}` is no name of a job; write at most {most} small letters, digits, underscores and dashes"
        )
    })
}

/// The calendar of its own, or the one that the instruments have in common.
fn place(
    section: &mut Section<'_>,
    bot: Option<&Spanned<BotName>>,
    bots: &[RawBot],
    problems: &mut Problems,
) -> Option<Place> {
    if section.take("calendar").is_some() {
        return section.text("calendar", problems, instant::calendar).map(Spanned::into_inner);
    }
    let whose: Vec<&RawBot> = match bot {
        Some(bot) => known(bots, bot).into_iter().collect(),
        None => bots.iter().collect(),
    };
    // Of a bot that is not known something is said already.
    if whose.is_empty() {
        return None;
    }
    let contracts = whose.iter().flat_map(|bot| &bot.instruments).map(|spanned| &spanned.get_ref().1);
    let found = common(contracts);
    if let Err(calendars) = &found {
        let why = match &calendars[..] {
            [] => "no instrument has a calendar that is known".to_owned(),
            several => format!("the instruments trade by {}", several.join(" and ")),
        };
        problems.at(
            section.span.clone(),
            format!("[[job]] has no `calendar`, and {why}; write `calendar = \"XNYS\"`"),
        );
    }
    found.ok()
}

/// The one calendar of these contracts, or the several. Where they are listed at several exchanges the earliest cutoff
/// of all counts.
fn common<'c>(contracts: impl Iterator<Item = &'c Contract>) -> Result<Place, Vec<&'static str>> {
    let mut found: Vec<(&'static str, Listing)> = contracts
        .filter_map(|contract| {
            let listing = Listing::from_primary_exchange(&contract.primary_exchange);
            Some((plimsoll_core::calendar_of(contract)?, listing))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    let listing = if let [(_, listing)] = found[..] { listing } else { Listing::Unknown };
    found.dedup_by_key(|(calendar, _)| *calendar);
    match found[..] {
        [(calendar, _)] => Ok(Place { calendar: calendar.into(), listing }),
        _ => Err(found.into_iter().map(|(calendar, _)| calendar).collect()),
    }
}

/// What it does, with the keys that belong to it.
fn does(
    section: &mut Section<'_>,
    bot: Option<&Spanned<BotName>>,
    problems: &mut Problems,
) -> Option<Action> {
    let words = ["close_positions", "cancel_orders", "halt", "command"];
    let word = section.required("do", "\"cancel_orders\"", problems, |text| {
        value::word(text, &words.map(|word| (word, word)))
    });
    let level = section.text("level", problems, |text| {
        value::word(text, &[HaltLevel::NewRisk, HaltLevel::All].map(|level| (level.as_str(), level)))
    });
    let time_limit = section.text("time_limit", problems, |text| at_most(text, TIME_LIMIT_MAX));
    let program = program(section, problems);
    let fallback = fallback(section, problems);
    let word = word?;
    for (key, belongs_to) in [
        ("level", "halt"),
        ("time_limit", "command"),
        ("command", "command"),
        ("fallback", "close_positions"),
    ] {
        if let Some(value) = section.take(key).filter(|_| *word.get_ref() != belongs_to) {
            problems.at(value.span(), format!("`{key}` belongs to do = \"{belongs_to}\"; remove it"));
        }
    }
    match *word.get_ref() {
        "cancel_orders" => Some(Action::CancelOrders),
        "halt" => {
            let level = level.map_or(HaltLevel::NewRisk, Spanned::into_inner);
            Some(Action::Halt { level })
        }
        "command" => {
            if section.take("command").is_none() {
                section.missing("command", "[\"/usr/local/bin/flatten\", \"SPY\"]", problems);
            }
            let time_limit = time_limit.map_or(TIME_LIMIT, Spanned::into_inner);
            Some(Action::Command(Run { argv: program?, time_limit }))
        }
        _ => {
            if bot.is_none() {
                section.missing("bot", "\"trend\"", problems);
            }
            Some(Action::ClosePositions { fallback })
        }
    }
}

/// A program and what it is told.
fn program(section: &mut Section<'_>, problems: &mut Problems) -> Option<Vec<Box<str>>> {
    let list = section.take("command")?;
    let words = section.texts("command", problems, |text| match text {
        "" => Err("has an empty word; leave it out".into()),
        text if text.len() > WORD_BYTES_MAX => Err(format!("has a word of more than {WORD_BYTES_MAX} bytes")),
        text if text.contains('\0') => Err("has a word with a zero byte in it".into()),
        text => Ok(Box::from(text)),
    });
    if words.len() > WORDS_MAX {
        problems.at(
            list.span(),
            format!("`command` has more than {WORDS_MAX} words; let a program of its own know them"),
        );
    }
    if words.is_empty() && list.get_ref().is_array() {
        problems.at(list.span(), "`command` names no program; write its path, then its arguments");
    }
    Some(words.into_iter().map(Spanned::into_inner).collect::<Vec<_>>()).filter(|words| !words.is_empty())
}

/// What follows if positions are still open.
fn fallback(section: &mut Section<'_>, problems: &mut Problems) -> Option<When> {
    let mut fallback = section.table("fallback", problems)?;
    let at = fallback.required("at", "\"close - 2s\"", problems, |text| {
        let when = instant::when(text)?;
        // A market order after the close stands in for nothing.
        match &when {
            When::Anchor { place: None, kind: AnchorKind::Close, offset } if offset.is_negative() => {
                let leaves_a_second = offset.unsigned_abs() >= limits::ACK_UNKNOWN;
                let text = format!("`{text}` leaves no second for the way; write `close - 2s`");
                if leaves_a_second { Ok(when) } else { Err(text) }
            }
            _ => Err(format!("`{text}` is not counted back from the close; write `close - 2s`")),
        }
    });
    fallback.required("do", "\"market\"", problems, |text| value::word(text, &[("market", ())]));
    fallback.finish(problems);
    at.map(Spanned::into_inner)
}

/// What a civil time means that does not exist, or comes twice.
fn policy(section: &mut Section<'_>, times: [&Option<Spanned<When>>; 2], problems: &mut Problems) -> Policy {
    let has_civil =
        times.iter().any(|when| matches!(when.as_ref().map(Spanned::get_ref), Some(When::Civil { .. })));
    let mut choice = |key, compatible| {
        let words = [
            ("earlier", Choice::Earlier),
            ("later", Choice::Later),
            ("reject", Choice::Reject),
            ("compatible", compatible),
        ];
        let read = section.text(key, problems, |text| value::word(text, &words));
        if let Some(read) = read.as_ref().filter(|_| !has_civil) {
            problems.at(
                read.span(),
                format!("`{key}` is about times of day with a zone, and this job has none; remove it"),
            );
        }
        read.map_or(compatible, Spanned::into_inner)
    };
    let gap = choice("gap", Policy::COMPATIBLE.gap);
    let fold = choice("fold", Policy::COMPATIBLE.fold);
    Policy { gap, fold }
}

/// What becomes of a date whose time has passed.
fn missed(section: &mut Section<'_>, problems: &mut Problems) -> Missed {
    let late_by = section.text("late_by", problems, |text| at_most(text, LATE_BY_MAX));
    let word = section.text("missed", problems, |text| {
        value::word(text, &["alert", "skip", "run_late"].map(|word| (word, word)))
    });
    match (word.as_ref().map(|word| *word.get_ref()), &late_by) {
        (Some("run_late") | None, Some(by)) => return Missed::RunLate { by: *by.get_ref() },
        (Some("run_late"), None) if section.take("late_by").is_none() => {
            section.missing("late_by", "\"10m\"", problems);
        }
        (Some(word), Some(late_by)) => {
            let text = format!(
                "`late_by` belongs to missed = \"run_late\", and here it is \"{word}\"; remove one of them"
            );
            problems.at(late_by.span(), text);
        }
        _ => {}
    }
    if word.is_some_and(|word| *word.get_ref() == "skip") { Missed::Skip } else { Missed::Alert }
}

/// What must hold for it to start. A program may trade, and the closing of positions does, so unless its job says otherwise it waits for the broker's
/// state and a known time; whatever stops and cancels waits for nothing.
fn require(
    section: &mut Section<'_>,
    does: Option<&Action>,
    bot: Option<&Spanned<BotName>>,
    bots: &[RawBot],
    problems: &mut Problems,
) -> Vec<Requirement> {
    if section.take("require").is_none() {
        return match does {
            Some(Action::Command(_) | Action::ClosePositions { .. }) => {
                vec![Requirement::Reconciled, Requirement::Clock]
            }
            _ => Vec::new(),
        };
    }
    let words = Requirement::ALL.map(|requirement| (requirement.as_str(), requirement));
    let all = section.texts("require", problems, |text| value::word(text, &words));
    for data in all.iter().filter(|requirement| *requirement.get_ref() == Requirement::Data) {
        let has_limit = bot.and_then(|bot| known(bots, bot)).map(RawBot::has_stale_limit);
        match has_limit {
            Some(true) => {}
            Some(false) => problems.at(
                data.span(),
                "`require`: data is held to the bot's `stale_after`, and that is \"off\"; remove one of them",
            ),
            None => problems
                .at(data.span(), "`require`: data is that of a bot's instruments; write `bot = \"…\"`"),
        }
    }
    let mut all: Vec<Requirement> = all.into_iter().map(Spanned::into_inner).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn at_most(text: &str, most: Duration) -> Result<Duration, String> {
    let span = value::positive_duration(text)?;
    if span > most {
        return Err(format!("`{text}` is more than {} hours", most.as_secs() / 3_600));
    }
    Ok(span)
}

/// Whether netted on-close orders have left by then, on every ordinary day, and their cutoff has not passed: what a job still
/// sends is denied, and what it cancels cannot be.
fn in_netting(timing: &Timing, leave: &When, sessions: &mut Sessions, calendars: &Calendars) -> bool {
    let entry = When::Anchor { place: None, kind: AnchorKind::MocEntry, offset: SignedDuration::ZERO };
    let mut is_after = |until: &When| {
        let until = Timing { until: Some(until.clone()), ..timing.clone() };
        let findings = sessions.findings(&until, true, calendars);
        findings.iter().any(|finding| matches!(finding, Finding::AlwaysAfterUntil { .. }))
    };
    is_after(leave) && !is_after(&entry)
}

/// When they leave at the latest: the venue is given the time to answer that counts until its answers have been seen.
fn leave(lead: Duration) -> When {
    let early = SignedDuration::try_from(lead.saturating_add(limits::ACK_UNKNOWN));
    let offset = -early.unwrap_or(SignedDuration::MAX);
    When::Anchor { place: None, kind: AnchorKind::MocEntry, offset }
}

/// A name is what a restart knows a job by.
fn names(jobs: &[(JobName, Timing, &RawJob)], problems: &mut Problems) {
    for (index, (name, _, raw)) in jobs.iter().enumerate() {
        let Some((_, _, earlier)) = jobs[..index].iter().find(|(earlier, ..)| earlier == name) else {
            continue;
        };
        let line = problems.line(earlier.span.clone());
        let span = raw.name.as_ref().map_or_else(|| raw.span.clone(), Spanned::span);
        problems
            .at(span, format!("`{name}` is already the job of line {line}; give one of them another `name`"));
    }
}

#[cfg(test)]
mod tests;
