//! When the venue may be asked for its time.
//!
//! TWS answers one such question a second of all clients of a login together, and says nothing to the others: who
//! asked those waits for ever. So our heartbeat and the bots share one place to ask from.
//!
//! Invariants:
//! * no two questions leave within [`APART`];
//! * ours goes first: it is what shows that our connection lives, and it comes every few seconds only.
//!
//! Does not own: what waits, which is in `work::time`.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

/// Between two questions. A little more than the venue's second, because the way there is not always as long.
pub(crate) const APART: Duration = Duration::from_millis(1_100);

/// The place to ask from.
#[derive(Debug, Default)]
pub(crate) struct TimeQuestions {
    /// When the next question may leave.
    next: Mutex<Option<Instant>>,
}

impl TimeQuestions {
    /// A bot wants to ask: whether its question may leave now.
    pub(crate) fn may_ask(&self, now: Instant) -> bool {
        let mut next = self.lock();
        let may = next.is_none_or(|next| next <= now);
        if may {
            *next = Some(now + APART);
        }
        may
    }

    /// We want to ask: when our question is to leave. No other leaves before it.
    pub(crate) fn reserve(&self, now: Instant) -> Instant {
        let mut next = self.lock();
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + APART);
        at
    }

    /// How long nobody may ask.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.lock().map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.next.lock().expect("nothing panics while it holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_more_than_a_second_apart_and_ours_goes_before_those_of_bots() {
        let (place, start) = (TimeQuestions::default(), Instant::now());
        assert!(place.may_ask(start));
        assert!(!place.may_ask(start + APART - Duration::from_millis(1)));
        let ours = place.reserve(start + Duration::from_millis(500));
        assert_eq!(ours, start + APART);
        assert!(!place.may_ask(ours), "it is our turn");
        assert_eq!(place.wait(ours), APART);
        assert!(place.may_ask(ours + APART), "the boundary belongs to who waits");
        let later = ours + 10 * APART;
        assert_eq!(place.reserve(later), later);
    }
}
