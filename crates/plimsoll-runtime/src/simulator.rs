//! Serves a simulated venue: its wire on one port, its control API on another.
//!
//! Owns: the two listeners, one task that owns the venue, a task per connection, the flow of venue time.
//!
//! Does not own: anything that a venue says or decides. The venue is a [`Venue`] handed in by the binary,
//! so that the gateway's shell and the simulator share no code that could make them agree on a mistake.
//!
//! Invariants:
//! * the venue is touched by one task only, and before anything reaches it, it was brought to the time of
//!   that moment;
//! * memory is bounded per connection in both directions; a client that does not read is broken off and
//!   the others go on; what a venue does not read stays in the socket;
//! * venue time never goes back.

mod clock;
mod connection;
mod control;
mod engine;
mod flow;
mod reading;
mod transcript;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

pub use clock::{JumpError, Speed, SpeedError, VenueClock};

use crate::http::{self, Problem};
use crate::link::{self, BindError};
use control::Control;
use engine::{Ask, Engine, Input, SharedClock};
use flow::Turn;
use transcript::Transcript;

/// Pieces of input that wait for the venue; then reading from sockets waits.
const INPUTS_MAX: usize = 64;
/// Requests of the control API that wait for the venue.
const ASKS_MAX: usize = 64;

/// How long after an attempt to open the port again the next one is made.
const REOPEN_AFTER: Duration = Duration::from_millis(200);

/// One connection of a client; counted up, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// What a venue wants done with a connection. Of a connection that is gone it is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send bytes.
    Send {
        /// To whom.
        to: ConnId,
        /// What, lengths and all.
        bytes: Bytes,
    },
    /// End the connection when everything was sent.
    Close {
        /// Which.
        conn: ConnId,
    },
    /// Break the connection off, with whatever was not read yet.
    Reset {
        /// Which.
        conn: ConnId,
    },
    /// Leave what comes from the connection unread, so that its buffers fill and its client has to wait.
    StopReading {
        /// Which.
        conn: ConnId,
    },
    /// Read from it again.
    ReadOn {
        /// Which.
        conn: ConnId,
    },
    /// Close the port, so that who connects is refused; or open it again.
    RefuseConnections(bool),
}

/// A venue without sockets and without a clock. Every call leaves its outputs in `out`, in order.
pub trait Venue: Send {
    /// The venue's time: the latest instant it was advanced to.
    fn now(&self) -> Timestamp;

    /// A client has connected.
    fn connected(&mut self, conn: ConnId, out: &mut Vec<Output>);

    /// Bytes from a client, cut anywhere. None come after the venue closed the connection.
    fn received(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>);

    /// The same of bytes that had waited in the socket while it was left unread.
    fn received_late(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>);

    /// A connection is gone, whoever ended it. Exactly once for each.
    fn disconnected(&mut self, conn: ConnId, out: &mut Vec<Output>);

    /// Time passes up to `to`, which is not before [`now`](Self::now). Everything due up to and including
    /// it happens.
    fn advance(&mut self, to: Timestamp, out: &mut Vec<Output>);

    /// When something will happen by itself.
    fn next_event(&self) -> Option<Timestamp>;

    /// In lockstep: the next tick. Time passes up to it.
    fn tick(&mut self, out: &mut Vec<Output>);

    /// In lockstep: who has not acknowledged the last tick.
    fn waiting_for(&self) -> Vec<ConnId>;

    /// In lockstep: this client took too long, do not wait for its acknowledgement of this tick.
    fn skip(&mut self, conn: ConnId, out: &mut Vec<Output>);

    /// The venue's own truth, for `GET /state`.
    fn state(&self) -> Value;

    /// Injects a fault, for `POST /faults`.
    fn fault(&mut self, fault: &Value, out: &mut Vec<Output>) -> Result<Value, VenueError>;

    /// The faults that are on or planned, for `GET /faults`.
    fn faults(&self) -> Value;

    /// Ends all faults.
    fn heal_all(&mut self, out: &mut Vec<Output>);

    /// Moves a price, for `POST /price`.
    fn set_price(&mut self, price: &Value, out: &mut Vec<Output>) -> Result<Value, VenueError>;

    /// Enters an order as if by hand, for `POST /orders`.
    fn manual_order(&mut self, order: &Value, out: &mut Vec<Output>) -> Result<Value, VenueError>;
}

/// Why a venue did not do what the control API asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct VenueError {
    /// The HTTP status: 400 not understood, 404 no such thing, 409 not now.
    pub status: u16,
    /// For people.
    pub message: String,
}

/// How venue time moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pace {
    /// At a multiple of host time.
    Times(Speed),
    /// From event to event, as fast as the clients can read.
    Max,
    /// From tick to tick, each when all clients have acknowledged the one before.
    Lockstep(Lockstep),
}

/// How lockstep is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockstep {
    /// Not faster than this, for people who watch.
    pub ticks_per_second: Option<NonZeroU32>,
    /// A client that takes longer to acknowledge is reported and passed over.
    pub timeout: Duration,
}

/// `max` or a speed, as on the command line.
impl FromStr for Pace {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        if text == "max" { Ok(Self::Max) } else { text.parse().map(Self::Times) }
    }
}

/// How a venue is served.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the clients connect. Port zero: any.
    pub listen: SocketAddr,
    /// Where the control API listens. Port zero: any.
    pub control: SocketAddr,
    /// How venue time moves.
    pub pace: Pace,
    /// Whether time stands still until [`SimulatorHandle::run_until`] lets it go.
    pub held: bool,
    /// Where every frame is recorded, too. The file is overwritten.
    pub journal: Option<PathBuf>,
}

/// Why a venue is not served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// A port is taken. The command line ends with exit code 3.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The journal's file.
    #[error("journal {} cannot be written: {source}", .path.display())]
    Journal {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A venue that is being served. Dropped, it ends at once.
#[derive(Debug)]
pub struct SimulatorHandle {
    tws_addr: SocketAddr,
    control_addr: SocketAddr,
    asks: mpsc::Sender<Ask>,
    stop: watch::Sender<()>,
    tasks: JoinSet<()>,
}

/// Serves `venue`, whose time is where the clock starts. Connections are accepted when this returns.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn serve(venue: Box<dyn Venue>, options: &Options) -> Result<SimulatorHandle, ServeError> {
    let (tws, control) = (link::bind(options.listen)?, link::bind(options.control)?);
    let (tws_addr, control_addr) = (tws.address(), control.address());
    let (tws, control) = (tws.listen()?, control.listen()?);
    let transcript = Transcript::create(options.journal.as_deref()).map_err(|source| {
        let path = options.journal.clone().unwrap_or_default();
        ServeError::Journal { path, source }
    })?;
    for address in [tws_addr, control_addr].into_iter().filter(|address| !address.ip().is_loopback()) {
        tracing::warn!(%address, "the simulator can be reached from other machines and asks nobody who they are");
    }
    let (engine, ports) = engine(venue, options, transcript);
    let mut tasks = JoinSet::new();
    tasks.spawn(engine.run());
    tasks.spawn(accept(tws, tws_addr, ports.inputs, ports.refusing));
    let router = control::router(Control { asks: ports.asks.clone(), clock: ports.clock });
    let router = http::guarded(router, control_addr);
    tasks.spawn(async move { match http::serve(control, router).await {} });
    Ok(SimulatorHandle { tws_addr, control_addr, asks: ports.asks, stop: ports.stop, tasks })
}

impl SimulatorHandle {
    /// Where clients connect.
    pub fn tws_addr(&self) -> SocketAddr {
        self.tws_addr
    }

    /// Where the control API listens.
    pub fn control_addr(&self) -> SocketAddr {
        self.control_addr
    }

    /// Lets venue time run up to `limit`, where it stops: in lockstep at the first tick at or after it,
    /// acknowledged by all. Returns the venue's time then, or nothing if the server ended before.
    pub async fn run_until(&self, limit: Timestamp) -> Option<Timestamp> {
        let (reply, arrived) = oneshot::channel();
        self.asks.send(Ask::RunUntil(Some(limit), reply)).await.ok()?;
        arrived.await.ok()
    }

    /// Lets venue time run without limit.
    pub async fn run_on(&self) {
        let (reply, _) = oneshot::channel();
        // A server that has ended needs no permission.
        let _ = self.asks.send(Ask::RunUntil(None, reply)).await;
    }

    /// The venue's own truth, as `GET /state`; nothing if the server has ended.
    pub async fn state(&self) -> Option<Value> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::State(reply)).await.ok()?;
        answer.await.ok()?.ok()
    }

    /// Injects a fault, as `POST /faults`.
    pub async fn fault(&self, fault: Value) -> Result<Value, VenueError> {
        self.ask(|reply| Ask::Fault(fault, reply)).await
    }

    /// Ends all faults, as `DELETE /faults`.
    pub async fn heal(&self) -> Result<Value, VenueError> {
        self.ask(Ask::Heal).await
    }

    /// Moves a price, as `POST /price`.
    pub async fn price(&self, price: Value) -> Result<Value, VenueError> {
        self.ask(|reply| Ask::Price(price, reply)).await
    }

    async fn ask(&self, ask: impl FnOnce(engine::Reply<Value>) -> Ask) -> Result<Value, VenueError> {
        let ended = || VenueError { status: 503, message: "the simulator has ended".to_owned() };
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.map_err(|_| ended())?;
        let answer = answer.await.map_err(|_| ended())?;
        answer.map_err(|Problem { status, message }| VenueError { status: status.as_u16(), message })
    }

    /// Ends all connections in an orderly way, then everything else, within two seconds.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(());
        // The first task to end is the engine; the others have no end of their own. It may be in the
        // middle of a jump through time, which nobody needs to see the end of.
        let _ = timeout(Duration::from_secs(2), self.tasks.join_next()).await;
        self.tasks.shutdown().await;
    }
}

/// The ends that the engine is reached by.
struct Ports {
    inputs: mpsc::Sender<Input>,
    asks: mpsc::Sender<Ask>,
    clock: watch::Receiver<SharedClock>,
    refusing: watch::Receiver<bool>,
    stop: watch::Sender<()>,
}

fn engine(venue: Box<dyn Venue>, options: &Options, transcript: Transcript) -> (Engine, Ports) {
    let started = Instant::now();
    let pace = options.pace.clone();
    let speed = if let Pace::Times(speed) = &pace { Some(*speed) } else { None };
    let mut clock = VenueClock::new(venue.now(), speed);
    if options.held {
        clock.set_limit(Some(venue.now()), Duration::ZERO);
    }
    let (inputs, from_connections) = mpsc::channel(INPUTS_MAX);
    let (asks, from_control) = mpsc::channel(ASKS_MAX);
    let (published, shared) = watch::channel(SharedClock { clock, pace: pace.clone(), started });
    let (refuse, refusing) = watch::channel(false);
    let (stop, stopped) = watch::channel(());
    let engine = Engine {
        turn: Turn { waiting: Vec::new(), give_up: started, next: started },
        venue,
        clock,
        pace,
        started,
        transcript,
        published,
        refuse,
        asks: from_control,
        inputs: from_connections,
        to_self: inputs.clone(),
        stop: stopped,
        connections: BTreeMap::new(),
        tasks: JoinSet::new(),
        drained: Arc::new(Notify::new()),
        last_conn: 0,
        held: None,
    };
    (engine, Ports { inputs, asks, clock: shared, refusing, stop })
}

async fn accept(
    listener: TcpListener,
    address: SocketAddr,
    inputs: mpsc::Sender<Input>,
    mut refusing: watch::Receiver<bool>,
) {
    let mut listener = Some(listener);
    loop {
        let refuse = *refusing.borrow_and_update();
        if refuse {
            listener = None;
        } else if listener.is_none() {
            listener = reopen(address);
        }
        tokio::select! {
            biased;
            changed = refusing.changed() => if changed.is_err() { return },
            stream = accept_on(listener.as_ref()) => {
                if inputs.send(Input::Connected(engine::spawn(stream))).await.is_err() {
                    return;
                }
            }
            () = sleep(REOPEN_AFTER), if listener.is_none() && !refuse => {}
        }
    }
}

async fn accept_on(listener: Option<&TcpListener>) -> TcpStream {
    match listener {
        Some(listener) => link::accept(listener).await,
        None => std::future::pending().await,
    }
}

fn reopen(address: SocketAddr) -> Option<TcpListener> {
    link::bind(address)
        .and_then(link::Bound::listen)
        .inspect_err(|error| tracing::warn!(%error, "port not opened again; trying on"))
        .ok()
}

impl SharedClock {
    /// `{"now", "speed", "lockstep"}`. A reader extrapolates with a number and waits for the next reading
    /// otherwise: zero says that time stands still until somebody moves it, `"max"` that it moves in leaps.
    fn reading(&self) -> Value {
        let host = self.started.elapsed();
        let speed = match self.pace {
            Pace::Max => json!("max"),
            Pace::Times(_) | Pace::Lockstep(_) => serde_json::from_str(&self.clock.rate(host).to_string())
                .expect("a decimal is spelled like a JSON number"),
        };
        let lockstep = matches!(self.pace, Pace::Lockstep(_));
        json!({ "now": format!("{:.3}", self.clock.at(host)), "speed": speed, "lockstep": lockstep })
    }
}

impl From<VenueError> for Problem {
    fn from(error: VenueError) -> Self {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, message: error.message }
    }
}
