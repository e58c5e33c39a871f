//! Cancels: asked for by the client, forced by the venue, and the endings they cause.
//!
//! Owns every way in which an order ends without being executed in full, and what its end does to the
//! legs that hang on it.

use plimsoll_model::{ClientId, OrderId, PermId};

use crate::ibkr::exchange::Exchange;
use crate::ibkr::order::{Order, State};
use crate::ibkr::profile::Difference;
use crate::ibkr::violation::Kind;

impl Exchange {
    /// A client cancels one of its own orders.
    pub(crate) fn cancel(&mut self, client: ClientId, order_id: OrderId) {
        let key = (client, order_id);
        let Some(perm) = self.by_client.get(&key).copied() else {
            self.tell_message(
                key,
                10147,
                format!("OrderId {order_id} that needs to be cancelled is not found."),
            );
            return;
        };
        let order = self.order(perm).clone();
        if !order.state.is_open() || order.state == State::PendingCancel {
            let state = order.state.as_wire();
            let text =
                format!("OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {state}.");
            self.tell_message(key, 10148, text);
            return;
        }
        if order.state == State::Kept {
            // It has never left.
            self.at_once(|exchange| exchange.end_canceled(perm, ""));
            return;
        }
        if order.style.is_on_close() && self.is_frozen(&order) {
            let detail = format!("order {order_id}: {}", order.describe(&self.name(order.sym)));
            self.violated(client, Kind::CancelAfterFreeze, detail);
        }
        if order.style.is_on_close() && self.is_frozen(&order) && self.lives(Difference::OnCloseCutoff) {
            let text = format!(
                "Cancel attempted when order is not in a cancellable state.  Order permId = {}",
                order.perm_id
            );
            self.tell_message(key, 161, text);
            return;
        }
        self.efficiency.entry(order.account.clone()).or_default().cancels += 1;
        self.order_mut(perm).state = State::PendingCancel;
        self.tell_status(perm);
        if self.waits_for_open(&order) {
            self.waiting_cancels.insert(perm);
        } else {
            self.answer_cancel(perm);
        }
        self.check_efficiency(&order.account, client);
    }

    /// Exchanges that have opened answer the cancels that reached them while they were closed.
    pub(crate) fn answer_waiting_cancels(&mut self) {
        for perm in self.waiting_cancels.iter().copied().collect::<Vec<_>>() {
            if self.is_on(self.order(perm)) {
                self.waiting_cancels.remove(&perm);
                self.answer_cancel(perm);
            }
        }
    }

    /// The cancel is acknowledged, at once or as late as a fault wants it.
    fn answer_cancel(&mut self, perm: PermId) {
        let delay = self.faults.cancel_delay.and_then(|delay| self.now.checked_add(delay).ok());
        match delay.filter(|due| *due > self.now) {
            Some(due) => {
                self.cancels.insert((due, perm));
            }
            None => self.end_canceled(perm, ""),
        }
    }

    /// Whether nobody is there to answer a cancel: an exchange has the order, and is closed. An order that is still
    /// queued for the open was seen to end at once.
    fn waits_for_open(&self, order: &Order) -> bool {
        let queued_waits =
            matches!(order.state, State::Held("" | "trigger")) && self.varies_queued_cancel(order);
        !self.is_on(order) && (order.placed || queued_waits)
    }

    /// A cancel reaches the exchange. If the order was executed meanwhile, the cancel has lost.
    pub(crate) fn finish_cancel(&mut self, perm: PermId) {
        let order = self.order(perm);
        if order.state.is_open() {
            self.end_canceled(perm, "");
            return;
        }
        let (key, state) = ((order.client, order.order_id), order.state.as_wire());
        let text =
            format!("OrderId {} that needs to be cancelled cannot be cancelled, state: {state}.", key.1);
        self.tell_message(key, 10148, text);
    }

    /// Every open order of the login, as TWS's global cancel has it: clients are not told apart.
    pub(crate) fn cancel_all(&mut self) {
        for perm in self.open.iter().copied().collect::<Vec<_>>() {
            let order = self.order(perm);
            let (client, order_id) = (order.client, order.order_id);
            let by_hand = order_id == OrderId(0);
            // What waits behind this cancel for the link has not left yet.
            let is_behind = order.state == State::Kept && !self.link_down;
            if !order.state.is_open() || is_behind {
                continue;
            }
            if by_hand {
                self.end_canceled(perm, "");
            } else {
                self.cancel(client, order_id);
            }
        }
    }

    /// Whether an on-close order can no longer be taken back.
    pub(crate) fn is_frozen(&self, order: &Order) -> bool {
        self.market.hours.on(order.trade_date).is_some_and(|session| {
            let deadlines = self.deadlines(session, order.sym);
            deadlines.on_close_cancel <= self.now && self.now < session.close
        })
    }

    /// Ends an order as cancelled: status, then 202 with the reason, as a Gateway does.
    pub(crate) fn end_canceled(&mut self, perm: PermId, reason: &str) {
        self.order_mut(perm).state = State::Canceled;
        let by = if reason.is_empty() { "Cancelled by Trader" } else { "Cancelled by System:\n" };
        self.finish(perm, &format!("{by}{reason}"));
        self.tell_status(perm);
        let order = self.order(perm);
        let key = (order.client, order.order_id);
        self.tell_message(key, 202, format!("Order Canceled - reason:{reason}"));
        self.end_children(perm);
    }

    /// Notes the end of an order.
    pub(crate) fn finish(&mut self, perm: PermId, why: &str) {
        let now = self.now;
        let order = self.order_mut(perm);
        order.ended = Some(now);
        order.end_text = why.into();
        self.open.remove(&perm);
        self.waiting_cancels.remove(&perm);
    }

    /// The legs of a bracket whose parent ended without execution end with it.
    pub(crate) fn end_children(&mut self, parent: PermId) {
        let children: Vec<PermId> =
            self.open.iter().copied().filter(|perm| self.order(*perm).parent == Some(parent)).collect();
        for child in children {
            if self.order(child).state == State::Staged {
                // Nobody has heard of it, so nobody hears of its end.
                self.order_mut(child).state = State::Canceled;
                self.finish(child, "Cancelled with its parent");
            } else if self.order(child).state.is_open() {
                self.end_canceled(child, "Parent order was cancelled");
            }
        }
    }
}
