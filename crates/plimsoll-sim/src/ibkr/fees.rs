//! Commissions as IBKR's fixed plan for US stocks charges them.
//!
//! Owns one formula: 0.005 USD a share, at least 1.00 an order, at most one percent of the order's
//! value, and the maximum wins where the two bounds cross. Regulatory fees are not part of the plan's
//! commission and are left out. Each execution is charged the difference that it makes to its order.

use rust_decimal::Decimal;

/// The whole commission of an order after `shares` for `turnover` (cents times shares) in all.
pub(crate) fn order_commission(shares: i64, turnover: i128) -> Decimal {
    let per_share = Decimal::from(shares) * Decimal::new(5, 3);
    let value = Decimal::from_i128_with_scale(turnover, 2);
    let at_most = (value * Decimal::new(1, 2)).round_dp(6);
    per_share.max(Decimal::ONE).min(at_most).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(shares: i64, cents: i64) -> String {
        order_commission(shares, i128::from(shares) * i128::from(cents)).to_string()
    }

    // The examples that IBKR prints beside its fixed plan: 100 shares at 25 cost 1.00, 1,000 shares at
    // 25 cost 5.00, 1,000 shares at 0.25 cost 2.50, and 10 shares at 0.20 cost 0.02.
    #[test]
    fn the_brokers_own_examples_come_out() {
        assert_eq!(charge(100, 2500), "1");
        assert_eq!(charge(1000, 2500), "5");
        assert_eq!(charge(1000, 25), "2.5");
        assert_eq!(charge(10, 20), "0.02");
    }
}
