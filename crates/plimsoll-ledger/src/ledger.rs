//! The ledger: executions and fees go in, each exactly once, in the order of their posting.
//!
//! The order matters for how a profit is split between realised and open, not for their sum. Executions that
//! were missed and are fetched later are posted later; nothing is re-sorted by time, which some venues leave
//! out or round to seconds.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Account, BotName, ExecId, Execution, Fee, InstrumentId, Money, Position, Price};

use crate::exec_key::ExecKey;
use crate::line::{Line, Opening, Posting, Terms};

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By the stem of the execution's id.
    postings: BTreeMap<Box<str>, Posting>,
    waiting_fees: BTreeMap<ExecId, Money>,
    terms: BTreeMap<InstrumentId, Terms>,
    pub(crate) lines: BTreeMap<Account, BTreeMap<InstrumentId, Line>>,
    /// In which lines each bot has a holding; a line never loses one.
    pub(crate) held: BTreeMap<BotName, BTreeMap<Account, BTreeSet<InstrumentId>>>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
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
        if let Some(known) = self.postings.get(key.stem) {
            return self.post_again(execution, key, known.clone());
        }
        self.check_terms(&execution.instrument, terms)?;
        let posting = Posting {
            revision: key.revision,
            execution: execution.clone(),
            bot: bot.cloned(),
            fee: self.waiting_fees.get(&execution.exec_id).copied(),
            busted: false,
        };
        if let Some(line) =
            self.lines.get_mut(&execution.account).and_then(|l| l.get_mut(&execution.instrument))
        {
            line.append(key.stem, &posting).ok_or_else(|| does_not_fit(execution))?;
        } else {
            let mut line = Line::new(terms);
            line.append(key.stem, &posting).ok_or_else(|| does_not_fit(execution))?;
            let lines = self.lines.entry(execution.account.clone()).or_default();
            lines.insert(execution.instrument.clone(), line);
        }
        if let Some(bot) = bot {
            self.note_held(bot, execution);
        }
        self.terms.insert(execution.instrument.clone(), terms);
        self.waiting_fees.remove(&execution.exec_id);
        self.postings.insert(key.stem.into(), posting);
        Ok(Posted::New)
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
        let old = &known.execution;
        let moved = [
            ("account", execution.account != old.account),
            ("instrument", execution.instrument != old.instrument),
        ];
        let changed = [
            ("side", execution.side != old.side),
            ("quantity", execution.last_qty != old.last_qty),
            ("price", execution.last_px != old.last_px),
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
        let execution = execution.clone();
        let exec_id = execution.exec_id.clone();
        self.replace(key.stem, Posting { revision: key.revision, execution, fee, busted: false, ..known })?;
        self.waiting_fees.remove(&exec_id);
        Ok(Posted::Corrected)
    }

    /// The posting under the id of any of its revisions, and its stem.
    pub(crate) fn posting(&self, exec_id: &ExecId) -> Option<(&str, &Posting)> {
        let (stem, posting) = self.postings.get_key_value(ExecKey::of(exec_id).stem)?;
        Some((stem, posting))
    }

    /// Takes an execution back: the venue declared it void. A repetition of the bust or of the execution
    /// changes nothing; a later correction brings it back.
    pub fn bust(&mut self, exec_id: &ExecId) -> Result<Posted, PostError> {
        let key = ExecKey::of(exec_id);
        let Some(known) = self.postings.get(key.stem).cloned() else {
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
        let known = self.postings.get(key.stem).cloned();
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
            None if posting.execution.last_qty.is_zero() => {
                let charged = Posting { fee: Some(charge), ..posting };
                self.replace(key.stem, charged).map_err(|_| refusal())?;
                Ok(FeePosted::New)
            }
            None => {
                let e = &posting.execution;
                let line = self.line_mut(&e.account, &e.instrument);
                line.first_fee(&posting, charge).ok_or_else(refusal)?;
                self.postings.insert(key.stem.into(), Posting { fee: Some(charge), ..posting });
                Ok(FeePosted::New)
            }
        }
    }

    fn keep_waiting(&mut self, exec_id: &ExecId, charge: Money) -> Result<FeePosted, FeeError> {
        let full = self.waiting_fees.len() >= WAITING_FEES_MAX;
        match self.waiting_fees.get_mut(exec_id) {
            Some(known) if *known == charge => Ok(FeePosted::Duplicate),
            Some(known) => Ok(FeePosted::Changed { from: std::mem::replace(known, charge) }),
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
        let stems = self.line(account, instrument).map_or_else(Vec::new, |line| line.stems.clone());
        let opening = Some(Opening { position, avg_price: avg_price.into() });
        let line = Line::rebuilt(terms, opening, stems, |stem| &self.postings[stem]).ok_or_else(|| {
            PostError::DoesNotFit { account: account.clone(), instrument: instrument.clone() }
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
        let e = &posting.execution;
        let old = self.line_mut(&e.account, &e.instrument).clone();
        let of = |s: &str| if s == stem { &posting } else { &self.postings[s] };
        let line = Line::rebuilt(old.terms, old.opening, old.stems, of).ok_or_else(|| does_not_fit(e))?;
        *self.line_mut(&e.account, &e.instrument) = line;
        self.postings.insert(stem.into(), posting);
        Ok(())
    }
}

fn does_not_fit(execution: &Execution) -> PostError {
    PostError::DoesNotFit { account: execution.account.clone(), instrument: execution.instrument.clone() }
}
