//! Whether bots' upstreams still reach the venue, after our own connection to it went silent.
//!
//! A firewall or a router that forgets connections says so to neither side: our own connection is given up after
//! its heartbeats stay unanswered and made anew, and a bot's upstream next to it looks as sound as before while
//! orders and cancels go nowhere. So each is asked for the time, once. One that says nothing at all until the
//! deadline is ended, and its bot connects again.

use std::time::Duration;

use plimsoll_model::{LinkId, Mono, RawFrame};

use super::Work;
use crate::wire;

/// How long an upstream may take for its first word. The venue is there: our own connection is up again.
pub(super) const PROOF_MAX: Duration = Duration::from_secs(10);

/// Where a link's upstream stands with this.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    /// It has to say something until then.
    due: Option<Mono>,
    /// We have asked for the time, and the next answer is not for the bot.
    asked: bool,
}

impl Work {
    /// Our own connection is up again after a silence: asks on every upstream that was there before.
    pub(super) fn ask_for_proof(&mut self) {
        let due = self.clock.now().mono.after(PROOF_MAX);
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            let Some(state) = self.links.get_mut(&link) else { continue };
            state.proof = Proof { due: Some(due), asked: true };
            let question = wire::ask_time(state.version);
            self.send_to_venue(link, &question);
        }
    }

    /// The venue has said something on this upstream. Whether it is the answer to our own question, which the
    /// bot is not shown. A bot that asks at the same time gets the other answer; they say the same.
    pub(super) fn is_proof(&mut self, link: LinkId, raw: &RawFrame) -> bool {
        let Some(state) = self.links.get_mut(&link) else { return false };
        state.proof.due = None;
        let is_ours = state.proof.asked && wire::is_current_time(state.version, raw);
        state.proof.asked &= !is_ours;
        is_ours
    }

    /// When the first upstream has to have said something.
    pub(super) fn next_proof(&self) -> Option<Mono> {
        self.links.values().filter_map(|state| state.proof.due).min()
    }

    /// Ends the upstreams that have said nothing in time.
    pub(super) fn end_unproved(&mut self, now: Mono) {
        let is_due = |due: Option<Mono>| due.is_some_and(|due| due <= now);
        let due: Vec<LinkId> =
            self.links.iter().filter(|(_, state)| is_due(state.proof.due)).map(|(link, _)| *link).collect();
        for link in due {
            let why = format!(
                "its connection to the venue said nothing within {PROOF_MAX:?} after our own had gone silent; \
                 closed it, so that the bot connects again"
            );
            self.end_link(link, Some(why));
        }
    }
}
