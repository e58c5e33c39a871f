//! Trades: executions, their corrections and cancellations, and what the broker booked like them.

use std::fmt;

use jiff::civil::Date;
use plimsoll_ledger::Terms;
use plimsoll_model::{
    Account, ConId, Contract, Currency, ExecId, InstrumentId, Money, Price, Qty, SecType, Side,
};
use rust_decimal::Decimal;

use crate::error::shown;
use crate::moment::Moment;
use crate::row::Row;

/// More places than this has no price; a quotient that has them was rounded.
const PX_PLACES_MAX: u32 = 12;

/// How a trade came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradeKind {
    /// On an exchange.
    Exchange,
    /// Booked by the broker: an exercise, an assignment, an expiry, a trade of a corporate action.
    Book,
    /// Takes an earlier one back.
    Cancel,
    /// Any other word of the broker's.
    Other(Box<str>),
}

/// One trade of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Where in the file.
    pub line: u64,
    /// Whose.
    pub account: Account,
    /// How it came about.
    pub kind: TradeKind,
    /// Of what.
    pub asset: Asset,
    /// Which way; of a cancellation that of the trade that it takes back.
    pub side: Side,
    /// Signed: above zero what the account got. A cancellation has the opposite sign of its trade.
    pub signed_qty: Decimal,
    /// The price as written, or what exactly follows from sums; none where the query has neither.
    pub px: Option<Price>,
    /// A price that follows from sums and had to be rounded: good enough to book, and not to be compared.
    pub rounded_px: Option<Price>,
    /// What the principal brought in, as written.
    pub proceeds: Option<Decimal>,
    /// What the broker charged, above zero if it was paid; none where the query leaves it out: unknown, never zero.
    pub commission: Option<Money>,
    /// Taxes of the trade in its currency, above zero if they were paid.
    pub taxes: Decimal,
    /// What the broker says that the trade moved in cash.
    pub net_cash: Option<Decimal>,
    /// Realised by the broker's count, lot by lot.
    pub realised: Option<Decimal>,
    /// In units of the base currency.
    pub fx_to_base: Option<Decimal>,
    /// The price of that day's close.
    pub close_px: Option<Price>,
    /// When, as far as the query says.
    pub at: Option<Moment>,
    /// The day that it counts for.
    pub report_date: Option<Date>,
    /// The execution's id: what the API calls `execId`.
    pub exec_id: Option<ExecId>,
    /// The broker's number of the trade.
    pub trade_id: Option<Box<str>>,
    /// The broker's number of the booking.
    pub transaction_id: Option<Box<str>>,
    /// Of a cancellation or a correction: the trade that it is about.
    pub original_trade_id: Option<Box<str>>,
    /// What the bot's order was called.
    pub order_ref: Option<Box<str>>,
    /// The broker's number of the order.
    pub order_id: Option<Box<str>>,
    /// Whether it came through the API; none where the query leaves that out.
    pub by_api: Option<bool>,
    /// The broker's codes: `A` assignment, `Ex` exercise, `Ep` expired, `P` partial, `Ca` canceled, `Co` corrected.
    pub codes: Vec<Box<str>>,
}

/// What was traded or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Ours.
    pub instrument: InstrumentId,
    /// The broker's number.
    pub con_id: Option<ConId>,
    /// What a price of it means.
    pub terms: Terms,
    /// The kind.
    pub sec_type: SecType,
}

impl Asset {
    /// Whether its price is paid when it is bought. Of futures and contracts for difference only charges are.
    pub fn is_paid_for(&self) -> bool {
        match &self.sec_type {
            SecType::Stock | SecType::Option | SecType::Combo => true,
            SecType::Future | SecType::FutureOption | SecType::Forex => false,
            SecType::Other(word) => &**word != "CFD",
        }
    }

    /// Of what the fields say; nothing and a problem where they do not say enough.
    pub(crate) fn read(row: &mut Row<'_>) -> Option<Self> {
        let currency = match row.text("assetCategory") {
            // A pair names its own currencies.
            Some("CASH") => row.currency("currency").unwrap_or(Currency::USD),
            _ => row.needed_currency("currency")?,
        };
        Self::read_in(row, currency)
    }

    /// The same for rows that name no currency.
    pub(crate) fn read_in(row: &mut Row<'_>, currency: Currency) -> Option<Self> {
        let symbol = row.needed("symbol")?;
        let word = match row.text("assetCategory") {
            // A fund, a bond, a warrant have other words; a query without the field means stocks.
            None | Some("STK") => "STK",
            Some(word) => word,
        };
        let sec_type = SecType::from_wire(word);
        let is_derivative = matches!(sec_type, SecType::Option | SecType::Future | SecType::FutureOption);
        let (symbol, currency) = match (&sec_type, symbol.split_once('.')) {
            (SecType::Forex, Some((base, quote))) => {
                let Some(quote) = Currency::new(quote) else {
                    row.wrong(&format!("symbol `{}` is no pair of currencies", shown(symbol)));
                    return None;
                };
                (base, quote)
            }
            _ => (symbol, currency),
        };
        let underlying = row.text("underlyingSymbol").filter(|_| is_derivative);
        let strike = if is_derivative { row.number("strike") } else { None };
        let expiry = row.date("expiry").filter(|_| is_derivative);
        let multiplier = row.number("multiplier").filter(|number| *number > Decimal::ZERO);
        if !row.is_sound() {
            return None;
        }
        let contract = Contract {
            con_id: row.con_id(),
            // The API names a derivative by what it is on.
            symbol: underlying.unwrap_or(symbol).into(),
            sec_type,
            expiry: expiry.map(|date| date.strftime("%Y%m%d").to_string()).unwrap_or_default().into(),
            strike,
            right: row.text("putCall").filter(|_| is_derivative).unwrap_or_default().into(),
            multiplier,
            currency: currency.as_str().into(),
            ..Contract::stock("", currency)
        };
        let (Some(instrument), Some(terms)) = (InstrumentId::of(&contract), Terms::of(&contract)) else {
            row.wrong("multiplier is missing, and one unit instead of a hundred would be a wrong amount");
            return None;
        };
        Some(Self { instrument, con_id: contract.con_id, terms, sec_type: contract.sec_type })
    }
}

impl Trade {
    /// How much, whichever way.
    pub fn qty(&self) -> Qty {
        Qty::new(self.signed_qty.abs()).expect("a size without its sign is not negative")
    }

    /// Whether it takes another one back.
    pub fn is_cancel(&self) -> bool {
        self.kind == TradeKind::Cancel
    }

    /// The execution that this is, or is about, in the word of whichever number the statement has.
    pub fn name(&self) -> TradeName<'_> {
        TradeName(self)
    }

    /// Reads a `Trade` row; nothing if it is not to be used, and then a problem says why.
    pub(crate) fn read(row: &mut Row<'_>) -> Option<Self> {
        let account = row.account();
        let asset = Asset::read(row);
        let signed_qty = row.needed_number("quantity");
        let (side, canceled) = side(row, signed_qty)?;
        let kind = match row.text("transactionType") {
            Some("TradeCancel") => TradeKind::Cancel,
            _ if canceled => TradeKind::Cancel,
            None | Some("ExchTrade") => TradeKind::Exchange,
            Some("BookTrade") => TradeKind::Book,
            Some(other) => TradeKind::Other(other.into()),
        };
        let proceeds = row.number("proceeds");
        let currency = row.currency("currency").or_else(|| asset.as_ref().map(|asset| asset.terms.currency));
        let commission = match (row.number("ibCommission"), row.currency("ibCommissionCurrency").or(currency))
        {
            (Some(amount), Some(currency)) => Some(Money { amount: -amount, currency }),
            _ => None,
        };
        let at = match row.text("dateTime") {
            Some(_) => row.moment("dateTime"),
            None => row.moment_of("tradeDate", "tradeTime"),
        };
        let trade = Self {
            line: row.line(),
            side,
            kind,
            proceeds,
            commission,
            taxes: -row.number("taxes").unwrap_or_default(),
            net_cash: row.number("netCash"),
            realised: row.number("fifoPnlRealized"),
            fx_to_base: row.number("fxRateToBase").filter(|rate| *rate > Decimal::ZERO),
            close_px: row.number("closePrice").filter(|px| !px.is_zero()).map(Price::new),
            px: None,
            rounded_px: None,
            at,
            report_date: row.date("reportDate"),
            exec_id: row.text("ibExecID").and_then(ExecId::new),
            trade_id: row.boxed("tradeID"),
            transaction_id: row.boxed("transactionID"),
            original_trade_id: row.boxed("origTradeID"),
            order_ref: row.boxed("orderReference"),
            order_id: row.boxed("ibOrderID"),
            by_api: row.text("isAPIOrder").map(|word| word == "Y"),
            codes: row
                .text("notes")
                .unwrap_or_default()
                .split(';')
                .map(str::trim)
                .filter(|c| !c.is_empty())
                .map(Into::into)
                .collect(),
            account: account?,
            asset: asset?,
            signed_qty: signed_qty?,
        };
        let (px, rounded_px) = trade.price(row);
        row.is_sound().then_some(Self { px, rounded_px, ..trade })
    }

    /// The price, and one that had to be rounded if there is no other.
    fn price(&self, row: &mut Row<'_>) -> (Option<Price>, Option<Price>) {
        if let Some(px) = row.number("tradePrice") {
            return (Some(Price::new(px)), None);
        }
        let Some((value, units)) = self.value(row) else { return (None, None) };
        let Some(px) = value.checked_div(units).map(|px| px.normalize()) else { return (None, None) };
        if px.scale() <= PX_PLACES_MAX && px.checked_mul(units) == Some(value) {
            return (Some(Price::new(px)), None);
        }
        (None, Some(Price::new(px.round_dp(PX_PLACES_MAX))))
    }

    /// What was paid for how many units, by other columns than the price.
    fn value(&self, row: &mut Row<'_>) -> Option<(Decimal, Decimal)> {
        let units =
            self.signed_qty.checked_mul(self.asset.terms.multiplier).filter(|units| !units.is_zero())?;
        let value = match (row.number("tradeMoney"), self.proceeds) {
            (Some(money), _) => money,
            (None, Some(proceeds)) => -proceeds,
            // What a purchase cost is its price and its charges.
            (None, None) if self.side == Side::Buy && !self.is_cancel() => {
                let charges = self.commission.filter(|fee| fee.currency == self.asset.terms.currency)?;
                row.number("cost")?.checked_sub(charges.amount)?.checked_sub(self.taxes)?
            }
            (None, None) => return None,
        };
        Some((value, units))
    }
}

/// `BUY`, `SELL`, `BUY (Ca.)`; without the word, the sign says it. Second: whether the word says that it cancels.
fn side(row: &mut Row<'_>, signed: Option<Decimal>) -> Option<(Side, bool)> {
    let Some(word) = row.text("buySell") else {
        let buys = signed? > Decimal::ZERO;
        return Some((if buys { Side::Buy } else { Side::Sell }, false));
    };
    let (side, rest) = match word.split_once(' ') {
        Some((side, rest)) => (side, rest),
        None => (word, ""),
    };
    let cancels = rest.starts_with("(Ca");
    let side = match side {
        "BUY" => Side::Buy,
        "SELL" => Side::Sell,
        _ => {
            row.wrong(&format!("buySell `{}` is neither BUY nor SELL", shown(word)));
            return None;
        }
    };
    let negative = signed?.is_sign_negative();
    if !signed?.is_zero() && (side == Side::Sell) != (negative != cancels) {
        row.wrong(&format!("buySell `{}` and quantity {} contradict each other", shown(word), signed?));
        return None;
    }
    Some((side, cancels))
}

/// A trade by the number that the statement has of it.
pub struct TradeName<'a>(&'a Trade);

impl fmt::Display for TradeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trade { exec_id, trade_id, transaction_id, original_trade_id, line, .. } = self.0;
        match (exec_id, trade_id, transaction_id, original_trade_id) {
            (Some(id), ..) => write!(f, "execution {}", shown(id.as_str())),
            (_, Some(id), ..) => write!(f, "trade {}", shown(id)),
            (_, _, Some(id), _) => write!(f, "transaction {}", shown(id)),
            (_, _, _, Some(id)) => write!(f, "cancellation of trade {}", shown(id)),
            _ => write!(f, "the trade in line {line}"),
        }
    }
}
