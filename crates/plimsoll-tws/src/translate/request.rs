//! What a bot asks.

use plimsoll_model::{
    Account, CancelRequest, OrdType, OrderId, OrderRequest, Qty, RawFrame, ReqId, Request as Meaning,
    TimeInForce,
};

use super::beyond::beyond;
use super::{contract, legs, limit_px, meaningless, side, stop_px};
use crate::denial::order_id_of;
use crate::layout::NO_MESSAGE;
use crate::message::{Order, PlaceOrder};
use crate::{DecodeError, Request, ServerVersion};

/// The highest number of a request that is known to do no more than ask. A number nobody knows could enter an
/// order. 106 and 107 take back a question, for a contract or for ticks of the past; they belong to version 215,
/// and a client of 213 sends them all the same.
const REQUEST_ID_MAX: i32 = 107;

/// What a bot asks with this frame. Never fails; what cannot be read is something that is refused:
/// - an order, or a frame without a message number: [`Meaning::UnreadableOrder`];
/// - a cancel: the same, but without its order id. It was most likely written for another version, where
///   the id stands elsewhere, and a guess could cancel another order. Nor may the refusal name an order:
///   clients would take the order for ended, while it works on;
/// - a global cancel is one whatever its fields say;
/// - any other damaged message, and numbers outside the protocol: [`Meaning::Unguarded`], because a
///   malformed frame can wedge the API port of a real Gateway and must not reach it.
pub fn request(version: ServerVersion, frame: &RawFrame) -> Meaning {
    match Request::read(version, frame) {
        Ok((message, unknown)) => readable(&message, !unknown.is_empty()),
        Err(error) => unreadable(version, frame, &error),
    }
}

fn readable(message: &Request, has_unknown: bool) -> Meaning {
    let name = message.name();
    match message {
        Request::PlaceOrder(placed) => match order(placed) {
            Ok(mut order) => {
                // What a field does that nobody here knows, nobody here can judge.
                order.unguarded.extend(has_unknown.then_some("field of a later version"));
                Meaning::Order(Box::new(order))
            }
            Err(error) => Meaning::UnreadableOrder {
                order_id: Some(OrderId(placed.order_id)),
                why: error.to_string().into(),
            },
        },
        Request::CancelOrder(m) => Meaning::Cancel(CancelRequest { order_id: OrderId(m.order_id) }),
        Request::ReqGlobalCancel(_) => Meaning::GlobalCancel,
        Request::ReqIds(_) => Meaning::Ids,
        // The first one opens the connection and is no request of a bot's; a second could name another client.
        Request::StartApi(_) => Meaning::OutOfPlace { name },
        Request::ExerciseOptions(m) => Meaning::Unguarded { name, id: Some(ReqId(m.req_id)) },
        Request::ReplaceFa(m) => Meaning::Unguarded { name, id: Some(ReqId(m.req_id)) },
        Request::ReqAccountUpdates(m) => about(name, None, m.account.as_str()),
        Request::ReqPositionsMulti(m) => about(name, Some(m.req_id), m.account.as_str()),
        Request::ReqAccountUpdatesMulti(m) => about(name, Some(m.req_id), m.account.as_str()),
        // Their answers name no account.
        Request::ReqPnl(m) => one_account(about(name, Some(m.req_id), m.account.as_str())),
        Request::ReqPnlSingle(m) => one_account(about(name, Some(m.req_id), m.account.as_str())),
        Request::RequestFa(_) => Meaning::AdviserData,
        Request::Raw { id, .. } if !(1..=REQUEST_ID_MAX).contains(id) => {
            Meaning::Unguarded { name, id: None }
        }
        _ => Meaning::Other,
    }
}

/// An account that cannot be one is refused like a damaged message: it must not pass for "left empty".
fn about(name: &'static str, id: Option<i32>, account: &str) -> Meaning {
    let id = id.map(ReqId);
    match Account::new(account) {
        None if !account.is_empty() => Meaning::Unguarded { name, id },
        account => Meaning::AboutAccount { name, id, account },
    }
}

/// Where one account has to be named.
fn one_account(meaning: Meaning) -> Meaning {
    match meaning {
        Meaning::AboutAccount { name, id, account: None } => Meaning::AboutAllAccounts { name, id },
        named => named,
    }
}

fn unreadable(version: ServerVersion, frame: &RawFrame, error: &DecodeError) -> Meaning {
    let why = error.to_string().into();
    match error.message {
        "placeOrder" => Meaning::UnreadableOrder { order_id: order_id_of(version, frame), why },
        "reqGlobalCancel" => Meaning::GlobalCancel,
        "cancelOrder" | NO_MESSAGE => Meaning::UnreadableOrder { order_id: None, why },
        name => Meaning::Unguarded { name, id: None },
    }
}

fn order(placed: &PlaceOrder) -> Result<OrderRequest, DecodeError> {
    const MESSAGE: &str = "placeOrder";
    let order = &placed.order;
    let ord_type = OrdType::from_wire(order.order_type.as_str());
    let account = match order.account.as_str() {
        "" => None,
        text => Some(Account::new(text).ok_or_else(|| meaningless(MESSAGE, "account", text, "an account"))?),
    };
    Ok(OrderRequest {
        order_id: OrderId(placed.order_id),
        contract: contract(MESSAGE, &placed.contract)?,
        side: side(MESSAGE, &order.action)?,
        // None is among the unguarded features, so the zero is never taken for a bound.
        qty: order.total_qty.unwrap_or(Qty::ZERO),
        limit_px: limit_px(&ord_type, order.limit_px),
        stop_px: stop_px(&ord_type, order.aux_px),
        ord_type,
        tif: TimeInForce::from_wire(order.tif.as_str()),
        account,
        order_ref: order.order_ref.to_str_lossy().into(),
        transmit: order.transmit,
        parent_id: (order.parent_id != 0).then_some(OrderId(order.parent_id)),
        oca_group: order.oca_group.as_str().into(),
        what_if: order.what_if,
        outside_rth: order.outside_rth || order.include_overnight || by_night(&placed.contract),
        legs: legs(&order.combo),
        unguarded: unguarded(placed),
        fa_group: order.fa_group.as_str().into(),
        beyond: beyond(order),
    })
}

/// Features with which quantity, price, contract or account are no longer what the message's own fields
/// for them say.
fn unguarded(placed: &PlaceOrder) -> Vec<&'static str> {
    let order = &placed.order;
    let is_word = |word: &crate::Word| !word.is_empty() && *word != "None";
    let features = [
        // Several contracts in one order are judged leg by leg, so each has to be known.
        (placed.contract.sec_type == "BAG" && legs(&order.combo).is_empty(), "combo without legs"),
        (placed.contract.sec_type != "BAG" && !order.combo.legs.is_empty(), "legs of no combo"),
        (order.combo.leg_pxs.iter().any(|px| px.0.is_some()), "price of a leg"),
        // The identifier may name another security than symbol and contract number do.
        (!placed.sec_id.is_empty(), "security identifier"),
        (no_quantity(order), "no quantity"),
        // The broker computes the quantity from an amount of money.
        (order.cash_qty.is_some_and(|cash| !cash.is_zero()), "cash quantity"),
        // The broker spreads the order over accounts, by a rule that is kept at the broker.
        (!order.fa_group.is_empty(), "adviser group"),
        (!order.fa_method.is_empty(), "adviser method"),
        (!order.fa_percentage.is_empty(), "adviser percentage"),
        (!order.fa_profile.is_empty(), "adviser profile"),
        (!order.model_code.is_empty(), "model"),
        (!order.shares_allocation.is_empty(), "share allocation"),
        // nautilus_trader repeats the order's own account there, which says nothing new.
        (clears_elsewhere(order), "clearing account"),
        // The broker trades a second contract to hedge the first.
        (is_word(&order.delta_neutral.order_type), "delta-neutral hedge"),
        (order.delta_neutral_contract.is_some(), "delta-neutral contract"),
        (is_word(&order.hedge_type), "hedge"),
        // Scale orders re-enter by themselves and take profit on the other side.
        (is_scale(order), "scale"),
        // The order turns into another type once its trigger is touched.
        (is_word(&order.adjusted.order_type), "adjusted order type"),
        // Executes beyond its limit price by this amount.
        (order.discretionary_amt.is_some_and(|px| !px.is_zero()), "discretionary amount"),
        (order.is_oms_container, "order container"),
        // Begins at an instant that has hours, prices and cutoffs of its own. A limit order that may rest is
        // the same order then as now.
        (
            !order.good_after_time.is_empty() && !rests_at_a_limit(order),
            "good-after time without a limit price",
        ),
        (!order.active_start_time.is_empty() && !rests_at_a_limit(order), "start time without a limit price"),
        (!order.conditions.is_empty() && !rests_at_a_limit(order), "conditions without a limit price"),
        // Trades when and where its own rules say, some of them in the closing auction or in two contracts.
        (!order.algo_strategy.is_empty() && !is_adaptive(order), "algorithm"),
    ];
    features.into_iter().filter_map(|(present, name)| present.then_some(name)).collect()
}

/// IBKR's own venue of the night, under its word of today and the one before.
fn by_night(contract: &crate::message::WireContract) -> bool {
    matches!(contract.exchange.as_str(), "OVERNIGHT" | "IBEOS")
}

fn clears_elsewhere(order: &Order) -> bool {
    !order.clearing_account.is_empty() && order.clearing_account.as_str() != order.account.as_str()
}

fn no_quantity(order: &Order) -> bool {
    order.total_qty.is_none_or(Qty::is_zero)
}

/// Whether its limit price bounds it whenever it begins, and no auction or instant is meant.
fn rests_at_a_limit(order: &Order) -> bool {
    let limited =
        matches!(OrdType::from_wire(order.order_type.as_str()), OrdType::Limit | OrdType::StopLimit);
    let tif = TimeInForce::from_wire(order.tif.as_str());
    limited && matches!(tif, TimeInForce::Day | TimeInForce::GoodTillCancel | TimeInForce::GoodTillDate)
}

/// IBKR's patient way of sending one order; with a limit price it is never worse than that order.
fn is_adaptive(order: &Order) -> bool {
    order.algo_strategy == "Adaptive" && rests_at_a_limit(order)
}

fn is_scale(order: &Order) -> bool {
    let scale = &order.scale;
    scale.px_increment.is_some_and(|px| !px.is_zero())
        || scale.init_level_size.is_some_and(|size| size != 0)
        || scale.subs_level_size.is_some_and(|size| size != 0)
        || !scale.table.is_empty()
}
