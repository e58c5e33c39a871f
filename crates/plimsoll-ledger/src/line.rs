//! One account's line of one instrument: the bots' holdings, the foreign one, and their sum.

use std::collections::BTreeMap;

use plimsoll_model::{
    Account, BotName, Contract, Currency, Execution, InstrumentId, Money, Position, Price, SecType,
};
use rust_decimal::Decimal;

use crate::book::Book;
use crate::exact;
use crate::net::{Net, PositionRow};

/// What a price of an instrument means in money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The currency of its price.
    pub currency: Currency,
    /// Units per contract.
    pub multiplier: Decimal,
}

impl Terms {
    /// Of a stock or ETF in US dollars.
    pub const US_STOCK: Self = Self { currency: Currency::USD, multiplier: Decimal::ONE };

    /// Of a contract as a venue describes it. Nothing if its currency is none, or if the multiplier of a
    /// derivative is missing: one unit instead of a hundred would be a wrong profit, not a missing one.
    pub fn of(contract: &Contract) -> Option<Self> {
        let currency = match &*contract.currency {
            "" => Currency::USD,
            code => Currency::new(code)?,
        };
        let is_unit = match contract.sec_type {
            SecType::Stock | SecType::Forex | SecType::Other(_) => true,
            SecType::Option | SecType::Future | SecType::FutureOption | SecType::Combo => false,
        };
        let multiplier = match contract.multiplier {
            Some(multiplier) if multiplier > Decimal::ZERO => multiplier,
            Some(_) | None if is_unit => Decimal::ONE,
            Some(_) | None => return None,
        };
        Some(Self { currency, multiplier })
    }
}

/// An execution in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posting {
    pub revision: u32,
    pub execution: Execution,
    pub bot: Option<BotName>,
    /// What the venue charged, once it said so.
    pub fee: Option<Money>,
    /// Taken back by the venue: kept, so that a repetition is known, but without effect.
    pub busted: bool,
}

/// A holding with its fees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holding {
    pub book: Book,
    fees: BTreeMap<Currency, Decimal>,
    unknown_fees: u32,
}

impl Holding {
    const EMPTY: Self = Self { book: Book::EMPTY, fees: BTreeMap::new(), unknown_fees: 0 };

    /// The holding after a posting, or nothing if it does not fit.
    fn after(&self, posting: &Posting, terms: Terms) -> Option<Self> {
        let mut next = self.clone();
        // A busted execution has no effect; one corrected to zero is one without a fee to wait for.
        let nothing = posting.execution.last_qty.is_zero() && posting.fee.is_none();
        if posting.busted || nothing {
            return Some(next);
        }
        let e = &posting.execution;
        next.book = next.book.after(e.side, e.last_qty, e.last_px, terms.multiplier)?;
        match posting.fee {
            Some(charge) => next.charge(charge)?,
            None => next.unknown_fees = next.unknown_fees.checked_add(1)?,
        }
        Some(next)
    }

    fn charge(&mut self, charge: Money) -> Option<()> {
        let so_far = self.fees.entry(charge.currency).or_default();
        *so_far = exact::add(*so_far, charge.amount)?;
        Some(())
    }

    pub(crate) fn fees_in(&self, currency: Currency) -> Money {
        Money { amount: self.fees.get(&currency).copied().unwrap_or_default(), currency }
    }

    /// Fees in any currency.
    pub(crate) fn fees(&self) -> impl Iterator<Item = Money> + '_ {
        self.fees.iter().map(|(currency, amount)| Money { amount: *amount, currency: *currency })
    }

    pub(crate) fn unknown_fees(&self) -> u32 {
        self.unknown_fees
    }

    pub(crate) fn net_amount(&self, currency: Currency) -> Option<Money> {
        let amount = exact::sub(self.book.realised(), self.fees_in(currency).amount)?;
        Some(Money { amount, currency })
    }

    pub(crate) fn net(&self, currency: Currency) -> Option<Net> {
        let amount = self.net_amount(currency)?;
        let other_fees =
            self.fees().filter(|fee| fee.currency != currency && !fee.amount.is_zero()).collect();
        Some(Net {
            amount,
            other_fees,
            unknown_fees: self.unknown_fees,
            unknown_cost: self.book.unknown_cost(),
        })
    }
}

/// A holding that was there before any execution of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub position: Position,
    pub avg_price: Option<Price>,
}

/// Everything of one account and instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub terms: Terms,
    pub opening: Option<Opening>,
    /// The stems of the executions in the order of their first posting; a correction keeps its place.
    pub stems: Vec<Box<str>>,
    pub bots: BTreeMap<BotName, Holding>,
    pub foreign: Holding,
    pub total: Position,
}

impl Line {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            opening: None,
            stems: Vec::new(),
            bots: BTreeMap::new(),
            foreign: Holding::EMPTY,
            total: Position::FLAT,
        }
    }

    /// Every holder's position: bots by name, then what is foreign.
    pub(crate) fn rows(&self, account: &Account, instrument: &InstrumentId) -> Vec<PositionRow> {
        let bots = self.bots.iter().map(|(bot, holding)| (Some(bot.clone()), holding));
        let foreign = self.has_foreign().then_some((None, &self.foreign));
        let currency = self.terms.currency;
        bots.chain(foreign)
            .map(|(bot, holding)| PositionRow {
                bot,
                account: account.clone(),
                instrument: instrument.clone(),
                qty: holding.book.position(),
                avg_price: holding.book.avg_price(self.terms.multiplier),
                realised_gross: Money { amount: holding.book.realised(), currency },
                fees: holding.fees_in(currency),
                realised_net: holding.net(currency).expect("postings without a net are refused"),
            })
            .collect()
    }

    /// Whether anything foreign ever was here.
    pub(crate) fn has_foreign(&self) -> bool {
        self.opening.is_some() || self.foreign != Holding::EMPTY
    }

    /// One more posting. Changes nothing where it does not fit.
    pub(crate) fn append(&mut self, stem: &str, posting: &Posting) -> Option<()> {
        self.apply(posting)?;
        self.stems.push(stem.into());
        Some(())
    }

    fn apply(&mut self, posting: &Posting) -> Option<()> {
        let empty = Holding::EMPTY;
        let before = match &posting.bot {
            Some(bot) => self.bots.get(bot).unwrap_or(&empty),
            None => &self.foreign,
        };
        let after = before.after(posting, self.terms)?;
        let moved = exact::sub(after.book.position().get(), before.book.position().get())?;
        let total = exact::add(self.total.get(), moved)?;
        // The net figure of every holder must exist, so that showing it can never go wrong.
        after.net(self.terms.currency)?;
        match &posting.bot {
            Some(bot) => {
                self.bots.insert(bot.clone(), after);
            }
            None => self.foreign = after,
        }
        self.total = Position::new(total);
        Some(())
    }

    /// The line from its opening and all its postings, in order.
    pub(crate) fn rebuilt<'a>(
        terms: Terms,
        opening: Option<Opening>,
        stems: Vec<Box<str>>,
        posting: impl Fn(&str) -> &'a Posting,
    ) -> Option<Self> {
        let mut line = Self::new(terms);
        if let Some(opening) = opening {
            line.foreign.book = Book::opening(opening.position, opening.avg_price, terms.multiplier)?;
            line.total = opening.position;
        }
        line.opening = opening;
        for stem in &stems {
            line.apply(posting(stem))?;
        }
        line.stems = stems;
        Some(line)
    }

    /// The first fee of a posting that was applied without one.
    pub(crate) fn first_fee(&mut self, posting: &Posting, charge: Money) -> Option<()> {
        let holding = match &posting.bot {
            Some(bot) => self.bots.get_mut(bot).expect("a posting was applied to its bot's holding"),
            None => &mut self.foreign,
        };
        let mut after = holding.clone();
        after.charge(charge)?;
        after.unknown_fees -= 1;
        after.net(self.terms.currency)?;
        *holding = after;
        Some(())
    }
}
