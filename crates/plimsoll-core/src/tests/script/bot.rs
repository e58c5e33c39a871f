//! What a bot does in scripts.

use bytes::Bytes;
use plimsoll_model::{
    Account, CancelRequest, ComboLeg, ConId, Contract, Currency, OrdType, OrderId, OrderRequest, Price, Qty,
    RawFrame, Request, SecType, Side, TimeInForce,
};

use super::{Script, con_id};
use crate::Event;

/// `BUY:2:SPY`.
fn leg(text: &str) -> ComboLeg {
    let [side, ratio, symbol] = text.split(':').collect::<Vec<_>>()[..] else { panic!("no leg: {text}") };
    let side = if side == "BUY" { Side::Buy } else { Side::Sell };
    ComboLeg { con_id: con_id(symbol), ratio: ratio.parse().unwrap(), side }
}

impl Script {
    pub(super) fn bot_line(&mut self, name: &str, words: &[&str]) {
        let (link, _) = self.link_of(name);
        let raw = RawFrame::new(Bytes::from(words.join("|")));
        let request = match words {
            ["leaves"] => return self.feed(Event::BotGone { link }),
            ["leaves", "upstream"] => return self.feed(Event::BotLeft { link }),
            ["arrives"] => return self.arrive(name),
            ["cancel", "all"] => Request::GlobalCancel,
            ["cancel", id] => Request::Cancel(CancelRequest { order_id: OrderId(id.parse().unwrap()) }),
            ["ids"] => Request::Ids,
            ["garbles", id] => Request::UnreadableOrder {
                order_id: Some(OrderId(id.parse().unwrap())),
                why: "field 17 is not a number".into(),
            },
            ["starts"] => Request::OutOfPlace { name: "startApi" },
            ["exercises"] => Request::Unguarded { name: "exerciseOptions", id: None },
            ["asks", "reqPnL"] => Request::AboutAllAccounts { name: "reqPnL", id: None },
            ["asks", "requestFA"] => Request::AdviserData,
            ["asks", name @ ("reqPnL" | "reqAccountUpdates"), of] => Request::AboutAccount {
                name: if *name == "reqPnL" { "reqPnL" } else { "reqAccountUpdates" },
                id: None,
                account: Account::new(of),
            },
            _ => {
                let order = self.order(name, words);
                self.requests.insert((link, order.order_id), order.clone());
                Request::Order(Box::new(order))
            }
        };
        self.feed(Event::FromBot { link, request, raw });
    }

    fn order(&mut self, name: &str, words: &[&str]) -> OrderRequest {
        let [side, qty, symbol, kind, rest @ ..] = words else { panic!("not an order: {words:?}") };
        let main = self.config.bots.iter().find(|bot| bot.name.as_str() == name).unwrap().accounts[0].clone();
        let mut order = OrderRequest {
            order_id: OrderId(0),
            contract: Contract::stock(symbol, Currency::USD),
            side: if *side == "BUY" { Side::Buy } else { Side::Sell },
            qty: Qty::parse(qty).unwrap(),
            ord_type: OrdType::from_wire(&kind.replace('_', " ")),
            limit_px: None,
            stop_px: None,
            tif: TimeInForce::Day,
            account: Some(main),
            order_ref: "own words".into(),
            transmit: true,
            parent_id: None,
            oca_group: "".into(),
            legs: Vec::new(),
            what_if: false,
            outside_rth: false,
            unguarded: Vec::new(),
            fa_group: "".into(),
            beyond: Vec::new(),
        };
        for word in rest {
            match word.split_once('=') {
                Some(("id", v)) => order.order_id = OrderId(v.parse().unwrap()),
                Some(("account", v)) => order.account = Account::new(v.trim_matches('-')),
                Some(("tif", v)) => order.tif = TimeInForce::from_wire(v),
                Some(("stop", v)) => order.stop_px = Some(Price::parse(v).unwrap()),
                Some(("parent", v)) => order.parent_id = Some(OrderId(v.parse().unwrap())),
                Some(("oca", v)) => order.oca_group = v.replace('_', " ").into(),
                Some(("ref", v)) => order.order_ref = v.into(),
                Some(("legs", v)) => {
                    order.contract.sec_type = SecType::Combo;
                    order.legs = v.split(',').map(leg).collect();
                }
                Some(("sec", v)) => order.contract.sec_type = SecType::from_wire(v),
                Some(("expiry", v)) => order.contract.expiry = v.into(),
                Some(("mult", v)) => order.contract.multiplier = Some(v.parse().unwrap()),
                Some(("cur", v)) => order.contract.currency = v.into(),
                Some(("exch", v)) => order.contract.exchange = v.into(),
                Some(("primary", v)) => order.contract.primary_exchange = v.into(),
                Some(("class", v)) => order.contract.trading_class = v.into(),
                Some(("conid", v)) => order.contract.con_id = Some(ConId(v.parse().unwrap())),
                None if *word == "staged" => order.transmit = false,
                None if *word == "rth" => order.outside_rth = true,
                None if *word == "whatif" => order.what_if = true,
                Some(("group", v)) => {
                    order.fa_group = v.into();
                    order.unguarded.push("adviser group");
                }
                None if *word == "hidden" => order.beyond.push("hidden"),
                None if *word == "cash" => order.unguarded.push("cash quantity"),
                None => order.limit_px = Some(Price::parse(word).unwrap()),
                Some(other) => panic!("unknown word {other:?}"),
            }
        }
        if order.order_id.0 == 0 {
            self.next_id += 1;
            order.order_id = OrderId(self.next_id);
        }
        order
    }
}
