//! Cancels of orders over several accounts: what waits for the disk never leaves, and what has left is canceled part by
//! part on the connection that placed it, at every word of the bot or of a halt and once in each life of that connection,
//! until nothing works any more.

use plimsoll_model::{BotName, ClOrdId, ClientId, LinkId, Now, OrderId, OrderStatus};

use crate::Command;
use crate::book::OrderKey;
use crate::bridge::Bridge;
use crate::on_close::HeldOrder;

/// TWS: an order "that needs to be cancelled cannot be cancelled".
const CODE_CANCEL_TOO_LATE: i32 = 10148;

impl Bridge {
    /// The reference of an order that is or was divided.
    pub(in crate::bridge) fn divided_as(&self, client_id: ClientId, order_id: OrderId) -> Option<ClOrdId> {
        let state = self.book.get(self.book.by_client(client_id, order_id)?)?;
        let cl_ord_id = state.cl_ord_id.as_ref()?;
        self.allocations.get(cl_ord_id).map(|_| cl_ord_id.clone())
    }

    /// A bot wants an order back that is divided; whether it is one. It is told the end when nothing works any more.
    pub(in crate::bridge) fn cancel_divided(
        &mut self,
        now: Now,
        (link, client_id): (LinkId, ClientId),
        order_id: OrderId,
        out: &mut Vec<Command>,
    ) -> bool {
        let Some(id) = self.divided_as(client_id, order_id) else { return false };
        if !self.take_back(now, &id) {
            let key = self.book.by_client(client_id, order_id);
            let status = key.and_then(|key| self.book.get(key)).map(|state| state.status);
            let word = if status == Some(OrderStatus::Filled) { "Filled" } else { "Cancelled" };
            let text =
                format!("OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {word}.");
            out.push(Command::Refuse { link, id: Some(order_id.0), code: CODE_CANCEL_TOO_LATE, text });
        }
        true
    }

    /// The same for all of these orders, also for what works of one that was told to be over.
    pub(in crate::bridge) fn cancel_divided_of(&mut self, now: Now, is_of: impl Fn(&HeldOrder) -> bool) {
        let all = self.allocations.orders().filter(|held| is_of(held));
        let ids: Vec<_> = all.map(|held| held.order.cl_ord_id.clone()).collect();
        for id in ids {
            self.take_back(now, &id);
        }
    }

    /// Whether this order of our own is a part of an order that is canceled.
    pub(in crate::bridge) fn is_canceled_as_part(&self, key: OrderKey) -> bool {
        let entry = self.allocations.of_leg(key).and_then(|id| self.allocations.get(id));
        entry.is_some_and(|entry| entry.is_canceled)
    }

    /// Without our own connection no part is canceled now, and a person has to know it.
    pub(in crate::bridge) fn parts_canceled_later(&self, bot: Option<&BotName>) -> Option<Command> {
        let entries = self.allocations.iter().filter(|entry| {
            entry.is_canceled
                && bot.is_none_or(|bot| entry.held.order.bot == *bot)
                && self.own_way().is_none()
        });
        let keys = entries.flat_map(|entry| &entry.legs).filter_map(|leg| Some(leg.order.as_ref()?.0));
        let count =
            keys.filter(|key| self.book.get(*key).is_some_and(|state| state.status.is_open())).count();
        (count > 0).then(|| Command::Notice {
            text: format!(
                "{count} parts of divided orders are canceled when our own connection is back and the broker's lists have \
                 been heard; until then they work"
            ),
        })
    }

    /// Whether anything of it was left to be canceled.
    fn take_back(&mut self, now: Now, id: &ClOrdId) -> bool {
        if !self.allocations.cancel(id) {
            return false;
        }
        let Some(entry) = self.allocations.get(id) else { return false };
        let keys: Vec<_> = entry.legs.iter().filter_map(|leg| Some(leg.order.as_ref()?.0)).collect();
        for key in keys {
            if self.outbox.take_own(key) {
                let entry = self.allocations.get_mut(id);
                if let Some(leg) = entry.and_then(|entry| entry.leg_mut(key)) {
                    leg.is_recalled = true;
                }
                self.book.update(key, |state| {
                    state.status = OrderStatus::Canceled;
                    state.since = now.wall;
                });
            }
        }
        true
    }

    /// Sends the cancels that are wanted. Somebody who asks again may know more than we do: a cancel that was refused or
    /// was lost is sent again. By itself one is sent once in each life of our own connection, when the broker's lists say
    /// what is left.
    pub(super) fn cancel_legs(&mut self, id: &ClOrdId, out: &mut Vec<Command>) {
        let (way, epoch, is_reconciled) = (self.own_way(), self.recon.epoch, self.is_reconciled());
        let Some(entry) = self.allocations.get_mut(id).filter(|entry| entry.is_canceled) else { return };
        let is_new = std::mem::take(&mut entry.is_cancel_new);
        let Some((link, _)) = way.filter(|_| is_new || is_reconciled) else { return };
        for leg in &mut entry.legs {
            let Some((key, _)) = leg.order.as_ref() else { continue };
            let open = self.book.get(*key).filter(|state| state.status.is_open());
            let Some(order_id) = open.and_then(|state| state.order_id) else { continue };
            if is_new || leg.canceled_in != Some(epoch) {
                leg.canceled_in = Some(epoch);
                out.push(Command::Cancel { link, order_id });
            }
        }
    }
}
