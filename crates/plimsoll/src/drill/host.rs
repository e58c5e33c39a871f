//! The host's clock in a drill: how far ahead it is, and what its watch finds out.
//!
//! The venue's time is the true one. What a server says follows from it, from how far the host is ahead and from what
//! the server itself is wrong by. How servers are asked over the network is not part of a drill; what is made of
//! their answers is.

use jiff::{SignedDuration, Timestamp};
use plimsoll_core::clock::Bounds;
use plimsoll_core::{ClockEvent, ClockSource};

use super::script::HostClock;

/// Between two questions to a server, as the gateway's own watch does it.
const POLL: SignedDuration = SignedDuration::from_secs(64);
/// How exactly a server can be read over a network.
const ERROR: SignedDuration = SignedDuration::from_millis(5);
/// Above this uncertainty the clock is bad; the default of the configuration.
const UNCERTAINTY_MAX: std::time::Duration = std::time::Duration::from_millis(250);

/// The host.
pub(crate) struct Host {
    ahead: SignedDuration,
    /// None where nobody watches the clock.
    servers: Option<Vec<Option<SignedDuration>>>,
    next_poll: Timestamp,
}

impl Host {
    pub(crate) fn new(clock: Option<&HostClock>, from: Timestamp) -> Self {
        Self {
            ahead: clock.map_or(SignedDuration::ZERO, |clock| clock.ahead),
            servers: clock.map(|clock| clock.servers.clone()),
            next_poll: from,
        }
    }

    /// By how much its clock is ahead of the true time.
    pub(crate) fn ahead(&self) -> SignedDuration {
        self.ahead
    }

    /// When the servers are asked next.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.servers.as_ref().map(|_| self.next_poll)
    }

    /// The watch begins.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Vec<ClockEvent> {
        if self.servers.is_none() {
            return Vec::new();
        }
        let mut news = vec![ClockEvent::Watched { uncertainty_max: UNCERTAINTY_MAX }];
        news.extend(self.ask(now));
        news
    }

    /// The servers are asked.
    pub(crate) fn ask(&mut self, now: Timestamp) -> Vec<ClockEvent> {
        self.next_poll = now + POLL;
        let answer = |(index, wrong): (usize, &Option<SignedDuration>)| {
            let source = ClockSource::Server(format!("time-{}.example:123", index + 1).into());
            match wrong {
                Some(wrong) => {
                    // True time minus our wall clock, by this server.
                    let offset = wrong.saturating_sub(self.ahead);
                    ClockEvent::Heard { source, bounds: Bounds::around(offset, ERROR) }
                }
                None => ClockEvent::Unheard { source, why: "no answer within 2s".into() },
            }
        };
        self.servers.iter().flatten().enumerate().map(answer).collect()
    }

    /// It wakes with its clock ahead by so much more than before.
    pub(crate) fn wake(&mut self, by: SignedDuration) {
        self.ahead = self.ahead.saturating_add(by);
    }

    /// From now on the servers are so wrong, if anybody asks.
    pub(crate) fn set_servers(&mut self, servers: &[Option<SignedDuration>]) {
        self.servers = self.servers.is_some().then(|| servers.to_vec());
    }

    /// Its clock is set.
    pub(crate) fn step(&mut self, by: SignedDuration) -> Vec<ClockEvent> {
        self.ahead = self.ahead.saturating_add(by);
        vec![ClockEvent::Stepped { by }]
    }
}

/// What is found out when it wakes.
pub(crate) fn woken(span: SignedDuration) -> Vec<ClockEvent> {
    vec![ClockEvent::Slept { span: span.unsigned_abs() }]
}
