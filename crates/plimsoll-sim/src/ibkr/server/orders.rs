//! Orders on the wire: requests to the exchange, and what an order looks like to a client.
//!
//! Owns the forms of openOrder, orderStatus, execDetails, commissionReport and completedOrder, and the
//! answers to the requests that list them. Where a field has a strange value, a real Gateway was seen
//! to send it.

use plimsoll_model::{Account, ClientId, OrderId, PermId, Position, Price, Qty, Side};
use plimsoll_tws::message::{
    ById, CommissionReport, CompletedOrder, ExecDetails, OpenOrder, Order as WireOrder, OrderBound,
    OrderState, OrderStatus, PlaceOrder, ReqExecutions, WireContract,
};
use plimsoll_tws::{Response, ServerVersion};
use rust_decimal::Decimal;

use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::Fill;
use crate::ibkr::fees::{self, Charged, Role, Trade};
use crate::ibkr::order::{Order, State};
use crate::ibkr::profile::Difference;
use crate::ibkr::rules;
use crate::ibkr::server::contracts::UNKNOWN;
use crate::ibkr::server::read::{self, Sender};
use crate::ibkr::server::times;
use crate::ibkr::server::{Asked, NO_ID};
use crate::ibkr::style::Style;
use crate::ibkr::terms::{Leg, Terms};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ExecutionTimes, Output};
use crate::market::Sym;

/// Shares of one leg in one combination.
const LEG_RATIO_MAX: i32 = 1_000;

impl IbkrVenue {
    /// `placeOrder`: a new order, a change, or a preview.
    pub(crate) fn place_order(
        &mut self,
        from: Asked,
        version: ServerVersion,
        m: PlaceOrder,
        out: &mut Vec<Output>,
    ) {
        let (sym, legs) = match self.what_is_ordered(&m) {
            Ok(found) => found,
            Err((code, text)) => {
                self.send_error(from.conn, (m.order_id, code), &text, out);
                return;
            }
        };
        if m.contract.exchange.is_empty() {
            let text = "Error validating request.-'bF' : cause - Missing order exchange";
            self.send_error(from.conn, (m.order_id, 321), text, out);
            return;
        }
        let sender = Sender { client: from.client, version };
        let entry = match read::entry_of(sender, &m, sym, self.exchange.market.hours.zone()) {
            Ok(entry) => Entry { terms: Terms { legs, ..entry.terms.clone() }, ..entry },
            Err((code, text)) => {
                self.send_error(from.conn, (m.order_id, code), &text, out);
                return;
            }
        };
        if m.order.what_if {
            self.preview(from, &m, &entry, out);
            return;
        }
        if let Some(perm) = self.exchange.place(&entry) {
            self.wire.insert(perm, m.order);
        }
    }

    /// whatIf: one openOrder with margin and commission, and nothing rests.
    fn preview(&mut self, from: Asked, m: &PlaceOrder, entry: &Entry, out: &mut Vec<Output>) {
        if !entry.transmit {
            let text = "What-if order should have the transmit flag set to TRUE.";
            self.send_error(from.conn, (m.order_id, 413), text, out);
            return;
        }
        let checked = rules::check(entry, self.exchange.market.listing(entry.sym)).and_then(|numbers| {
            self.exchange.check_beyond(entry, numbers.style)?;
            Ok((numbers, self.exchange.resolve_account(entry)?))
        });
        let (numbers, account) = match checked {
            Ok(checked) => checked,
            Err(refusal) => {
                self.send_error(from.conn, (m.order_id, refusal.code), &refusal.text, out);
                return;
            }
        };
        let values = self.exchange.values(&account);
        let signed = if entry.side == Side::Buy { numbers.qty } else { -numbers.qty };
        let what = (entry.terms.legs.as_slice(), entry.sym);
        let margin = self.exchange.margin_growth(&account, what, signed, numbers.limit_px);
        let fee = self.preview_fee(entry, numbers.qty, numbers.limit_px);
        let (before, equity) = (values.margin, values.net_liquidation);
        let mut order = echo(&m.order, &account);
        order.what_if = true;
        let preview = OpenOrder {
            order_id: m.order_id,
            contract: self.order_contract(entry.sym, &entry.terms.legs),
            order,
            client_id: from.client.0,
            perm_id: 0,
            state: OrderState {
                status: "PreSubmitted".into(),
                before: [Some(before), Some(before), Some(equity)],
                change: [Some(margin), Some(margin), Some(-fee)],
                after: [Some(before + margin), Some(before + margin), Some(equity - fee)],
                commission: Some(fee),
                commission_currency: "USD".into(),
                ..OrderState::default()
            },
            ..OpenOrder::default()
        };
        self.send(from.conn, &Response::OpenOrder(Box::new(preview)), out);
    }

    fn preview_fee(&self, entry: &Entry, qty: i64, limit: Option<i64>) -> Decimal {
        let fee = |sym: Sym, qty: i64, px: i64| {
            let date = self.exchange.market.hours.date_at(self.exchange.now);
            let trade = Trade { qty, px, side: entry.side, role: Role::Takes, date };
            if self.exchange.market.listing(sym).is_stock() {
                return fees::order_commission(qty, i128::from(px) * i128::from(qty));
            }
            self.exchange.charge(&mut Charged::default(), sym, trade)
        };
        if entry.terms.legs.is_empty() {
            let sym = entry.sym;
            return fee(sym, qty, limit.unwrap_or_else(|| self.exchange.last_px(sym)));
        }
        let legs = entry.terms.legs.iter();
        legs.map(|leg| fee(leg.sym, qty * leg.ratio.abs(), self.exchange.last_px(leg.sym))).sum()
    }

    /// The contract as openOrder has it.
    fn order_contract(&self, sym: Sym, legs: &[Leg]) -> WireContract {
        if legs.is_empty() {
            return self.wire_contract_with(sym, "?");
        }
        WireContract { right: "?".into(), ..self.combo_contract(sym) }
    }

    /// The instrument, or the legs of a combination of one kind of instruments.
    fn what_is_ordered(&mut self, m: &PlaceOrder) -> Result<(Sym, Vec<Leg>), (i32, String)> {
        let unknown = || (200, UNKNOWN.to_owned());
        if m.contract.sec_type != "BAG" {
            return self.resolve_order(&m.contract).map(|sym| (sym, Vec::new()));
        }
        let sent = &m.order.combo.legs;
        if sent.is_empty() {
            return Err(unknown());
        }
        if sent.len() == 1 {
            return Err((
                321,
                "Error validating request.-'bF' : cause - A combination needs legs".to_owned(),
            ));
        }
        let mut legs: Vec<Leg> = Vec::new();
        for leg in sent {
            let sym = self.resolve_con_id(leg.con_id).ok_or_else(unknown)?;
            let sign = match leg.action.as_str() {
                "BUY" => 1,
                "SELL" | "SSHORT" => -1,
                _ => return Err(unknown()),
            };
            let twice = legs.iter().any(|other| other.sym == sym);
            let kind = |sym: Sym| self.exchange.market.listing(sym).sec_type();
            let other_kind = legs.iter().any(|other| kind(other.sym) != kind(sym));
            let text =
                "Error validating request.-'bF' : cause - The simulator combines one kind of instruments";
            if other_kind || kind(sym) == "CASH" {
                return Err((321, text.to_owned()));
            }
            if twice || !(1..=LEG_RATIO_MAX).contains(&leg.ratio) {
                return Err((321, "Error validating request.-'bF' : cause - Invalid leg".to_owned()));
            }
            legs.push(Leg { sym, ratio: sign * i64::from(leg.ratio) });
        }
        Ok((legs[0].sym, legs))
    }

    /// An order's description.
    pub(crate) fn open_order(&self, order: &Order) -> Response {
        let mut shown = self.shown_order(order);
        shown.shares_allocation =
            format!("{}.0/{}/{}", order.perm_id, order.account, order.qty).as_str().into();
        shown.parent_id = order.parent_id.map_or(0, |id| id.0);
        let charged = order.state == State::Filled && !order.commission.is_zero();
        Response::OpenOrder(Box::new(OpenOrder {
            order_id: order.order_id.0,
            contract: self.order_contract(order.sym, &order.terms.legs),
            order: shown,
            client_id: order.client.0,
            perm_id: order.perm_id.0,
            state: OrderState {
                status: order.state.as_wire().into(),
                commission: charged.then_some(order.commission),
                commission_currency: if charged { "USD".into() } else { "".into() },
                ..OrderState::default()
            },
            ..OpenOrder::default()
        }))
    }

    /// The order as it was sent, with what the venue made of it.
    fn shown_order(&self, order: &Order) -> WireOrder {
        let unsent = WireOrder::default();
        let sent = self.wire.get(order.perm_id).unwrap_or(&unsent);
        let mut shown = echo(sent, &order.account);
        shown.action = order.side.as_str().into();
        shown.total_qty = Some(shares(order.qty));
        shown.order_type = order.ord_type.as_wire().into();
        shown.tif = order.tif.as_wire().into();
        let price = |px: i64| Price::new(Decimal::new(px, order.scale));
        shown.limit_px = Some(order.limit_px.map_or(zero(), price));
        shown.aux_px = Some(match order.style {
            style if style.trails() => order.terms.aux_px.unwrap_or_else(zero),
            Style::Relative => price(order.peg_offset),
            _ => order.stop_px.map_or(zero(), price),
        });
        if order.style.trails() {
            shown.trail_stop_px = order.stop_px.map(price);
        }
        shown.order_ref = (&*order.order_ref).into();
        if let Some(oca) = &order.oca {
            shown.oca_group = (&*oca.group).into();
        }
        if order.is_grouped_by_venue() {
            shown.oca_type = 1;
        }
        shown
    }

    /// An order's status.
    pub(crate) fn order_status(order: &Order) -> Response {
        let why_held = if let State::Held(why) = order.state { why } else { "" };
        Response::OrderStatus(OrderStatus {
            order_id: order.order_id.0,
            status: order.state.as_wire().into(),
            filled: Some(shares(order.cum_qty)),
            remaining: Some(shares(order.leaves_qty())),
            avg_fill_px: Some(Price::new(order.avg_px())),
            perm_id: order.perm_id.0,
            parent_id: order.parent_id.map_or(0, |id| id.0),
            last_fill_px: Some(if order.last_px == 0 {
                Price::ZERO
            } else {
                Price::new(Decimal::new(order.last_px, order.scale))
            }),
            client_id: order.client.0,
            why_held: why_held.into(),
            market_cap_px: Some(Price::ZERO),
        })
    }

    /// An execution; `req_id` is -1 where nobody asked.
    pub(crate) fn exec_details(&self, fill: &Fill, req_id: i32, version: ServerVersion) -> Response {
        let by_profile = if self.exchange.lives(Difference::ExecutionTimes) {
            ExecutionTimes::Utc
        } else {
            ExecutionTimes::Zoned
        };
        let time = match self.config.settings.execution_times.unwrap_or(by_profile) {
            ExecutionTimes::Zoned => times::moment(fill.at, self.exchange.market.hours.zone(), version),
            ExecutionTimes::Utc => times::dashed_utc(fill.at),
        };
        let side = if fill.side == Side::Buy { "BOT" } else { "SLD" };
        let contract = if fill.combo { self.combo_contract(fill.sym) } else { self.wire_contract(fill.sym) };
        let contract = WireContract { exchange: fill.exchange.into(), ..contract };
        Response::ExecDetails(Box::new(ExecDetails {
            req_id,
            order_id: fill.order_id.0,
            contract,
            exec_id: fill.exec_id.as_str().into(),
            time: time.as_str().into(),
            account: fill.account.as_str().into(),
            exchange: fill.exchange.into(),
            side: side.into(),
            qty: Some(shares(fill.qty)),
            px: Some(Price::new(self.exchange.market.listing(fill.sym).decimal(fill.px))),
            perm_id: fill.perm_id.0,
            client_id: fill.client.0,
            cum_qty: Some(shares(fill.cum_qty)),
            avg_px: Some(Price::new(fill.avg_px)),
            order_ref: (&*fill.order_ref).into(),
            last_liquidity: fill.liquidity,
            ..ExecDetails::default()
        }))
    }

    /// The commission of an execution.
    pub(crate) fn commission_report(fill: &Fill) -> Response {
        Response::CommissionReport(CommissionReport {
            exec_id: fill.exec_id.as_str().into(),
            commission: Some(fill.commission),
            currency: "USD".into(),
            realized: fill.realized,
            ..CommissionReport::default()
        })
    }

    /// Whether a client left open orders behind.
    pub(crate) fn has_open_orders(&self, client: ClientId) -> bool {
        self.exchange
            .open
            .iter()
            .map(|perm| self.exchange.order(*perm))
            .any(|o| o.client == client && o.state.is_known_to_tws())
    }

    /// `reqOpenOrders`: the client's own; client 0 also gets those made by hand, and binds them.
    pub(crate) fn answer_open_orders(&mut self, from: Asked, out: &mut Vec<Output>) {
        if from.client == ClientId(0) {
            self.bind_manual_orders(from, out);
        }
        self.list_open(from, Some(from.client), out);
    }

    /// `reqAllOpenOrders`: everybody's, once.
    pub(crate) fn answer_all_open_orders(&mut self, from: Asked, out: &mut Vec<Output>) {
        self.list_open(from, None, out);
    }

    fn list_open(&mut self, from: Asked, only: Option<ClientId>, out: &mut Vec<Output>) {
        let orders: Vec<Order> = self
            .exchange
            .open
            .iter()
            .map(|perm| self.exchange.order(*perm))
            .filter(|order| order.state.is_known_to_tws() && only.is_none_or(|client| order.client == client))
            .cloned()
            .collect();
        for order in orders {
            let description = self.open_order(&order);
            self.send(from.conn, &description, out);
            self.send(from.conn, &Self::order_status(&order), out);
        }
        self.send(from.conn, &Response::OpenOrderEnd, out);
    }

    /// `reqAutoOpenOrders`: client 0 takes over orders made by hand.
    pub(crate) fn auto_open_orders(&mut self, from: Asked, bind: bool, out: &mut Vec<Output>) {
        if from.client != ClientId(0) {
            let text =
                "Only API connections with clientId set to 0 can set the auto bind TWS orders property.";
            self.send_error(from.conn, (NO_ID, 327), text, out);
            return;
        }
        if let Some(conn) = self.conns.get_mut(&from.conn) {
            conn.auto_bind = bind;
        }
        if bind {
            self.bind_manual_orders(from, out);
        }
    }

    /// Orders made by hand get negative numbers when client 0 binds them.
    pub(crate) fn bind_manual_orders(&mut self, from: Asked, out: &mut Vec<Output>) {
        let unbound: Vec<PermId> = self
            .exchange
            .open
            .iter()
            .copied()
            .filter(|perm| {
                let order = self.exchange.order(*perm);
                order.client == ClientId(0) && order.order_id == OrderId(0)
            })
            .collect();
        for perm in unbound {
            let lowest =
                self.exchange.by_client.keys().filter(|key| key.0 == ClientId(0)).map(|key| key.1.0).min();
            let order_id = OrderId(lowest.unwrap_or(0).min(0) - 1);
            self.exchange.order_mut(perm).order_id = order_id;
            self.exchange.by_client.insert((ClientId(0), order_id), perm);
            let bound = OrderBound { perm_id: perm.0, client_id: 0, order_id: order_id.0 };
            self.send(from.conn, &Response::OrderBound(bound), out);
        }
    }

    /// `reqCompletedOrders`: orders that ended today.
    pub(crate) fn answer_completed_orders(&mut self, from: Asked, api_only: bool, out: &mut Vec<Output>) {
        let today = self.exchange.market.hours.date_at(self.exchange.now);
        let midnight = self.exchange.market.hours.midnight(today);
        let Some(version) = self.conns.get(&from.conn).map(|conn| conn.version) else { return };
        let done: Vec<Response> = self
            .exchange
            .orders
            .values()
            .filter(|order| order.ended.is_some_and(|ended| ended >= midnight))
            .filter(|order| !api_only || order.order_id != OrderId(0))
            .map(|order| self.completed_order(order, version))
            .collect();
        for order in done {
            self.send(from.conn, &order, out);
        }
        self.send(from.conn, &Response::CompletedOrdersEnd, out);
    }

    fn completed_order(&self, order: &Order, version: ServerVersion) -> Response {
        let zone = self.exchange.market.hours.zone();
        let ended = times::moment(order.ended.unwrap_or(order.entered), zone, version);
        Response::CompletedOrder(Box::new(CompletedOrder {
            contract: self.order_contract(order.sym, &order.terms.legs),
            order: self.shown_order(order),
            perm_id: order.perm_id.0,
            status: order.state.as_wire().into(),
            filled_qty: Some(shares(order.cum_qty)),
            shareholder: "Not an insider or substantial shareholder".into(),
            parent_perm_id: order.parent.map_or(0, |parent| parent.0),
            completed_time: ended.as_str().into(),
            completed_status: (&*order.end_text).into(),
            ..CompletedOrder::default()
        }))
    }

    /// `reqExecutions`: since midnight, through the filter; commissions behind each.
    pub(crate) fn answer_executions(&mut self, from: Asked, m: &ReqExecutions, out: &mut Vec<Output>) {
        let zone = self.exchange.market.hours.zone().clone();
        let since = if m.since.is_empty() { None } else { times::parse(m.since.as_str(), &zone) };
        if since.is_none() && !m.since.is_empty() {
            let text =
                format!("Error validating request.-'bJ' : cause - Unreadable time {}", m.since.as_str());
            self.send_error(from.conn, (m.req_id, 321), &text, out);
            return;
        }
        let today =
            self.exchange.market.hours.midnight(self.exchange.market.hours.date_at(self.exchange.now));
        let Some(version) = self.conns.get(&from.conn).map(|conn| conn.version) else { return };
        let fits = |fill: &Fill| {
            let symbol = self.exchange.symbol(fill.sym);
            fill.at >= since.unwrap_or(today).max(today)
                && (m.client_id == 0 || m.client_id == fill.client.0)
                && (m.account.is_empty() || m.account == *fill.account.as_str())
                && (m.symbol.is_empty() || m.symbol == *symbol)
                && (m.sec_type.is_empty()
                    || m.sec_type
                        == if fill.combo { "BAG" } else { self.exchange.market.listing(fill.sym).sec_type() })
                && (m.exchange.is_empty() || m.exchange == "SMART" || m.exchange == *fill.exchange)
                && side_fits(m.side.as_str(), fill.side)
        };
        let fitting = self.exchange.fills.iter().enumerate().filter(|(_, fill)| fits(fill));
        let fitting: Vec<usize> = fitting.map(|(at, _)| at).collect();
        // Each is written at once: a day's executions as messages are many times what they are in the books.
        for at in fitting {
            let fill = &self.exchange.fills[at];
            let commission = (!fill.combo).then(|| Self::commission_report(fill));
            let details = self.exec_details(fill, m.req_id, version);
            self.send(from.conn, &details, out);
            if let Some(commission) = commission {
                self.send(from.conn, &commission, out);
            }
        }
        self.send(from.conn, &Response::ExecDetailsEnd(ById { req_id: m.req_id }), out);
    }
}

/// A sent order with the values that a Gateway puts into its echo.
fn echo(sent: &WireOrder, account: &Account) -> WireOrder {
    let mut shown = sent.clone();
    shown.account = account.as_str().into();
    if shown.oca_type == 0 {
        shown.oca_type = 3;
    }
    shown.delta_neutral.order_type = "None".into();
    shown.delta_neutral.open_close = "?".into();
    shown.adjusted.order_type = "None".into();
    shown.clearing_intent = "IB".into();
    shown.open_close = "".into();
    shown.dont_use_auto_px_for_hedge = true;
    shown.display_size = None;
    shown.e_trade_only = false;
    shown.firm_quote_only = false;
    shown
}

fn side_fits(wanted: &str, side: Side) -> bool {
    match wanted {
        "" => true,
        "BUY" | "BOT" => side == Side::Buy,
        _ => side == Side::Sell,
    }
}

/// Shares as a quantity of the wire.
pub(crate) fn shares(count: i64) -> Qty {
    Qty::new(Decimal::from(count.max(0))).expect("a count cut off at zero is not negative")
}

/// Shares held, with their sign.
pub(crate) fn position(count: i64) -> Position {
    Position::new(Decimal::from(count))
}

/// How a Gateway writes a price that is not used.
fn zero() -> Price {
    Price::new(Decimal::new(0, 1))
}
