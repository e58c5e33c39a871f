//! The gateway: starting it, and the handle by which its owner waits for it, looks at it and ends it.
//!
//! Owns the order of a start: the state directory's lock, the journal run through the bridge, the ports
//! taken, the venue's clock, and only then the first event of the new epoch. Does not own the work
//! afterwards, which is [`crate::work`]'s.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use jiff::SignedDuration;
use plimsoll_calendar::Calendar;
use plimsoll_core::{Bridge, ClockEvent, Config, Operator};
use plimsoll_journal::{
    LockError, MemorySink, Options, ReadError, Reader, StateLock, WriteError, Writer, recover,
};
use plimsoll_model::{BotName, LinkId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::announced::{self, Folder};
use crate::clock::{Clock, FollowError, fetch};
use crate::config::{Loaded, Settings};
use crate::history::cache::{self, Cache};
use crate::input::{Detail, Input, OperatorInput, Shared, VenueInput};
use crate::journal_thread::{Journal, JournalSink};
use crate::link::{self, BindError, Bound};
use crate::operator::{Api, OperatorError};
use crate::pacing;
use crate::projection::{Projection, ProjectionState};
use crate::replay::{self, ReplayError, Resumed};
use crate::unread::Unread;
use crate::view::View;
use crate::work::Work;

/// Where the journal goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// To the state directory, which also gets the operator's socket and token.
    Disk,
    /// Nowhere that survives, and without an operator's API; for benchmarks.
    Memory,
}

/// Why the gateway did not start. The command line ends with exit code 3.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process has the state directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal is not intact.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The journal cannot be run again.
    #[error("the journal cannot be run again: {0}")]
    Replay(#[from] ReplayError),
    /// A file of announced calendar days cannot be used: a closure may stand in it.
    #[error("{0}; not started, because a day that is announced there would be missing")]
    Calendar(String),
    /// A port is taken.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The simulator's clock is not known.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The operator's API could not be set up.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// The journal's thread could not be started.
    #[error("the journal's thread was not started: {0}")]
    Thread(std::io::Error),
}

/// Why a running gateway ended by itself. It must not go on, and a restart reconciles.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The disk. Nothing that waited for it has left.
    #[error(transparent)]
    Journal(#[from] WriteError),
    /// A port could not be opened after all.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// Where a started gateway is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Each bot's port, in the order of the configuration.
    pub bots: Vec<(BotName, SocketAddr)>,
    /// The operator's HTTP; none in memory.
    pub operator: Option<SocketAddr>,
}

/// A running gateway. Dropping the handle ends it without a farewell.
#[derive(Debug)]
pub struct GatewayHandle {
    addresses: Addresses,
    inputs: UnboundedSender<Input>,
    ready: watch::Receiver<bool>,
    task: JoinHandle<Result<(), GatewayError>>,
}

/// See [`start`](Self::start).
#[derive(Debug)]
pub struct Gateway;

impl Gateway {
    /// Starts a gateway on the caller's runtime.
    pub async fn start(loaded: Loaded, storage: Storage) -> Result<GatewayHandle, StartError> {
        let Loaded { config, settings, unenforced, .. } = loaded;
        let config = Arc::new(config);
        let announced = match storage {
            Storage::Disk => Folder::read(&settings.state_dir.join(announced::FOLDER)),
            Storage::Memory => Folder::default(),
        };
        if !announced.problems().is_empty() {
            return Err(StartError::Calendar(announced.problems().join("\n")));
        }
        let ports = bind(&settings)?;
        let past = match storage {
            Storage::Disk => Past::on_disk(&settings, &config)?,
            Storage::Memory => Past::none(),
        };
        let mut clock = match &settings.follow {
            None => Clock::system(past.resumed.last),
            Some(control) => Clock::following(fetch(control).await?, Instant::now(), past.resumed.last),
        };
        let (inputs, receiver) = unbounded_channel();
        let shared = Arc::new(Shared::new(&settings.upstream, inputs.clone(), past.resumed.last_link));
        let api = match storage {
            Storage::Disk => Some(Api::open(&settings, inputs.clone())?),
            Storage::Memory => None,
        };
        let mut notes: Vec<String> = unenforced.iter().map(ToString::to_string).collect();
        notes.extend(calendar_ends(clock.now().wall));
        let addresses = Addresses {
            bots: ports.iter().map(|(bot, bound)| (bot.clone(), bound.address())).collect(),
            operator: api.as_ref().map(Api::address),
        };
        let reports = inputs.clone();
        let projection = match &past.sink {
            JournalSink::Disk(writer) => {
                Some(Projection::start(&settings.state_dir, writer.head(), Arc::clone(&config)))
            }
            JournalSink::Memory(_) => None,
        };
        let projection = projection.transpose().map_err(StartError::Thread)?;
        let follows = projection.as_ref().map(Projection::state);
        let journal = Journal::start(past.sink, projection, move |report| {
            let _ = reports.send(Input::Journal(report));
        })
        .map_err(StartError::Thread)?;
        let cache = history_cache(&settings, storage, &clock, &inputs)?;
        // Who waits for us in lockstep has no second in which it takes no more.
        let spent_until = past.spent_until.filter(|_| !clock.is_lockstep());
        let (ready, is_ready) = watch::channel(false);
        let work = Work::new(Parts {
            config,
            settings,
            notes,
            announced: matches!(storage, Storage::Disk).then_some(announced),
            bridge: past.resumed.bridge,
            unread: past.resumed.unread,
            epoch: past.epoch,
            spent_until,
            clock,
            journal,
            follows,
            cache,
            shared,
            ports,
            api,
            ready,
            lock: past.lock,
        });
        let task = tokio::spawn(work.run(receiver));
        Ok(GatewayHandle { addresses, inputs, ready: is_ready, task })
    }
}

/// Everything that the work needs.
pub(crate) struct Parts {
    pub(crate) config: Arc<Config>,
    pub(crate) settings: Settings,
    pub(crate) notes: Vec<String>,
    /// The days of `calendar.d`; none where there is no folder to watch.
    pub(crate) announced: Option<Folder>,
    pub(crate) bridge: Bridge,
    /// What of the journal this version did not understand.
    pub(crate) unread: Option<Unread>,
    pub(crate) epoch: u64,
    /// Nothing is said to the venue before then: the life before may have spent the budget.
    pub(crate) spent_until: Option<Instant>,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) follows: Option<ProjectionState>,
    pub(crate) cache: Option<Cache>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) ports: Vec<(BotName, Bound)>,
    pub(crate) api: Option<Api>,
    pub(crate) ready: watch::Sender<bool>,
    pub(crate) lock: Option<StateLock>,
}

/// The end of the channel that only the work reads.
pub(crate) type Inputs = UnboundedReceiver<Input>;

impl GatewayHandle {
    /// Where it is reached.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Waits until the broker's state is known and bots may connect; false if the gateway ended before.
    pub async fn ready(&mut self) -> bool {
        self.ready.wait_for(|ready| *ready).await.is_ok()
    }

    /// How things stand; nothing if the gateway has ended.
    pub async fn look(&self) -> Option<View> {
        let (answer, asked) = oneshot::channel();
        self.inputs.send(Input::Operator(OperatorInput::Look(Detail::Everything, answer))).ok()?;
        asked.await.ok()
    }

    /// Says something to the bridge as an operator; false if the gateway has ended.
    pub async fn act(&self, operator: Operator) -> bool {
        let (answer, asked) = oneshot::channel();
        self.inputs.send(Input::Operator(OperatorInput::Act(operator, answer))).is_ok() && asked.await.is_ok()
    }

    /// A drill about clocks: from now on the host's wall clock is ahead of the followed venue's by so much, and
    /// its watch finds this. False if the gateway has ended. Without effect on a clock that follows nobody.
    pub async fn rehearse(&self, ahead: SignedDuration, news: Vec<ClockEvent>) -> bool {
        let (done, heard) = oneshot::channel();
        self.inputs.send(Input::Rehearsal { ahead, news, done }).is_ok() && heard.await.is_ok()
    }

    /// Waits until the gateway ends by itself.
    pub async fn ended(&mut self) -> Result<(), GatewayError> {
        (&mut self.task).await.unwrap_or_else(resume)
    }

    /// Closes the links, writes the journal to its end, and ends.
    pub async fn shutdown(self) -> Result<(), GatewayError> {
        let _ = self.inputs.send(Input::Operator(OperatorInput::Shutdown));
        self.task.await.unwrap_or_else(resume)
    }

    /// Ends at once, the way a killed process does: nothing is flushed, nobody is told.
    pub fn kill(self) {
        self.task.abort();
    }
}

/// A panic of the gateway is its owner's.
fn resume(error: tokio::task::JoinError) -> Result<(), GatewayError> {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Ok(()),
    }
}

/// What the journal says about the time before this start.
struct Past {
    resumed: Resumed,
    epoch: u64,
    spent_until: Option<Instant>,
    sink: JournalSink,
    lock: Option<StateLock>,
}

impl Past {
    fn none() -> Self {
        let bridge = Bridge::new();
        let report = replay::ReplayReport::default();
        let resumed = Resumed { bridge, report, last: None, last_link: LinkId(0), unread: None };
        let writer = Writer::new(MemorySink::new(), Options::default(), 1);
        let sink = JournalSink::Memory(Box::new(writer));
        Self { resumed, epoch: 1, spent_until: None, sink, lock: None }
    }

    fn on_disk(settings: &Settings, config: &Arc<Config>) -> Result<Self, StartError> {
        let lock = StateLock::acquire(&settings.state_dir)?;
        let locked = Instant::now();
        let recovered = recover(&lock)?;
        if let Some(torn) = &recovered.torn_tail {
            tracing::warn!(
                seq = torn.seq,
                "the last batch of the journal was cut short by a crash; it was removed"
            );
        }
        let epoch = recovered.head.epoch + 1;
        let resumed = replay::resume(Reader::open(&lock.journal_dir())?, config)?;
        if let Some(difference) = &resumed.report.first_difference {
            tracing::warn!(
                seq = difference.seq,
                "this version would have decided otherwise on `{}`: recorded {:?}, now {:?}",
                difference.event,
                difference.recorded,
                difference.decided
            );
        }
        let spent_until = pacing::spent_until(locked, resumed.last);
        let sink = JournalSink::Disk(Box::new(recovered.into_writer(Options::default())));
        Ok(Self { resumed, epoch, spent_until, sink, lock: Some(lock) })
    }
}

/// A warning while there is time left to act on it; after the end every order that needs the calendar is denied.
fn calendar_ends(now: jiff::Timestamp) -> Option<String> {
    let calendar = Calendar::us_equities();
    let text = calendar.ends_soon(now).then(|| {
        format!(
            "calendar {} ends on {}; orders are denied after it; use a release with newer calendars",
            calendar.name(),
            calendar.valid_through()
        )
    })?;
    tracing::warn!("{text}");
    Some(text)
}

/// Answers with history that stay; none where the venue waits for us, because the disk would decide what it is asked.
fn history_cache(
    settings: &Settings,
    storage: Storage,
    clock: &Clock,
    inputs: &UnboundedSender<Input>,
) -> Result<Option<Cache>, StartError> {
    let bytes = settings.history_cache.filter(|_| storage == Storage::Disk && !clock.is_lockstep());
    let Some(bytes) = bytes else { return Ok(None) };
    let said = inputs.clone();
    let say = move |say| drop(said.send(Input::Venue(VenueInput::Kept(say))));
    let file = settings.state_dir.join(cache::FILE);
    Cache::start(file, bytes, say).map(Some).map_err(StartError::Thread)
}

fn bind(settings: &Settings) -> Result<Vec<(BotName, Bound)>, StartError> {
    settings.ports.iter().map(|port| Ok((port.bot.clone(), link::bind(port.listen)?))).collect()
}

/// Bots whose guard of stale data is switched off.
pub(crate) fn without_stale_guard(config: &Config) -> Vec<BotName> {
    config.bots.iter().filter(|bot| bot.stale_after.is_none()).map(|bot| bot.name.clone()).collect()
}

/// Each bot's stage, where the configuration names one.
pub(crate) fn stages(settings: &Settings) -> BTreeMap<BotName, Box<str>> {
    settings.ports.iter().filter_map(|port| Some((port.bot.clone(), port.stage.clone()?))).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use plimsoll_journal::Body;
    use plimsoll_model::{Mono, Now};

    use super::*;

    #[test]
    fn a_start_counts_with_what_the_life_before_has_spent_and_the_first_with_nothing() {
        let dir = std::env::temp_dir().join(format!("plimsoll-spent-{}", std::process::id()));
        let text = crate::config::tests::GOOD.replace("\"state\"", &format!("\"{}\"", dir.display()));
        let Loaded { config, settings, .. } = crate::config::parse("plimsoll.toml", &text).unwrap();
        let config = Arc::new(config);
        let first = Past::on_disk(&settings, &config).unwrap();
        assert_eq!(first.spent_until, None);
        let JournalSink::Disk(mut writer) = first.sink else { unreachable!("it is on the disk") };
        let now = Now { mono: Mono::ZERO, wall: Timestamp::UNIX_EPOCH };
        writer.append(now, &Body::LinkNote { link: 1, text: "as any record".into() }).unwrap();
        writer.sync().unwrap();
        drop(first.lock);
        let before = Instant::now();
        let second = Past::on_disk(&settings, &config).unwrap();
        assert!(second.spent_until.unwrap() > before + std::time::Duration::from_secs(1));
        drop(second);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
