//! How fast a login may speak: fifty messages a second of all its clients together, and one question for the time.
//!
//! Owns both rules and what waits because of them. A TWS as it is installed reads no faster than that: what comes
//! beyond it is read later, and whoever sends is told nothing. One that is set to reject is a fault here: then the
//! message is refused with 100, and the third time ends the connection.
//!
//! What waits is read in the order in which it came, whoever's it is (assumed: a TWS may as well take turns). It is
//! read also if its client has hung up meanwhile, as it lies in the socket. In lockstep nothing waits: venue time
//! stands there until the clients are done.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{ClientId, RawFrame};
use plimsoll_tws::Response;
use plimsoll_tws::message::{CurrentTime, CurrentTimeInMillis};

use crate::ibkr::faults::Timer;
use crate::ibkr::server::unread::UNREAD_MAX;
use crate::ibkr::server::{Asked, NO_ID};
use crate::ibkr::venue::IbkrVenue;
use crate::ibkr::violation::Kind;
use crate::ibkr::{ConnId, Output};

/// Messages per second that the login may send.
const MESSAGES_PER_SECOND: usize = 50;
/// Breaks of the rate after which a TWS that rejects also closes.
const RATE_BREAKS_MAX: u32 = 3;
/// What a waiting message takes beside its bytes, at the least.
const FRAME_COST: usize = 64;
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// What the login has sent.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    /// Messages of the last second, and whose they were; never more than the rate and one, which lockstep has.
    arrivals: VecDeque<(Timestamp, ClientId)>,
    /// Messages that are read later.
    waiting: VecDeque<(ConnId, RawFrame)>,
    /// When the time was last asked for.
    time_asked: Option<Timestamp>,
}

impl Rate {
    /// How many messages of the last second there are.
    fn count(&mut self, now: Timestamp) -> usize {
        self.arrivals.retain(|(at, _)| now.duration_since(*at) < SECOND);
        self.arrivals.len()
    }

    /// Who sent most of them.
    fn busiest(&self) -> Option<ClientId> {
        let mut counts: BTreeMap<ClientId, usize> = BTreeMap::new();
        for (_, client) in &self.arrivals {
            *counts.entry(*client).or_insert(0) += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(client, _)| client)
    }
}

impl IbkrVenue {
    /// A whole message has come: it is dealt with now, or later if the login has sent too many.
    pub(crate) fn arrive(&mut self, conn: ConnId, frame: RawFrame, out: &mut Vec<Output>) {
        let Some(from) = self.conns.get(&conn) else { return };
        let (client, behind) = (from.client(), from.waiting > 0);
        let Some(client) = client.filter(|_| behind || !from.catches_up) else {
            self.take_frame(conn, &frame, out);
            return;
        };
        if self.faults.rate_limit.is_some() && !behind {
            if self.is_within_limit(conn, client, out) {
                self.take_frame(conn, &frame, out);
            }
            return;
        }
        if self.config.lockstep {
            let turn = self.waiting_for();
            self.take_frame(conn, &frame, out);
            // An acknowledgement belongs to lockstep, and not to what a client says.
            if turn == self.waiting_for() {
                self.count_in_lockstep(client);
            }
            return;
        }
        let now = self.exchange.now;
        if self.rate.count(now) < MESSAGES_PER_SECOND && self.rate.waiting.is_empty() {
            self.rate.arrivals.push_back((now, client));
            self.take_frame(conn, &frame, out);
            return;
        }
        if self.rate.waiting.is_empty() {
            self.note_rate(client);
        }
        self.read_later(conn, frame, out);
    }

    fn count_in_lockstep(&mut self, client: ClientId) {
        let now = self.exchange.now;
        let count = self.rate.count(now);
        if count <= MESSAGES_PER_SECOND {
            self.rate.arrivals.push_back((now, client));
        }
        if count == MESSAGES_PER_SECOND {
            self.note_rate(client);
        }
    }

    fn note_rate(&mut self, client: ClientId) {
        let busiest = self.rate.busiest().unwrap_or(client);
        let detail = format!("more than {MESSAGES_PER_SECOND} messages of the login in a second");
        self.exchange.violated(busiest, Kind::MessageRate, detail);
    }

    fn read_later(&mut self, conn: ConnId, frame: RawFrame, out: &mut Vec<Output>) {
        let Some(from) = self.conns.get_mut(&conn) else { return };
        from.waiting += frame.bytes().len() + FRAME_COST;
        if from.waiting > UNREAD_MAX {
            // The buffers of the sockets are full, and a client that sends on regardless is stuck.
            self.conns.remove(&conn);
            self.faults.forget(conn);
            self.rate.waiting.retain(|(whose, _)| *whose != conn);
            out.push(Output::Reset { conn });
            return;
        }
        self.rate.waiting.push_back((conn, frame));
        if self.rate.waiting.len() == 1 {
            self.wake_reader();
        }
    }

    /// The next message is read once the oldest of the last second is older than that.
    fn wake_reader(&mut self) {
        let oldest = self.rate.arrivals.front().map_or(self.exchange.now, |(at, _)| *at);
        let span = (SECOND - self.exchange.now.duration_since(oldest)).max(SignedDuration::ZERO);
        self.set_timer_in(span, Timer::ReadLate);
    }

    /// Reads what waited, as far as the rate allows.
    pub(crate) fn read_late(&mut self, out: &mut Vec<Output>) {
        let now = self.exchange.now;
        while self.rate.count(now) < MESSAGES_PER_SECOND {
            let Some((conn, frame)) = self.rate.waiting.pop_front() else { return };
            let Some(from) = self.conns.get_mut(&conn) else { continue };
            from.waiting -= frame.bytes().len() + FRAME_COST;
            let last = from.hung_up && from.waiting == 0;
            if let Some(client) = from.client() {
                self.rate.arrivals.push_back((now, client));
            }
            self.take_frame(conn, &frame, out);
            if last {
                self.conns.remove(&conn);
                self.faults.forget(conn);
            }
        }
        if !self.rate.waiting.is_empty() {
            self.wake_reader();
        }
    }

    /// Whether a TWS that rejects takes one more message.
    fn is_within_limit(&mut self, conn: ConnId, client: ClientId, out: &mut Vec<Output>) -> bool {
        let now = self.exchange.now;
        let limit = self.faults.rate_limit.map(usize::try_from).and_then(Result::ok);
        let max = limit.unwrap_or(MESSAGES_PER_SECOND);
        let count = self.rate.count(now);
        if count < max {
            self.rate.arrivals.push_back((now, client));
            return true;
        }
        let Some(from) = self.conns.get_mut(&conn) else { return false };
        if from.rate_told.is_some_and(|at| now.duration_since(at) < SECOND) {
            // The first message beyond the limit tells; those behind it in the same second do not repeat it.
            return false;
        }
        from.rate_told = Some(now);
        from.rate_breaks += 1;
        let breaks = from.rate_breaks;
        self.exchange.violated(client, Kind::MessageRate, format!("more than {max} in a second"));
        let text = format!(
            "Max rate of messages per second has been exceeded:max={max} rec={} ({breaks})",
            count.saturating_add(1)
        );
        self.send_error(conn, (NO_ID, 100), &text, out);
        if breaks >= RATE_BREAKS_MAX {
            self.close(conn, out);
        }
        false
    }

    /// Whether TWS answers a question for its time: not within a second of another one, whoever asked that and in
    /// whichever unit. It says nothing then, and the caller hangs.
    fn tells_time(&mut self, from: Asked) -> bool {
        let now = self.exchange.now;
        let catches_up = self.conns.get(&from.conn).is_some_and(|conn| conn.catches_up);
        // What was asked while nobody read was asked at its own time.
        let last = self.rate.time_asked.replace(now).filter(|_| !catches_up);
        if self.config.lockstep || last.is_none_or(|last| now.duration_since(last) >= SECOND) {
            return true;
        }
        let detail = "the time asked for twice within a second by the login".to_owned();
        self.exchange.violated(from.client, Kind::CurrentTimePacing, detail);
        false
    }

    /// `reqCurrentTime`.
    pub(crate) fn current_time(&mut self, from: Asked, out: &mut Vec<Output>) {
        let follows = self.conns.get(&from.conn).is_some_and(|conn| conn.subscriptions.any_or_lost());
        if self.config.lockstep && follows {
            // A late acknowledgement. A follower would take an answer for the next second, acknowledge
            // that, and so on without end.
            return;
        }
        if self.tells_time(from) {
            let seconds = self.told_time().as_second();
            self.send(from.conn, &Response::CurrentTime(CurrentTime { seconds }), out);
        }
    }

    /// `reqCurrentTimeInMillis`.
    pub(crate) fn current_time_in_millis(&mut self, from: Asked, out: &mut Vec<Output>) {
        if self.tells_time(from) {
            let ms = self.told_time().as_millisecond();
            self.send(from.conn, &Response::CurrentTimeInMillis(CurrentTimeInMillis { ms }), out);
        }
    }
}
