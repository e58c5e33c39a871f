//! Reading an order off the wire: from a message to what the exchange needs.
//!
//! Owns the refusals that concern a field of the message rather than the order: features that were
//! withdrawn, features that this venue does not have, fields that contradict each other. The codes and the
//! texts without the remark "assumed" are those of IBKR's list of message codes.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plimsoll_model::{ClientId, OrdType, OrderId, Price, Side, TimeInForce};
use plimsoll_tws::ServerVersion;
use plimsoll_tws::message::{Order as WireOrder, PlaceOrder};

use crate::ibkr::entry::Entry;
use crate::ibkr::server::times;
use crate::ibkr::terms::Terms;

/// Who sent it, in which version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    /// The client.
    pub(crate) client: ClientId,
    /// The protocol version of its connection.
    pub(crate) version: ServerVersion,
}

/// Code and text.
type Refused = (i32, String);

/// Reads what the exchange needs out of a wire order.
pub(crate) fn entry_of(
    from: Sender,
    m: &PlaceOrder,
    sym: crate::market::Sym,
    zone: &TimeZone,
) -> Result<Entry, Refused> {
    let order = &m.order;
    let side = match order.action.as_str() {
        "BUY" => Side::Buy,
        "SELL" | "SSHORT" | "SLONG" => Side::Sell,
        other => {
            return Err((321, format!("Error validating request.-'bF' : cause - Invalid action {other}")));
        }
    };
    check_withdrawn(order)?;
    check_absent(order)?;
    let Some(qty) = order.total_qty else { return Err((434, "The order size cannot be zero.".into())) };
    let terms = terms_of(from, m, zone)?;
    Ok(Entry {
        client: from.client,
        order_id: OrderId(m.order_id),
        sym,
        account: order.account.as_str().into(),
        side,
        qty,
        ord_type: OrdType::from_wire(order.order_type.as_str()),
        tif: TimeInForce::from_wire(order.tif.as_str()),
        good_till: times::parse(order.good_till_date.as_str(), zone),
        limit_px: order.limit_px,
        stop_px: order.aux_px,
        transmit: order.transmit,
        parent_id: (order.parent_id != 0).then_some(OrderId(order.parent_id)),
        oca_group: order.oca_group.as_str().into(),
        oca_type: order.oca_type,
        outside_rth: order.outside_rth,
        order_ref: order.order_ref.to_str_lossy().into(),
        terms,
    })
}

/// Old libraries send these by default, and IBKR refuses them since 2022.
fn check_withdrawn(order: &WireOrder) -> Result<(), Refused> {
    if order.e_trade_only {
        return Err((10268, "The 'EtradeOnly' order attribute is not supported.".into()));
    }
    if order.firm_quote_only {
        return Err((10269, "The 'firmQuoteOnly' order attribute is not supported.".into()));
    }
    if order.nbbo_price_cap.is_some_and(|px| !px.get().is_zero()) {
        return Err((10270, "The 'nbboPriceCap' order attribute is not supported.".into()));
    }
    Ok(())
}

/// What this venue does not have.
fn check_absent(order: &WireOrder) -> Result<(), Refused> {
    let absent = |text: &str| Err((321, format!("Error validating request.-'bF' : cause - {text}")));
    if !order.algo_strategy.is_empty() {
        return Err((439, "The algorithm definition not found.".into()));
    }
    if order.hidden && matches!(order.order_type.as_str(), "MKT" | "MOC" | "LOC") {
        return Err((152, "The \"hidden\" order attribute may not be specified for this order.".into()));
    }
    let iceberg = order.display_size.is_some_and(|size| size > 0);
    let discretion = order.discretionary_amt.is_some_and(|px| !px.get().is_zero());
    if iceberg && discretion {
        let text = "An order can be EITHER Iceberg or Discretionary. Please remove either the Discretionary \
                    amount or the Display size.";
        return Err((157, text.into()));
    }
    if discretion {
        return absent("Discretionary orders are not offered by the simulator");
    }
    if order.scale.px_increment.is_some_and(|px| px > Price::ZERO) {
        return absent("Scale orders are not offered by the simulator");
    }
    if !order.hedge_type.is_empty() {
        return absent("Hedge orders are not offered by the simulator");
    }
    if order.cash_qty.is_some_and(|qty| !qty.is_zero()) {
        return Err((10244, "Cash Quantity cannot be used for this order.".into()));
    }
    Ok(())
}

fn terms_of(from: Sender, m: &PlaceOrder, zone: &TimeZone) -> Result<Terms, Refused> {
    let order = &m.order;
    let exchange = m.contract.exchange.as_str();
    let clearing = match order.clearing_intent.as_str() {
        "" | "IB" => order.clearing_account.as_str().to_owned(),
        intent => format!("{intent} {}", order.clearing_account.as_str()),
    };
    Ok(Terms {
        aux_px: order.aux_px,
        trailing_percent: order.trailing_percent,
        trail_stop_px: order.trail_stop_px,
        limit_offset: order.adjusted.limit_px_offset,
        min_qty: order.min_qty.filter(|min| *min != 0),
        all_or_none: order.all_or_none,
        good_after: good_after(order, zone)?,
        conditions: order.conditions.clone(),
        conditions_cancel: order.conditions_cancel_order,
        adjusted: order.adjusted.clone(),
        legs: Vec::new(),
        override_percentage: order.override_percentage_constraints,
        ahead_of_best: order.peg_offsets.compete_against_best,
        route: Some(exchange).filter(|exchange| !matches!(*exchange, "" | "SMART")).map(Into::into),
        group: format!("{}{}", order.fa_group.as_str(), order.fa_profile.as_str()).into(),
        method: order.fa_method.as_str().into(),
        model: order.model_code.as_str().into(),
        clearing: clearing.into(),
        tif_absent: order.tif.is_empty(),
        version: Some(from.version),
    })
}

/// Assumed: the text for a time that cannot be read.
fn good_after(order: &WireOrder, zone: &TimeZone) -> Result<Option<Timestamp>, Refused> {
    let text = order.good_after_time.as_str();
    if text.is_empty() {
        return Ok(None);
    }
    times::parse(text, zone).map(Some).ok_or_else(|| {
        (321, format!("Error validating request.-'bF' : cause - Invalid good after time {text}"))
    })
}
