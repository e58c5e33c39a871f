//! What an account holds and is worth, and what moves holdings besides trades.

use jiff::civil::Date;
use plimsoll_ledger::CashKind;
use plimsoll_model::{Account, Currency, Money, Position, Price};
use rust_decimal::Decimal;

use crate::cash::CashTransaction;
use crate::moment::Moment;
use crate::row::Row;
use crate::trade::Asset;

/// A holding as the statement tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Whose.
    pub account: Account,
    /// Of what.
    pub asset: Asset,
    /// How much at the beginning of the period, where the statement says so.
    pub opening: Option<Position>,
    /// How much at its end.
    pub closing: Position,
    /// What one unit was worth at its end.
    pub mark: Option<Price>,
    /// In units of the base currency.
    pub fx_to_base: Option<Decimal>,
}

impl Holding {
    /// Reads an `OpenPosition` row; nothing for a part of one, `levelOfDetail="LOT"`.
    pub(crate) fn open(row: &mut Row<'_>) -> Option<Self> {
        if row.text("levelOfDetail") == Some("LOT") {
            return None;
        }
        let (account, asset) = (row.account(), Asset::read(row));
        let closing = row.needed_number("position");
        let mark = row.number("markPrice").map(Price::new);
        let fx_to_base = row.number("fxRateToBase");
        let holding = Self {
            account: account?,
            asset: asset?,
            opening: None,
            closing: Position::new(closing?),
            mark,
            fx_to_base,
        };
        row.is_sound().then_some(holding)
    }

    /// Reads an `MTMPerformanceSummaryUnderlying` row; nothing for its sums, which name no instrument, nor for
    /// cash.
    pub(crate) fn both_ends(row: &mut Row<'_>) -> Option<Self> {
        row.text("symbol")?;
        if matches!(row.text("assetCategory"), None | Some("CASH")) {
            return None;
        }
        let (Some(opening), Some(closing)) = (row.number("prevCloseQuantity"), row.number("closeQuantity"))
        else {
            return None;
        };
        // This section is in units of the base currency and names no other; only quantities are taken.
        let (account, asset) = (row.account(), Asset::read_in(row, Currency::USD));
        let (opening, closing) = (Some(Position::new(opening)), Position::new(closing));
        let holding =
            Self { account: account?, asset: asset?, opening, closing, mark: None, fx_to_base: None };
        row.is_sound().then_some(holding)
    }
}

/// What an account was worth on a day, in its base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equity {
    /// Whose.
    pub account: Account,
    /// When.
    pub date: Option<Date>,
    /// How much.
    pub total: Decimal,
}

impl Equity {
    /// Reads an `EquitySummaryByReportDateInBase` row.
    pub(crate) fn by_date(row: &mut Row<'_>) -> Option<Self> {
        let (account, date, total) = (row.account(), row.date("reportDate"), row.needed_number("total"));
        row.is_sound().then_some(())?;
        Some(Self { account: account?, date, total: total? })
    }

    /// Reads a `ChangeInNAV` row.
    pub(crate) fn of_change(row: &mut Row<'_>) -> Option<Self> {
        let (account, date, total) = (row.account(), row.date("toDate"), row.number("endingValue"));
        row.is_sound().then_some(())?;
        Some(Self { account: account?, date, total: total? })
    }
}

/// A corporate action, a transfer of holdings: what moved without a trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where in the file.
    pub line: u64,
    /// Whose.
    pub account: Account,
    /// Of what.
    pub asset: Asset,
    /// How much came; below zero what went.
    pub signed_qty: Decimal,
    /// What it brought in cash.
    pub proceeds: Money,
    /// In the broker's words.
    pub description: Box<str>,
    /// When, as far as the query says.
    pub at: Option<Moment>,
    /// Whether it is a corporate action.
    pub is_corporate_action: bool,
}

impl Move {
    /// Reads a `CorporateAction` row.
    pub(crate) fn corporate_action(row: &mut Row<'_>) -> Option<Self> {
        Self::of(row, "proceeds", true)
    }

    /// Reads a `Transfer` row of an instrument.
    pub(crate) fn transfer(row: &mut Row<'_>) -> Option<Self> {
        Self::of(row, "cashTransfer", false)
    }

    fn of(row: &mut Row<'_>, cash: &str, is_corporate_action: bool) -> Option<Self> {
        let (account, asset) = (row.account(), Asset::read(row));
        let signed_qty = row.needed_number("quantity");
        let proceeds = row.number(cash).unwrap_or_default();
        let at = match row.text("dateTime") {
            Some(_) => row.moment("dateTime"),
            None => row.moment("date"),
        };
        let (account, asset) = (account?, asset?);
        let currency = asset.terms.currency;
        let moved = Self {
            line: row.line(),
            account,
            asset,
            signed_qty: signed_qty?,
            proceeds: Money { amount: proceeds, currency },
            description: row.boxed("description").unwrap_or_default(),
            at,
            is_corporate_action,
        };
        row.is_sound().then_some(moved)
    }
}

/// A `Transfer` row: money, a holding, or both.
pub(crate) fn transfer(row: &mut Row<'_>) -> (Option<Move>, Option<CashTransaction>) {
    if row.text("symbol").is_some() && row.text("quantity").is_some() {
        return (Move::transfer(row), None);
    }
    (None, CashTransaction::of(row, "cashTransfer", CashKind::Transfer, "Transfer"))
}

/// What became of an option: exercised, assigned, expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionEvent {
    /// Whose.
    pub account: Account,
    /// Of what.
    pub asset: Asset,
    /// The broker's word.
    pub what: Box<str>,
    /// How many contracts, signed.
    pub signed_qty: Decimal,
    /// On which day.
    pub date: Option<Date>,
    /// The trade that was booked for it.
    pub trade_id: Option<Box<str>>,
}

impl OptionEvent {
    /// Reads an `OptionEAE` row.
    pub(crate) fn read(row: &mut Row<'_>) -> Option<Self> {
        let (account, asset) = (row.account(), Asset::read(row));
        let what = row.needed("transactionType");
        let signed_qty = row.needed_number("quantity");
        let date = row.date("date");
        let event = Self {
            account: account?,
            asset: asset?,
            what: what?.into(),
            signed_qty: signed_qty?,
            date,
            trade_id: row.boxed("tradeID"),
        };
        row.is_sound().then_some(event)
    }
}

/// What a foreign currency's account moved by, in the broker's separate count of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxMove {
    /// Where in the file.
    pub line: u64,
    /// Whose.
    pub account: Account,
    /// Of which currency, and how much.
    pub amount: Money,
    /// By what, in the broker's words.
    pub description: Box<str>,
    /// When, as far as the query says.
    pub at: Option<Moment>,
}

impl FxMove {
    /// Reads an `FxTransaction` row.
    pub(crate) fn read(row: &mut Row<'_>) -> Option<Self> {
        let account = row.account();
        let (amount, currency) = (row.needed_number("quantity"), row.needed_currency("fxCurrency"));
        let at = row.moment("dateTime");
        let moved = Self {
            line: row.line(),
            account: account?,
            amount: Money { amount: amount?, currency: currency? },
            description: row.boxed("activityDescription").unwrap_or_default(),
            at,
        };
        row.is_sound().then_some(moved)
    }
}

/// What one unit of a currency was worth in the base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// Of which currency.
    pub from: Currency,
    /// In which.
    pub to: Currency,
    /// How much.
    pub rate: Decimal,
}

impl Rate {
    /// Reads a `ConversionRate` row.
    pub(crate) fn read(row: &mut Row<'_>) -> Option<Self> {
        let (from, to) = (row.needed_currency("fromCurrency"), row.needed_currency("toCurrency"));
        let rate = row.needed_number("rate");
        row.is_sound().then_some(())?;
        Some(Self { from: from?, to: to?, rate: rate? })
    }
}
