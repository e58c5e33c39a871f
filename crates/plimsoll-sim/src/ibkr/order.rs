//! An order as the venue keeps it.
//!
//! Owns the facts of one order and its life cycle in TWS's words. Quantities are whole shares and prices
//! whole cents: what does not fit was refused at the door.

use jiff::Timestamp;
use jiff::civil::Date;
use plimsoll_model::{Account, ClientId, OrdType, OrderId, PermId, Side, TimeInForce};
use rust_decimal::Decimal;

use crate::ibkr::fees::Charged;
use crate::ibkr::style::Style;
use crate::ibkr::terms::{Adjustment, Terms, Trail};
use crate::market::Sym;

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Sent with transmit=0: known to nobody until it is released.
    Staged,
    /// Taken by TWS while it had no server; the exchange has not seen it.
    Kept,
    /// Accepted, not working: the reason is TWS's `whyHeld`, or empty.
    Held(&'static str),
    /// Working.
    Working,
    /// A cancel is under way.
    PendingCancel,
    /// Executed in full.
    Filled,
    /// Ended without being executed in full.
    Canceled,
    /// Refused.
    Inactive,
}

impl State {
    /// TWS's word.
    pub(crate) const fn as_wire(self) -> &'static str {
        match self {
            Self::Staged => "ApiPending",
            Self::Kept => "PendingSubmit",
            Self::Held(_) => "PreSubmitted",
            Self::Working => "Submitted",
            Self::PendingCancel => "PendingCancel",
            Self::Filled => "Filled",
            Self::Canceled => "Cancelled",
            Self::Inactive => "Inactive",
        }
    }

    /// Whether the order can still be executed.
    pub(crate) const fn is_open(self) -> bool {
        match self {
            Self::Staged | Self::Kept | Self::Held(_) | Self::Working | Self::PendingCancel => true,
            Self::Filled | Self::Canceled | Self::Inactive => false,
        }
    }

    /// Whether the exchange, and with it others, may know of it.
    pub(crate) const fn is_listed(self) -> bool {
        match self {
            Self::Held(_) | Self::Working | Self::PendingCancel => true,
            Self::Staged | Self::Kept | Self::Filled | Self::Canceled | Self::Inactive => false,
        }
    }

    /// Whether TWS lists it to clients: what is at the exchange, and what is to go there.
    pub(crate) const fn is_known_to_tws(self) -> bool {
        matches!(self, Self::Kept) || self.is_listed()
    }
}

/// What happens to the other orders of a one-cancels-all group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OcaRule {
    /// Any execution cancels the others: `ocaType` 1.
    Cancel,
    /// An execution takes its size from the others: `ocaType` 2 and 3, and the legs of a bracket.
    Reduce,
}

impl OcaRule {
    /// The rule of an `ocaType`; where none was sent TWS takes 3.
    pub(crate) const fn of(oca_type: i32) -> Self {
        if oca_type == 1 { Self::Cancel } else { Self::Reduce }
    }
}

/// A one-cancels-all group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Oca {
    /// Its name; groups are per account.
    pub(crate) group: Box<str>,
    /// Its rule.
    pub(crate) rule: OcaRule,
}

/// One order.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "the field's own words: order_id, order_ref")]
pub(crate) struct Order {
    /// The account-wide number.
    pub(crate) perm_id: PermId,
    /// Who sent it; zero for orders made by hand.
    pub(crate) client: ClientId,
    /// The client's number; zero for orders made by hand.
    pub(crate) order_id: OrderId,
    /// For whom.
    pub(crate) account: Account,
    /// Of what.
    pub(crate) sym: Sym,
    /// Which way.
    pub(crate) side: Side,
    /// Shares in all.
    pub(crate) qty: i64,
    /// Shares executed.
    pub(crate) cum_qty: i64,
    /// Decimal places of its prices' unit: two, cents, but for currencies.
    pub(crate) scale: u32,
    /// Units times shares executed.
    pub(crate) turnover: i128,
    /// The last execution's price in cents; zero before the first.
    pub(crate) last_px: i64,
    /// Commission so far.
    pub(crate) commission: Decimal,
    /// What kind, in TWS's word.
    pub(crate) ord_type: OrdType,
    /// How it works.
    pub(crate) style: Style,
    /// What it asks beyond the usual.
    pub(crate) terms: Terms,
    /// The accounts among which an adviser's order is divided, with their shares of it; else empty.
    pub(crate) allocation: Vec<(Account, i64)>,
    /// What was executed for and charged to each account.
    pub(crate) charged: Vec<(Account, Charged)>,
    /// What was executed of and charged for each leg of a combination.
    pub(crate) legs_charged: Vec<Charged>,
    /// How far its stop stays behind the market.
    pub(crate) trail: Option<Trail>,
    /// How far the limit of a trailing stop lies behind the stop, in cents.
    pub(crate) limit_offset: i64,
    /// How far a pegged order lies ahead of the best price, or away from what it is pegged to, in cents.
    pub(crate) peg_offset: i64,
    /// What its stop becomes.
    pub(crate) adjustment: Option<Adjustment>,
    /// Its time and its conditions have come.
    pub(crate) armed: bool,
    /// How long.
    pub(crate) tif: TimeInForce,
    /// The end of a good-till-date order.
    pub(crate) good_till: Option<Timestamp>,
    /// In cents.
    pub(crate) limit_px: Option<i64>,
    /// In cents.
    pub(crate) stop_px: Option<i64>,
    /// An exchange has it.
    pub(crate) placed: bool,
    /// A stop whose price was touched.
    pub(crate) triggered: bool,
    /// The parent of a bracket's leg.
    pub(crate) parent: Option<PermId>,
    /// The parent in the client's own number.
    pub(crate) parent_id: Option<OrderId>,
    /// The group.
    pub(crate) oca: Option<Oca>,
    /// Asked to work outside regular hours.
    pub(crate) outside_rth: bool,
    /// The client's text.
    pub(crate) order_ref: Box<str>,
    /// The trade date on which it works first.
    pub(crate) trade_date: Date,
    /// When it was accepted.
    pub(crate) entered: Timestamp,
    /// When it ended.
    pub(crate) ended: Option<Timestamp>,
    /// How far it has come.
    pub(crate) state: State,
    /// Why it ended, as `completedStatus` has it.
    pub(crate) end_text: Box<str>,
}

impl Order {
    /// What was executed for and charged to an account, if anything.
    pub(crate) fn charged_to(&self, account: &Account) -> Option<&Charged> {
        self.charged.iter().find(|(of, _)| of == account).map(|(_, charged)| charged)
    }

    /// Notes what was executed for and charged to an account, all in all.
    pub(crate) fn set_charged(&mut self, account: &Account, charged: Charged) {
        match self.charged.iter_mut().find(|(of, _)| of == account) {
            Some((_, known)) => *known = charged,
            None => self.charged.push((account.clone(), charged)),
        }
    }

    /// Shares not yet executed.
    pub(crate) fn leaves_qty(&self) -> i64 {
        self.qty - self.cum_qty
    }

    /// The average price of its executions; zero before the first.
    pub(crate) fn avg_px(&self) -> Decimal {
        Self::average(self.turnover, self.cum_qty, self.scale)
    }

    /// The average price of so many shares for a turnover; zero for none.
    pub(crate) fn average(turnover: i128, shares: i64, scale: u32) -> Decimal {
        if shares == 0 {
            return Decimal::ZERO;
        }
        let value = Decimal::from_i128_with_scale(turnover, scale);
        (value / Decimal::from(shares)).round_dp(8).normalize()
    }

    /// Who gets what of an execution: its account, or the accounts of an adviser's group in proportion to what
    /// each still lacks, odd shares to those that lack most.
    pub(crate) fn split(&self, qty: i64) -> Vec<(Account, i64)> {
        if self.allocation.is_empty() {
            return vec![(self.account.clone(), qty)];
        }
        let got = |account: &Account| self.charged_to(account).map_or(0, |charged| charged.shares);
        let lacks: Vec<i64> =
            self.allocation.iter().map(|(account, share)| (share - got(account)).max(0)).collect();
        let weights: Vec<Decimal> = lacks.iter().map(|lack| Decimal::from(*lack)).collect();
        let shares = crate::ibkr::adviser::divide(qty, &weights);
        let parts = self.allocation.iter().map(|(account, _)| account.clone()).zip(shares);
        parts.filter(|(_, qty)| *qty > 0).collect()
    }

    /// Whether it may be executed at this price in cents.
    pub(crate) fn accepts(&self, px: i64) -> bool {
        let bounded = match self.style {
            Style::Limit
            | Style::StopLimit
            | Style::TrailLimit
            | Style::LimitIfTouched
            | Style::LimitOnClose
            | Style::ToLimit
            | Style::Relative
            | Style::Midprice
            | Style::PegMid
            | Style::PegBest
            | Style::PegMarket => self.limit_px,
            Style::Market | Style::Stop | Style::Trail | Style::IfTouched | Style::OnClose => None,
        };
        bounded.is_none_or(|limit| match self.side {
            Side::Buy => px <= limit,
            Side::Sell => px >= limit,
        })
    }

    /// Whether its group is the one that the venue makes of a bracket's legs.
    pub(crate) fn is_grouped_by_venue(&self) -> bool {
        let group = self.oca.as_ref().map(|oca| &*oca.group);
        self.parent.is_some_and(|parent| group == Some(&*parent.to_string()))
    }

    /// Whether it waits for a price before it works.
    pub(crate) fn waits_for_trigger(&self) -> bool {
        self.style.has_trigger() && !self.triggered
    }

    /// Whether it is bounded by a price while it rests.
    pub(crate) fn is_bounded(&self) -> bool {
        match self.style {
            Style::Limit | Style::StopLimit | Style::TrailLimit | Style::LimitIfTouched => true,
            Style::ToLimit => self.limit_px.is_some(),
            _ => false,
        }
    }

    /// The smallest execution that it accepts.
    pub(crate) fn smallest_qty(&self) -> i64 {
        let leaves = self.leaves_qty();
        match self.terms.min_qty {
            _ if self.terms.all_or_none || self.tif == TimeInForce::FillOrKill => leaves,
            Some(min) if self.cum_qty == 0 => i64::from(min).clamp(1, leaves.max(1)),
            _ => 1,
        }
    }

    /// Whether it takes part in the opening auction only.
    pub(crate) fn is_on_open(&self) -> bool {
        matches!(&self.tif, TimeInForce::AtTheOpening)
            || matches!(&self.tif, TimeInForce::Other(word) if &**word == "AUC")
    }

    /// Whether a trailing stop may hang on it.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self.style, Style::Limit | Style::StopLimit)
    }

    /// Whether it also works in early and late trading, should its instrument have any.
    pub(crate) fn works_outside(&self) -> bool {
        let bounded = self.is_bounded() || self.style.has_trigger();
        self.outside_rth && bounded && !self.is_on_open() && self.terms.legs.is_empty()
    }

    /// Whether it ends with its trade date.
    pub(crate) fn is_for_one_day(&self) -> bool {
        !matches!(self.tif, TimeInForce::GoodTillCancel | TimeInForce::GoodTillDate)
    }

    /// `BUY 100 SPY MOC`, for texts; the caller knows the symbol.
    pub(crate) fn describe(&self, symbol: &str) -> String {
        format!("{} {} {symbol} {}", self.side, self.qty, self.ord_type)
    }
}

/// A price in dollars from cents.
pub(crate) fn dollars(cents: i64) -> Decimal {
    Decimal::new(cents, 2)
}
