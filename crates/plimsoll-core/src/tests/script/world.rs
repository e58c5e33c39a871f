//! What happens around bots and venue in scripts: prices, the host's clock, the end of a job's program.

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{InstrumentId, Price};

use super::Script;
use crate::clock::Bounds;
use crate::schedule::{JobEnd, JobName};
use crate::{ClockEvent, ClockSource, Event, Quote, Struck};

impl Script {
    /// Milliseconds each.
    pub(super) fn clock(&mut self, words: &[&str]) {
        let ms = |text: &str| SignedDuration::from_millis(text.parse().unwrap());
        let source = |name: &str| ClockSource::Server(name.into());
        self.feed(Event::Clock(match *words {
            ["watched", most] => ClockEvent::Watched { uncertainty_max: ms(most).unsigned_abs() },
            ["hears", name, offset, error] => {
                ClockEvent::Heard { source: source(name), bounds: Bounds::around(ms(offset), ms(error)) }
            }
            ["misses", name] => ClockEvent::Unheard { source: source(name), why: "no answer".into() },
            ["stepped", by] => ClockEvent::Stepped { by: ms(by) },
            ["slept", span] => ClockEvent::Slept { span: ms(span).unsigned_abs() },
            _ => panic!("unknown clock line {words:?}"),
        }));
    }

    pub(super) fn job_ends(&mut self, name: &str, how: &[&str]) {
        let end = match *how {
            ["signal", signal] => JobEnd::Signaled { signal: signal.parse().unwrap() },
            ["late"] => JobEnd::TimedOut,
            ["unstarted"] => JobEnd::NotStarted { why: "no such file".into() },
            ["stopped"] => JobEnd::Stopped,
            [code] => JobEnd::Exited { code: code.parse().unwrap() },
            _ => panic!("unknown end {how:?}"),
        };
        let job = JobName::new(name).unwrap();
        self.feed(Event::JobEnded { job, date: self.date, end });
    }

    /// A quote whose sides were struck at times of their own.
    pub(super) fn sides(&mut self, symbol: &str, prices: [&str; 2], times: [&str; 2]) {
        let now = self.wall;
        let [bid_at, ask_at] = times.map(|text| {
            self.set_time(text.split_once('=').unwrap().1);
            std::mem::replace(&mut self.wall, now)
        });
        let [bid, ask] = prices.map(|text| Price::parse(text).ok());
        let struck = Struck { latest: bid_at.max(ask_at), bid: bid_at, ask: ask_at };
        let quote = Quote { bid, ask, last: None, struck };
        self.feed(Event::Quote { instrument: InstrumentId::us_stock(symbol), quote });
    }

    pub(super) fn quote(&mut self, symbol: &str, bid: &str, ask: &str, struck: Timestamp) {
        let px = |text| Price::parse(text).ok();
        let quote = Quote { bid: px(bid), ask: px(ask), last: None, struck: Struck::at(struck) };
        self.feed(Event::Quote { instrument: InstrumentId::us_stock(symbol), quote });
    }
}
