//! Carrying out what the bridge decided: commands become frames on the links they name.
//!
//! Owns what a command is on the wire, for whoever has the links: the live shell its sockets, a simulation its bytes in
//! memory.
//!
//! Does not own any choice. A command that cannot be carried out as it stands ends its link, and the
//! bridge is told: an order of which nobody knows whether it left is of unknown fate, never repeated.

use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use plimsoll_core::schedule::Job;
use plimsoll_core::{Ask, Command, Denial, Held, News, Rewrite};
use plimsoll_model::{Contract, InstrumentId, LinkId, NewOrder, Now, OrderId, RawFrame};
use plimsoll_tws::ServerVersion;
use plimsoll_tws::denial::Addressee;

use crate::journal_thread::Awaits;
use crate::wire;
use crate::work::Work;

/// Who has the links, the disk and the programs.
pub trait Carrier {
    /// Our own connection and what it speaks; none while it is down.
    fn own(&self) -> Option<(LinkId, ServerVersion)>;

    /// Whom a bot's link leads to; none if it has ended.
    fn addressee(&self, now: Now, link: LinkId) -> Option<Addressee>;

    /// Whose link it is, for people.
    fn bot_of(&self, link: LinkId) -> &str;

    /// Sends to the venue on a bot's upstream.
    fn send_to_venue(&mut self, link: LinkId, frame: &RawFrame);

    /// Sends to a bot.
    fn send_to_bot(&mut self, link: LinkId, frame: &RawFrame);

    /// Sends to the venue on our own connection.
    fn send_to_own(&mut self, frame: &RawFrame);

    /// Ends a bot's link, once the event has been dealt with.
    fn end_soon(&mut self, link: LinkId, why: String);

    /// A question is about to leave on our own connection.
    fn asks(&mut self, ask: &Ask);

    /// Makes everything appended so far durable.
    fn flush(&mut self, token: u64);

    /// Starts a program.
    fn start_job(&mut self, job: &Arc<Job>, date: Date);
}

/// Carries out one command.
pub fn carry_out(to: &mut impl Carrier, now: Now, command: Command) {
    match command {
        Command::Submit { link, order, raw, rewrites } => {
            let order = order.get();
            tracing::info!(bot = %order.bot, cl_ord_id = %order.cl_ord_id, "order sent: {order}");
            forward(to, now, link, &raw, &rewrites);
        }
        Command::Replace { link, order, raw, rewrites } => {
            let order = &order.get().order;
            tracing::info!(bot = %order.bot, cl_ord_id = %order.cl_ord_id, "change sent: {order}");
            forward(to, now, link, &raw, &rewrites);
        }
        Command::Forward { link, raw, rewrites } => forward(to, now, link, &raw, &rewrites),
        Command::Place { link, order, contract } => place(to, link, order.get(), &contract),
        Command::Cancel { link, order_id } => match to.own() {
            Some((own, version)) if own == link => to.send_to_own(&wire::cancel(version, order_id)),
            _ => {
                let Some(version) = to.addressee(now, link).map(|bot| bot.version) else { return };
                to.send_to_venue(link, &wire::cancel(version, order_id));
            }
        },
        Command::Ask(ask) => {
            to.asks(&ask);
            if let Some((_, version)) = to.own() {
                to.send_to_own(&wire::ask(version, &ask));
            }
        }
        Command::ToBot { link, raw, rewrites } => show(to, now, link, &raw, &rewrites),
        Command::Deny { link, denial, raw, .. } => {
            let Some(bot) = to.addressee(now, link) else { return };
            log_denial(to, link, &denial);
            all_to_bot(to, link, &wire::deny(bot, &raw, &denial.to_string()));
        }
        Command::DenyReplace { link, order_id, denial, open_order, status } => {
            log_denial(to, link, &denial);
            let Some(bot) = to.addressee(now, link) else { return };
            deny_change(to, (link, bot), order_id, &denial, open_order, status.as_ref());
        }
        Command::CanceledUnsent { link, order_id } => {
            let Some(bot) = to.addressee(now, link) else { return };
            all_to_bot(to, link, &wire::canceled_unsent(bot, order_id));
        }
        Command::Tell { link: Some(link), held, news } => tell(to, now, link, &held, &news),
        // It learns from its positions when it is back.
        Command::Tell { link: None, .. } => {}
        Command::Refuse { link, id, code, text } => {
            let Some(bot) = to.addressee(now, link) else { return };
            to.send_to_bot(link, &wire::error(bot, id, code, &text));
        }
        Command::CloseBot { link, reason } => to.end_soon(link, reason),
        Command::Flush { token } => to.flush(token),
        Command::Observed { link, denial, .. } => {
            let bot = to.bot_of(link);
            tracing::info!(%bot, guard = %denial.guard, "observed, would have been denied: {denial}");
        }
        Command::StartJob { job, date } => to.start_job(&job, date),
        Command::JobNote { text } => tracing::info!("{text}"),
        Command::Notice { text } => tracing::warn!("{text}"),
    }
}

/// An order of our own to the venue. Another life of our own connection the broker could not tell from this one: then
/// the order is of unknown fate, and the bridge looks for it.
fn place(to: &mut impl Carrier, link: LinkId, order: &NewOrder, contract: &Contract) {
    let Some((_, version)) = to.own().filter(|(own, _)| *own == link) else { return };
    tracing::info!(bot = %order.bot, cl_ord_id = %order.cl_ord_id, "own order sent: {order}");
    to.send_to_own(&wire::place(version, order, contract));
}

/// What became of an order that is held here, as the venue would say it.
pub fn tell(to: &mut impl Carrier, now: Now, link: LinkId, held: &Held, news: &News) {
    let Some(bot) = to.addressee(now, link) else { return };
    match wire::tell(bot, held, news) {
        Ok(frames) => all_to_bot(to, link, &frames),
        // It would go on without knowing what became of its order.
        Err(why) => to.end_soon(link, format!("order {}: {why}", held.order_id)),
    }
}

/// A bot's bytes to the venue, with the declared rewrites.
fn forward(to: &mut impl Carrier, now: Now, link: LinkId, raw: &RawFrame, rewrites: &[Rewrite]) {
    let Some(version) = to.addressee(now, link).map(|bot| bot.version) else { return };
    match wire::rewrite_up(version, raw, rewrites) {
        Ok(frame) => to.send_to_venue(link, &frame),
        Err(error) => to.end_soon(link, error.to_string()),
    }
}

/// A venue's bytes to the bot, with the declared rewrites.
pub fn show(to: &mut impl Carrier, now: Now, link: LinkId, raw: &RawFrame, rewrites: &[Rewrite]) {
    let Some(version) = to.addressee(now, link).map(|bot| bot.version) else { return };
    match wire::rewrite_down(version, raw, rewrites) {
        Ok(frame) => to.send_to_bot(link, &frame),
        Err(error) => to.end_soon(link, error.to_string()),
    }
}

fn deny_change(
    to: &mut impl Carrier,
    (link, bot): (LinkId, Addressee),
    order_id: OrderId,
    denial: &Denial,
    open_order: Option<(RawFrame, Vec<Rewrite>)>,
    status: Option<&RawFrame>,
) {
    // Without its rewrites the frame would show our reference; then the notice alone has to do.
    let open_order =
        open_order.and_then(|(raw, rewrites)| wire::rewrite_down(bot.version, &raw, &rewrites).ok());
    let text = denial.to_string();
    all_to_bot(to, link, &wire::deny_change(bot, order_id, &text, open_order.as_ref(), status));
}

fn all_to_bot(to: &mut impl Carrier, link: LinkId, frames: &[RawFrame]) {
    for frame in frames {
        to.send_to_bot(link, frame);
    }
}

fn log_denial(to: &impl Carrier, link: LinkId, denial: &Denial) {
    let bot = to.bot_of(link);
    tracing::info!(%bot, guard = %denial.guard, "order denied: {denial}");
}

impl Carrier for Work {
    fn own(&self) -> Option<(LinkId, ServerVersion)> {
        self.own.as_ref().map(|own| (own.link, own.version))
    }

    fn addressee(&self, now: Now, link: LinkId) -> Option<Addressee> {
        let state = self.links.get(&link)?;
        Some(wire::addressee(state.version, state.client_id, now.wall))
    }

    fn bot_of(&self, link: LinkId) -> &str {
        self.links.get(&link).map(|state| state.bot.as_str()).unwrap_or_default()
    }

    fn send_to_venue(&mut self, link: LinkId, frame: &RawFrame) {
        let Some(state) = self.links.get(&link) else { return };
        if let Err(full) = state.to_venue.add(frame.bytes()) {
            self.to_end.push((link, format!("to the venue: {full}")));
        }
        self.pacing.sent(Instant::now());
    }

    fn send_to_bot(&mut self, link: LinkId, frame: &RawFrame) {
        // Nobody reads what is sent to a bot that left.
        let Some(state) = self.links.get(&link).filter(|state| state.kept_until.is_none()) else { return };
        if let Err(full) = state.to_bot.add(frame.bytes()) {
            self.to_end.push((link, full.to_string()));
        }
    }

    fn send_to_own(&mut self, frame: &RawFrame) {
        let Some(own) = &self.own else { return };
        self.pacing.sent(Instant::now());
        if own.out.add(frame.bytes()).is_err() {
            // Its task sees the end and makes the connection anew.
            own.out.close();
        }
    }

    fn end_soon(&mut self, link: LinkId, why: String) {
        self.to_end.push((link, why));
    }

    fn asks(&mut self, ask: &Ask) {
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
    }

    fn flush(&mut self, token: u64) {
        if let Some(link) = self.asking {
            self.lanes.await_token(link, token);
        }
        self.journal.flush(Awaits::Bridge(token));
    }

    fn start_job(&mut self, job: &Arc<Job>, date: Date) {
        self.programs.start(job, date, &self.shared);
    }
}

impl Work {
    /// The last lines of an answer about open orders are those that are held here. Nothing is decided by it, so nothing of
    /// it is journaled.
    pub(crate) fn tell_held(&mut self, link: LinkId) {
        let now = self.clock.now();
        for (held, news) in self.bridge().held_open(link) {
            tell(self, now, link, &held, &news);
        }
    }
}
