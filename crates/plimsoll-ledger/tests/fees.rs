//! Commissions against the broker's published price list, computed by hand.

use arbtest::arbtest;
use plimsoll_ledger::{FeeSchedule, IbkrFixed, OrderFees, Traded};
use plimsoll_model::{Currency, Money, Price, Qty};
use rust_decimal::Decimal;

fn usd(text: &str) -> Money {
    Money::parse(&format!("{text} USD")).expect("money")
}

fn whole_order(qty: &str, px: &str) -> Money {
    let traded =
        Traded::NOTHING.and(Qty::parse(qty).expect("a quantity"), Price::parse(px).expect("a price"));
    IbkrFixed.commission(traded.expect("it fits")).expect("it fits")
}

#[test]
fn ibkr_fixed_charges_what_its_price_list_says() {
    let table = [
        // Half a cent per share; the broker's own example of the cap: 1,000 shares at 0.25 cost 2.50.
        ("1000", "25", "5"),
        ("1000", "0.25", "2.50"),
        // The minimum, up to and beyond 200 shares.
        ("100", "25", "1"),
        ("200", "25", "1"),
        ("201", "25", "1.005"),
        ("1", "500", "1"),
        // The cap is below the minimum and wins: 1 % of 2 USD.
        ("10", "0.20", "0.02"),
        // A share for 99.99 USD is just under the price at which the cap reaches the minimum.
        ("1", "99.99", "0.9999"),
        ("1", "100", "1"),
        // Less than one share: 0.01, again capped at 1 %.
        ("0.5", "500", "0.01"),
        ("0.5", "1", "0.005"),
        ("60000", "10", "300"),
    ];
    for (qty, px, fee) in table {
        assert_eq!(whole_order(qty, px), usd(fee), "{qty} at {px}");
    }
}

#[test]
fn the_minimum_is_paid_once_per_order_and_not_per_execution() {
    let mut order = OrderFees::of_new_order();
    let px = Price::parse("50").unwrap();
    let charges: Vec<_> = [50, 100, 50, 100, 700]
        .map(|qty| order.charge(&IbkrFixed, Qty::whole(qty), px).unwrap().amount.normalize().to_string())
        .into();
    // Cumulated 50, 150 and 200 shares owe the minimum, 300 owe 1.50, 1,000 owe 5.
    assert_eq!(charges, ["1", "0", "0", "0.5", "3.5"]);
}

#[test]
fn a_cheap_order_grows_out_of_its_cap() {
    let mut order = OrderFees::of_new_order();
    let px = Price::parse("0.25").unwrap();
    // 1 % of 25 USD is 0.25; of 100 USD, 1; of 250 USD, 2.50.
    for (qty, charge) in [(100, "0.25"), (300, "0.75"), (600, "1.50")] {
        assert_eq!(order.charge(&IbkrFixed, Qty::whole(qty), px), Some(usd(charge)));
    }
}

#[test]
fn partial_executions_pay_together_what_the_whole_order_pays() {
    arbtest(|u| {
        let mut order = OrderFees::of_new_order();
        let mut traded = Traded::NOTHING;
        let mut sum = Decimal::ZERO;
        for _ in 0..u.int_in_range(1..=20)? {
            let qty = Qty::whole(u.int_in_range(1..=1000)?);
            let px = Price::new(Decimal::new(u.int_in_range(1..=100_000)?, 4));
            let charge = order.charge(&IbkrFixed, qty, px).unwrap();
            assert!(charge.amount >= Decimal::ZERO && charge.currency == Currency::USD);
            sum += charge.amount;
            traded = traded.and(qty, px).unwrap();
        }
        assert_eq!(sum, IbkrFixed.commission(traded).unwrap().amount);
        Ok(())
    });
}

#[test]
fn a_charge_that_does_not_fit_leaves_the_order_as_it_was() {
    let mut order = OrderFees::of_new_order();
    order.charge(&IbkrFixed, Qty::whole(100), Price::parse("50").unwrap()).unwrap();
    let before = order.clone();
    let huge = Price::new(Decimal::MAX);
    assert_eq!(order.charge(&IbkrFixed, Qty::whole(2), huge), None);
    assert_eq!(order, before);
}
