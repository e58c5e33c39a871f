//! How venue time flows: by the clock, from event to event, or from tick to tick; up to a limit; in a
//! jump.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::clock::check_jump;
use super::engine::Engine;
use super::{ConnId, Lockstep, Pace};
use crate::http::Problem;

/// So many events of one jump are worked off before other tasks get their turn.
const EVENTS_PER_TURN: u32 = 64;

/// Where a lockstep stands.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// Who has not acknowledged.
    pub(super) waiting: Vec<ConnId>,
    /// When they are passed over, unless one of them acknowledges before.
    pub(super) give_up: Instant,
    /// When the next tick may come.
    pub(super) next: Instant,
}

impl Engine {
    /// When time has to be looked at again; nothing: not before something else happens.
    pub(super) fn wake(&self) -> Option<Instant> {
        let now = Instant::now();
        match &self.pace {
            Pace::Times(_) => {
                let next = self.venue.next_event();
                let limit = self.clock.limit().filter(|_| self.held.is_some());
                let due = [next, limit].into_iter().flatten().filter_map(|at| self.clock.due(at)).min();
                due.and_then(|due| self.started.checked_add(due))
            }
            Pace::Max if self.is_any_busy() => None,
            Pace::Max => self.next_within_limit().map(|_| now),
            Pace::Lockstep(_) if !self.turn.waiting.is_empty() => Some(self.turn.give_up),
            Pace::Lockstep(_) if self.clock.is_held(self.host()) || self.is_any_busy() => None,
            Pace::Lockstep(_) => Some(self.turn.next.max(now)),
        }
    }

    pub(super) async fn time_came(&mut self) {
        match self.pace.clone() {
            Pace::Times(_) => self.catch_up(),
            Pace::Max => {
                if let Some(at) = self.next_within_limit() {
                    self.step(at);
                }
                // Clients have to get a chance to say something before the next event.
                tokio::task::yield_now().await;
            }
            Pace::Lockstep(lockstep) => {
                self.lockstep(&lockstep);
                tokio::task::yield_now().await;
            }
        }
    }

    /// One tick, if everybody is ready for it, or an end to the waiting.
    fn lockstep(&mut self, lockstep: &Lockstep) {
        let now = Instant::now();
        let mut out = Vec::new();
        if self.turn.waiting.is_empty() {
            self.venue.tick(&mut out);
            let venue_now = self.venue.now();
            self.move_clock(venue_now);
            let pace = lockstep.ticks_per_second.map_or(Duration::ZERO, |n| Duration::from_secs(1) / n.get());
            self.turn.next = now + pace;
        } else if now >= self.turn.give_up {
            for conn in std::mem::take(&mut self.turn.waiting) {
                let at = self.venue.now();
                tracing::warn!(conn = conn.0, %at, "tick not acknowledged in time; passed over");
                self.transcript.note(at, conn, "tick not acknowledged in time");
                self.venue.skip(conn, &mut out);
            }
        }
        self.deliver(out);
    }

    /// Every acknowledgement gives the others their full time again.
    pub(super) fn watch_lockstep(&mut self) {
        let Pace::Lockstep(lockstep) = &self.pace else { return };
        let waiting = self.venue.waiting_for();
        if waiting != self.turn.waiting {
            self.turn.give_up = Instant::now() + lockstep.timeout;
            self.turn.waiting = waiting;
        }
    }

    /// Everything between now and `to` happens, as fast as the clients can read it.
    pub(super) async fn jump(&mut self, to: Timestamp) -> Result<Value, Problem> {
        if matches!(self.pace, Pace::Lockstep(_)) {
            return Err(Problem::conflict("in lockstep time moves by ticks only; it was left as it is"));
        }
        let now = self.clock.at(self.host());
        check_jump(now, to).map_err(|error| Problem::conflict(error.to_string()))?;
        if let Some(limit) = self.clock.limit().filter(|limit| to > *limit) {
            return Err(Problem::conflict(format!("time is held at {limit}; it was left as it is")));
        }
        let mut events = 0_u32;
        while let Some(at) = self.venue.next_event().filter(|at| *at <= to) {
            self.advance(at);
            events += 1;
            if events.is_multiple_of(EVENTS_PER_TURN) {
                tokio::task::yield_now().await;
            }
            // A client that reads nothing at all is broken off by its own task, so this wait ends.
            while self.is_any_busy() {
                self.drained.notified().await;
            }
        }
        self.step(to);
        Ok(self.shared_clock().reading())
    }

    pub(super) fn run_until(&mut self, limit: Option<Timestamp>, reply: oneshot::Sender<Timestamp>) {
        self.clock.set_limit(limit, self.host());
        self.turn.next = Instant::now();
        self.held = limit.is_some().then_some(reply);
        self.publish();
    }

    /// Tells whoever waits that time has arrived where it is held: nobody is in the middle of a tick and
    /// nothing is left to do before it.
    pub(super) fn report_held(&mut self) {
        if !self.has_arrived() {
            return;
        }
        let Some((reply, limit)) = self.held.take().zip(self.clock.limit()) else { return };
        if matches!(self.pace, Pace::Max) {
            // Nothing happens between the last event and the limit, but time passes.
            self.step(limit);
        }
        self.publish();
        let _ = reply.send(self.venue.now());
    }

    fn has_arrived(&self) -> bool {
        match &self.pace {
            Pace::Times(_) => self.clock.is_held(self.host()),
            Pace::Max => self.next_within_limit().is_none(),
            Pace::Lockstep(_) => self.clock.is_held(self.host()) && self.turn.waiting.is_empty(),
        }
    }

    fn next_within_limit(&self) -> Option<Timestamp> {
        let limit = self.clock.limit();
        self.venue.next_event().filter(|at| limit.is_none_or(|limit| *at <= limit))
    }
}
