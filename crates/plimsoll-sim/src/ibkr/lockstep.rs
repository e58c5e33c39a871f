//! Lockstep: venue time waits for its clients, so that a run is the same every time.
//!
//! Owns the order of a tick. One tick is one second. What the second brings is collected for each
//! connection and sent as one batch, one connection after the other: the master client first (it is
//! Plimsoll's own), then by ascending client id. Each batch begins with an unasked currentTime that
//! carries the venue second, so that a follower can set its clock. The next batch leaves when the
//! connection before has acknowledged its own by `reqCurrentTime`, which is not answered otherwise.
//! Answers to a client's own requests leave at once, whoever's turn it is.
//!
//! Connections that subscribed to nothing, or whose API is not started, are not waited for; what they
//! are owed goes out at the tick. A connection that ends is not waited for either, nor is one that is half open. One
//! that is mute still takes part: it hears the time and nothing else. So does one whose subscriptions 1101 has ended.

use std::collections::VecDeque;

use plimsoll_tws::frame;
use plimsoll_tws::message::CurrentTime;
use plimsoll_tws::{Request, Response};

use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::{ConnId, Output};

/// Where a tick stands.
#[derive(Debug, Default)]
pub(crate) struct Lockstep {
    /// Messages go into batches instead of out.
    pub(crate) collecting: bool,
    queue: VecDeque<ConnId>,
    waiting: Option<ConnId>,
}

impl IbkrVenue {
    /// Lockstep: moves venue time by one second and sends the first batch. Does nothing while a
    /// connection still owes its acknowledgement, or without lockstep.
    pub fn tick(&mut self, out: &mut Vec<Output>) {
        if !self.config.lockstep || self.lockstep.waiting.is_some() || !self.lockstep.queue.is_empty() {
            return;
        }
        let next = crate::market::timestamp(self.exchange.now.as_second() + 1);
        self.lockstep.collecting = true;
        self.run_until(next, out);
        self.lockstep.collecting = false;
        self.flush_followers_of_nothing(out);
        self.lockstep.queue = self.turn_order().into();
        self.step_lockstep(out);
    }

    /// The connection that has not acknowledged its batch yet.
    pub fn waiting_for(&self) -> Option<ConnId> {
        self.lockstep.waiting
    }

    /// Lockstep: does not wait for this connection's acknowledgement of this tick any longer.
    pub fn skip(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        if self.lockstep.waiting == Some(conn) {
            self.lockstep.waiting = None;
        }
        self.step_lockstep(out);
    }

    /// Who takes part, in the order of their turns.
    fn turn_order(&self) -> Vec<ConnId> {
        let master = self.config.master_client_id;
        let mut turns = self.started();
        turns.sort_by_key(|(client, _)| (Some(*client) != master, *client));
        turns.retain(|(_, conn)| self.follows(*conn));
        turns.into_iter().map(|(_, conn)| conn).collect()
    }

    fn follows(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|to| to.client().is_some() && to.subscriptions.any_or_lost())
            && !self.faults.is_half_open(conn)
    }

    /// Those who follow nothing get what is theirs without a turn.
    fn flush_followers_of_nothing(&mut self, out: &mut Vec<Output>) {
        let idle: Vec<ConnId> = self.conns.keys().copied().filter(|conn| !self.follows(*conn)).collect();
        for conn in idle {
            self.flush(conn, out);
        }
    }

    fn flush(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let Some(to) = self.conns.get_mut(&conn) else { return };
        for payload in std::mem::take(&mut to.batch) {
            out.push(Output::Send { conn, bytes: frame::encode(&payload) });
        }
    }

    /// Gives the turn to the next connection once nobody is waited for.
    pub(crate) fn step_lockstep(&mut self, out: &mut Vec<Output>) {
        if self.lockstep.waiting.is_some_and(|conn| !self.follows(conn)) {
            self.lockstep.waiting = None;
        }
        while self.lockstep.waiting.is_none() {
            let Some(conn) = self.lockstep.queue.pop_front() else { return };
            if !self.follows(conn) {
                self.flush(conn, out);
                continue;
            }
            let seconds = self.told_time().as_second();
            self.send(conn, &Response::CurrentTime(CurrentTime { seconds }), out);
            self.flush(conn, out);
            self.lockstep.waiting = Some(conn);
        }
    }

    /// Whether a request is the acknowledgement that is waited for.
    pub(crate) fn acknowledges(&mut self, conn: ConnId, request: &Request) -> bool {
        let due = self.lockstep.waiting == Some(conn) && *request == Request::ReqCurrentTime;
        if due {
            self.lockstep.waiting = None;
        }
        due
    }
}
