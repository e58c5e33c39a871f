//! What is known of each job, over restarts: by its name.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::limits;
use crate::schedule::job::{Job, JobEnd, JobName};

/// One job.
#[derive(Debug)]
pub(crate) struct Memory {
    /// As it was configured last.
    job: Job,
    /// What was due before is nobody's.
    since: Timestamp,
    /// Dates for which it was started or given up, in the order in which that was decided.
    settled: VecDeque<Date>,
    running: Option<Running>,
    last: Option<LastRun>,
}

/// A program that is about to start, or runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) date: Date,
    /// The flush that its start waits for; none: it has started.
    pub(crate) awaits: Option<u64>,
}

/// What became of a job last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// For which trade date.
    pub date: Date,
    /// When that was known.
    pub at: Timestamp,
    /// `started`, `done`, `failed` or `missed`.
    pub outcome: &'static str,
    /// Why, or how.
    pub because: Option<Box<str>>,
}

impl Memory {
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn is_settled(&self, date: Date) -> bool {
        self.settled.contains(&date)
    }

    pub(crate) fn running(&self) -> Option<&Running> {
        self.running.as_ref()
    }

    pub(crate) fn last(&self) -> Option<&LastRun> {
        self.last.as_ref()
    }

    pub(crate) fn settle(&mut self, date: Date) {
        if !self.is_settled(date) {
            self.settled.push_back(date);
        }
        if self.settled.len() > limits::JOB_DATES_MAX {
            self.settled.pop_front();
        }
    }

    pub(crate) fn claimed(&mut self, date: Date, token: u64, at: Timestamp) {
        self.running = Some(Running { date, awaits: Some(token) });
        self.last = Some(LastRun { date, at, outcome: "started", because: None });
    }

    pub(crate) fn released(&mut self) {
        if let Some(running) = &mut self.running {
            running.awaits = None;
        }
    }

    pub(crate) fn missed(&mut self, date: Date, at: Timestamp, why: &str) {
        self.settle(date);
        self.running = None;
        self.last = Some(LastRun { date, at, outcome: "missed", because: Some(why.into()) });
    }

    pub(crate) fn done(&mut self, date: Date, at: Timestamp) {
        self.last = Some(LastRun { date, at, outcome: "done", because: None });
    }
}

/// All jobs that there are, and that there were.
#[derive(Debug, Default)]
pub(crate) struct Memories(BTreeMap<JobName, Memory>);

impl Memories {
    pub(crate) fn get(&self, name: &JobName) -> Option<&Memory> {
        self.0.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &JobName) -> &mut Memory {
        self.0.get_mut(name).expect("every configured job is watched")
    }

    /// A configured job. One that has changed is watched from now on, and keeps its dates: it does not run twice for
    /// one of them.
    pub(crate) fn watch(&mut self, job: &Job, now: Timestamp) {
        match self.0.get_mut(&job.name) {
            Some(known) if known.job == *job => {}
            Some(known) => {
                known.job = job.clone();
                known.since = now;
            }
            None => {
                let memory = Memory {
                    job: job.clone(),
                    since: now,
                    settled: VecDeque::new(),
                    running: None,
                    last: None,
                };
                self.0.insert(job.name.clone(), memory);
            }
        }
    }

    /// Forgets jobs that are not configured any more, beyond what is kept of them.
    pub(crate) fn forget(&mut self, is_configured: impl Fn(&JobName) -> bool) {
        while self.0.len() > limits::JOB_NAMES_MAX {
            let gone = self.0.iter().filter(|(name, _)| !is_configured(name));
            let Some(oldest) = gone.min_by_key(|(_, memory)| memory.since).map(|(name, _)| name.clone())
            else {
                return;
            };
            self.0.remove(&oldest);
        }
    }

    /// Ends every program in the books; which those were.
    pub(crate) fn lose_running(&mut self, at: Timestamp) -> Vec<(JobName, Date)> {
        let mut lost = Vec::new();
        for (name, memory) in &mut self.0 {
            if let Some(running) = memory.running.take() {
                let because = Some(JobEnd::Unknown.to_string().into());
                memory.last = Some(LastRun { date: running.date, at, outcome: "failed", because });
                lost.push((name.clone(), running.date));
            }
        }
        lost
    }

    /// A program has ended; whether it ran.
    pub(crate) fn ended(&mut self, name: &JobName, date: Date, end: &JobEnd, at: Timestamp) -> bool {
        let Some(memory) = self.0.get_mut(name) else { return false };
        if memory.running.is_none_or(|running| running.date != date) {
            return false;
        }
        memory.running = None;
        let outcome = if end.is_good() { "done" } else { "failed" };
        memory.last = Some(LastRun { date, at, outcome, because: Some(end.to_string().into()) });
        true
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, ToSpan};
    use plimsoll_calendar::{AnchorKind, Listing, Policy};

    use super::*;
    use crate::schedule::job::{Action, HalfDays, Missed, Place, Timing, When};

    fn job(name: &str) -> Job {
        Job {
            name: JobName::new(name).unwrap(),
            bot: None,
            timing: Timing {
                place: Place { calendar: "XNYS".into(), listing: Listing::Nyse },
                at: When::Anchor { place: None, kind: AnchorKind::Close, offset: SignedDuration::ZERO },
                until: None,
                half_days: HalfDays::Run,
                policy: Policy::COMPATIBLE,
                missed: Missed::Alert,
            },
            action: Action::CancelOrders,
            require: Vec::new(),
        }
    }

    fn second(n: usize) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + i64::try_from(n).unwrap()).unwrap()
    }

    #[test]
    fn of_names_that_are_not_configured_any_more_the_oldest_are_forgotten_beyond_the_limit() {
        let mut all = Memories::default();
        for n in 0..=limits::JOB_NAMES_MAX {
            all.watch(&job(&format!("j{n}")), second(n));
        }
        let name = |n: usize| JobName::new(&format!("j{n}")).unwrap();
        all.forget(|known| *known == name(0));
        assert!(all.get(&name(0)).is_some(), "it is configured");
        assert!(all.get(&name(1)).is_none(), "the oldest of the others");
        assert!(all.get(&name(2)).is_some());
        // Of configured ones none is, however many they are.
        all.watch(&job("one-more"), second(0));
        all.forget(|_| true);
        assert_eq!(all.0.len(), limits::JOB_NAMES_MAX + 1);
    }

    /// The dates that the lookback can ask for are among the latest.
    #[test]
    fn of_settled_dates_the_latest_are_kept() {
        let mut all = Memories::default();
        all.watch(&job("flat"), second(0));
        let memory = all.get_mut(&JobName::new("flat").unwrap());
        let first = Date::constant(2026, 1, 1);
        for date in first.series(1.day()).take(limits::JOB_DATES_MAX + 1) {
            memory.settle(date);
            memory.settle(date);
        }
        assert_eq!(memory.settled.len(), limits::JOB_DATES_MAX);
        assert!(!memory.is_settled(first));
        assert!(memory.is_settled(Date::constant(2026, 1, 2)));
        assert!(
            i64::try_from(limits::JOB_DATES_MAX).unwrap()
                > limits::JOB_LOOKBACK_DAYS + limits::JOB_AHEAD_DAYS
        );
    }
}
