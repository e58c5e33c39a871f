//! What an execution costs: IBKR's fixed and tiered plans for US stocks, and the fees of regulators.
//!
//! Owns the tiered plan and the dated regulatory rates; the fixed plan is the ledger's, and what is no stock is in
//! `contracts`. An order's commission is
//! due on all of it: each execution is charged the difference that it makes, while exchange, clearing and
//! regulatory fees are its own. Nothing is rounded but to eight digits.
//!
//! Sources of the rates: interactivebrokers.co.uk and investors.interactivebrokers.com, "Commissions Stocks" (plans,
//! minimum, maximum, clearing, pass-through of NYSE and FINRA); Nasdaq's fee page as IBKR prints it (exchange fees); SEC
//! fee rate advisories 2024-2, 2025-2 and 2026-2 and notices before (section 31); FINRA's notices and SR-FINRA-2024-019
//! (trading activity fee); CAT's fee notice of September 2026. What lies before the tables is charged nothing.

mod contracts;

use jiff::civil::Date;
use plimsoll_ledger::{FeeSchedule, IbkrFixed, Traded};
use plimsoll_model::{Qty, Side};
use rust_decimal::Decimal;

use crate::ibkr::order::dollars;
use crate::ibkr::{FeePlan, TwsSettings};
use crate::market::listing::Listing;

/// One execution as the price list sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trade {
    /// Shares.
    pub(crate) qty: i64,
    /// In cents.
    pub(crate) px: i64,
    /// Which way: regulators charge sellers.
    pub(crate) side: Side,
    /// What it did at the exchange.
    pub(crate) role: Role,
    /// When: rates change by date.
    pub(crate) date: Date,
}

/// What an execution did at its exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It took what was there.
    Takes,
    /// It was there.
    Adds,
    /// It was part of the opening auction.
    Opens,
    /// It was part of the closing auction.
    Closes,
    /// It came from an option that was exercised or ended: free of charge.
    Exercised,
}

/// What was charged to an order, or to one account's part of it, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Charged {
    /// Shares.
    pub(crate) shares: i64,
    /// Units times shares.
    pub(crate) turnover: i128,
    /// What was due without any minimum: of contracts, whose rate depends on each execution.
    listed: Decimal,
    commission: Decimal,
}

impl Charged {
    /// Charges one more execution.
    pub(crate) fn charge(&mut self, settings: &TwsSettings, trade: Trade) -> Decimal {
        self.shares += trade.qty;
        self.turnover += i128::from(trade.px) * i128::from(trade.qty);
        if trade.role == Role::Exercised {
            return Decimal::ZERO;
        }
        let due = match settings.fees {
            FeePlan::Fixed => order_commission(self.shares, self.turnover),
            FeePlan::Tiered => tiered_commission(self.shares, self.turnover),
        };
        let commission = (due - self.commission).max(Decimal::ZERO);
        self.commission += commission;
        let passed_on = match settings.fees {
            FeePlan::Fixed => Decimal::ZERO,
            FeePlan::Tiered => third_parties(trade, commission),
        };
        let regulators = if settings.regulatory_fees { regulatory(trade) } else { Decimal::ZERO };
        (commission + passed_on + regulators).round_dp(8).normalize()
    }
}

impl Charged {
    /// Charges one more execution of what is no stock; `value` is what it was worth in dollars.
    pub(crate) fn charge_contracts(&mut self, listing: &Listing, trade: Trade, value: Decimal) -> Decimal {
        self.shares += trade.qty;
        self.turnover += i128::from(trade.px) * i128::from(trade.qty);
        if trade.role == Role::Exercised {
            return Decimal::ZERO;
        }
        self.listed += contracts::due(listing, trade.qty, trade.px, value);
        let due = self.listed.max(contracts::min(listing));
        let commission = (due - self.commission).max(Decimal::ZERO);
        self.commission += commission;
        commission.round_dp(8).normalize()
    }
}

/// The whole commission of an order after `shares` for `turnover` (cents times shares) by the fixed plan.
pub(crate) fn order_commission(shares: i64, turnover: i128) -> Decimal {
    let qty = Qty::new(Decimal::from(shares)).expect("executed shares are never negative");
    let traded = Traded { qty, value: Decimal::from_i128_with_scale(turnover, 2) };
    let due = IbkrFixed.commission(traded).expect("orders are bounded far below 28 digits");
    due.amount.normalize()
}

/// Lowest tier, up to 300,000 shares a month: 0.0035 USD per share, at least 0.35 USD, at most 1 % of the value.
fn tiered_commission(shares: i64, turnover: i128) -> Decimal {
    let per_share = Decimal::new(35, 4) * Decimal::from(shares);
    let max = Decimal::from_i128_with_scale(turnover, 2) * Decimal::new(1, 2);
    per_share.max(Decimal::new(35, 2)).min(max)
}

/// What the tiered plan passes on: exchange, clearing house, and shares of the commission for NYSE and FINRA.
fn third_parties(trade: Trade, commission: Decimal) -> Decimal {
    let shares = Decimal::from(trade.qty);
    let exchange = match trade.role {
        Role::Takes => Decimal::new(30, 4),
        Role::Adds => Decimal::new(-21, 4),
        Role::Opens => Decimal::new(15, 4),
        Role::Closes => Decimal::new(16, 4),
        Role::Exercised => Decimal::ZERO,
    };
    let value = dollars(trade.px) * shares;
    let clearing = (Decimal::new(2, 4) * shares).min(Decimal::new(5, 3) * value);
    exchange * shares + clearing + commission * (Decimal::new(175, 6) + Decimal::new(565, 6))
}

/// Since when, and how many hundredths of a dollar per million sold: SEC, section 31.
const SECTION_31: [(i16, i8, i8, i64); 13] = [
    (2014, 3, 18, 2210),
    (2015, 2, 14, 1840),
    (2016, 2, 16, 2180),
    (2017, 7, 4, 2310),
    (2018, 5, 22, 1300),
    (2019, 4, 16, 2070),
    (2020, 2, 18, 2210),
    (2021, 2, 25, 510),
    (2022, 5, 14, 2290),
    (2023, 2, 27, 800),
    (2024, 5, 22, 2780),
    (2025, 5, 14, 0),
    (2026, 4, 4, 2060),
];
/// Since when, how many millionths of a dollar per share sold, and at most how many cents: FINRA.
const TRADING_ACTIVITY: [(i16, i8, i8, i64, i64); 9] = [
    (2012, 7, 1, 119, 595),
    (2022, 1, 1, 130, 649),
    (2023, 1, 1, 145, 727),
    (2024, 1, 1, 166, 830),
    (2026, 1, 1, 195, 979),
    (2026, 10, 1, 0, 979),
    (2027, 1, 1, 232, 1161),
    (2028, 1, 1, 240, 1205),
    (2029, 1, 1, 249, 1250),
];
/// Millionths of a dollar per share, on both sides: the audit trail. Rates before 2026 are not pinned; a Gateway
/// charged this one in June 2026.
const AUDIT_TRAIL: (i16, i8, i8, i64) = (2026, 1, 1, 3);

fn regulatory(trade: Trade) -> Decimal {
    let (shares, day) = (Decimal::from(trade.qty), trade.date);
    let since = |year: i16, month: i8, date: i8| (day.year(), day.month(), day.day()) >= (year, month, date);
    let (year, month, date, rate) = AUDIT_TRAIL;
    let trail = if since(year, month, date) { Decimal::new(rate, 6) * shares } else { Decimal::ZERO };
    if trade.side == Side::Buy {
        return trail;
    }
    let sec = SECTION_31.iter().rev().find(|row| since(row.0, row.1, row.2)).map_or(0, |row| row.3);
    let finra = TRADING_ACTIVITY.iter().rev().find(|row| since(row.0, row.1, row.2));
    let finra =
        finra.map_or(Decimal::ZERO, |row| (Decimal::new(row.3, 6) * shares).min(Decimal::new(row.4, 2)));
    Decimal::new(sec, 8) * dollars(trade.px) * shares + finra + trail
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

    fn settings(fees: FeePlan) -> TwsSettings {
        TwsSettings { fees, regulatory_fees: true, ..TwsSettings::default() }
    }

    fn trade(qty: i64, px: i64, side: Side, date: (i16, i8, i8)) -> Trade {
        let date = Date::new(date.0, date.1, date.2).unwrap();
        Trade { qty, px, side, role: Role::Takes, date }
    }

    // Recorded from a Gateway in June 2026: 100 shares as 40, 40 and 20, whose second and third commission were
    // 1.2E-4 and 6.0E-5.
    #[test]
    fn later_executions_of_a_small_order_cost_the_audit_trail_alone() {
        let mut charged = Charged::default();
        let june = (2026, 6, 11);
        let mut next = |qty| charged.charge(&settings(FeePlan::Fixed), trade(qty, 29_000, Side::Buy, june));
        assert_eq!(next(40), Decimal::new(100_012, 5));
        assert_eq!(next(40), Decimal::new(12, 5));
        assert_eq!(next(20), Decimal::new(6, 5));
    }

    // By hand: 100 sold at 25.00 on 1 June 2026. SEC 20.60 per million of 2,500 is 0.0515, FINRA 0.0195, audit trail
    // 0.0003; tiered 0.35, exchange 0.30, clearing 0.02, and 0.00074 of 0.35 passed on.
    #[test]
    fn a_sale_pays_the_sec_and_finra_by_its_date() {
        let june = (2026, 6, 1);
        let sold = |fees| Charged::default().charge(&settings(fees), trade(100, 2500, Side::Sell, june));
        assert_eq!(sold(FeePlan::Fixed), Decimal::new(10_713, 4));
        assert_eq!(sold(FeePlan::Tiered), Decimal::new(741_559, 6));
        // FINRA's fee is waived in the last quarter of 2026.
        let november = trade(100, 2500, Side::Sell, (2026, 11, 27));
        assert_eq!(Charged::default().charge(&settings(FeePlan::Fixed), november), Decimal::new(10_518, 4));
    }

    #[test]
    fn who_rests_is_paid_by_the_exchange_under_the_tiered_plan() {
        let adds = Trade { role: Role::Adds, ..trade(1000, 2500, Side::Buy, (2010, 1, 4)) };
        // 3.50 - 2.10 + 0.20 + 0.00259; no regulator's rate is known for 2010.
        assert_eq!(Charged::default().charge(&settings(FeePlan::Tiered), adds), Decimal::new(160_259, 5));
    }
}
