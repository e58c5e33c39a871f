//! Sizes. Every expected number is worked out by hand beside its test.

use plimsoll_model::{Account, Currency, Money, Qty};
use rust_decimal::Decimal;

use super::{Lots, NotDivided, Rule, divide};

fn account(text: &str) -> Account {
    Account::new(text).unwrap()
}

fn accounts(all: &[&str]) -> Vec<Account> {
    all.iter().map(|text| account(text)).collect()
}

fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

fn lots(min: &str, step: &str) -> Lots {
    Lots { min: qty(min), step: qty(step) }
}

fn ratios(all: &[(&str, &str)]) -> Rule {
    Rule::Ratio(all.iter().map(|(name, ratio)| (account(name), ratio.parse().unwrap())).collect())
}

fn nobody(_: &Account) -> Option<Money> {
    None
}

/// `U1 4 of 3.3333, …; 0 left`.
fn shown(rule: &Rule, of: &str, lots: Lots) -> String {
    worth(rule, of, lots, &nobody)
}

fn worth(rule: &Rule, of: &str, lots: Lots, equity: &dyn Fn(&Account) -> Option<Money>) -> String {
    match divide(rule, qty(of), lots, equity) {
        Ok(division) => {
            let part = |part: &super::Part| {
                let small = if part.is_too_small { " too small" } else { "" };
                format!("{} {} of {}{small}", part.account, part.qty, part.share)
            };
            let parts: Vec<_> = division.parts.iter().map(part).collect();
            format!("{}; {} left", parts.join(", "), division.left)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn equal_parts_give_the_odd_unit_to_the_first_account_by_its_code() {
    // 10 / 3 = 3 rest 1.
    let rule = Rule::Equal(accounts(&["U3", "U1", "U2"]));
    assert_eq!(shown(&rule, "10", Lots::units()), "U1 4 of 3.3333, U2 3 of 3.3333, U3 3 of 3.3333; 0 left");
}

#[test]
fn a_ratio_gives_the_odd_unit_to_the_largest_remainder() {
    // 100 by 3:2:1 is 50, 33 1/3 and 16 2/3: the unit that is left goes to the third.
    let rule = ratios(&[("U1", "3"), ("U2", "2"), ("U3", "1")]);
    assert_eq!(shown(&rule, "100", Lots::units()), "U1 50 of 50, U2 33 of 33.3333, U3 17 of 16.6666; 0 left");
    // The same proportions in other numbers.
    let same = ratios(&[("U1", "0.75"), ("U2", "0.5"), ("U3", "0.25")]);
    assert_eq!(shown(&same, "100", Lots::units()), shown(&rule, "100", Lots::units()));
}

#[test]
fn equity_is_divided_by_to_the_cent() {
    // Of 4000.00 in all: 7 * 1000.50 / 4000 = 1.750875, 7 * 2000.25 / 4000 = 3.5004375, 7 * 999.25 / 4000 = 1.7486875.
    // Whole 1 + 3 + 1; the two that are left go to .7508 and .7486.
    let told = |account: &Account| {
        let amount = match account.as_str() {
            "U1" => "1000.50",
            "U2" => "2000.25",
            _ => "999.25",
        };
        Some(Money { amount: amount.parse().unwrap(), currency: Currency::USD })
    };
    let rule = Rule::Equity(accounts(&["U1", "U2", "U3"]));
    let expected = "U1 2 of 1.7508, U2 3 of 3.5004, U3 2 of 1.7486; 0 left";
    assert_eq!(worth(&rule, "7", Lots::units(), &told), expected);
}

#[test]
fn equity_that_is_not_known_or_not_above_zero_or_in_two_currencies_divides_nothing() {
    let rule = Rule::Equity(accounts(&["U1", "U2"]));
    assert_eq!(shown(&rule, "7", Lots::units()), "the equity of U1 is not known yet");
    let told = |amount: &str, currency: &str| {
        let (amount, currency): (Decimal, _) = (amount.parse().unwrap(), Currency::new(currency).unwrap());
        move |account: &Account| match account.as_str() {
            "U1" => Some(Money { amount: Decimal::TEN, currency: Currency::USD }),
            _ => Some(Money { amount, currency }),
        }
    };
    assert_eq!(
        worth(&rule, "7", Lots::units(), &told("-3", "USD")),
        "the equity of U2 is -3 USD, and a share is of something above zero"
    );
    assert_eq!(
        worth(&rule, "7", Lots::units(), &told("10", "EUR")),
        "the equity of U2 is told in EUR, that of others in USD"
    );
}

#[test]
fn whole_lots_are_divided_and_less_than_a_lot_is_left_over() {
    // 1050 is ten lots of 100 and 50; ten lots over four are two each and two more.
    let rule = Rule::Equal(accounts(&["U1", "U2", "U3", "U4"]));
    assert_eq!(
        shown(&rule, "1050", lots("100", "100")),
        "U1 300 of 262.5, U2 300 of 262.5, U3 200 of 262.5, U4 200 of 262.5; 50 left"
    );
    // Parts of a unit: 0.35 in steps of 0.1 is three steps over two accounts.
    let rule = Rule::Equal(accounts(&["U1", "U2"]));
    assert_eq!(shown(&rule, "0.35", lots("0.1", "0.1")), "U1 0.2 of 0.175, U2 0.1 of 0.175; 0.05 left");
}

#[test]
fn a_part_below_the_smallest_order_is_given_to_nobody() {
    let rule = ratios(&[("U1", "10"), ("U2", "1"), ("U3", "1")]);
    assert_eq!(
        shown(&rule, "12", lots("5", "1")),
        "U1 10 of 10, U2 0 of 1 too small, U3 0 of 1 too small; 2 left"
    );
    assert_eq!(
        shown(&rule, "4", lots("5", "1")),
        "4 is too little for any of its accounts: the smallest order is 5"
    );
}

#[test]
fn a_table_is_for_its_own_sum_and_for_quantities_that_the_broker_takes() {
    let rule = Rule::Table(vec![(account("U2"), qty("50")), (account("U1"), qty("100"))]);
    assert_eq!(shown(&rule, "150", Lots::units()), "U1 100 of 100, U2 50 of 50; 0 left");
    assert_eq!(
        shown(&rule, "120", Lots::units()),
        "the table of this allocation is for 150 units, and the order is for 120"
    );
    assert_eq!(
        shown(&rule, "150", lots("100", "100")),
        "50 for U2 is no order that the broker takes: 100 or more, in steps of 100"
    );
}

#[test]
fn numbers_that_do_not_fit_are_refused_and_nothing_overflows() {
    let huge = "79228162514264337593543950335";
    let rule = ratios(&[("U1", huge), ("U2", huge)]);
    assert_eq!(divide(&rule, Qty::MAX, Lots::units(), nobody), Err(NotDivided::TooLarge));
    let fine = ratios(&[("U1", "0.0000000000000000000000000001"), ("U2", huge)]);
    assert_eq!(divide(&fine, qty("10"), Lots::units(), nobody), Err(NotDivided::TooLarge));
}

/// In whole numbers, and by cross-multiplication where the division would have rests: no part of the way is shared.
#[test]
fn parts_are_the_order_and_each_is_within_a_lot_of_its_share_whatever_the_order_of_accounts() {
    arbtest::arbtest(|u| {
        let n = u.int_in_range(1..=30_usize)?;
        let mut weights = Vec::new();
        for at in 0..n {
            weights.push((account(&format!("U{at:03}")), Decimal::new(u.int_in_range(1..=10_000_000)?, 2)));
        }
        let (step, total) = (u.int_in_range(1..=200_u64)?, u.int_in_range(1..=1_000_000_u64)?);
        let lots = Lots { min: Qty::whole(step), step: Qty::whole(step) };
        let divided = divide(&Rule::Ratio(weights.clone()), Qty::whole(total), lots, nobody);
        if total < step {
            assert!(matches!(divided, Err(NotDivided::Nothing { .. })), "{divided:?}");
            return Ok(());
        }
        let divided = divided.unwrap();
        let units: Vec<u64> = divided.parts.iter().map(|part| part.qty.to_whole().unwrap()).collect();
        let left = divided.left.to_whole().unwrap();
        assert_eq!(units.iter().sum::<u64>() + left, total, "nothing is lost or made");
        assert_eq!(left, total % step, "only what is less than a lot is left");
        let cents = |weight: Decimal| i128::try_from(weight * Decimal::ONE_HUNDRED).unwrap();
        let sum: i128 = weights.iter().map(|(_, weight)| cents(*weight)).sum();
        let n_lots = i128::from(total / step);
        for (part, (_, weight)) in units.iter().zip(&weights) {
            let off = i128::from(part / step) * sum - n_lots * cents(*weight);
            assert!(off.abs() < sum, "a lot or more off: {units:?} by {weights:?}");
        }
        let by_weight = |at: &usize| cents(weights[*at].1);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(by_weight);
        assert!(
            order
                .windows(2)
                .all(|two| cents(weights[two[0]].1) == cents(weights[two[1]].1)
                    || units[two[0]] <= units[two[1]]),
            "a larger weight never gets less: {units:?} by {weights:?}"
        );
        weights.reverse();
        let again = divide(&Rule::Ratio(weights), Qty::whole(total), lots, nobody);
        assert_eq!(again.as_ref(), Ok(&divided), "the order of the file does not matter");
        Ok(())
    });
}
