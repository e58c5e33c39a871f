//! Orders of our own in scripts: what makes Plimsoll place one, and how the venue gets it.

use std::collections::BTreeMap;

use plimsoll_model::{
    Contract, Currency, InstrumentId, NewOrder, OrdType, OrderRequest, OrderStatus, PermId, Qty, Side,
    TimeInForce,
};

use super::{AtVenue, Script};
use crate::bridge::OwnOrder;
use crate::config::{Equivalent, OnCloseCrossing, Sizing};
use crate::{Command, Event};

impl Script {
    /// Both bots may trade an equivalent, and it stands in for the other instrument: by its worth, or so many units for
    /// each.
    pub(super) fn add_equivalent(&mut self, of: &str, with: &str, ratio: Option<&str>) {
        let (of, instrument) = (InstrumentId::us_stock(of), InstrumentId::us_stock(with));
        for bot in &mut self.config.bots {
            let contract =
                Contract { primary_exchange: "ARCA".into(), ..Contract::stock(with, Currency::USD) };
            bot.instruments.insert(instrument.clone(), contract);
            bot.shared.insert(instrument.clone());
        }
        let sizing = ratio.map_or(Sizing::Notional, |ratio| Sizing::Ratio(ratio.parse().unwrap()));
        let crossing = &mut self.config.venue.on_close_crossing;
        if !matches!(crossing, OnCloseCrossing::Equivalent(_)) {
            *crossing = OnCloseCrossing::Equivalent(BTreeMap::new());
        }
        if let OnCloseCrossing::Equivalent(all) = crossing {
            all.insert(of, Equivalent { instrument, sizing });
        }
    }

    /// Plimsoll places an order of its own for a bot.
    pub(super) fn own_places(&mut self, name: &str, [side, qty, symbol, kind]: [&str; 4]) {
        let bot = self.config.bots.iter().find(|bot| bot.name.as_str() == name).unwrap();
        let wanted = OwnOrder {
            bot: bot.name.clone(),
            account: bot.accounts[0].clone(),
            instrument: InstrumentId::us_stock(symbol),
            side: if side == "BUY" { Side::Buy } else { Side::Sell },
            qty: Qty::parse(qty).unwrap(),
            ord_type: OrdType::from_wire(kind),
            limit_px: None,
            stop_px: None,
            tif: TimeInForce::Day,
            outside_rth: false,
            decision: None,
        };
        let mut out = Vec::new();
        // As an event would: what time it is was found out before.
        self.bridge.on(self.now(), Event::Woke, &mut out);
        match self.bridge.place_for_bot(self.now(), wanted, &mut out) {
            Ok(_) => {}
            Err(denial) => out.push(Command::Notice { text: format!("not placed: {denial}") }),
        }
        self.take(out);
    }

    /// An order of our own; it has no words but those that Plimsoll chose.
    pub(super) fn own_reaches_venue(&mut self, order: &NewOrder, contract: &Contract) {
        let client_id = self.config.venue.client_id;
        self.next_perm += 1;
        let request = OrderRequest {
            order_id: order.order_id,
            contract: contract.clone(),
            side: order.side,
            qty: order.qty,
            ord_type: order.ord_type.clone(),
            limit_px: order.limit_px,
            stop_px: order.stop_px,
            tif: order.tif.clone(),
            account: Some(order.account.clone()),
            order_ref: order.cl_ord_id.as_str().into(),
            transmit: true,
            parent_id: None,
            oca_group: "".into(),
            what_if: false,
            outside_rth: false,
            legs: Vec::new(),
            unguarded: Vec::new(),
            fa_group: "".into(),
            beyond: Vec::new(),
        };
        let (order_ref, account) = (request.order_ref.clone(), order.account.clone());
        let (perm_id, status, cum_qty) = (PermId(self.next_perm), OrderStatus::PendingNew, Qty::ZERO);
        let placed = AtVenue { request, client_id, order_ref, account, perm_id, status, cum_qty };
        self.at_venue.insert((client_id, order.order_id), placed);
    }
}
