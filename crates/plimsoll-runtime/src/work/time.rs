//! Bots' questions for the venue's time, which wait for their turn.

use std::time::Duration;

use plimsoll_model::{LinkId, RawFrame};
use tokio::time::Instant;

use super::Work;
use crate::carry::Carrier as _;

impl Work {
    /// A bot asks for the venue's time. Within a second of another question of the login TWS would say nothing, and
    /// the bot would wait for ever, so the question leaves when it will be answered. Of one bot one question waits:
    /// what it asks meanwhile it would get no answer to without us either.
    pub(super) fn ask_time_for(&mut self, link: LinkId, raw: RawFrame) {
        let first = self.time_waiting.is_empty();
        if self.clock.is_lockstep() || first && self.shared.time_questions.may_ask(Instant::now()) {
            self.send_to_venue(link, &raw);
        } else if self.time_waiting.iter().all(|(waiting, _)| *waiting != link) {
            self.time_waiting.push_back((link, raw));
        } else {
            tracing::debug!(link = %link, "a second question for the time while one waits, left out");
        }
    }

    /// The next question leaves if its turn has come.
    pub(super) fn ask_time(&mut self) {
        if !self.time_waiting.is_empty()
            && self.shared.time_questions.may_ask(Instant::now())
            && let Some((link, raw)) = self.time_waiting.pop_front()
        {
            self.send_to_venue(link, &raw);
        }
    }

    /// When the next question may leave; none where none waits.
    pub(super) fn until_time_question(&self) -> Option<Duration> {
        let wait = self.shared.time_questions.wait(Instant::now());
        // The timer is no finer than this, and a wait of nothing would spin.
        (!self.time_waiting.is_empty()).then(|| wait.max(Duration::from_millis(1)))
    }
}
