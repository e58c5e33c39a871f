//! Script in, trace out. A script is what happens, a line each; the trace is what the bridge commands.
//! The words of both are those of the trace printer, so a journal reads like a test.

mod allocation_properties;
mod allocations;
mod allocations_canceled;
mod allocations_ended;
mod allocations_released;
mod allocations_returned;
mod announced;
mod attacks;
mod auctions;
mod bars;
mod breaks;
mod clock;
mod closing;
mod closing_days;
mod closing_faults;
mod closing_missed;
mod combos;
mod contracts;
mod decisions;
mod equivalents;
mod groups;
mod halts;
mod hostile_values;
mod hours;
mod inactive;
mod jobs;
mod kept;
mod limits;
mod listed_hours;
mod memory;
mod netting;
mod netting_jobs;
mod netting_properties;
mod netting_shares;
mod one_cancels_all;
mod other_hours;
mod own_orders;
mod own_streams;
mod pages;
mod properties;
mod recovery;
mod relay;
mod repeated;
mod script;
mod self_match;
mod shown;
mod table;
mod unexplained;
mod words;

use expect_test::Expect;

use script::Script;

/// Runs a script on the usual fleet and compares the trace.
#[track_caller]
fn check(script: &str, expect: &Expect) {
    let mut world = Script::new();
    let trace = world.run(script);
    expect.assert_eq(&trace);
}

/// A working order of `trend`, for tests of the book itself.
fn order_state(order_id: i32) -> crate::OrderState {
    use plimsoll_model::{
        Account, BotName, ClOrdId, ClientId, InstrumentId, NewOrder, OrdType, OrderId, Qty,
    };
    let order = NewOrder {
        cl_ord_id: ClOrdId::new(&format!("SPY-trend-20260227-{order_id}")).unwrap(),
        bot: BotName::new("trend").unwrap(),
        order_id: OrderId(order_id),
        account: Account::new("DU1").unwrap(),
        instrument: InstrumentId::us_stock("SPY"),
        ex_destination: "SMART".into(),
        side: plimsoll_model::Side::Buy,
        qty: Qty::whole(1),
        ord_type: OrdType::Market,
        limit_px: None,
        stop_px: None,
        tif: plimsoll_model::TimeInForce::Day,
        transmit: true,
        parent_id: None,
        oca_group: "".into(),
        outside_rth: false,
        legs: Vec::new(),
        decision: None,
    };
    crate::OrderState::ours(&order, ClientId(11), "", jiff::Timestamp::UNIX_EPOCH)
}
