//! New orders and changes of working ones: one message in TWS, so one door here.
//!
//! Owns the order of the checks (id, then the order itself, then account, then what the live venue
//! minds), staging of brackets until their last leg, and the life of an order up to its first match.

use jiff::Timestamp;
use plimsoll_model::{Account, ClientId, OrdType, OrderId, PermId, Price, Qty, Side, TimeInForce};
use rust_decimal::Decimal;

use crate::ibkr::MissingAccount;
use crate::ibkr::exchange::Exchange;
use crate::ibkr::fill::Deal;
use crate::ibkr::order::{Oca, OcaRule, Order, State, dollars};
use crate::ibkr::rules::{self, Numbers, Refusal};
use crate::ibkr::violation::Kind;
use crate::market::Sym;

/// At most this many working orders per contract, side and account.
const WORKING_MAX: usize = 20;

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
        let numbers = rules::check(entry)?;
        let account = self.resolve_account(entry)?;
        let order = self.new_order(entry, numbers, account, None);
        let perm = order.perm_id;
        self.orders.insert(perm, order);
        self.open.insert(perm);
        self.release(perm);
        Ok(perm)
    }

    /// A trade made by hand or by phone, at a price in cents: executed whatever the market shows.
    pub(crate) fn trade_by_hand(&mut self, entry: &Entry, px: i64) {
        let Ok(numbers) = rules::check(entry) else { return };
        let Ok(account) = self.resolve_account(entry) else { return };
        let order = self.new_order(entry, numbers, account, None);
        let (perm, qty) = (order.perm_id, order.qty);
        let exchange = self.market.listing(order.sym).venue.as_wire();
        self.orders.insert(perm, order);
        self.open.insert(perm);
        self.execute(perm, Deal { px, qty, exchange, liquidity: 0 });
    }

    /// The next order id that a client may use.
    pub(crate) fn next_valid_id(&self, client: ClientId) -> OrderId {
        OrderId(self.highest_id.get(&client).map_or(1, |highest| highest.0.saturating_add(1)))
    }

    fn describe(&self, entry: &Entry) -> String {
        let symbol = self.symbol(entry.sym);
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
        let numbers = rules::check(entry)?;
        let account = self.resolve_account(entry)?;
        let parent = self.find_parent(entry)?;
        self.highest_id.insert(entry.client, entry.order_id);
        let order = self.new_order(entry, numbers, account, parent);
        let perm = order.perm_id;
        self.by_client.insert((entry.client, entry.order_id), perm);
        self.orders.insert(perm, order);
        self.open.insert(perm);
        if entry.transmit {
            self.release_family(perm);
        }
        Ok(perm)
    }

    fn new_order(
        &mut self,
        entry: &Entry,
        numbers: Numbers,
        account: Account,
        parent: Option<PermId>,
    ) -> Order {
        let perm_id = PermId(self.next_perm);
        self.next_perm += 1;
        let rule = if entry.oca_type == 1 { OcaRule::Cancel } else { OcaRule::Reduce };
        let group = match parent {
            // The legs of a bracket are a group of their own, named after the parent.
            Some(parent) if entry.oca_group.is_empty() => Some((parent.to_string().into(), OcaRule::Reduce)),
            _ if entry.oca_group.is_empty() => None,
            _ => Some((entry.oca_group.clone(), rule)),
        };
        Order {
            perm_id,
            client: entry.client,
            order_id: entry.order_id,
            account,
            sym: entry.sym,
            side: entry.side,
            qty: numbers.qty,
            cum_qty: 0,
            turnover: 0,
            last_px: 0,
            commission: Decimal::ZERO,
            ord_type: entry.ord_type.clone(),
            tif: entry.tif.clone(),
            good_till: entry.good_till,
            limit_px: numbers.limit_px,
            stop_px: numbers.stop_px,
            triggered: false,
            parent,
            parent_id: entry.parent_id,
            oca: group.map(|(group, rule)| Oca { group, rule }),
            outside_rth: entry.outside_rth,
            order_ref: entry.order_ref.clone(),
            trade_date: self.session_for_orders().date,
            entered: self.now,
            ended: None,
            state: State::Staged,
            end_text: "".into(),
        }
    }

    /// Pitfall 7: an order without account goes to the login's default account without a word.
    fn resolve_account(&mut self, entry: &Entry) -> Result<Account, Refusal> {
        if !entry.account.is_empty() {
            return match self.account_names.iter().find(|name| name.as_str() == &*entry.account) {
                Some(account) => Ok(account.clone()),
                None => {
                    Err(Refusal::new(321, "Error validating request.-'bF' : cause - Invalid account code.")
                        .violating(Kind::UnknownAccount))
                }
            };
        }
        if self.account_names.len() > 1 && self.is_live() {
            match self.missing_account {
                MissingAccount::Default => {
                    let detail = format!("{} went to {}", self.describe(entry), self.account_names[0]);
                    self.violated(entry.client, Kind::MissingAccount, detail);
                }
                MissingAccount::Error321 => {
                    let text = "Error validating request.-'bF' : cause - You must specify an account.";
                    return Err(Refusal::new(321, text).violating(Kind::MissingAccount));
                }
                MissingAccount::Error435 => {
                    let text = "You must specify an account.";
                    return Err(Refusal::new(435, text).violating(Kind::MissingAccount));
                }
            }
        }
        Ok(self.account_names[0].clone())
    }

    fn find_parent(&self, entry: &Entry) -> Result<Option<PermId>, Refusal> {
        let Some(parent_id) = entry.parent_id else { return Ok(None) };
        match self.by_client.get(&(entry.client, parent_id)) {
            Some(parent) if self.order(*parent).state.is_open() => Ok(Some(*parent)),
            // A parent that was executed at once is no obstacle: the leg works right away.
            Some(parent) if self.order(*parent).state == State::Filled => Ok(Some(*parent)),
            _ => Err(Refusal::new(10006, "Missing parent order.")),
        }
    }

    /// Releases an order, and with a bracket's last leg everything of the bracket that was staged.
    fn release_family(&mut self, perm: PermId) {
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

    fn release(&mut self, perm: PermId) {
        if let Err(reason) = self.admit(perm) {
            self.reject(perm, &reason);
            return;
        }
        let order = self.order(perm);
        let parent_open = order.parent.is_some_and(|parent| self.order(parent).state.is_open());
        let in_session = self.session().is_some();
        let state = match () {
            () if parent_open => State::Held("child"),
            () if order.waits_for_stop() => State::Held("trigger"),
            () => State::Held(""),
        };
        let silent = !self.is_live() && order.ord_type.is_on_close();
        self.order_mut(perm).state = state;
        if !silent {
            // A paper Gateway was seen to take on-close orders without any word until the auction.
            self.tell_order(perm);
        }
        if parent_open {
            return;
        }
        if !in_session {
            self.hold_until_open(perm);
        }
        self.cross_on_close(perm);
        self.activate(perm);
    }

    /// Brings an accepted order to work, if its time has come, and lets it take what is there.
    pub(crate) fn activate(&mut self, perm: PermId) {
        let order = self.order(perm);
        let waits = order.waits_for_stop() || order.ord_type.is_on_close() || order.is_on_open();
        if !order.state.is_open() || waits || self.session().is_none() {
            return;
        }
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
            TimeInForce::FillOrKill => {
                self.order_mut(perm).state = State::Inactive;
                self.finish(perm, "Order could not be filled in full");
                self.tell_order(perm);
            }
            _ if order.state != State::Working => {
                self.order_mut(perm).state = State::Working;
                self.tell_order(perm);
            }
            _ => {}
        }
    }

    /// TWS takes orders at any hour and holds them; it says so with 399.
    fn hold_until_open(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        let open = self.session_for_orders().open.to_zoned(self.market.hours.zone().clone());
        let when = open.strftime("%Y-%m-%d %H:%M:%S");
        if order.ord_type == OrdType::Market && order.tif == TimeInForce::Day && self.is_live() {
            let detail = format!("order {}: {}", order.order_id, order.describe(self.symbol(order.sym)));
            self.violated(order.client, Kind::OutsideSession, detail);
        }
        let text = format!(
            "Order Message:\n{}\nWarning: Your order will not be placed at the exchange until {when} US/Eastern.",
            order.describe(self.symbol(order.sym)),
        );
        if !order.is_on_open() {
            self.tell_message((order.client, order.order_id), 399, text);
        }
    }

    /// What the venue minds once the order would become real. The text goes behind "reason:".
    fn admit(&mut self, perm: PermId) -> Result<(), String> {
        if let Some(reason) = &self.faults.reject {
            return Err(reason.to_string());
        }
        let order = self.order(perm).clone();
        if self.is_live() {
            self.admit_auction(&order)?;
            self.admit_count(&order)?;
        }
        self.admit_funds(&order)
    }

    fn admit_auction(&mut self, order: &Order) -> Result<(), String> {
        let session = self.session_for_orders();
        let deadlines = self.market.hours.deadlines(session, self.market.listing(order.sym).venue);
        let (deadline, kind) = match order.ord_type {
            OrdType::MarketOnClose => (deadlines.moc_entry, Kind::LateOnClose),
            OrdType::LimitOnClose => (deadlines.loc_entry, Kind::LateOnClose),
            _ if order.is_on_open() && self.now < session.open => (deadlines.opening_entry, Kind::LateOnOpen),
            _ if order.is_on_open() => (session.open, Kind::LateOnOpen),
            _ => return Ok(()),
        };
        if self.now < deadline {
            return Ok(());
        }
        let cutoff = deadline.to_zoned(self.market.hours.zone().clone()).strftime("%H:%M:%S").to_string();
        let what = order.describe(self.symbol(order.sym));
        self.violated(order.client, kind, format!("order {}: {what} after {cutoff}", order.order_id));
        // Assumed: nobody has recorded the live text of a late on-close order.
        Err(format!("The cutoff time {cutoff} US/Eastern for {} orders has passed.", order.ord_type))
    }

    fn admit_count(&mut self, order: &Order) -> Result<(), String> {
        let same = |other: &&Order| {
            other.account == order.account && other.sym == order.sym && other.side == order.side
        };
        let working = self.open.iter().map(|perm| self.order(*perm));
        if working.filter(|other| other.state.is_listed()).filter(same).count() < WORKING_MAX {
            return Ok(());
        }
        let detail = format!("order {}: more than {WORKING_MAX} working on one side", order.order_id);
        self.violated(order.client, Kind::TooManyOrders, detail);
        Err(format!("The maximum number of {WORKING_MAX} working orders per side and contract was reached."))
    }

    fn admit_funds(&mut self, order: &Order) -> Result<(), String> {
        let last = self.last_px(order.sym);
        let held = self.books[&order.account].qty(order.sym);
        let signed = if order.side == Side::Buy { order.qty } else { -order.qty };
        let growth = (held + signed).abs() - held.abs();
        if growth <= 0 {
            return Ok(());
        }
        let needed = dollars(order.limit_px.unwrap_or(last)) * Decimal::from(growth) * Decimal::new(25, 2);
        let available = self.values(&order.account).available();
        if needed <= available {
            return Ok(());
        }
        let detail =
            format!("order {} needs {needed} USD of margin, {available} USD are free", order.order_id);
        self.violated(order.client, Kind::InsufficientFunds, detail);
        Err(format!(
            "We are unable to accept your order. Your Available Funds are insufficient. Available Funds \
             [{available:.2} USD], Initial Margin [{needed:.2} USD]."
        ))
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

    /// A change: the same client and number again.
    fn change(&mut self, perm: PermId, entry: &Entry) -> Result<(), Refusal> {
        let numbers = rules::check(entry)?;
        let order = self.order(perm).clone();
        let other_account = !entry.account.is_empty() && *entry.account != *order.account.as_str();
        if order.side != entry.side || order.sym != entry.sym || other_account {
            return Err(Refusal::new(105, "Order being modified does not match original order."));
        }
        if order.state == State::PendingCancel {
            return Err(Refusal::new(2102, "Unable to modify this order as it is still being processed."));
        }
        if numbers.qty <= order.cum_qty {
            return Err(Refusal::new(134, "Modify order failed: the size is not above what was executed."));
        }
        if self.is_live() && order.ord_type.is_on_close() && self.is_frozen(&order) {
            let refusal = Refusal::new(134, "Modify order failed: on-close orders are frozen.");
            return Err(refusal.violating(Kind::CancelAfterFreeze));
        }
        let changed = self.order_mut(perm);
        changed.qty = numbers.qty;
        changed.limit_px = numbers.limit_px;
        changed.stop_px = numbers.stop_px;
        changed.ord_type = entry.ord_type.clone();
        changed.tif = entry.tif.clone();
        changed.good_till = entry.good_till;
        changed.outside_rth = entry.outside_rth;
        changed.order_ref = entry.order_ref.clone();
        if order.state == State::Staged {
            if entry.transmit {
                self.release_family(perm);
            }
            return Ok(());
        }
        self.after_change(perm);
        Ok(())
    }

    fn after_change(&mut self, perm: PermId) {
        let order = self.order(perm);
        let child = order.state == State::Held("child");
        if !child {
            let state = if order.waits_for_stop() { State::Held("trigger") } else { State::Held("") };
            self.order_mut(perm).state = state;
        }
        self.tell_order(perm);
        if !child {
            let order = self.order(perm).clone();
            let late = if self.is_live() { self.admit_auction(&order) } else { Ok(()) };
            if let Err(reason) = late {
                self.reject(perm, &reason);
            } else {
                self.cross_on_close(perm);
                self.activate(perm);
            }
        }
    }
}

fn duplicate_id() -> Refusal {
    Refusal::new(103, "Duplicate order id").violating(Kind::DuplicateOrderId)
}
