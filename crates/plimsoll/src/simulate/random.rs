//! Chance, all of it from one seed.
//!
//! Every actor draws from a stream of its own for each purpose, so that taking one fault or one order out of a plan does
//! not move what the others draw: that is what makes a plan smaller without making it another one.

use std::time::Duration;

/// The odd constant nearest to 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// An endless row of numbers (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Stream {
    state: u64,
}

impl Stream {
    /// That of an actor for a purpose.
    pub(super) fn new(seed: u64, actor: &str, purpose: &str) -> Self {
        // FNV-1a; the separator keeps ("ab", "c") and ("a", "bc") apart.
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        for byte in actor.bytes().chain([0xFF]).chain(purpose.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Self { state: mix(hash ^ mix(seed)) }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
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

/// The finalizer of `SplitMix64`.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_and_purposes_do_not_share_a_stream() {
        let first = |seed, actor, purpose| Stream::new(seed, actor, purpose).next();
        assert_ne!(first(7, "ab", "c"), first(7, "a", "bc"));
        assert_ne!(first(7, "ab", "c"), first(8, "ab", "c"));
        assert_eq!(first(7, "ab", "c"), first(7, "ab", "c"));
    }

    #[test]
    fn both_ends_of_a_range_are_drawn_and_nothing_beyond() {
        let mut stream = Stream::new(1, "test", "range");
        let drawn: std::collections::BTreeSet<_> = (0..200).map(|_| stream.within(-2, 2)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
    }
}
