//! The price of what bots have traded with each other where no execution tells it: the close of the venue's bar of that day,
//! which is the auction's price for a stock with a closing auction. Asked for after the close until it is there; nobody
//! makes up a price.

use jiff::Timestamp;
use plimsoll_calendar::AnchorKind;
use plimsoll_model::{DayBarsReport, Mono, Now};

use super::share::Where;
use crate::bridge::Bridge;
use crate::on_close::BatchKey;
use crate::recon::ReconState;
use crate::{Ask, Command, limits};

impl Bridge {
    /// Asks for prices that are due, and says when the next is.
    pub(super) fn ask_for_closes(&mut self, now: Now, out: &mut Vec<Command>) -> Option<Mono> {
        let unpriced: Vec<_> = self.batches.unpriced().map(|(key, _)| key.clone()).collect();
        let dues: Vec<_> = unpriced.into_iter().filter_map(|key| self.ask_for_close(now, key, out)).collect();
        // One of unknown fate ends then, whether or not anything has to be asked.
        let ends = self.batches.released().filter_map(|(key, _)| self.until_official(now, key));
        dues.into_iter().chain(ends).min()
    }

    /// When the auction will be over and told, unless it is.
    fn until_official(&self, now: Now, key: &BatchKey) -> Option<Mono> {
        let left = self.official_at(key)?.duration_since(self.clock.corrected(now));
        Some(now.mono.after(std::time::Duration::try_from(left).ok().filter(|left| !left.is_zero())?))
    }

    fn ask_for_close(&mut self, now: Now, key: BatchKey, out: &mut Vec<Command>) -> Option<Mono> {
        if let Some(due) = self.until_official(now, &key) {
            return Some(due);
        }
        // Without a connection nothing can be asked; its return is an event.
        let contract = self.contracts.to_order(&key.instrument);
        let contract = contract.filter(|_| self.recon.state == ReconState::Done)?;
        let again = |asked: Mono| asked.after(limits::OFFICIAL_CLOSE_AGAIN);
        let entry = self.batches.get_mut(&key)?;
        if let Some(due) = entry.close_asked.map(again).filter(|due| *due > now.mono) {
            return Some(due);
        }
        entry.close_asked = Some(now.mono);
        let req_id = self.recon.req_id();
        self.close_reqs.retain(|_, of| *of != key);
        self.close_reqs.insert(req_id, key);
        out.push(Command::Ask(Ask::DayBars { req_id, contract }));
        Some(again(now.mono))
    }

    /// Whether the auction is over and the broker has told all its executions, as far as it tells any.
    pub(super) fn is_official(&self, now: Now, key: &BatchKey) -> bool {
        let is_past = |at: Timestamp| self.clock.corrected(now) >= at;
        self.recon.state == ReconState::Done && self.official_at(key).is_some_and(is_past)
    }

    fn official_at(&self, key: &BatchKey) -> Option<Timestamp> {
        self.close_of(key)?.checked_add(limits::OFFICIAL_CLOSE_AFTER).ok()
    }

    fn close_of(&self, key: &BatchKey) -> Option<Timestamp> {
        let calendar = self.calendar_for(&key.instrument)?;
        let day = calendar.session(key.date).ok()??;
        let anchor = day.anchor(AnchorKind::Close, self.contracts.listing(&key.instrument))?;
        Some(anchor.at)
    }

    /// The venue's bars of the latest days.
    pub(in crate::bridge) fn hear_day_bars(
        &mut self,
        now: Now,
        report: &DayBarsReport,
        out: &mut Vec<Command>,
    ) {
        let Some(key) = self.close_reqs.remove(&report.req_id) else { return };
        let date = key.date.strftime("%Y%m%d").to_string();
        let close = report.bars.iter().find(|bar| *bar.date == *date).and_then(|bar| bar.close);
        let (Some(px), Some(terms)) = (close, self.terms(&key.instrument)) else { return };
        let at = self.close_of(&key);
        let exchange = self.contracts.to_order(&key.instrument).map(|contract| contract.exchange);
        let Some(entry) = self.batches.get_mut(&key) else { return };
        let shares = entry.batch.official_close(px);
        let place = Where { exchange: &exchange.unwrap_or_default(), at, terms };
        self.book_shares(now, &key, shares, &place, out);
    }
}
