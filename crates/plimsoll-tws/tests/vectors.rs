//! Frames written down as facts of the protocol, at versions on both sides of the gates. `|` is NUL.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like the tests themselves")]

use plimsoll_tws::message::{CancelOrder, CompletedOrder, OpenOrder, ReqExecutions, ReqGlobalCancel};
use plimsoll_tws::{BestOffset, DecodeError, Problem, RawFrame, Request, Response, ServerVersion};

fn v(number: u16) -> ServerVersion {
    ServerVersion::new(number).unwrap()
}

fn bars(text: &str) -> RawFrame {
    RawFrame::new(text.replace('|', "\0").into_bytes().into())
}

/// A limit order as ibapi 9.81 spells it: largest doubles for unset prices, set flags of dead features.
const LIMIT_157: &str = "3|41|320227571|QQQ|STK||0.0|||SMART|NASDAQ|USD|||||BUY|30|LMT|480.10||DAY||DU7654321||0|mine|1|0|0|0|0|0|0|0||0||||||||0||-1|0|||0|||1|1||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0||1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|0||||1.7976931348623157e+308|||||0|0|0||";

/// A market-on-close order as `ib_async` spells it: nothing for unset.
const ON_CLOSE_178: &str = "3|41|320227571|QQQ|STK||0.0|||SMART|NASDAQ|USD|||||BUY|30|MOC|||DAY||DU7654321|O|0|mine|1|0|0|0|0|0|0|0||0.0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|0|0|||0|||";

/// A limit order as the official client of 2026 spells it.
const LIMIT_200: &str = "3|41|320227571|QQQ|STK|||||SMART|NASDAQ|USD|||||BUY|30|LMT|480.10||DAY||DU7654321||0|mine|1|0|0|0|0|0|0|0||0|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0||1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|1.7976931348623157e+308|0||||1.7976931348623157e+308|||||0|0|0||2147483647|2147483647|0||||0|0|2147483647|0|";

fn place(version: u16, text: &str) -> Result<plimsoll_tws::message::PlaceOrder, DecodeError> {
    match Request::decode(v(version), &bars(text))? {
        Request::PlaceOrder(placed) => Ok(*placed),
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_clients_spell_the_same_order_and_it_is_read_the_same() {
    for (version, text, order_type, px) in [
        (157, LIMIT_157, "LMT", Some("480.10")),
        (178, ON_CLOSE_178, "MOC", None),
        (200, LIMIT_200, "LMT", Some("480.10")),
    ] {
        let placed = place(version, text).unwrap();
        let order = &placed.order;
        assert_eq!((placed.order_id, placed.contract.con_id), (41, 320_227_571));
        assert_eq!(placed.contract.symbol, "QQQ");
        assert_eq!(placed.contract.primary_exchange, "NASDAQ");
        assert_eq!((&order.action, &order.order_type), (&"BUY".into(), &order_type.into()));
        assert_eq!(order.total_qty.unwrap().to_string(), "30");
        assert_eq!(order.limit_px.map(|px| px.to_string()).as_deref(), px);
        assert_eq!((order.aux_px, order.cash_qty, order.adjusted.trigger_px), (None, None, None));
        assert_eq!((order.duration, order.manual_order_indicator), (None, None));
        assert_eq!(order.account, "DU7654321");
        assert_eq!(order.order_ref, "mine");
        assert!(order.transmit && !order.what_if && !order.outside_rth);
        assert_eq!(order.exempt_code, -1);
        assert_eq!(order.e_trade_only, version == 157);
    }
}

#[test]
fn an_order_spelled_as_ib_async_does_is_written_to_the_same_bytes() {
    let frame = bars(ON_CLOSE_178);
    assert_eq!(Request::decode(v(178), &frame).unwrap().encode(v(178)), frame);
}

#[test]
fn an_order_of_another_version_is_an_error_that_names_the_place() {
    let error = place(178, LIMIT_157).unwrap_err();
    assert_eq!(error.message, "placeOrder");
    let error = place(157, ON_CLOSE_178).unwrap_err();
    assert!(matches!(error.problem, Problem::LeftOver { .. }), "{error}");
    let error = place(200, &LIMIT_200.replace("|30|LMT|", "|thirty|LMT|")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "placeOrder, field 17 `totalQuantity`: `thirty` is not a decimal number of at most 28 digits"
    );
}

#[test]
fn legs_of_a_combo_stand_after_hidden() {
    let legs = "|0|0|2|11|1|BUY|CBOE|0|0||-1|12|2|SELL|CBOE|0|0||-1|2|1.10||1|NonGuaranteed|1||0.0|";
    let text = ON_CLOSE_178.replace("|STK|", "|BAG|").replacen("|0|0||0.0|", legs, 1);
    let placed = place(178, &text).unwrap();
    let combo = &placed.order.combo;
    assert_eq!(combo.legs.iter().map(|leg| (leg.con_id, leg.ratio)).collect::<Vec<_>>(), [(11, 1), (12, 2)]);
    assert_eq!(combo.leg_pxs[0].0.unwrap().to_string(), "1.10");
    assert_eq!(combo.leg_pxs[1].0, None);
    assert_eq!(combo.routing[0].tag, "NonGuaranteed");
    assert_eq!(Request::decode(v(178), &bars(&text)).unwrap().encode(v(178)), bars(&text));
}

#[test]
fn conditions_of_all_six_kinds_are_read() {
    let conditions = "|0|0|0|6|1|a|1|505.0|756733|SMART|2|3|o|0|20261120 15:00:00 US/Eastern|4|a|1|30|5|a|STK|SMART|SPY|6|o|1|1000000|756733|SMART|7|a|0|2.5|756733|SMART|1|0||||";
    let text = ON_CLOSE_178.replacen("|0|0|0|0||||", conditions, 1);
    let placed = place(178, &text).unwrap();
    let kinds: Vec<_> = placed.order.conditions.iter().map(plimsoll_tws::message::Condition::kind).collect();
    assert_eq!(kinds, [1, 3, 4, 5, 6, 7]);
    assert!(placed.order.conditions_ignore_rth && !placed.order.conditions_cancel_order);
    let error = place(178, &text.replace("|6|1|a|", "|6|2|a|")).unwrap_err();
    assert_eq!(error.field, "condition.type");
    let error = place(178, &text.replace("|0|6|1|a|", "|0|9999|1|a|")).unwrap_err();
    assert!(matches!(error.problem, Problem::TooMany { count: 9999, .. }), "{error}");
}

#[test]
fn peg_offsets_follow_the_order_type_and_infinity() {
    let tail = |fields: &str| {
        LIMIT_200.replace("|LMT|", "|PEG BEST|").replacen("|0||||0|0|2147483647|0|", fields, 1)
    };
    let by = place(200, &tail("|0|||100|0.02||0|0|2147483647|0|")).unwrap();
    let expected = Some(BestOffset::By(plimsoll_model::Price::parse("0.02").unwrap()));
    assert_eq!(by.order.peg_offsets.compete_against_best, expected);
    let mid = place(200, &tail("|0|||100|Infinity|0.01|0.005||0|0|2147483647|0|")).unwrap();
    assert_eq!(mid.order.peg_offsets.compete_against_best, Some(BestOffset::UpToMid));
    assert_eq!(mid.order.peg_offsets.mid_at_half.unwrap().to_string(), "0.005");
    assert!(place(200, &LIMIT_200.replace("|480.10|", "|Infinity|")).is_err(), "an infinite limit price");
}

#[test]
fn cancels_change_their_layout_four_times() {
    let cancel = CancelOrder { order_id: 5, ..CancelOrder::default() };
    for (version, text) in [
        (157, "4|1|5|"),
        (168, "4|1|5|"),
        (169, "4|1|5||"),
        (186, "4|1|5||"),
        (187, "4|1|5||||2147483647|"),
        (189, "4|1|5||||2147483647|"),
        (190, "4|1|5||"),
        (191, "4|1|5||"),
        (192, "4|5|||2147483647|"),
        (200, "4|5|||2147483647|"),
    ] {
        assert_eq!(Request::CancelOrder(cancel.clone()).encode(v(version)), bars(text), "{version}");
        assert_eq!(Request::decode(v(version), &bars(text)), Ok(Request::CancelOrder(cancel.clone())));
    }
    let all = Request::ReqGlobalCancel(ReqGlobalCancel::default());
    assert_eq!(all.encode(v(191)), bars("58|1|"));
    assert_eq!(all.encode(v(192)), bars("58||2147483647|"));
}

#[test]
fn executions_of_days_are_asked_for_at_200_only() {
    let ask = Request::ReqExecutions(ReqExecutions { req_id: 9, ..ReqExecutions::default() });
    assert_eq!(ask.encode(v(199)), bars("7|3|9|0|||||||"));
    assert_eq!(ask.encode(v(200)), bars("7|3|9|0|||||||2147483647|0|"));
    assert!(Request::decode(v(200), &bars("7|3|9|0|||||||")).is_err(), "real servers refuse this with 320");
}

#[test]
fn errors_change_their_layout_twice() {
    let text = "Market data farm connection is OK:usfarm";
    for (version, wire) in [
        (157, format!("4|2|-1|2104|{text}|")),
        (166, format!("4|2|-1|2104|{text}||")),
        (194, format!("4|-1|2104|{text}||1775425766350|")),
    ] {
        let Ok(Response::Error(error)) = Response::decode(v(version), &bars(&wire)) else {
            panic!("{version}: {wire}")
        };
        assert_eq!((error.id, error.code), (-1, 2104));
        assert_eq!(error.text, text);
        assert_eq!(Response::Error(error).encode(v(version)), bars(&wire));
    }
}

#[test]
fn executions_grow_by_a_field_at_178_and_198() {
    let base = "11|-1|4|756733|SPY|STK||0.0|||ARCA|USD|SPY|SPY|0001.01.01|20261120  10:50:28|DU1|ARCA|SLD|40|500.25|7000000001|7|0|40|500.25|mine||||1|";
    for (version, tail) in [(157, ""), (177, ""), (178, "0|"), (197, "0|"), (198, "0||"), (200, "0||")] {
        let frame = bars(&format!("{base}{tail}"));
        let Ok(Response::ExecDetails(m)) = Response::decode(v(version), &frame) else { panic!("{version}") };
        assert_eq!((m.order_id, m.perm_id, m.client_id), (4, 7_000_000_001, 7));
        assert_eq!((m.qty.unwrap().to_string(), m.px.unwrap().to_string()), ("40".into(), "500.25".into()));
        assert_eq!(Response::ExecDetails(m).encode(v(version)), frame);
    }
}

#[test]
fn messages_that_clients_unpack_exactly_have_exactly_that_many_fields() {
    for (wire, count) in [
        ("1|6|9|1|500.25|300|1|", 7),
        ("59|1|0001.01.01|1.0|USD|1.7976931348623157E308|1.7976931348623157E308||", 8),
        ("61|3|DU1|265598|AAPL|STK||0.0|||NASDAQ|USD|AAPL|NMS|10|201.88|", 16),
        ("7|8|265598|AAPL|STK||0|0||NASDAQ|USD|AAPL|NMS|10|200.5|2005.0|201.88|-13.8|0.0|DU1|", 20),
        ("71|3|6|DU1|265598|AAPL|STK||0.0|||NASDAQ|USD|AAPL|NMS|10|201.88||", 18),
        ("3|5|Submitted|40|60|292.18|9000000379|0|292.18|1||0|", 12),
    ] {
        let frame = bars(wire);
        assert_eq!(frame.bytes().split(|b| *b == 0).count() - 1, count, "{wire}");
        assert_eq!(Response::decode(v(200), &frame).unwrap().encode(v(200)), frame);
    }
}

#[test]
fn historical_bars_lose_their_range_at_196() {
    let bar = "20261119|182.94|186.5|180.94|185.9|948837.22|184.869|324891|";
    let old = bars(&format!("17|9|20261118  16:00:00|20261120  16:00:00|1|{bar}"));
    let new = bars(&format!("17|9|1|{bar}"));
    for (version, frame) in [(173, &old), (195, &old), (196, &new)] {
        let Ok(Response::HistoricalData(m)) = Response::decode(v(version), frame) else {
            panic!("{version}")
        };
        assert_eq!((m.bars.len(), m.bars[0].close.unwrap().to_string()), (1, "185.9".into()));
        assert_eq!(&Response::HistoricalData(m).encode(v(version)), frame);
    }
    assert!(Response::decode(v(196), &old).is_err());
}

#[test]
fn contract_details_change_at_163_164_182_and_186() {
    let head = |version: &str, last: &str, lots: &str| {
        format!(
            "10|{version}9|SPY|STK|{last}|0||SMART|USD|SPY|SPY|SPY|756733|0.01|{lots}|LMT,MOC|SMART,ARCA|1|0|SPDR S&P 500|ARCA|||||US/Eastern|20261127:0400-20261127:1700|20261127:0930-20261127:1300|||0|1|||26,26||ETF|"
        )
    };
    for (version, wire) in [
        (157, head("8|", "", "100|")),
        (163, head("8|", "", "100|") + "1|"),
        (164, head("", "", "") + "1|1|100|"),
        (182, head("", "|", "") + "1|1|100|"),
        (186, head("", "|", "") + "1|1|100|1|7|No trading permission|"),
        (200, head("", "|", "") + "1|1|100|0|"),
    ] {
        let Ok(Response::ContractDetails(m)) = Response::decode(v(version), &bars(&wire)) else {
            panic!("{version}: {:?}", Response::decode(v(version), &bars(&wire)))
        };
        assert_eq!(m.contract.con_id, 756_733);
        assert_eq!(m.liquid_hours, "20261127:0930-20261127:1300");
        assert_eq!(Response::ContractDetails(m).encode(v(version)), bars(&wire), "{version}");
    }
}

#[test]
fn opaque_text_is_kept_byte_for_byte_and_identifiers_are_checked() {
    let mut wire = bars("4|2|-1|399|Order Message:\nBUY ").into_bytes().to_vec();
    wire.extend_from_slice(b"\xFF\0");
    let frame = RawFrame::new(wire.into());
    assert_eq!(Response::decode(v(157), &frame).unwrap().encode(v(157)), frame);
    let error = place(200, &LIMIT_200.replace("|DU7654321|", "|DU7654321\n|")).unwrap_err();
    assert_eq!(error.field, "account");
}

fn fields(frame: &RawFrame) -> usize {
    frame.bytes().split(|b| *b == 0).count() - 1
}

#[test]
fn orders_have_the_number_of_fields_of_their_version() {
    // Each count is the one before and what the gate at that version adds or takes away. A plain order of
    // ib_async at 178 has 114 fields, one of the official client at 200 has 119.
    for (from, to, count) in [
        (157, 157, 110),
        (159, 159, 111),
        (160, 161, 112),
        (162, 165, 113),
        (166, 168, 114),
        (169, 176, 115),
        (177, 182, 114),
        (183, 183, 115),
        (184, 186, 116),
        (187, 188, 118),
        (189, 189, 119),
        (190, 191, 117),
        (192, 198, 118),
        (199, 200, 119),
    ] {
        for version in from..=to {
            let frame = Request::PlaceOrder(Box::default()).encode(v(version));
            assert_eq!(fields(&frame), count, "{version}");
        }
    }
}

#[test]
fn open_and_completed_orders_have_the_number_of_fields_of_their_version() {
    // Real Gateways send 156 and 103 fields at 200, with `None` as the type of a delta-neutral hedge.
    let mut open = OpenOrder::default();
    open.order.delta_neutral.order_type = "None".into();
    let mut completed = CompletedOrder::default();
    completed.order.delta_neutral.order_type = "None".into();
    for (from, to, open_count, completed_count) in [
        (157, 157, 128, 96),
        (159, 159, 129, 96),
        (160, 161, 130, 96),
        (162, 169, 131, 96),
        (170, 176, 136, 101),
        (177, 182, 135, 100),
        (183, 183, 136, 101),
        (184, 184, 137, 102),
        (185, 188, 138, 102),
        (189, 192, 139, 102),
        (193, 194, 141, 102),
        (195, 197, 154, 102),
        (198, 198, 155, 103),
        (199, 200, 156, 103),
    ] {
        for version in from..=to {
            let frame = Response::OpenOrder(Box::new(open.clone())).encode(v(version));
            assert_eq!(fields(&frame), open_count, "openOrder at {version}");
            let frame = Response::CompletedOrder(Box::new(completed.clone())).encode(v(version));
            assert_eq!(fields(&frame), completed_count, "completedOrder at {version}");
        }
    }
}

/// The limit order at 157 with other fields: what stands at a place, and what is put behind it.
fn limit_with(changes: &[(usize, &str)]) -> String {
    let mut fields: Vec<&str> = LIMIT_157.split('|').collect();
    for (at, text) in changes {
        fields[*at] = text;
    }
    fields.join("|")
}

#[test]
fn the_parts_of_an_order_stand_behind_their_switches() {
    let text = limit_with(&[
        (18, "PEG BENCH"),
        (39, "Group"),
        (40, "PctChange"),
        (41, "25"),
        (42, "Profile"),
        (65, "MKT"),
        (66, "0.5|756733|Firm|Clearing|Away|O|1|2|Desk"),
        (71, "20"),
        (72, "10"),
        (73, "0.05|0.01|60|0.10|1|0|5|0"),
        (77, "B|0.8"),
        (82, "1|756733|0.45|500.25"),
        (83, "Twap|1|strategyType|Marketable"),
        (89, "1|756733|1|0.1|0.2|ARCA"),
        (91, "STP"),
        (97, "1"),
    ]);
    let placed = place(157, &text).unwrap();
    let order = &placed.order;
    assert_eq!((&order.fa_group, &order.fa_method), (&"Group".into(), &"PctChange".into()));
    assert_eq!((&order.fa_percentage, &order.fa_profile), (&"25".into(), &"Profile".into()));
    let hedge = &order.delta_neutral;
    assert_eq!((hedge.con_id, hedge.short_sale, hedge.short_sale_slot), (756_733, true, 2));
    assert_eq!(hedge.settling_firm, "Firm");
    assert_eq!(hedge.clearing_account, "Clearing");
    assert_eq!((&hedge.clearing_intent, &hedge.open_close), (&"Away".into(), &"O".into()));
    assert_eq!(hedge.designated_location, "Desk");
    let scale = &order.scale;
    assert_eq!((scale.init_level_size, scale.subs_level_size), (Some(20), Some(10)));
    assert_eq!((scale.px_adjust_interval, scale.init_fill_qty), (Some(60), Some(5)));
    assert_eq!(scale.profit_offset.unwrap().to_string(), "0.10");
    assert!(scale.auto_reset && !scale.random_percent);
    assert_eq!((&order.hedge_type, &order.hedge_param), (&"B".into(), &"0.8".into()));
    let other = order.delta_neutral_contract.as_ref().unwrap();
    assert_eq!((other.con_id, other.delta.unwrap().to_string()), (756_733, "0.45".into()));
    assert_eq!(order.algo_strategy, "Twap");
    assert_eq!(
        (&order.algo_params[0].tag, &order.algo_params[0].value),
        (&"strategyType".into(), &"Marketable".into())
    );
    let benchmark = &order.peg_benchmark;
    assert_eq!((benchmark.reference_con_id, benchmark.is_change_decrease), (756_733, true));
    assert_eq!(benchmark.reference_exchange, "ARCA");
    assert!(order.randomize_px);
    assert_eq!((&order.adjusted.order_type, order.adjusted.trailing_unit), (&"STP".into(), 1));
    let request = Request::PlaceOrder(Box::new(placed));
    assert_eq!(Request::decode(v(157), &request.encode(v(157))).unwrap(), request);
}

#[test]
fn a_part_without_its_switch_is_an_error() {
    for changes in [
        &[(66, "0.5|756733|Firm|Clearing|Away|O|1|2|Desk")][..],
        &[(73, "0|0.01|60|0.10|1|0|5|0")],
        &[(77, "|0.8")],
        &[(82, "0|756733|0.45|500.25")],
        &[(83, "|1|strategyType|Marketable")],
        &[(89, "1|756733|1|0.1|0.2|ARCA")],
    ] {
        assert!(place(157, &limit_with(changes)).is_err(), "{changes:?}");
    }
}

#[test]
fn a_question_for_family_codes_may_lead_with_a_version_and_is_written_without() {
    // The Rust crate ibapi 2.12 writes the version; nobody else does.
    for wire in ["80|", "80|1|"] {
        let asked = Request::decode(v(200), &bars(wire)).unwrap_or_else(|e| panic!("{wire}: {e}"));
        assert_eq!(asked, Request::ReqFamilyCodes, "{wire}");
        assert_eq!(asked.encode(v(200)), bars("80|"));
    }
    for wire in ["80|2|", "80|1|1|", "80||", "80|11|", "80|1"] {
        assert!(Request::decode(v(200), &bars(wire)).is_err(), "{wire}");
    }
}
