//! One client's connection: how far its start-up is, and what it subscribed to.
//!
//! Owns the state that dies with the socket. Orders, ids and accounts live on in the exchange.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use plimsoll_model::{Account, ClientId};
use plimsoll_tws::frame::{BOT_FRAME_MAX, FrameDecoder};
use plimsoll_tws::message::{ReqHistoricalData, ReqScannerSubscription};
use plimsoll_tws::{Gate, ServerVersion, Word};

use crate::ibkr::server::generic::Generic;
use crate::market::bars::What;
use crate::market::chain::OptionSeries;
use crate::market::ladder::{Row, View};
use crate::market::option::OptionQuote;
use crate::market::{Second, Sym};

/// How far the start-up of a connection is.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Bytes before a complete hello.
    Hello(Vec<u8>),
    /// The version is agreed, `startApi` has not come. Nothing may be sent in this phase.
    Shaken,
    /// At work under its client id.
    Started(ClientId),
}

/// A stream of ticks.
#[derive(Debug)]
pub(crate) struct QuoteLine {
    /// Of what.
    pub(crate) sym: Sym,
    /// The generic ticks that were asked for and have something to say.
    pub(crate) generic: BTreeSet<Generic>,
    /// The kind of data that it was told it gets.
    pub(crate) told: i32,
    /// What was sent last; nothing before the first tick.
    pub(crate) last: Option<Second>,
    /// The day's highest and lowest as sent.
    pub(crate) range: Option<(rust_decimal::Decimal, rust_decimal::Decimal)>,
}

/// A stream of bars that belongs to a historical request.
#[derive(Debug)]
pub(crate) struct KeepUp {
    /// Of what.
    pub(crate) sym: Sym,
    /// The request it continues.
    pub(crate) request: Box<ReqHistoricalData>,
    /// Where the running bar starts.
    pub(crate) bar_start: Timestamp,
}

/// Bars of five seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FiveSeconds {
    /// Of what.
    pub(crate) sym: Sym,
    /// Made of what.
    pub(crate) what: What,
    /// In regular hours only.
    pub(crate) regular: bool,
}

/// An order book that somebody looks into.
#[derive(Debug)]
pub(crate) struct DepthBook {
    /// Of what.
    pub(crate) sym: Sym,
    /// Which part of it.
    pub(crate) view: View,
    /// As in the request.
    pub(crate) is_smart: bool,
    /// Rows per side.
    pub(crate) rows: usize,
    /// The rows that the client has, offers first.
    pub(crate) sent: [Vec<Row>; 2],
}

/// A stream of ticks of an option.
#[derive(Debug)]
pub(crate) struct OptionLine {
    /// On what.
    pub(crate) sym: Sym,
    /// Which one.
    pub(crate) series: OptionSeries,
    /// What was sent last; nothing while there is no quote.
    pub(crate) told: Option<OptionQuote>,
}

/// What a tick-by-tick stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TickKind {
    /// Trades.
    Last,
    /// Trades, late ones included.
    AllLast,
    /// Quotes.
    BidAsk,
    /// The middle of the quote.
    Midpoint,
}

/// Everything a client wants to be told until it cancels.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    /// `reqMktData`.
    pub(crate) quotes: BTreeMap<i32, QuoteLine>,
    /// `reqMktData` of options.
    pub(crate) options: BTreeMap<i32, OptionLine>,
    /// `reqMktData` for one picture: until its end is told.
    pub(crate) snapshots: BTreeSet<i32>,
    /// `reqRealTimeBars`.
    pub(crate) five_seconds: BTreeMap<i32, FiveSeconds>,
    /// `reqHistoricalData` with keepUpToDate.
    pub(crate) history: BTreeMap<i32, KeepUp>,
    /// Bars that a bust has ended, and that their client has neither cancelled nor asked for again.
    pub(crate) busted: BTreeSet<i32>,
    /// `reqHistoricalData` that no answer came to: the farm was away.
    pub(crate) hanging: BTreeSet<i32>,
    /// `reqTickByTickData`.
    pub(crate) ticks: BTreeMap<i32, (Sym, TickKind)>,
    /// `reqMktDepth`.
    pub(crate) depth: BTreeMap<i32, DepthBook>,
    /// `reqScannerSubscription`.
    pub(crate) scanners: BTreeMap<i32, Box<ReqScannerSubscription>>,
    /// `subscribeToGroupEvents`, by the number of the group.
    pub(crate) groups: BTreeMap<i32, usize>,
    /// `reqAccountUpdates`: one account at a time.
    pub(crate) account: Option<Account>,
    /// `reqPositions`.
    pub(crate) positions: bool,
    /// `reqPositionsMulti`; no account means all. With the model that was asked for.
    pub(crate) positions_multi: BTreeMap<i32, (Option<Account>, Word)>,
    /// `reqAccountUpdatesMulti`.
    pub(crate) account_multi: BTreeMap<i32, (Option<Account>, bool, Word)>,
    /// `reqAccountSummary`, by the wanted tags.
    pub(crate) summary: BTreeMap<i32, Box<str>>,
    /// `reqPnL`; no account means all. With what was sent last.
    pub(crate) pnl: BTreeMap<i32, (Option<Account>, String)>,
    /// `reqPnLSingle`, with what was sent last.
    pub(crate) pnl_single: BTreeMap<i32, (Account, Sym, String)>,
    /// 1101 has ended some of them, and the client may not have understood that.
    pub(crate) lost: bool,
}

impl Subscriptions {
    /// Forgets everything that comes from the data farms: 1101 ends it all without a further word.
    pub(crate) fn drop_market_data(&mut self) {
        self.lost |= self.any();
        self.quotes.clear();
        self.snapshots.clear();
        self.five_seconds.clear();
        self.busted.clear();
        self.history.clear();
        self.hanging.clear();
        self.ticks.clear();
        self.depth.clear();
        self.scanners.clear();
        self.options.clear();
    }

    /// Ends the bars of a symbol; their numbers, in order.
    pub(crate) fn deactivate_bars(&mut self, sym: Sym) -> BTreeSet<i32> {
        let bars = self.five_seconds.iter().filter(|(_, bars)| bars.sym == sym).map(|(req_id, _)| *req_id);
        let history = self.history.iter().filter(|(_, keep)| keep.sym == sym).map(|(req_id, _)| *req_id);
        let ended: BTreeSet<i32> = bars.chain(history).collect();
        self.five_seconds.retain(|req_id, _| !ended.contains(req_id));
        self.history.retain(|req_id, _| !ended.contains(req_id));
        self.busted.extend(&ended);
        ended
    }

    /// How many market data lines it takes.
    pub(crate) fn lines(&self) -> usize {
        self.quotes.len() + self.options.len() + self.snapshots.len() + self.five_seconds.len()
    }

    /// Whose quotes are streamed.
    pub(crate) fn quoted(&self) -> impl Iterator<Item = Sym> {
        self.quotes.values().map(|line| line.sym).chain(self.depth.values().map(|book| book.sym))
    }

    /// Whose prices are streamed.
    pub(crate) fn symbols(&self) -> impl Iterator<Item = Sym> {
        let quotes = self.quotes.values().map(|line| line.sym);
        let bars = self.five_seconds.values().map(|bars| bars.sym);
        let history = self.history.values().map(|keep| keep.sym);
        let ticks = self.ticks.values().map(|(sym, _)| *sym);
        let books = self.depth.values().map(|book| book.sym);
        quotes.chain(bars).chain(history).chain(ticks).chain(books)
    }

    /// Whether the client follows something, or believes so; only then does lockstep wait for it.
    pub(crate) fn any_or_lost(&self) -> bool {
        self.lost || self.any()
    }

    /// Whether anything at all is subscribed to.
    fn any(&self) -> bool {
        !(self.quotes.is_empty()
            && self.options.is_empty()
            && self.five_seconds.is_empty()
            && self.history.is_empty()
            && self.ticks.is_empty()
            && self.depth.is_empty()
            && self.scanners.is_empty()
            && self.pnl.is_empty()
            && self.pnl_single.is_empty()
            && self.positions_multi.is_empty()
            && self.account_multi.is_empty()
            && self.summary.is_empty()
            && self.account.is_none()
            && !self.positions)
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Conn {
    /// How far it is.
    pub(crate) phase: Phase,
    /// The version, once agreed.
    pub(crate) version: ServerVersion,
    /// Its bytes.
    pub(crate) decoder: FrameDecoder,
    /// What it wants to be told.
    pub(crate) subscriptions: Subscriptions,
    /// What `reqMarketDataType` asked for.
    pub(crate) data_type: i32,
    /// Whether manual orders are bound to this client: `reqAutoOpenOrders`.
    pub(crate) auto_bind: bool,
    /// How often a TWS that rejects has told it that it is too fast.
    pub(crate) rate_breaks: u32,
    /// When it last did.
    pub(crate) rate_told: Option<Timestamp>,
    /// What of it is read late, in bytes and a little for each message.
    pub(crate) waiting: usize,
    /// Its client is gone; what it has sent is still to be read.
    pub(crate) hung_up: bool,
    /// Frames that wait for this connection's turn in lockstep.
    pub(crate) batch: Vec<Bytes>,
    /// What came while nobody read is being read.
    pub(crate) catches_up: bool,
    /// What came while nobody read.
    pub(crate) unread: Vec<u8>,
    /// When it connected.
    pub(crate) since: Timestamp,
}

impl Conn {
    /// A connection that has said nothing yet.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            phase: Phase::Hello(Vec::new()),
            version: ServerVersion::MIN,
            decoder: FrameDecoder::new(BOT_FRAME_MAX),
            subscriptions: Subscriptions::default(),
            data_type: 1,
            auto_bind: false,
            rate_breaks: 0,
            rate_told: None,
            waiting: 0,
            hung_up: false,
            batch: Vec::new(),
            catches_up: false,
            unread: Vec::new(),
            since: now,
        }
    }

    /// The client id, once the API is started.
    pub(crate) fn client(&self) -> Option<ClientId> {
        match self.phase {
            Phase::Started(client) => Some(client),
            Phase::Hello(_) | Phase::Shaken => None,
        }
    }

    /// Sizes of US stocks are told in lots of a hundred to old clients.
    pub(crate) fn shares(&self, shares: i64) -> i64 {
        if self.version.has(Gate::MarketDataInShares) { shares } else { shares / 100 }
    }

    /// Historical volumes are told in lots of a hundred to old clients.
    pub(crate) fn history_shares(&self, shares: i64) -> i64 {
        if self.version.has(Gate::HistoryInShares) { shares } else { shares / 100 }
    }
}
