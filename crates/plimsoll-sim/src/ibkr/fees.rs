//! Commissions: IBKR's fixed plan for US stocks, from the same price list as the ledger's.
//!
//! Owns nothing but the way from shares and cents to that price list. Regulatory fees are not part of the
//! commission and are left out. Each execution is charged the difference that it makes to its order.

use plimsoll_ledger::{FeeSchedule, IbkrFixed, Traded};
use plimsoll_model::Qty;
use rust_decimal::Decimal;

/// The whole commission of an order after `shares` for `turnover` (cents times shares) in all.
pub(crate) fn order_commission(shares: i64, turnover: i128) -> Decimal {
    let qty = Qty::new(Decimal::from(shares)).expect("executed shares are never negative");
    let traded = Traded { qty, value: Decimal::from_i128_with_scale(turnover, 2) };
    let due = IbkrFixed.commission(traded).expect("orders are bounded far below 28 digits");
    due.amount.normalize()
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
