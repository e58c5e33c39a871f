//! A plan as text.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_calendar::{Announcement, Calendar, Change};
use plimsoll_sim::bots::ScriptAct;

use super::{About, Plan, SYMBOL, What};
use crate::simulate::disk::Crash;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = |(least, most): (Duration, Duration)| format!("{} {}", ms(least), ms(most));
        writeln!(f, "seed {}", self.seed)?;
        writeln!(f, "day {}", self.date)?;
        if let About::Hours { from } = self.about {
            writeln!(f, "hours {}", civil(from))?;
        }
        writeln!(f, "crossing {}", if self.nets { "net" } else { "deny" })?;
        writeln!(f, "network {}", span(self.network))?;
        writeln!(f, "sync {}", span(self.sync))?;
        match self.ahead {
            Some(ahead) => writeln!(f, "clock {}", signed_ms(ahead))?,
            None => writeln!(f, "clock followed")?,
        }
        for bot in &self.bots {
            write!(f, "bot {} {} {}", bot.name, bot.client_id, bot.account)?;
            if bot.closes {
                write!(f, " closes")?;
            } else if bot.instruments != [SYMBOL] {
                write!(f, " trades {}", bot.instruments.join(" "))?;
            }
            writeln!(f)?;
        }
        for act in &self.acts {
            writeln!(f, "{} {}", civil(act.at), act.what)?;
        }
        Ok(())
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bot { bot, act: ScriptAct::Place(order) } => write!(f, "{bot} {order} as {}", order.label),
            Self::Bot { bot, act: ScriptAct::Cancel(label) } => write!(f, "{bot} cancel {label}"),
            Self::Leaves(bot) => write!(f, "{bot} leaves"),
            Self::Fault(fault) => write!(f, "venue {fault}"),
            Self::Silent(lasts) => write!(f, "venue silent for {}", ms(*lasts)),
            Self::Crash { crash: Crash::Process, down, .. } => write!(f, "gateway killed down {}", ms(*down)),
            Self::Crash { crash: Crash::Power, keeps, down } => {
                write!(f, "gateway unpowered keeps {keeps} down {}", ms(*down))
            }
            Self::Slow { sync, lasts } => write!(f, "disk slow {} for {}", ms(*sync), ms(*lasts)),
            Self::Step(by) => write!(f, "host step {}", signed_ms(*by)),
            Self::Announce(day) => announced(day, f),
            Self::Halt => write!(f, "operator halt"),
            Self::Resume => write!(f, "operator resume"),
        }
    }
}

/// New York's time of an instant, with milliseconds.
pub(in crate::simulate) fn civil(at: Timestamp) -> impl fmt::Display {
    zone().to_datetime(at).strftime("%H:%M:%S%.3f").to_string()
}

pub(super) fn zone() -> &'static TimeZone {
    static ZONE: std::sync::LazyLock<TimeZone> =
        std::sync::LazyLock::new(|| Calendar::us_equities().zone().clone());
    &ZONE
}

fn ms(span: Duration) -> String {
    format!("{}ms", span.as_millis())
}

fn signed_ms(span: SignedDuration) -> String {
    format!("{}ms", span.as_millis())
}

fn announced(day: &Announcement, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "operator announce {} {} ", day.calendar, day.date)?;
    match day.amendment.change {
        Change::Closed => write!(f, "closed"),
        Change::EarlyClose(close) => write!(f, "early {close}"),
        Change::LateOpen(open) => write!(f, "late {open}"),
        Change::Open(open, close) => write!(f, "open {open} {close}"),
    }
}
