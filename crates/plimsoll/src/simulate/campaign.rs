//! Many days: how long to go on, the threads that share them, and what a person sees meanwhile.
//!
//! Each day has one thread, and the days that are played are the first so many from the first seed on, whatever the
//! number of threads: so where a campaign ends the next one can go on.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::report::Day;
use crate::exit::Failure;

/// Between two words about it where somebody watches, and where they go to a file.
const WATCHED: Duration = Duration::from_secs(1);
const UNWATCHED: Duration = Duration::from_mins(1);

/// When it is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// After so many days.
    Days(u64),
    /// After so long; days that have begun are ended.
    Passed(Duration),
}

/// How many threads there are, and whether somebody is told how far it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    pub(super) threads: usize,
    pub(super) tells: Tells,
}

/// Whether somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// On stderr.
    Progress,
    /// The result alone counts.
    Nothing,
}

/// What the threads share.
struct Shared {
    next: AtomicU64,
    days: Mutex<Vec<(u64, Result<Day, Failure>)>>,
}

/// Plays the days from this seed on, in the order of their seeds.
pub(super) fn run(
    first: u64,
    until: Until,
    how: How,
    play: impl Fn(u64) -> Result<Day, Failure> + Sync,
) -> Result<Vec<Day>, Failure> {
    let begun = Instant::now();
    let threads = how.threads.max(1);
    let shared = Shared { next: AtomicU64::new(0), days: Mutex::default() };
    // Nothing is ever sent: that the last thread has ended is what the other end hears.
    let (runs, over) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let runs = runs.clone();
            let (shared, play) = (&shared, &play);
            scope.spawn(move || {
                let _runs = runs;
                while let Some(index) = next(shared, until, begun) {
                    let day = play(first.wrapping_add(index));
                    shared.days.lock().expect("a thread that panics ends the run").push((index, day));
                }
            });
        }
        drop(runs);
        if how.tells == Tells::Progress {
            watch(&shared, &over, until, begun);
        }
    });
    let mut days = shared.days.into_inner().expect("a thread that panics ends the run");
    days.sort_by_key(|(index, _)| *index);
    days.into_iter().map(|(_, day)| day).collect()
}

/// The next day, if there is one.
fn next(shared: &Shared, until: Until, begun: Instant) -> Option<u64> {
    match until {
        Until::Days(count) => {
            Some(shared.next.fetch_add(1, Ordering::Relaxed)).filter(|index| *index < count)
        }
        Until::Passed(span) => (begun.elapsed() < span).then(|| shared.next.fetch_add(1, Ordering::Relaxed)),
    }
}

/// Says how far it is until it is over. Nobody is held up by that, and a stderr that is closed is nobody's.
fn watch(shared: &Shared, over: &Receiver<()>, until: Until, begun: Instant) {
    let is_watched = io::stderr().is_terminal();
    let every = if is_watched { WATCHED } else { UNWATCHED };
    let mut has_said = false;
    while over.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        has_said = true;
        let (played, bad) = {
            let days = shared.days.lock().expect("a thread that panics ends the run");
            let is_bad =
                |day: &Result<Day, Failure>| day.as_ref().is_ok_and(|day| !day.violations.is_empty());
            (days.len(), days.iter().filter(|(_, day)| is_bad(day)).count())
        };
        let text = progress(played, bad, until, begun.elapsed());
        let text = if is_watched { format!("\r{text}\x1b[K") } else { format!("{text}\n") };
        let mut stderr = io::stderr().lock();
        if stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()).is_err() {
            return;
        }
    }
    if is_watched && has_said {
        // The line of the progress makes room for the result. Where it cannot, the result begins behind it.
        io::stderr().lock().write_all(b"\r\x1b[K").ok();
    }
}

fn progress(played: usize, bad: usize, until: Until, passed: Duration) -> String {
    let of = match until {
        Until::Days(count) => format!("{played} of {count} days, {}s", passed.as_secs()),
        Until::Passed(span) => format!("{played} days, {} of {}s", passed.as_secs(), span.as_secs()),
    };
    match bad {
        0 => format!("{of}, no violation so far"),
        bad => format!("{of}, {bad} with a violation"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_meanwhile_says_how_far_it_is_and_whether_anything_was_found() {
        let second = Duration::from_secs(1);
        assert_eq!(progress(7, 0, Until::Days(100), 3 * second), "7 of 100 days, 3s, no violation so far");
        let minute = Until::Passed(60 * second);
        assert_eq!(progress(7, 2, minute, 3 * second), "7 days, 3 of 60s, 2 with a violation");
    }
}
