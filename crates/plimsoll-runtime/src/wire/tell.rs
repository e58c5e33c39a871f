//! What a bot is told of an order that is held here, as frames.

use jiff::Timestamp;
use plimsoll_core::on_close::Share;
use plimsoll_core::{Held, News, Rewrite, Words};
use plimsoll_model::{Account, Money, Price, Qty, RawFrame, ReqId};
use plimsoll_tws::denial::Addressee;
use plimsoll_tws::held::{self, Part, Progress};

use super::{NEW_YORK, place, rewrite_up};

/// The frames, in the order they have to be sent. An error means that the bot cannot be told.
pub(crate) fn tell(to: Addressee, order: &Held, news: &News) -> Result<Vec<RawFrame>, String> {
    if let News::Commission { exec_id, charge } = news {
        return Ok(vec![held::commission(to.version, exec_id, *charge)]);
    }
    let held = as_placed(to, order)?;
    Ok(match news {
        News::Accepted | News::Divided { .. } => held.accepted(),
        News::Working => held.working(),
        News::Stands { cum_qty, leaves_qty, avg_px } => {
            held.stands(Progress { cum_qty: *cum_qty, leaves_qty: *leaves_qty, avg_px: *avg_px })
        }
        News::AwaitsClose { cum_qty, leaves_qty, avg_px, .. } => {
            let progress = Progress { cum_qty: *cum_qty, leaves_qty: *leaves_qty, avg_px: *avg_px };
            held.noted(progress, &news.to_string())
        }
        News::Executed { share, account, leaves_qty, avg_px, exchange, at } => {
            held.executed(&part(share, account, (*leaves_qty, *avg_px), exchange, *at))
        }
        News::Canceled { cum_qty, leaves_qty, avg_px, reason } => {
            let progress = Progress { cum_qty: *cum_qty, leaves_qty: *leaves_qty, avg_px: *avg_px };
            held.canceled(progress, reason)
        }
        News::Commission { .. } => unreachable!("answered above"),
    })
}

/// An execution of it among the answers to a question, and its commission as far as that is known.
pub(crate) fn repeat(
    to: Addressee,
    order: &Held,
    news: &News,
    (req_id, fee): (ReqId, Option<Money>),
) -> Result<Vec<RawFrame>, String> {
    let News::Executed { share, account, leaves_qty, avg_px, exchange, at } = news else { return Ok(vec![]) };
    let held = as_placed(to, order)?;
    let mut frames =
        vec![held.repeated(&part(share, account, (*leaves_qty, *avg_px), exchange, *at), req_id)];
    frames.extend(fee.map(|charge| held::commission(to.version, &share.exec_id, charge)));
    Ok(frames)
}

fn as_placed(to: Addressee, order: &Held) -> Result<held::Held, String> {
    let (client_id, placed) = match &order.words {
        Words::Bots { raw, rewrites } => (to.client_id, rewrite_up(to.version, raw, rewrites)),
        Words::Ours { client_id, order, contract } => {
            // Our reference is not the bot's.
            let frame = place(to.version, order, contract);
            (*client_id, rewrite_up(to.version, &frame, &[Rewrite::OrderRef("".into())]))
        }
    };
    let placed = placed.map_err(|error| error.to_string())?;
    let held = held::Held::new(Addressee { client_id, ..to }, order.perm_id, order.con_id, &placed);
    held.ok_or_else(|| "its order cannot be read at the version of this connection".to_owned())
}

fn part<'a>(
    share: &'a Share,
    account: &'a Account,
    (leaves_qty, avg_px): (Qty, Option<Price>),
    exchange: &'a str,
    at: Timestamp,
) -> Part<'a> {
    Part {
        exec_id: &share.exec_id,
        account,
        side: share.side,
        last_qty: share.last_qty,
        last_px: share.last_px,
        exchange,
        at,
        login_zone: &NEW_YORK,
        progress: Progress { cum_qty: share.cum_qty, leaves_qty, avg_px },
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_core::on_close::Share;
    use plimsoll_model::{
        Account, BotName, ClOrdId, ClientId, ConId, Contract, Currency, ExecId, InstrumentId, NewOrder,
        OrdType, OrderId, PermId, Side, TimeInForce,
    };
    use plimsoll_tws::{Response, ServerVersion};

    use super::*;

    #[test]
    fn an_execution_of_our_order_for_a_bot_is_shown_as_another_client_s_without_our_reference() {
        let cl_ord_id = ClOrdId::new("SPY-trend-20261127-2").unwrap();
        let order = NewOrder {
            cl_ord_id: cl_ord_id.clone(),
            bot: BotName::new("trend").unwrap(),
            order_id: OrderId(100_000_000),
            account: Account::new("U1111111").unwrap(),
            instrument: InstrumentId::us_stock("SPY"),
            side: Side::Sell,
            qty: Qty::whole(100),
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
        let share = Share {
            cl_ord_id,
            exec_id: ExecId::new("net.SPY-trend-20261127-2.1.01").unwrap(),
            of: None,
            side: Side::Sell,
            last_qty: Qty::whole(100),
            crossed_qty: Qty::whole(40),
            last_px: Price::parse("601.00").unwrap(),
            cum_qty: Qty::whole(100),
            leaves_qty: Qty::ZERO,
        };
        let at = Timestamp::from_second(1_796_000_400).unwrap();
        let contract = Contract { con_id: Some(ConId(756_733)), ..Contract::stock("SPY", Currency::USD) };
        let held = Held {
            bot: order.bot.clone(),
            order_id: order.order_id,
            words: Words::Ours {
                client_id: ClientId(900),
                order: Box::new(order),
                contract: Box::new(contract),
            },
            perm_id: PermId(-3),
            con_id: Some(ConId(756_733)),
        };
        let news = News::Executed {
            share: Box::new(share),
            account: Account::new("U1111111").unwrap(),
            leaves_qty: Qty::ZERO,
            avg_px: None,
            exchange: "ARCA".into(),
            at,
        };
        for version in [157, 178, 200, 213] {
            let to = Addressee { version: ServerVersion::new(version).unwrap(), client_id: ClientId(11), at };
            let frames = repeat(to, &held, &news, (ReqId(7), None)).unwrap();
            let Ok(Response::ExecDetails(line)) = Response::decode(to.version, &frames[0]) else {
                panic!("{frames:?}")
            };
            assert_eq!((line.client_id, line.order_id, line.req_id), (900, 100_000_000, 7));
            assert_eq!(
                (line.side.as_str(), line.qty, line.contract.con_id),
                ("SLD", Some(Qty::whole(100)), 756_733)
            );
            assert!(line.order_ref.is_empty() && line.account == "U1111111", "{line:?}");
        }
    }
}
