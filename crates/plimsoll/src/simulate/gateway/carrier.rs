//! Where the gateway's frames go: to the world, which takes its time with them.

use std::sync::Arc;

use jiff::civil::Date;
use plimsoll_core::schedule::Job;
use plimsoll_core::{Ask, Event};
use plimsoll_model::{LinkId, Now, RawFrame};
use plimsoll_runtime::carry::Carrier;
use plimsoll_runtime::wire;
use plimsoll_tws::denial::Addressee;
use plimsoll_tws::{ServerVersion, frame};

use super::{Act, Broken, Gateway};

impl Carrier for Gateway {
    fn own(&self) -> Option<(LinkId, ServerVersion)> {
        self.own.up()
    }

    fn addressee(&self, now: Now, link: LinkId) -> Option<Addressee> {
        let pair = self.pairs.get(&link)?;
        Some(wire::addressee(pair.version?, pair.client_id?, now.wall))
    }

    fn bot_of(&self, link: LinkId) -> &str {
        self.pairs.get(&link).map(|pair| pair.bot.as_str()).unwrap_or_default()
    }

    fn send_to_venue(&mut self, link: LinkId, frame: &RawFrame) {
        if self.pairs.contains_key(&link) {
            self.acts.push(Act::ToVenue(link, frame::encode(frame.bytes())));
        }
    }

    fn send_to_bot(&mut self, link: LinkId, frame: &RawFrame) {
        if self.pairs.get(&link).is_some_and(|pair| pair.kept_until.is_none()) {
            self.acts.push(Act::ToBot(link, frame::encode(frame.bytes())));
        }
    }

    fn send_to_own(&mut self, frame: &RawFrame) {
        if let Some((link, _)) = self.own.up() {
            self.acts.push(Act::ToVenue(link, frame::encode(frame.bytes())));
        }
    }

    fn end_soon(&mut self, link: LinkId, why: String) {
        self.to_end.push((link, why));
    }

    fn asks(&mut self, ask: &Ask) {
        if let Ask::Quotes { req_id, instrument, .. } = ask {
            self.quotes.subscribed(*req_id, instrument.clone());
        }
    }

    fn flush(&mut self, token: u64) {
        if let Some(link) = self.asking {
            self.lanes.await_token(link, token);
        }
        if self.broken == Some(Broken::SendsBeforeSync) {
            return self.lanes.push_flushed(token);
        }
        self.acts.push(Act::Flush(token));
    }

    /// No plan has programs.
    fn start_job(&mut self, job: &Arc<Job>, date: Date) {
        let why = "no program is started in a simulation".into();
        let end = plimsoll_core::schedule::JobEnd::NotStarted { why };
        self.feed(Event::JobEnded { job: job.name.clone(), date, end }, None);
    }
}
