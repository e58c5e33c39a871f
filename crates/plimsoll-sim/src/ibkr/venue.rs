//! The venue with its wire: bytes and venue time in, bytes out.
//!
//! Owns the connections, the one place where frames leave ([`IbkrVenue::send`]) and the passing of time
//! through everything that waits for it. What the messages mean is in `server`, what faults do is in
//! `faults`, lockstep is in `lockstep`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId};
use plimsoll_tws::Response;
use plimsoll_tws::frame;

use crate::ibkr::conn::{Conn, Phase};
use crate::ibkr::exchange::Exchange;
use crate::ibkr::faults::{Faults, Timer};
use crate::ibkr::lockstep::Lockstep;
use crate::ibkr::server::account::Due;
use crate::ibkr::server::pacing::Pacing;
use crate::ibkr::server::rate::Rate;
use crate::ibkr::server::sent::Sent;
use crate::ibkr::{ConfigError, ConnId, Output, VenueConfig};
use crate::market::listing::DEFAULT_SYMBOLS;
use crate::market::recorded::Recording;
use crate::market::{Market, Sym};

/// Account values are told again every three minutes.
const ACCOUNT_PERIOD_SECS: i64 = 180;

/// The simulated venue. It has no sockets and no clock: bytes and venue time come in, bytes go out.
#[derive(Debug)]
pub struct IbkrVenue {
    pub(crate) config: VenueConfig,
    pub(crate) exchange: Exchange,
    pub(crate) conns: BTreeMap<ConnId, Conn>,
    /// Orders as they were sent, for the echo in openOrder.
    pub(crate) wire: Sent,
    pub(crate) faults: Faults,
    pub(crate) timers: BTreeSet<(Timestamp, u64, Timer)>,
    pub(crate) timer_count: u64,
    pub(crate) pacing: Pacing,
    pub(crate) rate: Rate,
    pub(crate) requests: BTreeMap<&'static str, u64>,
    pub(crate) lockstep: Lockstep,
    /// When the ticks of a symbol were last asked for.
    pub(crate) tick_requests: BTreeMap<Sym, Timestamp>,
    /// What the display groups show; nothing in those that are not here.
    pub(crate) groups: BTreeMap<usize, String>,
    /// Accounts whose values changed by an execution and were not told yet.
    pub(crate) moved: BTreeSet<Account>,
}

impl IbkrVenue {
    /// A venue at its start time, without connections.
    pub fn new(config: VenueConfig) -> Result<Self, ConfigError> {
        let symbols = checked_symbols(&config)?;
        let exchange = Exchange::new(&config, &symbols);
        let (from, to) = (exchange.market.hours.beginning(), exchange.market.hours.end());
        if config.start < from || config.start >= to {
            return Err(ConfigError::Start { start: config.start, from, to });
        }
        Ok(Self::over(config, exchange))
    }

    /// A venue whose market is that of bar files. Its symbols are theirs.
    pub fn replaying(config: VenueConfig, recording: Recording) -> Result<Self, ConfigError> {
        let (from, to) = recording.span().map_err(|_| ConfigError::NoBars)?;
        let mut records = recording.into_records();
        records.retain(|symbol, record| {
            !record.days.is_empty() && (config.symbols.is_empty() || config.symbols.contains(symbol))
        });
        if let Some(symbol) = config.symbols.iter().find(|symbol| !records.contains_key(*symbol)) {
            return Err(ConfigError::Unrecorded { symbol: symbol.clone() });
        }
        let symbols: Vec<Box<str>> = records.keys().cloned().collect();
        let config = VenueConfig { symbols, ..config };
        checked_symbols(&config)?;
        // A day before the first session is early enough for everything that a bot does before the open.
        let earliest = from - jiff::SignedDuration::from_hours(24);
        if config.start < earliest || config.start >= to {
            return Err(ConfigError::Start { start: config.start, from: earliest, to });
        }
        let market = Market::recorded(config.seed, records, (config.start, to));
        Ok(Self::over(config.clone(), Exchange::with_market(&config, market)))
    }

    fn over(config: VenueConfig, exchange: Exchange) -> Self {
        let mut venue = Self {
            exchange,
            conns: BTreeMap::new(),
            wire: Sent::default(),
            faults: Faults::default(),
            timers: BTreeSet::new(),
            timer_count: 0,
            pacing: Pacing::default(),
            rate: Rate::default(),
            tick_requests: BTreeMap::new(),
            groups: BTreeMap::new(),
            requests: BTreeMap::new(),
            lockstep: Lockstep::default(),
            moved: BTreeSet::new(),
            config,
        };
        venue.set_timer(ACCOUNT_PERIOD_SECS, Timer::Accounts);
        venue
    }

    /// A client's socket was accepted.
    pub fn connected(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        if self.faults.refusing() {
            out.push(Output::Close { conn });
            return;
        }
        self.conns.insert(conn, Conn::new(self.exchange.now));
        self.faults.seize(conn, None);
        self.tell_reading(out);
    }

    /// Bytes came from a client, cut anywhere.
    pub fn received(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>) {
        self.take_bytes(conn, bytes, out);
        self.tell_happenings(out);
        self.step_lockstep(out);
    }

    /// Bytes came that had waited in the socket while nobody read.
    pub fn received_late(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>) {
        self.take_late(conn, bytes, out);
        self.tell_happenings(out);
        self.step_lockstep(out);
    }

    /// A client's socket ended. Its orders stay, and what it has sent is read to its end.
    pub fn disconnected(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        if let Some(from) = self.conns.get_mut(&conn).filter(|from| from.waiting > 0) {
            from.hung_up = true;
            return;
        }
        self.conns.remove(&conn);
        self.faults.forget(conn);
        self.step_lockstep(out);
    }

    /// Runs everything that is due up to and at `to`. Does nothing in lockstep, where [`Self::tick`] is
    /// the only thing that moves time.
    pub fn advance(&mut self, to: Timestamp, out: &mut Vec<Output>) {
        if self.config.lockstep {
            return;
        }
        self.run_until(to, out);
    }

    /// Venue time.
    pub fn now(&self) -> Timestamp {
        self.exchange.now
    }

    /// When something will happen by itself; none once venue time has reached the
    /// calendar's end, and none in lockstep.
    pub fn next_event(&self) -> Option<Timestamp> {
        if self.config.lockstep {
            // Time moves by ticks alone.
            return None;
        }
        self.next_due()
    }

    fn next_due(&self) -> Option<Timestamp> {
        let end = self.exchange.market.end();
        if self.exchange.now >= end {
            return None;
        }
        let timer = self.timers.first().map(|(at, _, _)| *at);
        let charge = self.exchange.charges.first().map(|(at, _)| *at);
        let cancel = self.exchange.cancels.first().map(|(at, _)| *at);
        let second = Some(self.exchange.next_second());
        [timer, charge, cancel, second, self.next_foreign_second(), self.next_slice()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets time pass up to `to`, event by event.
    pub(crate) fn run_until(&mut self, to: Timestamp, out: &mut Vec<Output>) {
        let to = to.min(self.exchange.market.end());
        while let Some(next) = self.next_due().filter(|next| *next <= to) {
            self.run_at(next, out);
        }
        if to > self.exchange.now {
            self.exchange.now = to;
        }
    }

    fn run_at(&mut self, at: Timestamp, out: &mut Vec<Output>) {
        let second = self.exchange.next_second() == at;
        let foreign = !second && self.next_foreign_second() == Some(at);
        let slice = !second && !foreign && self.next_slice() == Some(at);
        self.exchange.now = at;
        while let Some((due, id, timer)) = self.timers.first().copied().filter(|(due, _, _)| *due <= at) {
            self.timers.remove(&(due, id, timer));
            self.fire(timer, out);
        }
        if second || foreign {
            self.exchange.second(at);
        }
        self.exchange.run_charges();
        if second || foreign {
            self.stream_second(out);
        } else if slice {
            self.stream_slice(out);
        }
        self.tell_happenings(out);
    }

    /// Asks to be woken in so many seconds.
    pub(crate) fn set_timer(&mut self, seconds: i64, timer: Timer) {
        self.set_timer_in(jiff::SignedDuration::from_secs(seconds), timer);
    }

    /// Asks to be woken after a span.
    pub(crate) fn set_timer_in(&mut self, span: jiff::SignedDuration, timer: Timer) {
        let at = self.exchange.now.checked_add(span).unwrap_or(Timestamp::MAX);
        self.timer_count += 1;
        self.timers.insert((at, self.timer_count, timer));
    }

    fn fire(&mut self, timer: Timer, out: &mut Vec<Output>) {
        match timer {
            Timer::Accounts => {
                self.moved.extend(self.exchange.account_names.iter().cloned());
                self.refresh_accounts(Due::ByClock, out);
                self.set_timer(ACCOUNT_PERIOD_SECS, Timer::Accounts);
            }
            Timer::Begin(id) => self.begin_fault(id, out),
            Timer::End(id) => self.end_fault(id, out),
            Timer::LinkStillDown => self.repeat_link_down(out),
            Timer::Deliver(id) => self.deliver_held(id, out),
            Timer::SnapshotEnd(conn, req_id) => self.end_snapshot(conn, req_id, out),
            Timer::ReadLate => self.read_late(out),
        }
    }

    /// Sends one message, unless a fault swallows it. The only way out for messages.
    pub(crate) fn send(&mut self, conn: ConnId, response: &Response, out: &mut Vec<Output>) {
        let Some(to) = self.conns.get(&conn) else { return };
        if matches!(to.phase, Phase::Hello(_) | Phase::Shaken) {
            // The official clients drop whatever comes before their startApi.
            return;
        }
        if self.faults.swallows(conn, response) {
            return;
        }
        self.tamper(conn, response, out);
    }

    /// Hands a message over to its connection, or to its batch of this tick.
    pub(crate) fn deliver(&mut self, conn: ConnId, payload: bytes::Bytes, out: &mut Vec<Output>) {
        let Some(to) = self.conns.get_mut(&conn).filter(|to| !to.hung_up) else { return };
        if self.lockstep.collecting {
            to.batch.push(payload);
            return;
        }
        out.push(Output::Send { conn, bytes: frame::encode(&payload) });
    }

    /// Ends a connection from this side.
    pub(crate) fn close(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        self.conns.remove(&conn);
        self.faults.forget(conn);
        out.push(Output::Close { conn });
    }

    /// The started connections, in the order of their client ids.
    pub(crate) fn started(&self) -> Vec<(ClientId, ConnId)> {
        let mut all: Vec<(ClientId, ConnId)> =
            self.conns.iter().filter_map(|(id, conn)| Some((conn.client()?, *id))).collect();
        all.sort_unstable();
        all
    }

    /// The connection of a client.
    pub(crate) fn conn_of(&self, client: ClientId) -> Option<ConnId> {
        self.conns.iter().find(|(_, conn)| conn.client() == Some(client)).map(|(id, _)| *id)
    }
}

fn checked_symbols(config: &VenueConfig) -> Result<Vec<Box<str>>, ConfigError> {
    if config.accounts.is_empty() {
        return Err(ConfigError::NoAccount);
    }
    let mut symbols: Vec<Box<str>> = config.symbols.clone();
    if symbols.is_empty() {
        symbols = DEFAULT_SYMBOLS.iter().map(|symbol| (*symbol).into()).collect();
    }
    for (index, symbol) in symbols.iter().enumerate() {
        let plain = !symbol.is_empty()
            && symbol.len() <= 12
            && symbol.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ' || b == b'.');
        if !plain || symbols[..index].contains(symbol) {
            return Err(ConfigError::Symbol { symbol: symbol.clone() });
        }
    }
    Ok(symbols)
}
