//! Following the journal: what was there before, from its files; what comes, from the thread that writes it.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use plimsoll_core::Config;
use plimsoll_journal::{Head, ReadError, Reader};

use super::tables::{Tables, is_hash};
use super::told::{Teller, Told};
use crate::unread::Unread;

/// Batches of records that may wait for the follower. Reached: it is given up.
const WAITING_MAX: usize = 10_000;
/// Bytes of them. Reached: the same.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Records in one transaction, at most.
const TRANSACTION_MAX: usize = 2_000;
/// How long a record may wait for its transaction to end.
const TRANSACTION_TIME: Duration = Duration::from_millis(250);

/// How long an end waits for what is still missing in the tables; the next start makes up the rest. A short
/// journal is through by then, and a long one must not hold up an end for the minutes that it takes.
const END_MAX: Duration = Duration::from_secs(5);

/// What a test sees of a follower that hears nothing.
#[cfg(test)]
pub(super) type Deaf = Receiver<Box<Batch>>;

/// Why the tables cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The file.
    #[error("the projection: {0}; it may be deleted, and is made again at the next start")]
    Sqlite(#[from] rusqlite::Error),
    /// The journal.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Something else is where the tables were to be made.
    #[error("{file} is there and is no projection; nothing was changed, name another file")]
    NotOurs {
        /// Where.
        file: String,
    },
}

/// What [`project`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projected {
    /// The last record that is in it.
    pub seq: u64,
    /// What this version does not understand and the tables lack.
    pub unread: Option<Unread>,
}

/// One record on its way to the tables.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) told: Told,
}

/// What was written at once: what it says to the tables, and its last record, which may say nothing.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) last: Head,
    pub(crate) followed: Vec<Followed>,
}

/// The journal's thread's side of a follower.
#[derive(Debug)]
pub(crate) struct Projection {
    sender: Option<SyncSender<Box<Batch>>>,
    backlog: Arc<Backlog>,
    end_max: Duration,
    state: State,
    thread: Option<JoinHandle<()>>,
}

/// What waits for the follower, and until when it may work that off.
#[derive(Debug, Default)]
struct Backlog {
    /// Bytes that were told and are not in the tables.
    bytes: AtomicUsize,
    end: OnceLock<Instant>,
}

impl Backlog {
    fn is_over(&self) -> bool {
        self.end.get().is_some_and(|end| Instant::now() >= *end)
    }
}

/// `following`, or why not.
type State = Arc<Mutex<String>>;

impl Projection {
    /// Follows a journal whose records up to `head` are in its files and whose further ones will be told.
    /// `config` stands in for recorded configurations that are refused today.
    pub(crate) fn start(state_dir: &Path, head: Head, config: Arc<Config>) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let state = State::new(Mutex::new("following".to_owned()));
        let said = Arc::clone(&state);
        let backlog = Arc::new(Backlog::default());
        let queue = Queue { receiver, backlog: Arc::clone(&backlog) };
        let (journal, file) = (state_dir.join("journal"), state_dir.join(super::FILE));
        let thread = std::thread::Builder::new().name("projection".into()).spawn(move || {
            if let Err(error) = run(&journal, &file, head, &config, &queue) {
                tracing::warn!("{error}");
                say(&said, error.to_string());
            }
        })?;
        Ok(Self { sender: Some(sender), backlog, end_max: END_MAX, state, thread: Some(thread) })
    }

    /// Tells the follower what was written. Never waits.
    pub(crate) fn tell(&mut self, batch: Batch) {
        let Some(sender) = &self.sender else { return };
        let bytes = batch.size();
        if self.backlog.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > WAITING_BYTES_MAX {
            self.give_up();
            return;
        }
        match sender.try_send(Box::new(batch)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.give_up(),
            // It has said why.
            Err(TrySendError::Disconnected(_)) => self.sender = None,
        }
    }

    fn give_up(&mut self) {
        let text = "behind, given up until the next start; is the disk slow or full?";
        tracing::warn!("the projection: {text}");
        say(&self.state, text.to_owned());
        self.sender = None;
    }

    /// A follower that hears nothing.
    #[cfg(test)]
    pub(super) fn deaf() -> (Self, Deaf) {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let (backlog, state) = (Arc::default(), State::new(Mutex::new("following".to_owned())));
        (Self { sender: Some(sender), backlog, end_max: END_MAX, state, thread: None }, receiver)
    }

    /// Bytes that were told and are not in the tables.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.backlog.bytes.load(Ordering::Relaxed)
    }

    /// Ends at once, with as much as is in the tables by then.
    #[cfg(test)]
    pub(super) fn end_now(mut self) {
        self.end_max = Duration::ZERO;
    }

    /// How it stands, for whoever asks.
    pub(crate) fn state(&self) -> ProjectionState {
        ProjectionState(Arc::clone(&self.state))
    }
}

/// A view of how a follower stands.
#[derive(Debug, Clone)]
pub(crate) struct ProjectionState(State);

impl ProjectionState {
    pub(crate) fn say(&self) -> String {
        self.0.lock().expect("nothing panics while it holds this lock").clone()
    }
}

impl Drop for Projection {
    /// The state directory is nobody else's before the thread has ended.
    fn drop(&mut self) {
        self.sender = None;
        let _ = self.backlog.end.set(Instant::now() + self.end_max);
        if let Some(thread) = self.thread.take() {
            // It has reported its failure already, if it had one.
            let _ = thread.join();
        }
    }
}

impl Batch {
    fn size(&self) -> usize {
        size_of::<Self>()
            + self.followed.iter().map(|one| size_of::<Followed>() + one.told.size()).sum::<usize>()
    }
}

/// The follower's side.
struct Queue {
    receiver: Receiver<Box<Batch>>,
    backlog: Arc<Backlog>,
}

fn say(state: &State, text: String) {
    *state.lock().expect("nothing panics while it holds this lock") = text;
}

/// Makes the tables of a journal that nobody writes to. `today` stands in for recorded configurations that are
/// refused by now; without it the one before does.
pub fn project(journal: &Path, file: &Path, today: Option<Arc<Config>>) -> Result<Projected, ProjectError> {
    let tables = Tables::create_over_our_own(file)?;
    let tables = tables.ok_or_else(|| ProjectError::NotOurs { file: file.display().to_string() })?;
    let (mut follower, mut teller) = (Follower { tables, last: Head::default() }, Teller::new(today));
    follower.read(journal, 0, u64::MAX, &mut teller, &Backlog::default())?;
    Ok(Projected { seq: follower.last.seq, unread: teller.unread() })
}

fn run(
    journal: &Path,
    file: &Path,
    head: Head,
    config: &Arc<Config>,
    queue: &Queue,
) -> Result<(), ProjectError> {
    let Some(mut follower) = catch_up(journal, file, head, config, &queue.backlog)? else { return Ok(()) };
    while let Ok(first) = queue.receiver.recv() {
        if queue.backlog.is_over() {
            break;
        }
        follower.tables.begin()?;
        let mut count = follower.take(&first, &queue.backlog)?;
        let begun = Instant::now();
        while count < TRANSACTION_MAX {
            match queue.receiver.recv_timeout(TRANSACTION_TIME.saturating_sub(begun.elapsed())) {
                Ok(more) => count += follower.take(&more, &queue.backlog)?,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        follower.tables.commit(follower.last)?;
    }
    Ok(())
}

/// The tables at the journal's head: those of the file as far as they are this journal's, or new ones.
/// Nothing if the time was over on the way.
fn catch_up(
    journal: &Path,
    file: &Path,
    head: Head,
    config: &Arc<Config>,
    backlog: &Backlog,
) -> Result<Option<Follower>, ProjectError> {
    let tables = Tables::open(file)?;
    let (seq, hash) = tables.last()?;
    let (tables, known) = match is_of(journal, head, seq, &hash, backlog)? {
        None => return Ok(None),
        Some(true) => (tables, seq),
        Some(false) => {
            tracing::info!("the projection is not of this journal; made anew");
            drop(tables);
            (Tables::create(file)?, 0)
        }
    };
    let (mut follower, mut teller) =
        (Follower { tables, last: Head::default() }, Teller::new(Some(Arc::clone(config))));
    Ok(follower.read(journal, known, head.seq, &mut teller, backlog)?.then_some(follower))
}

/// Whether the journal has that record under that number; nothing if the time was over before that was known.
fn is_of(
    journal: &Path,
    head: Head,
    seq: u64,
    hash: &str,
    backlog: &Backlog,
) -> Result<Option<bool>, ProjectError> {
    if seq == 0 || seq > head.seq {
        return Ok(Some(seq == 0));
    }
    for record in Reader::open(journal)? {
        let record = record?;
        if backlog.is_over() {
            return Ok(None);
        }
        if record.seq == seq {
            return Ok(Some(is_hash(hash, &record.hash)));
        }
    }
    Ok(Some(false))
}

/// The tables, and how far they have come.
struct Follower {
    tables: Tables,
    last: Head,
}

impl Follower {
    /// Everything in the journal's files up to a record; up to `known` it is in the tables already. Whether it came
    /// so far before its time was over; what it has read by then stays, and the next start goes on from there.
    fn read(
        &mut self,
        journal: &Path,
        known: u64,
        up_to: u64,
        teller: &mut Teller,
        backlog: &Backlog,
    ) -> Result<bool, ProjectError> {
        self.tables.begin()?;
        for record in Reader::open(journal)? {
            let record = record?;
            if record.seq > up_to {
                break;
            }
            if backlog.is_over() {
                // Where nothing new was read the file's own mark has to stand.
                if self.last.seq > known {
                    self.tables.commit(self.last)?;
                }
                return Ok(false);
            }
            let seq = record.seq;
            self.last = Head { seq, hash: record.hash, epoch: record.epoch };
            let body = match record.body() {
                Ok(body) => body,
                Err(error) => {
                    teller.pass_over(seq, &error);
                    continue;
                }
            };
            let told = teller.take(seq, record.now, body).filter(|_| seq > known);
            if let Some(told) = told {
                self.tables.write(seq, record.now.wall, &told)?;
            }
        }
        self.tables.commit(self.last)?;
        Ok(true)
    }

    /// What the gateway has written meanwhile, and how many rows that was.
    fn take(&mut self, batch: &Batch, backlog: &Backlog) -> Result<usize, ProjectError> {
        let bytes = batch.size();
        for Followed { seq, at, told } in &batch.followed {
            self.tables.write(*seq, *at, told)?;
        }
        self.last = batch.last;
        backlog.bytes.fetch_sub(bytes, Ordering::Relaxed);
        Ok(batch.followed.len().max(1))
    }
}
