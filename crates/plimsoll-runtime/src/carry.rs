//! Carrying out what the bridge decided: commands become frames on the links they name.
//!
//! Does not own any choice. A command that cannot be carried out as it stands ends its link, and the
//! bridge is told: an order of which nobody knows whether it left is of unknown fate, never repeated.

use std::time::Instant;

use plimsoll_core::{Ask, Command, Denial, Held, News, Rewrite};
use plimsoll_model::{Contract, InstrumentId, LinkId, NewOrder, Now, OrderId, RawFrame};
use plimsoll_tws::denial::Addressee;

use crate::journal_thread::Awaits;
use crate::wire;
use crate::work::Work;

impl Work {
    pub(crate) fn carry_out(&mut self, now: Now, command: Command) {
        match command {
            Command::Submit { link, order, raw, rewrites } => {
                let order = order.get();
                tracing::info!(bot = %order.bot, cl_ord_id = %order.cl_ord_id, "order sent: {order}");
                self.forward(link, &raw, &rewrites);
            }
            Command::Replace { link, order, raw, rewrites } => {
                let order = &order.get().order;
                tracing::info!(bot = %order.bot, cl_ord_id = %order.cl_ord_id, "change sent: {order}");
                self.forward(link, &raw, &rewrites);
            }
            Command::Forward { link, raw, rewrites } => self.forward(link, &raw, &rewrites),
            Command::Place { link, order, contract } => self.place(link, order.get(), &contract),
            Command::Cancel { link, order_id } if self.own.as_ref().is_some_and(|own| own.link == link) => {
                if let Some(version) = self.own.as_ref().map(|own| own.version) {
                    self.send_to_own(&wire::cancel(version, order_id));
                }
            }
            Command::Cancel { link, order_id } => {
                if let Some(version) = self.links.get(&link).map(|state| state.version) {
                    self.send_to_venue(link, &wire::cancel(version, order_id));
                }
            }
            Command::Ask(ask) => self.ask(&ask),
            Command::ToBot { link, raw, rewrites } => self.show(link, &raw, &rewrites),
            Command::Deny { link, denial, raw, .. } => {
                let Some(to) = self.addressee(now, link) else { return };
                self.log_denial(link, &denial);
                self.all_to_bot(link, &wire::deny(to, &raw, &denial.to_string()));
            }
            Command::DenyReplace { link, order_id, denial, open_order, status } => {
                self.log_denial(link, &denial);
                self.deny_change(now, link, order_id, &denial, open_order, status.as_ref());
            }
            Command::CanceledUnsent { link, order_id } => {
                let Some(to) = self.addressee(now, link) else { return };
                self.all_to_bot(link, &wire::canceled_unsent(to, order_id));
            }
            Command::Tell { link: Some(link), held, news } => self.tell(now, link, &held, &news),
            // It learns from its positions when it is back.
            Command::Tell { link: None, .. } => {}
            Command::Refuse { link, id, code, text } => {
                let Some(to) = self.addressee(now, link) else { return };
                self.send_to_bot(link, &wire::error(to, id, code, &text));
            }
            Command::CloseBot { link, reason } => self.to_end.push((link, reason)),
            Command::Flush { token } => {
                if let Some(link) = self.asking {
                    self.lanes.await_token(link, token);
                }
                self.journal.flush(Awaits::Bridge(token));
            }
            Command::Observed { link, denial, .. } => {
                let bot = self.links.get(&link).map(|state| state.bot.as_str()).unwrap_or_default();
                tracing::info!(%bot, guard = %denial.guard, "observed, would have been denied: {denial}");
            }
            Command::StartJob { job, date } => self.programs.start(&job, date, &self.shared),
            Command::JobNote { text } => tracing::info!("{text}"),
            Command::Notice { text } => tracing::warn!("{text}"),
        }
    }

    /// An order of our own to the venue. Another life of our own connection the broker could not tell from this one: then
    /// the order is of unknown fate, and the bridge looks for it.
    fn place(&mut self, link: LinkId, order: &NewOrder, contract: &Contract) {
        let Some(own) = self.own.as_ref().filter(|own| own.link == link) else { return };
        tracing::info!(bot = %order.bot, cl_ord_id = %order.cl_ord_id, "own order sent: {order}");
        let frame = wire::place(own.version, order, contract);
        self.send_to_own(&frame);
    }

    /// What became of an order that is held here, as the venue would say it.
    fn tell(&mut self, now: Now, link: LinkId, held: &Held, news: &News) {
        let Some(to) = self.addressee(now, link) else { return };
        match wire::tell(to, held, news) {
            Ok(frames) => self.all_to_bot(link, &frames),
            // It would go on without knowing what became of its order.
            Err(why) => self.to_end.push((link, format!("order {}: {why}", held.order_id))),
        }
    }

    /// The last lines of an answer about open orders are those that are held here. Nothing is decided by it, so nothing of
    /// it is journaled.
    pub(crate) fn tell_held(&mut self, link: LinkId) {
        let now = self.clock.now();
        for (held, news) in self.bridge().held_open(link) {
            self.tell(now, link, &held, &news);
        }
    }

    /// A bot's bytes to the venue, with the declared rewrites.
    fn forward(&mut self, link: LinkId, raw: &RawFrame, rewrites: &[Rewrite]) {
        let Some(version) = self.links.get(&link).map(|state| state.version) else { return };
        match wire::rewrite_up(version, raw, rewrites) {
            Ok(frame) => self.send_to_venue(link, &frame),
            Err(error) => self.to_end.push((link, error.to_string())),
        }
    }

    /// A venue's bytes to the bot, with the declared rewrites.
    pub(crate) fn show(&mut self, link: LinkId, raw: &RawFrame, rewrites: &[Rewrite]) {
        let Some(version) = self.links.get(&link).map(|state| state.version) else { return };
        match wire::rewrite_down(version, raw, rewrites) {
            Ok(frame) => self.send_to_bot(link, &frame),
            Err(error) => self.to_end.push((link, error.to_string())),
        }
    }

    fn deny_change(
        &mut self,
        now: Now,
        link: LinkId,
        order_id: OrderId,
        denial: &Denial,
        open_order: Option<(RawFrame, Vec<Rewrite>)>,
        status: Option<&RawFrame>,
    ) {
        let Some(to) = self.addressee(now, link) else { return };
        // Without its rewrites the frame would show our reference; then the notice alone has to do.
        let open_order =
            open_order.and_then(|(raw, rewrites)| wire::rewrite_down(to.version, &raw, &rewrites).ok());
        let text = denial.to_string();
        self.all_to_bot(link, &wire::deny_change(to, order_id, &text, open_order.as_ref(), status));
    }

    fn ask(&mut self, ask: &Ask) {
        match ask {
            Ask::Quotes { req_id, instrument, .. } => {
                self.quotes.subscribed(*req_id, instrument.clone());
                self.permissions.asked_quotes(*req_id, instrument);
            }
            Ask::Contract { req_id, contract } => {
                if let Some(instrument) = InstrumentId::of(contract) {
                    self.permissions.asked_contract(*req_id, &instrument);
                }
            }
            _ => {}
        }
        if let Some(version) = self.own.as_ref().map(|own| own.version) {
            self.send_to_own(&wire::ask(version, ask));
        }
    }

    pub(crate) fn send_to_venue(&mut self, link: LinkId, frame: &RawFrame) {
        let Some(state) = self.links.get(&link) else { return };
        if let Err(full) = state.to_venue.add(frame.bytes()) {
            self.to_end.push((link, format!("to the venue: {full}")));
        }
        self.pacing.sent(Instant::now());
    }

    pub(crate) fn send_to_bot(&mut self, link: LinkId, frame: &RawFrame) {
        // Nobody reads what is sent to a bot that left.
        let Some(state) = self.links.get(&link).filter(|state| state.kept_until.is_none()) else { return };
        if let Err(full) = state.to_bot.add(frame.bytes()) {
            self.to_end.push((link, full.to_string()));
        }
    }

    fn all_to_bot(&mut self, link: LinkId, frames: &[RawFrame]) {
        for frame in frames {
            self.send_to_bot(link, frame);
        }
    }

    pub(crate) fn send_to_own(&mut self, frame: &RawFrame) {
        let Some(own) = &self.own else { return };
        self.pacing.sent(Instant::now());
        if own.out.add(frame.bytes()).is_err() {
            // Its task sees the end and makes the connection anew.
            own.out.close();
        }
    }

    fn addressee(&self, now: Now, link: LinkId) -> Option<Addressee> {
        let state = self.links.get(&link)?;
        Some(wire::addressee(state.version, state.client_id, now.wall))
    }

    fn log_denial(&self, link: LinkId, denial: &Denial) {
        let bot = self.links.get(&link).map(|state| state.bot.as_str()).unwrap_or_default();
        tracing::info!(%bot, guard = %denial.guard, "order denied: {denial}");
    }
}
