//! Whether bots' upstreams still reach the venue, after our own connection to it went silent.
//!
//! A firewall or a router that forgets connections says so to neither side: our own connection is given up after
//! its heartbeats stay unanswered and made anew, and a bot's upstream next to it looks as sound as before while
//! orders and cancels go nowhere. So each is asked for its next order id, and once more if it says nothing. One that
//! has still said nothing at all is ended, and its bot connects again.
//!
//! Not for the time, as our own heartbeat: TWS answers that about once a second per login and leaves the rest
//! unanswered, so that of several sound upstreams all but one would look dead.

use std::time::Duration;

use plimsoll_model::{LinkId, Mono, RawFrame};

use super::Work;
use crate::carry::Carrier as _;
use crate::wire;

/// How long an upstream may take for its first word after a question. The venue is there: our own connection is
/// up again.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How often an upstream is asked before it is ended.
pub(super) const QUESTIONS: u32 = 2;

/// Where a link's upstream stands with this.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    /// It has to say something until then.
    due: Option<Mono>,
    /// Questions since the silence.
    asked: u32,
    /// Questions of ours whose answers have not come. They are not for the bot.
    open: u32,
}

impl Work {
    /// Our own connection is up again after a silence: asks on every upstream that was there before.
    pub(super) fn ask_for_proof(&mut self) {
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            if let Some(state) = self.links.get_mut(&link) {
                state.proof.asked = 0;
                self.ask_link(link);
            }
        }
    }

    fn ask_link(&mut self, link: LinkId) {
        let due = self.clock.now().mono.after(ANSWER_MAX);
        let Some(state) = self.links.get_mut(&link) else { return };
        state.proof.due = Some(due);
        state.proof.asked += 1;
        state.proof.open += 1;
        let question = wire::ask_next_id(state.version);
        self.send_to_venue(link, &question);
    }

    /// The venue has said something on this upstream. Whether it is the answer to our own question, which the
    /// bot is not shown. A bot that asks at the same time gets the other answer; they say the same.
    pub(super) fn is_proof(&mut self, link: LinkId, raw: &RawFrame) -> bool {
        let Some(state) = self.links.get_mut(&link) else { return false };
        state.proof.due = None;
        let is_ours = state.proof.open > 0 && wire::is_next_id(state.version, raw);
        state.proof.open -= u32::from(is_ours);
        is_ours
    }

    /// When the first upstream has to have said something.
    pub(super) fn next_proof(&self) -> Option<Mono> {
        self.links.values().filter_map(|state| state.proof.due).min()
    }

    /// Asks the upstreams that have said nothing in time once more, and ends those that were.
    pub(super) fn end_unproved(&mut self, now: Mono) {
        let is_due = |due: Option<Mono>| due.is_some_and(|due| due <= now);
        let due: Vec<(LinkId, u32)> = self
            .links
            .iter()
            .filter(|(_, state)| is_due(state.proof.due))
            .map(|(link, state)| (*link, state.proof.asked))
            .collect();
        for (link, asked) in due {
            if asked < QUESTIONS {
                self.ask_link(link);
                continue;
            }
            let why = format!(
                "its connection to the venue left {QUESTIONS} questions unanswered, each for {ANSWER_MAX:?}, after \
                 our own had gone silent; closed it, so that the bot connects again"
            );
            self.end_link(link, Some(why));
        }
    }
}
