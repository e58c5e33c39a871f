//! What clients are told around an execution, and in which order.
//!
//! Owns the recorded shapes. The plain one is what Gateways were seen to do most often; the others are as
//! real (a status that never comes, `Filled` ahead of its execution, a commission seconds behind) and are
//! drawn by the seed where [`Sequences::Varied`] asks for them.

use std::ops::Range;

use jiff::SignedDuration;
use plimsoll_model::PermId;
use rust_decimal::Decimal;

use crate::ibkr::Sequences;
use crate::ibkr::exchange::{Exchange, Happening};
use crate::ibkr::order::{Order, State};
use crate::market::rng::Stream;

/// One recorded shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The execution, the order twice where it is filled, the commission.
    Usual,
    /// The execution and its commission, and no status at all.
    NoStatus,
    /// The order first, the execution after it.
    StatusFirst,
    /// As usual, each status once more.
    Repeated,
    /// As usual, the commission seconds later.
    LateCharge,
}

impl Exchange {
    /// Tells an execution, what it made of the order, and what it cost.
    pub(crate) fn tell_execution(&mut self, perm: PermId, rows: Range<usize>) {
        let fill = rows.start;
        let shape = self.shape(fill);
        match shape {
            Shape::NoStatus => self.tell_rows(&rows),
            Shape::StatusFirst => {
                self.tell_progress(perm);
                self.tell_rows(&rows);
            }
            Shape::Usual | Shape::LateCharge => {
                self.tell_rows(&rows);
                self.tell_progress(perm);
            }
            Shape::Repeated => {
                self.tell_rows(&rows);
                self.tell_progress(perm);
                self.tell_status(perm);
            }
        }
        let late = if shape == Shape::LateCharge {
            SignedDuration::from_secs(1 + self.draw("delay", fill, 4))
        } else {
            SignedDuration::ZERO
        };
        // The charges of a combination are those of its legs.
        for fill in rows.filter(|fill| !self.fills[*fill].combo).collect::<Vec<_>>() {
            self.charge_later(fill, self.faults.commission_delay.unwrap_or(late));
        }
    }

    fn tell_rows(&mut self, rows: &Range<usize>) {
        for fill in rows.clone() {
            self.tell(Happening::Executed(fill));
        }
    }

    fn tell_progress(&mut self, perm: PermId) {
        if self.order(perm).state != State::Filled {
            self.tell_status(perm);
            return;
        }
        // A Gateway says it twice: once without and once with the commission.
        let before_charge = Order { commission: Decimal::ZERO, ..self.order(perm).clone() };
        self.tell(Happening::Order(Box::new(before_charge)));
        self.tell_order(perm);
    }

    fn charge_later(&mut self, fill: usize, delay: SignedDuration) {
        let due = self.now.checked_add(delay).unwrap_or(jiff::Timestamp::MAX);
        if due > self.now {
            self.charges.insert((due, fill));
        } else {
            self.tell(Happening::Charged(fill));
        }
    }

    fn shape(&self, fill: usize) -> Shape {
        if self.settings.sequences == Sequences::Plain {
            return Shape::Usual;
        }
        match self.draw("sequence", fill, 8) {
            0 => Shape::NoStatus,
            1 => Shape::StatusFirst,
            2 => Shape::Repeated,
            3 | 4 => Shape::LateCharge,
            _ => Shape::Usual,
        }
    }

    /// Whether the cancel of an order that is queued for the open is acknowledged at the open only, as was reported of
    /// live accounts. A paper Gateway acknowledged it at once, and that is the plain sequence.
    pub(crate) fn varies_queued_cancel(&self, order: &Order) -> bool {
        let draw = || Stream::new(self.seed, self.symbol(order.sym), "queued").below(order.perm_id.0, 2);
        self.settings.sequences == Sequences::Varied && draw() == 0
    }

    /// A number below `bound`, the same for a seed and an execution.
    fn draw(&self, what: &str, fill: usize, bound: i64) -> i64 {
        let at = i64::try_from(fill).unwrap_or(i64::MAX);
        Stream::new(self.seed, self.symbol(self.fills[fill].sym), what).below(at, bound)
    }
}
