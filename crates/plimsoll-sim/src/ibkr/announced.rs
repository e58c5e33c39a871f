//! `announce_hours`: the exchange says that a coming day is closed, opens late or closes early.
//!
//! Owns how that is written, and what becomes of orders that wait for such a day. Whoever asks for hours hears of it
//! from then on; nobody is told, as in life. Assumed: an order that waits for a day which is closed works on the next.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use plimsoll_calendar::Change;
use plimsoll_model::PermId;
use serde::Deserialize;

use crate::ibkr::FaultError;
use crate::ibkr::exchange::Exchange;
use crate::ibkr::fault::Fault;
use crate::ibkr::venue::IbkrVenue;

/// A day of stocks and its new hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct AnnouncedHours {
    /// The trade date.
    pub date: Date,
    /// What becomes of it.
    pub change: Change,
}

/// The same as it is written: `"change": "early", "time": "13:00"`.
#[derive(Deserialize)]
struct Written {
    date: Box<str>,
    change: Box<str>,
    #[serde(default)]
    time: Option<Box<str>>,
}

impl TryFrom<Written> for AnnouncedHours {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { date, change, time } = written;
        let date =
            date.parse::<Date>().map_err(|_| format!("`{date}` is no date; write it as `2026-12-02`"))?;
        let at = |time: Option<Box<str>>| {
            let time = time.ok_or_else(|| format!("`{change}` needs a `time` in New York, `13:00`"))?;
            clock(&time)
                .ok_or_else(|| format!("`{time}` is no time of day; write hours and minutes, `13:00`"))
        };
        let change = match (&*change, time) {
            ("closed", None) => Change::Closed,
            ("closed", Some(_)) => {
                return Err("a day that is `closed` has no `time`; leave it out".to_owned());
            }
            ("early", time) => Change::EarlyClose(at(time)?),
            ("late", time) => Change::LateOpen(at(time)?),
            (other, _) => return Err(format!("`{other}` is no change; write `closed`, `early` or `late`")),
        };
        Ok(Self { date, change })
    }
}

/// `13:00`, and nothing shorter or longer: hours are listed in whole minutes.
fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl IbkrVenue {
    /// Whether hours can be announced when their time has come.
    pub(super) fn check_hours(&self, fault: &Fault, hours: AnnouncedHours) -> Result<(), FaultError> {
        let now = self.exchange.now;
        let at = fault.after.map_or(now, |span| now.checked_add(span.0).unwrap_or(Timestamp::MAX));
        Ok(self.exchange.market.check_announcement((hours.date, hours.change), at)?)
    }
}

impl Exchange {
    /// The hours of a day change. Planned ones that something else has overtaken change nothing any more.
    pub(super) fn announce(&mut self, AnnouncedHours { date, change }: AnnouncedHours) {
        if self.market.announce((date, change), self.now).is_err() || self.market.hours.on(date).is_some() {
            return;
        }
        let waits = |perm: &PermId| {
            let order = self.order(*perm);
            order.trade_date == date && self.keeps_stock_hours(order.sym)
        };
        for perm in self.open.iter().copied().filter(waits).collect::<Vec<_>>() {
            let next = self.session_of_order(self.order(perm)).date;
            self.order_mut(perm).trade_date = next;
        }
    }
}
