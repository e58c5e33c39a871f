//! Bots' streams of prices: measured once a second, told to the bridge, and begun again where they have stopped while the
//! market moves.
//!
//! Nothing of this touches a connection or an order: a stream is ended and begun again under the bot's own number, with the
//! bytes that the bot has sent.

use std::time::Duration;

use plimsoll_core::Event;
use plimsoll_model::{InstrumentId, LinkId, Mono, RawFrame, Report};
use plimsoll_tws::translate::{PricesRequest, prices_request};

use super::Work;
use crate::carry::Carrier as _;
use crate::streams::Found;
use crate::wire::{self, Told};

/// How often ages are taken.
const EVERY: Duration = Duration::from_secs(1);
/// Streams that are begun again at once, of all bots: each is two messages of the fifty that a login has a second.
const RENEWALS_MAX: u32 = 5;

/// TWS: connectivity is restored, and all subscriptions are gone.
const CODE_DATA_LOST: i32 = 1101;
/// TWS: "Market data farm connection is broken" and "is OK". Every client library takes them for notices.
const CODE_DATA_BROKEN: i32 = 2103;
const CODE_DATA_OK: i32 = 2104;

impl Work {
    /// The bot has sent this; it may begin or end a stream.
    pub(super) fn stream_asked(&mut self, link: LinkId, raw: &RawFrame) {
        let Some(state) = self.links.get(&link) else { return };
        let version = state.version;
        let Some((stream, req_id, asked)) = prices_request(version, raw) else { return };
        // A bot whose prices may have any age is not measured.
        let max = self.config.bot(&state.bot).and_then(|bot| bot.stale_after);
        let now = self.clock.now();
        let key = (stream, req_id);
        let end = match asked {
            PricesRequest::Begin(contract, by) => {
                let instrument = max.and_then(|_| self.bridge.measured_by(&contract));
                let Some(state) = self.links.get_mut(&link) else { return };
                state.streams.begin(key, (instrument, by), raw, now)
            }
            PricesRequest::End => {
                let Some(state) = self.links.get_mut(&link) else { return };
                state.streams.end(key);
                None
            }
        };
        if let Some(end) = end {
            self.send_to_venue(link, &end.encode(version));
        }
    }

    /// Whether it answers our own message about a stream, and is not for the bot.
    pub(super) fn is_about_renewal(&mut self, link: LinkId, told: &Told) -> bool {
        let Told::Report(report) = told else { return false };
        let Report::Error(error) = &**report else { return false };
        let now = self.clock.now().mono;
        let Some(state) = self.links.get_mut(&link) else { return false };
        match error.id {
            None if error.code == CODE_DATA_LOST => {
                state.streams.lost(now);
                // Its prices may be too old already, and ours are about to be young again.
                self.measure_at = now;
                false
            }
            None => false,
            Some(id) => state.streams.is_ours(id, error.code),
        }
    }

    /// When streams are measured next.
    pub(super) fn next_measure(&self) -> Option<Mono> {
        self.links.values().any(|state| state.streams.are_measured()).then_some(self.measure_at)
    }

    /// Once a second: looks at every stream.
    pub(super) fn measure_streams(&mut self) {
        let now = self.clock.now();
        if now.mono < self.measure_at {
            return;
        }
        self.measure_at = now.mono.after(EVERY);
        let mut room = RENEWALS_MAX;
        let mut all = Vec::new();
        for (link, state) in &mut self.links {
            // A bot that is gone decides nothing by its prices.
            if state.kept_until.is_some() || !state.streams.are_measured() {
                continue;
            }
            let Some(max) = self.config.bot(&state.bot).and_then(|bot| bot.stale_after) else { continue };
            let quotes = &self.quotes;
            let found = state.streams.measure(now, max, |of, by| quotes.moved(of, by), &mut room);
            all.extend(found.into_iter().map(|found| (*link, found)));
        }
        for (link, found) in all {
            match found {
                Found::News { instrument, still_since } => {
                    self.tell_stream(link, &instrument, still_since.is_some());
                    self.feed(Event::Stream { link, instrument, still_since }, None);
                }
                Found::Renew { instrument, end, begin } => self.renew(link, &instrument, &end, &begin),
            }
        }
    }

    fn renew(
        &mut self,
        link: LinkId,
        instrument: &InstrumentId,
        end: &plimsoll_tws::Request,
        begin: &RawFrame,
    ) {
        let Some(state) = self.links.get(&link) else { return };
        let text =
            format!("{}'s prices of {instrument} have stopped: asked the venue for them again", state.bot);
        let version = state.version;
        self.send_to_venue(link, &end.encode(version));
        self.send_to_venue(link, begin);
        self.note(link, &text);
    }

    fn tell_stream(&mut self, link: LinkId, instrument: &InstrumentId, is_still: bool) {
        let Some(state) = self.links.get(&link) else { return };
        let to = wire::addressee(state.version, state.client_id, self.clock.now().wall);
        let (code, text) = if is_still {
            (
                CODE_DATA_BROKEN,
                format!(
                    "Market data farm connection is broken:{instrument} stands still on this connection; Plimsoll asks for \
                     it again"
                ),
            )
        } else {
            (CODE_DATA_OK, format!("Market data farm connection is OK:{instrument} moves again"))
        };
        self.send_to_bot(link, &wire::error(to, None, code, &text));
    }
}
