//! What becomes of the executions of an order that was sent for several bots: each bot's share is booked under an id of
//! our own and told to it as the execution of its own order, and so is its part of the commission.

use jiff::Timestamp;
use plimsoll_ledger::{FeePosted, Posted, Terms};
use plimsoll_model::{ExecId, Execution, ExecutionReport, Fee, InstrumentId, Money, Now, OrderStatus};

use crate::book::OrderKey;
use crate::bridge::Bridge;
use crate::fallback::Word;
use crate::on_close::{BatchKey, Part, Share};
use crate::recon::ReconState;
use crate::{Command, News};

/// Why what is left of an order is not executed.
pub(super) const OVER: &str = "the order that was sent for several bots is over";

/// Why no order was sent for all.
pub(super) const NOT_NEEDED: &str = "no order was needed for several bots";

/// Where and when a share was executed.
pub(super) struct Where<'a> {
    pub(super) exchange: &'a str,
    pub(super) at: Option<Timestamp>,
    pub(super) terms: Terms,
}

impl Bridge {
    /// An execution of an order that was sent for several bots. It is posted by its shares, which are it to the last unit.
    pub(in crate::bridge) fn share_execution(
        &mut self,
        now: Now,
        net: Option<OrderKey>,
        report: &ExecutionReport,
        instrument: &InstrumentId,
        out: &mut Vec<Command>,
    ) {
        let exec_id = &report.execution.exec_id;
        let by_book = net.and_then(|key| self.book.get(key)?.cl_ord_id.clone());
        let cl_ord_id = by_book.or_else(|| plimsoll_model::ClOrdId::new(&report.order_ref));
        let Some(key) = cl_ord_id.and_then(|id| self.batches.of_net(&id).cloned()) else {
            let text = format!(
                "execution {exec_id} is of several bots' orders that are not known any more; not booked"
            );
            out.push(Command::Notice { text });
            return;
        };
        let Some(terms) = Terms::of(&report.contract).or_else(|| self.terms(instrument)) else {
            let text = format!("execution {exec_id} was not booked: its currency or multiplier is not known");
            out.push(Command::Notice { text });
            return;
        };
        let Some(entry) = self.batches.get_mut(&key) else { return };
        let is_new = !entry.batch.has_shared(exec_id);
        let (qty, px) = (report.execution.last_qty, report.execution.last_px);
        let shares = match entry.batch.execution(exec_id, qty, px) {
            Ok(shares) => shares,
            Err(error) => {
                out.push(Command::Notice { text: error.to_string() });
                return;
            }
        };
        if let Some(net) = net.filter(|_| is_new) {
            self.book.update(net, |state| {
                state.posted_qty = state.posted_qty.checked_add(qty).unwrap_or(state.posted_qty);
                state.cum_qty = state.cum_qty.max(report.cum_qty).max(state.posted_qty);
                if state.cum_qty >= state.qty {
                    state.status = OrderStatus::Filled;
                }
            });
        }
        let at = report.execution.at;
        self.book_shares(now, &key, shares, &Where { exchange: &report.contract.exchange, at, terms }, out);
        if let Some(charge) = self.ledger.take_waiting_fee(exec_id) {
            self.share_commission(exec_id, charge, out);
        }
    }

    /// Books each bot's share and tells it.
    pub(super) fn book_shares(
        &mut self,
        now: Now,
        key: &BatchKey,
        shares: Vec<Share>,
        place: &Where<'_>,
        out: &mut Vec<Command>,
    ) {
        for share in shares {
            let entry = self.batches.get_mut(key);
            let Some(held) = entry.and_then(|entry| entry.orders.get_mut(&share.cl_ord_id)) else { continue };
            let (exchange, at) = (place.exchange.into(), place.at.unwrap_or(now.wall));
            let part = Part { share: share.clone(), account: key.account.clone(), exchange, at };
            held.parts.insert(share.exec_id.without_revision().into(), part);
            let (book_key, bot, avg_px) = (held.key, held.order.bot.clone(), held.avg_px());
            let execution = Execution {
                exec_id: share.exec_id.clone(),
                cl_ord_id: Some(share.cl_ord_id.clone()),
                account: key.account.clone(),
                instrument: key.instrument.clone(),
                side: share.side,
                last_qty: share.last_qty,
                last_px: share.last_px,
                at: place.at,
            };
            match self.ledger.post(&execution, Some(&bot), place.terms) {
                Ok(posted @ (Posted::New | Posted::Corrected)) => {
                    self.note_moved(&share.exec_id, Some(&share.cl_ord_id));
                    self.note_share(book_key, &share, posted, avg_px);
                    if posted == Posted::New && self.recon.state != ReconState::Done {
                        self.moved.insert((key.account.clone(), key.instrument.clone()));
                    }
                }
                Ok(Posted::Duplicate | Posted::Superseded | Posted::Settled) => {}
                Err(error) => out.push(Command::Notice { text: error.to_string() }),
            }
            let entry = self.batches.get(key);
            if let Some(held) = entry.and_then(|entry| entry.orders.get(&share.cl_ord_id)) {
                let (exchange, at) = (place.exchange.into(), place.at.unwrap_or(now.wall));
                let leaves_qty = held.order.qty.saturating_sub(share.cum_qty);
                let (of_own, is_over) = (share.of.is_none(), share.leaves_qty.is_zero());
                let (exec_id, share) = (share.exec_id.clone(), Box::new(share));
                let account = key.account.clone();
                out.push(
                    self.tell(held, News::Executed { share, account, leaves_qty, avg_px, exchange, at }),
                );
                if is_over && !leaves_qty.is_zero() {
                    out.push(self.tell_canceled(held, leaves_qty, OVER));
                }
                if of_own {
                    // The broker has no part in it.
                    self.charge_nothing(key, &exec_id, place.terms, out);
                }
            }
        }
        self.doubt(now, &key.account, &key.instrument);
    }

    fn charge_nothing(&mut self, key: &BatchKey, exec_id: &ExecId, terms: Terms, out: &mut Vec<Command>) {
        let charge = Money::zero(terms.currency);
        if let Ok(FeePosted::New) = self.ledger.fee(exec_id, Fee { charge }) {
            self.note_moved(exec_id, None);
            let held = self.batches.get(key).and_then(|entry| entry.of_own(exec_id));
            out.extend(
                held.map(|held| self.tell(held, News::Commission { exec_id: exec_id.clone(), charge })),
            );
        }
    }

    fn note_share(
        &mut self,
        key: OrderKey,
        share: &Share,
        posted: Posted,
        avg_px: Option<plimsoll_model::Price>,
    ) {
        self.book.update(key, |state| {
            if posted == Posted::New {
                let sum = state.posted_qty.checked_add(share.last_qty);
                state.posted_qty = sum.unwrap_or(state.posted_qty);
            }
            state.cum_qty = state.cum_qty.max(share.cum_qty);
            let alive = state.cum_qty.checked_add(share.leaves_qty).unwrap_or(state.qty);
            state.lost_qty = state.qty.saturating_sub(alive);
            state.avg_px = avg_px.or(state.avg_px);
            state.status = match share.leaves_qty.is_zero() {
                true if state.cum_qty < state.qty => OrderStatus::Canceled,
                true => OrderStatus::Filled,
                false => OrderStatus::PartiallyFilled,
            };
        });
        let cum_qty = share.cum_qty;
        self.closings.hear(key, Word::Executed { cum_qty });
        if share.leaves_qty.is_zero() {
            self.closings.hear(key, Word::Ended { cum_qty });
        }
    }

    /// The commission of an execution that was shared; whether it is of one.
    pub(in crate::bridge) fn share_commission(
        &mut self,
        exec_id: &ExecId,
        charge: Money,
        out: &mut Vec<Command>,
    ) -> bool {
        let Some((key, parts)) = self
            .batches
            .of_execution(exec_id)
            .map(|(key, entry)| (key.clone(), entry.batch.commission(exec_id, charge)))
        else {
            return false;
        };
        let Some(parts) = parts else {
            let text = format!("the commission {charge} of {exec_id} cannot be shared; it was not booked");
            out.push(Command::Notice { text });
            return true;
        };
        for (own_id, part) in parts {
            match self.ledger.fee(&own_id, Fee { charge: part }) {
                Ok(FeePosted::New | FeePosted::Changed { .. }) => {
                    self.note_moved(&own_id, None);
                    let held = self.batches.get(&key).and_then(|entry| entry.of_own(&own_id));
                    out.extend(
                        held.map(|held| self.tell(held, News::Commission { exec_id: own_id, charge: part })),
                    );
                }
                Ok(
                    FeePosted::Duplicate | FeePosted::Waiting | FeePosted::Superseded | FeePosted::Settled,
                ) => {}
                Err(error) => out.push(Command::Notice { text: error.to_string() }),
            }
        }
        true
    }
}
