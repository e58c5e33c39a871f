//! Civil times that do not exist, or exist twice, and what a schedule does about them.
//!
//! When clocks go forward a stretch of civil time is missing (a gap), when they go back one comes twice (a
//! fold). There is no right answer for everybody, so whoever turns a civil time into an instant says which he
//! wants.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// What to take where a civil time is missing or comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// The earlier instant: in a gap the civil time read with the offset after the switch, in a fold the first
    /// of the two.
    Earlier,
    /// The later instant: in a gap the civil time read with the offset before the switch, in a fold the second
    /// of the two.
    Later,
    /// None: such a time is an error.
    Reject,
}

/// A choice for both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// For times that do not exist.
    pub gap: Choice,
    /// For times that come twice.
    pub fold: Choice,
}

impl Policy {
    /// What RFC 5545 says and most calendars do: after a gap, the first of a fold.
    pub const COMPATIBLE: Self = Self { gap: Choice::Later, fold: Choice::Earlier };
    /// The earlier in both cases.
    pub const EARLIER: Self = Self { gap: Choice::Earlier, fold: Choice::Earlier };
    /// The later in both cases.
    pub const LATER: Self = Self { gap: Choice::Later, fold: Choice::Later };
    /// Neither.
    pub const REJECT: Self = Self { gap: Choice::Reject, fold: Choice::Reject };
}

/// Why a civil time is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CivilError {
    /// The clocks go forward over it.
    #[error(
        "{civil} does not exist in {zone}: the clocks go forward over it; nothing was assumed; choose `earlier` or \
         `later` for a gap"
    )]
    Gap {
        /// The civil time.
        civil: DateTime,
        /// The zone.
        zone: Box<str>,
    },
    /// The clocks go back over it.
    #[error(
        "{civil} comes twice in {zone}: the clocks go back over it; neither was assumed; choose `earlier` or \
         `later` for a fold"
    )]
    Fold {
        /// The civil time.
        civil: DateTime,
        /// The zone.
        zone: Box<str>,
    },
    /// Thousands of years away.
    #[error("{civil} is beyond what a timestamp can say; nothing was assumed; correct the year")]
    Beyond {
        /// The civil time.
        civil: DateTime,
    },
}

/// The instant of a civil time in a zone.
pub fn instant(civil: DateTime, zone: &TimeZone, policy: Policy) -> Result<Timestamp, CivilError> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let name = || zone.iana_name().unwrap_or("a zone without a name").into();
    let choice = match ambiguous.offset() {
        // Both are the same where nothing is ambiguous.
        AmbiguousOffset::Unambiguous { .. } => Choice::Earlier,
        AmbiguousOffset::Gap { .. } => policy.gap,
        AmbiguousOffset::Fold { .. } => policy.fold,
    };
    let instant = match choice {
        Choice::Earlier => ambiguous.earlier(),
        Choice::Later => ambiguous.later(),
        Choice::Reject if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) => {
            return Err(CivilError::Gap { civil, zone: name() });
        }
        Choice::Reject => return Err(CivilError::Fold { civil, zone: name() }),
    };
    instant.map_err(|_| CivilError::Beyond { civil })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, civil: &str, policy: Policy) -> Result<String, CivilError> {
        let zone = crate::zone(zone).unwrap();
        instant(civil.parse().unwrap(), &zone, policy).map(|at| at.to_string())
    }

    /// From the public vectors: the four kinds of cases, one of each hemisphere.
    #[test]
    fn a_gap_and_a_fold_are_read_as_the_policy_says() {
        let table = [
            ("America/New_York", "2024-03-10T01:30", "2024-03-10T06:30:00Z", "2024-03-10T06:30:00Z"),
            ("America/New_York", "2024-03-10T02:00", "2024-03-10T06:00:00Z", "2024-03-10T07:00:00Z"),
            ("America/New_York", "2024-03-10T02:30", "2024-03-10T06:30:00Z", "2024-03-10T07:30:00Z"),
            ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"),
            ("Europe/London", "2026-03-29T01:30", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),
        ];
        for (zone, civil, earlier, later) in table {
            assert_eq!(check(zone, civil, Policy::EARLIER).unwrap(), earlier, "{zone} {civil}");
            assert_eq!(check(zone, civil, Policy::LATER).unwrap(), later, "{zone} {civil}");
        }
        let both = |civil| check("America/New_York", civil, Policy::COMPATIBLE).unwrap();
        assert_eq!(both("2024-03-10T02:30"), "2024-03-10T07:30:00Z");
        assert_eq!(both("2026-11-01T01:30"), "2026-11-01T05:30:00Z");
    }

    #[test]
    fn a_rejected_time_says_whether_it_is_missing_or_comes_twice() {
        let says = |civil| check("America/New_York", civil, Policy::REJECT).unwrap_err().to_string();
        assert!(says("2026-03-08T02:30").contains("does not exist in America/New_York"));
        assert!(says("2026-11-01T01:30").contains("comes twice in America/New_York"));
        assert!(check("America/New_York", "2026-11-01T02:00", Policy::REJECT).is_ok());
    }
}
