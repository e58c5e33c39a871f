//! Bots' requests for history: held until the broker's rules allow them, and answered whatever happens.
//!
//! The rules and what waits are `history`'s. They are data: no decision needs them, nothing of them is journaled, and no order
//! waits for one.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_core::BarHours;
use plimsoll_model::{LinkId, OrderId, RawFrame, Report};
use plimsoll_tws::rewrite;
use plimsoll_tws::translate::{BarsRequest, bars_request};

use super::Work;
use crate::carry::Carrier as _;
use crate::history::cache::{Job, Said};
use crate::history::{
    Act, Ask, Asked, Asker, CODE_HISTORY, PREFIX, Passes, Standing, Taken, answer, asked, is_of_history,
};
use crate::lanes::Heard;
use crate::view::HistoryRow;
use crate::wire::{self, Told};

impl Work {
    /// A bot has sent something about history. Passes if it goes to the venue as it is.
    pub(super) fn ask_history(&mut self, link: LinkId, raw: &RawFrame) -> Passes {
        let Some(state) = self.links.get(&link) else { return Passes::Yes };
        let version = state.version;
        let Some(request) = asked(version, raw) else { return Passes::Yes };
        let now = self.clock.now().mono;
        let bot = state.bot.clone();
        let asker = |req_id| Asker { link, bot, version, req_id, raw: raw.clone() };
        let mut out = Vec::new();
        let passes = match request {
            Asked::Begin(ask) => {
                let asker = asker(ask.req_id);
                let stays = self.stays(link, &ask, raw);
                let taken = self.history.ask(now, (*ask, stays), asker, &mut out);
                // One that was refused may have the number of another, whose hours stay as they are.
                if taken == Taken::Yes
                    && let Some(state) = self.links.get_mut(&link)
                {
                    state.bars.sent(version, raw);
                }
                Passes::No
            }
            Asked::End { kind, req_id } => {
                let asker = asker(req_id);
                if let Some(state) = self.links.get_mut(&link) {
                    state.bars.sent(version, raw);
                }
                self.history.cancel(now, &asker, kind, &mut out)
            }
        };
        self.carry_out_history(out);
        passes
    }

    /// Today's date at the exchange, if the answer is as it stays once it is complete.
    fn stays(&mut self, link: LinkId, ask: &Ask, raw: &RawFrame) -> Option<Date> {
        self.cache.as_ref()?;
        let now = self.clock.now().wall;
        let until = Timestamp::from_second(ask.question.as_ref()?.end).ok()?;
        let version = self.links.get(&link)?.version;
        let (_, _, BarsRequest::Begin(bars)) = bars_request(version, raw)? else { return None };
        let hours = if bars.use_rth { BarHours::Regular } else { BarHours::Extended };
        self.bridge.bar_days(&bars.contract, hours)?.stays_until(until, now)
    }

    /// The cache has said something about a request on this link, or to people.
    pub(super) fn hear_cache(&mut self, link: LinkId, said: Said) {
        let now = self.clock.now().mono;
        let mut out = Vec::new();
        match said {
            Said::Found { token, answer } => self.history.found(now, token, answer.as_ref(), &mut out),
            Said::Proved(series) => self.history.proved(now, &series, &mut out),
            Said::Note(text) => self.note(link, &text),
        }
        self.carry_out_history(out);
    }

    /// The next request for history leaves, if rules and budget allow it; whether one did.
    pub(super) fn release_history(&mut self) -> bool {
        let now = self.clock.now().mono;
        if !self.history.is_due(now) || self.heard() != Heard::Everything {
            return false;
        }
        self.history.allow_for(self.clock.jitter());
        let Some((link, raw)) = self.history.next(now) else { return false };
        self.pacing.asked(Instant::now());
        self.send_to_venue(link, &raw);
        true
    }

    /// The venue has said something on a bot's link. Passes if the bot is told in the usual way.
    pub(super) fn hear_history(&mut self, link: LinkId, told: &Told, raw: &RawFrame) -> Passes {
        let Some(state) = self.links.get(&link) else { return Passes::Yes };
        let now = self.clock.now().mono;
        let mut out = Vec::new();
        let passes = match told {
            Told::Relay | Told::Bars => match answer(state.version, raw) {
                Some(answer) => self.history.answered(now, link, answer, raw, &mut out),
                None => return Passes::Yes,
            },
            Told::Report(report) => match &**report {
                // An order may have the number of a request, and the bridge has to hear of it.
                Report::Error(error) if !is_of_history(error.code) && self.names_order(link, error.id) => {
                    return Passes::Yes;
                }
                Report::Error(error) => self.history.failed(now, link, error, &mut out),
                _ => return Passes::Yes,
            },
            Told::RelayTick(_) | Told::FamilyCodes | Told::Repeated(_) | Told::Unreadable(_) => {
                return Passes::Yes;
            }
        };
        self.carry_out_history(out);
        passes
    }

    fn names_order(&self, link: LinkId, id: Option<i32>) -> bool {
        let client_id = self.links.get(&link).map(|state| state.client_id);
        client_id.zip(id).is_some_and(|(client_id, id)| self.bridge.has_order(client_id, OrderId(id)))
    }

    /// Ends what waits for too long.
    pub(super) fn end_late_history(&mut self) {
        let now = self.clock.now().mono;
        let mut out = Vec::new();
        self.history.give_up(now, &mut out);
        self.carry_out_history(out);
    }

    /// A bot's pair of connections has ended, or only its own and the upstream is kept.
    pub(super) fn forget_history(&mut self, link: LinkId, is_kept: bool) {
        let now = self.clock.now().mono;
        let mut out = Vec::new();
        if is_kept {
            self.history.bot_left(now, link, &mut out);
        } else {
            self.history.link_ended(now, link, &mut out);
        }
        self.carry_out_history(out);
    }

    /// How long nothing happens to history by itself.
    pub(super) fn until_history(&mut self) -> Option<Duration> {
        let due = self.history.next_due()?;
        if due > self.clock.now().mono {
            return self.clock.until(due);
        }
        // It is due and the venue takes no more messages for now. The timer is no finer than this, and a wait of nothing would spin.
        let unpaced = self.pacing.wait(Instant::now());
        Some(unpaced.max(Duration::from_millis(1)))
    }

    pub(super) fn history_row(&mut self) -> HistoryRow {
        let now = self.clock.now().mono;
        let standing = self.history.standing(now);
        let counts = standing.counts;
        HistoryRow {
            window_max: Standing::WINDOW_MAX,
            used: standing.used,
            open_max: Standing::OPEN_MAX,
            open: standing.open,
            next_free_ms: standing.next_free.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
            waiting: standing.waiting.into_iter().map(|(bot, count)| (bot.to_string(), count)).collect(),
            answered: counts.answered,
            shared: counts.shared,
            kept: counts.kept,
            empty: counts.empty,
            refused: counts.refused,
            unanswered: counts.unanswered,
            again: counts.again,
        }
    }

    fn carry_out_history(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Cache(job) => self.ask_cache(job),
                Act::ToVenue { link, raw } => self.send_to_venue(link, &raw),
                Act::ToBot { link, req_id, raw } => self.tell_shared(link, req_id, &raw),
                Act::Refuse { link, req_id, code, text } => {
                    let Some(state) = self.links.get(&link) else { continue };
                    let to = wire::addressee(state.version, state.client_id, self.clock.now().wall);
                    self.send_to_bot(link, &wire::error(to, Some(req_id), code, &text));
                }
                Act::Note { link, text } => self.note(link, &text),
            }
        }
    }

    /// Bars of which none is left are told as no bars are.
    pub(super) fn refuse_history(&mut self, link: LinkId, req_id: i32, symbol: &str) {
        let text = format!(
            "{PREFIX}HMDS query returned no data: {symbol} (Plimsoll: all bars that came lie outside of the session that was \
             asked for)"
        );
        self.carry_out_history(vec![Act::Refuse { link, req_id, code: CODE_HISTORY, text }]);
    }

    /// A disk that is behind is not waited for: the question goes to the venue.
    fn ask_cache(&mut self, job: Job) {
        let token = job.token();
        let is_taken = self.cache.as_ref().is_some_and(|cache| cache.take(job));
        if let Some(token) = token.filter(|_| !is_taken) {
            let now = self.clock.now().mono;
            // Nothing was found, so nothing is to be carried out.
            self.history.found(now, token, None, &mut Vec::new());
        }
    }

    /// An answer to somebody else's request, under this bot's own number. Both speak the same version.
    fn tell_shared(&mut self, link: LinkId, req_id: i32, raw: &RawFrame) {
        let Some(state) = self.links.get(&link) else { return };
        match rewrite::set_req_id(state.version, raw, req_id) {
            Ok(own) if matches!(wire::told_bot(state.version, &own), Told::Bars) => {
                self.told_bars(link, &own);
            }
            Ok(own) => self.send_to_bot(link, &own),
            Err(error) => self.to_end.push((link, error.to_string())),
        }
    }
}
