//! Order books on the wire: rows that a client can count, limits, and what interrupts them.

use plimsoll_tws::message::{CancelMktDepth, MarketDepthL2, ReqMktDepth, ReqSmartComponents, WireContract};
use plimsoll_tws::{Request, Response};

use super::rig::{Rig, quotes, stock};
use super::{ELEVEN, config};
use crate::ibkr::{ConnId, Profile};

fn rig() -> Rig {
    Rig::new(config(Profile::Live, ELEVEN))
}

fn depth(req_id: i32, contract: WireContract, rows: i32, is_smart: bool) -> Request {
    Request::ReqMktDepth(Box::new(ReqMktDepth { req_id, contract, rows, is_smart, ..ReqMktDepth::default() }))
}

fn at(symbol: &str, exchange: &str) -> WireContract {
    WireContract { exchange: exchange.into(), ..stock(symbol) }
}

fn cancel(req_id: i32, is_smart: bool) -> Request {
    Request::CancelMktDepth(CancelMktDepth { req_id, is_smart })
}

/// A row as its client holds it: who, price in text, size in text.
type Held = (String, String, String);

/// Does what clients do with a row; a position that cannot be is a panic.
fn apply(book: &mut [Vec<Held>; 2], m: &MarketDepthL2) {
    let side = &mut book[usize::try_from(m.side).unwrap()];
    let position = usize::try_from(m.position).unwrap();
    let text = |number: Option<String>| number.unwrap();
    let held = (
        m.market_maker.to_string(),
        text(m.px.map(|px| px.to_string())),
        text(m.size.map(|size| size.to_string())),
    );
    match m.operation {
        0 => side.insert(position, held),
        1 => side[position] = held,
        2 => drop(side.remove(position)),
        other => panic!("operation {other}"),
    }
}

fn heard_rows(rig: &mut Rig, conn: ConnId) -> Vec<MarketDepthL2> {
    let row = |said| if let Response::MarketDepthL2(m) = said { Some(m) } else { None };
    rig.heard(conn).into_iter().filter_map(row).collect()
}

fn best_quote(rig: &mut Rig, conn: ConnId) -> (String, String) {
    rig.ask(conn, &quotes(900, "SPY"));
    let mut found = (String::new(), String::new());
    for said in rig.heard(conn) {
        match said {
            Response::TickPrice(m) if m.tick == 1 => found.0 = m.px.unwrap().to_string(),
            Response::TickPrice(m) if m.tick == 2 => found.1 = m.px.unwrap().to_string(),
            _ => {}
        }
    }
    rig.ask(conn, &Request::CancelMktData(plimsoll_tws::message::ById { req_id: 900 }));
    found
}

#[test]
fn a_book_that_a_client_keeps_row_by_row_stays_sorted_and_begins_with_the_quote() {
    let mut rig = rig();
    let conn = rig.client(1);
    rig.ask(conn, &depth(1, stock("SPY"), 10, true));
    let mut book = [Vec::new(), Vec::new()];
    for second in 0..30 {
        for row in heard_rows(&mut rig, conn) {
            assert!(row.is_smart && row.req_id == 1);
            apply(&mut book, &row);
        }
        // Five prices have a row each at least, and ten rows were asked for.
        assert!(book.iter().all(|side| (5..=10).contains(&side.len())), "second {second}: {book:?}");
        let price = |held: &Held| held.1.parse::<rust_decimal::Decimal>().unwrap();
        assert!(book[0].is_sorted_by_key(price), "offers rise: {:?}", book[0]);
        assert!(book[1].iter().rev().is_sorted_by_key(price), "bids fall: {:?}", book[1]);
        let (bid, ask) = best_quote(&mut rig, conn);
        assert_eq!((&book[1][0].1, &book[0][0].1), (&bid, &ask), "second {second}");
        rig.wait(1);
    }
}

#[test]
fn the_book_of_one_exchange_has_rows_without_a_name_and_that_of_nasdaq_names_who_quotes() {
    let mut rig = rig();
    let conn = rig.client(1);
    rig.ask(conn, &depth(1, at("SPY", "ARCA"), 5, false));
    let arca = rig.heard(conn);
    assert!(!arca.is_empty() && arca.iter().all(|said| said.name() == "marketDepth"));
    for (req_id, name) in [(2, "ISLAND"), (3, "NASDAQ")] {
        rig.ask(conn, &depth(req_id, at("SPY", name), 5, false));
        let rows = heard_rows(&mut rig, conn);
        assert!(!rows.is_empty() && rows.iter().all(|row| row.market_maker == "NSDQ" && !row.is_smart));
    }
}

#[test]
fn a_book_of_currencies_has_five_whole_rows_on_each_side() {
    let mut rig = rig();
    let conn = rig.client(1);
    let pair = WireContract {
        symbol: "EUR".into(),
        sec_type: "CASH".into(),
        currency: "USD".into(),
        exchange: "IDEALPRO".into(),
        ..WireContract::default()
    };
    rig.ask(conn, &depth(1, pair, 20, false));
    let rows = rig.heard(conn);
    let of =
        |side| rows.iter().filter(|said| matches!(said, Response::MarketDepth(m) if m.side == side)).count();
    assert_eq!((of(0), of(1), rows.len()), (5, 5, 10));
}

#[test]
fn the_fourth_book_of_a_login_is_refused_with_309_and_a_cancelled_one_makes_room() {
    let mut rig = rig();
    let (one, two) = (rig.client(1), rig.client(2));
    for (conn, req_id) in [(one, 1), (one, 2), (two, 3)] {
        rig.ask(conn, &depth(req_id, stock("SPY"), 5, true));
    }
    rig.heard(two);
    rig.ask(two, &depth(4, stock("QQQ"), 5, true));
    assert_eq!(rig.lines(two), "error 4 309 Max number (3) of market depth requests has been reached\n");
    assert_eq!(rig.violations(), ["market_data_lines"]);
    rig.ask(one, &cancel(1, true));
    rig.ask(two, &depth(4, stock("QQQ"), 5, true));
    assert!(rig.lines(two).starts_with("error 4 2152 Exchanges - Depth: "));
}

#[test]
fn a_book_is_refused_where_there_is_none() {
    let mut rig = rig();
    let conn = rig.client(1);
    // SMART has a book only for those who ask for all exchanges in one.
    rig.ask(conn, &depth(1, stock("SPY"), 5, false));
    rig.ask(conn, &depth(2, at("SPY", "CHX"), 5, true));
    rig.ask(conn, &depth(3, stock("NOSUCH"), 5, true));
    rig.ask(conn, &depth(4, stock("SPY"), 0, true));
    rig.ask(conn, &cancel(5, false));
    let lines = rig.lines(conn);
    let starts: Vec<String> =
        lines.lines().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(starts, ["error 1 10092", "error 2 10092", "error 3 200", "error 4 321", "error 5 310"]);
}

#[test]
fn nothing_comes_after_the_cancel() {
    let mut rig = rig();
    let conn = rig.client(1);
    rig.ask(conn, &depth(1, stock("SPY"), 5, true));
    rig.ask(conn, &cancel(1, true));
    rig.heard(conn);
    rig.wait(5);
    assert_eq!(rig.lines(conn), "");
}

#[test]
fn a_farm_that_comes_back_resets_the_book_before_its_rows_come_again() {
    let mut rig = rig();
    let conn = rig.client(1);
    rig.ask(conn, &depth(1, stock("SPY"), 5, true));
    rig.fault(r#"{"kind": "farm_down", "for": "5s"}"#);
    rig.heard(conn);
    rig.wait(4);
    assert_eq!(rig.lines(conn), "");
    rig.wait(1);
    let lines = rig.lines(conn);
    let reset = lines.find("error 1 317 Market depth data has been RESET").unwrap();
    assert!(reset < lines.find("marketDepthL2").unwrap(), "{lines}");
    assert!(lines.matches("marketDepthL2").count() >= 10, "{lines}");
}

#[test]
fn a_halt_ends_the_book_with_316() {
    let mut rig = rig();
    let conn = rig.client(1);
    rig.ask(conn, &depth(1, stock("SPY"), 5, true));
    rig.heard(conn);
    rig.fault(r#"{"kind": "halt_symbol", "symbol": "SPY"}"#);
    assert_eq!(rig.lines(conn), "error 1 316 Market depth data has been HALTED. Please re-subscribe.\n");
    rig.ask(conn, &cancel(1, true));
    assert!(rig.lines(conn).starts_with("error 1 310 "));
}

#[test]
fn every_exchange_of_a_smart_book_is_among_the_exchanges_with_a_book_and_has_a_letter() {
    let mut rig = rig();
    let conn = rig.client(1);
    rig.ask(conn, &Request::ReqMktDepthExchanges);
    rig.ask(conn, &quotes(1, "SPY"));
    let heard = rig.heard(conn);
    let Response::MktDepthExchanges(with_book) = &heard[0] else { panic!("{heard:?}") };
    let Response::TickReqParams(params) = &heard[1] else { panic!("{heard:?}") };
    let asked = ReqSmartComponents { req_id: 2, bbo_exchange: params.bbo_exchange.clone() };
    rig.ask(conn, &Request::ReqSmartComponents(asked));
    rig.ask(
        conn,
        &Request::ReqSmartComponents(ReqSmartComponents { req_id: 3, bbo_exchange: "none".into() }),
    );
    let heard = rig.heard(conn);
    let Response::SmartComponents(behind) = &heard[0] else { panic!("{heard:?}") };
    let Response::Error(unknown) = &heard[1] else { panic!("{heard:?}") };
    assert_eq!((unknown.id, unknown.code), (3, 321));
    rig.ask(conn, &depth(4, stock("SPY"), 30, true));
    for row in heard_rows(&mut rig, conn) {
        let listed =
            with_book.exchanges.iter().any(|e| e.exchange == row.market_maker && e.sec_type == "STK");
        let letter = behind.components.iter().any(|c| c.exchange == row.market_maker && !c.letter.is_empty());
        assert!(listed && letter, "{row:?}");
    }
}
