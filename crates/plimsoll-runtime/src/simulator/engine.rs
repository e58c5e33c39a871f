//! The one task that owns the venue: bytes, wishes and time go in one after the other, and nothing else
//! touches it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::clock::VenueClock;
use super::connection::{self, End, Outbox, Transport};
use super::flow::Turn;
use super::reading::Reading;
use super::transcript::{Direction, Transcript};
use super::{ConnId, Output, Pace, Venue};
use crate::http::Problem;

/// Connections at the same time. TWS itself takes 32; how the venue answers one too many is its own
/// affair, this bound only keeps memory bounded.
const CONNECTIONS_MAX: usize = 64;
/// What comes from connections.
pub(super) enum Input {
    Connected(Spawn),
    Bytes(ConnId, Bytes),
    /// Bytes that had waited in the socket while it was left unread.
    Late(ConnId, Bytes),
    Gone(ConnId, &'static str),
}

/// Starts the task of an accepted connection.
pub(super) type Spawn = Box<dyn FnOnce(ConnId, Outbox, mpsc::Sender<Input>, &mut JoinSet<()>) + Send>;

/// The [`Spawn`] of a stream.
pub(super) fn spawn<T: Transport>(stream: T) -> Spawn {
    Box::new(move |id, outbox, inputs, tasks| {
        tasks.spawn(connection::run(id, stream, outbox, inputs));
    })
}

/// What comes from the control API and the owner.
#[derive(Debug)]
pub(super) enum Ask {
    State(Reply<Value>),
    Transcript(Reply<(Body, u64)>),
    Fault(Value, Reply<Value>),
    Heal(Reply<Value>),
    Faults(Reply<Value>),
    Price(Value, Reply<Value>),
    Order(Value, Reply<Value>),
    Clock(Reply<Value>),
    Advance(jiff::SignedDuration, Reply<Value>),
    JumpTo(Timestamp, Reply<Value>),
    /// Lets time run up to an instant and answers when it is reached; nothing: for ever.
    RunUntil(Option<Timestamp>, oneshot::Sender<Timestamp>),
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, Problem>>;

/// What the control API shows without asking.
#[derive(Debug, Clone)]
pub(super) struct SharedClock {
    pub(super) clock: VenueClock,
    pub(super) pace: Pace,
    pub(super) started: Instant,
}

pub(super) struct Engine {
    pub(super) venue: Box<dyn Venue>,
    pub(super) clock: VenueClock,
    pub(super) pace: Pace,
    pub(super) started: Instant,
    pub(super) transcript: Transcript,
    pub(super) published: watch::Sender<SharedClock>,
    pub(super) refuse: watch::Sender<bool>,
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) inputs: mpsc::Receiver<Input>,
    pub(super) to_self: mpsc::Sender<Input>,
    pub(super) stop: watch::Receiver<()>,
    pub(super) connections: BTreeMap<ConnId, Outbox>,
    pub(super) tasks: JoinSet<()>,
    pub(super) drained: Arc<Notify>,
    pub(super) last_conn: u64,
    pub(super) held: Option<oneshot::Sender<Timestamp>>,
    pub(super) turn: Turn,
}

impl Engine {
    pub(super) async fn run(mut self) {
        loop {
            let wake = self.wake();
            if wake.is_none_or(|wake| wake > Instant::now()) {
                self.transcript.flush();
            }
            let drained = Arc::clone(&self.drained);
            tokio::select! {
                biased;
                // An error says that the owner is gone.
                _ = self.stop.changed() => break,
                Some(ask) = self.asks.recv() => self.answer(ask).await,
                Some(input) = self.inputs.recv() => self.take(input),
                Some(_) = self.tasks.join_next() => {}
                () = drained.notified() => {}
                () = sleep_or_wait(wake) => self.time_came().await,
            }
            self.watch_lockstep();
            self.report_held();
        }
        self.close().await;
    }

    /// Brings the venue to the time of the clock, one event after the other.
    pub(super) fn catch_up(&mut self) {
        let to = self.clock.at(self.host());
        while let Some(at) = self.venue.next_event().filter(|at| *at <= to) {
            self.advance(at);
        }
        self.advance(to);
    }

    /// The same for a clock that stands, in one step.
    pub(super) fn step(&mut self, to: Timestamp) {
        self.move_clock(to);
        self.advance(to);
    }

    pub(super) fn advance(&mut self, to: Timestamp) {
        let mut out = Vec::new();
        self.venue.advance(to, &mut out);
        assert!(
            self.venue.next_event().is_none_or(|next| next > to),
            "invariant: a venue advanced to {to} has no event left at or before it"
        );
        self.deliver(out);
    }

    fn take(&mut self, input: Input) {
        self.catch_up();
        let mut out = Vec::new();
        let now = self.venue.now();
        match input {
            Input::Connected(_) if self.connections.len() >= CONNECTIONS_MAX => {
                tracing::warn!(max = CONNECTIONS_MAX, "too many connections; refused one");
            }
            Input::Connected(spawn) => {
                self.last_conn += 1;
                let id = ConnId(self.last_conn);
                let outbox = Outbox::new(Arc::clone(&self.drained));
                self.connections.insert(id, outbox.clone());
                spawn(id, outbox, self.to_self.clone(), &mut self.tasks);
                self.transcript.note(now, id, "connected");
                self.venue.connected(id, &mut out);
            }
            // What a client says after the venue closed the connection is not heard.
            Input::Bytes(id, bytes) => {
                self.transcript.record(now, id, Direction::In, &bytes);
                if self.is_heard(id) {
                    self.venue.received(id, &bytes, &mut out);
                }
            }
            Input::Late(id, bytes) => {
                self.transcript.record(now, id, Direction::In, &bytes);
                if self.is_heard(id) {
                    self.venue.received_late(id, &bytes, &mut out);
                }
            }
            Input::Gone(id, why) => {
                self.connections.remove(&id);
                self.transcript.note(now, id, why);
                self.transcript.forget(id);
                self.venue.disconnected(id, &mut out);
            }
        }
        self.deliver(out);
    }

    pub(super) fn deliver(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send { to, bytes } => self.send(to, &bytes),
                Output::Close { conn } => self.end(conn, End::Orderly),
                Output::Reset { conn } => self.end(conn, End::BrokenOff),
                Output::StopReading { conn } => self.read(conn, Reading::Stopped),
                Output::ReadOn { conn } => self.read(conn, Reading::On),
                Output::RefuseConnections(refuse) => drop(self.refuse.send_replace(refuse)),
            }
        }
    }

    fn send(&mut self, to: ConnId, bytes: &[u8]) {
        let Some(outbox) = self.connections.get(&to).filter(|outbox| !outbox.is_ending()) else { return };
        self.transcript.record(self.venue.now(), to, Direction::Out, bytes);
        if outbox.push(bytes).is_err() {
            tracing::warn!(conn = to.0, "client does not read; connection broken off");
            outbox.end(End::BrokenOff);
        }
    }

    fn is_heard(&self, conn: ConnId) -> bool {
        self.connections.get(&conn).is_some_and(Outbox::is_heard)
    }

    fn read(&self, conn: ConnId, reading: Reading) {
        if let Some(outbox) = self.connections.get(&conn) {
            outbox.read(reading);
        }
    }

    fn end(&self, conn: ConnId, end: End) {
        if let Some(outbox) = self.connections.get(&conn) {
            outbox.end(end);
        }
    }

    async fn answer(&mut self, ask: Ask) {
        self.catch_up();
        let mut out = Vec::new();
        // Whoever asked may have gone away, which is no concern of the venue's.
        match ask {
            Ask::State(reply) => drop(reply.send(Ok(self.venue.state()))),
            Ask::Transcript(reply) => {
                let left_out = self.transcript.left_out();
                let body = self.transcript.body().map(|body| (body, left_out));
                let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
                drop(reply.send(body.map_err(|message| Problem { status, message })));
            }
            Ask::Fault(fault, reply) => {
                drop(reply.send(self.venue.fault(&fault, &mut out).map_err(Problem::from)));
            }
            Ask::Faults(reply) => drop(reply.send(Ok(self.venue.faults()))),
            Ask::Heal(reply) => {
                self.venue.heal_all(&mut out);
                drop(reply.send(Ok(Value::Null)));
            }
            Ask::Price(price, reply) => {
                drop(reply.send(self.venue.set_price(&price, &mut out).map_err(Problem::from)));
            }
            Ask::Order(order, reply) => {
                drop(reply.send(self.venue.manual_order(&order, &mut out).map_err(Problem::from)));
            }
            Ask::Clock(reply) => drop(reply.send(Ok(self.shared_clock().reading()))),
            Ask::Advance(span, reply) => {
                let to = self.clock.at(self.host()).checked_add(span);
                let to = to.map_err(|_| Problem::bad_request("the clock cannot be advanced that far"));
                let jumped = match to {
                    Ok(to) => self.jump(to).await,
                    Err(problem) => Err(problem),
                };
                drop(reply.send(jumped));
            }
            Ask::JumpTo(to, reply) => {
                let jumped = self.jump(to).await;
                drop(reply.send(jumped));
            }
            Ask::RunUntil(limit, reply) => self.run_until(limit, reply),
        }
        self.deliver(out);
    }

    pub(super) fn is_any_busy(&self) -> bool {
        self.connections.values().any(Outbox::is_busy)
    }

    pub(super) fn host(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn move_clock(&mut self, to: Timestamp) {
        self.clock.step(to, self.host());
        self.publish();
    }

    pub(super) fn publish(&self) {
        self.published.send_replace(self.shared_clock());
    }

    pub(super) fn shared_clock(&self) -> SharedClock {
        SharedClock { clock: self.clock, pace: self.pace.clone(), started: self.started }
    }

    /// Ends every connection in an orderly way, but not for ever.
    async fn close(mut self) {
        self.transcript.flush();
        for outbox in self.connections.values() {
            outbox.end(End::Orderly);
        }
        self.inputs.close();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), ended).await;
    }
}

async fn sleep_or_wait(wake: Option<Instant>) {
    match wake {
        Some(wake) => sleep_until(wake).await,
        None => std::future::pending().await,
    }
}
