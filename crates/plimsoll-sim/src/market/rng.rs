//! Seeded numbers: the only source of chance in the simulator, and in whatever plays with it.
//!
//! Owns one counter-based generator, `SplitMix64`: the number at index `i` of a stream is a fixed mix of
//! `key + (i + 1) * GOLDEN`. Any number can be had without those before it, so a bar of last March and
//! the quote of this second come from the same walk whatever was asked first. Every actor has a stream
//! of its own, keyed by seed, symbol and purpose: asking one never moves another.

/// The odd constant nearest to 2^64 divided by the golden ratio: consecutive counters land far apart.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The standard deviation of [`Stream::bell`]: eight uniform bytes have variance `8 * (256^2 - 1) / 12`.
pub(crate) const BELL_SD: i64 = 209;

/// An endless row of numbers that belongs to one actor.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of `purpose` for `symbol`, or for another actor.
    pub fn new(seed: u64, symbol: &str, purpose: &str) -> Self {
        // FNV-1a. The separator keeps ("AB", "C") and ("A", "BC") apart.
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        for byte in symbol.bytes().chain([0xFF]).chain(purpose.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Self { key: mix(hash ^ mix(seed)) }
    }

    /// A stream of its own for one day, one order or the like.
    pub(crate) fn branch(self, salt: i64) -> Self {
        Self { key: mix(self.key ^ mix(salt.cast_unsigned().wrapping_add(GOLDEN))) }
    }

    /// The 64 bits at `index`.
    pub fn bits(self, index: i64) -> u64 {
        mix(self.key.wrapping_add(index.cast_unsigned().wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// A whole number of `0..bound`.
    pub(crate) fn below(self, index: i64, bound: i64) -> i64 {
        pick(self.bits(index), bound)
    }

    /// Nearly normal around zero, within ±1020, standard deviation [`BELL_SD`].
    pub(crate) fn bell(self, index: i64) -> i64 {
        self.bits(index).to_le_bytes().iter().map(|b| i64::from(*b)).sum::<i64>() - 1020
    }
}

/// Maps 64 random bits to `0..bound`; the bias of the modulus is below 2^-40 for the bounds used here.
pub(crate) fn pick(bits: u64, bound: i64) -> i64 {
    assert!(bound > 0, "invariant: a range of nothing has no member: {bound}");
    (bits >> 1).cast_signed() % bound
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
    fn the_generator_is_splitmix64() {
        // The published first outputs of SplitMix64 from state 0.
        let stream = Stream { key: 0 };
        assert_eq!(stream.bits(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(stream.bits(1), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn symbols_and_purposes_do_not_share_a_stream() {
        let one = Stream::new(7, "AB", "C").bits(0);
        assert_ne!(one, Stream::new(7, "A", "BC").bits(0));
        assert_ne!(one, Stream::new(8, "AB", "C").bits(0));
        assert_eq!(one, Stream::new(7, "AB", "C").bits(0));
    }

    #[test]
    fn the_bell_has_the_stated_spread() {
        let stream = Stream::new(1, "SPY", "test");
        let squares: i64 = (0..10_000).map(|i| stream.bell(i).pow(2)).sum();
        let variance = squares / 10_000;
        assert!((41_000..46_500).contains(&variance), "variance {variance} is not near 209^2");
    }
}
