//! Jobs: asking the schedule after every event, and doing what is due.
//!
//! What the bridge does itself, a halt or cancels, happens in the event that finds it due: if that event is lost in a
//! crash, so is what it did, and the next life finds the job due again. A program is another thing: once it has
//! started nobody can take it back, so its start waits until the disk has the decision, and one whose start may or may
//! not have happened when the process ended is never repeated.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_model::{BotName, Now};

use super::Bridge;
use super::closing::{Close, Placing};
use crate::clock::ClockState;
use crate::contracts::shares_us_days;
use crate::halt::{Halt, HaltLevel};
use crate::limits;
use crate::schedule::{Action, Conditions, Due, Job, JobEnd, JobName, Missed, Moved, is_program};
use crate::{Command, Event, guard::Span};

/// What an event has to do with jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// Nothing of its own.
    None,
    /// A new process, of which nothing is known yet.
    Began,
    /// Something about the clock is known.
    Clock,
    /// It says itself how the clock has moved.
    ClockTold,
}

impl Hint {
    pub(super) fn of(event: &Event) -> Self {
        use crate::ClockEvent::{Slept, Stepped, Watched};
        match event {
            Event::Started { .. } => Self::Began,
            Event::Clock(Watched { .. } | Stepped { .. } | Slept { .. }) => Self::ClockTold,
            Event::Clock(_) => Self::Clock,
            _ => Self::None,
        }
    }
}

impl Bridge {
    /// A new process has its jobs.
    pub(super) fn begin_jobs(&mut self, now: Now, out: &mut Vec<Command>) {
        let Some(config) = self.config.clone() else { return };
        let time = self.clock.corrected(now);
        for (job, date) in self.schedule.started(now, time, &config.jobs, &self.announced_days) {
            out.push(Command::Notice { text: ended(&job, date, &JobEnd::Unknown) });
        }
        // The broker's hours of the life before hold on.
        self.plan_jobs(now);
        self.schedule.set_alarm(now, time);
    }

    /// The calendars have changed.
    pub(super) fn plan_jobs(&mut self, now: Now) {
        let time = self.clock.corrected(now);
        self.schedule.announced(time, &self.announced_days);
        let (us, elsewhere) = (&self.calendar, &self.elsewhere);
        let narrowed = |name: &str| if shares_us_days(name) { Some(us) } else { elsewhere.get(name) };
        self.schedule.narrowed(time, narrowed);
    }

    /// After every event: starts what is due, and says what was missed.
    pub(super) fn run_jobs(&mut self, now: Now, hint: Hint, out: &mut Vec<Command>) {
        if hint == Hint::Began {
            return;
        }
        let time = self.clock.corrected(now);
        let (clock, uncertainty) = (self.clock.state(now.mono), self.clock.uncertainty(now.mono));
        let moved = match (hint, clock) {
            // A followed clock jumps as its venue does, and is right all the same.
            (Hint::ClockTold, _) | (_, ClockState::Followed) => Moved::Told,
            _ => Moved::Unsaid,
        };
        let is_lost = clock == ClockState::Stepped && uncertainty >= limits::CLOCK_UNKNOWN;
        self.schedule.observe(now, moved, is_lost);
        if self.schedule.is_empty() {
            return;
        }
        if !self.schedule.looks(time) {
            // What time it is has changed, or the alarm came too early for it.
            if hint != Hint::None || self.schedule.next_wakeup().is_some_and(|wake| wake <= now.mono) {
                self.schedule.set_alarm(now, time);
            }
            return;
        }
        let mut schedule = std::mem::take(&mut self.schedule);
        let all = schedule.due(&Conditions {
            now,
            time,
            uncertainty,
            clock,
            unreconciled: self.recon.state.waiting_for().map(ToOwned::to_owned),
            unfit: &|bot| self.unfit_prices(now, bot),
        });
        self.schedule = schedule;
        for due in all {
            match due {
                Due::Missed { job, date, at, why } => {
                    let rest = self.fallback_of_missed(now, &job, date);
                    Self::tell_missed(&job, (date, at), &why, rest, out);
                }
                Due::Start { job, date, at } => self.start_job(now, time, &job, (date, at), out),
            }
        }
    }

    /// What of it is still possible, or what a person may do, is the rest.
    fn tell_missed(
        job: &Job,
        (date, at): (Date, Timestamp),
        why: &str,
        rest: Option<String>,
        out: &mut Vec<Command>,
    ) {
        let rest = rest.map_or_else(String::new, |rest| format!("; {rest}"));
        let text = format!("job {}: missed on {date}, due at {at}: {why}{rest}", job.name);
        out.push(match job.timing.missed {
            Missed::Skip => Command::JobNote { text },
            Missed::Alert | Missed::RunLate { .. } => Command::Notice { text },
        });
    }

    fn start_job(
        &mut self,
        now: Now,
        time: Timestamp,
        job: &Arc<Job>,
        (date, at): (Date, Timestamp),
        out: &mut Vec<Command>,
    ) {
        let late = std::time::Duration::try_from(time.duration_since(at)).unwrap_or_default();
        let what = job.action.as_str();
        let whom = job.bot.as_ref().map_or("fleet", BotName::as_str);
        let text =
            format!("job {}: {what} for {whom} on {date}, due at {at}, {} after it", job.name, Span(late));
        out.push(Command::JobNote { text });
        if is_program(job) {
            let token = self.outbox.token();
            self.schedule.claimed(&job.name, date, token, time);
            out.push(Command::Flush { token });
            return;
        }
        match &job.action {
            Action::Halt { level } => {
                let (by, reason) = (format!("job {}", job.name).into(), format!("scheduled for {at}").into());
                self.halt(now, job.bot.as_ref(), Halt { level: *level, by, reason }, out);
            }
            Action::CancelOrders => self.cancel_everything(now, job.bot.as_ref(), out),
            Action::ClosePositions { .. } => {
                let market_at = self.schedule.fallback_at(job, date);
                match &job.bot {
                    Some(bot) => {
                        let placing = Placing::OnClose;
                        self.close_positions(now, Close { job: &job.name, bot, market_at, placing }, out);
                    }
                    None => unreachable!("invariant: positions are closed for one bot"),
                }
            }
            Action::Command(_) => unreachable!("invariant: a program waits for the disk"),
        }
        self.schedule.done(&job.name, date, time);
    }

    /// The disk has the decisions to start. Like an order, a start is judged again at the last moment.
    pub(super) fn release_jobs(&mut self, now: Now, token: u64, out: &mut Vec<Command>) {
        let time = self.clock.corrected(now);
        for (job, date) in self.schedule.flushed(token) {
            let (at, why) = match self.schedule.window(&job, date) {
                None => (time, "the calendar has changed meanwhile".to_owned()),
                Some((at, Some(until))) if until <= time => {
                    (at, format!("the disk took until {time}, and {until} is too late"))
                }
                Some(_) => {
                    out.push(Command::StartJob { job, date });
                    continue;
                }
            };
            self.schedule.gave_up(&job.name, date, time, &why);
            Self::tell_missed(&job, (date, at), &why, None, out);
        }
    }

    /// A program has ended.
    pub(super) fn job_ended(
        &mut self,
        now: Now,
        name: &JobName,
        date: Date,
        end: &JobEnd,
        out: &mut Vec<Command>,
    ) {
        let time = self.clock.corrected(now);
        if !self.schedule.ended(name, date, end, time) {
            return;
        }
        let text = ended(name, date, end);
        out.push(if end.is_good() { Command::JobNote { text } } else { Command::Notice { text } });
    }

    /// What is wrong with a bot's prices, by the limit that its orders are held to.
    fn unfit_prices(&self, now: Now, bot: &BotName) -> Option<String> {
        let config = self.bot_config(bot)?;
        let max = config.stale_after?;
        config.instruments.keys().find_map(|instrument| match self.quotes.age(instrument, now.wall) {
            None => Some(format!("no {instrument} price yet")),
            Some(age) if age > max => Some(format!("no {instrument} price for {}", Span(age))),
            Some(_) => None,
        })
    }

    /// Says stop.
    pub(super) fn halt(&mut self, now: Now, bot: Option<&BotName>, halt: Halt, out: &mut Vec<Command>) {
        let whom = bot.map_or("fleet", BotName::as_str);
        let text = format!("{whom} halted ({}) by {}: {}", halt.level, halt.by, halt.reason);
        let level = halt.level;
        self.halts.set(bot.cloned(), halt);
        if level == HaltLevel::All {
            self.cancel_everything(now, bot, out);
        }
        out.push(Command::Notice { text });
    }
}

/// What became of the program of a date.
fn ended(job: &JobName, date: Date, end: &JobEnd) -> String {
    format!("job {job}: its program of {date} {end}")
}
