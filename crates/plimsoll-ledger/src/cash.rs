//! Money that comes and goes without an execution: dividends, interest, fees, transfers.
//!
//! Each booking counts once, under the broker's number of it. Sums are exact, by account and currency; sums of
//! different currencies do not exist.

use std::collections::BTreeMap;

use plimsoll_model::{Account, Currency, InstrumentId, Money};
use rust_decimal::Decimal;

use crate::exact;

/// What money came or went for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CashKind {
    /// Of a holding.
    Dividend,
    /// In the place of a dividend, of a holding that was lent.
    PaymentInLieu,
    /// Withheld from dividends and interest.
    WithholdingTax,
    /// The broker's, received or paid.
    Interest,
    /// A bond's.
    BondInterest,
    /// Market data, advice, what else the broker charges.
    Fee,
    /// A commission that was charged anew.
    CommissionAdjustment,
    /// Put in or taken out.
    Transfer,
    /// On fees.
    SalesTax,
    /// On trades, booked by itself.
    TransactionTax,
    /// Of a perpetual swap, every few hours.
    Funding,
    /// What a corporate action paid.
    CorporateAction,
    /// Anything else.
    Other,
}

impl CashKind {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dividend => "dividend",
            Self::PaymentInLieu => "payment_in_lieu",
            Self::WithholdingTax => "withholding_tax",
            Self::Interest => "interest",
            Self::BondInterest => "bond_interest",
            Self::Fee => "fee",
            Self::CommissionAdjustment => "commission_adjustment",
            Self::Transfer => "transfer",
            Self::SalesTax => "sales_tax",
            Self::TransactionTax => "transaction_tax",
            Self::Funding => "funding",
            Self::CorporateAction => "corporate_action",
            Self::Other => "other",
        }
    }

    /// Whether it is a result of what the account holds or does; what is put in or taken out is none.
    pub const fn is_profit(self) -> bool {
        !matches!(self, Self::Transfer)
    }
}

/// One booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashPosting {
    /// Whose.
    pub account: Account,
    /// How much; below zero what was paid.
    pub amount: Money,
    /// What for.
    pub kind: CashKind,
    /// Of what, if it is about an instrument.
    pub instrument: Option<InstrumentId>,
}

/// What became of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashPosted {
    /// It was not known and now counts.
    New,
    /// It was known already; nothing changed.
    Duplicate,
}

/// Why a booking was not posted. Nothing changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CashError {
    /// One number, two bookings.
    #[error(
        "booking {id} is {given}, but was {known} before; the first was kept; compare both with the broker's statement"
    )]
    Conflict {
        /// The number.
        id: Box<str>,
        /// As posted.
        known: Money,
        /// As given now.
        given: Money,
    },
    /// The sum needs more than 28 digits.
    #[error(
        "the sum of {currency} in {account} with booking {id} would need more than 28 digits; nothing was posted"
    )]
    DoesNotFit {
        /// The number.
        id: Box<str>,
        /// Whose.
        account: Account,
        /// In which currency.
        currency: Currency,
    },
}

/// All bookings, and the sums that follow from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CashBook {
    postings: BTreeMap<Box<str>, CashPosting>,
    sums: BTreeMap<(Account, Currency, CashKind), Decimal>,
}

impl CashBook {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// Posts a booking, once.
    pub fn post(&mut self, id: &str, posting: CashPosting) -> Result<CashPosted, CashError> {
        if let Some(known) = self.postings.get(id) {
            return if *known == posting {
                Ok(CashPosted::Duplicate)
            } else {
                Err(CashError::Conflict { id: id.into(), known: known.amount, given: posting.amount })
            };
        }
        let Money { amount, currency } = posting.amount;
        let key = (posting.account.clone(), currency, posting.kind);
        let before = self.sums.get(&key).copied().unwrap_or_default();
        let sum = exact::add(before, amount).ok_or_else(|| CashError::DoesNotFit {
            id: id.into(),
            account: posting.account.clone(),
            currency,
        })?;
        self.sums.insert(key, sum);
        self.postings.insert(id.into(), posting);
        Ok(CashPosted::New)
    }

    /// Every sum, by account, currency and kind.
    pub fn sums(&self) -> impl Iterator<Item = (&Account, CashKind, Money)> {
        self.sums.iter().map(|((account, currency, kind), sum)| {
            (account, *kind, Money { amount: *sum, currency: *currency })
        })
    }

    /// Everything that came and went in a currency; none if no exact number fits.
    pub fn total(&self, account: &Account, currency: Currency) -> Option<Money> {
        let of_it = self.sums().filter(|(of, _, sum)| *of == account && sum.currency == currency);
        let mut total = Decimal::ZERO;
        for (_, _, sum) in of_it {
            total = exact::add(total, sum.amount)?;
        }
        Some(Money { amount: total, currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(amount: &str, kind: CashKind) -> CashPosting {
        let amount = Money::parse(amount).unwrap();
        CashPosting { account: Account::new("U1").unwrap(), amount, kind, instrument: None }
    }

    #[test]
    fn a_booking_counts_once_and_currencies_stay_apart() {
        let mut book = CashBook::new();
        let account = Account::new("U1").unwrap();
        let dividend = posting("10.56 USD", CashKind::Dividend);
        assert_eq!(book.post("1", dividend.clone()), Ok(CashPosted::New));
        assert_eq!(book.post("1", dividend), Ok(CashPosted::Duplicate));
        assert_eq!(book.post("2", posting("-1.58 USD", CashKind::WithholdingTax)), Ok(CashPosted::New));
        assert_eq!(book.post("3", posting("-8.58 EUR", CashKind::Fee)), Ok(CashPosted::New));
        // By hand: 10.56 - 1.58.
        assert_eq!(book.total(&account, Currency::USD).unwrap().to_string(), "8.98 USD");
        assert_eq!(book.total(&account, Currency::new("EUR").unwrap()).unwrap().to_string(), "-8.58 EUR");
    }

    #[test]
    fn a_second_booking_under_one_number_is_refused() {
        let mut book = CashBook::new();
        book.post("1", posting("10 USD", CashKind::Dividend)).unwrap();
        let error = book.post("1", posting("11 USD", CashKind::Dividend)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "booking 1 is 11 USD, but was 10 USD before; the first was kept; compare both with the broker's statement"
        );
        assert_eq!(book.total(&Account::new("U1").unwrap(), Currency::USD).unwrap().to_string(), "10 USD");
    }

    #[test]
    fn a_sum_that_does_not_fit_changes_nothing() {
        let mut book = CashBook::new();
        book.post("1", posting("79228162514264337593543950335 USD", CashKind::Transfer)).unwrap();
        assert!(book.post("2", posting("0.01 USD", CashKind::Transfer)).is_err());
        assert_eq!(book.sums().count(), 1);
    }
}
