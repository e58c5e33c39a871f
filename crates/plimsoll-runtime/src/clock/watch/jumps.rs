//! Steps of the wall clock, and sleep of the machine: both show as one clock moving against another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::clock::ClockEvent;

use crate::clock::uptime;
use crate::input::{Input, Shared};

/// How often the clocks are compared.
const LOOK: Duration = Duration::from_secs(1);
/// Less than this between two looks is a daemon's slewing, or the scheduler's.
const STEP_MIN: SignedDuration = SignedDuration::from_millis(50);
/// The kernel's uptime has hundredths of a second.
const SLEEP_MIN: SignedDuration = SignedDuration::from_millis(500);
/// Two clocks that are read further apart than this are read again.
const READ_MAX: Duration = Duration::from_millis(5);

/// Three clocks at one instant, by how much two of them are ahead of the one that neither steps nor sleeps.
#[derive(Debug, Clone, Copy)]
struct Look {
    wall_ahead: SignedDuration,
    uptime_ahead: SignedDuration,
}

/// Looks every second, for ever.
pub(super) async fn watch(shared: Arc<Shared>) {
    let base = Instant::now();
    let mut last = look(base);
    loop {
        tokio::time::sleep(LOOK).await;
        let now = look(base);
        for event in between(last, now) {
            shared.send(Input::ClockNews(event));
        }
        last = now;
    }
}

fn look(base: Instant) -> Look {
    loop {
        let before = base.elapsed();
        let wall = Timestamp::now();
        let up = uptime().unwrap_or_default();
        let elapsed = base.elapsed();
        if elapsed.saturating_sub(before) <= READ_MAX {
            let elapsed = span(elapsed);
            return Look {
                wall_ahead: wall.duration_since(Timestamp::UNIX_EPOCH).saturating_sub(elapsed),
                uptime_ahead: span(up).saturating_sub(elapsed),
            };
        }
        std::thread::yield_now();
    }
}

fn span(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// What happened between two looks.
fn between(last: Look, now: Look) -> Vec<ClockEvent> {
    let mut events = Vec::new();
    let slept = now.uptime_ahead.saturating_sub(last.uptime_ahead);
    let slept = if slept >= SLEEP_MIN { slept } else { SignedDuration::ZERO };
    if slept.is_positive() {
        events.push(ClockEvent::Slept { span: slept.unsigned_abs() });
    }
    // Wall time goes on during sleep without having been set.
    let by = now.wall_ahead.saturating_sub(last.wall_ahead).saturating_sub(slept);
    if by.abs() >= STEP_MIN {
        events.push(ClockEvent::Stepped { by });
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(wall_ms: i64, uptime_ms: i64) -> Look {
        let ms = SignedDuration::from_millis;
        Look { wall_ahead: ms(wall_ms), uptime_ahead: ms(uptime_ms) }
    }

    #[test]
    fn a_clock_that_was_set_has_moved_against_the_one_that_cannot_be() {
        let by = SignedDuration::from_millis(-3_700);
        assert_eq!(between(seen(10_000, 0), seen(6_300, 0)), [ClockEvent::Stepped { by }]);
    }

    #[test]
    fn slewing_and_coarse_texts_are_neither_steps_nor_sleep() {
        assert_eq!(between(seen(0, 0), seen(49, 10)), []);
        assert_eq!(between(seen(0, 10), seen(-49, 0)), []);
    }

    #[test]
    fn sleep_moves_both_and_is_no_step() {
        let span = Duration::from_secs(90);
        assert_eq!(between(seen(0, 0), seen(90_000, 90_000)), [ClockEvent::Slept { span }]);
    }

    #[test]
    fn a_clock_that_lost_time_in_its_sleep_was_set_as_well() {
        let events = between(seen(0, 0), seen(88_000, 90_000));
        let by = SignedDuration::from_secs(-2);
        assert_eq!(events, [ClockEvent::Slept { span: Duration::from_secs(90) }, ClockEvent::Stepped { by }]);
    }

    #[test]
    fn clocks_that_nobody_touches_stand_still_against_each_other() {
        let base = Instant::now();
        assert_eq!(between(look(base), look(base)), []);
    }
}
