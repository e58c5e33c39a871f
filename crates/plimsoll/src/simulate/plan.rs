//! A day as it is planned: explicit, as text, so that it can be read, made smaller and played again.
//!
//! ```text
//! seed 42
//! day 2026-11-27
//! crossing net
//! network 1ms 40ms
//! sync 2ms 12ms
//! clock -1500ms
//! bot trend 11 DU1111111 closes
//! 12:41:03.250 trend SELL 40 SPY MOC as a
//! 12:44:10.000 trend cancel a
//! 12:46:00.000 venue {"client":900,"kind":"disconnect"}
//! 12:47:00.000 gateway unpowered keeps 37 down 5000ms
//! ```
//!
//! Times are New York's. The seed still decides what a plan does not say: prices, each message's delay, what of a torn
//! write survives.

mod draw;
mod hours;
mod read;
mod write;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::Announcement;
use plimsoll_sim::bots::ScriptAct;
use serde_json::Value;

use super::disk::Crash;

pub(super) use draw::closing;
pub(super) use hours::hours;
pub(super) use read::read;
pub(super) use write::civil;

/// The instrument of the auction.
pub(super) const SYMBOL: &str = "SPY";
/// Before the close a day begins.
const BEFORE: SignedDuration = SignedDuration::from_mins(20);
/// After the close it ends: ten minutes after it a broker may be asked for the official price.
const AFTER: SignedDuration = SignedDuration::from_mins(13);
/// After the close nothing goes wrong any more.
const HEALED: SignedDuration = SignedDuration::from_secs(30);

/// In an open market everything has settled so long after that.
const CONVERGES: SignedDuration = SignedDuration::from_mins(5);

/// One day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) date: Date,
    /// Which part of the day.
    pub(super) about: About,
    /// By the rules of the exchange.
    pub(super) close: Timestamp,
    /// From here on exchange or broker take no on-close order.
    pub(super) cutoff: Timestamp,
    /// Opposite on-close orders are netted; otherwise the second is denied.
    pub(super) nets: bool,
    /// The least and the most that a message takes between gateway and venue.
    pub(super) network: (Duration, Duration),
    /// The same of a sync of the disk.
    pub(super) sync: (Duration, Duration),
    /// By how much the host's clock is ahead; none: it follows the venue's.
    pub(super) ahead: Option<SignedDuration>,
    pub(super) bots: Vec<PlannedBot>,
    /// In the order of time.
    pub(super) acts: Vec<PlannedAct>,
}

/// Which part of a day is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Its close.
    Closing,
    /// Half an hour from here on.
    Hours { from: Timestamp },
}

/// One bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlannedBot {
    pub(super) name: String,
    pub(super) client_id: i32,
    pub(super) account: String,
    /// A job closes its positions in the auction, with a market order to fall back on.
    pub(super) closes: bool,
    /// What it may trade.
    pub(super) instruments: Vec<String>,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlannedAct {
    pub(super) at: Timestamp,
    pub(super) what: What,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// A bot orders or cancels.
    Bot { bot: String, act: ScriptAct },
    /// A bot's connection ends, and it connects again.
    Leaves(String),
    /// The venue is given a fault.
    Fault(Value),
    /// The venue says nothing of orders on Plimsoll's own connection, for so long or until it is asked for open orders:
    /// it is silent, and does not lie.
    Silent(Duration),
    /// The gateway's process ends and is started again after a while.
    Crash { crash: Crash, keeps: i64, down: Duration },
    /// Each sync of the disk takes so long for a while.
    Slow { sync: Duration, lasts: Duration },
    /// The host's clock is set.
    Step(SignedDuration),
    /// The gateway is told of a day that the rules do not know.
    Announce(Announcement),
    /// Somebody says stop to everything.
    Halt,
    /// A person says go on.
    Resume,
}

impl Plan {
    pub(super) fn from(&self) -> Timestamp {
        match self.about {
            About::Closing => self.close - BEFORE,
            About::Hours { from } => from,
        }
    }

    pub(super) fn to(&self) -> Timestamp {
        match self.about {
            About::Closing => self.close + AFTER,
            About::Hours { .. } => self.healed() + CONVERGES,
        }
    }

    /// From here on nothing goes wrong any more.
    pub(super) fn healed(&self) -> Timestamp {
        match self.about {
            About::Closing => self.close + HEALED,
            About::Hours { from } => from + hours::LASTS,
        }
    }

    /// Everything that is traded.
    pub(super) fn symbols(&self) -> BTreeSet<&str> {
        self.bots.iter().flat_map(|bot| &bot.instruments).map(String::as_str).collect()
    }
}
