//! Money that came and went without a trade, and the broker's own sums of it.

use jiff::civil::Date;
use plimsoll_ledger::CashKind;
use plimsoll_model::{Account, Currency, InstrumentId, Money};
use rust_decimal::Decimal;

use crate::moment::Moment;
use crate::row::Row;
use crate::trade::Asset;

/// One booking in cash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashTransaction {
    /// Where in the file.
    pub line: u64,
    /// Whose.
    pub account: Account,
    /// How much; below zero what was paid.
    pub amount: Money,
    /// What for.
    pub kind: CashKind,
    /// The broker's word for that.
    pub word: Box<str>,
    /// In the broker's words.
    pub description: Box<str>,
    /// Of what, if it is about an instrument.
    pub instrument: Option<InstrumentId>,
    /// When, as far as the query says.
    pub at: Option<Moment>,
    /// The day that it counts for.
    pub report_date: Option<Date>,
    /// The broker's number of the booking.
    pub transaction_id: Option<Box<str>>,
    /// In units of the base currency.
    pub fx_to_base: Option<Decimal>,
    /// A sum over others, `levelOfDetail="SUMMARY"`.
    pub is_summary: bool,
}

impl CashTransaction {
    /// Reads a `CashTransaction` row.
    pub(crate) fn read(row: &mut Row<'_>) -> Option<Self> {
        let word = row.needed("type").unwrap_or_default();
        Self::of(row, "amount", kind(word), word)
    }

    /// Reads a row of another section, whose amount is in a field of its own.
    pub(crate) fn of(row: &mut Row<'_>, amount: &str, kind: CashKind, word: &str) -> Option<Self> {
        let is_summary = row.text("levelOfDetail") == Some("SUMMARY");
        let account = row.account();
        let amount = row.needed_number(amount);
        let currency = row.needed_currency("currency");
        // Money is money, whatever it is about: only a plain instrument is named.
        let is_plain =
            matches!(row.text("assetCategory"), None | Some("STK")) && row.text("symbol").is_some();
        let instrument = if is_plain { Asset::read(row) } else { None };
        let at = match row.text("dateTime") {
            Some(_) => row.moment("dateTime"),
            None => row.moment("date"),
        };
        let report_date = row.date("reportDate").or_else(|| at.map(|at| at.date));
        let transaction = Self {
            line: row.line(),
            account: account?,
            amount: Money { amount: amount?, currency: currency? },
            kind,
            word: word.into(),
            description: row
                .text("description")
                .or_else(|| row.text("taxableDescription"))
                .unwrap_or_default()
                .into(),
            instrument: instrument.map(|asset| asset.instrument),
            at,
            report_date,
            transaction_id: row.boxed("transactionID"),
            fx_to_base: row.number("fxRateToBase").filter(|rate| *rate > Decimal::ZERO),
            is_summary,
        };
        row.is_sound().then_some(transaction)
    }
}

/// The broker's words. One that is not known is money all the same.
fn kind(word: &str) -> CashKind {
    match word {
        "Dividends" => CashKind::Dividend,
        "Payment In Lieu Of Dividends" => CashKind::PaymentInLieu,
        "Withholding Tax" | "871(m) Withholding" => CashKind::WithholdingTax,
        "Broker Interest Received" | "Broker Interest Paid" | "Broker Fees" => CashKind::Interest,
        "Bond Interest Received" | "Bond Interest Paid" => CashKind::BondInterest,
        "Other Fees" | "Advisor Fees" | "Client Fees" | "CFD Charges" => CashKind::Fee,
        "Commission Adjustments" => CashKind::CommissionAdjustment,
        "Deposits/Withdrawals" | "Deposits & Withdrawals" => CashKind::Transfer,
        "Sales Tax" => CashKind::SalesTax,
        "Transaction Tax" => CashKind::TransactionTax,
        _ => CashKind::Other,
    }
}

/// The broker's sum for one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashReport {
    /// Where in the file.
    pub line: u64,
    /// Whose.
    pub account: Account,
    /// Which; none for the sum over all, in units of the base currency.
    pub currency: Option<Currency>,
    /// At the beginning.
    pub starting: Decimal,
    /// At the end.
    pub ending: Decimal,
    /// Trades, sales and purchases together, without commissions; none where the query leaves them out.
    pub trades: Option<Decimal>,
    /// Commissions; below zero what was paid.
    pub commissions: Option<Decimal>,
    /// Everything that is listed between the two, once; none if the query leaves parts out.
    pub listed: Decimal,
}

/// What moves cash, each once: `deposits` and `withdrawals` are in `depositWithdrawals`, and so on.
const MOVES: &[&str] = &[
    "clientFees",
    "commissions",
    "referralFee",
    "commissionCreditsRedemption",
    "billableCommissions",
    "depositWithdrawals",
    "carbonCredits",
    "donations",
    "accountTransfers",
    "linkingAdjustments",
    "internalTransfers",
    "paxosTransfers",
    "excessFundSweep",
    "debitCardActivity",
    "billPay",
    "dividends",
    "insuredDepositInterest",
    "brokerInterest",
    "brokerFees",
    "bondInterest",
    "cashSettlingMtm",
    "realizedVm",
    "realizedForexVm",
    "cfdCharges",
    "netTradesSales",
    "netTradesPurchases",
    "advisorFees",
    "feesReceivables",
    "paymentInLieu",
    "transactionTax",
    "taxReceivables",
    "withholdingTax",
    "withholding871m",
    "withholdingCollectedTax",
    "salesTax",
    "billableSalesTax",
    "ipoSubscription",
    "fxTranslationGainLoss",
    "otherFees",
    "otherIncome",
    "other",
];

impl CashReport {
    /// Reads a `CashReportCurrency` row.
    pub(crate) fn read(row: &mut Row<'_>) -> Option<Self> {
        let account = row.account();
        let currency = match row.needed("currency")? {
            "BASE_SUMMARY" => None,
            _ => Some(row.currency("currency")?),
        };
        let (starting, ending) = (row.needed_number("startingCash"), row.needed_number("endingCash"));
        let mut listed = Some(Decimal::ZERO);
        for name in MOVES {
            let amount = row.number(name).unwrap_or_default();
            listed = listed.and_then(|sum| sum.checked_add(amount));
        }
        let trades = match (row.number("netTradesSales"), row.number("netTradesPurchases")) {
            (Some(sales), Some(purchases)) => sales.checked_add(purchases),
            _ => None,
        };
        let commissions = row.number("commissions");
        let report = Self {
            line: row.line(),
            account: account?,
            currency,
            starting: starting?,
            ending: ending?,
            trades,
            commissions,
            listed: listed?,
        };
        row.is_sound().then_some(report)
    }
}
