//! How long the venue takes to answer a new order, as this process has seen it.
//!
//! Owns: the instants at which orders left, until the first word about them; the latest answer times. A deadline
//! is met only if the order *arrives* in time, so the guards count with this.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use plimsoll_model::{LinkId, Mono, OrderId};

use crate::limits;

#[derive(Debug, Default)]
pub(crate) struct Acks {
    waiting: BTreeMap<(LinkId, OrderId), Mono>,
    latest: VecDeque<Duration>,
}

impl Acks {
    /// An order leaves.
    pub(crate) fn sent(&mut self, link: LinkId, order_id: OrderId, now: Mono) {
        if self.waiting.len() >= limits::ACKS_WAITING_MAX {
            // A venue that answers nothing teaches nothing new with one more.
            self.waiting.pop_first();
        }
        self.waiting.insert((link, order_id), now);
    }

    /// The venue says something about an order.
    pub(crate) fn heard(&mut self, link: LinkId, order_id: OrderId, now: Mono) {
        let Some(sent) = self.waiting.remove(&(link, order_id)) else { return };
        if self.latest.len() >= limits::ACKS_KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(now.since(sent));
    }

    /// A connection is gone, and answers to what was sent on it will not come.
    pub(crate) fn forget(&mut self, link: LinkId) {
        self.waiting.retain(|(of, _), _| *of != link);
    }

    /// Within this time all but one in a hundred were answered.
    pub(crate) fn p99(&self) -> Duration {
        if self.latest.len() < limits::ACKS_MIN {
            return limits::ACK_UNKNOWN;
        }
        let mut sorted: Vec<Duration> = self.latest.iter().copied().collect();
        sorted.sort_unstable();
        // Nearest rank: the smallest that at least 99 % do not exceed.
        let rank = (sorted.len() * 99).div_ceil(100);
        sorted[rank - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Orders answered after so many milliseconds each.
    fn after(answers: impl IntoIterator<Item = u64>) -> Acks {
        let mut acks = Acks::default();
        for (id, ms) in (1..).zip(answers) {
            acks.sent(LinkId(1), OrderId(id), Mono::ZERO);
            acks.heard(LinkId(1), OrderId(id), Mono::from_nanos(ms * MS));
        }
        acks
    }

    #[test]
    fn until_twenty_answers_are_seen_a_second_counts() {
        assert_eq!(after([5; 19]).p99(), Duration::from_secs(1));
        assert_eq!(after([5; 20]).p99(), Duration::from_millis(5));
    }

    #[test]
    fn of_a_hundred_the_second_slowest_counts_and_of_fewer_the_slowest() {
        assert_eq!(after(1..=100).p99(), Duration::from_millis(99));
        assert_eq!(after(1..=50).p99(), Duration::from_millis(50));
    }

    #[test]
    fn only_the_latest_count() {
        let slow = std::iter::repeat_n(900, 20);
        let acks = after(slow.chain(std::iter::repeat_n(3, limits::ACKS_KEPT)));
        assert_eq!(acks.p99(), Duration::from_millis(3));
    }

    #[test]
    fn only_the_first_word_about_an_order_is_its_answer_and_a_lost_link_owes_none() {
        let mut acks = after([5; 20]);
        acks.heard(LinkId(1), OrderId(1), Mono::from_nanos(9000 * MS));
        acks.sent(LinkId(2), OrderId(1), Mono::ZERO);
        acks.forget(LinkId(2));
        acks.heard(LinkId(2), OrderId(1), Mono::from_nanos(9000 * MS));
        assert_eq!(acks.p99(), Duration::from_millis(5));
    }

    #[test]
    fn orders_that_nobody_answers_are_bounded() {
        let mut acks = Acks::default();
        for id in 0..2 * i32::try_from(limits::ACKS_WAITING_MAX).unwrap() {
            acks.sent(LinkId(1), OrderId(id), Mono::ZERO);
        }
        assert_eq!(acks.waiting.len(), limits::ACKS_WAITING_MAX);
    }
}
