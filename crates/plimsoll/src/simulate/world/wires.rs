//! Connections between gateway and venue, and how long what is on them takes. Nothing on a connection overtakes.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::LinkId;
use plimsoll_sim::ConnId;

use crate::simulate::plan::Plan;
use crate::simulate::random::Stream;

/// A link of one life of the gateway. After a crash a number that nobody remembers may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) life: u32,
    pub(super) link: LinkId,
}

/// One connection.
struct Wire {
    conn: ConnId,
    to_venue_at: Timestamp,
    to_gateway_at: Timestamp,
    /// The gateway has not closed it.
    is_open: bool,
}

/// All of them.
pub(super) struct Wires {
    delay: (Duration, Duration),
    chance: Stream,
    last: u64,
    all: BTreeMap<Key, Wire>,
    by_conn: BTreeMap<ConnId, Key>,
}

impl Wires {
    pub(super) fn new(plan: &Plan) -> Self {
        let chance = Stream::new(plan.seed, "network", "delay");
        Self { delay: plan.network, chance, last: 0, all: BTreeMap::new(), by_conn: BTreeMap::new() }
    }

    fn arrives(&mut self, now: Timestamp) -> Timestamp {
        let (least, most) = self.delay;
        now + SignedDuration::try_from(self.chance.span(least, most)).unwrap_or(SignedDuration::ZERO)
    }

    /// A new connection: when the venue sees it.
    pub(super) fn connect(&mut self, now: Timestamp, key: Key) -> (Timestamp, ConnId) {
        self.last += 1;
        let conn = ConnId(self.last);
        let at = self.arrives(now);
        self.all.insert(key, Wire { conn, to_venue_at: at, to_gateway_at: at, is_open: true });
        self.by_conn.insert(conn, key);
        (at, conn)
    }

    /// When what the gateway sends now arrives.
    pub(super) fn way_up(&mut self, now: Timestamp, key: Key) -> Option<(Timestamp, ConnId)> {
        let at = self.arrives(now);
        let wire = self.all.get_mut(&key).filter(|wire| wire.is_open)?;
        wire.to_venue_at = wire.to_venue_at.max(at);
        Some((wire.to_venue_at, wire.conn))
    }

    /// When what the venue sends now arrives.
    pub(super) fn way_down(&mut self, now: Timestamp, conn: ConnId) -> Option<(Timestamp, Key)> {
        let at = self.arrives(now);
        let key = *self.by_conn.get(&conn)?;
        let wire = self.all.get_mut(&key)?;
        wire.to_gateway_at = wire.to_gateway_at.max(at);
        Some((wire.to_gateway_at, key))
    }

    /// The venue has ended it at once: what is on the way is lost.
    pub(super) fn reset(&mut self, now: Timestamp, conn: ConnId) -> Option<(Timestamp, Key)> {
        let at = self.arrives(now);
        Some((at, *self.by_conn.get(&conn)?))
    }

    /// Whether the gateway still has this connection.
    pub(super) fn is_current(&self, key: Key, conn: ConnId) -> bool {
        self.all.get(&key).is_some_and(|wire| wire.conn == conn && wire.is_open)
    }

    /// The gateway closes it: when the venue sees that, and when the gateway knows that it did.
    pub(super) fn close(&mut self, now: Timestamp, key: Key) -> Option<(Timestamp, Timestamp, ConnId)> {
        let (at, back) = (self.arrives(now), self.arrives(now));
        let wire = self.all.get_mut(&key).filter(|wire| wire.is_open)?;
        wire.is_open = false;
        wire.to_venue_at = wire.to_venue_at.max(at);
        let back = wire.to_venue_at + back.duration_since(now);
        wire.to_gateway_at = wire.to_gateway_at.max(back);
        Some((wire.to_venue_at, wire.to_gateway_at, wire.conn))
    }

    /// The end of it has reached the gateway; false if that is no news.
    pub(super) fn closed(&mut self, key: Key, conn: ConnId) -> bool {
        if self.by_conn.remove(&conn).is_none() {
            return false;
        }
        self.all.remove(&key).is_some()
    }

    /// The gateway's process has ended: when the venue sees the end of each.
    pub(super) fn all_close(&mut self, now: Timestamp) -> Vec<(Timestamp, ConnId)> {
        let open: Vec<Key> = self.all.iter().filter(|(_, wire)| wire.is_open).map(|(key, _)| *key).collect();
        let closed = open.into_iter().filter_map(|key| self.close(now, key));
        let closed: Vec<_> = closed.map(|(at, _, conn)| (at, conn)).collect();
        self.all.clear();
        self.by_conn.clear();
        closed
    }
}
