//! Allocations: one order of a bot over many accounts.
//!
//! Owns: what an allocation is, and how much of an order each of its accounts gets. Does not own: who may ask, whether an
//! account's part may leave, how it is sent, and what the bot is told.
//!
//! An order is divided in **lots**, the steps in which the broker takes quantities. Each account gets the whole lots of
//! its exact share; the lots that are left go one each to the largest remainders, and where two are equal to the account
//! that comes first by its code. All of it is done in whole numbers, so the same order is always divided in the same way.
//!
//! Invariants:
//! * the parts and what is left over are the order, to the last unit;
//! * no account gets a lot or more beyond its exact share, or below it, unless its part is smaller than the smallest
//!   order that the broker takes; then it gets nothing, and nobody gets that in its place.

pub(crate) mod open;
#[cfg(test)]
mod tests;

use plimsoll_model::{Account, BotName, Money, Qty};
use rust_decimal::Decimal;

use crate::limits;

/// One allocation as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// What a bot writes into its order in the place of an account.
    pub name: Account,
    /// Who may use it.
    pub bots: Vec<BotName>,
    /// Which account gets how much.
    pub rule: Rule,
}

/// How an order is divided. The accounts of each rule are distinct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Each account as much as any other.
    Equal(Vec<Account>),
    /// By what each account is worth, as the broker last told.
    Equity(Vec<Account>),
    /// In fixed proportions, all above zero.
    Ratio(Vec<(Account, Decimal)>),
    /// So many units each, all above zero; the order is their sum.
    Table(Vec<(Account, Qty)>),
}

impl Rule {
    /// The word of the configuration.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Equal(_) => "equal",
            Self::Equity(_) => "equity",
            Self::Ratio(_) => "ratio",
            Self::Table(_) => "table",
        }
    }

    /// All accounts, in the order of the file.
    pub fn accounts(&self) -> Vec<&Account> {
        match self {
            Self::Equal(all) | Self::Equity(all) => all.iter().collect(),
            Self::Ratio(all) => all.iter().map(|(account, _)| account).collect(),
            Self::Table(all) => all.iter().map(|(account, _)| account).collect(),
        }
    }
}

/// In what quantities the broker takes orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lots {
    /// By how much one order may be larger than another; above zero.
    pub step: Qty,
    /// The smallest order.
    pub min: Qty,
}

impl Lots {
    /// Single units.
    pub fn units() -> Self {
        Self { step: Qty::whole(1), min: Qty::whole(1) }
    }
}

/// What one account gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Who.
    pub account: Account,
    /// Its exact share of the order, to [`limits::SHARE_PLACES`] digits; for people.
    pub share: Decimal,
    /// Of what it was derived, for people: its equity, its ratio, or nothing.
    pub weight: Option<Decimal>,
    /// What is sent for it.
    pub qty: Qty,
    /// Its part was smaller than the smallest order, and so it gets nothing.
    pub is_too_small: bool,
}

/// An order, divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// By account code.
    pub parts: Vec<Part>,
    /// What no account gets: less than a lot, and what was too small.
    pub left: Qty,
}

/// Why an order cannot be divided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDivided {
    /// A table is for one quantity.
    #[error("the table of this allocation is for {wanted} units, and the order is for {qty}")]
    TableSum {
        /// The sum of the table.
        wanted: Qty,
        /// Of the order.
        qty: Qty,
    },
    /// A quantity of a table that the broker does not take.
    #[error("{qty} for {account} is no order that the broker takes: {min} or more, in steps of {step}")]
    NotInLots {
        /// Whose.
        account: Account,
        /// As in the table.
        qty: Qty,
        /// The smallest order.
        min: Qty,
        /// The steps.
        step: Qty,
    },
    /// The broker has not said what an account is worth.
    #[error("the equity of {account} is not known yet")]
    EquityUnknown {
        /// Whose.
        account: Account,
    },
    /// An account that is worth nothing has no share.
    #[error("the equity of {account} is {equity}, and a share is of something above zero")]
    EquityNotPositive {
        /// Whose.
        account: Account,
        /// As told.
        equity: Money,
    },
    /// Sums in two currencies are no proportion.
    #[error("the equity of {account} is told in {told}, that of others in {others}")]
    Currencies {
        /// Whose.
        account: Account,
        /// Its currency.
        told: Box<str>,
        /// Of those before it.
        others: Box<str>,
    },
    /// The numbers are too large to be divided exactly.
    #[error("the quantity and its proportions do not fit the numbers that they are divided with")]
    TooLarge,
    /// Nobody gets anything.
    #[error("{qty} is too little for any of its accounts: the smallest order is {min}")]
    Nothing {
        /// Of the order.
        qty: Qty,
        /// The smallest order.
        min: Qty,
    },
}

/// How much of an order each account gets. `equity` says what an account is worth.
pub fn divide(
    rule: &Rule,
    qty: Qty,
    lots: Lots,
    equity: impl Fn(&Account) -> Option<Money>,
) -> Result<Division, NotDivided> {
    let division = match rule {
        Rule::Equal(all) => by_weight(qty, lots, all.iter().map(|a| (a.clone(), Decimal::ONE)).collect())
            .map(without_weights)?,
        Rule::Ratio(all) => by_weight(qty, lots, all.clone())?,
        Rule::Equity(all) => by_weight(qty, lots, worth(all, equity)?)?,
        Rule::Table(all) => by_table(qty, lots, all)?,
    };
    if division.parts.iter().all(|part| part.qty.is_zero()) {
        return Err(NotDivided::Nothing { qty, min: lots.min });
    }
    Ok(division)
}

/// What each account is worth, all in one currency.
fn worth(
    all: &[Account],
    equity: impl Fn(&Account) -> Option<Money>,
) -> Result<Vec<(Account, Decimal)>, NotDivided> {
    let mut first = None;
    let of = |account: &Account| {
        let worth = equity(account).ok_or_else(|| NotDivided::EquityUnknown { account: account.clone() })?;
        if worth.amount <= Decimal::ZERO {
            return Err(NotDivided::EquityNotPositive { account: account.clone(), equity: worth });
        }
        let others = *first.get_or_insert(worth.currency);
        if others != worth.currency {
            let (told, others) = (worth.currency.as_str().into(), others.as_str().into());
            return Err(NotDivided::Currencies { account: account.clone(), told, others });
        }
        Ok((account.clone(), worth.amount))
    };
    all.iter().map(of).collect()
}

fn by_table(qty: Qty, lots: Lots, all: &[(Account, Qty)]) -> Result<Division, NotDivided> {
    let wanted = all.iter().try_fold(Qty::ZERO, |sum, (_, qty)| sum.checked_add(*qty));
    let wanted = wanted.ok_or(NotDivided::TooLarge)?;
    if wanted != qty {
        return Err(NotDivided::TableSum { wanted, qty });
    }
    let is_order = |qty: Qty| {
        let rest = qty.get().checked_rem(lots.step.get());
        qty >= lots.min && rest.is_some_and(|rest| rest.is_zero())
    };
    if let Some((account, qty)) = all.iter().find(|(_, qty)| !is_order(*qty)) {
        let Lots { min, step } = lots;
        return Err(NotDivided::NotInLots { account: account.clone(), qty: *qty, min, step });
    }
    let part = |(account, qty): &(Account, Qty)| Part {
        account: account.clone(),
        share: qty.get(),
        weight: None,
        qty: *qty,
        is_too_small: false,
    };
    let mut parts: Vec<_> = all.iter().map(part).collect();
    parts.sort_by(|one, other| one.account.cmp(&other.account));
    Ok(Division { parts, left: Qty::ZERO })
}

/// By the largest remainder.
fn by_weight(qty: Qty, lots: Lots, mut weights: Vec<(Account, Decimal)>) -> Result<Division, NotDivided> {
    weights.sort_by(|one, other| one.0.cmp(&other.0));
    let n_lots = qty.get().checked_div(lots.step.get()).map(|lots| lots.floor());
    let n_lots = n_lots.and_then(|lots| u128::try_from(lots).ok()).ok_or(NotDivided::TooLarge)?;
    let whole = whole_numbers(&weights).ok_or(NotDivided::TooLarge)?;
    let sum = whole.iter().try_fold(0_u128, |sum, weight| sum.checked_add(*weight));
    let sum = sum.filter(|sum| *sum > 0).ok_or(NotDivided::TooLarge)?;
    let mut lots_of = Vec::with_capacity(whole.len());
    let mut rests = Vec::with_capacity(whole.len());
    for (at, weight) in whole.iter().enumerate() {
        let exact = n_lots.checked_mul(*weight).ok_or(NotDivided::TooLarge)?;
        lots_of.push(exact / sum);
        rests.push((exact % sum, at));
    }
    let given: u128 = lots_of.iter().sum();
    rests.sort_by_key(|(rest, at)| (std::cmp::Reverse(*rest), *at));
    let n_left = usize::try_from(n_lots - given).map_err(|_| NotDivided::TooLarge)?;
    for (_, at) in rests.into_iter().take(n_left) {
        lots_of[at] += 1;
    }
    let mut left = qty;
    let mut parts = Vec::with_capacity(whole.len());
    for (((account, weight), lots_of), numerator) in weights.into_iter().zip(lots_of).zip(whole) {
        let units = decimal(lots_of).and_then(|n| n.checked_mul(lots.step.get()));
        let units = units.and_then(Qty::new).ok_or(NotDivided::TooLarge)?;
        let is_too_small = !units.is_zero() && units < lots.min;
        let part_qty = if is_too_small { Qty::ZERO } else { units };
        left = left.saturating_sub(part_qty);
        let share = share(qty, numerator, sum).ok_or(NotDivided::TooLarge)?;
        parts.push(Part { account, share, weight: Some(weight), qty: part_qty, is_too_small });
    }
    Ok(Division { parts, left })
}

/// The same proportions without a point.
fn whole_numbers(weights: &[(Account, Decimal)]) -> Option<Vec<u128>> {
    let scale = weights.iter().map(|(_, weight)| weight.normalize().scale()).max()?;
    let whole = |weight: &Decimal| {
        let weight = weight.normalize();
        let digits = u128::try_from(weight.mantissa()).ok()?;
        digits.checked_mul(10_u128.checked_pow(scale - weight.scale())?)
    };
    weights.iter().map(|(_, weight)| whole(weight)).collect()
}

/// The exact share, cut for people.
fn share(qty: Qty, weight: u128, sum: u128) -> Option<Decimal> {
    let places = limits::SHARE_PLACES;
    let scaled = qty.get().checked_mul(Decimal::from(10_u64.pow(places)))?;
    let scaled = u128::try_from(scaled.trunc()).ok()?.checked_mul(weight)? / sum;
    let share = decimal(scaled)?.checked_div(Decimal::from(10_u64.pow(places)))?;
    Some(share.normalize())
}

fn decimal(number: u128) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(i128::try_from(number).ok()?, 0).ok()
}

fn without_weights(division: Division) -> Division {
    let parts = division.parts.into_iter().map(|part| Part { weight: None, ..part }).collect();
    Division { parts, ..division }
}
