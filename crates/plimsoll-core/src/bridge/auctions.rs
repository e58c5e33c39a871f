//! What a closing auction owes. Whatever becomes of an on-close order becomes of it in one moment, and what the venue says then
//! can get lost on a connection that lives on: it hears nothing for some seconds, and nothing more is said of the order. So
//! where an on-close order has neither executed nor ended some time after its auction, the venue is asked, and asked again;
//! after a while a person is told.
//!
//! Owns: when that is. Does not own: the questions, which are those of every round (`rounds`), nor what the answers prove
//! (there, and `reports`).

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::{Mono, Now, OrderStatus};

use super::Bridge;
use super::jobs::Hint;
use crate::book::{OrderKey, OrderState};
use crate::{Command, limits};

/// When the venue is asked what has become of on-close orders.
#[derive(Debug, Default)]
pub(crate) struct Auctions {
    due: Option<Mono>,
    asked: Option<Mono>,
    /// Orders that a person was told of, of those that still work.
    told: BTreeSet<OrderKey>,
}

impl Auctions {
    pub(super) fn due(&self) -> Option<Mono> {
        self.due
    }

    /// Nothing of it has to be remembered over a restart but who was told.
    pub(super) fn restarted(&mut self) {
        (self.due, self.asked) = (None, None);
    }
}

impl Bridge {
    /// After every event.
    pub(super) fn ask_what_auctions_owe(&mut self, now: Now, hint: Hint, out: &mut Vec<Command>) {
        let is_due = self.auctions.due.is_some_and(|due| due <= now.mono);
        let has_changed = self.book.changed().any(|(_, state)| state.ord_type.is_on_close());
        if !is_due && !has_changed && hint == Hint::None {
            return;
        }
        if let Some(moved) = self.schedule.moved_until(now) {
            self.auctions.due = Some(moved);
            return;
        }
        let time = self.clock.corrected(now);
        let open: Vec<_> = self
            .book
            .open_on_close()
            // What left with others in one order ends with that.
            .filter(|(_, state)| !self.is_kept_here(state))
            .filter_map(|(key, state)| Some((key, self.owes_from(state)?, state.label())))
            .collect();
        self.auctions.told.retain(|key| open.iter().any(|(of, ..)| of == key));
        let mut next = None;
        for (key, from, label) in open {
            let until = later(from, limits::AUCTION_OWES_FOR);
            if time >= until {
                self.tell_owed(key, &label, from, out);
                continue;
            }
            let due = if time < from { from } else { self.ask_for_auction(now, time, until, out) };
            next = next.into_iter().chain([due]).min();
        }
        self.auctions.due = next.map(|next| {
            let left = Duration::try_from(next.duration_since(time)).unwrap_or_default();
            now.mono.after(left)
        });
    }

    /// Asks, unless that was done a moment ago; when to look again. While other questions are under way, or our
    /// connection is away, that is the next try.
    fn ask_for_auction(
        &mut self,
        now: Now,
        time: Timestamp,
        until: Timestamp,
        out: &mut Vec<Command>,
    ) -> Timestamp {
        let waits = self
            .auctions
            .asked
            .map_or(Duration::ZERO, |asked| limits::AUCTION_OWES_AGAIN.saturating_sub(now.mono.since(asked)));
        if !waits.is_zero() {
            return later(time, waits).min(until);
        }
        self.auctions.asked = Some(now.mono);
        self.poll(now, out);
        later(time, limits::AUCTION_OWES_AGAIN).min(until)
    }

    fn tell_owed(&mut self, key: OrderKey, label: &str, from: Timestamp, out: &mut Vec<Command>) {
        if self.auctions.told.insert(key) {
            let text = format!(
                "{label} was in a closing auction that is over, and since {from} the broker has told neither what was executed \
                 of it nor its end; it is asked no more; look at the broker"
            );
            out.push(Command::Notice { text });
        }
    }

    /// From when on the venue has to have said what became of an on-close order in its auction.
    fn owes_from(&self, state: &OrderState) -> Option<Timestamp> {
        let calendar = self.calendar_for(&state.instrument)?;
        let date = calendar.trade_date(state.since).ok()?;
        let close = calendar.session(date).ok()??.close();
        Some(later(close, limits::AUCTION_OWES_AFTER))
    }

    /// Whether the venue has named the order as one that works, its auction is over, and so answers that do not name it
    /// prove that it has ended. Of one that was never named silence proves nothing.
    pub(super) fn is_over_by_auction(&self, now: Now, state: &OrderState) -> bool {
        let is_named = !matches!(state.status, OrderStatus::PendingNew | OrderStatus::Unknown);
        let is_past = |from: Timestamp| self.clock.corrected(now) >= from;
        state.ord_type.is_on_close() && is_named && self.owes_from(state).is_some_and(is_past)
    }
}

fn later(at: Timestamp, span: Duration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}
