//! On-close orders of several bots in one account: held, netted, sent as one, and shared out.
//!
//! IBKR cancels both orders when two on-close orders of one account could trade with each other (pitfall 2). So what
//! the bots want of one auction is added up first, and only the difference crosses the wire.
//!
//! Owns: what one account wants of one contract in the closing auction of one day, from the first order that is held
//! to the last share of its price. Does not own: who may ask, when it leaves, on which connection, and the words in
//! which a bot is told.
//!
//! Only market-on-close orders of whole units are netted. Whether a limit-on-close order executes depends on a price
//! that nobody knows when the difference has to leave; netted, it could give another bot an execution that the auction
//! would not have made.
//!
//! Invariants:
//! * the difference is taken once; a second release gives nothing, so nothing is ever sent twice;
//! * the shares of an execution, bought less sold, are that execution to the last unit, and the shares of its
//!   commission are that commission to the last digit;
//! * no price is made up: what the bots trade with each other has the price of the auction, told by an execution of
//!   the difference or by the venue's official close, and until one of them is known it stays open.

mod batches;
mod share;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::{ClOrdId, ExecId, Money, Price, Qty, Side};
use rust_decimal::Decimal;

use crate::limits;

pub(crate) use batches::{BatchKey, Batches, Entry, HeldOrder, Part, Placed, is_netted};

/// What one account wants of one contract in one closing auction.
#[derive(Debug)]
pub struct Batch {
    reference: ClOrdId,
    intents: Vec<Intent>,
    stage: Stage,
    /// The order that was sent for all, if the difference was not zero.
    net: Option<Net>,
    /// What the bots trade with each other.
    crossed: u64,
    executions: BTreeMap<Box<str>, Shared>,
}

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Orders come and go.
    Held,
    /// The difference has left, or there was none.
    Released,
    /// The order for all is over at the venue, or there never was one.
    Ended,
}

/// The order of one bot.
#[derive(Debug)]
struct Intent {
    cl_ord_id: ClOrdId,
    side: Side,
    qty: u64,
    cum_qty: u64,
    /// What will not be executed any more.
    lost: u64,
    shares: u32,
}

impl Intent {
    fn leaves(&self) -> u64 {
        self.qty - self.cum_qty - self.lost
    }
}

/// The order that is sent for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    /// Which way.
    pub side: Side,
    /// How much.
    pub qty: Qty,
}

/// One bot's part of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Of which order.
    pub cl_ord_id: ClOrdId,
    /// Ours; a correction of the broker's keeps all but the last part.
    pub exec_id: ExecId,
    /// The broker's execution that it is part of; none if the price is the official close.
    pub of: Option<ExecId>,
    /// Which way.
    pub side: Side,
    /// How much.
    pub last_qty: Qty,
    /// How much of that was traded with another bot.
    pub crossed_qty: Qty,
    /// At what price.
    pub last_px: Price,
    /// How much of the bot's order is executed now.
    pub cum_qty: Qty,
    /// How much of it is still open.
    pub leaves_qty: Qty,
}

/// What became of a broker's execution.
#[derive(Debug)]
struct Shared {
    revision: u32,
    qty: u64,
    shares: Vec<Share>,
}

/// Why an order is not held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotHeld {
    /// The difference has left.
    #[error("the on-close orders of this account have left for the auction")]
    Late,
    /// A limit is reached.
    #[error("more than {max} on-close orders of one account and contract")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// No auction takes it.
    #[error("{qty} is not a whole number of units from 1 to {max}")]
    Quantity {
        /// As asked.
        qty: Qty,
        /// The limit.
        max: u64,
    },
}

/// What became of a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// It never left and never will.
    Yes,
    /// The difference with it in it has left: it is frozen, as at the exchange.
    Frozen,
    /// It is none of these.
    Unknown,
}

/// Why an execution of the order for all was not shared. A person has to look: the ledger is behind the broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotShared {
    /// Nothing was sent that it could be of.
    #[error("execution {exec_id} is of an order that was not sent for several bots")]
    NotSent {
        /// The broker's.
        exec_id: ExecId,
    },
    /// More than was sent, or a part of a unit.
    #[error(
        "execution {exec_id} of {qty} does not fit the {left} that are left of the order sent for several bots"
    )]
    DoesNotFit {
        /// The broker's.
        exec_id: ExecId,
        /// Its quantity.
        qty: Qty,
        /// What was left.
        left: u64,
    },
    /// A correction of the quantity: who is to give back cannot be told.
    #[error("execution {exec_id} corrects the quantity of one that was shared, from {before} to {qty}")]
    QtyCorrected {
        /// The broker's.
        exec_id: ExecId,
        /// As it was shared.
        before: u64,
        /// As it is now.
        qty: Qty,
    },
}

impl Batch {
    /// Nothing is wanted yet. The reference will be that of the order for all.
    pub fn new(reference: ClOrdId) -> Self {
        Self {
            reference,
            intents: Vec::new(),
            stage: Stage::Held,
            net: None,
            crossed: 0,
            executions: BTreeMap::new(),
        }
    }

    /// The reference of the order for all, by which it is found again at the venue.
    pub fn reference(&self) -> &ClOrdId {
        &self.reference
    }

    /// Whether orders still come and go.
    pub fn is_held(&self) -> bool {
        self.stage == Stage::Held
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.intents.is_empty()
    }

    /// Whether an order was sent for all and may still execute.
    pub fn is_released(&self) -> bool {
        self.stage == Stage::Released
    }

    /// The order for all did not leave, and that is certain: as if it had not been released.
    pub fn hold_again(&mut self) {
        assert!(self.executions.is_empty(), "invariant: what never left has no executions");
        (self.stage, self.net, self.crossed) = (Stage::Held, None, 0);
    }

    /// Takes in a market-on-close order of a bot.
    pub fn hold(&mut self, cl_ord_id: ClOrdId, side: Side, qty: Qty) -> Result<(), NotHeld> {
        if self.stage != Stage::Held {
            return Err(NotHeld::Late);
        }
        if self.intents.len() >= limits::NETTED_ORDERS_MAX {
            return Err(NotHeld::TooMany { max: limits::NETTED_ORDERS_MAX });
        }
        let max = limits::NETTED_QTY_MAX;
        let qty =
            qty.to_whole().filter(|qty| (1..=max).contains(qty)).ok_or(NotHeld::Quantity { qty, max })?;
        self.intents.push(Intent { cl_ord_id, side, qty, cum_qty: 0, lost: 0, shares: 0 });
        Ok(())
    }

    /// A bot wants its order back.
    pub fn withdraw(&mut self, cl_ord_id: &ClOrdId) -> Withdrawn {
        let Some(at) = self.intents.iter().position(|intent| intent.cl_ord_id == *cl_ord_id) else {
            return Withdrawn::Unknown;
        };
        if self.stage != Stage::Held {
            return Withdrawn::Frozen;
        }
        self.intents.remove(at);
        Withdrawn::Yes
    }

    /// It is time. Each order is judged once more, and who may not leave is out before the difference is taken; those
    /// are returned, and the order for all if there is a difference. Called again it gives nothing.
    pub fn release(&mut self, mut may_leave: impl FnMut(&ClOrdId) -> bool) -> (Vec<ClOrdId>, Option<Net>) {
        if self.stage != Stage::Held {
            return (Vec::new(), None);
        }
        let (stay, out): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.intents).into_iter().partition(|intent| may_leave(&intent.cl_ord_id));
        self.intents = stay;
        let (bought, sold) = (self.wanted(Side::Buy), self.wanted(Side::Sell));
        self.crossed = bought.min(sold);
        let (side, qty) =
            if bought >= sold { (Side::Buy, bought - sold) } else { (Side::Sell, sold - bought) };
        self.net = (qty > 0).then_some(Net { side, qty: Qty::whole(qty) });
        self.stage = if self.net.is_some() { Stage::Released } else { Stage::Ended };
        (out.into_iter().map(|intent| intent.cl_ord_id).collect(), self.net)
    }

    /// The venue has executed a part of the order for all. The first execution gives the auction's price also to what
    /// the bots trade with each other. One that is known gives nothing; a correction of its price gives its shares again.
    pub fn execution(&mut self, exec_id: &ExecId, qty: Qty, px: Price) -> Result<Vec<Share>, NotShared> {
        let revision = revision_of(exec_id);
        if let Some(known) = self.executions.get_mut(exec_id.without_revision()) {
            return known.correct(exec_id, revision, qty, px);
        }
        let Some(net) = self.net.filter(|_| self.stage != Stage::Held) else {
            return Err(NotShared::NotSent { exec_id: exec_id.clone() });
        };
        let left =
            net.qty.to_whole().unwrap_or(0) - self.executions.values().map(|known| known.qty).sum::<u64>();
        let no_fit = || NotShared::DoesNotFit { exec_id: exec_id.clone(), qty, left };
        let units = qty.to_whole().filter(|units| *units > 0 && *units <= left).ok_or_else(no_fit)?;
        // An execution after the end: the venue's word that it was over was wrong, and executions are facts.
        self.intents.iter_mut().filter(|intent| intent.side == net.side).for_each(|intent| intent.lost = 0);
        let crossed = self.crossed_parts();
        let weights: Vec<u64> =
            self.side(net.side).map(|(at, intent)| intent.leaves() - crossed[at]).collect();
        let parts = share::units(units, &weights).ok_or_else(no_fit)?;
        let mut sent = vec![0; self.intents.len()];
        let of_side: Vec<usize> = self.side(net.side).map(|(at, _)| at).collect();
        for (at, part) in of_side.into_iter().zip(parts) {
            sent[at] = part;
        }
        self.crossed = 0;
        let shares = self.book(&crossed, &sent, px, Some((exec_id, revision)));
        let shared = Shared { revision, qty: units, shares: shares.clone() };
        self.executions.insert(exec_id.without_revision().into(), shared);
        if self.stage == Stage::Ended {
            self.lose();
        }
        Ok(shares)
    }

    /// Nothing is executed, and somebody has said that everything is to end: what the bots would have traded with each
    /// other is lost as well.
    pub fn stop(&mut self) {
        if self.executions.is_empty() {
            self.crossed = 0;
        }
    }

    /// The order for all is over at the venue: refused, canceled, or executed in full. What is left of each order on
    /// its side will not be executed; what the bots trade with each other stands.
    pub fn ended(&mut self) -> Vec<(ClOrdId, Qty)> {
        if self.stage != Stage::Released {
            return Vec::new();
        }
        self.stage = Stage::Ended;
        self.lose()
    }

    /// Whether the bots have traded with each other at a price that is not known: no execution tells it. The venue's
    /// official close is wanted, and the orders stay open until it comes.
    pub fn wants_close(&self) -> bool {
        self.stage == Stage::Ended && self.crossed > 0
    }

    /// The venue's official close, where no execution has told it.
    pub fn official_close(&mut self, px: Price) -> Vec<Share> {
        if !self.wants_close() {
            return Vec::new();
        }
        let crossed = self.crossed_parts();
        self.crossed = 0;
        let sent = vec![0; self.intents.len()];
        self.book(&crossed, &sent, px, None)
    }

    /// The commission of one of the broker's executions, shared by quantity over all whose orders it priced. None of an
    /// execution that is not known, or if the numbers do not fit.
    pub fn commission(&self, exec_id: &ExecId, charge: Money) -> Option<Vec<(ExecId, Money)>> {
        let shared = self.executions.get(exec_id.without_revision())?;
        let weights: Option<Vec<u64>> = shared.shares.iter().map(|share| share.last_qty.to_whole()).collect();
        // At least to the hundredth of a cent, which is what the broker counts in.
        let mut amount = charge.amount;
        amount.rescale(amount.scale().max(4));
        let parts = share::by_weight(amount.mantissa().unsigned_abs(), &weights?)?;
        let money = |part: u128| {
            let digits = i128::try_from(part).ok()?;
            let digits = if amount.is_sign_negative() { -digits } else { digits };
            let amount = Decimal::try_from_i128_with_scale(digits, amount.scale()).ok()?;
            Some(Money { amount, currency: charge.currency })
        };
        let ids = shared.shares.iter().map(|share| share.exec_id.clone());
        ids.zip(parts).map(|(id, part)| Some((id, money(part)?))).collect()
    }

    /// Whether this execution of the broker's was shared.
    pub fn has_shared(&self, exec_id: &ExecId) -> bool {
        self.executions.contains_key(exec_id.without_revision())
    }

    fn wanted(&self, side: Side) -> u64 {
        self.side(side).map(|(_, intent)| intent.qty).sum()
    }

    fn side(&self, side: Side) -> impl Iterator<Item = (usize, &Intent)> {
        self.intents.iter().enumerate().filter(move |(_, intent)| intent.side == side)
    }

    /// How much of each order is traded with other bots and has no price yet.
    fn crossed_parts(&self) -> Vec<u64> {
        let mut crossed = vec![0; self.intents.len()];
        for side in [Side::Buy, Side::Sell] {
            let weights: Vec<u64> = self.side(side).map(|(_, intent)| intent.qty).collect();
            let parts = share::units(self.crossed, &weights).unwrap_or_default();
            for ((at, _), part) in self.side(side).zip(parts) {
                crossed[at] = part;
            }
        }
        crossed
    }

    /// What is open of each order and not traded with another bot is lost.
    fn lose(&mut self) -> Vec<(ClOrdId, Qty)> {
        let crossed = self.crossed_parts();
        let mut lost = Vec::new();
        for (intent, crossed) in self.intents.iter_mut().zip(crossed) {
            let more = intent.leaves() - crossed;
            intent.lost += more;
            if more > 0 {
                lost.push((intent.cl_ord_id.clone(), Qty::whole(more)));
            }
        }
        lost
    }

    /// Counts what each order has got, and says so.
    fn book(&mut self, crossed: &[u64], sent: &[u64], px: Price, of: Option<(&ExecId, u32)>) -> Vec<Share> {
        let mut shares = Vec::new();
        for ((intent, crossed), sent) in self.intents.iter_mut().zip(crossed).zip(sent) {
            let qty = crossed + sent;
            if qty == 0 {
                continue;
            }
            intent.cum_qty += qty;
            assert!(
                intent.cum_qty + intent.lost <= intent.qty,
                "invariant: no order gets more than it asked for"
            );
            intent.shares += 1;
            shares.push(Share {
                cl_ord_id: intent.cl_ord_id.clone(),
                exec_id: own_id(&intent.cl_ord_id, intent.shares, of.map_or(1, |(_, revision)| revision)),
                of: of.map(|(id, _)| id.clone()),
                side: intent.side,
                last_qty: Qty::whole(qty),
                crossed_qty: Qty::whole(*crossed),
                last_px: px,
                cum_qty: Qty::whole(intent.cum_qty),
                leaves_qty: Qty::whole(intent.leaves()),
            });
        }
        shares
    }
}

impl Shared {
    fn correct(
        &mut self,
        exec_id: &ExecId,
        revision: u32,
        qty: Qty,
        px: Price,
    ) -> Result<Vec<Share>, NotShared> {
        if revision <= self.revision {
            return Ok(Vec::new());
        }
        if qty.to_whole() != Some(self.qty) {
            return Err(NotShared::QtyCorrected { exec_id: exec_id.clone(), before: self.qty, qty });
        }
        self.revision = revision;
        for share in &mut self.shares {
            share.exec_id = revised(&share.exec_id, revision);
            share.of = Some(exec_id.clone());
            share.last_px = px;
        }
        Ok(self.shares.clone())
    }
}

/// When the difference has to leave: so long before the cutoff that it arrives in time even if our clock is behind by all
/// that it may be, and the venue as slow as it has been. By corrected time.
pub fn release_at(cutoff: Timestamp, lead: Duration, uncertainty: Duration, ack: Duration) -> Timestamp {
    let early = lead.saturating_add(uncertainty).saturating_add(ack);
    cutoff.saturating_sub(early).unwrap_or(Timestamp::MIN)
}

/// The broker counts corrections in the last part of an execution's id.
fn revision_of(exec_id: &ExecId) -> u32 {
    let at = exec_id.without_revision().len() + 1;
    exec_id.as_str().get(at..).and_then(|last| last.parse().ok()).unwrap_or(1)
}

/// Of the broker's form, so that a correction is one for everybody who reads it: four parts, the last a number.
fn own_id(of: &ClOrdId, number: u32, revision: u32) -> ExecId {
    ExecId::new(&format!("net.{of}.{number}.{revision:02}")).expect("a reference has at most 90 letters")
}

fn revised(own: &ExecId, revision: u32) -> ExecId {
    ExecId::new(&format!("{}.{revision:02}", own.without_revision()))
        .expect("as long as the id that it corrects")
}
