//! Faults of single messages on their way to clients: lost, late, twice, out of order.
//!
//! Owns the decision, message by message, and what is held back. A fault may take one message in so many;
//! which ones is drawn by the seed and the count of messages so far, and so is the same in every run.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::SignedDuration;
use plimsoll_model::ClientId;
use plimsoll_tws::Response;

use crate::ibkr::fault::{FaultKind, Which};
use crate::ibkr::faults::{Faults, Timer};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};
use crate::market::rng::Stream;

/// Messages that are held back at once; those beyond go out in time.
const HELD_MAX: usize = 10_000;
/// A message that waits for one to pass it waits no longer than this.
const PASSED_WITHIN: SignedDuration = SignedDuration::from_secs(1);

/// What was held back.
#[derive(Debug, Default)]
pub(crate) struct Held {
    count: u64,
    draws: i64,
    late: BTreeMap<u64, (ConnId, Bytes)>,
    /// Waits for the next message of its connection.
    passed: BTreeMap<ConnId, (u64, Bytes)>,
}

impl Held {
    /// A connection ended.
    pub(crate) fn forget(&mut self, conn: ConnId) {
        self.late.retain(|_, (to, _)| *to != conn);
        self.passed.remove(&conn);
    }
}

/// What happens to one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Lose,
    Delay(SignedDuration),
    Repeat,
    LetPass,
}

impl Faults {
    fn act(&mut self, seed: u64, client: Option<ClientId>, response: &Response) -> Option<Act> {
        let found: Vec<(Which, Act)> = self
            .active_kinds()
            .filter_map(|kind| match kind {
                FaultKind::DropMessage(which) => Some((which.clone(), Act::Lose)),
                FaultKind::DelayMessage { which, delay } => Some((which.clone(), Act::Delay(delay.0))),
                FaultKind::DuplicateMessage { message: Some(message), client, one_in } => {
                    let which = Which { message: message.clone(), client: *client, one_in: *one_in };
                    Some((which, Act::Repeat))
                }
                FaultKind::Reorder(which) => Some((which.clone(), Act::LetPass)),
                _ => None,
            })
            .collect();
        for (which, act) in found {
            let meant = *which.message == *response.name()
                && which.client.is_none_or(|wanted| client == Some(ClientId(wanted)));
            if !meant {
                continue;
            }
            self.held.draws += 1;
            let one_in = i64::from(which.one_in.unwrap_or(1).max(1));
            if Stream::new(seed, &which.message, "fault").below(self.held.draws, one_in) == 0 {
                return Some(act);
            }
        }
        None
    }
}

impl IbkrVenue {
    /// Puts one message on its way, past whatever tampers with it.
    pub(crate) fn tamper(&mut self, conn: ConnId, response: &Response, out: &mut Vec<Output>) {
        let Some(to) = self.conns.get(&conn) else { return };
        let client = to.client();
        let payload = response.encode(to.version).into_bytes();
        let full = self.faults.held.late.len() + self.faults.held.passed.len() >= HELD_MAX;
        match self.faults.act(self.config.seed, client, response) {
            Some(Act::Lose) => return,
            Some(Act::Delay(delay)) if !full => {
                let id = self.hold_id();
                self.faults.held.late.insert(id, (conn, payload));
                self.set_timer_in(delay, Timer::Deliver(id));
                return;
            }
            Some(Act::LetPass) if !full && !self.faults.held.passed.contains_key(&conn) => {
                let id = self.hold_id();
                self.faults.held.passed.insert(conn, (id, payload));
                self.set_timer_in(PASSED_WITHIN, Timer::Deliver(id));
                return;
            }
            Some(Act::Repeat) => {
                self.deliver(conn, payload.clone(), out);
                self.deliver(conn, payload, out);
            }
            Some(Act::Delay(_) | Act::LetPass) | None => self.deliver(conn, payload, out),
        }
        if let Some((_, payload)) = self.faults.held.passed.remove(&conn) {
            self.deliver(conn, payload, out);
        }
    }

    fn hold_id(&mut self) -> u64 {
        self.faults.held.count += 1;
        self.faults.held.count
    }

    /// A message was held back for long enough.
    pub(crate) fn deliver_held(&mut self, id: u64, out: &mut Vec<Output>) {
        if let Some((conn, payload)) = self.faults.held.late.remove(&id) {
            self.deliver(conn, payload, out);
            return;
        }
        let found = self.faults.held.passed.iter().find(|(_, (held, _))| *held == id).map(|(conn, _)| *conn);
        if let Some(conn) = found
            && let Some((_, payload)) = self.faults.held.passed.remove(&conn)
        {
            self.deliver(conn, payload, out);
        }
    }
}
