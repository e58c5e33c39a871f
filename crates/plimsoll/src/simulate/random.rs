//! Chance, all of it from one seed.
//!
//! Every actor draws from a stream of its own for each purpose, so that taking one fault or one order out of a plan does
//! not move what the others draw: that is what makes a plan smaller without making it another one.

use std::time::Duration;

/// A stream of the simulator's numbers, taken one after another.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    of: plimsoll_sim::Stream,
    taken: i64,
}

impl Stream {
    /// That of an actor for a purpose.
    pub(super) fn new(seed: u64, actor: &str, purpose: &str) -> Self {
        Self { of: plimsoll_sim::Stream::new(seed, actor, purpose), taken: 0 }
    }

    fn next(&mut self) -> u64 {
        let bits = self.of.bits(self.taken);
        self.taken += 1;
        bits
    }

    /// A whole number of `from..=to`.
    pub(super) fn within(&mut self, from: i64, to: i64) -> i64 {
        assert!(from <= to, "invariant: a range of nothing has no member: {from}..={to}");
        let span = to.abs_diff(from).saturating_add(1);
        // The bias of the modulus is far below what a thousand days could show.
        from.saturating_add_unsigned(self.next() % span)
    }

    /// True once in so many times.
    pub(super) fn one_in(&mut self, n: i64) -> bool {
        self.within(1, n) == 1
    }

    /// One of these.
    pub(super) fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let last = i64::try_from(from.len()).unwrap_or(i64::MAX) - 1;
        let at = usize::try_from(self.within(0, last)).expect("a number between zero and the last index");
        &from[at]
    }

    /// A span between these, ends included.
    pub(super) fn span(&mut self, from: Duration, to: Duration) -> Duration {
        let nanos = |span: Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        let drawn = self.within(nanos(from), nanos(to.max(from)));
        Duration::from_nanos(drawn.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_range_are_drawn_and_nothing_beyond() {
        let mut stream = Stream::new(1, "test", "range");
        let drawn: std::collections::BTreeSet<_> = (0..200).map(|_| stream.within(-2, 2)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
    }
}
