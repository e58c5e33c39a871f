//! How fast history may be asked for.
//!
//! Owns the three rules of the historical farm: the same request within fifteen seconds, six requests for
//! one contract, exchange and kind of tick within two seconds, more than sixty requests within ten minutes.
//! They hold for bars of up to thirty seconds, head timestamps, historical ticks and the start of
//! five-second bars; a request for both sides of the quote counts twice. Larger bars are free of them.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// Requests that are remembered; ten minutes hold no more that could still matter.
const RECENT_MAX: usize = 4_096;

/// The requests that the rules look at.
#[derive(Debug, Default)]
pub(crate) struct Pacing {
    recent: VecDeque<Recent>,
}

#[derive(Debug)]
struct Recent {
    at: Timestamp,
    request: String,
    stream: String,
    weight: usize,
}

/// One request as the rules see it.
#[derive(Debug, Clone)]
pub(crate) struct Paced {
    /// Contract, exchange and kind of tick.
    pub(crate) stream: String,
    /// Everything else but the request's number.
    pub(crate) rest: String,
    /// Whether both sides of the quote were asked for.
    pub(crate) both_sides: bool,
}

impl Pacing {
    /// Which rule a request breaks. Refused requests count too, as repeated violations do in life.
    pub(crate) fn broken_by(&mut self, at: Timestamp, paced: Paced) -> Option<&'static str> {
        let request = format!("{} {}", paced.stream, paced.rest);
        let weight = if paced.both_sides { 2 } else { 1 };
        let ago = |seconds: i64| at - SignedDuration::from_secs(seconds);
        self.recent.retain(|recent| recent.at > ago(600));
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        let same = self.recent.iter().any(|recent| recent.request == request && recent.at > ago(15));
        let burst: usize = self
            .recent
            .iter()
            .filter(|recent| recent.stream == paced.stream && recent.at > ago(2))
            .map(|recent| recent.weight)
            .sum();
        let all: usize = self.recent.iter().map(|recent| recent.weight).sum();
        self.recent.push_back(Recent { at, request, stream: paced.stream, weight });
        match () {
            () if same => Some("the same request within 15 seconds"),
            () if burst + weight >= 6 => Some("six requests for one contract within two seconds"),
            () if all + weight > 60 => Some("more than 60 requests within ten minutes"),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paced(stream: &str, rest: &str) -> Paced {
        Paced { stream: stream.to_owned(), rest: rest.to_owned(), both_sides: false }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_795_200_000 + ms).unwrap()
    }

    #[test]
    fn the_same_request_is_free_again_after_fifteen_seconds_exactly() {
        let mut pacing = Pacing::default();
        assert_eq!(pacing.broken_by(at(0), paced("SPY", "1")), None);
        assert!(pacing.broken_by(at(14_999), paced("SPY", "1")).is_some());
        // The refused one counts: fifteen seconds from then on.
        assert!(pacing.broken_by(at(15_000), paced("SPY", "1")).is_some());
        assert_eq!(pacing.broken_by(at(30_000), paced("SPY", "1")), None);
    }

    #[test]
    fn the_sixth_request_for_one_contract_within_two_seconds_is_one_too_many() {
        let mut pacing = Pacing::default();
        for rest in ["1", "2", "3", "4", "5"] {
            assert_eq!(pacing.broken_by(at(0), paced("SPY", rest)), None);
        }
        assert_eq!(pacing.broken_by(at(1_000), paced("QQQ", "1")), None);
        assert!(pacing.broken_by(at(1_999), paced("SPY", "6")).is_some());
        assert_eq!(pacing.broken_by(at(4_000), paced("SPY", "7")), None);
    }

    #[test]
    fn both_sides_of_the_quote_count_twice() {
        let mut pacing = Pacing::default();
        let both = |rest: &str| Paced { both_sides: true, ..paced("SPY", rest) };
        assert_eq!(pacing.broken_by(at(0), both("1")), None);
        assert_eq!(pacing.broken_by(at(0), both("2")), None);
        assert!(pacing.broken_by(at(0), both("3")).is_some());
    }

    #[test]
    fn the_sixty_first_request_within_ten_minutes_is_one_too_many() {
        let mut pacing = Pacing::default();
        for second in 0..60 {
            assert_eq!(pacing.broken_by(at(second * 5_000), paced("SPY", &second.to_string())), None);
        }
        assert!(pacing.broken_by(at(599_999), paced("SPY", "x")).is_some());
        assert_eq!(pacing.broken_by(at(605_001), paced("SPY", "y")), None);
    }
}
