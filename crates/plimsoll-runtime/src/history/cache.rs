//! Answers that stay the same: bars of sessions that are over, kept on the disk over restarts and for all bots.
//!
//! What is kept is an answer to one question, byte for byte as the venue sent it. It is found again by what is asked and not
//! by who asks: the contract's number, exchange, size, kind and hours of its bars, their last instant and span. Only a
//! question whose every session is over by the calendar is looked up or kept (`work::history` asks it), because no other
//! answer stays the same.
//!
//! Even those change: at a split or a dividend the broker adjusts all prices before it. That happens between two trade
//! dates. So an answer counts on the date on which it was last proved, and on a later one only after an answer fresh from
//! the venue has shown the same prices for the same bars. Where it shows others, everything of the contract is thrown away.
//!
//! It has a thread of its own: no order and no bot waits for its disk. A question that finds it slow goes to the venue.
//!
//! Does not own: which hours are over, and what a bot is shown of an answer. A dedicated provider of bars would stand in its
//! place: it answers [`Job::Find`], too.

mod store;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use jiff::civil::Date;
use plimsoll_model::RawFrame;
use plimsoll_tws::ServerVersion;

use super::budget::Token;
use store::{Store, StoreError};

/// The file, in the folder of the gateway's state.
pub(crate) const FILE: &str = "history.sqlite";
/// Jobs that may wait for the disk; beyond that questions go to the venue.
const JOBS_MAX: usize = 4_096;
/// Bytes of answers that may wait to be kept; beyond that they are not.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A run of bars that belong together: answers to different questions about it may overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) con_id: i32,
    pub(crate) exchange: Box<str>,
    pub(crate) bar_size: Box<str>,
    pub(crate) what: Box<str>,
    pub(crate) use_rth: bool,
    pub(crate) format_date: i32,
    pub(crate) include_expired: bool,
    /// Which form of the wire: bytes of one are not those of another.
    pub(crate) form: i32,
}

/// A question that may have an answer that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) series: Series,
    /// The instant up to which, in seconds of the epoch.
    pub(crate) end: i64,
    /// `600 S`.
    pub(crate) span: Box<str>,
}

/// An answer: the message with the bars, and the one that ends it where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) bars: RawFrame,
    pub(crate) end: Option<RawFrame>,
}

/// What the cache is to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// Look for an answer that counts today.
    Find { token: Token, question: Box<Question>, today: Date },
    /// Keep an answer that came today.
    Keep { question: Box<Question>, today: Date, version: ServerVersion, answer: Kept },
}

/// What the cache says.
#[derive(Debug)]
pub(crate) enum Said {
    /// What was found.
    Found { token: Token, answer: Option<Kept> },
    /// Answers of this series that were of another day count today: questions that wait may find theirs now.
    Proved(Box<Series>),
    /// Something that people should know.
    Note(String),
}

/// The cache from outside.
#[derive(Debug)]
pub(crate) struct Cache {
    jobs: SyncSender<Job>,
    bytes: Arc<AtomicUsize>,
}

impl Cache {
    /// Opens or makes the file, of at most so many bytes of answers, on a thread of its own.
    pub(crate) fn start(
        file: PathBuf,
        bytes_max: u64,
        say: impl Fn(Said) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, receiver) = sync_channel(JOBS_MAX);
        let bytes = Arc::new(AtomicUsize::new(0));
        let waiting = Arc::clone(&bytes);
        std::thread::Builder::new()
            .name("history".into())
            .spawn(move || work(&file, bytes_max, &receiver, &waiting, &say))?;
        Ok(Self { jobs, bytes })
    }

    /// Whether the job was taken. What was not is a question for the venue, or an answer that is not kept.
    pub(crate) fn take(&self, job: Job) -> bool {
        let size = job.size();
        if size > 0 && self.bytes.fetch_add(size, Ordering::Relaxed) + size > WAITING_BYTES_MAX {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            return false;
        }
        let is_taken = self.jobs.try_send(job).is_ok();
        if !is_taken {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
        }
        is_taken
    }
}

impl Job {
    /// Who waits for it.
    pub(crate) fn token(&self) -> Option<Token> {
        match self {
            Self::Find { token, .. } => Some(*token),
            Self::Keep { .. } => None,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Find { .. } => 0,
            Self::Keep { answer, .. } => {
                answer.bars.bytes().len() + answer.end.as_ref().map_or(0, |end| end.bytes().len())
            }
        }
    }
}

/// Works off jobs until the gateway ends or the disk fails; then every question goes to the venue.
fn work(
    file: &std::path::Path,
    bytes_max: u64,
    jobs: &Receiver<Job>,
    waiting: &AtomicUsize,
    say: &impl Fn(Said),
) {
    let mut store = match Store::open(file, bytes_max) {
        Ok(store) => store,
        Err(StoreError::Damaged(why)) => match anew(file, bytes_max, &why, say) {
            Some(store) => store,
            None => return,
        },
        Err(StoreError::Failed(error)) => return give_up(&error, say),
    };
    while let Ok(job) = jobs.recv() {
        waiting.fetch_sub(job.size(), Ordering::Relaxed);
        let unanswered = job.token();
        match carry_out(&mut store, job, say) {
            Ok(()) => continue,
            Err(StoreError::Damaged(why)) => match anew(file, bytes_max, &why, say) {
                Some(new) => store = new,
                None => return,
            },
            Err(StoreError::Failed(error)) => return give_up(&error, say),
        }
        if let Some(token) = unanswered {
            say(Said::Found { token, answer: None });
        }
    }
}

fn carry_out(store: &mut Store, job: Job, say: &impl Fn(Said)) -> Result<(), StoreError> {
    match job {
        Job::Find { token, question, today } => {
            let answer = store.find(&question, today)?;
            say(Said::Found { token, answer });
        }
        Job::Keep { question, today, version, answer } => {
            let outcome = store.keep(&question, today, version, &answer)?;
            if outcome.dropped > 0 {
                let Question { series, .. } = &*question;
                say(Said::Note(format!(
                    "the broker's prices of contract {} ({}, {}) are not those that were kept of the same bars: adjusted, for a \
                     split or a dividend; {} answers of it were thrown away and are asked for anew",
                    series.con_id, series.bar_size, series.what, outcome.dropped
                )));
            }
            if outcome.is_proof {
                say(Said::Proved(Box::new(question.series)));
            }
        }
    }
    Ok(())
}

/// A damaged file is no loss but of time: it is set aside for whoever wants to look, and a new one begins.
fn anew(file: &std::path::Path, bytes_max: u64, why: &str, say: &impl Fn(Said)) -> Option<Store> {
    match store::set_aside(file).and_then(|aside| Ok((aside, Store::open(file, bytes_max)?))) {
        Ok((aside, store)) => {
            let aside = aside.display();
            say(Said::Note(format!(
                "the kept history is damaged ({why}); set it aside as {aside} and began anew"
            )));
            Some(store)
        }
        Err(error) => {
            give_up(&error.to_string(), say);
            None
        }
    }
}

fn give_up(error: &str, say: &impl Fn(Said)) {
    say(Said::Note(format!(
        "no history is kept until the next start: {error}; every question goes to the broker"
    )));
}

#[cfg(test)]
mod tests;
