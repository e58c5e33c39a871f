//! Following the journal: what was there before, from its files; what comes, from the thread that writes it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use plimsoll_core::{Bridge, Command, Config};
use plimsoll_journal::{Body, Head, ReadError, Reader};
use plimsoll_model::Now;

use super::tables::{Tables, is_hash};
use crate::unread::{Lenient, Unread};

/// Batches of records that may wait for the follower. Reached: it is given up.
const WAITING_MAX: usize = 10_000;
/// Records in one transaction, at most.
const TRANSACTION_MAX: usize = 2_000;
/// How long a record may wait for its transaction to end.
const TRANSACTION_TIME: Duration = Duration::from_millis(250);

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
    pub(crate) head: Head,
    pub(crate) now: Now,
    pub(crate) body: Body,
}

/// The journal's thread's side of a follower.
#[derive(Debug)]
pub(crate) struct Projection {
    sender: Option<SyncSender<Vec<Followed>>>,
    state: State,
    thread: Option<JoinHandle<()>>,
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
        let (journal, file) = (state_dir.join("journal"), state_dir.join(super::FILE));
        let thread = std::thread::Builder::new().name("projection".into()).spawn(move || {
            if let Err(error) = run(&journal, &file, head, &config, &receiver) {
                tracing::warn!("{error}");
                say(&said, error.to_string());
            }
        })?;
        Ok(Self { sender: Some(sender), state, thread: Some(thread) })
    }

    /// Tells the follower what was written. Never waits.
    pub(crate) fn tell(&mut self, records: Vec<Followed>) {
        let Some(sender) = &self.sender else { return };
        match sender.try_send(records) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                let text = "behind, given up until the next start; is the disk slow or full?";
                tracing::warn!("the projection: {text}");
                say(&self.state, text.to_owned());
                self.sender = None;
            }
            // It has said why.
            Err(TrySendError::Disconnected(_)) => self.sender = None,
        }
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
    /// What was told is written before the state directory is anybody else's.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // It has reported its failure already, if it had one.
            let _ = thread.join();
        }
    }
}

fn say(state: &State, text: String) {
    *state.lock().expect("nothing panics while it holds this lock") = text;
}

/// Makes the tables of a journal that nobody writes to. `today` stands in for recorded configurations that are
/// refused by now; without it the one before does.
pub fn project(journal: &Path, file: &Path, today: Option<Arc<Config>>) -> Result<Projected, ProjectError> {
    let tables = Tables::create_over_our_own(file)?;
    let tables = tables.ok_or_else(|| ProjectError::NotOurs { file: file.display().to_string() })?;
    let mut follower = Follower::new(tables, 0, today);
    follower.read(journal, u64::MAX)?;
    Ok(Projected { seq: follower.last.seq, unread: follower.lenient.unread() })
}

fn run(
    journal: &Path,
    file: &Path,
    head: Head,
    config: &Arc<Config>,
    told: &Receiver<Vec<Followed>>,
) -> Result<(), ProjectError> {
    let mut follower = catch_up(journal, file, head, config)?;
    while let Ok(first) = told.recv() {
        follower.tables.begin()?;
        let mut count = follower.take_all(first)?;
        let begun = std::time::Instant::now();
        while count < TRANSACTION_MAX {
            match told.recv_timeout(TRANSACTION_TIME.saturating_sub(begun.elapsed())) {
                Ok(more) => count += follower.take_all(more)?,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        follower.tables.commit(follower.last)?;
    }
    Ok(())
}

/// The tables at the journal's head: those of the file as far as they are this journal's, or new ones.
fn catch_up(journal: &Path, file: &Path, head: Head, config: &Arc<Config>) -> Result<Follower, ProjectError> {
    let tables = Tables::open(file)?;
    let (seq, hash) = tables.last()?;
    if seq > 0 && !is_of(journal, head, seq, &hash)? {
        tracing::info!("the projection is not of this journal; made anew");
        drop(tables);
        let mut follower = Follower::new(Tables::create(file)?, 0, Some(Arc::clone(config)));
        follower.read(journal, head.seq)?;
        return Ok(follower);
    }
    let mut follower = Follower::new(tables, seq, Some(Arc::clone(config)));
    follower.read(journal, head.seq)?;
    Ok(follower)
}

/// Whether the journal has that record under that number.
fn is_of(journal: &Path, head: Head, seq: u64, hash: &str) -> Result<bool, ProjectError> {
    if seq > head.seq {
        return Ok(false);
    }
    for record in Reader::open(journal)? {
        let record = record?;
        if record.seq == seq {
            return Ok(is_hash(hash, &record.hash));
        }
    }
    Ok(false)
}

/// A bridge that lives through the journal, and the tables that show what became of it.
struct Follower {
    bridge: Bridge,
    tables: Tables,
    /// Records up to here are in the tables already.
    known: u64,
    last: Head,
    /// Decisions of the latest event that the journal has not named yet.
    decided: VecDeque<Command>,
    out: Vec<Command>,
    lenient: Lenient,
}

impl Follower {
    fn new(tables: Tables, known: u64, config: Option<Arc<Config>>) -> Self {
        Self {
            bridge: Bridge::new(),
            tables,
            known,
            last: Head::default(),
            decided: VecDeque::new(),
            out: Vec::new(),
            lenient: Lenient::new(config),
        }
    }

    /// Everything in the journal's files up to a record.
    fn read(&mut self, journal: &Path, up_to: u64) -> Result<(), ProjectError> {
        self.tables.begin()?;
        for record in Reader::open(journal)? {
            let record = record?;
            if record.seq > up_to {
                break;
            }
            let seq = record.seq;
            let head = Head { seq, hash: record.hash, epoch: record.epoch };
            let body = match record.body() {
                Ok(body) => body,
                Err(error) => {
                    self.lenient.pass_over(seq, &error);
                    self.last = head;
                    continue;
                }
            };
            self.take(Followed { head, now: record.now, body })?;
        }
        self.tables.commit(self.last)?;
        Ok(())
    }

    fn take_all(&mut self, records: Vec<Followed>) -> Result<usize, ProjectError> {
        let count = records.len();
        for record in records {
            self.take(record)?;
        }
        Ok(count)
    }

    fn take(&mut self, record: Followed) -> Result<(), ProjectError> {
        let Followed { head, now, body } = record;
        let seq = head.seq;
        let is_new = seq > self.known;
        self.last = head;
        if let Body::Decision { text } = body {
            let command = self.decided.pop_front().filter(|command| command.to_string() == text);
            if is_new {
                self.tables.decision((seq, now.wall), &text, command.as_ref(), &self.bridge)?;
            }
            return Ok(());
        }
        let Some(event) = self.lenient.event(seq, body) else { return Ok(()) };
        self.bridge.on(now, event, &mut self.out);
        self.decided.clear();
        self.decided.extend(self.out.drain(..));
        if is_new {
            self.tables.changes(seq, now.wall, &self.bridge)?;
        }
        Ok(())
    }
}
