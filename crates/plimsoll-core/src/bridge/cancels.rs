//! Cancels: they overtake the disk, and pass unless they name what is another's.

use plimsoll_model::{LinkId, Now, OrderId, OrderStatus, RawFrame};

use super::Bridge;
use super::orders::Asker;
use crate::Command;
use crate::book::OrderKey;
use crate::config::Mode;
use crate::guard::{Denial, GuardId, Reason};

/// TWS: "`OrderId` that needs to be cancelled is not found".
const CODE_CANCEL_NOT_FOUND: i32 = 10147;

impl Bridge {
    /// A cancel passes every guard but ownership. TWS has been seen to let one client cancel another's order
    /// by its number, so that number must not be another client's. An order that the book does not have can
    /// be the bot's own all the same, of a contract that nobody has named to us.
    pub(super) fn cancel(
        &mut self,
        now: Now,
        asker: &Asker,
        order_id: OrderId,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        let link = asker.link;
        if self.cancel_divided(now, (link, asker.client_id), order_id, out)
            || self.recall(now, link, order_id, out)
            || self.withdraw(now, (link, asker.client_id), order_id, out)
            || self.cancel_equivalent(now, (link, asker.client_id), order_id, out)
        {
            return;
        }
        if self.is_anothers(asker, order_id) {
            out.push(Command::Refuse {
                link,
                id: Some(order_id.0),
                code: CODE_CANCEL_NOT_FOUND,
                text: format!("OrderId {order_id} that needs to be cancelled is not found."),
            });
        } else {
            out.push(Command::Forward { link, raw, rewrites: vec![] });
        }
    }

    /// Whether the number is that of an order which this bot did not place.
    fn is_anothers(&self, asker: &Asker, order_id: OrderId) -> bool {
        // TWS gives orders by hand a number of this kind when it binds them to client 0.
        if order_id.0 <= 0 && asker.config.mode == Mode::Enforce {
            return true;
        }
        let is_own = self.book.by_client(asker.client_id, order_id).is_some();
        !is_own && self.book.open().any(|(_, state)| state.order_id == Some(order_id))
    }

    /// Ends an order that has not left yet; whether there was one. What waits with it leaves neither, and is told
    /// so. Changes that wait are dropped, and their order, staged again or not, is canceled at the venue.
    fn recall(&mut self, now: Now, link: LinkId, order_id: OrderId, out: &mut Vec<Command>) -> bool {
        let staged = self.links.get_mut(link).and_then(|state| {
            state.staged.remove(&order_id)?;
            Some(state.client_id)
        });
        let is_live = |client_id| {
            let key = self.book.by_client(client_id, order_id);
            key.and_then(|key| self.book.get(key)).is_some_and(|state| state.status.is_open())
        };
        if staged.is_some_and(|client_id| !is_live(client_id)) {
            out.push(Command::CanceledUnsent { link, order_id });
            return true;
        }
        let mut was_new = false;
        // Every parcel: a change that waits behind its order would reach the venue as a new order.
        while let Some(parcel) = self.outbox.recall(link, order_id) {
            for (member, key, replaces) in parcel.load.members() {
                if replaces {
                    // With an order that never left its change is over too, and the bot is told of the order.
                    let is_open =
                        |key: &OrderKey| self.book.get(*key).is_some_and(|state| state.status.is_open());
                    let reason = Reason::Recalled { member: order_id };
                    let denial = Denial { guard: GuardId::Supported, reason };
                    let told = key.filter(is_open).map(|key| self.deny_replace(link, member, key, denial));
                    out.extend(told);
                    continue;
                }
                was_new |= member == order_id;
                if let Some(key) = key {
                    if let Some(id) = self.book.get(key).and_then(|state| state.cl_ord_id.clone()) {
                        self.batches.came(&id);
                    }
                    self.book.update(key, |state| {
                        state.status = OrderStatus::Canceled;
                        state.since = now.wall;
                    });
                }
                out.push(Command::CanceledUnsent { link, order_id: member });
            }
        }
        was_new
    }

    /// Cancels of every order that this link's client has working or waiting, and of what stands in for one.
    pub(super) fn cancel_all_of(&mut self, now: Now, link: LinkId, out: &mut Vec<Command>) {
        let Some(state) = self.links.get(link) else { return };
        let client_id = state.client_id;
        let staged: Vec<_> = state.staged.keys().copied().collect();
        let open: Vec<_> = self
            .book
            .open()
            .filter(|(_, state)| state.client_id == Some(client_id))
            .filter_map(|(_, state)| state.order_id)
            .collect();
        for order_id in staged {
            self.recall(now, link, order_id, out);
        }
        self.cancel_divided_of(now, |held| held.client_id == client_id);
        self.cancel_equivalents_of(now, (link, client_id), out);
        for order_id in open {
            // What was recalled together with another message of its group never left.
            let key = self.book.by_client(client_id, order_id);
            let is_open = key.and_then(|key| self.book.get(key)).is_some_and(|state| state.status.is_open());
            // What has left for the auction with others' orders is not this client's to cancel any more.
            let is_held = self.held_as(client_id, order_id).is_some();
            if self.divided_as(client_id, order_id).is_some() {
                continue;
            }
            if is_open && is_held {
                self.withdraw_held(now, client_id, order_id, out);
            } else if is_open && !self.recall(now, link, order_id, out) {
                out.push(Command::Cancel { link, order_id });
            }
        }
    }
}
