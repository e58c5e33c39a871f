//! Where paper is not life: for each row of `profile::DIFFERENCES` one test that shows both sides on the wire.

use plimsoll_tws::message::{CancelOrder, PlaceOrder};
use plimsoll_tws::{Request, Response, ServerVersion};

use super::instruments::{call, of};
use super::rig::{Rig, order, order_with, px, quotes};
use super::{ELEVEN, config};
use crate::ibkr::{ExecutionTimes, MissingAccount, Profile, TwsSettings, VenueConfig};

/// What client 7 hears in each profile: live, then paper. It hears the same in the text of 178 and of 200 and in
/// protobuf.
fn both(start: &str, act: impl Fn(&mut Rig, crate::ibkr::ConnId)) -> [String; 2] {
    [Profile::Live, Profile::Paper].map(|profile| {
        let [first, others @ ..] = [178, 200, ServerVersion::PROTOBUF.number()].map(|version| {
            let mut rig = Rig::new(config(profile, start));
            let conn = rig.start_at(7, version);
            rig.heard(conn);
            act(&mut rig, conn);
            rig.lines(conn)
        });
        for other in others {
            assert_eq!(other, first, "{profile:?}");
        }
        first
    })
}

fn cancel(order_id: i32) -> Request {
    Request::CancelOrder(CancelOrder { order_id, ..CancelOrder::default() })
}

fn quote(rig: &mut Rig, bid: &str, ask: &str) {
    rig.price(&format!(r#"{{"symbol": "SPY", "bid": "{bid}", "ask": "{ask}"}}"#));
}

#[test]
fn on_close_crossing_is_cancelled_live_and_executed_on_paper() {
    let [live, paper] = both(ELEVEN, |rig, conn| {
        rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MOC"));
        rig.ask(conn, &order(2, "DU1", "SELL 40 SPY MOC"));
        rig.wait_until("13:00:00");
    });
    assert!(live.contains("error 1 202 ") && live.contains("error 2 202 "), "{live}");
    assert!(!live.contains("execDetails"), "{live}");
    assert!(
        paper.contains("execDetails -1 1 BOT 100") && paper.contains("execDetails -1 2 SLD 40"),
        "{paper}"
    );
}

#[test]
fn on_close_acknowledgement_comes_live_and_is_silence_on_paper_until_the_cancel() {
    let [live, paper] = both(ELEVEN, |rig, conn| {
        rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MOC"));
        rig.wait(60);
    });
    assert_eq!(live, "openOrder 1 PreSubmitted BUY 100 MOC DU1\norderStatus 1 PreSubmitted 0+100\n");
    assert_eq!(paper, "");
    let [_, cancelled] = both(ELEVEN, |rig, conn| {
        rig.ask(conn, &order(1, "DU1", "BUY 100 SPY LOC 500.00"));
        rig.ask(conn, &cancel(1));
    });
    // The sequence that was recorded from a paper Gateway.
    assert_eq!(
        cancelled,
        "orderStatus 1 PendingCancel 0+100\norderStatus 1 Cancelled 0+100\nerror 1 202 Order Canceled - reason:\n"
    );
}

#[test]
fn on_close_cutoff_binds_live_and_not_on_paper() {
    let [live, paper] = both("2026-11-27T12:49:59-05:00", |rig, conn| {
        rig.ask(conn, &order(1, "DU1", "BUY 10 SPY MOC"));
        rig.wait_until("12:50:00");
        rig.ask(conn, &order(2, "DU1", "BUY 10 SPY MOC"));
        rig.ask(conn, &cancel(1));
        rig.wait_until("13:00:00");
    });
    assert!(live.contains("orderStatus 2 Inactive") && live.contains("error 2 201 "), "{live}");
    assert!(live.contains("error 1 161 ") && live.contains("execDetails -1 1 "), "{live}");
    assert!(paper.contains("error 1 202 ") && paper.contains("execDetails -1 2 "), "{paper}");
}

#[test]
fn missing_account_meets_the_configured_answer_live_and_the_first_account_on_paper() {
    let hear = |profile, missing_account| {
        let mut rig = Rig::new(VenueConfig { missing_account, ..config(profile, ELEVEN) });
        let conn = rig.client(7);
        rig.ask(conn, &order(1, "", "BUY 100 SPY MKT"));
        assert_eq!(rig.violations(), ["missing_account"]);
        rig.lines(conn)
    };
    assert!(hear(Profile::Live, MissingAccount::Error321).starts_with("error 1 321 "));
    assert!(hear(Profile::Live, MissingAccount::Error435).starts_with("error 1 435 "));
    for missing_account in [MissingAccount::Default, MissingAccount::Error321, MissingAccount::Error435] {
        assert!(
            hear(Profile::Paper, missing_account).starts_with("openOrder 1 PreSubmitted BUY 100 MKT DU1")
        );
    }
}

#[test]
fn book_depth_is_several_prices_live_and_the_best_one_on_paper() {
    // SPY shows 700 shares at the best price.
    let [live, paper] = both(ELEVEN, |rig, conn| {
        quote(rig, "500.00", "500.01");
        rig.ask(conn, &order(1, "DU1", "BUY 1000 SPY MKT"));
    });
    let count = |text: &str| text.matches("execDetails").count();
    assert_eq!((count(&live), count(&paper)), (2, 1), "{live}\n{paper}");
    assert!(live.contains("orderStatus 1 Filled 1000+0"), "{live}");
    assert!(paper.contains("orderStatus 1 Submitted 700+300"), "{paper}");
}

#[test]
fn directed_remainder_goes_on_live_and_is_rejected_on_paper() {
    let [live, paper] = both(ELEVEN, |rig, conn| {
        quote(rig, "500.00", "500.01");
        let to_arca = |m: &mut PlaceOrder| m.contract.exchange = "ARCA".into();
        rig.ask(conn, &order_with(1, "DU1", "BUY 6000 SPY MKT", to_arca));
        rig.wait(5);
    });
    assert!(live.contains("orderStatus 1 Filled 6000+0"), "{live}");
    assert!(paper.contains("orderStatus 1 Inactive 700+5300") && paper.contains("error 1 201 "), "{paper}");
}

#[test]
fn fill_or_kill_is_filled_live_and_ends_inactive_on_paper() {
    let [live, paper] = both(ELEVEN, |rig, conn| {
        quote(rig, "500.00", "500.01");
        rig.ask(conn, &order(1, "DU1", "BUY 100 SPY LMT 500.01 FOK"));
    });
    assert!(live.contains("orderStatus 1 Filled 100+0"), "{live}");
    assert!(paper.contains("orderStatus 1 Inactive 0+100") && !paper.contains("execDetails"), "{paper}");
}

#[test]
fn auction_orders_are_executed_at_the_open_live_and_refused_on_paper() {
    let [live, paper] = both("2026-11-27T09:20:00-05:00", |rig, conn| {
        rig.ask(conn, &order(1, "DU1", "BUY 100 SPY LMT 900.00 AUC"));
        rig.wait_until("09:30:00");
    });
    assert!(live.contains("orderStatus 1 Filled 100+0"), "{live}");
    assert!(paper.starts_with("error 1 387 "), "{paper}");
}

#[test]
fn clearing_is_taken_live_and_refused_with_322_on_paper() {
    let [live, paper] = both(ELEVEN, |rig, conn| {
        let cleared = |m: &mut PlaceOrder| m.order.clearing_account = "SOMEBODY".into();
        rig.ask(conn, &order_with(1, "DU1", "BUY 100 SPY LMT 400.00", cleared));
    });
    assert!(live.contains("orderStatus 1 Submitted"), "{live}");
    assert!(paper.starts_with("error 1 322 "), "{paper}");
}

#[test]
fn stops_without_link_trigger_live_and_wait_for_the_link_on_paper() {
    let act = |rig: &mut Rig, conn| {
        quote(rig, "500.00", "500.01");
        let stop = |m: &mut PlaceOrder| m.order.aux_px = px("499.00");
        rig.ask(conn, &order_with(1, "DU1", "SELL 100 SPY STP", stop));
        rig.fault(r#"{"kind": "link_down", "for": "60s"}"#);
        quote(rig, "498.00", "498.01");
        quote(rig, "503.00", "503.01");
        rig.fault(r#"{"kind": "link_up_data_kept"}"#);
    };
    let [live, paper] = both(ELEVEN, act);
    // Executed while the client could not hear of it, and told once the link is back.
    assert!(live.contains("execDetails -1 1 SLD 100"), "{live}");
    assert!(live.find("error -1 1102").unwrap() < live.find("execDetails").unwrap(), "{live}");
    assert!(!paper.contains("execDetails"), "{paper}");
}

#[test]
fn execution_times_are_utc_live_and_zoned_on_paper_unless_it_is_said_which() {
    let time = |profile, execution_times, version| {
        let settings = TwsSettings { execution_times, ..TwsSettings::default() };
        let mut rig = Rig::new(VenueConfig { settings, ..config(profile, ELEVEN) });
        let conn = rig.start_at(7, version);
        rig.ask(conn, &order(1, "DU1", "BUY 100 SPY MKT"));
        let heard = rig.heard(conn);
        let execution = heard.into_iter().find_map(|heard| match heard {
            Response::ExecDetails(m) => Some(m.time.to_str_lossy().into_owned()),
            _ => None,
        });
        execution.expect("the order executes")
    };
    for version in [178, 200, ServerVersion::PROTOBUF.number()] {
        // Eleven o'clock in New York.
        assert_eq!(time(Profile::Live, None, version), "20261127-16:00:00", "{version}");
        assert_eq!(time(Profile::Paper, None, version), "20261127 11:00:00 US/Eastern", "{version}");
        for profile in [Profile::Live, Profile::Paper] {
            assert_eq!(time(profile, Some(ExecutionTimes::Utc), version), "20261127-16:00:00");
            assert_eq!(time(profile, Some(ExecutionTimes::Zoned), version), "20261127 11:00:00 US/Eastern");
        }
    }
}

#[test]
fn pegs_beside_the_book_are_acknowledged_live_and_taken_in_silence_on_paper_until_the_cancel() {
    for kind in ["PEG MID", "PEG BEST"] {
        let [live, paper] = both(ELEVEN, |rig, conn| {
            let pegged = |m: &mut PlaceOrder| m.order.order_type = kind.into();
            rig.ask(conn, &order_with(1, "DU1", "BUY 100 SPY PEG 400.00", pegged));
            rig.wait(60);
        });
        assert!(live.contains("orderStatus 1 Submitted 0+100"), "{kind}: {live}");
        assert_eq!(paper, "", "{kind}");
        let [_, cancelled] = both(ELEVEN, |rig, conn| {
            let pegged = |m: &mut PlaceOrder| m.order.order_type = kind.into();
            rig.ask(conn, &order_with(1, "DU1", "BUY 100 SPY PEG 400.00", pegged));
            rig.ask(conn, &Request::ReqAllOpenOrders);
            rig.ask(conn, &cancel(1));
        });
        // Who asks is told of it; the sequence behind it was recorded from a paper Gateway.
        let expected = format!(
            "openOrder 1 Submitted BUY 100 {kind} DU1\norderStatus 1 Submitted 0+100\nopenOrderEnd\n\
             orderStatus 1 PendingCancel 0+100\norderStatus 1 Cancelled 0+100\n\
             error 1 202 Order Canceled - reason:\n"
        );
        assert_eq!(cancelled, expected);
    }
}

#[test]
fn pegged_to_market_works_where_it_is_sent_live_and_is_refused_on_paper() {
    let act = |exchange: &'static str| {
        move |rig: &mut Rig, conn| {
            let pegged = |m: &mut PlaceOrder| {
                m.order.order_type = "PEG MKT".into();
                m.contract.exchange = exchange.into();
            };
            rig.ask(conn, &order_with(1, "DU1", "BUY 100 SPY PEG 400.00", pegged));
        }
    };
    let [live, paper] = both(ELEVEN, act("ISLAND"));
    assert!(live.contains("orderStatus 1 Submitted 0+100"), "{live}");
    assert!(paper.starts_with("error 1 387 "), "{paper}");
    // Recorded for AAPL on SMART.
    for smart in both(ELEVEN, act("SMART")) {
        assert!(smart.starts_with("error 1 387 "), "{smart}");
    }
}

#[test]
fn options_are_sold_at_the_open_and_at_the_close_live_and_rejected_on_paper() {
    let at_cboe = || plimsoll_tws::message::WireContract { exchange: "CBOE".into(), ..call(690) };
    for (start, end, text) in [
        ("2026-11-27T12:30:00-05:00", "13:00:00", "BUY 2 . MOC"),
        ("2026-11-27T09:20:00-05:00", "09:30:00", "BUY 2 . MKT 0 OPG"),
    ] {
        let [live, paper] = both(start, |rig, conn| {
            rig.ask(conn, &of(at_cboe(), 1, text));
            rig.wait_until(end);
        });
        assert!(live.contains("execDetails -1 1 BOT 2") && live.contains("1 Filled 2+0"), "{text}: {live}");
        assert!(paper.contains("orderStatus 1 Inactive 0+2") && paper.contains("error 1 201 "), "{paper}");
        assert!(!paper.contains("execDetails"), "{paper}");
        // Smart routing has no auction of options.
        for smart in both(start, |rig, conn| rig.ask(conn, &of(call(690), 1, text))) {
            assert!(smart.starts_with("error 1 387 "), "{text}: {smart}");
        }
    }
}

#[test]
fn options_are_executed_at_any_cent_live_and_in_nickels_on_paper() {
    let nickel = rust_decimal::Decimal::new(5, 2);
    // Far out of the money, where the class moves in cents.
    let strikes = [740, 745, 750, 755, 760, 765, 770];
    let [live, paper] = [Profile::Live, Profile::Paper].map(|profile| {
        let mut rig = Rig::new(config(profile, ELEVEN));
        let conn = rig.client(7);
        for (order_id, strike) in (1..).zip(strikes) {
            rig.ask(conn, &of(call(strike), order_id, "BUY 1 . MKT"));
        }
        let heard = rig.heard(conn);
        let px = |said: &Response| match said {
            Response::ExecDetails(m) => m.px.map(plimsoll_model::Price::get),
            _ => None,
        };
        heard.iter().filter_map(px).collect::<Vec<_>>()
    });
    assert_eq!((live.len(), paper.len()), (strikes.len(), strikes.len()));
    assert!(live.iter().any(|px| !(px % nickel).is_zero()), "{live:?}");
    assert!(paper.iter().all(|px| (px % nickel).is_zero()), "{paper:?}");
    assert!(live.iter().zip(&paper).all(|(live, paper)| live <= paper), "{live:?} {paper:?}");
    // A limit at the very price that is offered, which lies between two nickels.
    let (strike, ask) = strikes.iter().zip(&live).find(|(_, px)| !(*px % nickel).is_zero()).unwrap();
    let text = format!("BUY 1 . LMT {ask}");
    let [live, paper] = both(ELEVEN, |rig, conn| rig.ask(conn, &of(call(*strike), 1, &text)));
    assert!(live.contains("orderStatus 1 Filled 1+0"), "{live}");
    assert!(paper.contains("orderStatus 1 Submitted 0+1") && !paper.contains("execDetails"), "{paper}");
}

#[test]
fn the_owners_other_user_takes_no_data_live_and_all_of_it_on_paper() {
    let [live, paper] = both(ELEVEN, |rig, conn| {
        rig.ask(conn, &quotes(1, "SPY"));
        rig.heard(conn);
        rig.fault(r#"{"kind": "other_user_login", "for": "60s"}"#);
        rig.ask(conn, &quotes(2, "QQQ"));
        rig.ask(conn, &order(1, "DU1", "BUY 1 SPY MKT"));
    });
    assert!(!live.contains(" 10197 ") && live.contains("tickPrice"), "{live}");
    assert!(paper.contains("error 1 10197 ") && paper.contains("error 2 10197 "), "{paper}");
    assert!(!paper.contains("tickPrice") && paper.contains("orderStatus 1 Filled 1+0"), "{paper}");
}
