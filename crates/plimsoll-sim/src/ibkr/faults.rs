//! What faults do while they last.
//!
//! Owns the list of active faults and every flag that they set. Beginning and end come as timers in
//! venue time; the rest of the venue only asks the questions at the top of this file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use plimsoll_model::ClientId;
use plimsoll_tws::{Request, Response};

use crate::ibkr::conn::Conn;
use crate::ibkr::fault::{Fault, FaultKind, QuoteFieldName};
use crate::ibkr::links::{KeptRequest, LINK_DOWN_REPEAT_SECS, LINK_LOST};
use crate::ibkr::permits;
use crate::ibkr::profile::Difference;
use crate::ibkr::snapshot_cache::SnapshotCache;
use crate::ibkr::tamper::Held;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, FaultError, FaultId, Output};

/// Active faults that may exist at once.
const FAULTS_MAX: usize = 1_000;
/// How long the port stays closed in a daily reset that does not say.
const RESET_SECS: i64 = 30;
/// The rate that IBKR gives a login with the usual hundred data lines.
const RATE_PER_SECOND: u32 = 50;

/// What venue time can wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Account values are told again.
    Accounts,
    /// A fault begins.
    Begin(u64),
    /// A fault ends.
    End(u64),
    /// 1100 is told again.
    LinkStillDown,
    /// A message that was held back goes out.
    Deliver(u64),
    /// A snapshot of market data is complete.
    SnapshotEnd(ConnId, i32),
    /// The login may send more messages.
    ReadLate,
}

/// Everything that is wrong at the moment.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    count: u64,
    planned: BTreeMap<u64, Fault>,
    active: BTreeMap<u64, FaultKind>,
    /// How each of them was written.
    written: BTreeMap<u64, Box<str>>,
    mute: BTreeSet<ConnId>,
    half_open: BTreeSet<ConnId>,
    /// The half-open ones of which the server knows.
    left_unread: BTreeSet<ConnId>,
    /// TWS has no IBKR.
    pub(crate) link_down: bool,
    /// What clients sent meanwhile about orders that are at the exchange.
    pub(crate) kept: Vec<KeptRequest>,
    farms_down: BTreeSet<Box<str>>,
    /// Bars are told of all hours.
    pub(crate) bars_outside_session: bool,
    /// Historical requests find nothing.
    pub(crate) empty_history: bool,
    /// Historical requests meet the pacing error.
    pub(crate) history_pacing: bool,
    /// Data goes to another session.
    pub(crate) competing_session: bool,
    /// How wrong the told clock is.
    pub(crate) clock_offset: SignedDuration,
    /// Messages above this many in a second are rejected.
    pub(crate) rate_limit: Option<u32>,
    /// Messages that were held back.
    pub(crate) held: Held,
    /// Instants whose quotes are told in snapshots.
    pub(crate) cache: SnapshotCache,
}

impl Faults {
    /// Number and text of every fault, the planned ones included, and whether it is on.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (u64, &str, bool)> {
        let known = self.written.iter().map(|(id, text)| (*id, &**text, self.active.contains_key(id)));
        known.filter(|(id, _, active)| *active || self.planned.contains_key(id))
    }

    /// Whether market data of a symbol is frozen.
    pub(crate) fn freezes(&self, wanted: &str) -> bool {
        self.active.values().any(|kind| {
            matches!(kind, FaultKind::FreezeData { symbol } if symbol.as_ref().is_none_or(|symbol| **symbol == *wanted))
        })
    }

    /// Whether one tick of a symbol is frozen.
    pub(crate) fn freezes_field(&self, wanted: &str, tick: i32) -> bool {
        self.active.values().any(|kind| match kind {
            FaultKind::FreezeField { symbol, field } => {
                symbol.as_ref().is_none_or(|symbol| **symbol == *wanted) && ticks_of(*field).contains(&tick)
            }
            _ => false,
        })
    }

    /// Whether a message is lost on its way to a connection.
    pub(crate) fn swallows(&self, conn: ConnId, response: &Response) -> bool {
        let ping = matches!(response, Response::CurrentTime(_) | Response::CurrentTimeInMillis(_));
        self.half_open.contains(&conn) || (self.mute.contains(&conn) && !ping)
    }

    /// What is wrong, one by one.
    pub(crate) fn active_kinds(&self) -> impl Iterator<Item = &FaultKind> {
        self.active.values()
    }

    /// Ends what is on, without a word: the link came back.
    pub(crate) fn end_link_down(&mut self) {
        self.link_down = false;
        self.active.retain(|_, kind| !matches!(kind, FaultKind::LinkDown));
    }

    /// Whether a request stays without answer.
    pub(crate) fn ignores(&self, request: &Request) -> bool {
        self.active.values().any(|kind| match kind {
            FaultKind::NeverAnswer { request: name } => {
                name.as_deref().unwrap_or("reqHistoricalData") == request.name()
            }
            _ => false,
        })
    }

    /// Whether new connections are refused.
    pub(crate) fn refusing(&self) -> bool {
        self.active
            .values()
            .any(|kind| matches!(kind, FaultKind::RefuseConnect | FaultKind::DailyReset { .. }))
    }

    /// Whether a farm is gone.
    pub(crate) fn farm_down(&self, farm: &str) -> bool {
        self.farms_down.contains(farm)
    }

    /// Whether a farm sleeps.
    pub(crate) fn is_idle(&self, farm: &str) -> bool {
        self.active
            .values()
            .any(|kind| matches!(kind, FaultKind::FarmIdle { farm: of } if farm_of(of.as_deref()) == farm))
    }

    /// Somebody wants something of a farm: whether it slept until now.
    pub(crate) fn wake(&mut self, farm: &str) -> bool {
        let before = self.active.len();
        self.active.retain(
            |_, kind| !matches!(kind, FaultKind::FarmIdle { farm: of } if farm_of(of.as_deref()) == farm),
        );
        self.active.len() < before
    }

    /// Whether nothing is read from a connection.
    pub(crate) fn is_half_open(&self, conn: ConnId) -> bool {
        self.half_open.contains(&conn)
    }

    /// The connections that have become half-open since this was asked last, and those that are it no more.
    pub(crate) fn turn_half_open(&mut self) -> (Vec<ConnId>, Vec<ConnId>) {
        let before = std::mem::replace(&mut self.left_unread, self.half_open.clone());
        let begun = self.half_open.difference(&before).copied().collect();
        (begun, before.difference(&self.half_open).copied().collect())
    }

    /// A connection is made: what is wrong with all of them is wrong with it. With those of one client only once it is
    /// known whose it is.
    pub(crate) fn seize(&mut self, conn: ConnId, client: Option<ClientId>) {
        for kind in self.active.values() {
            match kind {
                FaultKind::MuteSocket { client: of } if of.map(ClientId) == client => self.mute.insert(conn),
                FaultKind::HalfOpen { client: of } if of.map(ClientId) == client => {
                    self.half_open.insert(conn)
                }
                _ => continue,
            };
        }
    }

    /// A connection ended; what was wrong with it ended too.
    pub(crate) fn forget(&mut self, conn: ConnId) {
        self.mute.remove(&conn);
        self.half_open.remove(&conn);
        self.left_unread.remove(&conn);
        self.held.forget(conn);
    }
}

/// The farm that a fault means.
fn farm_of(farm: Option<&str>) -> &str {
    farm.unwrap_or("usfarm")
}

fn ticks_of(field: QuoteFieldName) -> &'static [i32] {
    match field {
        QuoteFieldName::Bid => &[1, 0],
        QuoteFieldName::Ask => &[2, 3],
        QuoteFieldName::Last => &[4, 5, 45],
        QuoteFieldName::Volume => &[8],
        QuoteFieldName::High => &[6],
        QuoteFieldName::Low => &[7],
        QuoteFieldName::Close => &[9],
        QuoteFieldName::Open => &[14],
    }
}

impl IbkrVenue {
    /// Makes something go wrong, now or later in venue time. What cannot be understood is refused now.
    pub fn fault(&mut self, fault: Fault, out: &mut Vec<Output>) -> Result<FaultId, FaultError> {
        self.check_fault(&fault)?;
        if self.faults.planned.len() + self.faults.active.len() >= FAULTS_MAX {
            return Err(FaultError::TooMany { max: FAULTS_MAX });
        }
        self.faults.count += 1;
        let id = self.faults.count;
        let after = fault.after.map_or(SignedDuration::ZERO, |span| span.0);
        let faults = &mut self.faults;
        faults.written.retain(|id, _| faults.planned.contains_key(id) || faults.active.contains_key(id));
        faults.written.insert(id, fault.text.clone());
        faults.planned.insert(id, fault);
        if after > SignedDuration::ZERO {
            self.set_timer_in(after, Timer::Begin(id));
        } else {
            self.begin_fault(id, out);
            self.tell_happenings(out);
            self.step_lockstep(out);
        }
        Ok(FaultId(id))
    }

    /// Ends one fault, if it is on.
    pub fn heal(&mut self, id: FaultId, out: &mut Vec<Output>) {
        self.end_fault(id.0, out);
        self.tell_happenings(out);
        self.step_lockstep(out);
    }

    /// Ends every fault, planned ones included. A lost link comes back with its data.
    pub fn heal_all(&mut self, out: &mut Vec<Output>) {
        self.faults.planned.clear();
        for id in self.faults.active.keys().copied().collect::<Vec<_>>() {
            self.end_fault(id, out);
        }
        self.faults.mute.clear();
        self.faults.half_open.clear();
        self.tell_reading(out);
        for farm in std::mem::take(&mut self.faults.farms_down) {
            self.tell_farm(&farm, true, out);
        }
        if self.faults.link_down {
            self.link_up(true, out);
        }
        self.tell_happenings(out);
        self.step_lockstep(out);
    }

    fn check_fault(&self, fault: &Fault) -> Result<(), FaultError> {
        if let FaultKind::AnnounceHours(hours) = &fault.kind {
            return self.check_hours(fault, *hours);
        }
        let (symbol, account) = match &fault.kind {
            FaultKind::FreezeData { symbol }
            | FaultKind::FreezeField { symbol, .. }
            | FaultKind::StaleSnapshot { symbol } => (symbol.as_deref(), None),
            FaultKind::HaltSymbol { symbol }
            | FaultKind::HardToBorrow { symbol }
            | FaultKind::NotSubscribed { symbol, .. } => (Some(&**symbol), None),
            FaultKind::NotAllowed { symbol, account } => (Some(&**symbol), account.as_deref()),
            FaultKind::ManualOrder(order) => (Some(&*order.symbol), order.account.as_deref()),
            FaultKind::ManualTrade(trade) => (Some(&*trade.symbol), trade.account.as_deref()),
            _ => (None, None),
        };
        if let Some(symbol) = symbol.filter(|symbol| self.exchange.market.find(symbol).is_none()) {
            return Err(FaultError::Symbol { symbol: symbol.into() });
        }
        let known = |name: &str| self.exchange.account_names.iter().any(|account| account.as_str() == name);
        if let Some(account) = account.filter(|account| !known(account)) {
            return Err(FaultError::Account { account: account.into() });
        }
        if let FaultKind::FarmDown { farm: Some(farm) } | FaultKind::FarmUp { farm: Some(farm) } = &fault.kind
            && !matches!(&**farm, "usfarm" | "ushmds" | "secdefnj")
        {
            return Err(FaultError::Farm { farm: farm.clone() });
        }
        if let FaultKind::FarmIdle { farm } = &fault.kind
            && !matches!(farm_of(farm.as_deref()), "usfarm" | "ushmds")
        {
            return Err(FaultError::Farm { farm: farm_of(farm.as_deref()).into() });
        }
        if let FaultKind::NotSubscribed { code: Some(code), .. } = &fault.kind
            && permits::not_subscribed(*code, "").is_none()
        {
            return Err(FaultError::Code { code: *code });
        }
        Ok(())
    }

    /// A fault's time has come.
    pub(crate) fn begin_fault(&mut self, id: u64, out: &mut Vec<Output>) {
        let Some(fault) = self.faults.planned.remove(&id) else { return };
        let lasts = match fault.kind {
            FaultKind::DailyReset { .. } => {
                fault.lasts.map_or(SignedDuration::from_secs(RESET_SECS), |span| span.0)
            }
            _ => fault.lasts.map_or(SignedDuration::ZERO, |span| span.0),
        };
        self.faults.active.insert(id, fault.kind.clone());
        if lasts > SignedDuration::ZERO {
            self.set_timer_in(lasts, Timer::End(id));
        }
        self.begin_connection(&fault.kind, out);
        self.begin_link(&fault.kind, out);
        self.begin_venue(&fault.kind, out);
        if fault.kind.is_momentary() {
            self.faults.active.remove(&id);
        }
    }

    fn begin_connection(&mut self, kind: &FaultKind, out: &mut Vec<Output>) {
        match kind {
            FaultKind::MuteSocket { client } => self.faults.mute.extend(self.conns_of(*client)),
            FaultKind::HalfOpen { client } => {
                self.faults.half_open.extend(self.conns_of(*client));
                self.tell_reading(out);
            }
            FaultKind::Disconnect { client, reset } => self.drop_connections(*client, *reset, out),
            FaultKind::RefuseConnect => out.push(Output::RefuseConnections(true)),
            FaultKind::DailyReset { roll_back_ids } => self.restart(*roll_back_ids, out),
            FaultKind::PortChange { port } => self.change_port(*port, out),
            _ => {}
        }
    }

    fn begin_link(&mut self, kind: &FaultKind, out: &mut Vec<Output>) {
        match kind {
            FaultKind::LinkDown => {
                self.notice_all(1100, LINK_LOST, out);
                self.faults.link_down = true;
                self.exchange.link_down = true;
                self.set_timer(LINK_DOWN_REPEAT_SECS, Timer::LinkStillDown);
            }
            FaultKind::LinkUpDataLost => self.link_up(false, out),
            FaultKind::LinkUpDataKept => self.link_up(true, out),
            FaultKind::FarmDown { farm } => {
                let farm = farm.clone().unwrap_or_else(|| "usfarm".into());
                self.tell_farm(&farm, false, out);
                self.faults.farms_down.insert(farm);
            }
            FaultKind::FarmIdle { farm } => {
                let farm = farm_of(farm.as_deref()).to_owned();
                self.tell_idle(&farm, out);
            }
            FaultKind::FarmUp { farm } => {
                let farm = farm.clone().unwrap_or_else(|| "usfarm".into());
                self.faults.farms_down.remove(&farm);
                self.tell_farm(&farm, true, out);
            }
            FaultKind::CompetingSession => self.lose_data(out),
            FaultKind::OtherUserLogin if !self.exchange.lives(Difference::SharedData) => self.lose_data(out),
            FaultKind::ClockOffset { offset } => self.faults.clock_offset = offset.0,
            _ => {}
        }
    }

    fn lose_data(&mut self, out: &mut Vec<Output>) {
        self.faults.competing_session = true;
        self.tell_competing_session(out);
    }

    fn begin_venue(&mut self, kind: &FaultKind, out: &mut Vec<Output>) {
        match kind {
            FaultKind::RejectOrders { reason } => {
                let reason =
                    reason.clone().unwrap_or_else(|| "The order was rejected by the simulator".into());
                self.exchange.faults.reject = Some(reason);
            }
            FaultKind::SilentDropOrder => self.exchange.faults.drop_silently = true,
            FaultKind::StaleSnapshot { symbol } => {
                self.faults.cache.keep(symbol.as_deref(), self.exchange.now);
            }
            FaultKind::LateCommission { delay } => self.exchange.faults.commission_delay = Some(delay.0),
            FaultKind::LateCancel { delay } => self.exchange.faults.cancel_delay = Some(delay.0),
            FaultKind::DuplicateMessage { message: None, .. } => self.exchange.faults.duplicate = true,
            FaultKind::RateLimit { per_second } => {
                self.faults.rate_limit = Some(per_second.unwrap_or(RATE_PER_SECOND));
            }
            FaultKind::UnscheduledClose => self.exchange.close_now(),
            FaultKind::AnnounceHours(hours) => self.exchange.announce(*hours),
            FaultKind::BarsOutsideSession => self.faults.bars_outside_session = true,
            FaultKind::EmptyHistory => self.faults.empty_history = true,
            FaultKind::HistoryPacing => self.faults.history_pacing = true,
            FaultKind::HaltSymbol { symbol } => {
                if let Some(sym) = self.exchange.market.find(symbol) {
                    self.exchange.market.halt(sym, self.exchange.now);
                    self.tell_halt(sym, out);
                }
            }
            FaultKind::HardToBorrow { symbol } => {
                self.exchange.hard_to_borrow.extend(self.exchange.market.find(symbol));
            }
            FaultKind::NotSubscribed { .. } | FaultKind::NotAllowed { .. } => self.refresh_permits(),
            FaultKind::CancelOrder { .. } => self.cancel_unasked(kind),
            FaultKind::ManualOrder(order) => drop(self.manual_order(order, out)),
            FaultKind::ManualTrade(trade) => self.trade_by_hand(trade),
            FaultKind::CorrectExecution { exec_id, price } => self.correct(exec_id.as_deref(), *price),
            FaultKind::BustExecution { exec_id } => self.bust(exec_id.as_deref(), out),
            _ => {}
        }
    }

    /// One of two faults of a connection has ended; the other may last.
    fn seize_again(&mut self, conn: ConnId) {
        let client = self.conns.get(&conn).and_then(Conn::client);
        self.faults.seize(conn, None);
        if client.is_some() {
            self.faults.seize(conn, client);
        }
    }

    /// A fault's time is over.
    pub(crate) fn end_fault(&mut self, id: u64, out: &mut Vec<Output>) {
        let Some(kind) = self.faults.active.remove(&id) else { return };
        match &kind {
            FaultKind::MuteSocket { client } => {
                for conn in self.conns_of(*client) {
                    self.faults.mute.remove(&conn);
                    self.seize_again(conn);
                }
            }
            FaultKind::HalfOpen { client } => {
                for conn in self.conns_of(*client) {
                    self.faults.half_open.remove(&conn);
                    self.seize_again(conn);
                }
                self.tell_reading(out);
            }
            FaultKind::RefuseConnect | FaultKind::DailyReset { .. } if !self.faults.refusing() => {
                out.push(Output::RefuseConnections(false));
            }
            FaultKind::LinkDown if self.faults.link_down => self.link_up(true, out),
            FaultKind::FarmDown { farm } => {
                let farm = farm.clone().unwrap_or_else(|| "usfarm".into());
                if self.faults.farms_down.remove(&farm) {
                    self.tell_farm(&farm, true, out);
                }
            }
            FaultKind::CompetingSession | FaultKind::OtherUserLogin => {
                let shared = !self.exchange.lives(Difference::SharedData);
                let still = self.faults.active_kinds().any(|kind| match kind {
                    FaultKind::CompetingSession => true,
                    FaultKind::OtherUserLogin => shared,
                    _ => false,
                });
                self.faults.competing_session = still;
            }
            FaultKind::FarmIdle { farm } => {
                let farm = farm_of(farm.as_deref()).to_owned();
                self.tell_farm(&farm, true, out);
            }
            FaultKind::NotSubscribed { .. } | FaultKind::NotAllowed { .. } => self.refresh_permits(),
            FaultKind::ClockOffset { .. } => self.faults.clock_offset = SignedDuration::ZERO,
            FaultKind::RejectOrders { .. } => self.exchange.faults.reject = None,
            FaultKind::SilentDropOrder => self.exchange.faults.drop_silently = false,
            FaultKind::StaleSnapshot { symbol } => self.faults.cache.forget(symbol.as_deref()),
            FaultKind::LateCommission { .. } => self.exchange.faults.commission_delay = None,
            FaultKind::LateCancel { .. } => self.exchange.faults.cancel_delay = None,
            FaultKind::DuplicateMessage { message: None, .. } => self.exchange.faults.duplicate = false,
            FaultKind::RateLimit { .. } => self.faults.rate_limit = None,
            FaultKind::BarsOutsideSession => self.faults.bars_outside_session = false,
            FaultKind::EmptyHistory => self.faults.empty_history = false,
            FaultKind::HistoryPacing => self.faults.history_pacing = false,
            FaultKind::HaltSymbol { symbol } => {
                if let Some(sym) = self.exchange.market.find(symbol) {
                    self.exchange.market.resume(sym, self.exchange.now);
                    self.tell_halt(sym, out);
                }
            }
            FaultKind::HardToBorrow { symbol } => {
                if let Some(sym) = self.exchange.market.find(symbol) {
                    self.exchange.located(sym);
                    self.tell_happenings(out);
                }
            }
            _ => {}
        }
    }
}
