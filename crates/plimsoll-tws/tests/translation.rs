//! What frames mean to guards and ledger, and how refusals look on the wire. `|` is NUL.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plimsoll_model::{
    Account, ClientId, ComboLeg, ConId, OrdType, OrderId, OrderStatus, PermId, QuoteField, RawFrame, Report,
    Request as Meaning, Side, TimeInForce,
};
use plimsoll_tws::denial::{self, Addressee};
use plimsoll_tws::echo::{Echo, open_order};
use plimsoll_tws::message::{Condition, Conjunction, Order};
use plimsoll_tws::translate::{order_status, report, request};
use plimsoll_tws::{Request, Response, ServerVersion, rewrite};

fn v(number: u16) -> ServerVersion {
    ServerVersion::new(number).unwrap()
}

fn bars(text: &str) -> RawFrame {
    RawFrame::new(text.replace('|', "\0").into_bytes().into())
}

const ORDER: &str = "3|41|320227571|QQQ|STK||0.0|||SMART|NASDAQ|USD|||||SELL|30|LMT|480.10||OPG||DU7654321|O|0|mine|1|40|0|0|0|0|1|0||0.0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|0|0|||0|||";

fn asked(text: &str) -> Meaning {
    request(v(178), &bars(text))
}

fn said(version: u16, text: &str) -> Report {
    report(v(version), &bars(text), &TimeZone::get("America/New_York").unwrap()).unwrap()
}

#[test]
fn an_order_arrives_with_everything_a_guard_needs() {
    let Meaning::Order(order) = asked(ORDER) else { panic!("{:?}", asked(ORDER)) };
    assert_eq!((order.order_id, order.parent_id), (OrderId(41), Some(OrderId(40))));
    assert_eq!(
        (order.side, &order.ord_type, &order.tif),
        (Side::Sell, &OrdType::Limit, &TimeInForce::AtTheOpening)
    );
    assert_eq!((order.qty.to_string(), order.limit_px.unwrap().to_string()), ("30".into(), "480.10".into()));
    assert_eq!(order.account, Account::new("DU7654321"));
    assert!(order.outside_rth && order.transmit && order.unguarded.is_empty());
    assert_eq!(&*order.order_ref, "mine");
}

#[test]
fn a_clearing_account_is_foreign_only_if_it_is_another_than_the_orders() {
    let clears = |account: &str| {
        let Request::PlaceOrder(mut placed) = Request::decode(v(178), &bars(ORDER)).unwrap() else {
            panic!("an order")
        };
        placed.order.clearing_account = account.into();
        match request(v(178), &Request::PlaceOrder(placed).encode(v(178))) {
            Meaning::Order(order) => order.unguarded,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(clears("DU7654321"), Vec::<&str>::new());
    assert_eq!(clears("DU1111111"), ["clearing account"]);
}

#[test]
fn what_no_guard_can_bound_is_named() {
    let named = |from: &str, to: &str| match asked(&ORDER.replacen(from, to, 1)) {
        Meaning::Order(order) => order.unguarded,
        other => panic!("{to}: {other:?}"),
    };
    assert_eq!(named("|0.0|||||||0||-1|", "|0.0|||G|NetLiq|||0||-1|"), ["adviser group", "adviser method"]);
    assert_eq!(named("|0.0|||||||0||-1|", "|0.05|||||||0||-1|"), ["discretionary amount"]);
    assert_eq!(named("|30|LMT|", "||LMT|"), ["no quantity"]);
    assert_eq!(named("|||||SELL|", "|||ISIN|US46090E1038|SELL|"), ["security identifier"]);
    assert_eq!(named("|0|0|0|0||||", "|0|0|0|0|STP|||"), ["adjusted order type"]);
    let combo = ORDER.replacen("|STK|", "|BAG|", 1).replacen("|1|0||0.0|", "|1|0|0|0|0||0.0|", 1);
    assert!(matches!(asked(&combo), Meaning::Order(order) if order.unguarded == ["combo without legs"]));
    let legs = "|1|0|2|11|1|BUY|SMART|0|0||-1|12|2|SELL|SMART|0|0||-1|0|0||0.0|";
    let combo = ORDER.replacen("|STK|", "|BAG|", 1).replacen("|1|0||0.0|", legs, 1);
    let Meaning::Order(order) = asked(&combo) else { panic!("{combo}") };
    assert_eq!(order.unguarded, Vec::<&str>::new());
    let leg = |con_id, ratio, side| ComboLeg { con_id: ConId(con_id), ratio, side };
    assert_eq!(order.legs, [leg(11, 1, Side::Buy), leg(12, 2, Side::Sell)]);
    // A leg that cannot be told is a risk that cannot be told: none of them counts.
    for (whole, broken) in
        [("|11|1|BUY|", "|0|1|BUY|"), ("|12|2|", "|12|-2|"), ("|SELL|SMART|0|", "|HOLD|SMART|0|")]
    {
        let Meaning::Order(order) = asked(&combo.replacen(whole, broken, 1)) else { panic!("{broken}") };
        assert_eq!(order.unguarded, ["combo without legs"], "{broken}");
    }
    let priced = combo.replacen("||-1|0|0||0.0|", "||-1|2|1.10||0||0.0|", 1);
    assert!(matches!(asked(&priced), Meaning::Order(order) if order.unguarded == ["price of a leg"]));
}

#[test]
fn what_begins_later_needs_a_limit_price_that_bounds_it_then() {
    let named = |order_type: &str, tif: &str, change: fn(&mut Order)| {
        let Request::PlaceOrder(mut placed) = Request::decode(v(178), &bars(ORDER)).unwrap() else {
            panic!("an order")
        };
        (placed.order.order_type, placed.order.tif) = (order_type.into(), tif.into());
        change(&mut placed.order);
        match request(v(178), &Request::PlaceOrder(placed).encode(v(178))) {
            Meaning::Order(order) => order.unguarded,
            other => panic!("{other:?}"),
        }
    };
    // A half day, 11:00: a market order for 19:00, six hours after the close.
    let evening = |order: &mut Order| {
        order.good_after_time = "20261127 19:00:00 US/Eastern".into();
        order.outside_rth = true;
    };
    let after = ["good-after time without a limit price"];
    for (order_type, tif) in [("MKT", "DAY"), ("MOC", "DAY"), ("STP", "GTC"), ("LMT", "OPG"), ("LMT", "IOC")]
    {
        assert_eq!(named(order_type, tif, evening), after, "{order_type} {tif}");
    }
    assert_eq!(named("LMT", "GTC", evening), Vec::<&str>::new());
    let conditional = |order: &mut Order| {
        let time = "20261127 19:00:00 US/Eastern".into();
        order.conditions = vec![Condition::Time { join: Conjunction::And, is_more: true, time }];
    };
    assert_eq!(named("MKT", "DAY", conditional), ["conditions without a limit price"]);
    assert_eq!(named("LMT", "DAY", conditional), Vec::<&str>::new());
    let starts = |order: &mut Order| order.active_start_time = "20261127 19:00:00".into();
    assert_eq!(named("MKT", "GTC", starts), ["start time without a limit price"]);
}

#[test]
fn an_order_for_the_venue_of_the_night_trades_outside_the_session() {
    let by_day = ORDER.replacen("|1|40|0|0|0|0|1|0|", "|1|40|0|0|0|0|0|0|", 1);
    let outside = |text: &str| match asked(text) {
        Meaning::Order(order) => order.outside_rth,
        other => panic!("{other:?}"),
    };
    assert!(outside(ORDER) && !outside(&by_day));
    assert!(outside(&by_day.replacen("|SMART|NASDAQ|", "|OVERNIGHT|NASDAQ|", 1)));
}

#[test]
fn only_the_first_message_may_name_the_client() {
    assert_eq!(asked("71|2|12||"), Meaning::OutOfPlace { name: "startApi" });
}

#[test]
fn an_algorithm_is_known_or_no_guard_can_bound_it() {
    let named = |strategy: &str, order_type: &str| {
        let Request::PlaceOrder(mut placed) = Request::decode(v(178), &bars(ORDER)).unwrap() else {
            panic!("an order")
        };
        (placed.order.order_type, placed.order.tif) = (order_type.into(), "DAY".into());
        placed.order.algo_strategy = strategy.into();
        match request(v(178), &Request::PlaceOrder(placed).encode(v(178))) {
            Meaning::Order(order) => order.unguarded,
            other => panic!("{other:?}"),
        }
    };
    // ClosePx trades into the closing auction, whose cutoff it would not meet.
    assert_eq!(named("ClosePx", "LMT"), ["algorithm"]);
    assert_eq!(named("Twap", "LMT"), ["algorithm"]);
    assert_eq!(named("Adaptive", "MKT"), ["algorithm"]);
    assert_eq!(named("Adaptive", "LMT"), Vec::<&str>::new());
}

#[test]
fn an_order_that_cannot_be_read_is_refused_and_never_opaque() {
    let half = &ORDER[..ORDER.len() / 2];
    let Meaning::UnreadableOrder { order_id, why } = asked(half) else { panic!("{:?}", asked(half)) };
    assert_eq!(order_id, Some(OrderId(41)));
    assert!(why.starts_with("placeOrder, field"), "{why}");
    for broken in [
        ORDER.replace("|SELL|", "|HOLD|"),
        ORDER.replace("|DU7654321|", "|DU 7654321|"),
        ORDER.replace("|480.10|", "|NaN|"),
        ORDER.replace("|30|", "|-30|"),
    ] {
        assert!(
            matches!(asked(&broken), Meaning::UnreadableOrder { order_id: Some(OrderId(41)), .. }),
            "{broken}"
        );
    }
    assert!(matches!(asked("three|41|"), Meaning::UnreadableOrder { order_id: None, .. }));
}

#[test]
fn a_cancel_of_another_version_cancels_nothing() {
    assert!(matches!(asked("4|1|5||"), Meaning::Cancel(c) if c.order_id == OrderId(5)));
    // At 192 and later the first number is the order id; this one was written for an older server, where
    // it is the message's version, and would cancel order 1.
    let old = request(v(200), &bars("4|1|5||"));
    assert!(matches!(old, Meaning::UnreadableOrder { order_id: None, .. }), "{old:?}");
    assert_eq!(request(v(200), &bars("58|1|")), Meaning::GlobalCancel);
}

#[test]
fn requests_about_an_account_name_it() {
    let about = |text: &str| match asked(text) {
        Meaning::AboutAccount { name, id, account } => {
            (name, id.map(|id| id.0), account.map(|a| a.to_string()))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(about("6|2|1||"), ("reqAccountUpdates", None, None));
    assert_eq!(about("92|9|DU1||"), ("reqPnL", Some(9), Some("DU1".into())));
    assert_eq!(about("76|1|9|DU1||0|"), ("reqAccountUpdatesMulti", Some(9), Some("DU1".into())));
    assert!(matches!(asked("92|9|DU1 OR||"), Meaning::Unguarded { .. }));
}

#[test]
fn a_question_whose_answer_names_no_account_is_told_from_one_whose_answer_does() {
    let all = |name, id| Meaning::AboutAllAccounts { name, id: Some(plimsoll_model::ReqId(id)) };
    assert_eq!(asked("92|9|||"), all("reqPnL", 9));
    assert_eq!(asked("94|9|||756733|"), all("reqPnLSingle", 9));
    assert!(
        matches!(asked("74|1|9|||"), Meaning::AboutAccount { account: None, .. }),
        "positions name theirs"
    );
    assert_eq!(asked("18|1|1|"), Meaning::AdviserData);
}

#[test]
fn what_takes_back_a_question_of_a_later_version_is_relayed_and_what_changes_settings_is_not() {
    // Numbers and forms of the protocol's later versions: the field 1 of all four is the request's number.
    let numbered = |id: i32| RawFrame::new([&(200 + id).to_be_bytes()[..], &[0x08, 0x09]].concat().into());
    for (id, is_relayed) in [(106, true), (107, true), (108, false), (109, false)] {
        let meaning = request(v(213), &numbered(id));
        assert_eq!(meaning == Meaning::Other, is_relayed, "message {id}: {meaning:?}");
    }
}

#[test]
fn exercises_and_messages_nobody_knows_are_not_relayed() {
    let exercise = "21|2|9|1|SPY|OPT|20261218|500|C|100|SMART|USD|||1|1|DU1|0|";
    assert!(matches!(asked(exercise), Meaning::Unguarded { name: "exerciseOptions", .. }));
    assert!(matches!(asked("203|1|"), Meaning::Unguarded { .. }));
    assert!(matches!(asked("92|nine|DU1||"), Meaning::Unguarded { .. }));
    assert_eq!(asked("10|5|9|756733|SPY|STK||0|||SMART|ARCA|USD|||5|0||"), Meaning::Other);
    assert!(matches!(asked("10|5|9|anything|"), Meaning::Unguarded { name: "reqMktDepth", .. }));
    assert_eq!(asked("8|1|1|"), Meaning::Ids);
}

#[test]
fn status_words_become_fix_states() {
    let none = plimsoll_model::Qty::ZERO;
    let some = plimsoll_model::Qty::whole(1);
    for (word, qty, state) in [
        ("ApiPending", none, OrderStatus::PendingNew),
        ("PendingSubmit", none, OrderStatus::PendingNew),
        ("PreSubmitted", none, OrderStatus::Suspended),
        ("PreSubmitted", some, OrderStatus::PartiallyFilled),
        ("Submitted", none, OrderStatus::New),
        ("Submitted", some, OrderStatus::PartiallyFilled),
        ("PendingCancel", some, OrderStatus::PendingCancel),
        ("Cancelled", some, OrderStatus::Canceled),
        ("ApiCancelled", none, OrderStatus::Canceled),
        ("Filled", some, OrderStatus::Filled),
        ("Inactive", none, OrderStatus::Inactive),
        ("SomethingNew", none, OrderStatus::Unknown),
    ] {
        assert_eq!(order_status(word, qty), state, "{word}");
    }
}

#[test]
fn an_execution_in_utc_and_its_commission_are_reported() {
    let wire = "11|-1|379|265598|AAPL|STK||0.0|||ARCA|USD|AAPL|NMS|0001.02.01|20260611-13:31:08|DU9000001|ARCA|BOT|40|292.20|9000000379|1|0|80|292.19|mine||||2|0||";
    let Report::Execution(e) = said(200, wire) else { panic!() };
    assert_eq!((e.order_id, e.client_id, e.perm_id), (OrderId(379), ClientId(1), PermId(9_000_000_379)));
    assert_eq!((e.req_id, e.execution.side), (None, Side::Buy));
    assert_eq!(e.execution.at, Some("2026-06-11T13:31:08Z".parse::<Timestamp>().unwrap()));
    assert_eq!((e.execution.last_qty.to_string(), e.cum_qty.to_string()), ("40".into(), "80".into()));
    let charge = |amount: &str| match said(200, &format!("59|1|0001.02.01|{amount}|USD||||")) {
        Report::Commission { charge, .. } => charge.map(|money| money.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(charge("1.2E-4").as_deref(), Some("0.00012 USD"));
    assert_eq!(charge("-0.25").as_deref(), Some("-0.25 USD"));
    assert_eq!(charge("1.7976931348623157E308"), None);
    assert_eq!(charge("-1"), None);
}

#[test]
fn a_time_nobody_can_read_does_not_lose_the_execution() {
    let wire = "11|9|1|265598|AAPL|STK||0.0|||ARCA|USD|AAPL|NMS|0001.02.01|yesterday|DU1|ARCA|SLD|1|2|3|4|0|1|2|||||2|";
    let Report::Execution(e) = said(173, wire) else { panic!() };
    assert_eq!((e.execution.at, e.execution.side), (None, Side::Sell));
}

#[test]
fn an_execution_without_a_quantity_is_an_error_and_not_zero() {
    let wire = "11|9|1|265598|AAPL|STK||0.0|||ARCA|USD|AAPL|NMS|0001.02.01||DU1|ARCA|SLD||2|3|4|0|1|2|||||2|";
    let error = report(v(173), &bars(wire), &TimeZone::UTC).unwrap_err();
    assert_eq!((error.message, error.field), ("execDetails", "shares"));
}

#[test]
fn quotes_and_their_absence_are_told_apart() {
    let quote = |text: &str| match said(178, text) {
        Report::Quote { field, price, .. } => Some((field, price.map(|px| px.to_string()))),
        _ => None,
    };
    assert_eq!(quote("1|6|9|1|500.25|3|1|"), Some((QuoteField::Bid, Some("500.25".into()))));
    assert_eq!(quote("1|6|9|2|-1|0|1|"), Some((QuoteField::Ask, None)));
    assert_eq!(quote("1|6|9|2|-1|5|1|"), Some((QuoteField::Ask, Some("-1".into()))), "a spread at minus one");
    assert_eq!(quote("1|6|9|66|500.25|3|1|"), None, "a delayed bid");
}

#[test]
fn lines_about_an_account_name_it_and_notices_name_nobody() {
    for text in [
        "6|2|NetLiquidation|1|USD|DU1|",
        "54|1|DU1|",
        "63|1|9|DU1|TotalCashValue|1|USD|",
        "73|1|9|DU1||K|1||",
    ] {
        assert_eq!(said(157, text), Report::AboutAccount(Account::new("DU1").unwrap()), "{text}");
    }
    // Orders are divided by it; without an amount of money nobody knows it.
    let du1 = Account::new("DU1").unwrap();
    for (text, worth) in [("1000000.25|USD", Some("1000000.25 USD")), ("|USD", None), ("7|", None)] {
        let line = format!("63|1|9|DU1|NetLiquidation|{text}|");
        let worth = worth.and_then(plimsoll_model::Money::parse);
        let wanted = Report::Equity { req_id: plimsoll_model::ReqId(9), account: du1.clone(), worth };
        assert_eq!(said(157, &line), wanted, "{line}");
    }
    let Report::Error(notice) = said(178, "4|2|-1|1100|Connectivity lost||") else { panic!() };
    assert_eq!((notice.id, notice.code), (None, 1100));
}

/// What a real Gateway of version 173 wrote for a market order of 100 AAPL, with this order's own names.
const ECHO_173: &str = "5|5|265598|AAPL|STK||0|?||SMART|USD|AAPL|NMS|BUY|100|MKT|0.0|0.0|DAY||DU1||0|mine|7|600745656|0|0|0||600745656.0/DU1/100||||||||||0||-1|0||||||2147483647|0|0|0||3|0|0||0|0||0|None||0||||?|0|0||0|0||||||0|0|0|2147483647|2147483647|||0||IB|0|0||0|0|PreSubmitted|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308||||||0|0|0|None|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|1.7976931348623157E308|0||||0|1|0|0|0|||0||||||";

#[test]
fn an_open_order_names_its_one_cancels_all_group_on_both_wires() {
    let text = ECHO_173.replace("|DAY||DU1|", "|DAY|600745655|DU1|");
    let Report::OpenOrder(told) = said(173, &text) else { panic!("{text}") };
    assert_eq!(&*told.oca_group, "600745655");
    let decoded = Response::decode(v(173), &bars(&text)).unwrap();
    let frame = decoded.encode(ServerVersion::PROTOBUF);
    let report = report(ServerVersion::PROTOBUF, &frame, &TimeZone::UTC).unwrap();
    let Report::OpenOrder(report) = report else { panic!("{report:?}") };
    assert_eq!(&*report.oca_group, "600745655");
}

fn market_order() -> plimsoll_tws::message::PlaceOrder {
    let wire = "3|5|265598|AAPL|STK||0|||SMART||USD||NMS|||BUY|100|MKT|||||DU1|O|0|mine|1|0|0|0|0|0|0|0||0.0||||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|0|0|||0|||";
    match Request::decode(v(173), &bars(wire)).unwrap() {
        Request::PlaceOrder(placed) => *placed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_is_echoed_as_a_real_gateway_does() {
    let echo = Echo { client_id: ClientId(7), perm_id: PermId(600_745_656), status: "PreSubmitted" };
    let open = Response::OpenOrder(Box::new(open_order(&market_order(), echo)));
    assert_eq!(open.encode(v(173)), bars(ECHO_173));
}

#[test]
fn a_refused_order_is_shown_inactive_before_error_201() {
    let at = Timestamp::from_millisecond(1_775_425_766_350).unwrap();
    let to = Addressee { version: v(173), client_id: ClientId(7), at };
    let sent = Request::PlaceOrder(Box::new(market_order())).encode(v(173));
    let frames = denial::refuse_new(to, &sent, "would cross our own order");
    let echo = ECHO_173
        .replace("600745656.0/DU1/100", "")
        .replace("|600745656|", "|0|")
        .replace("PreSubmitted", "Inactive");
    let status = "3|5|Inactive|0|100|0|0|0|0|7||0|";
    let error = "4|2|5|201|Order rejected - reason:would cross our own order||";
    assert_eq!(frames, [bars(&echo), bars(status), bars(error)]);
}

#[test]
fn a_refused_preview_gets_the_error_alone() {
    let mut preview = market_order();
    preview.order.what_if = true;
    let to = Addressee { version: v(173), client_id: ClientId(7), at: Timestamp::UNIX_EPOCH };
    let sent = Request::PlaceOrder(Box::new(preview)).encode(v(173));
    assert_eq!(denial::refuse_new(to, &sent, "x"), [bars("4|2|5|201|Order rejected - reason:x||")]);
}

#[test]
fn account_and_reference_are_rewritten_without_touching_any_other_byte() {
    let account = Account::new("DU1111111").unwrap();
    let out = rewrite::set_account(v(178), &bars(&ORDER.replace("|DU7654321|", "||")), &account).unwrap();
    assert_eq!(out, bars(&ORDER.replace("DU7654321", "DU1111111")));
    let out = rewrite::set_order_ref(v(178), &out, "QQQ-trend-20261127-7").unwrap();
    let expected = ORDER.replace("DU7654321", "DU1111111").replace("|mine|", "|QQQ-trend-20261127-7|");
    assert_eq!(out, bars(&expected));
    let back = rewrite::restore_order_ref(v(173), &bars(ECHO_173), "the bot's own").unwrap();
    assert_eq!(back, bars(&ECHO_173.replace("|mine|", "|the bot's own|")));
}
