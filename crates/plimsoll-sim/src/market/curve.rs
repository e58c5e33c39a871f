//! How a trading day breathes: more movement and volume at both ends, little at noon.
//!
//! Owns two tables over thirteenths of a session (half hours of a full day), in percent of the day's
//! mean. A half day runs through the same curve faster. The shape is the usual one of US stocks; the
//! numbers are rounded by hand.

/// Volatility per second against the mean, percent. Their squares average to about 100 squared.
const VOLATILITY: [i64; 13] = [190, 135, 115, 100, 88, 80, 75, 74, 76, 82, 88, 96, 118];
/// Volume per second against the mean, percent. Sums to 1300.
const VOLUME: [i64; 13] = [190, 125, 105, 92, 82, 75, 70, 68, 72, 80, 88, 103, 150];

/// Volatility at `second` of a session of `length` seconds, percent of the mean.
pub(crate) fn volatility_pct(second: i64, length: i64) -> i64 {
    VOLATILITY[slot(second, length)]
}

/// Volume at `second` of a session of `length` seconds, percent of the mean.
pub(crate) fn volume_pct(second: i64, length: i64) -> i64 {
    VOLUME[slot(second, length)]
}

fn slot(second: i64, length: i64) -> usize {
    let index = second.clamp(0, length - 1) * 13 / length;
    usize::try_from(index).expect("a clamped second of a session is never negative")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_days_volume_is_neither_lost_nor_gained_by_its_shape() {
        assert_eq!(VOLUME.iter().sum::<i64>(), 1300);
    }

    #[test]
    fn noon_is_quieter_than_both_ends() {
        let (open, noon, close) = (0, 11_700, 23_399);
        assert!(volume_pct(open, 23_400) > volume_pct(noon, 23_400));
        assert!(volatility_pct(close, 23_400) > volatility_pct(noon, 23_400));
    }
}
