//! Where paper is not life, over sockets: the program with either profile, and a client of TWS at 200 and at 213.
//!
//! Each row of the table in `docs/simulator.md` is played against both. In memory and second by second they are
//! tested beside the simulator; here it counts that the switch of the program reaches the bytes of the socket.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test that calls them")]

mod client;

use plimsoll_model::Price;
use plimsoll_tws::ServerVersion;
use plimsoll_tws::message::PlaceOrder;
use rust_decimal::Decimal;

use client::{Client, Sim};

/// Which test plays which row of the table.
const PLAYED: [(&str, fn()); 16] = [
    ("on_close_crossing", on_close_orders_are_acknowledged_crossed_and_cut_off_live_only),
    ("on_close_acknowledgement", on_close_orders_are_acknowledged_crossed_and_cut_off_live_only),
    ("on_close_cutoff", a_cancel_after_the_cutoff_is_refused_live_only),
    ("missing_account", a_missing_account_is_asked_for_live_and_filled_in_on_paper),
    ("book_depth", what_lies_behind_the_best_price_is_there_live_only),
    ("directed_remainder", what_lies_behind_the_best_price_is_there_live_only),
    ("fill_or_kill", fill_or_kill_is_filled_live_only),
    ("auction_orders", the_opening_auction_takes_auc_live_only),
    ("clearing", a_clearing_account_is_taken_live_only),
    ("stops_without_link", stops_trigger_without_the_link_live_only),
    ("execution_times", executions_are_dated_in_utc_live_and_in_the_zone_on_paper),
    ("peg_acknowledgement", pegs_beside_the_book_are_acknowledged_live_only),
    ("peg_to_market", pegged_to_market_is_taken_live_only),
    ("option_auctions", options_are_bought_at_the_close_live_only),
    ("penny_executions", options_cost_any_cent_live_and_nickels_on_paper),
    ("shared_data", the_owners_other_user_takes_the_data_on_paper_only),
];

#[test]
fn every_row_of_the_documentation_is_played_and_nothing_else_is() {
    let page = include_str!("../../../../docs/simulator.md");
    let section = page.split("\n## Live and paper\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let played = PLAYED.iter().map(|(row, _)| *row);
    assert_eq!(rows.collect::<Vec<_>>(), played.collect::<Vec<_>>());
}

/// What the client hears with either profile, live then paper, at 200 and at 213: what holds has to hold at both.
fn rule(at: &str, act: impl Fn(&Sim, &mut Client) -> String, holds: impl Fn(&str, &str)) {
    for version in [200, ServerVersion::PROTOBUF.number()] {
        let [live, paper] = ["live", "paper"].map(|profile| {
            let sim = Sim::start(profile, at);
            let mut client = Client::start(&sim, version);
            act(&sim, &mut client)
        });
        holds(&live, &paper);
    }
}

fn plain(_: &mut PlaceOrder) {}

const ELEVEN: &str = "11:00:00";

#[test]
fn on_close_orders_are_acknowledged_crossed_and_cut_off_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        client.order(1, "BUY 100 MOC", plain);
        let acknowledged = client.heard();
        client.order(2, "SELL 40 MOC", plain);
        sim.wait_until("12:50:00");
        client.order(3, "BUY 10 MOC", plain);
        let late = client.heard();
        sim.wait_until("13:00:01");
        format!("{acknowledged}--\n{late}--\n{}", client.heard())
    };
    rule("12:49:30", act, |live, paper| {
        assert!(live.starts_with("openOrder 1 PreSubmitted\norderStatus 1 PreSubmitted 0+100\n--"), "{live}");
        assert!(live.contains("error 1 202") && live.contains("error 2 202"), "crossing: {live}");
        assert!(live.contains("error 3 201") && !live.contains("execDetails"), "too late: {live}");
        assert!(paper.starts_with("--\n"), "silence: {paper}");
        for execution in ["execDetails 1 100 ", "execDetails 2 40 ", "execDetails 3 10 "] {
            assert!(paper.contains(execution), "{execution}: {paper}");
        }
    });
}

#[test]
fn a_cancel_after_the_cutoff_is_refused_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        client.order(1, "BUY 100 MOC", plain);
        client.heard();
        sim.wait_until("12:50:00");
        client.cancel(1);
        client.heard()
    };
    rule("12:49:30", act, |live, paper| {
        assert!(live.contains("error 1 161"), "{live}");
        assert!(paper.contains("orderStatus 1 Cancelled") && paper.contains("error 1 202"), "{paper}");
    });
}

#[test]
fn a_missing_account_is_asked_for_live_and_filled_in_on_paper() {
    let act = |_: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 MKT", |m| m.order.account = "".into());
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.starts_with("error 1 321"), "{live}");
        assert!(paper.contains("execDetails 1 1 "), "{paper}");
    });
}

#[test]
fn what_lies_behind_the_best_price_is_there_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        sim.quote("500.00", "500.01");
        // Far more than the best price has.
        client.order(1, "BUY 3000 MKT", plain);
        let several = client.heard();
        client.cancel(1);
        sim.quote("500.00", "500.01");
        client.order(2, "BUY 6000 MKT", |m| {
            m.contract.exchange = "ARCA".into();
            m.order.account = "DU2222222".into();
        });
        let directed = client.heard();
        sim.wait_until("11:00:30");
        format!("{several}--\n{directed}{}", client.heard())
    };
    rule(ELEVEN, act, |live, paper| {
        let [depth, _] = live.split("--\n").collect::<Vec<_>>()[..] else { panic!("{live}") };
        assert!(depth.matches("execDetails 1 ").count() > 1, "several prices: {live}");
        let [depth, directed] = paper.split("--\n").collect::<Vec<_>>()[..] else { panic!("{paper}") };
        assert_eq!(depth.matches("execDetails 1 ").count(), 1, "the best price alone: {paper}");
        assert!(directed.contains("orderStatus 2 Inactive") && directed.contains("error 2 201"), "{paper}");
        assert!(!live.contains("error 2 201"), "what is left of a directed order goes on: {live}");
    });
}

#[test]
fn fill_or_kill_is_filled_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        sim.quote("500.00", "500.01");
        client.order(1, "BUY 1 LMT 501.00 FOK", |m| m.order.order_type = "LMT".into());
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("orderStatus 1 Filled 1+0"), "{live}");
        assert!(paper.contains("orderStatus 1 Inactive 0+1") && !paper.contains("execDetails"), "{paper}");
    });
}

#[test]
fn the_opening_auction_takes_auc_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 LMT 900.00 AUC", plain);
        sim.wait_until("09:30:01");
        client.heard()
    };
    rule("09:20:00", act, |live, paper| {
        assert!(live.contains("orderStatus 1 Filled 1+0"), "{live}");
        assert!(paper.starts_with("error 1 387"), "{paper}");
    });
}

#[test]
fn a_clearing_account_is_taken_live_only() {
    let act = |_: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 LMT 400.00", |m| m.order.clearing_account = "SOMEBODY".into());
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("openOrder 1 "), "{live}");
        assert!(paper.starts_with("error 1 322"), "{paper}");
    });
}

#[test]
fn stops_trigger_without_the_link_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        sim.quote("500.00", "500.01");
        client.order(1, "SELL 1 STP", |m| m.order.aux_px = Price::parse("499.00").ok());
        client.heard();
        sim.control("/faults", r#"{"kind": "link_down", "for": "10m"}"#);
        sim.quote("498.00", "498.01");
        sim.quote("503.00", "503.01");
        sim.control("/faults", r#"{"kind": "link_up_data_kept"}"#);
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("execDetails 1 1 "), "{live}");
        assert!(!paper.contains("execDetails"), "{paper}");
    });
}

#[test]
fn executions_are_dated_in_utc_live_and_in_the_zone_on_paper() {
    let act = |_: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 MKT", plain);
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("execDetails 1 1 at 20261127-16:00:"), "{live}");
        assert!(paper.contains("execDetails 1 1 at 20261127 11:00:"), "{paper}");
    });
}

#[test]
fn pegs_beside_the_book_are_acknowledged_live_only() {
    let act = |_: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 PEG 400.00", |m| m.order.order_type = "PEG MID".into());
        client.order(2, "BUY 1 PEG 400.00", |m| m.order.order_type = "PEG BEST".into());
        let acknowledged = client.heard();
        client.cancel(1);
        format!("{acknowledged}--\n{}", client.heard())
    };
    rule(ELEVEN, act, |live, paper| {
        for order_id in [1, 2] {
            assert!(live.contains(&format!("orderStatus {order_id} Submitted 0+1")), "{live}");
        }
        let cancelled = "orderStatus 1 PendingCancel 0+1\norderStatus 1 Cancelled 0+1\nerror 1 202\n";
        assert_eq!(paper, format!("--\n{cancelled}"));
    });
}

#[test]
fn pegged_to_market_is_taken_live_only() {
    let act = |_: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 PEG 400.00", |m| {
            m.order.order_type = "PEG MKT".into();
            m.contract.exchange = "ISLAND".into();
        });
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("orderStatus 1 Submitted 0+1"), "{live}");
        assert_eq!(paper, "error 1 387\n");
    });
}

/// Makes a call of three weeks out of an order.
fn call(m: &mut PlaceOrder, strike: i64, exchange: &str) {
    m.contract.sec_type = "OPT".into();
    m.contract.expiry = "20261218".into();
    m.contract.strike = Some(Decimal::from(strike));
    m.contract.right = "C".into();
    m.contract.exchange = exchange.into();
}

#[test]
fn options_are_bought_at_the_close_live_only() {
    let act = |sim: &Sim, client: &mut Client| {
        client.order(1, "BUY 1 MOC", |m| call(m, 690, "CBOE"));
        sim.wait_until("13:00:01");
        client.heard()
    };
    rule("12:59:30", act, |live, paper| {
        assert!(live.contains("orderStatus 1 Filled 1+0"), "{live}");
        assert_eq!(paper, "openOrder 1 Inactive\norderStatus 1 Inactive 0+1\nerror 1 201\n");
    });
}

#[test]
fn options_cost_any_cent_live_and_nickels_on_paper() {
    let act = |_: &Sim, client: &mut Client| {
        for (order_id, strike) in (1..).zip([740, 745, 750, 755, 760, 765, 770]) {
            client.order(order_id, "BUY 1 MKT", |m| call(m, strike, "SMART"));
        }
        client.heard()
    };
    let nickel = Decimal::new(5, 2);
    let prices = |heard: &str| {
        let executions = heard.lines().filter(|line| line.starts_with("execDetails"));
        let px = |line: &str| Price::parse(line.rsplit(' ').next().unwrap()).unwrap().get();
        executions.map(px).collect::<Vec<Decimal>>()
    };
    rule(ELEVEN, act, |live, paper| {
        let (live, paper) = (prices(live), prices(paper));
        assert_eq!((live.len(), paper.len()), (7, 7));
        assert!(live.iter().any(|px| !(px % nickel).is_zero()), "{live:?}");
        assert!(paper.iter().all(|px| (px % nickel).is_zero()), "{paper:?}");
    });
}

#[test]
fn the_owners_other_user_takes_the_data_on_paper_only() {
    let act = |sim: &Sim, client: &mut Client| {
        sim.control("/faults", r#"{"kind": "other_user_login", "for": "10m"}"#);
        client.quotes_of_spy(1);
        client.heard()
    };
    rule(ELEVEN, act, |live, paper| {
        assert!(live.contains("tickPrice"), "{live}");
        assert_eq!(paper, "error 1 10197\n");
    });
}
