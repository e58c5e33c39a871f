//! What most of several bounds have in common.

use jiff::SignedDuration;

use super::Bounds;

/// The span of all regions that lie within the most bounds, if those are more than half of them.
pub(super) fn of_most(all: &[Bounds]) -> Option<Bounds> {
    // Where one begins exactly where another ends, the two have that instant in common: begins sort first.
    let mut edges: Vec<(SignedDuration, bool)> =
        all.iter().flat_map(|bounds| [(bounds.least, false), (bounds.most, true)]).collect();
    edges.sort_unstable();
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let mut found: Option<Bounds> = None;
    for (at, is_end) in edges {
        if is_end {
            if depth == deepest
                && let Some(found) = &mut found
            {
                found.most = at;
            }
            depth -= 1;
        } else {
            depth += 1;
            if depth > deepest {
                deepest = depth;
                found = Some(Bounds { least: at, most: at });
            }
        }
    }
    found.filter(|_| deepest * 2 > all.len())
}

/// Whether both can hold.
pub(super) fn overlap(one: Bounds, other: Bounds) -> bool {
    one.least <= other.most && other.least <= one.most
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bounds in milliseconds.
    fn ms(least: i64, most: i64) -> Bounds {
        Bounds { least: SignedDuration::from_millis(least), most: SignedDuration::from_millis(most) }
    }

    #[test]
    fn one_of_four_that_is_off_by_seconds_is_outvoted() {
        let all = [ms(-5, 5), ms(3690, 3710), ms(-2, 8), ms(-10, 3)];
        assert_eq!(of_most(&all), Some(ms(-2, 3)));
    }

    #[test]
    fn two_against_two_is_nobody_s_majority() {
        assert_eq!(of_most(&[ms(0, 2), ms(1, 3), ms(900, 902), ms(901, 903)]), None);
        assert_eq!(of_most(&[ms(0, 2), ms(900, 902)]), None);
        assert_eq!(of_most(&[]), None);
    }

    #[test]
    fn of_two_majorities_the_whole_span_counts() {
        // The middle one overlaps either neighbour, and those do not overlap each other.
        assert_eq!(of_most(&[ms(0, 10), ms(8, 22), ms(20, 30)]), Some(ms(8, 22)));
    }

    #[test]
    fn bounds_that_only_touch_have_that_instant_in_common() {
        assert_eq!(of_most(&[ms(0, 10), ms(10, 20)]), Some(ms(10, 10)));
        assert!(overlap(ms(0, 10), ms(10, 20)) && !overlap(ms(0, 9), ms(10, 20)));
    }

    #[test]
    fn a_single_source_is_its_own_majority() {
        assert_eq!(of_most(&[ms(-500, 500)]), Some(ms(-500, 500)));
    }
}
