//! The server around a venue of the tests: pipes instead of sockets, a clock that only moves when
//! everybody waits.

mod clock;
mod control;
mod reading;
mod time;
mod wire;

use std::collections::BTreeSet;
use std::io;

use jiff::SignedDuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::connection::Transport;
use super::*;

impl Transport for DuplexStream {
    fn break_off(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The start of the half day's last ten minutes on which market-on-close orders are taken.
fn start() -> Timestamp {
    "2026-11-27T17:40:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

/// Echoes what it hears, except a few words, and has events at given instants.
struct Echo {
    now: Timestamp,
    events: Vec<Timestamp>,
    /// What every client hears at an event.
    news: Vec<u8>,
    clients: BTreeSet<ConnId>,
    waiting: BTreeSet<ConnId>,
    /// Whether nobody reads from new connections.
    leaves_unread: bool,
    /// Every call, for `GET /state`.
    calls: Vec<String>,
}

impl Echo {
    fn with_events(seconds: impl IntoIterator<Item = i64>) -> Self {
        let events = seconds.into_iter().map(after).collect();
        let (clients, waiting) = (BTreeSet::new(), BTreeSet::new());
        let (news, calls) = (b"news ".to_vec(), Vec::new());
        Self { now: start(), events, news, clients, waiting, leaves_unread: false, calls }
    }

    fn note(&mut self, call: &str) {
        let at = self.now.duration_since(start()).as_secs();
        self.calls.push(format!("{at}s {call}"));
    }

    fn broadcast(&self, out: &mut Vec<Output>) {
        let bytes = Bytes::from(self.news.clone());
        out.extend(self.clients.iter().map(|to| Output::Send { to: *to, bytes: bytes.clone() }));
    }
}

impl Venue for Echo {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn connected(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        self.clients.insert(conn);
        self.note(&format!("connected {}", conn.0));
        if self.leaves_unread {
            out.push(Output::StopReading { conn });
        }
    }

    fn received(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>) {
        self.note(&format!("received {} {}", conn.0, bytes.escape_ascii()));
        let send = |bytes: &[u8]| Output::Send { to: conn, bytes: Bytes::copy_from_slice(bytes) };
        match bytes {
            b"ack" => drop(self.waiting.remove(&conn)),
            b"close" => out.extend([send(&vec![b'x'; 100_000]), Output::Close { conn }, send(b"too late")]),
            b"refuse" => out.push(Output::RefuseConnections(true)),
            b"reset" => out.extend([send(b"lost"), Output::Reset { conn }]),
            b"leave" => out.push(Output::StopReading { conn }),
            b"flood" => out.extend((0..9).map(|_| send(&vec![b'x'; 1 << 20]))),
            bytes => out.push(send(bytes)),
        }
    }

    fn received_late(&mut self, conn: ConnId, bytes: &[u8], _: &mut Vec<Output>) {
        self.note(&format!("late {} {}", conn.0, bytes.len()));
    }

    fn disconnected(&mut self, conn: ConnId, _: &mut Vec<Output>) {
        self.clients.remove(&conn);
        self.waiting.remove(&conn);
        self.note(&format!("disconnected {}", conn.0));
    }

    fn advance(&mut self, to: Timestamp, out: &mut Vec<Output>) {
        assert!(to >= self.now, "time went back");
        while self.events.first().is_some_and(|at| *at <= to) {
            self.now = self.events.remove(0);
            self.note("event");
            self.broadcast(out);
        }
        self.now = to;
    }

    fn next_event(&self) -> Option<Timestamp> {
        self.events.first().copied()
    }

    fn tick(&mut self, out: &mut Vec<Output>) {
        self.now += SignedDuration::from_secs(1);
        self.waiting.clone_from(&self.clients);
        self.broadcast(out);
    }

    fn waiting_for(&self) -> Vec<ConnId> {
        self.waiting.iter().copied().collect()
    }

    fn skip(&mut self, conn: ConnId, _: &mut Vec<Output>) {
        self.waiting.remove(&conn);
        self.note(&format!("skipped {}", conn.0));
    }

    fn state(&self) -> Value {
        json!(self.calls)
    }

    fn fault(&mut self, fault: &Value, _: &mut Vec<Output>) -> Result<Value, VenueError> {
        let known = fault["kind"] == "freeze_data";
        let message = format!("fault kind {} is unknown", fault["kind"]);
        known.then_some(json!({"fault": 1})).ok_or(VenueError { status: 400, message })
    }

    fn faults(&self) -> Value {
        json!([{"id": 1, "kind": "freeze_data", "active": true}])
    }

    fn heal_all(&mut self, out: &mut Vec<Output>) {
        out.push(Output::RefuseConnections(false));
        out.extend(self.clients.iter().map(|conn| Output::ReadOn { conn: *conn }));
        self.note("healed");
    }

    fn set_price(&mut self, price: &Value, _: &mut Vec<Output>) -> Result<Value, VenueError> {
        let message = format!("symbol {} is not traded here", price["symbol"]);
        (price["symbol"] == "SPY").then_some(Value::Null).ok_or(VenueError { status: 404, message })
    }

    fn manual_order(&mut self, _: &Value, _: &mut Vec<Output>) -> Result<Value, VenueError> {
        Err(VenueError { status: 409, message: "the market is closed".to_owned() })
    }
}

/// A served venue without sockets.
struct Rig {
    ports: Ports,
    _engine: JoinSet<()>,
}

impl Rig {
    fn new(venue: Echo, pace: Pace) -> Self {
        Self::build(venue, pace, false)
    }

    fn held(venue: Echo, pace: Pace) -> Self {
        Self::build(venue, pace, true)
    }

    fn build(venue: Echo, pace: Pace, held: bool) -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let options = Options { listen: any, control: any, pace, held, journal: None };
        let (engine, ports) = engine(Box::new(venue), &options, Transcript::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(engine.run());
        Self { ports, _engine: tasks }
    }

    /// A client, with a pipe that holds so many bytes.
    async fn connect(&self, pipe: usize) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(pipe);
        self.ports.inputs.send(Input::Connected(engine::spawn(theirs))).await.ok().unwrap();
        ours
    }

    /// A client whose first words were heard.
    async fn greeted(&self) -> DuplexStream {
        let mut client = self.connect(4096).await;
        client.write_all(b"hello").await.unwrap();
        assert_eq!(read(&mut client, 5).await, b"hello");
        client
    }

    async fn state(&self) -> Vec<String> {
        let (reply, answer) = oneshot::channel();
        self.ports.asks.send(Ask::State(reply)).await.unwrap();
        serde_json::from_value(answer.await.unwrap().unwrap()).unwrap()
    }

    /// Ends all faults.
    async fn heal(&self) {
        let (reply, answer) = oneshot::channel();
        self.ports.asks.send(Ask::Heal(reply)).await.unwrap();
        answer.await.unwrap().unwrap();
    }

    /// Lets the others work until the venue has heard that this connection is gone.
    async fn gone(&self, conn: u64) {
        let ending = format!("disconnected {conn}");
        while !self.state().await.iter().any(|call| call.ends_with(&ending)) {
            tokio::task::yield_now().await;
        }
    }

    async fn run_until(&self, limit: Timestamp) -> Timestamp {
        let (reply, arrived) = oneshot::channel();
        self.ports.asks.send(Ask::RunUntil(Some(limit), reply)).await.unwrap();
        arrived.await.unwrap()
    }

    async fn jump(&self, to: Timestamp) -> Result<Value, Problem> {
        let (reply, answer) = oneshot::channel();
        self.ports.asks.send(Ask::JumpTo(to, reply)).await.unwrap();
        answer.await.unwrap()
    }
}

async fn read(client: &mut DuplexStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    client.read_exact(&mut bytes).await.unwrap();
    bytes
}

async fn read_to_end(client: &mut DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    bytes
}

fn times(speed: &str) -> Pace {
    Pace::Times(speed.parse().unwrap())
}
