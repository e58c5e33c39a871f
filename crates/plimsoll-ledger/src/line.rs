//! One account's line of one instrument: the bots' holdings, the foreign one, and their sum.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::{
    Account, BotName, Contract, Currency, Execution, InstrumentId, Money, Position, Price, Qty, SecType, Side,
};
use rust_decimal::Decimal;

use crate::book::Book;
use crate::exact;
use crate::exec_key::ExecKey;
use crate::net::{Net, PositionRow};
use crate::stem::Stem;

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

/// Where an execution counts. One for all executions of a holder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub account: Account,
    pub instrument: InstrumentId,
    /// None: foreign.
    pub bot: Option<BotName>,
}

/// An execution in the ledger: what a repetition, a correction, a bust or a late fee of it needs. There are a day's of
/// them, so it is small; what else the venue said is in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posting {
    pub place: Arc<Place>,
    pub qty: Qty,
    pub px: Price,
    pub at: Option<Timestamp>,
    /// What the venue charged, once it said so.
    pub fee: Option<Money>,
    pub revision: u32,
    pub digits: u8,
    pub side: Side,
    /// Taken back by the venue: kept, so that a repetition is known, but without effect.
    pub busted: bool,
}

impl Posting {
    pub(crate) fn new(
        execution: &Execution,
        key: ExecKey<'_>,
        place: Arc<Place>,
        fee: Option<Money>,
    ) -> Self {
        Self {
            place,
            qty: execution.last_qty,
            px: execution.last_px,
            at: execution.at,
            fee,
            revision: key.revision,
            digits: key.digits,
            side: execution.side,
            busted: false,
        }
    }

    /// As the venue told it, without our reference.
    pub(crate) fn execution(&self, stem: &str) -> Execution {
        Execution {
            exec_id: ExecKey { stem, revision: self.revision, digits: self.digits }.id(),
            cl_ord_id: None,
            account: self.place.account.clone(),
            instrument: self.place.instrument.clone(),
            side: self.side,
            last_qty: self.qty,
            last_px: self.px,
            at: self.at,
        }
    }
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
        let nothing = posting.qty.is_zero() && posting.fee.is_none();
        if posting.busted || nothing {
            return Some(next);
        }
        next.book = next.book.after(posting.side, posting.qty, posting.px, terms.multiplier)?;
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

impl Opening {
    const NONE: Self = Self { position: Position::FLAT, avg_price: None };
}

/// Everything of one account and instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub terms: Terms,
    pub opening: Option<Opening>,
    /// The opening and the executions that are known by their sums only. What is kept was posted after them.
    base: Holders,
    /// Whether a foreign execution is among those.
    has_foreign_base: bool,
    /// The stems of the executions that are kept, in the order of their first posting; a correction keeps its place.
    stems: VecDeque<Stem>,
    pub now: Holders,
    pub total: Position,
}

/// Who holds what of an instrument in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holders {
    pub bots: BTreeMap<BotName, Holding>,
    pub foreign: Holding,
}

impl Holders {
    const NONE: Self = Self { bots: BTreeMap::new(), foreign: Holding::EMPTY };

    fn of(&self, bot: Option<&BotName>) -> Option<&Holding> {
        match bot {
            Some(bot) => self.bots.get(bot),
            None => Some(&self.foreign),
        }
    }

    fn set(&mut self, bot: Option<&BotName>, holding: Holding) {
        match bot {
            Some(bot) => {
                if let Some(known) = self.bots.get_mut(bot) {
                    *known = holding;
                } else {
                    self.bots.insert(bot.clone(), holding);
                }
            }
            None => self.foreign = holding,
        }
    }

    fn total(&self) -> Option<Position> {
        let all = self.bots.values().chain([&self.foreign]);
        let sum = all.map(|holding| holding.book.position().get()).try_fold(Decimal::ZERO, exact::add)?;
        Some(Position::new(sum))
    }
}

impl Line {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            opening: None,
            base: Holders::NONE,
            has_foreign_base: false,
            stems: VecDeque::new(),
            now: Holders::NONE,
            total: Position::FLAT,
        }
    }

    /// Every holder's position: bots by name, then what is foreign.
    pub(crate) fn rows(&self, account: &Account, instrument: &InstrumentId) -> Vec<PositionRow> {
        let bots = self.now.bots.iter().map(|(bot, holding)| (Some(bot.clone()), holding));
        let foreign = self.has_foreign().then_some((None, &self.now.foreign));
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
        self.opening.is_some() || self.now.foreign != Holding::EMPTY
    }

    /// One more posting. Changes nothing where it does not fit.
    pub(crate) fn append(&mut self, stem: &Stem, posting: &Posting) -> Option<()> {
        self.apply(posting)?;
        self.stems.push_back(stem.clone());
        Some(())
    }

    fn apply(&mut self, posting: &Posting) -> Option<()> {
        let empty = Holding::EMPTY;
        let bot = posting.place.bot.as_ref();
        let before = self.now.of(bot).unwrap_or(&empty);
        let after = before.after(posting, self.terms)?;
        let moved = exact::sub(after.book.position().get(), before.book.position().get())?;
        let total = exact::add(self.total.get(), moved)?;
        // The net figure of every holder must exist, so that showing it can never go wrong.
        after.net(self.terms.currency)?;
        self.now.set(bot, after);
        self.total = Position::new(total);
        Some(())
    }

    /// The line as it is with this opening and these postings.
    pub(crate) fn rebuilt<'a>(
        &self,
        opening: Option<Opening>,
        posting: impl Fn(&Stem) -> &'a Posting,
    ) -> Option<Self> {
        let base = if opening == self.opening { self.base.clone() } else { self.base_from(opening)? };
        let mut line = Self { opening, now: base.clone(), total: base.total()?, base, ..self.clone() };
        for stem in &self.stems {
            line.apply(posting(stem))?;
        }
        Some(line)
    }

    /// What the postings that are kept follow, with another opening.
    fn base_from(&self, opening: Option<Opening>) -> Option<Holders> {
        let Opening { position, avg_price } = opening.unwrap_or(Opening::NONE);
        let book = if self.has_foreign_base {
            // Its executions are not there any more to be counted from another price: nobody knows what it cost.
            let before = self.opening.unwrap_or(Opening::NONE).position;
            let moved = position.checked_sub(before)?;
            self.base.foreign.book.moved_at_unknown_cost(moved)?
        } else {
            Book::opening(position, avg_price, self.terms.multiplier)?
        };
        Some(Holders { bots: self.base.bots.clone(), foreign: Holding { book, ..self.base.foreign.clone() } })
    }

    /// The oldest execution that is kept.
    pub(crate) fn oldest(&self) -> Option<&Stem> {
        self.stems.front()
    }

    /// Keeps no more of the oldest execution than what it did to the sums. Changes nothing where that does not fit.
    pub(crate) fn settle_oldest(&mut self, posting: &Posting) -> Option<()> {
        let empty = Holding::EMPTY;
        let bot = posting.place.bot.as_ref();
        let after = self.base.of(bot).unwrap_or(&empty).after(posting, self.terms)?;
        self.base.set(bot, after);
        self.has_foreign_base |= bot.is_none();
        self.stems.pop_front();
        Some(())
    }

    /// The first fee of a posting that was applied without one.
    pub(crate) fn first_fee(&mut self, posting: &Posting, charge: Money) -> Option<()> {
        let bot = posting.place.bot.as_ref();
        let mut after = self.now.of(bot).expect("a posting was applied to its bot's holding").clone();
        after.charge(charge)?;
        after.unknown_fees -= 1;
        after.net(self.terms.currency)?;
        self.now.set(bot, after);
        Some(())
    }
}
