//! What an order says beyond the words that an order of a gateway's own has.
//!
//! A gateway that places other orders in the place of one writes contract, side, quantity, type, prices, time in force,
//! account and reference. Whatever else the bot has set would be lost, so it is named here, and whoever places other
//! orders refuses it. Fields that venues ignore, and values that libraries write into every order, are not named.

use crate::Word;
use crate::message::Order;

/// The fields of an order that are set and that an order of those words alone would lose.
pub(super) fn beyond(order: &Order) -> Vec<&'static str> {
    let is_set = |word: &Word| !word.is_empty() && *word != "None";
    let is_some = |number: Option<i32>| number.is_some_and(|number| number != 0);
    let fields = [
        (is_some(order.display_size), "display size"),
        (order.hidden, "hidden"),
        (order.block_order, "block order"),
        (order.sweep_to_fill, "sweep to fill"),
        (order.all_or_none, "all or none"),
        (is_some(order.min_qty), "minimum quantity"),
        (order.trigger_method != 0, "trigger method"),
        (is_set(&order.good_after_time), "good-after time"),
        (is_set(&order.good_till_date), "good-till date"),
        (is_set(&order.active_start_time) || is_set(&order.active_stop_time), "active times"),
        (order.short_sale_slot != 0 || is_set(&order.designated_location), "short sale slot"),
        (is_set(&order.rule_80a), "rule 80A"),
        (order.nbbo_price_cap.is_some_and(|px| !px.is_zero()), "cap of the best price"),
        (is_some(order.auction_strategy), "auction strategy"),
        (is_set(&order.algo_strategy), "algorithm"),
        (!order.conditions.is_empty(), "conditions"),
        (order.not_held, "not held"),
        (order.solicited, "solicited"),
        (order.randomize_size || order.randomize_px, "random size or price"),
        (order.discretionary_up_to_limit_px, "discretionary up to the limit price"),
        (is_some(order.post_to_ats) || is_some(order.duration), "time at a dark venue"),
        (is_some(order.min_trade_qty), "minimum trade quantity"),
        (order.include_overnight, "overnight"),
        (order.imbalance_only, "imbalance only"),
        (is_set(&order.customer_account), "customer account"),
        (is_set(&order.settling_firm), "settling firm"),
        // Libraries write `O` into every order; of an option or a future `C` closes.
        (order.open_close == "C", "closing transaction"),
    ];
    fields.into_iter().filter_map(|(present, name)| present.then_some(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libraries_write_into_every_order_is_not_beyond_its_words() {
        let order = Order { open_close: "O".into(), exempt_code: -1, min_qty: Some(0), ..Order::default() };
        assert_eq!(beyond(&order), Vec::<&str>::new());
    }

    #[test]
    fn a_field_that_would_be_lost_is_named() {
        let order = Order { hidden: true, good_till_date: "20261201".into(), ..Order::default() };
        assert_eq!(beyond(&order), ["hidden", "good-till date"]);
    }
}
