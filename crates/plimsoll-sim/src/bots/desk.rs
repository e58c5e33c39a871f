//! What a strategy sees and does: the last prices, its own holdings, and orders.

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use plimsoll_model::{OrdType, Position, Price, Qty, Side, TimeInForce};

use super::question::{Asked, Question};

/// A bot's idea of when to trade what.
pub(super) trait Strategy: Send + std::fmt::Debug {
    /// The bot's name.
    fn name(&self) -> &str;
    /// Its client id.
    fn client_id(&self) -> i32;
    /// The account that it writes into its orders; none if its author never thought of it.
    fn account(&self) -> Option<&str>;
    /// The symbols whose prices it wants.
    fn symbols(&self) -> Vec<Box<str>>;
    /// A second has passed.
    fn on_second(&mut self, desk: &mut Desk);
    /// An order of its own was rejected.
    fn on_rejected(&mut self, _order: &Sent, _desk: &mut Desk) {}
    /// Whether a second is over only when all orders were answered: what the bot does about an answer belongs to
    /// the same second. One that does nothing about answers need not wait for those that never come.
    fn waits_for_answers(&self) -> bool {
        true
    }
    /// Whether it wants the broker's lines about holdings.
    fn follows_holdings(&self) -> bool {
        false
    }
}

/// The last prices of a symbol that the bot has seen, whenever that was.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) bid: Option<Price>,
    pub(super) ask: Option<Price>,
    pub(super) last: Option<Price>,
}

/// An order that the bot has sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) order_id: i32,
    /// What a script calls it; empty elsewhere.
    pub(super) label: Box<str>,
    pub(super) symbol: Box<str>,
    pub(super) side: Side,
    pub(super) qty: Qty,
    pub(super) ord_type: OrdType,
    pub(super) limit_px: Option<Price>,
    pub(super) tif: TimeInForce,
    /// The account that it names; none where the strategy's holds.
    pub(super) account: Option<Box<str>>,
}

/// What goes to the wire.
#[derive(Debug, Clone)]
pub(super) enum Outgoing {
    /// A new order, or a change of one that has this number.
    Place(Sent),
    /// A cancel of the order with this number.
    Cancel(i32),
    /// A cancel of everything.
    CancelAll,
    /// A request for data under this number.
    Ask(i32, Question),
}

/// What became of an order or request of a bot's, as the bot knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When, by the venue's clock.
    pub at: Timestamp,
    /// The order's number, or the request's.
    pub order_id: i32,
    /// What.
    pub news: News,
}

/// News of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The bot sent this.
    Sent(Box<str>),
    /// A status, by its word.
    Status(Box<str>),
    /// So much was executed.
    Executed(Qty),
    /// A code and its text: a rejection, the end of the order, a warning.
    Message(i32, Box<str>),
    /// The answer to a request is complete, and so many bars or prices came.
    Data(usize),
}

/// An order of the bot that did not live: denied by Plimsoll, or rejected or canceled by the venue.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// `SELL 60 SPY MOC`.
    pub order: String,
    /// TWS's code.
    pub code: i32,
    /// TWS's text.
    pub text: String,
}

/// One bot's view of the world.
#[derive(Debug)]
pub(super) struct Desk {
    /// By the venue's clock.
    pub(super) now: Option<Timestamp>,
    /// By how much the clock of the bot's host is ahead of it.
    pub(super) ahead: SignedDuration,
    pub(super) zone: TimeZone,
    pub(super) seen: BTreeMap<Box<str>, Seen>,
    pub(super) positions: BTreeMap<String, Position>,
    /// By account and symbol, as the broker's lines say it, whoever traded it.
    pub(super) holdings: BTreeMap<(Box<str>, Box<str>), Position>,
    /// Requests for data, in the order in which they were sent.
    pub(super) asked: Vec<Asked>,
    pub(super) sent: BTreeMap<i32, Sent>,
    pub(super) next_id: i32,
    /// Orders of this second, to be written to the wire.
    pub(super) outgoing: Vec<Outgoing>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) told: Vec<Told>,
}

impl Desk {
    pub(super) fn new() -> Self {
        let zone = plimsoll_calendar::zone("America/New_York").expect("New York is in the bundled zones");
        Self {
            now: None,
            ahead: SignedDuration::ZERO,
            zone,
            seen: BTreeMap::new(),
            positions: BTreeMap::new(),
            holdings: BTreeMap::new(),
            asked: Vec::new(),
            sent: BTreeMap::new(),
            next_id: 0,
            outgoing: Vec::new(),
            refusals: Vec::new(),
            told: Vec::new(),
        }
    }

    /// What the clock of the bot's host says.
    pub(super) fn host_time(&self) -> Option<Timestamp> {
        self.now?.checked_add(self.ahead).ok()
    }

    /// The wall clock in New York, as the bot's author thinks of it.
    pub(super) fn clock(&self) -> Option<Time> {
        Some(self.zone.to_datetime(self.host_time()?).time())
    }

    /// Whether it is exactly this second of the day.
    pub(super) fn is_at(&self, hour: i8, minute: i8, second: i8) -> bool {
        self.clock() == Some(Time::constant(hour, minute, second, 0))
    }

    /// Whether a multiple of this many seconds has passed since midnight.
    pub(super) fn every(&self, seconds: i32) -> bool {
        self.clock().is_some_and(|t| {
            (i32::from(t.hour()) * 3600 + i32::from(t.minute()) * 60 + i32::from(t.second())) % seconds == 0
        })
    }

    /// Whether it is between two times of the day.
    pub(super) fn is_between(&self, from: (i8, i8), to: (i8, i8)) -> bool {
        let at = |(hour, minute)| Time::constant(hour, minute, 0, 0);
        self.clock().is_some_and(|t| t >= at(from) && t < at(to))
    }

    /// What the bot believes to hold.
    pub(super) fn position(&self, symbol: &str) -> Position {
        self.positions.get(symbol).copied().unwrap_or(Position::FLAT)
    }

    /// The last prices seen.
    pub(super) fn price(&self, symbol: &str) -> Seen {
        self.seen.get(symbol).copied().unwrap_or_default()
    }

    /// Sends an order.
    pub(super) fn order(
        &mut self,
        symbol: &str,
        side: Side,
        qty: Qty,
        ord_type: OrdType,
        limit_px: Option<Price>,
    ) {
        if qty.is_zero() {
            return;
        }
        self.place(Sent {
            order_id: self.next_id,
            label: "".into(),
            symbol: symbol.into(),
            side,
            qty,
            ord_type,
            limit_px,
            tif: TimeInForce::Day,
            account: None,
        });
    }

    /// Sends an order with a number of its own, or a change.
    pub(super) fn place(&mut self, order: Sent) {
        self.next_id = self.next_id.max(order.order_id.saturating_add(1));
        self.sent.insert(order.order_id, order.clone());
        self.outgoing.push(Outgoing::Place(order));
    }

    /// Trades by market order to hold this much.
    pub(super) fn trade_to(&mut self, symbol: &str, target: Position) {
        if let Some(gap) = target.checked_sub(self.position(symbol)) {
            let side = if gap > Position::FLAT { Side::Buy } else { Side::Sell };
            self.order(symbol, side, gap.size(), OrdType::Market, None);
        }
    }

    /// Leaves the holding in the closing auction.
    pub(super) fn flatten_on_close(&mut self, symbol: &str) {
        let held = self.position(symbol);
        let side = if held > Position::FLAT { Side::Sell } else { Side::Buy };
        self.order(symbol, side, held.size(), OrdType::MarketOnClose, None);
    }
}

/// So many units, long.
pub(super) fn long(units: u32) -> Position {
    Position::new(units.into())
}
