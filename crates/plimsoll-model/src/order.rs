//! Orders in FIX words: what a bot asked for, what Plimsoll made of it, and how far it has come.

use std::fmt;

use crate::{Account, BotName, ClOrdId, ConId, Contract, InstrumentId, OrderId, Price, Qty};

/// FIX 54.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Buy.
    Buy,
    /// Sell, short sales included.
    Sell,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// `BUY` or `SELL`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// FIX 40, as far as the guards tell types apart. Opening-auction orders are `Market` or `Limit` with
/// [`TimeInForce::AtTheOpening`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrdType {
    /// `MKT`.
    Market,
    /// `LMT`.
    Limit,
    /// `STP`.
    Stop,
    /// `STP LMT`.
    StopLimit,
    /// `MOC`.
    MarketOnClose,
    /// `LOC`.
    LimitOnClose,
    /// Any other, by its wire word. Those whose worst is a market order are guarded as one, all others denied.
    Other(Box<str>),
}

impl OrdType {
    /// From TWS's word, or one of the older spellings that IBKR's own client still knows.
    pub fn from_wire(word: &str) -> Self {
        match word {
            "MKT" | "MARKET" => Self::Market,
            "LMT" | "LIMIT" => Self::Limit,
            "STP" | "STOP" => Self::Stop,
            "STP LMT" | "STOP LIMIT" | "STOPLIMIT" | "STOPLMT" | "STPLMT" => Self::StopLimit,
            "MOC" | "MKT CLS" | "MKTCLS" => Self::MarketOnClose,
            "LOC" | "LMT CLS" | "LMTCLS" => Self::LimitOnClose,
            other => Self::Other(other.into()),
        }
    }

    /// TWS's word.
    pub fn as_wire(&self) -> &str {
        match self {
            Self::Market => "MKT",
            Self::Limit => "LMT",
            Self::Stop => "STP",
            Self::StopLimit => "STP LMT",
            Self::MarketOnClose => "MOC",
            Self::LimitOnClose => "LOC",
            Self::Other(word) => word,
        }
    }

    /// Whether the limit price of the message means anything for this kind.
    pub const fn has_limit(&self) -> bool {
        matches!(self, Self::Limit | Self::StopLimit | Self::LimitOnClose)
    }

    /// Whether the stop price of the message means anything for this kind.
    pub const fn has_stop(&self) -> bool {
        matches!(self, Self::Stop | Self::StopLimit)
    }

    /// Whether the order takes part in the closing auction.
    pub const fn is_on_close(&self) -> bool {
        matches!(self, Self::MarketOnClose | Self::LimitOnClose)
    }
}

impl fmt::Display for OrdType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_wire())
    }
}

/// FIX 59.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeInForce {
    /// `DAY`; also what an empty text means.
    Day,
    /// `GTC`.
    GoodTillCancel,
    /// `GTD`.
    GoodTillDate,
    /// `IOC`.
    ImmediateOrCancel,
    /// `FOK`.
    FillOrKill,
    /// `OPG`.
    AtTheOpening,
    /// Any other, by its wire word.
    Other(Box<str>),
}

impl TimeInForce {
    /// From TWS's word.
    pub fn from_wire(word: &str) -> Self {
        match word {
            "" | "DAY" => Self::Day,
            "GTC" => Self::GoodTillCancel,
            "GTD" => Self::GoodTillDate,
            "IOC" => Self::ImmediateOrCancel,
            "FOK" => Self::FillOrKill,
            "OPG" => Self::AtTheOpening,
            other => Self::Other(other.into()),
        }
    }

    /// TWS's word.
    pub fn as_wire(&self) -> &str {
        match self {
            Self::Day => "DAY",
            Self::GoodTillCancel => "GTC",
            Self::GoodTillDate => "GTD",
            Self::ImmediateOrCancel => "IOC",
            Self::FillOrKill => "FOK",
            Self::AtTheOpening => "OPG",
            Self::Other(word) => word,
        }
    }
}

/// One leg of a combo as a message names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComboLeg {
    /// The broker's number of the leg's contract.
    pub con_id: ConId,
    /// Contracts of the leg in one combo.
    pub ratio: u32,
    /// Which way a buyer of the combo trades it.
    pub side: Side,
}

/// One leg of a combo whose contract is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// What.
    pub instrument: InstrumentId,
    /// Contracts of the leg in one combo.
    pub ratio: u32,
    /// Which way a buyer of the combo trades it.
    pub side: Side,
}

impl Leg {
    /// Which way the leg trades in an order of this side.
    pub const fn side_in(&self, order: Side) -> Side {
        match order {
            Side::Buy => self.side,
            Side::Sell => self.side.opposite(),
        }
    }
}

/// An order as the bot sent it, decoded. The account may be missing here and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRequest {
    /// The bot's own number.
    pub order_id: OrderId,
    /// What is to be traded, as the bot named it.
    pub contract: Contract,
    /// Which way.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// What kind.
    pub ord_type: OrdType,
    /// Limit price.
    pub limit_px: Option<Price>,
    /// Stop or auxiliary price.
    pub stop_px: Option<Price>,
    /// How long.
    pub tif: TimeInForce,
    /// The account, if the bot named one.
    pub account: Option<Account>,
    /// The bot's own reference text.
    pub order_ref: Box<str>,
    /// False: held by the venue until the same id comes again with true.
    pub transmit: bool,
    /// The parent of a bracket's child.
    pub parent_id: Option<OrderId>,
    /// The one-cancels-all group, or empty.
    pub oca_group: Box<str>,
    /// A margin preview that never rests.
    pub what_if: bool,
    /// May trade outside regular hours.
    pub outside_rth: bool,
    /// The legs of a combo; none of any other contract.
    pub legs: Vec<ComboLeg>,
    /// Names of features in the message that no guard can bound (`cash quantity`, `adviser group`, …).
    pub unguarded: Vec<&'static str>,
    /// The group of accounts that it is for, as an adviser's bot names one; or empty.
    pub fa_group: Box<str>,
    /// Names of fields that are not above, and that an order of these words alone would lose (`display size`, …).
    pub beyond: Vec<&'static str>,
}

/// An order that names its bot, account and instrument. Guards judge this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// Ours, written into the venue's order reference.
    pub cl_ord_id: ClOrdId,
    /// Who asks.
    pub bot: BotName,
    /// The bot's own number.
    pub order_id: OrderId,
    /// For whom.
    pub account: Account,
    /// What.
    pub instrument: InstrumentId,
    /// Where it is routed, in the broker's words; empty or `SMART` where the broker chooses.
    pub ex_destination: Box<str>,
    /// Which way.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// What kind.
    pub ord_type: OrdType,
    /// Limit price.
    pub limit_px: Option<Price>,
    /// Stop or auxiliary price.
    pub stop_px: Option<Price>,
    /// How long.
    pub tif: TimeInForce,
    /// False: staged at the venue, not yet working.
    pub transmit: bool,
    /// The parent of a bracket's child.
    pub parent_id: Option<OrderId>,
    /// The one-cancels-all group, or empty.
    pub oca_group: Box<str>,
    /// May trade outside regular hours.
    pub outside_rth: bool,
    /// The legs of a combo; none of any other contract.
    pub legs: Vec<Leg>,
    /// The decision that the bot declared this order to carry out; the same one never trades twice.
    pub decision: Option<Box<str>>,
}

impl NewOrder {
    /// What a combo trades of each leg, as an order of its own that no price bounds: the legs' prices are
    /// nobody's word. None if a quantity does not fit.
    pub fn parts(&self) -> Option<Vec<Self>> {
        let part = |leg: &Leg| {
            Some(Self {
                instrument: leg.instrument.clone(),
                side: leg.side_in(self.side),
                qty: self.qty.checked_mul(leg.ratio)?,
                ord_type: OrdType::Other("leg".into()),
                limit_px: None,
                stop_px: None,
                legs: Vec::new(),
                ..self.clone()
            })
        };
        self.legs.iter().map(part).collect()
    }
}

/// A change of a working order (FIX 35=G): the order as it is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaceRequest {
    /// The order after the change, under the same ids.
    pub order: NewOrder,
}

/// FIX 35=F.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// The bot's own number of the order.
    pub order_id: OrderId,
}

/// FIX 39, and two of our own: `Denied` never reached a venue, `Unknown` may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStatus {
    /// Ours: a guard said no.
    Denied,
    /// Cleared or sent, no word from the venue yet.
    PendingNew,
    /// Ours: sent or perhaps sent, then the connection or the process was lost. Only evidence from the
    /// venue ends this state; it is never resent.
    Unknown,
    /// Accepted by the venue but not working: staged, or waiting for its trigger or parent.
    Suspended,
    /// The venue has refused it or taken it out of the market, and does not say which: it may come back by
    /// itself (a short sale whose shares are found), or be sent again by a person.
    Inactive,
    /// Working.
    New,
    /// Working, partly executed.
    PartiallyFilled,
    /// Executed in full.
    Filled,
    /// A cancel is under way.
    PendingCancel,
    /// Ended by a cancel.
    Canceled,
    /// The venue said no.
    Rejected,
}

impl OrderStatus {
    /// Whether the order can still execute.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Denied | Self::Filled | Self::Canceled | Self::Rejected => false,
            Self::PendingNew
            | Self::Unknown
            | Self::Suspended
            | Self::Inactive
            | Self::New
            | Self::PartiallyFilled
            | Self::PendingCancel => true,
        }
    }

    /// The word for people and for `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::PendingNew => "pending_new",
            Self::Unknown => "unknown",
            Self::Suspended => "suspended",
            Self::Inactive => "inactive",
            Self::New => "new",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::PendingCancel => "pending_cancel",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for NewOrder {
    /// `BUY 100 SPY MOC`, with the limit price where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.side, self.qty, self.instrument, self.ord_type)?;
        if let Some(px) = self.limit_px {
            write!(f, " {px}")?;
        }
        if let Some(px) = self.stop_px {
            write!(f, " @{px}")?;
        }
        Ok(())
    }
}
