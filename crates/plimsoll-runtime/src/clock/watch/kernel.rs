//! What the kernel knows of its own clock, where a daemon (chrony, ntpd, systemd-timesyncd) disciplines it.

use jiff::SignedDuration;
use plimsoll_core::clock::Bounds;
use rtime_clock::adjtime::{Timex, adjtimex};

/// `STA_UNSYNC` of `adjtimex(2)`: nobody disciplines the clock.
const UNSYNCHRONISED: i32 = 0x40;
/// `TIME_ERROR` of `adjtimex(2)`.
const TIME_ERROR: i32 = 5;

/// True time minus our clock, by the kernel's own maximum error.
pub(super) fn ask() -> Result<Bounds, String> {
    // All zero: nothing is set, everything is read.
    let mut asked = Timex::new();
    let state = adjtimex(&mut asked).map_err(|error| format!("adjtimex: {error}"))?;
    read(state, asked.0.status, asked.0.maxerror)
}

fn read(state: i32, status: i32, maxerror_us: i64) -> Result<Bounds, String> {
    if state == TIME_ERROR || status & UNSYNCHRONISED != 0 {
        return Err("nobody disciplines this host's clock; run chrony, ntpd or systemd-timesyncd".into());
    }
    Ok(Bounds::around(SignedDuration::ZERO, SignedDuration::from_micros(maxerror_us.max(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disciplined_clock_is_known_to_its_maximum_error() {
        let bounds = read(0, 0x2001, 16_500).unwrap();
        assert_eq!(bounds, Bounds::around(SignedDuration::ZERO, SignedDuration::from_micros(16_500)));
    }

    #[test]
    fn a_clock_that_nobody_disciplines_knows_nothing_of_itself() {
        // As a host without a time daemon answers: TIME_ERROR, STA_UNSYNC, 16 seconds.
        assert!(read(5, 0x40, 16_000_000).is_err());
        assert!(read(0, 0x40, 100).is_err());
    }

    #[test]
    fn the_kernel_answers_without_privileges() {
        match ask() {
            Ok(bounds) => assert!(bounds.offset().is_zero()),
            // A sandbox may forbid the call altogether.
            Err(why) => assert!(why.contains("disciplines") || why.starts_with("adjtimex"), "{why}"),
        }
    }
}
