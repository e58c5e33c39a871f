//! Rounds of questions to the broker, and what their answers prove.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use plimsoll_model::{ClientId, LinkId, Now, OrderStatus};

use super::Bridge;
use crate::book::{OrderKey, OrderState};
use crate::halt::{Halt, HaltLevel};
use crate::recon::{Data, Ended, ReconState};
use crate::{Ask, Command, limits};

impl Bridge {
    /// Everything is asked anew in this life of our own connection.
    pub(super) fn begin_round(&mut self, now: Now, link: LinkId, asks: &mut Vec<Ask>) {
        self.broker_positions.clear();
        self.listed_holdings = None;
        self.moved.clear();
        self.recon.begin(link, now.mono, asks);
        self.closings.asked(self.fallback_moment(now, self.recon.epoch_in_reach()));
        self.note_sought(now);
    }

    /// The broker's servers are back in reach of TWS.
    pub(super) fn begin_again(&mut self, now: Now, link: LinkId, data: Data, out: &mut Vec<Command>) {
        let mut asks = Vec::new();
        self.ask_equity(now, &mut asks);
        if data == Data::Lost {
            self.subscribe(&mut asks);
        }
        self.begin_round(now, link, &mut asks);
        Self::ask(out, asks);
    }

    /// The same by what was told on another connection.
    pub(super) fn begin_restored(&mut self, now: Now, out: &mut Vec<Command>) {
        if let Some((link, restored)) = self.recon.link.zip(self.recon.restored) {
            self.begin_again(now, link, restored.data, out);
        }
    }

    /// Asks about orders whose bot is away, and about executions that the holdings suggest.
    pub(super) fn poll(&mut self, now: Now, out: &mut Vec<Command>) {
        let mut asks = Vec::new();
        self.recon.poll(now.mono, &mut asks);
        if !asks.is_empty() {
            self.note_sought(now);
            self.inactive_since = None;
            self.closings.asked(self.fallback_moment(now, self.recon.epoch_in_reach()));
            // A line about a holding may have got lost on a connection that lives on: before a difference is taken for
            // foreign, both sides of it are asked for.
            self.listed_holdings = None;
            if self.doubts.values().any(|doubt| doubt.due() <= now.mono) {
                self.recon.ask_positions(&mut asks);
                self.listed_holdings = Some(BTreeSet::new());
            }
        }
        Self::ask(out, asks);
    }

    /// An answer that the broker owes for too long is asked for again: one that got lost must not keep
    /// new risk out for ever.
    pub(super) fn ask_again(&mut self, now: Now, out: &mut Vec<Command>) {
        let Some(what) = self.recon.state.waiting_for() else { return };
        let mut asks = Vec::new();
        self.recon.ask_again(now.mono, &mut asks);
        if !asks.is_empty() {
            out.push(Command::Notice {
                text: format!("the broker owes an answer about {what}; asked again"),
            });
        }
        Self::ask(out, asks);
    }

    /// What the answers have to name. The executions that orders are ahead of, or they are not to be had; and open
    /// orders that no bot connection reports on: the answers have to name them, or they are gone.
    /// An order on a live connection is left out, because it may be on its way at this very moment, unless
    /// it is an old one of unknown fate or one that the venue called inactive.
    fn note_sought(&mut self, now: Now) {
        self.told_settled = false;
        self.owed = self.book.unposted().collect();
        let grace = SignedDuration::try_from(limits::ORPHAN_POLL).unwrap_or(SignedDuration::MAX);
        let is_old = |state: &OrderState| now.wall.duration_since(state.since) >= grace;
        self.sought = self
            .book
            .open()
            .filter(|(_, state)| {
                let in_doubt = matches!(state.status, OrderStatus::Unknown | OrderStatus::Inactive);
                !self.is_reported(state) || in_doubt && is_old(state) || self.is_over_by_auction(now, state)
            })
            // What is held here is not at the broker.
            .filter(|(_, state)| !self.is_kept_here(state))
            .map(|(key, _)| key)
            .collect();
    }

    /// Whether the order is held or was divided here, and the venue does not know it.
    pub(super) fn is_kept_here(&self, state: &OrderState) -> bool {
        let id = state.cl_ord_id.as_ref();
        id.is_some_and(|id| self.batches.of_order(id).is_some() || self.allocations.get(id).is_some())
    }

    /// Whether a connection reports on the order: its bot's, or for an order of our own ours, once a full round on it
    /// has shown what is there.
    fn is_reported(&self, state: &OrderState) -> bool {
        state.client_id.is_some_and(|id| self.is_heard(id))
    }

    fn is_heard(&self, client_id: ClientId) -> bool {
        let is_own = self.own_client() == Some(client_id) && self.recon.state == ReconState::Done;
        is_own || self.links.of_client(client_id).is_some()
    }

    pub(super) fn has_orphans(&self) -> bool {
        let is_away = |client: Option<ClientId>| !client.is_some_and(|id| self.is_heard(id));
        self.book.has_unknown() || self.book.open_clients().any(is_away)
    }

    pub(super) fn answer_ended(&mut self, now: Now, which: Ended, out: &mut Vec<Command>) {
        let full = matches!(self.recon.state, ReconState::Asking(_));
        let (asked, was_known) = (self.recon.last_poll, self.recon.was_done);
        if which == Ended::Positions {
            self.flatten_unlisted(now);
        }
        if !self.recon.ended(which) {
            return;
        }
        self.close_what_was_not_found(out);
        self.closings_answered(out);
        if full {
            self.explain_all(now, was_known, out);
            let config = self.config.clone();
            self.unexplained.begin(config.iter().flat_map(|config| &config.venue.accounts));
        } else {
            self.explain_what_lasted(asked, out);
        }
        if self.epoch == 1 && !was_known {
            self.stop_if_journal_was_lost(out);
        }
        // A status that came after the question can be ahead of an execution that is still to come. In a full
        // round completed orders of other days are among the answers, whose executions nobody tells any more.
        let told: BTreeMap<_, _> =
            if full { self.book.unposted().collect() } else { std::mem::take(&mut self.owed) };
        self.book.settle(told);
        if full {
            out.push(Command::Notice {
                text: format!(
                    "reconciled: {} open orders, {} positions",
                    self.book.open_count(),
                    self.broker_positions.values().filter(|(position, _)| !position.is_zero()).count()
                ),
            });
        }
    }

    /// A journal that begins now, and a broker that shows orders of our bots: the journal was deleted, and
    /// with it every halt, limit and memory of repetition. A person has to look before it goes on.
    fn stop_if_journal_was_lost(&mut self, out: &mut Vec<Command>) {
        if !self.book.has_bots_orders() && self.ledger.rows().iter().all(|row| row.bot.is_none()) {
            return;
        }
        let reason = "the broker shows orders of ours that the journal does not know; was it deleted?";
        let halt = Halt { level: HaltLevel::NewRisk, by: "plimsoll".into(), reason: reason.into() };
        self.halts.set(None, halt);
        out.push(Command::Notice { text: format!("fleet halted (new_risk) by plimsoll: {reason}") });
    }

    /// Open orders, completed orders and executions of this connection name it nowhere: it is not at the
    /// venue. That proof, and no silence, ends an unknown fate.
    fn close_what_was_not_found(&mut self, out: &mut Vec<Command>) {
        for key in std::mem::take(&mut self.sought) {
            self.gone(key, out);
        }
    }

    pub(super) fn gone(&mut self, key: OrderKey, out: &mut Vec<Command>) {
        let Some(state) = self.book.get(key).filter(|state| state.status.is_open()) else { return };
        let text = format!("{} is not at the venue (was {})", state.label(), state.status);
        self.book.update(key, |state| {
            state.status = OrderStatus::Canceled;
            state.by_absence = true;
        });
        out.push(Command::Notice { text });
    }

    /// That others' orders do not come by themselves.
    pub(super) fn no_copy(&self) -> String {
        let client = self.config.as_ref().map_or(0, |config| config.venue.client_id.0);
        let every = limits::DROP_COPY_POLL.as_secs();
        format!(
            "orders of other clients do not come by themselves; they are asked for every {every} s; \
             make client {client} the Master API client in the API settings of TWS"
        )
    }
}
