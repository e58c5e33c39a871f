//! Why a guard said no, with the numbers, and the FIX 103 code that says it to machines.

use std::fmt;
use std::time::Duration;

use jiff::Zoned;
use jiff::civil::Date;
use plimsoll_model::{Account, ClOrdId, InstrumentId, Money, OrderId, Position, Price, Qty, Side};
use rust_decimal::Decimal;

use crate::halt::HaltLevel;
use crate::limits;

/// One variant per thing that can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are FIX words and the texts below say what each variant means")]
pub enum Reason {
    Unreadable { why: Box<str> },
    Unbounded { feature: &'static str },
    WordUnknown { field: &'static str, word: Box<str> },
    QtyZero,
    OrderIdRange { order_id: OrderId },
    OrderChanged { what: &'static str },
    NotWorking { order_id: OrderId },
    ParentUnknown { parent_id: OrderId },
    TooMany { what: &'static str, max: usize },
    AccountMissing { allowed: Vec<Account> },
    AccountNotAllowed { account: Account, allowed: Vec<Account> },
    AccountChanged { was: Account, asked: Account },
    NotOwned { instrument: InstrumentId },
    GroupNotOwned { group: Box<str>, account: Account },
    ContractUnknown { symbol: Box<str> },
    ContractMismatch { instrument: InstrumentId, con_id: i32 },
    ContractDiffers { instrument: InstrumentId, field: &'static str, asked: Box<str> },
    ContractAmbiguous { instrument: InstrumentId },
    ContractUnconfirmed { con_id: i32 },
    Halted { level: HaltLevel, by: Box<str>, reason: Box<str> },
    NotReconciled { waiting_for: &'static str },
    Unexplained { account: Account, instrument: InstrumentId },
    WaitedTooLong { waited: Duration, max: Duration },
    LinkChanged,
    ReadOnly,
    ClosedElsewhere { instrument: InstrumentId, account: Account, held: Position, foreign: Position },
    GroupDenied { member: OrderId, guard: &'static str },
    Recalled { member: OrderId },
    OutsideSession { next_open: Zoned },
    CalendarUnknown { why: Box<str> },
    HoursDisputed { dispute: Box<str> },
    AfterCutoff { auction: Auction, instrument: InstrumentId, cutoff: Zoned, rule: Box<str> },
    CutoffNear { auction: Auction, instrument: InstrumentId, cutoff: Zoned, rule: Box<str>, margin: Margin },
    AuctionLeft { instrument: InstrumentId, date: Date },
    HeldForClose { order_id: OrderId },
    Divided { order_id: OrderId },
    NotDivided { allocation: Account, why: Box<str> },
    Repeated { of: ClOrdId, age: Duration, window: Duration },
    OrderIdUsed { order_id: OrderId },
    DecisionTaken { decision: Box<str>, by: ClOrdId },
    Stale { instrument: InstrumentId, field: Option<&'static str>, age: Duration, max: Duration },
    NoQuote { instrument: InstrumentId },
    StreamStill { instrument: InstrumentId, age: Duration, max: Duration },
    QtyMax { qty: Qty, max: Qty },
    NotionalMax { notional: Money, max: Money },
    PositionMax { notional: Money, max: Money },
    DailyLossMax { loss: Money, max: Money },
    RateMax { count: usize, max: u32 },
    Collar { px: Price, reference: Price, collar: Decimal },
    NoReference { instrument: InstrumentId },
    NotRepresentable { what: &'static str },
    OtherCurrency { limit: Money, traded: Box<str> },
    WouldCross { with: Crossing },
    SentElsewhere { with: Crossing, sent: Box<str> },
    NoEquivalent { with: Crossing, why: Box<str> },
}

/// An order of ours that another one could trade with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// By what we call it.
    pub label: Box<str>,
    /// Its side.
    pub side: Side,
    /// What of it may still be executed.
    pub qty: Qty,
    /// Its type.
    pub ord_type: Box<str>,
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, side, qty, ord_type } = self;
        write!(f, "could trade with our own {side} {qty} {ord_type} [{label}]")
    }
}

/// The auction that an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auction {
    /// The opening one.
    Open,
    /// The closing one.
    Close,
}

impl fmt::Display for Auction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "opening",
            Self::Close => "on-close",
        })
    }
}

impl Reason {
    /// The word for machines.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::Unbounded { .. } => "unbounded",
            Self::WordUnknown { .. } => "word_unknown",
            Self::QtyZero => "qty_zero",
            Self::OrderIdRange { .. } => "order_id_range",
            Self::OrderChanged { .. } => "order_changed",
            Self::NotWorking { .. } => "not_working",
            Self::ParentUnknown { .. } => "parent_unknown",
            Self::TooMany { .. } => "too_many",
            Self::AccountMissing { .. } => "account_missing",
            Self::AccountNotAllowed { .. } => "account_not_allowed",
            Self::AccountChanged { .. } => "account_changed",
            Self::NotOwned { .. } => "not_owned",
            Self::GroupNotOwned { .. } => "group_not_owned",
            Self::ContractUnknown { .. } => "contract_unknown",
            Self::ContractMismatch { .. } | Self::ContractDiffers { .. } => "contract_mismatch",
            Self::ContractAmbiguous { .. } => "contract_ambiguous",
            Self::ContractUnconfirmed { .. } => "contract_unconfirmed",
            Self::Halted { .. } => "halted",
            Self::NotReconciled { .. } => "not_reconciled",
            Self::Unexplained { .. } => "unexplained",
            Self::WaitedTooLong { .. } => "waited_too_long",
            Self::LinkChanged => "link_changed",
            Self::ReadOnly => "read_only",
            Self::ClosedElsewhere { .. } => "closed_elsewhere",
            Self::GroupDenied { .. } => "group_denied",
            Self::Recalled { .. } => "recalled",
            Self::OutsideSession { .. } => "outside_session",
            Self::CalendarUnknown { .. } => "calendar_unknown",
            Self::HoursDisputed { .. } => "hours_disputed",
            Self::AfterCutoff { .. } => "after_cutoff",
            Self::CutoffNear { .. } => "cutoff_near",
            Self::AuctionLeft { .. } => "auction_left",
            Self::HeldForClose { .. } => "held_for_close",
            Self::Divided { .. } => "divided",
            Self::NotDivided { .. } => "not_divided",
            Self::Repeated { .. } => "repeated",
            Self::OrderIdUsed { .. } => "order_id_used",
            Self::DecisionTaken { .. } => "decision_taken",
            Self::Stale { .. } => "stale",
            Self::NoQuote { .. } => "no_quote",
            Self::StreamStill { .. } => "stream_still",
            Self::QtyMax { .. } => "qty_max",
            Self::NotionalMax { .. } => "notional_max",
            Self::PositionMax { .. } => "position_max",
            Self::DailyLossMax { .. } => "daily_loss_max",
            Self::RateMax { .. } => "rate_max",
            Self::Collar { .. } => "collar",
            Self::NoReference { .. } => "no_reference",
            Self::NotRepresentable { .. } => "not_representable",
            Self::OtherCurrency { .. } => "other_currency",
            Self::WouldCross { .. } => "would_cross",
            Self::SentElsewhere { .. } => "sent_elsewhere",
            Self::NoEquivalent { .. } => "no_equivalent",
        }
    }

    /// FIX tag 103, `OrdRejReason`.
    pub fn ord_rej_reason(&self) -> u16 {
        match self {
            Self::OutsideSession { .. } => 2,
            Self::QtyMax { .. }
            | Self::NotionalMax { .. }
            | Self::PositionMax { .. }
            | Self::DailyLossMax { .. }
            | Self::RateMax { .. }
            | Self::TooMany { .. } => 3,
            Self::AfterCutoff { .. } | Self::CutoffNear { .. } | Self::AuctionLeft { .. } => 4,
            Self::Repeated { .. }
            | Self::OrderIdUsed { .. }
            | Self::DecisionTaken { .. }
            | Self::OrderIdRange { .. } => 6,
            Self::NotWorking { .. } | Self::ParentUnknown { .. } => 5,
            Self::Stale { .. }
            | Self::NoQuote { .. }
            | Self::StreamStill { .. }
            | Self::WaitedTooLong { .. } => 8,
            Self::Unbounded { .. }
            | Self::WordUnknown { .. }
            | Self::OrderChanged { .. }
            | Self::HeldForClose { .. }
            | Self::Divided { .. }
            | Self::NotDivided { .. } => 11,
            Self::QtyZero => 13,
            Self::AccountMissing { .. } | Self::AccountNotAllowed { .. } | Self::AccountChanged { .. } => 15,
            Self::Collar { .. } | Self::NoReference { .. } => 16,
            Self::Unreadable { .. }
            | Self::NotOwned { .. }
            | Self::GroupNotOwned { .. }
            | Self::ContractUnknown { .. }
            | Self::ContractMismatch { .. }
            | Self::ContractDiffers { .. }
            | Self::ContractAmbiguous { .. }
            | Self::ContractUnconfirmed { .. }
            | Self::Halted { .. }
            | Self::NotReconciled { .. }
            | Self::Unexplained { .. }
            | Self::ReadOnly
            | Self::ClosedElsewhere { .. }
            | Self::LinkChanged
            | Self::GroupDenied { .. }
            | Self::Recalled { .. }
            | Self::CalendarUnknown { .. }
            | Self::HoursDisputed { .. }
            | Self::NotRepresentable { .. }
            | Self::OtherCurrency { .. }
            | Self::WouldCross { .. }
            | Self::SentElsewhere { .. }
            | Self::NoEquivalent { .. } => 99,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { why } => write!(f, "the order cannot be read: {why}"),
            Self::Unbounded { feature } => write!(f, "{feature} cannot be bounded by any guard yet"),
            Self::WordUnknown { field, word } => {
                write!(f, "what the {field} `{}` can do is not known to any guard", word.escape_debug())
            }
            Self::QtyZero => f.write_str("the quantity is zero"),
            Self::OrderIdRange { order_id } => {
                write!(f, "order id {order_id} is outside 1 to {}", limits::ORDER_ID_MAX)
            }
            Self::OrderChanged { what } => write!(f, "a change may not alter the {what}"),
            Self::NotWorking { order_id } => write!(f, "order {order_id} is not working any more"),
            Self::ParentUnknown { parent_id } => {
                write!(f, "parent order {parent_id} is not known to the venue")
            }
            Self::TooMany { what, max } => write!(f, "more than {max} {what}"),
            Self::AccountMissing { allowed } => {
                write!(f, "the order names no account; this bot may use {}", List(allowed))
            }
            Self::AccountNotAllowed { account, allowed } => {
                write!(f, "account {account} is not this bot's; it may use {}", List(allowed))
            }
            Self::AccountChanged { was, asked } => {
                write!(f, "a change may not move the order from account {was} to {asked}")
            }
            Self::NotOwned { instrument } => write!(f, "{instrument} is not among this bot's instruments"),
            Self::GroupNotOwned { group, account } => {
                let group = group.escape_debug();
                write!(
                    f,
                    "somebody else's order works in the one-cancels-all group `{group}` of {account}; name it otherwise"
                )
            }
            Self::ContractUnknown { symbol } if symbol.is_empty() => {
                f.write_str("the contract has neither a symbol nor a known number")
            }
            Self::ContractUnknown { symbol } => write!(f, "the contract of {symbol} is not known"),
            Self::ContractMismatch { instrument, con_id } => {
                write!(f, "contract number {con_id} is not {instrument}'s")
            }
            Self::ContractDiffers { instrument, field, asked } => {
                write!(f, "the {field} `{}` is not that of {instrument}", asked.escape_debug())
            }
            Self::ContractAmbiguous { instrument } => {
                write!(
                    f,
                    "{instrument} is more than one contract at the broker; the configuration has to say which"
                )
            }
            Self::ContractUnconfirmed { con_id } => {
                write!(f, "contract number {con_id} has not been confirmed by the broker")
            }
            Self::Halted { level, by, reason } => write!(f, "halted ({level}) by {by}: {reason}"),
            Self::NotReconciled { waiting_for } => {
                write!(f, "not reconciled with the broker, waiting for {waiting_for}")
            }
            Self::WaitedTooLong { waited, max } => {
                write!(f, "waited {} for the disk, limit {}", Span(*waited), Span(*max))
            }
            Self::LinkChanged => f.write_str("the connection that the order was decided for is gone"),
            Self::GroupDenied { member, guard } => {
                write!(f, "order {member} of the same group was denied by {guard}")
            }
            Self::Recalled { member } => {
                write!(f, "the cancel of order {member} came before this change had left")
            }
            _ => self.fmt_market(f),
        }
    }
}

impl Reason {
    fn fmt_market(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedElsewhere { instrument, account, held, foreign } => write!(
                f,
                "the bot's {held} {instrument} were met in {account} by {foreign} that no bot traded; this would \
                 reverse the account's holding"
            ),
            Self::ReadOnly => {
                f.write_str("the broker's API is read-only; untick that in the API settings of TWS")
            }
            Self::Unexplained { account, instrument } => write!(
                f,
                "the broker's {instrument} in {account} is explained by no execution; \
                 see `plimsoll breaks`, and `plimsoll accept` if the broker is right"
            ),
            Self::OutsideSession { next_open } => {
                write!(f, "the market is closed until {}", Local(next_open))
            }
            Self::CalendarUnknown { why } => write!(f, "no trading calendar: {why}"),
            Self::HoursDisputed { dispute } => write!(f, "{dispute}; a person has to decide"),
            Self::AfterCutoff { auction, instrument, cutoff, rule } => {
                let cutoff = Local(cutoff);
                write!(f, "{auction} orders of {instrument} had to be in by {cutoff} ({rule})")
            }
            Self::CutoffNear { auction, instrument, cutoff, rule, margin } => {
                let (cutoff, uncertainty, ack) = (Local(cutoff), Span(margin.uncertainty), Span(margin.ack));
                write!(
                    f,
                    "{auction} orders of {instrument} have to be in by {cutoff} ({rule}) and this one could come late: \
                     time is known to {uncertainty}, the venue answers within {ack}"
                )
            }
            Self::AuctionLeft { instrument, date } => {
                write!(
                    f,
                    "the on-close orders of {instrument} of {date} have left as one; this one comes too late"
                )
            }
            Self::HeldForClose { order_id } => write!(
                f,
                "order {order_id} is held for the closing auction and cannot be changed; cancel it and place another"
            ),
            Self::Divided { order_id } => write!(
                f,
                "order {order_id} is divided over several accounts and cannot be changed; cancel it and place another"
            ),
            Self::NotDivided { allocation, why } => write!(f, "not divided by {allocation}: {why}"),
            Self::Repeated { of, age, window } => {
                write!(f, "the same as {of} {} ago, window {}", Span(*age), Span(*window))
            }
            Self::OrderIdUsed { order_id } => write!(f, "order id {order_id} was used before"),
            Self::DecisionTaken { decision, by } => {
                write!(f, "decision `{}` was carried out by {by}", decision.escape_default())
            }
            Self::Stale { instrument, field, age, max } => {
                // Without a field, nothing of its quote moves.
                if let Some(field) = field {
                    write!(f, "the {field} of ")?;
                }
                write!(f, "{instrument} last struck {} ago, limit {}", Span(*age), Span(*max))
            }
            Self::NoQuote { instrument } => write!(f, "no quote of {instrument} has been seen"),
            Self::StreamStill { instrument, age, max } => {
                let (age, max) = (Span(*age), Span(*max));
                write!(f, "the bot's own prices of {instrument} stopped {age} ago, limit {max}")
            }
            _ => self.fmt_limit(f),
        }
    }

    fn fmt_limit(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QtyMax { qty, max } => write!(f, "quantity {qty}, limit {max}"),
            Self::NotionalMax { notional, max } => write!(f, "order of {notional}, limit {max}"),
            Self::PositionMax { notional, max } => write!(f, "position would be {notional}, limit {max}"),
            Self::DailyLossMax { loss, max } => write!(f, "lost {loss} today, limit {max}"),
            Self::RateMax { count, max } => write!(f, "{count} orders in the last minute, limit {max}"),
            Self::Collar { px, reference, collar } => {
                let percent = collar.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(*collar).normalize();
                write!(f, "price {px} is more than {percent} % from {reference}")
            }
            Self::NoReference { instrument } => write!(f, "no reference price of {instrument}"),
            Self::NotRepresentable { what } => write!(f, "{what} has more than 28 digits"),
            Self::OtherCurrency { limit, traded } => {
                write!(f, "the limit {limit} cannot bound what is in {traded}")
            }
            Self::WouldCross { with } => write!(f, "{with}"),
            Self::SentElsewhere { with, sent } => write!(f, "{with}; in its place {sent} was sent"),
            Self::NoEquivalent { with, why } => write!(f, "{with}, and nothing was sent in its place: {why}"),
            other => unreachable!("invariant: every reason has a text: {other:?}"),
        }
    }
}

/// By how much an order must be early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margin {
    /// How far off corrected time may be.
    pub uncertainty: Duration,
    /// How long the venue takes to answer.
    pub ack: Duration,
}

/// An instant as the exchange's own clock shows it.
struct Local<'a>(&'a Zoned);

impl fmt::Display for Local<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M:%S %Q"))
    }
}

/// Accounts for people.
struct List<'a>(&'a [Account]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, account) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{account}")?;
        }
        Ok(())
    }
}

/// A duration for people: `14m12s`, `15s`, `800ms`.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secs, millis) = (self.0.as_secs(), self.0.subsec_millis());
        match (secs / 3600, secs / 60 % 60, secs % 60) {
            (0, 0, 0) => write!(f, "{millis}ms"),
            (0, 0, s) if millis == 0 || s >= 10 => write!(f, "{s}s"),
            (0, 0, s) => write!(f, "{s}.{:01}s", millis / 100),
            (0, m, 0) => write!(f, "{m}m"),
            (0, m, s) => write!(f, "{m}m{s}s"),
            (h, m, _) => write!(f, "{h}h{m}m"),
        }
    }
}
