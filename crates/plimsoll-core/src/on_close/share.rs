//! Dividing whole units by weight, so that nothing is lost and nobody is favoured.

/// So much of a whole for each weight: in proportion, rounded down, and the units that are left to the largest
/// fractions, the earlier one first among equals. The parts sum to the whole, and none is larger than its weight if
/// the whole is not larger than all weights together. Nothing if there is no weight, or the numbers do not fit.
pub(super) fn by_weight(whole: u128, weights: &[u64]) -> Option<Vec<u128>> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return None;
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut fractions = Vec::with_capacity(weights.len());
    for (at, weight) in weights.iter().enumerate() {
        let product = whole.checked_mul(u128::from(*weight))?;
        parts.push(product / sum);
        fractions.push((product % sum, at));
    }
    let mut left = whole - parts.iter().sum::<u128>();
    // A stable sort: of equal fractions the earlier one stays first.
    fractions.sort_by_key(|(fraction, _)| std::cmp::Reverse(*fraction));
    for (_, at) in fractions {
        if left == 0 {
            break;
        }
        parts[at] += 1;
        left -= 1;
    }
    Some(parts)
}

/// The same for quantities that are not larger than all weights together.
pub(super) fn units(whole: u64, weights: &[u64]) -> Option<Vec<u64>> {
    by_weight(u128::from(whole), weights)?.into_iter().map(|part| u64::try_from(part).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_in_proportion_and_sum_to_the_whole() {
        assert_eq!(units(60, &[60, 40]), Some(vec![36, 24]));
        assert_eq!(units(30, &[100]), Some(vec![30]));
        assert_eq!(units(0, &[3, 4]), Some(vec![0, 0]));
        assert_eq!(units(7, &[3, 4]), Some(vec![3, 4]));
    }

    #[test]
    fn what_is_left_goes_to_the_largest_fraction_and_among_equals_to_the_earlier_one() {
        assert_eq!(units(10, &[1, 1, 1]), Some(vec![4, 3, 3]));
        assert_eq!(units(1, &[50, 50]), Some(vec![1, 0]));
        // 2.5, 1.25 and 1.25 of five.
        assert_eq!(units(5, &[10, 5, 5]), Some(vec![3, 1, 1]));
    }

    #[test]
    fn who_has_no_weight_gets_nothing_and_where_nobody_has_one_there_is_no_answer() {
        assert_eq!(units(1, &[0, 9, 0]), Some(vec![0, 1, 0]));
        assert_eq!(units(1, &[0, 0]), None);
        assert_eq!(by_weight(u128::MAX, &[2]), None);
    }

    #[test]
    fn nobody_gets_more_than_his_weight() {
        arbtest::arbtest(|u| {
            let weights: Vec<u64> = (0..u.int_in_range(1..=9)?)
                .map(|_| Ok(u64::from(u.arbitrary::<u32>()?)))
                .collect::<Result<_, _>>()?;
            let sum: u64 = weights.iter().sum();
            if sum == 0 {
                return Ok(());
            }
            let whole = u.int_in_range(0..=sum)?;
            let parts = units(whole, &weights).expect("these fit");
            assert_eq!(parts.iter().sum::<u64>(), whole, "{weights:?}");
            assert!(
                parts.iter().zip(&weights).all(|(part, weight)| part <= weight),
                "{parts:?} of {weights:?}"
            );
            Ok(())
        });
    }
}
