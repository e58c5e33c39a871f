//! What faults do while they last.
//!
//! Owns the list of active faults and every flag that they set. Beginning and end come as timers in
//! venue time; the rest of the venue only asks the questions at the top of this file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use plimsoll_model::{ClientId, OrdType, OrderId, PermId, Qty, Side, TimeInForce};
use plimsoll_tws::{Request, Response};

use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::Happening;
use crate::ibkr::fault::{Fault, FaultKind, ManualOrder, ManualTrade, QuoteFieldName, SideName};
use crate::ibkr::server::Asked;
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, FaultError, FaultId, ManualOrderError, Output};
use crate::market::Sym;

/// Active faults that may exist at once.
const FAULTS_MAX: usize = 1_000;
/// TWS repeats 1100 about this often while a reset lasts.
const LINK_DOWN_REPEAT_SECS: i64 = 4;
/// How long the port stays closed in a daily reset that does not say.
const RESET_SECS: i64 = 30;
const LINK_LOST: &str = "Connectivity between IBKR and Trader Workstation has been lost.";

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
}

/// Everything that is wrong at the moment.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    count: u64,
    planned: BTreeMap<u64, Fault>,
    active: BTreeMap<u64, FaultKind>,
    mute: BTreeSet<ConnId>,
    half_open: BTreeSet<ConnId>,
    /// TWS has no IBKR.
    pub(crate) link_down: bool,
    /// What clients sent meanwhile.
    pub(crate) kept: Vec<(Asked, Request)>,
    farms_down: BTreeSet<Box<str>>,
    /// Historical requests find nothing.
    pub(crate) empty_history: bool,
    /// Historical requests meet the pacing error.
    pub(crate) history_pacing: bool,
    /// Data goes to another session.
    pub(crate) competing_session: bool,
    /// How wrong the told clock is.
    pub(crate) clock_offset: SignedDuration,
}

impl Faults {
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
        let dropped = |kind: &FaultKind| matches!(kind, FaultKind::DropMessage { message } if **message == *response.name());
        self.half_open.contains(&conn)
            || (self.mute.contains(&conn) && !ping)
            || self.active.values().any(dropped)
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
        self.active.values().any(|kind| matches!(kind, FaultKind::RefuseConnect | FaultKind::DailyReset))
    }

    /// Whether a farm is gone.
    pub(crate) fn farm_down(&self, farm: &str) -> bool {
        self.farms_down.contains(farm)
    }

    /// Whether nothing is read from a connection.
    pub(crate) fn is_half_open(&self, conn: ConnId) -> bool {
        self.half_open.contains(&conn)
    }

    /// Whether a connection hears nothing.
    pub(crate) fn is_mute(&self, conn: ConnId) -> bool {
        self.mute.contains(&conn) || self.half_open.contains(&conn)
    }

    /// A connection ended; what was wrong with it ended too.
    pub(crate) fn forget(&mut self, conn: ConnId) {
        self.mute.remove(&conn);
        self.half_open.remove(&conn);
        self.kept.retain(|(from, _)| from.conn != conn);
    }
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
        self.faults.planned.insert(id, fault);
        if after > SignedDuration::ZERO {
            self.set_timer_in(after, Timer::Begin(id));
        } else {
            self.begin_fault(id, out);
            self.tell_happenings(out);
            self.step_lockstep(out);
        }
        Ok(FaultId(id))
    }

    /// Ends every fault, planned ones included. A lost link comes back with its data.
    pub fn heal_all(&mut self, out: &mut Vec<Output>) {
        self.faults.planned.clear();
        for id in self.faults.active.keys().copied().collect::<Vec<_>>() {
            self.end_fault(id, out);
        }
        self.faults.mute.clear();
        self.faults.half_open.clear();
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
        let (symbol, account) = match &fault.kind {
            FaultKind::FreezeData { symbol } | FaultKind::FreezeField { symbol, .. } => {
                (symbol.as_deref(), None)
            }
            FaultKind::HaltSymbol { symbol } | FaultKind::HardToBorrow { symbol } => (Some(&**symbol), None),
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
            && !matches!(&**farm, "usfarm" | "ushmds")
        {
            return Err(FaultError::Farm { farm: farm.clone() });
        }
        Ok(())
    }

    /// A fault's time has come.
    pub(crate) fn begin_fault(&mut self, id: u64, out: &mut Vec<Output>) {
        let Some(fault) = self.faults.planned.remove(&id) else { return };
        let lasts = match fault.kind {
            FaultKind::DailyReset => fault.lasts.map_or(SignedDuration::from_secs(RESET_SECS), |span| span.0),
            _ => fault.lasts.map_or(SignedDuration::ZERO, |span| span.0),
        };
        self.faults.active.insert(id, fault.kind.clone());
        if lasts > SignedDuration::ZERO {
            self.set_timer_in(lasts, Timer::End(id));
        }
        self.begin_connection(&fault.kind, out);
        self.begin_link(&fault.kind, out);
        self.begin_venue(id, &fault.kind, out);
    }

    fn begin_connection(&mut self, kind: &FaultKind, out: &mut Vec<Output>) {
        match kind {
            FaultKind::MuteSocket { client } => self.faults.mute.extend(self.conns_of(*client)),
            FaultKind::HalfOpen { client } => self.faults.half_open.extend(self.conns_of(*client)),
            FaultKind::Disconnect { client, reset } => self.drop_connections(*client, *reset, out),
            FaultKind::RefuseConnect => out.push(Output::RefuseConnections(true)),
            FaultKind::DailyReset => {
                self.notice_all(1100, LINK_LOST, out);
                out.push(Output::RefuseConnections(true));
                self.drop_connections(None, true, out);
            }
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
            FaultKind::FarmUp { farm } => {
                let farm = farm.clone().unwrap_or_else(|| "usfarm".into());
                self.faults.farms_down.remove(&farm);
                self.tell_farm(&farm, true, out);
            }
            FaultKind::CompetingSession => {
                self.faults.competing_session = true;
                self.tell_competing_session(out);
            }
            FaultKind::ClockOffset { offset } => self.faults.clock_offset = offset.0,
            _ => {}
        }
    }

    fn begin_venue(&mut self, id: u64, kind: &FaultKind, out: &mut Vec<Output>) {
        match kind {
            FaultKind::RejectOrders { reason } => {
                let reason =
                    reason.clone().unwrap_or_else(|| "The order was rejected by the simulator".into());
                self.exchange.faults.reject = Some(reason);
            }
            FaultKind::SilentDropOrder => self.exchange.faults.drop_silently = true,
            FaultKind::LateCommission { delay } => self.exchange.faults.commission_delay = Some(delay.0),
            FaultKind::DuplicateMessage => self.exchange.faults.duplicate = true,
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
            FaultKind::CancelOrder { .. } => self.cancel_unasked(kind),
            FaultKind::ManualOrder(order) => drop(self.manual_order(order, out)),
            FaultKind::ManualTrade(trade) => self.trade_by_hand(trade),
            FaultKind::CorrectExecution { exec_id, price } => self.correct(exec_id.as_deref(), *price),
            _ => return,
        }
        if is_momentary(kind) {
            self.faults.active.remove(&id);
        }
    }

    /// A fault's time is over.
    pub(crate) fn end_fault(&mut self, id: u64, out: &mut Vec<Output>) {
        let Some(kind) = self.faults.active.remove(&id) else { return };
        match &kind {
            FaultKind::MuteSocket { client } => {
                for conn in self.conns_of(*client) {
                    self.faults.mute.remove(&conn);
                }
            }
            FaultKind::HalfOpen { client } => {
                for conn in self.conns_of(*client) {
                    self.faults.half_open.remove(&conn);
                }
            }
            FaultKind::RefuseConnect | FaultKind::DailyReset if !self.faults.refusing() => {
                out.push(Output::RefuseConnections(false));
            }
            FaultKind::LinkDown if self.faults.link_down => self.link_up(true, out),
            FaultKind::FarmDown { farm } => {
                let farm = farm.clone().unwrap_or_else(|| "usfarm".into());
                if self.faults.farms_down.remove(&farm) {
                    self.tell_farm(&farm, true, out);
                }
            }
            FaultKind::CompetingSession => self.faults.competing_session = false,
            FaultKind::ClockOffset { .. } => self.faults.clock_offset = SignedDuration::ZERO,
            FaultKind::RejectOrders { .. } => self.exchange.faults.reject = None,
            FaultKind::SilentDropOrder => self.exchange.faults.drop_silently = false,
            FaultKind::LateCommission { .. } => self.exchange.faults.commission_delay = None,
            FaultKind::DuplicateMessage => self.exchange.faults.duplicate = false,
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

    fn conns_of(&self, client: Option<i32>) -> Vec<ConnId> {
        match client {
            None => self.conns.keys().copied().collect(),
            Some(client) => self.conn_of(ClientId(client)).into_iter().collect(),
        }
    }

    fn drop_connections(&mut self, client: Option<i32>, reset: bool, out: &mut Vec<Output>) {
        for conn in self.conns_of(client) {
            self.conns.remove(&conn);
            self.faults.forget(conn);
            out.push(if reset { Output::Reset { conn } } else { Output::Close { conn } });
        }
    }

    /// 1100 comes again and again while the link is down.
    pub(crate) fn repeat_link_down(&mut self, out: &mut Vec<Output>) {
        if self.faults.link_down {
            self.notice_all(1100, LINK_LOST, out);
            self.set_timer(LINK_DOWN_REPEAT_SECS, Timer::LinkStillDown);
        }
    }

    /// The link is back: orders that were kept go out now, and what happened meanwhile is told.
    fn link_up(&mut self, data_kept: bool, out: &mut Vec<Output>) {
        self.faults.link_down = false;
        self.exchange.link_down = false;
        self.faults.active.retain(|_, kind| !matches!(kind, FaultKind::LinkDown));
        if data_kept {
            let text = "Connectivity between IBKR and Trader Workstation has been restored - data maintained. \
                        All data farms are connected: usfarm; ushmds; secdefnj.";
            self.notice_all(1102, text, out);
        } else {
            for conn in self.conns.values_mut() {
                conn.subscriptions.drop_market_data();
            }
            let text = "Connectivity between IBKR and Trader Workstation has been restored - data lost.";
            self.notice_all(1101, text, out);
        }
        self.tell_happenings(out);
        for (from, request) in std::mem::take(&mut self.faults.kept) {
            if self.conns.get(&from.conn).and_then(crate::ibkr::conn::Conn::client) == Some(from.client) {
                self.answer_kept(from, request, out);
            }
        }
        self.tell_happenings(out);
    }

    fn tell_farm(&mut self, farm: &str, up: bool, out: &mut Vec<Output>) {
        let (what, broken, fine) = match farm {
            "ushmds" => ("HMDS data farm connection is", 2105, 2106),
            _ => ("Market data farm connection is", 2103, 2104),
        };
        let (code, state) = if up { (fine, "OK") } else { (broken, "broken") };
        self.notice_all(code, &format!("{what} {state}:{farm}"), out);
    }

    fn cancel_unasked(&mut self, kind: &FaultKind) {
        let FaultKind::CancelOrder { client, order_id, symbol, reason } = kind else { return };
        let wanted: Vec<PermId> = self
            .exchange
            .open
            .iter()
            .copied()
            .filter(|perm| {
                let order = self.exchange.order(*perm);
                order.state.is_listed()
                    && client.is_none_or(|client| order.client == ClientId(client))
                    && order_id.is_none_or(|id| order.order_id == OrderId(id))
                    && symbol.as_ref().is_none_or(|symbol| **symbol == *self.exchange.symbol(order.sym))
            })
            .collect();
        let reason = reason.as_deref().unwrap_or("Order was cancelled by the exchange");
        for perm in wanted {
            if self.exchange.order(perm).state.is_open() {
                self.exchange.end_canceled(perm, reason);
            }
        }
    }

    /// Enters an order as if by hand in TWS: client 0, number 0 until client 0 binds it.
    pub fn manual_order(
        &mut self,
        order: &ManualOrder,
        out: &mut Vec<Output>,
    ) -> Result<PermId, ManualOrderError> {
        let unknown = || ManualOrderError {
            text: format!("symbol `{}` is not traded here; nothing was entered", order.symbol),
        };
        let sym = self.exchange.market.find(&order.symbol).ok_or_else(unknown)?;
        let kind = match (&order.ord_type, order.limit) {
            (Some(word), _) => OrdType::from_wire(word),
            (None, Some(_)) => OrdType::Limit,
            (None, None) => OrdType::Market,
        };
        let entry = Entry {
            account: order.account.clone().unwrap_or_else(|| self.exchange.account_names[0].as_str().into()),
            ord_type: kind,
            tif: TimeInForce::from_wire(order.tif.as_deref().unwrap_or("DAY")),
            limit_px: order.limit,
            stop_px: order.stop,
            ..by_hand(sym, side_of(order.side), order.qty)
        };
        let perm = self
            .exchange
            .place_by_hand(&entry)
            .map_err(|refusal| ManualOrderError { text: format!("{}; nothing was entered", refusal.text) })?;
        let zero = ClientId(0);
        if let Some(conn) = self.conn_of(zero)
            && self.conns.get(&conn).is_some_and(|to| to.auto_bind)
        {
            self.bind_manual_orders(Asked { conn, client: zero }, out);
        }
        self.tell_happenings(out);
        self.step_lockstep(out);
        Ok(perm)
    }

    fn trade_by_hand(&mut self, trade: &ManualTrade) {
        let Some(sym) = self.exchange.market.find(&trade.symbol) else { return };
        let last = self.exchange.last_px(sym);
        let px = trade.price.map_or(last, |px| cents_near(px.get()));
        let account = trade.account.clone().unwrap_or_else(|| self.exchange.account_names[0].as_str().into());
        let entry = Entry { account, ..by_hand(sym, side_of(trade.side), trade.qty) };
        self.exchange.trade_by_hand(&entry, px);
    }

    fn correct(&mut self, exec_id: Option<&str>, px: plimsoll_model::Price) {
        let wanted = |id: &str| exec_id.is_none_or(|exec_id| exec_id == id);
        let found = self.exchange.fills.iter().rposition(|fill| wanted(fill.exec_id.as_str()));
        if let Some(index) = found {
            self.exchange.correct(index, cents_near(px.get()));
            self.exchange.tell(Happening::Executed(index));
            self.exchange.tell(Happening::Charged(index));
        }
    }
}

/// A market order of nobody's client for the default account.
fn by_hand(sym: Sym, side: Side, qty: Qty) -> Entry {
    Entry {
        client: ClientId(0),
        order_id: OrderId(0),
        sym,
        account: "".into(),
        side,
        qty,
        ord_type: OrdType::Market,
        tif: TimeInForce::Day,
        good_till: None,
        limit_px: None,
        stop_px: None,
        transmit: true,
        parent_id: None,
        oca_group: "".into(),
        oca_type: 0,
        outside_rth: false,
        order_ref: "".into(),
        terms: crate::ibkr::terms::Terms { version: u16::MAX, ..Default::default() },
    }
}

/// Faults that are an event rather than a state.
fn is_momentary(kind: &FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::CancelOrder { .. }
            | FaultKind::ManualOrder(_)
            | FaultKind::ManualTrade(_)
            | FaultKind::CorrectExecution { .. }
    )
}

fn side_of(name: SideName) -> Side {
    match name {
        SideName::Buy => Side::Buy,
        SideName::Sell => Side::Sell,
    }
}

/// A price by hand to the nearest cent, at least one.
fn cents_near(px: rust_decimal::Decimal) -> i64 {
    use rust_decimal::prelude::ToPrimitive;
    let cents = px.checked_mul(rust_decimal::Decimal::ONE_HUNDRED).map(|cents| cents.round());
    cents.and_then(|cents| cents.to_i64()).unwrap_or(1).clamp(1, 100_000_000)
}
