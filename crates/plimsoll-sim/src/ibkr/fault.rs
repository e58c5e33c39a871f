//! Faults as they are asked for: one JSON object each.
//!
//! Owns the shape of a fault and nothing of its effect. `after` and `for` are spans of venue time such
//! as `"5s"`, `"250ms"`, `"2m"`; without `for` a fault stays until it is healed.

#![expect(clippy::disallowed_types, reason = "serde's flattened reader names floats; none is kept")]

use jiff::SignedDuration;
use plimsoll_model::{Price, Qty};
use serde::{Deserialize, Deserializer};

use crate::ibkr::announced::AnnouncedHours;
use crate::ibkr::kinds;

/// One fault.
///
/// ```
/// let fault: plimsoll_sim::Fault =
///     serde_json::from_str(r#"{"kind": "freeze_data", "symbol": "SPY", "after": "5s", "for": "60s"}"#).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// When it begins, counted from now; none means at once.
    pub after: Option<SpanText>,
    /// How long it lasts; none means until it is healed.
    pub lasts: Option<SpanText>,
    /// As it came, for who asks which faults there are.
    pub(crate) text: Box<str>,
}

/// The same as it is written.
#[derive(Deserialize)]
struct Written {
    #[serde(flatten)]
    kind: FaultKind,
    #[serde(default)]
    after: Option<SpanText>,
    #[serde(default, rename = "for")]
    lasts: Option<SpanText>,
}

impl TryFrom<serde_json::Value> for Fault {
    type Error = String;

    fn try_from(value: serde_json::Value) -> Result<Self, String> {
        kinds::check(&value)?;
        let kind = value["kind"].as_str().unwrap_or_default().to_owned();
        let text = value.to_string().into();
        let written: Written =
            serde_json::from_value(value).map_err(|error| format!("fault `{kind}`: {error}"))?;
        Ok(Self { kind: written.kind, after: written.after, lasts: written.lasts, text })
    }
}

/// What can go wrong. Where a client is not named, every connection is meant; where a symbol is not
/// named, every symbol.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// Market data stops while everything else goes on.
    FreezeData {
        /// Of which symbol.
        #[serde(default)]
        symbol: Option<Box<str>>,
    },
    /// One field of the ticks stops.
    FreezeField {
        /// Of which symbol.
        #[serde(default)]
        symbol: Option<Box<str>>,
        /// `bid`, `ask`, `last`, `volume`, `high`, `low`, `close` or `open`.
        field: QuoteFieldName,
    },
    /// Nothing is sent any more except answers to `reqCurrentTime`.
    MuteSocket {
        /// To which client.
        #[serde(default)]
        client: Option<i32>,
    },
    /// The socket stays open, nothing is read and nothing is sent.
    HalfOpen {
        /// Of which client.
        #[serde(default)]
        client: Option<i32>,
    },
    /// The connection ends.
    Disconnect {
        /// Whose.
        #[serde(default)]
        client: Option<i32>,
        /// By a reset instead of an orderly end.
        #[serde(default)]
        reset: bool,
    },
    /// New connections are refused.
    RefuseConnect,
    /// 1100: TWS has lost IBKR.
    LinkDown,
    /// 1101: the link is back, every market data subscription is gone.
    LinkUpDataLost,
    /// 1102: the link is back and so is the data.
    LinkUpDataKept,
    /// 2103 or 2105: a farm is gone.
    FarmDown {
        /// `usfarm` (the default) or `ushmds`.
        #[serde(default)]
        farm: Option<Box<str>>,
    },
    /// 2107 or 2108: a farm sleeps until somebody wants something of it.
    FarmIdle {
        /// `usfarm` (the default) or `ushmds`.
        #[serde(default)]
        farm: Option<Box<str>>,
    },
    /// The login has no subscription to live data of a stock.
    NotSubscribed {
        /// Of which.
        symbol: Box<str>,
        /// What a request for it meets: 354, 10089 (where it is not said), 10090, 10091, 10168 or 10186.
        #[serde(default)]
        code: Option<i32>,
    },
    /// 203: a stock may not be traded.
    NotAllowed {
        /// Which.
        symbol: Box<str>,
        /// By whom; none means every account.
        #[serde(default)]
        account: Option<Box<str>>,
    },
    /// 2104 or 2106: it is back.
    FarmUp {
        /// `usfarm` (the default) or `ushmds`.
        #[serde(default)]
        farm: Option<Box<str>>,
    },
    /// Snapshots show what was there when this began: the cache of a TWS that hears nothing new.
    StaleSnapshot {
        /// Of which symbol.
        #[serde(default)]
        symbol: Option<Box<str>>,
    },
    /// New orders are refused with 201.
    RejectOrders {
        /// The text behind "reason:".
        #[serde(default)]
        reason: Option<Box<str>>,
    },
    /// The venue cancels working orders that nobody asked to cancel.
    CancelOrder {
        /// Of which client.
        #[serde(default)]
        client: Option<i32>,
        /// Which order.
        #[serde(default)]
        order_id: Option<i32>,
        /// In which symbol.
        #[serde(default)]
        symbol: Option<Box<str>>,
        /// The text behind "reason:".
        #[serde(default)]
        reason: Option<Box<str>>,
    },
    /// New orders vanish without a word.
    SilentDropOrder,
    /// Commission reports come later.
    LateCommission {
        /// By how much.
        delay: SpanText,
    },
    /// An execution of the past is withdrawn for another price: the same id with a higher revision.
    CorrectExecution {
        /// Its id; none means the last one.
        #[serde(default)]
        exec_id: Option<Box<str>>,
        /// The right price.
        #[serde(deserialize_with = "price")]
        price: Price,
    },
    /// `useRTH` is not heard: bars go on outside of regular hours for those who asked for these alone.
    BarsOutsideSession,
    /// Historical requests find nothing.
    EmptyHistory,
    /// Historical requests meet the pacing error.
    HistoryPacing,
    /// Requests of one name stay without answer.
    NeverAnswer {
        /// `reqHistoricalData` (the default) or any other request.
        #[serde(default)]
        request: Option<Box<str>>,
    },
    /// The venue's clock is told wrong.
    ClockOffset {
        /// By how much; `-2s` is slow.
        offset: SpanText,
    },
    /// Somebody enters an order by hand.
    ManualOrder(ManualOrder),
    /// Somebody trades by hand, or by phone: an execution that no order of ours explains.
    ManualTrade(ManualTrade),
    /// Nothing trades in a symbol.
    HaltSymbol {
        /// Which.
        symbol: Box<str>,
    },
    /// The nightly restart: 1100, every socket reset, the port closed for half a minute or `for`.
    DailyReset {
        /// By how many the next order ids fall back, as was seen after restarts.
        #[serde(default)]
        roll_back_ids: Option<i32>,
    },
    /// 1300: the port moved, every connection ends.
    PortChange {
        /// The new port, as the text names it; the simulator stays where it is.
        port: u16,
    },
    /// The exchange closes at once; the day's orders end, and trading goes on with the next session.
    UnscheduledClose,
    /// The exchange announces other hours for a coming day.
    AnnounceHours(AnnouncedHours),
    /// Messages above a rate are rejected with 100; the third time the socket is closed.
    RateLimit {
        /// Messages per second; 50 where it is not said.
        #[serde(default)]
        per_second: Option<u32>,
    },
    /// The same user logs in elsewhere: 10197, no data.
    CompetingSession,
    /// The owner's other user logs in: beside a paper login the live one, whose data it shares.
    OtherUserLogin,
    /// Messages of one name are told twice; without a name executions and statuses.
    DuplicateMessage {
        /// `orderStatus`, `execDetails`, …; none means executions and statuses.
        #[serde(default)]
        message: Option<Box<str>>,
        /// Those to one client only.
        #[serde(default)]
        client: Option<i32>,
        /// One in so many; all where it is not said.
        #[serde(default)]
        one_in: Option<u32>,
    },
    /// Messages of one name come later.
    DelayMessage {
        /// Which.
        #[serde(flatten)]
        which: Which,
        /// By how much.
        delay: SpanText,
    },
    /// Messages of one name are passed by the message behind them.
    Reorder(Which),
    /// The acknowledgement of a cancel comes later; meanwhile the order may be executed.
    LateCancel {
        /// By how much.
        delay: SpanText,
    },
    /// An execution of the past never was: the same id with a higher revision and no shares.
    BustExecution {
        /// Its id; none means the last one.
        #[serde(default)]
        exec_id: Option<Box<str>>,
    },
    /// Shares of a symbol have to be found before they are sold short: 404, and the order waits.
    HardToBorrow {
        /// Which.
        symbol: Box<str>,
    },
    /// Messages of one name are lost on the way to clients.
    DropMessage(Which),
}

impl FaultKind {
    /// Whether it is an event rather than a state.
    pub(crate) fn is_momentary(&self) -> bool {
        matches!(
            self,
            Self::CancelOrder { .. }
                | Self::ManualOrder(_)
                | Self::ManualTrade(_)
                | Self::CorrectExecution { .. }
                | Self::BustExecution { .. }
                | Self::PortChange { .. }
                | Self::Disconnect { .. }
                | Self::LinkUpDataLost
                | Self::LinkUpDataKept
                | Self::FarmUp { .. }
                | Self::UnscheduledClose
                | Self::AnnounceHours(_)
        )
    }
}

/// Which messages a fault means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Which {
    /// `orderStatus`, `execDetails`, …
    pub message: Box<str>,
    /// Those to one client only.
    #[serde(default)]
    pub client: Option<i32>,
    /// One in so many, drawn by the seed; all where it is not said.
    #[serde(default)]
    pub one_in: Option<u32>,
}

/// An order that nobody's client sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ManualOrder {
    /// For whom; none means the default account.
    #[serde(default)]
    pub account: Option<Box<str>>,
    /// Of what.
    pub symbol: Box<str>,
    /// `BUY` or `SELL`.
    pub side: SideName,
    /// Shares.
    #[serde(deserialize_with = "qty")]
    pub qty: Qty,
    /// TWS's order type; none means `MKT`, or `LMT` where a limit is given.
    #[serde(default, rename = "type")]
    pub ord_type: Option<Box<str>>,
    /// TWS's time in force.
    #[serde(default)]
    pub tif: Option<Box<str>>,
    /// The limit price.
    #[serde(default, deserialize_with = "some_price")]
    pub limit: Option<Price>,
    /// The stop price.
    #[serde(default, deserialize_with = "some_price")]
    pub stop: Option<Price>,
}

/// A trade that nobody's client sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ManualTrade {
    /// For whom; none means the default account.
    #[serde(default)]
    pub account: Option<Box<str>>,
    /// Of what.
    pub symbol: Box<str>,
    /// `BUY` or `SELL`.
    pub side: SideName,
    /// Shares.
    #[serde(deserialize_with = "qty")]
    pub qty: Qty,
    /// At what price; none means the last one.
    #[serde(default, deserialize_with = "some_price")]
    pub price: Option<Price>,
}

/// Which way, as texts have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SideName {
    /// Buy.
    #[serde(alias = "buy", alias = "Buy")]
    Buy,
    /// Sell.
    #[serde(alias = "sell", alias = "Sell")]
    Sell,
}

/// A field of a quote, as texts have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the explanation")]
pub enum QuoteFieldName {
    Bid,
    Ask,
    Last,
    Volume,
    High,
    Low,
    Close,
    Open,
}

/// A span of venue time as text: `5s`, `250ms`, `2m`, `1h`, `-2s`, or ISO 8601 (`PT5M`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanText(pub SignedDuration);

impl SpanText {
    /// Reads a span.
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().parse::<SignedDuration>().ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for SpanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is no span of time; write `5s`, `250ms` or `2m`"))
        })
    }
}

/// A JSON number or string as exact text.
fn number_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        other => Err(serde::de::Error::custom(format!("`{other}` is no number; write it as a string"))),
    }
}

fn price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Price, D::Error> {
    Price::parse(&number_text(deserializer)?).map_err(serde::de::Error::custom)
}

pub(crate) fn some_price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Price>, D::Error> {
    price(deserializer).map(Some)
}

fn qty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Qty, D::Error> {
    Qty::parse(&number_text(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_it_is_written_in_scripts() {
        let fault: Fault = serde_json::from_str(
            r#"{"kind": "manual_order", "account": "DU1", "symbol": "SPY", "side": "BUY", "qty": 100, "limit": "500.25", "after": "1m"}"#,
        )
        .unwrap();
        assert_eq!(fault.after, Some(SpanText(SignedDuration::from_secs(60))));
        let FaultKind::ManualOrder(order) = fault.kind else { panic!("another kind: {fault:?}") };
        assert_eq!((order.qty, order.limit), (Qty::whole(100), Some(Price::parse("500.25").unwrap())));
    }

    #[test]
    fn an_unknown_kind_is_answered_with_the_known_ones() {
        let error = serde_json::from_str::<Fault>(r#"{"kind": "earthquake"}"#).unwrap_err().to_string();
        assert!(error.contains("earthquake") && error.contains("freeze_data"), "{error}");
    }

    #[test]
    fn a_misspelled_key_is_refused_and_not_ignored() {
        let error = serde_json::from_str::<Fault>(r#"{"kind": "freeze_data", "symbl": "SPY"}"#).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("symbl") && text.contains("symbol, after, for"), "{text}");
    }

    #[test]
    fn spans_are_read_in_every_usual_form() {
        for (text, millis) in
            [("5s", 5_000), ("250ms", 250), ("2m", 120_000), ("PT5M", 300_000), ("-2s", -2_000)]
        {
            assert_eq!(SpanText::parse(text).unwrap().0, SignedDuration::from_millis(millis), "{text}");
        }
        assert_eq!(SpanText::parse("soon"), None);
    }
}
