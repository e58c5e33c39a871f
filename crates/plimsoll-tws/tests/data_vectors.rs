//! Frames of data messages written down as facts of the protocol: depth, scanners, news, the option model,
//! ticks of the past, display groups and the rest that is no order and no account. `|` is NUL.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

use plimsoll_tws::message::Figure;
use plimsoll_tws::{Problem, RawFrame, Request, Response, ServerVersion};
use rust_decimal::Decimal;

fn v(number: u16) -> ServerVersion {
    ServerVersion::new(number).unwrap()
}

fn bars(text: &str) -> RawFrame {
    RawFrame::new(text.replace('|', "\0").into_bytes().into())
}

fn request(version: u16, wire: &str) -> Request {
    let request =
        Request::decode(v(version), &bars(wire)).unwrap_or_else(|e| panic!("{version} {wire}: {e}"));
    assert_eq!(request.encode(v(version)), bars(wire), "{version}");
    request
}

fn response(version: u16, wire: &str) -> Response {
    let answer =
        Response::decode(v(version), &bars(wire)).unwrap_or_else(|e| panic!("{version} {wire}: {e}"));
    assert_eq!(answer.encode(v(version)), bars(wire), "{version}");
    answer
}

const QQQ: &str = "320227571|QQQ|STK||0.0|||SMART|NASDAQ|USD||";
const CALL: &str = "0|QQQ|OPT|20270115|500|C|100|SMART||USD||QQQ";

#[test]
fn every_data_request_has_its_name_and_keeps_its_bytes() {
    for (name, wire) in [
        ("reqMktDepth", format!("10|5|7|{QQQ}|5|1||")),
        ("cancelMktDepth", "11|1|7|1|".into()),
        (
            "reqScannerSubscription",
            "22|7|50|STK|STK.US.MAJOR|TOP_PERC_GAIN|5||100000|||||||||||0||||changePercAbove=2;||".into(),
        ),
        ("cancelScannerSubscription", "23|1|7|".into()),
        ("reqScannerParameters", "24|1|".into()),
        ("reqFundamentalData", "52|2|7|320227571|QQQ|STK|SMART|NASDAQ|USD||ReportSnapshot|0||".into()),
        ("cancelFundamentalData", "53|1|7|".into()),
        ("calculateImpliedVolatility", format!("54|3|7|{CALL}|5.2|498.75|0||")),
        ("calculateOptionPrice", format!("55|3|7|{CALL}|0.22|498.75|0||")),
        ("cancelCalculateImpliedVolatility", "56|1|7|".into()),
        ("cancelCalculateOptionPrice", "57|1|7|".into()),
        ("verifyRequest", "65|1|plimsoll|1.0|".into()),
        ("verifyMessage", "66|1|opaque|".into()),
        ("queryDisplayGroups", "67|1|7|".into()),
        ("subscribeToGroupEvents", "68|1|7|3|".into()),
        ("updateDisplayGroup", "69|1|7|320227571@SMART|".into()),
        ("unsubscribeFromGroupEvents", "70|1|7|".into()),
        ("verifyAndAuthRequest", "72|1|plimsoll|1.0|key|".into()),
        ("verifyAndAuthMessage", "73|1|opaque|answer|".into()),
        ("reqSoftDollarTiers", "79|7|".into()),
        ("reqMktDepthExchanges", "82|".into()),
        ("reqSmartComponents", "83|7|9c0001|".into()),
        ("reqNewsArticle", "84|7|BRFG|BRFG$0a1b2c||".into()),
        ("reqNewsProviders", "85|".into()),
        ("reqHistoricalNews", "86|7|320227571|BRFG+DJ-N|20261119 00:00:00|20261120 00:00:00|10||".into()),
        ("reqHistogramData", format!("88|7|{QQQ}|0|1|3 days|")),
        ("cancelHistogramData", "89|7|".into()),
        ("reqHistoricalTicks", format!("96|7|{QQQ}|0||20261120 16:00:00 US/Eastern|1000|BID_ASK|1|0||")),
        ("reqWshMetaData", "100|7|".into()),
        ("cancelWshMetaData", "101|7|".into()),
        ("cancelWshEventData", "103|7|".into()),
    ] {
        for version in [157, 176, 200] {
            assert_eq!(request(version, &wire).name(), name, "{wire}");
        }
    }
}

#[test]
fn every_data_answer_has_its_name_and_keeps_its_bytes() {
    for (name, wire) in [
        ("marketDepth", "12|1|7|0|1|0|498.75|300|"),
        ("marketDepthL2", "13|1|7|2|ARCA|0|1|498.70|200|1|"),
        ("scannerParameters", "19|1|<ScanParameterResponse/>|"),
        ("tickEFP", "47|1|7|38|12.5|+12.50|501.2|30|20261218|0.0|1.15|"),
        ("fundamentalData", "51|1|7|<ReportSnapshot/>|"),
        ("deltaNeutralValidation", "56|1|7|320227571|0.5|498.75|"),
        ("verifyMessageAPI", "65|1|opaque|"),
        ("verifyCompleted", "66|1|true||"),
        ("displayGroupUpdated", "68|1|7|320227571@SMART|"),
        ("verifyAndAuthMessageAPI", "69|1|opaque|challenge|"),
        ("verifyAndAuthCompleted", "70|1|false|unknown key|"),
        ("softDollarTiers", "77|7|1|Tier1|0.5|Tier 1|"),
        ("mktDepthExchanges", "80|2|ISLAND|STK|NASDAQ|Deep2|1|NYSE|STK|NYSE|Deep|2147483647|"),
        ("smartComponents", "82|7|2|0|NYSE|N|1|ARCA|P|"),
        ("newsArticle", "83|7|0|<p>text</p>|"),
        ("tickNews", "84|7|1795189500000|BRFG|BRFG$0a1b2c|{L:en}Stocks rise|TSLA:123|"),
        ("newsProviders", "85|1|BRFG|Briefing.com General Market Columns|"),
        ("historicalNews", "86|7|2026-11-20 14:45:00.0|BRFG|BRFG$0a1b2c|{L:en}Stocks rise|"),
        ("historicalNewsEnd", "87|7|1|"),
        ("histogramData", "89|7|2|498.75|1200|498.76|300|"),
        ("rerouteMktDataReq", "91|7|320227571|ISLAND|"),
        ("rerouteMktDepthReq", "92|7|320227571|ISLAND|"),
        ("historicalTicks", "96|7|2|1795189500|0|498.755|0|1795189501|0|498.76|0|1|"),
        ("wshMetaData", "104|7|{}|"),
        ("wshEventData", "105|7|[]|"),
    ] {
        for version in [157, 176, 200] {
            assert_eq!(response(version, wire).name(), name, "{wire}");
        }
    }
}

#[test]
fn rows_of_a_book_with_makers_say_operation_before_side() {
    let Response::MarketDepthL2(m) = response(200, "13|1|7|2|ARCA|0|1|498.70|200|1|") else { panic!() };
    assert_eq!((m.position, m.operation, m.side, m.is_smart), (2, 0, 1, true));
    assert_eq!(m.market_maker, "ARCA");
    assert_eq!((m.px.unwrap().to_string(), m.size.unwrap().to_string()), ("498.70".into(), "200".into()));
}

#[test]
fn an_exchange_without_a_group_says_so_with_the_largest_number() {
    // ib_async reads this field as a number, whatever it holds.
    let wire = "80|1|NYSE|STK|NYSE|Deep|2147483647|";
    let Response::MktDepthExchanges(m) = response(178, wire) else { panic!() };
    assert_eq!((&m.exchanges[0].service, m.exchanges[0].agg_group), (&"Deep".into(), None));
}

#[test]
fn display_groups_are_separated_by_bars_of_their_own() {
    // The one field of the protocol that holds a `|` itself.
    let frame = RawFrame::new(b"67\x001\x007\x004|1|2\x00".to_vec().into());
    let Ok(Response::DisplayGroupList(m)) = Response::decode(v(200), &frame) else { panic!() };
    assert_eq!(m.groups, "4|1|2");
    assert_eq!(Response::DisplayGroupList(m).encode(v(200)), frame);
}

#[test]
fn filters_of_a_scanner_keep_their_places() {
    let wire = "22|7|-1|STK|STK.US|HOT_BY_VOLUME|1.5|99.5|500|1000000|2000000|Aa|Baa|A+|B-|20270101|20370101|2.5|7.5|1|40|Annual,true|CORP|priceAbove=3;|a=b;|";
    let Request::ReqScannerSubscription(m) = request(200, wire) else { panic!() };
    assert_eq!((m.rows, m.above_volume, m.average_option_volume_above), (-1, Some(500), Some(40)));
    assert_eq!(m.market_cap_below, Some(Decimal::from(2_000_000)));
    assert_eq!(m.coupon_rate_above.unwrap().to_string(), "2.5");
    assert_eq!((&m.sp_rating_above, &m.maturity_date_below), (&"A+".into(), &"20370101".into()));
    assert!(m.exclude_convertible);
    assert_eq!(
        (&m.stock_type, &m.filter_options, &m.options),
        (&"CORP".into(), &"priceAbove=3;".into(), &"a=b;".into())
    );
}

#[test]
fn rows_of_a_scanner_have_the_market_name_before_the_trading_class() {
    let row = "3|320227571|QQQ|STK||0||SMART|USD|QQQ|NMS|QQQC|1.5||2.5||";
    let Response::ScannerData(m) = response(178, &format!("20|3|7|1|{row}")) else { panic!() };
    assert_eq!((m.rows[0].rank, m.rows[0].contract.con_id), (3, 320_227_571));
    assert_eq!((&m.rows[0].market_name, &m.rows[0].contract.trading_class), (&"NMS".into(), &"QQQC".into()));
    assert_eq!((&m.rows[0].distance, &m.rows[0].projection), (&"1.5".into(), &"2.5".into()));
    let error = Response::decode(v(178), &bars(&format!("20|3|7|5000|{row}"))).unwrap_err();
    assert!(matches!(error.problem, Problem::TooMany { count: 5000, .. }), "{error}");
}

#[test]
fn clients_disagree_whether_options_of_a_calculation_are_counted() {
    let counted = format!("55|3|7|{CALL}|0.22|498.75|0||");
    let bare = format!("55|3|7|{CALL}|0.22|498.75||");
    let with_options = format!("55|3|7|{CALL}|0.22|498.75|a=b;|");
    for (wire, count, options) in [(&counted, Some(0), ""), (&bare, None, ""), (&with_options, None, "a=b;")]
    {
        let Request::CalculateOptionPrice(m) = request(200, wire) else { panic!() };
        assert_eq!((m.options_count, &m.options), (count, &options.into()), "{wire}");
        assert_eq!(m.under_px.unwrap().to_string(), "498.75");
    }
    // A count whose options are missing, and options with a field behind them.
    for wire in [format!("55|3|7|{CALL}|0.22|498.75|0|"), format!("{bare}|"), format!("{counted}|")] {
        assert!(Request::decode(v(200), &bars(&wire)).is_err(), "{wire}");
    }
    for wire in
        ["52|2|7|1|QQQ|STK|SMART||USD||ReportSnapshot|0||", "52|2|7|1|QQQ|STK|SMART||USD||ReportSnapshot||"]
    {
        assert_eq!(request(193, wire).name(), "reqFundamentalData");
    }
}

#[test]
fn each_number_of_the_option_model_has_its_own_word_for_unknown() {
    let Response::TickOptionComputation(m) =
        response(200, "21|7|13|1|0.2354|-1|5.25|0.0|0.0123|-0.5|-2|498.75|")
    else {
        panic!()
    };
    let exact = |figure: &Option<Figure>| figure.as_ref().and_then(Figure::exact).map(|n| n.to_string());
    assert_eq!((m.tick, m.attributes), (13, 1));
    assert_eq!(exact(&m.delta).as_deref(), Some("-1"), "a delta of -1 is one");
    assert_eq!(exact(&m.implied_volatility).as_deref(), Some("0.2354"));
    assert_eq!((exact(&m.vega).as_deref(), &m.theta), (Some("-0.5"), &None));
    let Response::TickOptionComputation(m) = response(157, "21|7|10|0|-1|-2|-1|-1|-2|-2|-2|-1|") else {
        panic!()
    };
    assert!([&m.implied_volatility, &m.delta, &m.option_px, &m.pv_dividend].iter().all(|n| n.is_none()));
    assert!([&m.gamma, &m.vega, &m.theta, &m.under_px].iter().all(|n| n.is_none()));
}

#[test]
fn a_greek_with_more_places_than_a_decimal_keeps_its_text() {
    let wire = "21|7|13|0|0.2|1.0|5.25|0.0|4.9406564584124654E-24|0.1|0.1|498.75|";
    let Response::TickOptionComputation(m) = response(200, wire) else { panic!() };
    assert_eq!(m.gamma.unwrap().exact(), None);
    let error = Response::decode(v(200), &bars(&wire.replace("|0.2|", "|much|"))).unwrap_err();
    assert_eq!(error.field, "impliedVol");
}

#[test]
fn quotes_of_the_past_have_their_mask_before_the_prices() {
    let wire = "97|7|1|1795189500|2|498.75|498.76|300|200|0|";
    let Response::HistoricalTicksBidAsk(m) = response(200, wire) else { panic!() };
    let tick = &m.ticks[0];
    assert_eq!((tick.time, tick.attributes, m.is_done), (1_795_189_500, 2, false));
    assert_eq!(
        (tick.bid.unwrap().to_string(), tick.ask_size.unwrap().to_string()),
        ("498.75".into(), "200".into())
    );
    let wire = "98|7|1|1795189500|1|498.75|100|ARCA| TI|1|";
    let Response::HistoricalTicksLast(m) = response(157, wire) else { panic!() };
    assert_eq!((&m.ticks[0].exchange, &m.ticks[0].conditions), (&"ARCA".into(), &" TI".into()));
    assert!(m.is_done);
}

#[test]
fn events_of_the_calendar_gain_filters_at_171_and_days_at_173() {
    let filters = "{\"country\":\"All\"}|0|1|0|";
    for (version, tail) in [
        (161, String::new()),
        (170, String::new()),
        (171, filters.into()),
        (172, filters.into()),
        (173, format!("{filters}20261101|20261130|2147483647|")),
        (200, format!("{filters}20261101|20261130|50|")),
    ] {
        let Request::ReqWshEventData(m) = request(version, &format!("102|7|320227571|{tail}")) else {
            panic!()
        };
        assert_eq!((m.con_id, m.fill_portfolio), (Some(320_227_571), version >= 171));
        assert_eq!(m.limit, (version == 200).then_some(50));
    }
    let Request::ReqWshEventData(m) = request(200, "102|7|2147483647||0|0|0|||2147483647|") else { panic!() };
    assert_eq!((m.con_id, m.limit), (None, None));
}

#[test]
fn bonds_change_their_layout_at_164_and_188() {
    let head = |version: &str, lots: &str, hours: &str| {
        format!(
            "18|{version}9|US-T|BOND|912810TM0|4.0|20421115|20221115|AAA/Aaa|GOVT|FIXED|0|1|0||SMART|USD|US-T|USTBD|590000001|0.0001|{lots}LMT,MKT|SMART,IBKRATS|20301115|CALL|1|a note|US Treasury|{hours}|0|1|CUSIP|912810TM0||26,26|"
        )
    };
    let hours = "US/Eastern|20261127:0800-20261127:1700|20261127:0800-20261127:1400|";
    for (version, wire) in [
        (157, head("6|", "1|", "")),
        (163, head("6|", "1|", "")),
        (164, head("", "", "") + "1000|1000|1000|"),
        (187, head("", "", "") + "1000|1000|1000|"),
        (188, head("", "", hours) + "1000|1000|1000|"),
        (200, head("", "", hours) + "1000|1000|1000|"),
    ] {
        let Response::BondContractDetails(m) = response(version, &wire) else { panic!() };
        assert_eq!((m.req_id, m.contract.con_id), (9, 590_000_001));
        assert_eq!((m.callable, m.putable, m.next_option_partial), (true, false, true));
        assert_eq!(
            (&m.cusip, &m.contract.expiry, &m.notes),
            (&"912810TM0".into(), &"20421115".into(), &"a note".into())
        );
        assert_eq!(m.time_zone.is_empty(), version < 188);
        assert_eq!(m.min_size.is_none(), version < 164);
    }
}
