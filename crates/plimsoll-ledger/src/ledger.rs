//! The ledger: executions and fees go in, each exactly once, in the order of their posting.
//!
//! The order matters for how a profit is split between realised and open, not for their sum. Executions that
//! were missed and are fetched later are posted later; nothing is re-sorted by time, which some venues leave
//! out or round to seconds.
//!
//! Of each execution as much is kept as its repetition, correction, bust or late fee needs, for the latest
//! [`EXECUTIONS_MAX`]. Older ones are settled: they count in the sums, and what comes of them later is told from
//! a new execution by its time, and not posted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::{Account, BotName, ExecId, Execution, Fee, InstrumentId, Money, Position, Price};

use crate::exec_key::ExecKey;
use crate::line::{Line, Opening, Place, Posting, Terms};
use crate::stem::Stem;

/// How many executions are kept, a quarter of a kilobyte each. The broker repeats those of today, of up to seven days
/// where the user has asked for that; beyond it the oldest are settled.
pub const EXECUTIONS_MAX: usize = 100_000;

/// How many fees may wait for their execution. Venues send the execution first; a fee that comes before it
/// is kept, but not without limit.
pub(crate) const WAITING_FEES_MAX: usize = 10_000;

/// What became of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It was not known and now counts.
    New,
    /// It was known already; nothing changed.
    Duplicate,
    /// It replaced an earlier revision of itself, whose fee went with it: the fee is unknown again.
    Corrected,
    /// A later revision of it is known already; nothing changed.
    Superseded,
    /// It is not known, and not later than what is settled; nothing changed. Most likely it is among that. One that
    /// is not shows as a difference to the broker's position.
    Settled,
}

/// What became of a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeePosted {
    /// It was not known and now counts.
    New,
    /// It was known already; nothing changed.
    Duplicate,
    /// It replaced another amount for the same execution.
    Changed {
        /// The amount before.
        from: Money,
    },
    /// Its execution is not known yet; it counts as soon as that one comes.
    Waiting,
    /// It belongs to an execution that was corrected or busted since; nothing changed.
    Superseded,
    /// As many as may do wait for executions that are not known, most likely because they are settled, and the broker
    /// repeats the fees of a day, too; nothing changed. If it was not told before, it stays unknown and is counted so.
    Settled,
}

/// Why an execution or a holding was not posted. Nothing changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// One id, two executions.
    #[error(
        "execution {exec_id} differs in {what} from what the venue sent before under that id; \
         the first was kept; compare both with the broker's statement"
    )]
    Conflict {
        /// The id.
        exec_id: ExecId,
        /// What differs.
        what: &'static str,
    },
    /// An instrument's currency or multiplier is not what it was.
    #[error(
        "{instrument} has multiplier {} in {}, but was posted with {} in {}; nothing was posted; \
         check the contract that the venue named",
        .given.multiplier, .given.currency, .known.multiplier, .known.currency
    )]
    TermsChanged {
        /// The instrument.
        instrument: InstrumentId,
        /// As posted so far.
        known: Terms,
        /// As given now.
        given: Terms,
    },
    /// The numbers need more than 28 digits.
    #[error(
        "{instrument} in {account} would need more than 28 digits; nothing was posted; \
         check quantity and price"
    )]
    DoesNotFit {
        /// The account.
        account: Account,
        /// The instrument.
        instrument: InstrumentId,
    },
    /// A bust of an execution that was never posted.
    #[error(
        "execution {exec_id} is not in the ledger and cannot be busted; nothing changed; \
         reconcile with the broker"
    )]
    NotPosted {
        /// The id.
        exec_id: ExecId,
    },
}

/// Why a fee was not posted. Nothing changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    /// Too many fees without executions.
    #[error(
        "{WAITING_FEES_MAX} fees wait for their executions; the one of {exec_id} was refused; \
         reconcile executions with the broker"
    )]
    TooManyWaiting {
        /// Of which execution.
        exec_id: ExecId,
    },
    /// The sum needs more than 28 digits.
    #[error("the fee {charge} of {exec_id} would need more than 28 digits; it was refused; check the amount")]
    DoesNotFit {
        /// Of which execution.
        exec_id: ExecId,
        /// How much.
        charge: Money,
    },
}

/// All executions, and the positions and profits that follow from them.
#[derive(Debug, Clone)]
pub struct Ledger {
    postings: BTreeMap<Stem, Posting>,
    /// The place of each execution that is kept, in the order of their posting.
    order: VecDeque<Arc<Place>>,
    executions_max: usize,
    /// Up to when, by the venue's clock, executions may be known by their sums only; none: there are no such.
    settled: Option<Timestamp>,
    /// The latest time that any execution had.
    latest: Timestamp,
    waiting_fees: BTreeMap<ExecId, Money>,
    terms: BTreeMap<InstrumentId, Terms>,
    places: BTreeMap<(Option<BotName>, Account, InstrumentId), Arc<Place>>,
    pub(crate) lines: BTreeMap<Account, BTreeMap<InstrumentId, Line>>,
    /// In which lines each bot has a holding; a line never loses one.
    pub(crate) held: BTreeMap<BotName, BTreeMap<Account, BTreeSet<InstrumentId>>>,
}

/// Two ledgers are equal if they know the same, in whichever order it came to different accounts.
impl PartialEq for Ledger {
    fn eq(&self, other: &Self) -> bool {
        self.postings == other.postings
            && self.settled == other.settled
            && self.waiting_fees == other.waiting_fees
            && self.terms == other.terms
            && self.lines == other.lines
            && self.held == other.held
    }
}

impl Eq for Ledger {}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::keeping(EXECUTIONS_MAX)
    }

    /// An empty ledger that keeps fewer executions, or more.
    pub fn keeping(executions_max: usize) -> Self {
        Self {
            postings: BTreeMap::new(),
            order: VecDeque::new(),
            executions_max,
            settled: None,
            latest: Timestamp::MIN,
            waiting_fees: BTreeMap::new(),
            terms: BTreeMap::new(),
            places: BTreeMap::new(),
            lines: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    /// Up to when executions may be known by their sums only, if there are such.
    pub fn settled(&self) -> Option<Timestamp> {
        self.settled
    }

    /// Posts an execution, once. `bot` is whose order it was; none for manual and other foreign trades, and
    /// a correction keeps the bot of the execution it corrects.
    pub fn post(
        &mut self,
        execution: &Execution,
        bot: Option<&BotName>,
        terms: Terms,
    ) -> Result<Posted, PostError> {
        let key = ExecKey::of(&execution.exec_id);
        if let Some(known) = self.postings.get(key.stem.as_bytes()) {
            return self.post_again(execution, key, known.clone());
        }
        if self.may_be_settled(execution, key) {
            return Ok(Posted::Settled);
        }
        self.check_terms(&execution.instrument, terms)?;
        if self.postings.len() >= self.executions_max {
            self.settle_oldest().ok_or_else(|| does_not_fit(execution))?;
        }
        let stem = Stem::new(key.stem);
        let fee = self.waiting_fees.get(&execution.exec_id).copied();
        let place = self.place(execution, bot);
        let posting = Posting::new(execution, key, Arc::clone(&place), fee);
        if let Some(line) =
            self.lines.get_mut(&execution.account).and_then(|l| l.get_mut(&execution.instrument))
        {
            line.append(&stem, &posting).ok_or_else(|| does_not_fit(execution))?;
        } else {
            let mut line = Line::new(terms);
            line.append(&stem, &posting).ok_or_else(|| does_not_fit(execution))?;
            let lines = self.lines.entry(execution.account.clone()).or_default();
            lines.insert(execution.instrument.clone(), line);
        }
        if let Some(bot) = bot {
            self.note_held(bot, execution);
        }
        self.terms.insert(execution.instrument.clone(), terms);
        self.waiting_fees.remove(&execution.exec_id);
        self.latest = self.latest.max(execution.at.unwrap_or(Timestamp::MIN));
        self.order.push_back(place);
        self.postings.insert(stem, posting);
        Ok(Posted::New)
    }

    /// Whether an execution that is not kept may be one of those that were. A venue's text without a readable time
    /// proves nothing, and neither does a correction, whose time may be its own.
    fn may_be_settled(&self, execution: &Execution, key: ExecKey<'_>) -> bool {
        self.settled.is_some_and(|until| execution.at.is_none_or(|at| at <= until) || key.is_correction())
    }

    /// Makes room for one more. Nothing where the sums do not fit.
    fn settle_oldest(&mut self) -> Option<()> {
        let place = Arc::clone(self.order.front()?);
        let line = self.line_mut(&place.account, &place.instrument);
        let stem = line.oldest().expect("the oldest of all is the oldest of its line").clone();
        let posting = self.postings[&stem].clone();
        self.line_mut(&place.account, &place.instrument).settle_oldest(&posting)?;
        self.postings.remove(&stem);
        self.order.pop_front();
        // One that told no time was posted at the latest of all times by then, or before.
        let until = posting.at.unwrap_or(self.latest);
        self.settled = Some(self.settled.map_or(until, |settled| settled.max(until)));
        Some(())
    }

    fn place(&mut self, execution: &Execution, bot: Option<&BotName>) -> Arc<Place> {
        let (account, instrument) = (execution.account.clone(), execution.instrument.clone());
        let key = (bot.cloned(), account, instrument);
        if let Some(known) = self.places.get(&key) {
            return Arc::clone(known);
        }
        let (bot, account, instrument) = key.clone();
        let place = Arc::new(Place { account, instrument, bot });
        self.places.insert(key, Arc::clone(&place));
        place
    }

    fn note_held(&mut self, bot: &BotName, execution: &Execution) {
        let (account, instrument) = (&execution.account, &execution.instrument);
        let known = self.held.get(bot).and_then(|held| held.get(account));
        if !known.is_some_and(|known| known.contains(instrument)) {
            let held = self.held.entry(bot.clone()).or_default().entry(account.clone()).or_default();
            held.insert(instrument.clone());
        }
    }

    /// An execution whose stem is known: a repetition, a late copy of an old revision, or a correction.
    fn post_again(
        &mut self,
        execution: &Execution,
        key: ExecKey<'_>,
        known: Posting,
    ) -> Result<Posted, PostError> {
        let moved = [
            ("account", execution.account != known.place.account),
            ("instrument", execution.instrument != known.place.instrument),
        ];
        let changed = [
            ("side", execution.side != known.side),
            ("quantity", execution.last_qty != known.qty),
            ("price", execution.last_px != known.px),
        ];
        let corrects = key.revision > known.revision;
        let checks =
            if key.revision == known.revision { &[&moved[..], &changed[..]][..] } else { &[&moved[..]] };
        if let Some((what, _)) = checks.iter().copied().flatten().find(|(_, differs)| *differs) {
            return Err(PostError::Conflict { exec_id: execution.exec_id.clone(), what });
        }
        if !corrects {
            let same = key.revision == known.revision;
            return Ok(if same { Posted::Duplicate } else { Posted::Superseded });
        }
        let fee = self.waiting_fees.get(&execution.exec_id).copied();
        self.replace(key.stem, Posting::new(execution, key, known.place, fee))?;
        self.waiting_fees.remove(&execution.exec_id);
        self.latest = self.latest.max(execution.at.unwrap_or(Timestamp::MIN));
        Ok(Posted::Corrected)
    }

    /// The posting under the id of any of its revisions, and its stem.
    pub(crate) fn posting(&self, exec_id: &ExecId) -> Option<(&Stem, &Posting)> {
        self.postings.get_key_value(ExecKey::of(exec_id).stem.as_bytes())
    }

    /// Takes an execution back: the venue declared it void. A repetition of the bust or of the execution
    /// changes nothing; a later correction brings it back.
    pub fn bust(&mut self, exec_id: &ExecId) -> Result<Posted, PostError> {
        let key = ExecKey::of(exec_id);
        let Some(known) = self.postings.get(key.stem.as_bytes()).cloned() else {
            return Err(PostError::NotPosted { exec_id: exec_id.clone() });
        };
        if key.revision < known.revision {
            return Ok(Posted::Superseded);
        }
        if known.busted {
            return Ok(Posted::Duplicate);
        }
        self.replace(key.stem, Posting { busted: true, fee: None, ..known })?;
        Ok(Posted::Corrected)
    }

    /// Posts the fee of an execution, however late and however often it comes.
    pub fn fee(&mut self, exec_id: &ExecId, fee: Fee) -> Result<FeePosted, FeeError> {
        let charge = fee.charge;
        let key = ExecKey::of(exec_id);
        let known = self.postings.get(key.stem.as_bytes()).cloned();
        let Some(posting) = known.filter(|posting| posting.revision >= key.revision) else {
            return self.keep_waiting(exec_id, charge);
        };
        if posting.revision > key.revision || posting.busted {
            return Ok(FeePosted::Superseded);
        }
        let refusal = || FeeError::DoesNotFit { exec_id: exec_id.clone(), charge };
        match posting.fee {
            Some(from) if from == charge => Ok(FeePosted::Duplicate),
            Some(from) => {
                let changed = Posting { fee: Some(charge), ..posting };
                self.replace(key.stem, changed).map_err(|_| refusal())?;
                Ok(FeePosted::Changed { from })
            }
            None if posting.qty.is_zero() => {
                let charged = Posting { fee: Some(charge), ..posting };
                self.replace(key.stem, charged).map_err(|_| refusal())?;
                Ok(FeePosted::New)
            }
            None => {
                let line = self.line_mut(&posting.place.account, &posting.place.instrument);
                line.first_fee(&posting, charge).ok_or_else(refusal)?;
                self.postings.insert(Stem::new(key.stem), Posting { fee: Some(charge), ..posting });
                Ok(FeePosted::New)
            }
        }
    }

    /// Takes out a fee that waits for an execution which will not be posted under that id.
    pub fn take_waiting_fee(&mut self, exec_id: &ExecId) -> Option<Money> {
        self.waiting_fees.remove(exec_id)
    }

    fn keep_waiting(&mut self, exec_id: &ExecId, charge: Money) -> Result<FeePosted, FeeError> {
        let full = self.waiting_fees.len() >= WAITING_FEES_MAX;
        match self.waiting_fees.get_mut(exec_id) {
            Some(known) if *known == charge => Ok(FeePosted::Duplicate),
            Some(known) => Ok(FeePosted::Changed { from: std::mem::replace(known, charge) }),
            None if full && self.settled.is_some() => Ok(FeePosted::Settled),
            None if full => Err(FeeError::TooManyWaiting { exec_id: exec_id.clone() }),
            None => {
                self.waiting_fees.insert(exec_id.clone(), charge);
                Ok(FeePosted::Waiting)
            }
        }
    }

    /// Takes over a holding that the broker reports and that no execution in this ledger explains. It is
    /// foreign: no bot has it. A second call for the same account and instrument replaces the first, so that
    /// adopting the same report twice changes nothing.
    ///
    /// The average is per unit of the instrument; TWS's `avgCost` of a derivative is per contract and has to
    /// be divided by the multiplier first. None means that nobody knows it: then no profit is made up, and
    /// what is closed of the holding is marked as [`Net::unknown_cost`](crate::Net::unknown_cost).
    pub fn adopt(
        &mut self,
        account: &Account,
        instrument: &InstrumentId,
        position: Position,
        avg_price: impl Into<Option<Price>>,
        terms: Terms,
    ) -> Result<(), PostError> {
        self.check_terms(instrument, terms)?;
        let opening = Some(Opening { position, avg_price: avg_price.into() });
        let line = match self.line(account, instrument) {
            Some(line) => line.rebuilt(opening, |stem| &self.postings[stem]),
            None => Line::new(terms).rebuilt(opening, |stem| &self.postings[stem]),
        };
        let line = line.ok_or_else(|| PostError::DoesNotFit {
            account: account.clone(),
            instrument: instrument.clone(),
        })?;
        self.terms.insert(instrument.clone(), terms);
        self.lines.entry(account.clone()).or_default().insert(instrument.clone(), line);
        Ok(())
    }

    fn line_mut(&mut self, account: &Account, instrument: &InstrumentId) -> &mut Line {
        let lines = self.lines.get_mut(account);
        lines.and_then(|lines| lines.get_mut(instrument)).expect("every posting has its line")
    }

    fn check_terms(&self, instrument: &InstrumentId, given: Terms) -> Result<(), PostError> {
        match self.terms.get(instrument) {
            Some(known) if *known != given => {
                Err(PostError::TermsChanged { instrument: instrument.clone(), known: *known, given })
            }
            _ => Ok(()),
        }
    }

    /// Puts a posting in the place of its earlier form and recomputes its line; nothing on failure.
    fn replace(&mut self, stem: &str, posting: Posting) -> Result<(), PostError> {
        let stem = Stem::new(stem);
        let Place { account, instrument, .. } = &*posting.place;
        let old = self.line(account, instrument).expect("every posting has its line");
        let of = |s: &Stem| if *s == stem { &posting } else { &self.postings[s] };
        let line = old.rebuilt(old.opening, of).ok_or_else(|| PostError::DoesNotFit {
            account: account.clone(),
            instrument: instrument.clone(),
        })?;
        *self.line_mut(account, instrument) = line;
        self.postings.insert(stem, posting);
        Ok(())
    }
}

fn does_not_fit(execution: &Execution) -> PostError {
    PostError::DoesNotFit { account: execution.account.clone(), instrument: execution.instrument.clone() }
}
