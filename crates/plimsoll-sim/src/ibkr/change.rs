//! Changes of working orders: the same client and number again.
//!
//! Owns what may be changed and what that does. In TWS a change is a whole new order; what must not differ
//! is compared with the one that works.

use plimsoll_model::PermId;

use crate::ibkr::entry::Entry;
use crate::ibkr::exchange::Exchange;
use crate::ibkr::order::{OcaRule, Order, State};
use crate::ibkr::profile::Difference;
use crate::ibkr::rules::{self, Numbers, Refusal};
use crate::ibkr::violation::Kind;

impl Exchange {
    /// Changes an order that is still open.
    pub(crate) fn change(&mut self, perm: PermId, entry: &Entry) -> Result<(), Refusal> {
        let numbers = rules::check(entry, self.market.listing(entry.sym))?;
        let order = self.order(perm).clone();
        self.may_change(&order, entry, &numbers)?;
        let changed = self.order_mut(perm);
        changed.qty = numbers.qty;
        changed.limit_px = numbers.limit_px;
        changed.stop_px = numbers.stop_px;
        changed.ord_type = entry.ord_type.clone();
        changed.style = numbers.style;
        changed.trail = numbers.moving.trail;
        changed.limit_offset = numbers.moving.limit_offset;
        changed.peg_offset = numbers.moving.peg_offset;
        changed.adjustment = numbers.moving.adjustment;
        changed.terms = entry.terms.clone();
        changed.tif = entry.tif.clone();
        changed.good_till = entry.good_till;
        changed.outside_rth = entry.outside_rth;
        changed.order_ref = entry.order_ref.clone();
        let mut changed = changed.clone();
        self.place_moving(&mut changed);
        changed.allocation = self.allocate(&changed);
        *self.order_mut(perm) = changed;
        if order.state == State::Kept {
            self.at_once(|exchange| exchange.tell_order(perm));
            return Ok(());
        }
        if order.state == State::Staged {
            if entry.transmit {
                self.release_family(perm);
            }
            return Ok(());
        }
        self.efficiency.entry(order.account).or_default().revisions += 1;
        self.after_change(perm);
        Ok(())
    }

    fn may_change(&mut self, order: &Order, entry: &Entry, numbers: &Numbers) -> Result<(), Refusal> {
        let other_account = !entry.account.is_empty() && *entry.account != *order.account.as_str();
        if order.side != entry.side
            || order.sym != entry.sym
            || order.terms.legs != entry.terms.legs
            || other_account
        {
            return Err(Refusal::new(105, "Order being modified does not match original order."));
        }
        let (was, is) = (&order.terms, &entry.terms);
        if was.clearing != is.clearing || was.model != is.model || was.group != is.group {
            return Err(Refusal::new(
                422,
                "You may not change account or clearing attributes of this order.",
            ));
        }
        // A client that named no group names none again, also where the venue has put the order into one; the type
        // of that is the venue's as well.
        let group = order.oca.as_ref().map_or("", |oca| &*oca.group);
        let by_venue = order.is_grouped_by_venue();
        let renamed = *entry.oca_group != *group && !(entry.oca_group.is_empty() && by_venue);
        let other_rule =
            !by_venue && order.oca.as_ref().is_some_and(|oca| oca.rule != OcaRule::of(entry.oca_type));
        if renamed || other_rule {
            return Err(Refusal::new(10326, "OCA group revision is not allowed."));
        }
        self.keeps_parent(order, entry)?;
        if order.state == State::PendingCancel {
            return Err(Refusal::new(2102, "Unable to modify this order as it is still being processed."));
        }
        if !order.style.may_become(numbers.style)
            || order.is_on_open() != (entry.tif == order.tif && order.is_on_open())
        {
            return Err(Refusal::new(329, "Order modify failed. Cannot change to the new order type."));
        }
        if numbers.qty <= order.cum_qty {
            return Err(Refusal::new(134, "Modify order failed: the size is not above what was executed."));
        }
        self.check_beyond(entry, numbers.style)?;
        if order.style.is_on_close() && self.is_frozen(order) {
            let refusal = Refusal::new(134, "Modify order failed: on-close orders are frozen.");
            let refusal = refusal.violating(Kind::CancelAfterFreeze);
            if self.lives(Difference::OnCloseCutoff) {
                return Err(refusal);
            }
            self.violated(entry.client, Kind::CancelAfterFreeze, self.describe(entry));
        }
        let larger = Order { qty: numbers.qty, limit_px: numbers.limit_px, ..order.clone() };
        if larger.qty > order.qty && !matches!(order.state, State::Staged | State::Kept) {
            self.admit_funds(&larger)
                .map_err(|why| Refusal::new(134, format!("Modify order failed: {why}")))?;
        }
        Ok(())
    }

    /// A change is the whole order again, its parent included, and an order is not moved from one to another. Assumed:
    /// that a leg cannot be set free either while it is held, and the words.
    fn keeps_parent(&self, order: &Order, entry: &Entry) -> Result<(), Refusal> {
        if entry.parent_id == order.parent_id {
            return Ok(());
        }
        let holds = order.parent.is_some_and(|parent| self.order(parent).state.is_open());
        if entry.parent_id.is_none() && !holds {
            return Ok(());
        }
        self.find_parent(entry)?;
        Err(Refusal::new(462, "Order modify failed. Cannot change the parent of this order."))
    }

    fn after_change(&mut self, perm: PermId) {
        let order = self.order(perm).clone();
        let child = order.state == State::Held("child");
        let armed = self.is_due(&order);
        let changed = self.order_mut(perm);
        changed.armed = armed;
        if !child {
            changed.triggered &= order.style.has_trigger();
            changed.state =
                if changed.waits_for_trigger() { State::Held("trigger") } else { State::Held("") };
        }
        self.tell_order(perm);
        if child {
            return;
        }
        if let Err(reason) = self.admit_auction(&order) {
            self.reject(perm, &reason);
        } else {
            self.cross_on_close(perm);
            self.activate(perm);
        }
    }
}
