//! Whether an order may come in: for which account, before which deadline, with which money.
//!
//! Owns what needs more than the order itself: the login's accounts, the clock, the other working orders,
//! the market. What needs only the order is in `rules`.

use plimsoll_model::{Account, OrdType, PermId, Side, TimeInForce};
use rust_decimal::Decimal;

use crate::ibkr::MissingAccount;
use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::Exchange;
use crate::ibkr::order::{Order, State};
use crate::ibkr::profile::Difference;
use crate::ibkr::rules::Refusal;
use crate::ibkr::style::Style;
use crate::ibkr::violation::Kind;
use crate::market::Sym;
use crate::market::forex::PAIRS;
use crate::market::hours::{Deadlines, Session};
use crate::market::listing::Product;

/// Orders for the next opening are refused for so long after a close.
const CLOSED_FOR: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);
/// At most this many working orders per contract, side and account.
const WORKING_MAX: usize = 20;

impl Exchange {
    /// Pitfall 7: an order without account goes to the login's default account without a word.
    pub(crate) fn resolve_account(&mut self, entry: &Entry) -> Result<Account, Refusal> {
        if let Some(master) = self.adviser_account(entry)? {
            return Ok(master);
        }
        if !entry.account.is_empty() {
            return match self.account_names.iter().find(|name| name.as_str() == &*entry.account) {
                Some(account) => Ok(account.clone()),
                None => {
                    Err(Refusal::new(321, "Error validating request.-'bF' : cause - Invalid account code.")
                        .violating(Kind::UnknownAccount))
                }
            };
        }
        let first = self.account_names[0].clone();
        if self.account_names.len() == 1 {
            return Ok(first);
        }
        if self.lives(Difference::MissingAccount) {
            let text = match self.missing_account {
                MissingAccount::Default => None,
                MissingAccount::Error321 => {
                    Some((321, "Error validating request.-'bF' : cause - You must specify an account."))
                }
                MissingAccount::Error435 => Some((435, "You must specify an account.")),
            };
            if let Some((code, text)) = text {
                return Err(Refusal::new(code, text).violating(Kind::MissingAccount));
            }
        }
        let detail = format!("{} went to {first}", self.describe(entry));
        self.violated(entry.client, Kind::MissingAccount, detail);
        Ok(first)
    }

    /// What needs the presets, the market or the parent; none of it makes an order of it.
    pub(crate) fn check_beyond(&mut self, entry: &Entry, style: Style) -> Result<(), Refusal> {
        self.check_conditions(&entry.terms.conditions)?;
        let at_auction = entry.tif == TimeInForce::Other("AUC".into()) && !self.lives(Difference::AtAuction);
        let to_market = style == Style::PegMarket && !self.lives(Difference::PegToMarket);
        if at_auction || to_market {
            return Err(Refusal::new(387, "Unsupported order type for this exchange and security type."));
        }
        if !entry.terms.clearing.is_empty() && !self.lives(Difference::Clearing) {
            let text = "Error processing request. Clearing instructions are not accepted";
            return Err(Refusal::new(322, text));
        }
        if self.settings.direct_route_precaution
            && let Some(route) =
                entry.terms.route.as_deref().filter(|_| self.market.listing(entry.sym).is_stock())
        {
            let text = format!(
                "This order will be directly routed to {route}. Direct routed orders may result in higher trade fees. \
                 Restriction is specified in Precautionary Settings of Global Configuration/API."
            );
            return Err(Refusal::new(10311, text));
        }
        let parent = entry.parent_id.and_then(|id| self.by_client.get(&(entry.client, id)));
        if style.trails() && parent.is_some_and(|perm| !self.order(*perm).is_limit()) {
            let text = "Trailing stop orders can be attached to limit or stop-limit orders only.";
            return Err(Refusal::new(328, text));
        }
        self.check_percentage(entry, style)
    }

    /// The precautionary setting of TWS, where one is set: how far a limit may lie through the market.
    fn check_percentage(&mut self, entry: &Entry, style: Style) -> Result<(), Refusal> {
        let (Some(max), Some(limit)) = (self.settings.price_percent_max, entry.limit_px) else {
            return Ok(());
        };
        if entry.terms.override_percentage || !entry.terms.legs.is_empty() || !style.needs_limit() {
            return Ok(());
        }
        if self.unsubscribed(entry.sym).is_some() {
            return Err(Refusal::new(164, "There is no market data to check price percent violations."));
        }
        let last = self.market.listing(entry.sym).decimal(self.last_px(entry.sym));
        let through = match entry.side {
            Side::Buy => limit.get() - last,
            Side::Sell => last - limit.get(),
        };
        if through * Decimal::ONE_HUNDRED <= last * Decimal::from(max) {
            return Ok(());
        }
        let text = "The price specified would violate the percentage constraint specified in the default order settings.";
        Err(Refusal::new(163, text))
    }

    /// TWS takes orders at any hour and holds them; it says so with 399.
    pub(crate) fn hold_until_open(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        let hours = self.market.hours_of(order.sym);
        let open = self.session_of_order(&order).open.to_zoned(hours.zone().clone());
        let zone = hours.zone_name();
        let when = open.strftime("%Y-%m-%d %H:%M:%S");
        // One for the session of the same day is what a bot sends that starts before the open.
        let is_for_today = open.date() == self.now.to_zoned(hours.zone().clone()).date();
        if order.ord_type == OrdType::Market && order.tif == TimeInForce::Day && !is_for_today {
            let detail = format!("order {}: {}", order.order_id, order.describe(&self.name(order.sym)));
            self.violated(order.client, Kind::OutsideSession, detail);
        }
        let text = format!(
            "Order Message:\n{}\nWarning: Your order will not be placed at the exchange until {when} {zone}.",
            order.describe(&self.name(order.sym)),
        );
        if !order.is_on_open() {
            self.tell_message((order.client, order.order_id), 399, text);
        }
    }

    /// IDEALPRO has a smallest size; what lies below it is executed elsewhere, and TWS says so.
    pub(crate) fn tell_odd_lot(&mut self, order: &Order) {
        let Product::Forex(index) = self.market.listing(order.sym).product else { return };
        let base = PAIRS[index].base;
        let min = match base {
            "EUR" | "GBP" => 20_000,
            _ => 25_000,
        };
        if order.qty >= min {
            return;
        }
        let text = format!(
            "Order Message:\n{}\nWarning: Your order size is below the {base} {min} IdealPro minimum and will be \
             routed as an odd lot order.",
            order.describe(&self.name(order.sym)),
        );
        self.tell_message((order.client, order.order_id), 399, text);
    }

    /// What the venue minds once the order would become real. The text goes behind "reason:".
    pub(crate) fn admit(&mut self, perm: PermId) -> Result<(), String> {
        if let Some(reason) = &self.faults.reject {
            return Err(reason.to_string());
        }
        let order = self.order(perm).clone();
        self.admit_auction(&order)?;
        self.admit_count(&order)?;
        self.admit_funds(&order)
    }

    /// The last instants for orders in a session's auctions. Assumed: an exchange of options takes them until the
    /// auction.
    pub(crate) fn deadlines(&self, session: Session, sym: Sym) -> Deadlines {
        let listing = self.market.listing(sym);
        if listing.is_option() {
            let (open, close) = (session.open, session.close);
            return Deadlines {
                moc_entry: close,
                loc_entry: close,
                on_close_cancel: close,
                opening_entry: open,
            };
        }
        self.market.hours.deadlines(session, listing.venue)
    }

    /// Whether an auction order is in time. Paper takes late on-close orders; that they are late is noted.
    pub(crate) fn admit_auction(&mut self, order: &Order) -> Result<(), String> {
        let session = self.session_for_orders();
        let auctioned = order.style.is_on_close() || order.is_on_open();
        let option = self.market.listing(order.sym).is_option();
        if option && auctioned && !self.lives(Difference::OptionAuctions) {
            return Err("This order is not supported in a paper account".to_owned());
        }
        let deadlines = self.deadlines(session, order.sym);
        let (deadline, kind) = match order.style {
            Style::OnClose => (deadlines.moc_entry, Kind::LateOnClose),
            Style::LimitOnClose => (deadlines.loc_entry, Kind::LateOnClose),
            _ if order.is_on_open() && self.now < session.open => (deadlines.opening_entry, Kind::LateOnOpen),
            _ if order.is_on_open() => (session.open, Kind::LateOnOpen),
            _ => return Ok(()),
        };
        let last = self.market.hours.last_begun(self.now);
        if order.is_on_open() && self.now >= last.close && self.now < last.close + CLOSED_FOR {
            // Seen with orders for the next opening that came right at the close.
            return Err("Exchange is closed.".to_owned());
        }
        if self.now < deadline {
            return Ok(());
        }
        let cutoff = deadline.to_zoned(self.market.hours.zone().clone()).strftime("%H:%M:%S").to_string();
        let what = order.describe(&self.name(order.sym));
        self.violated(order.client, kind, format!("order {}: {what} after {cutoff}", order.order_id));
        if kind == Kind::LateOnClose && !self.lives(Difference::OnCloseCutoff) {
            return Ok(());
        }
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

    pub(crate) fn admit_funds(&mut self, order: &Order) -> Result<(), String> {
        let parts = if order.allocation.is_empty() {
            vec![(order.account.clone(), order.qty)]
        } else {
            order.allocation.clone()
        };
        parts.into_iter().try_for_each(|(account, qty)| self.admit_part(order, &account, qty))
    }

    fn admit_part(&mut self, order: &Order, account: &Account, qty: i64) -> Result<(), String> {
        let signed = if order.side == Side::Buy { qty } else { -qty };
        let needed = self.margin_growth(account, (&order.terms.legs, order.sym), signed, order.limit_px);
        if needed <= Decimal::ZERO {
            return Ok(());
        }
        let available = self.values(account).available();
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

    /// Whether an order sells shares that have to be found first: the account would be short, and the
    /// symbol is hard to borrow.
    pub(crate) fn needs_locate(&self, order: &Order) -> bool {
        let held = self.books[&order.account].qty(order.sym);
        order.side == Side::Sell && order.leaves_qty() > held && self.hard_to_borrow.contains(&order.sym)
    }

    /// Shares of a symbol are there again: what waited for them goes to work.
    pub(crate) fn located(&mut self, sym: crate::market::Sym) {
        self.hard_to_borrow.remove(&sym);
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            if order.sym == sym && order.state == State::Held("locate") {
                self.order_mut(perm).state = State::Held("");
                self.activate(perm);
            }
        }
    }
}
