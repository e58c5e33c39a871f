//! `plimsoll.toml`: text in, [`Config`] of the bridge and [`Settings`] of the shell out.
//!
//! Owns: the keys, their units, the checks within one key and across the file, the place (line and
//! column) of every problem. All problems are reported at once: the file is read into spanned values by
//! hand instead of by `serde`, which stops at the first one.
//!
//! Does not own: what the guards do with the values. Keys that are promised but not yet enforced are
//! parsed, checked and listed in [`Loaded::unenforced`], so that nobody relies on them in silence.

mod across;
mod allocation;
pub mod announced;
mod bot;
mod crossing;
mod future;
mod instant;
mod job;
mod nightly;
mod place;
mod section;
mod value;
mod venue;

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it updates")]
pub(crate) mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_core::Config;
use plimsoll_core::schedule::Planned;
use plimsoll_model::{BotName, ClientId};

use allocation::RawAllocation;
use bot::RawBot;
use job::Jobs;
use place::Problems;
use section::Section;
use venue::{RawClock, RawPlimsoll, RawVenue};

pub use nightly::{BotDatabase, Nightly};
pub use place::{Note, Problem};

/// Everything that one configuration file says.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// For the bridge.
    pub config: Config,
    /// For the shell.
    pub settings: Settings,
    /// The dates of all jobs, those that are not carried out yet included.
    pub planned: Vec<Planned>,
    /// Keys that were read and checked, and that nothing enforces yet.
    pub unenforced: Vec<Note>,
}

/// What the shell needs and the bridge must not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the journal, the operator's socket and token live.
    pub state_dir: PathBuf,
    /// The configuration as text; it goes into the journal with every start.
    pub text: Box<str>,
    /// Where the venue listens, `host:port`.
    pub upstream: Box<str>,
    /// Plimsoll's own client id at the venue.
    pub client_id: ClientId,
    /// Live, paper or simulated.
    pub environment: Environment,
    /// The control address of the simulator whose time is followed.
    pub follow: Option<Box<str>>,
    /// How the system's clock is watched.
    pub clock: ClockSettings,
    /// Where the operator's HTTP listens, besides the Unix socket.
    pub operator: SocketAddr,
    /// How many bytes of answers with history are kept; none if none are.
    pub history_cache: Option<u64>,
    /// One port per bot, in the order of the file.
    pub ports: Vec<BotPort>,
    /// The nightly comparison with statements and bots' own databases.
    pub nightly: Nightly,
}

/// How the system's clock is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockSettings {
    /// Time servers, `host:port`; none leaves the kernel's word and the broker's.
    pub servers: Vec<Box<str>>,
    /// Above this uncertainty the clock is bad.
    pub uncertainty_max: Duration,
}

/// Where a bot connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotPort {
    /// Whose port it is.
    pub bot: BotName,
    /// Loopback; port zero takes any free one.
    pub listen: SocketAddr,
    /// `demo`, `paper` or `live`, where it is named. Shown, not enforced.
    pub stage: Option<Box<str>>,
    /// How long its upstream outlives it while it has working orders; zero ends both together.
    pub keep_upstream: Duration,
}

/// What kind of venue stands behind the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Real money.
    Live,
    /// The broker's paper accounts.
    Paper,
    /// The simulator.
    Sim,
}

impl Environment {
    /// The word of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Paper => "paper",
            Self::Sim => "sim",
        }
    }
}

/// Why a configuration cannot be used. The command line ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No such file, or it cannot be read. There are no built-in defaults to fall back to.
    #[error(
        "{path}: {source}; Plimsoll does not run without a configuration: name one with --config, or write it by \
         docs/configuration.md"
    )]
    Unreadable {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text has problems; all of them are listed, one per line.
    #[error("{}", Lines(.0))]
    Problems(Vec<Problem>),
}

/// Reads and checks a configuration file. A relative `state_dir` is taken from the file's folder.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: shown.clone(), source })?;
    let mut loaded = parse(&shown, &text)?;
    if let Some(folder) = path.parent() {
        loaded.settings.state_dir = folder.join(&loaded.settings.state_dir);
        loaded.settings.nightly.beside(folder);
    }
    Ok(loaded)
}

/// Checks a configuration's text; `file` is how problems name it.
pub fn parse(file: &str, text: &str) -> Result<Loaded, ConfigError> {
    let mut problems = Problems::new(file, text);
    let loaded = read(text, &mut problems);
    match (problems.into_list(), loaded) {
        (list, Some(loaded)) if list.is_empty() => Ok(loaded),
        (list, _) => {
            assert!(!list.is_empty(), "invariant: a configuration without problems has all its parts");
            Err(ConfigError::Problems(list))
        }
    }
}

/// The whole file with every part optional, so that one bad part does not hide the next.
struct Raw {
    plimsoll: RawPlimsoll,
    clock: RawClock,
    venues: Vec<RawVenue>,
    bots: Vec<RawBot>,
    jobs: Jobs,
    nightly: Nightly,
    allocations: Vec<RawAllocation>,
}

fn read(text: &str, problems: &mut Problems) -> Option<Loaded> {
    let (document, errors) = toml::de::DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // A broken document has keys in the wrong tables; judging their meaning would mislead.
        for error in errors {
            problems.at(error.span().unwrap_or_default(), error.message().replace('\n', ", "));
        }
        return None;
    }
    let mut root = Section::root(&document);
    let plimsoll = RawPlimsoll::read(root.table("plimsoll", problems), problems);
    let clock = RawClock::read(root.table("clock", problems), problems);
    let venues: Vec<RawVenue> =
        root.tables("venue", problems).into_iter().map(|s| RawVenue::read(s, problems)).collect();
    let bots: Vec<RawBot> =
        root.tables("bot", problems).into_iter().map(|s| RawBot::read(s, problems)).collect();
    let jobs = root.tables("job", problems);
    let allocations = allocation::read(root.tables("allocation", problems), problems);
    let alerts = root.tables("alert", problems);
    let names: Vec<BotName> =
        bots.iter().filter_map(|bot| Some(bot.name.as_ref()?.get_ref().clone())).collect();
    let nightly = Nightly::read(root.table("nightly", problems), &names, problems);
    let jobs = job::read(jobs, &bots, venues.first().and_then(RawVenue::net_lead), problems);
    future::check_alerts(alerts, problems);
    root.finish(problems);
    let raw = Raw { plimsoll, clock, venues, bots, jobs, nightly, allocations };
    across::check(&raw, problems);
    allocation::check(&raw, problems);
    build(raw, text, problems)
}

/// The two results; nothing if a part is missing, and then a problem says which.
fn build(raw: Raw, text: &str, problems: &mut Problems) -> Option<Loaded> {
    let Raw { plimsoll, clock, venues, bots, jobs, nightly, allocations } = raw;
    let venue = venues.into_iter().next()?;
    let settings = Settings {
        state_dir: plimsoll.state_dir?,
        text: text.into(),
        upstream: venue.upstream.as_ref()?.get_ref().clone(),
        client_id: *venue.client_id.as_ref()?.get_ref(),
        environment: *venue.environment.as_ref()?.get_ref(),
        follow: clock.follow.map(toml::Spanned::into_inner),
        clock: clock.settings,
        operator: plimsoll.operator?.into_inner(),
        history_cache: venue.history_cache.or_absent(*venue.environment.as_ref()?.get_ref()),
        ports: bots.iter().filter_map(RawBot::port).collect(),
        nightly,
    };
    let config = Config {
        mode: plimsoll.mode?,
        venue: venue.into_config()?,
        bots: bots.into_iter().map(RawBot::into_config).collect::<Option<_>>()?,
        jobs: jobs.jobs,
        allocations: allocations.into_iter().map(RawAllocation::into_config).collect::<Option<_>>()?,
        switched_off: Vec::new(),
    };
    Some(Loaded { config, settings, planned: jobs.planned, unenforced: problems.take_notes() })
}

/// Problems one per line.
struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
