//! New orders and changes of working ones: one message in TWS, so one door here.
//!
//! Owns the order of the checks (id, then the order itself, then account, then what the venue minds),
//! staging of brackets until their last leg, and the life of an order up to its first match. Changes are
//! in `change`, what the venue minds is in `admit`.

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId, OrdType, OrderId, PermId, Price, Qty, Side, TimeInForce};
use rust_decimal::Decimal;

use crate::ibkr::exchange::Exchange;
use crate::ibkr::fill::Deal;
use crate::ibkr::order::{Oca, OcaRule, Order, State};
use crate::ibkr::profile::Difference;
use crate::ibkr::rules::{self, Numbers, Refusal};
use crate::ibkr::terms::Terms;
use crate::ibkr::violation::Kind;
use crate::market::Sym;

/// An order as a client sent it, its contract already found.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Who.
    pub(crate) client: ClientId,
    /// The client's number.
    pub(crate) order_id: OrderId,
    /// Of what.
    pub(crate) sym: Sym,
    /// The account's name as sent, or empty.
    pub(crate) account: Box<str>,
    /// Which way.
    pub(crate) side: Side,
    /// How much.
    pub(crate) qty: Qty,
    /// What kind.
    pub(crate) ord_type: OrdType,
    /// How long.
    pub(crate) tif: TimeInForce,
    /// The end of a good-till-date order, if it could be read.
    pub(crate) good_till: Option<Timestamp>,
    /// Limit price.
    pub(crate) limit_px: Option<Price>,
    /// Stop price.
    pub(crate) stop_px: Option<Price>,
    /// False: staged.
    pub(crate) transmit: bool,
    /// The parent of a bracket's leg.
    pub(crate) parent_id: Option<OrderId>,
    /// The group, or empty.
    pub(crate) oca_group: Box<str>,
    /// 1 cancels, 2 and 3 reduce.
    pub(crate) oca_type: i32,
    /// Asked to work outside regular hours.
    pub(crate) outside_rth: bool,
    /// The client's text.
    pub(crate) order_ref: Box<str>,
    /// What it asks beyond the usual.
    pub(crate) terms: Terms,
}

impl Exchange {
    /// Takes an order or a change. Returns its account-wide number unless it was refused at the door.
    pub(crate) fn place(&mut self, entry: &Entry) -> Option<PermId> {
        if self.faults.drop_silently {
            return None;
        }
        match self.take(entry) {
            Ok(perm) => Some(perm),
            Err(refusal) => {
                if let Some(kind) = refusal.kind {
                    self.violated(entry.client, kind, self.describe(entry));
                }
                self.tell_message((entry.client, entry.order_id), refusal.code, refusal.text);
                None
            }
        }
    }

    /// An order made by hand in TWS: it has no number of a client, and its account is always named.
    pub(crate) fn place_by_hand(&mut self, entry: &Entry) -> Result<PermId, Refusal> {
        let numbers = rules::check(entry, self.market.listing(entry.sym))?;
        let account = self.resolve_account(entry)?;
        let order = self.new_order(entry, numbers, account, None);
        let perm = order.perm_id;
        self.orders.insert(perm, Box::new(order));
        self.open.insert(perm);
        self.release(perm);
        Ok(perm)
    }

    /// A trade made by hand or by phone, at a price in cents: executed whatever the market shows.
    pub(crate) fn trade_by_hand(&mut self, entry: &Entry, px: i64) {
        let Ok(numbers) = rules::check(entry, self.market.listing(entry.sym)) else { return };
        let Ok(account) = self.resolve_account(entry) else { return };
        let order = self.new_order(entry, numbers, account, None);
        let (perm, qty) = (order.perm_id, order.qty);
        let exchange = self.market.listing(order.sym).venue.as_wire();
        self.orders.insert(perm, Box::new(order));
        self.open.insert(perm);
        self.execute(perm, Deal { px, qty, exchange, liquidity: 0 });
    }

    /// The next order id that a client may use.
    pub(crate) fn next_valid_id(&self, client: ClientId) -> OrderId {
        OrderId(self.highest_id.get(&client).map_or(1, |highest| highest.0.saturating_add(1)))
    }

    pub(crate) fn describe(&self, entry: &Entry) -> String {
        let symbol = self.name(entry.sym);
        format!("order {}: {} {} {symbol} {}", entry.order_id, entry.side, entry.qty, entry.ord_type)
    }

    fn take(&mut self, entry: &Entry) -> Result<PermId, Refusal> {
        let known = self.by_client.get(&(entry.client, entry.order_id)).copied();
        if let Some(perm) = known {
            return match self.order(perm).state {
                State::Filled => Err(Refusal::new(104, "Cannot modify a filled order.")),
                State::Canceled | State::Inactive => Err(duplicate_id()),
                _ => self.change(perm, entry).map(|()| perm),
            };
        }
        if self.highest_id.get(&entry.client).is_some_and(|highest| entry.order_id <= *highest) {
            return Err(duplicate_id());
        }
        let numbers = rules::check(entry, self.market.listing(entry.sym))?;
        self.check_beyond(entry, numbers.style)?;
        let account = self.resolve_account(entry)?;
        self.check_allowed(entry.sym, account.as_str())?;
        let parent = self.find_parent(entry)?;
        self.highest_id.insert(entry.client, entry.order_id);
        let mut order = self.new_order(entry, numbers, account, parent);
        order.allocation = self.allocate(&order);
        let perm = order.perm_id;
        self.by_client.insert((entry.client, entry.order_id), perm);
        self.orders.insert(perm, Box::new(order));
        self.open.insert(perm);
        if entry.transmit {
            self.release_family(perm);
        }
        Ok(perm)
    }

    pub(crate) fn new_order(
        &mut self,
        entry: &Entry,
        numbers: Numbers,
        account: Account,
        parent: Option<PermId>,
    ) -> Order {
        let perm_id = PermId(self.next_perm);
        self.next_perm += 1;
        let rule = OcaRule::of(entry.oca_type);
        let group = match parent {
            // The legs of a bracket are a group of their own, named after the parent.
            Some(parent) if entry.oca_group.is_empty() => Some((parent.to_string().into(), OcaRule::Reduce)),
            _ if entry.oca_group.is_empty() => None,
            _ => Some((entry.oca_group.clone(), rule)),
        };
        let mut order = Order {
            perm_id,
            client: entry.client,
            order_id: entry.order_id,
            account,
            sym: entry.sym,
            side: entry.side,
            qty: numbers.qty,
            cum_qty: 0,
            scale: self.market.listing(entry.sym).scale(),
            turnover: 0,
            last_px: 0,
            commission: Decimal::ZERO,
            ord_type: entry.ord_type.clone(),
            style: numbers.style,
            terms: entry.terms.clone(),
            allocation: Vec::new(),
            charged: Vec::new(),
            legs_charged: Vec::new(),
            trail: numbers.moving.trail,
            limit_offset: numbers.moving.limit_offset,
            peg_offset: numbers.moving.peg_offset,
            adjustment: numbers.moving.adjustment,
            armed: false,
            tif: entry.tif.clone(),
            good_till: entry.good_till,
            limit_px: numbers.limit_px,
            stop_px: numbers.stop_px,
            placed: false,
            triggered: false,
            parent,
            parent_id: entry.parent_id,
            oca: group.map(|(group, rule)| Oca { group, rule }),
            outside_rth: entry.outside_rth,
            order_ref: entry.order_ref.clone(),
            trade_date: self.session_for(entry.sym).date,
            entered: self.now,
            ended: None,
            state: State::Staged,
            end_text: "".into(),
        };
        order.trade_date = self.session_of_order(&order).date;
        self.place_moving(&mut order);
        order
    }

    /// A trailing stop stands somewhere from the beginning, and its limit behind it.
    pub(crate) fn place_moving(&mut self, order: &mut Order) {
        if order.style.trails() && order.stop_px.is_none() {
            order.stop_px = self.first_stop(order);
        }
        if order.style == crate::ibkr::style::Style::TrailLimit {
            order.limit_px = order.stop_px.map(|stop| order.limit_behind(stop));
        }
    }

    pub(crate) fn find_parent(&self, entry: &Entry) -> Result<Option<PermId>, Refusal> {
        let Some(parent_id) = entry.parent_id else { return Ok(None) };
        match self.by_client.get(&(entry.client, parent_id)) {
            Some(parent) if self.order(*parent).state.is_open() => Ok(Some(*parent)),
            // A parent that was executed at once is no obstacle: the leg works right away.
            Some(parent) if self.order(*parent).state == State::Filled => Ok(Some(*parent)),
            _ => Err(Refusal::new(10006, "Missing parent order.")),
        }
    }

    /// Releases an order, and with a bracket's last leg everything of the bracket that was staged.
    pub(crate) fn release_family(&mut self, perm: PermId) {
        let root = self.order(perm).parent.unwrap_or(perm);
        let family: Vec<PermId> = self
            .open
            .iter()
            .copied()
            .filter(|id| *id == root || *id == perm || self.order(*id).parent == Some(root))
            .filter(|id| self.order(*id).state == State::Staged)
            .collect();
        for id in family {
            // An earlier member of the family may have taken this one along.
            if self.order(id).state == State::Staged {
                self.release(id);
            }
        }
    }

    pub(crate) fn release(&mut self, perm: PermId) {
        if self.link_down {
            self.keep(perm);
            return;
        }
        let account = self.order(perm).account.clone();
        self.efficiency.entry(account).or_default().submissions += 1;
        if let Err(reason) = self.admit(perm) {
            self.reject(perm, &reason);
            return;
        }
        let order = self.order(perm).clone();
        let parent_open = order.parent.is_some_and(|parent| self.order(parent).state.is_open());
        let in_session = self.is_on(&order);
        let locate = self.needs_locate(&order);
        let state = match () {
            () if parent_open => State::Held("child"),
            () if locate => State::Held("locate"),
            () if order.waits_for_trigger() => State::Held("trigger"),
            () => State::Held(""),
        };
        let armed = self.is_due(&order);
        let shown = self.order_mut(perm);
        shown.state = state;
        shown.armed = armed;
        self.tell_preset(&order);
        if !self.is_taken_in_silence(&order) {
            self.tell_order(perm);
        }
        if locate && !parent_open {
            let text = "Order held while securities are located.";
            self.tell_message((order.client, order.order_id), 404, text.to_owned());
        }
        if parent_open {
            return;
        }
        if !in_session {
            self.hold_until_open(perm);
        }
        self.tell_odd_lot(&order);
        self.cross_on_close(perm);
        self.activate(perm);
    }

    /// A paper Gateway was seen to take on-close orders without any word until the auction, and pegs beside the book
    /// likewise.
    fn is_taken_in_silence(&self, order: &Order) -> bool {
        order.style.is_on_close() && !self.lives(Difference::OnCloseAcknowledgement)
            || order.style.is_in_the_pool() && !self.lives(Difference::PegAcknowledgement)
    }

    /// What TWS says about an order that it takes in another way than it was sent.
    fn tell_preset(&mut self, order: &Order) {
        let key = (order.client, order.order_id);
        if self.settings.announce_preset_tif && order.terms.tif_absent {
            self.tell_message(key, 10349, "Order TIF was set to DAY based on order preset.".to_owned());
        }
        if self.crosses_side(order) {
            let text = "The closing order quantity is greater than your current position.";
            self.tell_message(key, 2137, text.to_owned());
        }
        let outside = order.is_bounded() || order.style.has_trigger();
        if order.outside_rth && (!outside || order.is_on_open()) {
            let text = "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the \
                        order type and destination. PlaceOrder is now being processed.";
            self.tell_message(key, 2109, text.to_owned());
        }
    }

    /// Whether an order would turn a position around, from long to short or the other way. It is taken all the same.
    fn crosses_side(&self, order: &Order) -> bool {
        let plain = order.allocation.is_empty() && order.terms.legs.is_empty();
        let held = self.books[&order.account].qty(order.sym);
        let closes = match order.side {
            Side::Buy => held < 0,
            Side::Sell => held > 0,
        };
        plain && closes && order.qty > held.abs() && self.market.listing(order.sym).sec_type() != "CASH"
    }

    /// Brings an accepted order to work, if its time has come, and lets it take what is there.
    pub(crate) fn activate(&mut self, perm: PermId) {
        let order = self.order(perm);
        let waits =
            order.waits_for_trigger() || order.style.is_on_close() || order.is_on_open() || !order.armed;
        let held = matches!(order.state, State::Kept | State::Held("child" | "locate"));
        if !order.state.is_open() || waits || held || !self.is_on(order) {
            return;
        }
        self.order_mut(perm).placed = true;
        self.take_liquidity(perm);
        let order = self.order(perm);
        if !order.state.is_open() {
            return;
        }
        match order.tif {
            TimeInForce::ImmediateOrCancel => {
                self.order_mut(perm).state = State::PendingCancel;
                self.tell_status(perm);
                self.end_canceled(perm, "");
            }
            TimeInForce::FillOrKill => self.end_unfillable(perm),
            _ if order.state != State::Working => {
                let silent = self.is_taken_in_silence(order);
                self.order_mut(perm).state = State::Working;
                if !silent {
                    self.tell_order(perm);
                }
            }
            _ => {}
        }
    }

    /// A fill-or-kill order ends as inactive, not as cancelled.
    fn end_unfillable(&mut self, perm: PermId) {
        self.order_mut(perm).state = State::Inactive;
        self.finish(perm, "Order could not be filled in full");
        self.tell_order(perm);
    }

    /// Refuses an order that was already a record: `Inactive`, then 201 with the reason.
    pub(crate) fn reject(&mut self, perm: PermId, reason: &str) {
        self.order_mut(perm).state = State::Inactive;
        self.finish(perm, reason);
        self.tell_order(perm);
        let order = self.order(perm);
        let key = (order.client, order.order_id);
        self.tell_message(key, 201, format!("Order rejected - reason:{reason}"));
        self.end_children(perm);
    }
}

fn duplicate_id() -> Refusal {
    Refusal::new(103, "Duplicate order id").violating(Kind::DuplicateOrderId)
}
