//! Starts, arrivals and departures.

use std::sync::Arc;

use plimsoll_model::{BotName, ClientId, LinkId, Now, OrderStatus, RawFrame};

use super::Bridge;
use super::netting::{of_bot, of_own};
use crate::outbox::Load;
use crate::{Ask, Command, Config};

impl Bridge {
    /// A new process: no link is left, and an order without the venue's word is of unknown fate.
    pub(super) fn started(&mut self, now: Now, epoch: u64, config: Arc<Config>, out: &mut Vec<Command>) {
        self.contracts.configure(config.instruments().into_iter());
        self.recent.look_back(config.bots.iter().map(|bot| bot.duplicate_window).max().unwrap_or_default());
        self.config = Some(config);
        self.epoch = epoch;
        self.links.close_all();
        self.recon.down();
        self.recon.was_done = false;
        self.hearing.forget();
        self.quotes.clear();
        self.streams.clear();
        self.results.clear();
        self.equities.forget();
        self.all_started = None;
        self.contract_reqs.clear();
        self.close_reqs.clear();
        // What the broker listed in another life disputes nothing in this one.
        self.listed.clear();
        self.calendar = self.announced.clone();
        self.elsewhere.widen();
        self.doubts.clear();
        self.owed.clear();
        self.inactive_since = None;
        self.sought.clear();
        // What waited for the disk may have left just before the end: only the venue can tell.
        let waited = self.outbox.drain().flat_map(|parcel| match parcel.load {
            Load::Orders(all) => all.iter().map(|waiting| of_bot(parcel.client_id, waiting)).collect(),
            Load::Own(own) => vec![of_own(parcel.client_id, *own)],
            Load::LetThrough(_) => Vec::new(),
        });
        let waited: Vec<_> = waited.collect();
        self.hold_what_waited(now, waited, out);
        self.batches.none_comes();
        self.closings.restarted();
        self.auctions.restarted();
        self.forget_certainty(|_| true);
    }

    /// Orders that were sent, or perhaps sent, on a connection that is gone.
    pub(super) fn forget_certainty(&mut self, on: impl Fn(Option<ClientId>) -> bool) {
        let lost: Vec<_> = self
            .book
            .open()
            .filter(|(_, state)| state.status == OrderStatus::PendingNew && on(state.client_id))
            .map(|(key, _)| key)
            .collect();
        for key in lost {
            self.book.update(key, |state| state.status = OrderStatus::Unknown);
        }
    }

    pub(super) fn own_up(&mut self, now: Now, link: LinkId, out: &mut Vec<Command>) {
        let mut asks = Vec::new();
        self.subscribe(&mut asks);
        self.listed.note_asked(self.clock.corrected(now));
        self.plan_audit(now);
        self.ask_schedule(now, &mut asks);
        self.ask_equity(now, &mut asks);
        self.begin_round(now, link, &mut asks);
        Self::ask(out, asks);
    }

    /// Asks what each configured contract is, and for its quotes.
    pub(super) fn subscribe(&mut self, asks: &mut Vec<Ask>) {
        let Some(config) = &self.config else { return };
        self.contract_reqs.clear();
        for (instrument, contract) in config.instruments() {
            let req_id = self.recon.req_id();
            self.contract_reqs.insert(req_id, instrument.clone());
            asks.push(Ask::Contract { req_id, contract: contract.clone() });
            asks.push(Ask::Quotes {
                req_id: self.recon.req_id(),
                instrument: instrument.clone(),
                contract: contract.clone(),
            });
        }
    }

    pub(super) fn bot_arrived(
        &mut self,
        link: LinkId,
        bot: BotName,
        client_id: ClientId,
        raw: RawFrame,
        out: &mut Vec<Command>,
    ) {
        let known = self.bot_config(&bot).is_some_and(|config| config.client_ids.contains(&client_id));
        let refusal = if !known {
            Some(format!("client id {client_id} is not one of {bot}'s"))
        } else if self.links.of_client(client_id).is_some() {
            Some(format!("client id {client_id} is already connected"))
        } else if !self.recon.was_done {
            Some("not reconciled with the broker yet".to_owned())
        } else {
            None
        };
        match refusal {
            None => {
                if client_id == ClientId(0) {
                    out.push(Command::Notice { text: as_client_0(&bot) });
                }
                self.links.open(link, bot, client_id);
                out.push(Command::Forward { link, raw, rewrites: vec![] });
            }
            Some(reason) => {
                let text = format!(
                    "Unable to connect as the client id is already in use or not allowed. \
                     Plimsoll: {reason}"
                );
                out.push(Command::Refuse { link, id: None, code: 326, text });
                out.push(Command::CloseBot { link, reason });
            }
        }
    }

    /// Whether the client of this link has orders that can still execute: the reason to keep its upstream.
    pub fn has_open_orders(&self, link: LinkId) -> bool {
        let client_id = self.links.get(link).map(|state| state.client_id);
        client_id.is_some() && self.book.open_clients().any(|client| client == client_id)
    }

    /// Its orders stay at the venue; those without an answer are asked for on our own connection.
    pub(super) fn bot_gone(&mut self, now: Now, link: LinkId, out: &mut Vec<Command>) {
        let Some(gone) = self.links.close(link) else { return };
        self.acks.forget(link);
        self.streams.end(link);
        self.forget_certainty(|client_id| client_id == Some(gone.client_id));
        if self.book.open_clients().any(|client| client == Some(gone.client_id)) {
            self.poll(now, out);
        }
    }
}

/// TWS treats this client unlike all others.
fn as_client_0(bot: &BotName) -> String {
    format!(
        "{bot} connects as client 0, to which TWS binds orders placed by hand; it is not shown them and can neither \
         change nor cancel them; give it another client id"
    )
}
