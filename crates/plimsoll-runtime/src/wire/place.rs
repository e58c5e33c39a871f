//! An order of our own as a message of the wire.

use plimsoll_model::{Contract, NewOrder, RawFrame};
use plimsoll_tws::message::{Order, PlaceOrder};
use plimsoll_tws::{Request, ServerVersion, Text};

use super::wire_contract;

/// Every field that a client library leaves alone is as that library leaves it.
pub(crate) fn place(version: ServerVersion, order: &NewOrder, contract: &Contract) -> RawFrame {
    let placed = PlaceOrder {
        order_id: order.order_id.0,
        contract: wire_contract(contract),
        order: Order {
            action: order.side.as_str().into(),
            total_qty: Some(order.qty),
            order_type: order.ord_type.as_wire().into(),
            limit_px: order.limit_px,
            aux_px: order.stop_px,
            tif: order.tif.as_wire().into(),
            account: order.account.as_str().into(),
            order_ref: Text::from(order.cl_ord_id.as_str()),
            transmit: order.transmit,
            outside_rth: order.outside_rth,
            exempt_code: -1,
            ..Order::default()
        },
        ..PlaceOrder::default()
    };
    Request::PlaceOrder(Box::new(placed)).encode(version)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{
        Account, BotName, ClOrdId, ConId, Currency, InstrumentId, OrdType, OrderId, Qty, Request as Asked,
        Side, TimeInForce,
    };

    use super::*;

    #[test]
    fn what_is_placed_reads_as_what_was_judged_on_both_wires() {
        let order = NewOrder {
            cl_ord_id: ClOrdId::new("SPY-plimsoll-20261127-1").unwrap(),
            bot: BotName::new("plimsoll").unwrap(),
            order_id: OrderId(100_000_000),
            account: Account::new("U1111111").unwrap(),
            instrument: InstrumentId::us_stock("SPY"),
            side: Side::Sell,
            qty: Qty::whole(60),
            ord_type: OrdType::MarketOnClose,
            limit_px: None,
            stop_px: None,
            tif: TimeInForce::Day,
            transmit: true,
            parent_id: None,
            oca_group: "".into(),
            outside_rth: false,
            legs: Vec::new(),
            ex_destination: "SMART".into(),
            decision: None,
        };
        let contract = Contract { con_id: Some(ConId(756_733)), ..Contract::stock("SPY", Currency::USD) };
        for version in [157, 178, 200, 213] {
            let version = ServerVersion::new(version).unwrap();
            let frame = place(version, &order, &contract);
            let Asked::Order(read) = super::super::request(version, &frame) else { panic!("{frame:?}") };
            assert_eq!((read.order_id, read.side, read.qty), (order.order_id, order.side, order.qty));
            assert_eq!((&read.ord_type, &read.tif, read.transmit), (&order.ord_type, &order.tif, true));
            assert_eq!(read.account, Some(order.account.clone()));
            assert_eq!((&*read.order_ref, read.limit_px), (order.cl_ord_id.as_str(), None));
            assert_eq!((read.contract.con_id, &*read.contract.symbol), (contract.con_id, "SPY"));
            assert!(read.unguarded.is_empty(), "{:?}", read.unguarded);
        }
    }
}
