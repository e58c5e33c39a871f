//! When each job is started: once for a trade date, over restarts and whatever the clock does.
//!
//! What is known of a job is kept by its name, so that a restart goes on where the journal ends: since when it is
//! watched, for which trade dates it was started or given up, and whether its program runs. A date that is settled
//! stays so. Times are corrected ones; how surely, the bridge says with each question.

mod memory;
mod steady;
mod view;

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use plimsoll_calendar::{Announcement, Calendar, CalendarError};
use plimsoll_model::{BotName, Mono, Now};

use super::job::{Action, Job, JobEnd, JobName, Missed, Requirement};
use super::plan::{Calendars, Plan};
use crate::clock::ClockState;
use crate::guard::Span;
use crate::limits;

use memory::{Memories, Memory, Running};
use steady::Steady;

pub use memory::LastRun;
pub(crate) use steady::Moved;
pub use view::JobView;

/// What the bridge knows at an instant that a start depends on.
pub(crate) struct Conditions<'a> {
    pub(crate) now: Now,
    /// By corrected time.
    pub(crate) time: Timestamp,
    pub(crate) uncertainty: Duration,
    pub(crate) clock: ClockState,
    /// What the bridge waits for before it is reconciled.
    pub(crate) unreconciled: Option<String>,
    /// What is wrong with a bot's prices.
    pub(crate) unfit: &'a dyn Fn(&BotName) -> Option<String>,
}

/// What is to be done now.
#[derive(Debug)]
pub(crate) enum Due {
    /// A start. Its date is settled by this.
    Start { job: Arc<Job>, date: Date, at: Timestamp },
    /// It is over for this date.
    Missed { job: Arc<Job>, date: Date, at: Timestamp, why: String },
}

/// The next date of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pending {
    date: Date,
    at: Timestamp,
    until: Option<Timestamp>,
    /// It does not start any more.
    ends: Timestamp,
}

/// A configured job.
#[derive(Debug)]
struct Slot {
    job: Arc<Job>,
    pending: Option<Pending>,
    /// Why it has not started though it is due.
    waits_for: Option<String>,
    /// The calendar ends before the next date.
    beyond: Option<CalendarError>,
}

/// All jobs.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    slots: Vec<Slot>,
    calendars: Calendars,
    memories: Memories,
    steady: Steady,
    /// When this process began, by corrected time.
    began: Option<Timestamp>,
    /// The latest corrected time.
    latest: Option<Timestamp>,
    /// When to look again, by corrected time.
    look: Option<Timestamp>,
    /// When to be woken.
    wake: Option<Mono>,
}

impl Schedule {
    /// A new process: what a program was doing is not known any more. Gives the jobs of which that is so.
    pub(crate) fn started(
        &mut self,
        now: Now,
        time: Timestamp,
        jobs: &[Job],
        announced: &[Announcement],
    ) -> Vec<(JobName, Date)> {
        self.slots.clear();
        for job in jobs {
            self.memories.watch(job, time);
            let job = Arc::new(job.clone());
            self.slots.push(Slot { job, pending: None, waits_for: None, beyond: None });
        }
        self.memories.forget(|name| jobs.iter().any(|job| job.name == *name));
        self.steady = Steady::began(now);
        self.began = Some(time);
        self.latest = Some(time);
        let lost = self.memories.lose_running(time);
        self.announced(time, announced);
        self.set_alarm(now, time);
        lost
    }

    /// The calendars are others from now on.
    pub(crate) fn announced(&mut self, time: Timestamp, announced: &[Announcement]) {
        let fallbacks: Vec<_> = self.slots.iter().filter_map(|slot| slot.job.fallback()).collect();
        let timings = self.slots.iter().map(|slot| &slot.job.timing).chain(&fallbacks);
        self.calendars = Calendars::of(timings, announced);
        self.plan_all(time);
    }

    /// Calendars are as narrow as the broker's hours, or are not any more.
    pub(crate) fn narrowed<'a>(&mut self, time: Timestamp, to: impl Fn(&str) -> Option<&'a Calendar>) {
        self.calendars.replace(to);
        self.plan_all(time);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// When it next has something to do by itself.
    pub(crate) fn next_wakeup(&self) -> Option<Mono> {
        self.wake
    }

    /// Whether anything may have to be decided: cheap, because it is asked after every event.
    pub(crate) fn looks(&mut self, time: Timestamp) -> bool {
        let is_due = self.look.is_none_or(|look| look <= time);
        is_due || self.went_back(time)
    }

    /// Every event, also where there are no jobs. `is_lost`: the clock was set, and nobody has said what time it is since.
    pub(crate) fn observe(&mut self, now: Now, moved: Moved, is_lost: bool) {
        self.steady.observe(now, moved, is_lost);
    }

    /// Until when wall time has moved and nobody has said how.
    pub(crate) fn moved_until(&self, now: Now) -> Option<Mono> {
        self.steady.moved_until(now)
    }

    /// What is to be done now.
    pub(crate) fn due(&mut self, is: &Conditions<'_>) -> Vec<Due> {
        let mut all = Vec::new();
        if self.steady.quiet_until(is.now).is_none() {
            if self.went_back(is.time) {
                self.latest = Some(is.time);
                self.plan_all(is.time);
            }
            self.latest = self.latest.max(Some(is.time));
            for index in 0..self.slots.len() {
                self.due_of(index, is, &mut all);
            }
        }
        self.set_alarm(is.now, is.time);
        all
    }

    /// What was passed over by a clock that went astray may be ahead again.
    fn went_back(&self, time: Timestamp) -> bool {
        self.latest.is_some_and(|latest| latest.duration_since(time) > limits::JOB_BACK)
    }

    fn due_of(&mut self, index: usize, is: &Conditions<'_>, all: &mut Vec<Due>) {
        // Missed dates come first, each settled by its turn, and the lookback bounds them.
        while let Some(pending) = self.slots[index].pending.clone().filter(|pending| pending.at <= is.time) {
            let Pending { date, at, ends, .. } = pending;
            let job = Arc::clone(&self.slots[index].job);
            let blocks = self.blocks(&job, &pending, is);
            if is.time >= ends {
                let waited = self.slots[index].waits_for.take();
                let why = waited.unwrap_or_else(|| self.why_late(at, is.time));
                self.memories.get_mut(&job.name).missed(date, is.time, &why);
                all.push(Due::Missed { job, date, at, why });
            } else if blocks.is_some() {
                self.slots[index].waits_for = blocks;
                return;
            } else {
                self.memories.get_mut(&job.name).settle(date);
                all.push(Due::Start { job, date, at });
            }
            self.plan(index, is.time);
        }
        if self.slots[index].pending.is_none() {
            self.plan(index, is.time);
        }
    }

    /// Why a job that is due cannot start at this instant.
    fn blocks(&self, job: &Job, pending: &Pending, is: &Conditions<'_>) -> Option<String> {
        if let Some(running) = self.memories.get(&job.name).and_then(Memory::running) {
            return Some(format!("its program of {} still runs", running.date));
        }
        let unmet = job.require.iter().find_map(|requirement| match requirement {
            Requirement::Reconciled => is.unreconciled.as_ref().map(|what| format!("waiting for {what}")),
            Requirement::Clock if matches!(is.clock, ClockState::Bad | ClockState::Stepped) => {
                Some(format!("the clock is {}", is.clock.as_str()))
            }
            Requirement::Clock => None,
            Requirement::Data => job.bot.as_ref().and_then(is.unfit),
        });
        let uncertain = SignedDuration::try_from(is.uncertainty).unwrap_or(SignedDuration::MAX);
        let latest = is.time.saturating_add(uncertain).unwrap_or(Timestamp::MAX);
        let could_be_late = pending.until.filter(|until| *until <= latest).map(|until| {
            format!("it could be later than {until}: time is known to {}", Span(is.uncertainty))
        });
        unmet.or(could_be_late)
    }

    fn why_late(&self, at: Timestamp, time: Timestamp) -> String {
        if self.began.is_some_and(|began| at < began) {
            return "the gateway was not running at its time".to_owned();
        }
        let late = Duration::try_from(time.duration_since(at)).unwrap_or_default();
        format!("it was seen to be due {} late", Span(late))
    }

    /// A start waits for this flush.
    pub(crate) fn claimed(&mut self, name: &JobName, date: Date, token: u64, time: Timestamp) {
        self.memories.get_mut(name).claimed(date, token, time);
    }

    /// The starts that the disk has.
    pub(crate) fn flushed(&mut self, token: u64) -> Vec<(Arc<Job>, Date)> {
        let due = |slot: &&Slot| {
            let memory = self.memories.get(&slot.job.name)?;
            let Running { date, awaits } = memory.running()?;
            awaits.filter(|awaits| *awaits <= token).map(|_| *date)
        };
        let found: Vec<_> =
            self.slots.iter().filter_map(|slot| Some((Arc::clone(&slot.job), due(&slot)?))).collect();
        for (job, _) in &found {
            self.memories.get_mut(&job.name).released();
        }
        found
    }

    /// When the start of a date is due, and when it is too late, as the calendars are now.
    pub(crate) fn window(&self, job: &Job, date: Date) -> Option<(Timestamp, Option<Timestamp>)> {
        match job.timing.on(date, &self.calendars).ok()??.plan {
            Plan::Run { at, until, .. } => Some((at, until)),
            Plan::Skip(_) => None,
        }
    }

    /// When the fallback of a date is due, as the calendars are now.
    pub(crate) fn fallback_at(&self, job: &Job, date: Date) -> Option<Timestamp> {
        match job.fallback()?.on(date, &self.calendars).ok()??.plan {
            Plan::Run { at, .. } => Some(at),
            Plan::Skip(_) => None,
        }
    }

    /// When the session of this trade date closes, if that is the one of now.
    pub(crate) fn close_of_today(&self, job: &Job, date: Date, time: Timestamp) -> Option<Timestamp> {
        let calendar = self.calendars.get(&job.timing.place.calendar);
        let is_today = calendar.trade_date(time).is_ok_and(|today| today == date);
        Some(calendar.session(date).ok()??.close()).filter(|_| is_today)
    }

    /// What was to start did not.
    pub(crate) fn gave_up(&mut self, name: &JobName, date: Date, time: Timestamp, why: &str) {
        self.memories.get_mut(name).missed(date, time, why);
    }

    /// It was done within the bridge.
    pub(crate) fn done(&mut self, name: &JobName, date: Date, time: Timestamp) {
        self.memories.get_mut(name).done(date, time);
    }

    /// A program has ended; false if none of that name and date ran.
    pub(crate) fn ended(&mut self, name: &JobName, date: Date, end: &JobEnd, time: Timestamp) -> bool {
        self.look = None;
        self.memories.ended(name, date, end, time)
    }

    fn plan_all(&mut self, time: Timestamp) {
        for index in 0..self.slots.len() {
            self.plan(index, time);
        }
        self.look = None;
    }

    /// Finds the next date of a job: the first that is not settled, of a week back and some days ahead.
    fn plan(&mut self, index: usize, time: Timestamp) {
        let slot = &mut self.slots[index];
        let known = self.memories.get(&slot.job.name).expect("every configured job is watched");
        let calendar = self.calendars.get(&slot.job.timing.place.calendar);
        let today = calendar.zone().to_datetime(time).date();
        let from = today.saturating_sub(limits::JOB_LOOKBACK_DAYS.days());
        let through = today.saturating_add(limits::JOB_AHEAD_DAYS.days());
        let (mut found, mut beyond) = (None, None);
        for date in from.series(1.day()).take_while(|date| *date <= through) {
            match slot.job.timing.on(date, &self.calendars) {
                Ok(Some(occurrence)) => {
                    let Plan::Run { at, until, .. } = occurrence.plan else { continue };
                    if at >= known.since() && !known.is_settled(date) {
                        let ends = window_end(&slot.job, at, until);
                        found = Some(Pending { date, at, until, ends });
                        break;
                    }
                }
                Err(error) if date >= today => {
                    beyond = Some(error);
                    break;
                }
                // The past before a calendar begins is nobody's; what comes after its end is told.
                Ok(None) | Err(_) => {}
            }
        }
        if slot.pending != found {
            slot.waits_for = None;
        }
        (slot.pending, slot.beyond) = (found, beyond);
        self.look = None;
    }

    /// When to look again, and when to be woken for it.
    pub(crate) fn set_alarm(&mut self, now: Now, time: Timestamp) {
        let again = time.saturating_add(limits::JOB_LOOK_AGAIN).unwrap_or(Timestamp::MAX);
        let next = |slot: &Slot| slot.pending.as_ref().map_or(again, |pending| pending.at).min(again);
        self.look = self.slots.iter().map(next).min();
        let alarm = |slot: &Slot| match &slot.pending {
            Some(pending) if pending.at <= time => pending.ends,
            _ => next(slot),
        };
        let alarm = self.slots.iter().map(alarm).min();
        self.wake = alarm.map(|alarm| {
            let left = Duration::try_from(alarm.duration_since(time)).unwrap_or_default();
            let due = now.mono.after(left);
            self.steady.quiet_until(now).map_or(due, |quiet| due.max(quiet))
        });
    }

    /// For whoever looks.
    pub(crate) fn views(&self) -> Vec<JobView> {
        self.slots.iter().map(|slot| JobView::of(slot, self.memories.get(&slot.job.name))).collect()
    }
}

/// What is due within this window may start; whatever comes first ends it.
fn window_end(job: &Job, at: Timestamp, until: Option<Timestamp>) -> Timestamp {
    let allowed = match job.timing.missed {
        Missed::RunLate { by } => by.max(limits::JOB_PUNCTUAL),
        Missed::Alert | Missed::Skip => limits::JOB_PUNCTUAL,
    };
    let allowed = SignedDuration::try_from(allowed).unwrap_or(SignedDuration::MAX);
    let ends = at.saturating_add(allowed).unwrap_or(Timestamp::MAX);
    until.map_or(ends, |until| ends.min(until))
}

/// Whether the action is a program, which starts when the disk has the decision.
pub(crate) fn is_program(job: &Job) -> bool {
    matches!(job.action, Action::Command(_))
}
