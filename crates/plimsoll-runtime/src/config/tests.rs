//! The configuration's refusals, each with its place, and all at once.

use expect_test::{Expect, expect};
use plimsoll_core::config::{Bars, FillAccount, Mode};
use plimsoll_model::InstrumentId;

use super::*;

/// A whole file in which nothing is wrong; each test breaks one thing.
pub(crate) const GOOD: &str = r#"[plimsoll]
state_dir = "state"
mode = "enforce"

[clock]
servers = []

[[venue]]
name = "ib"
kind = "ibkr"
environment = "live"
upstream = "127.0.0.1:4001"
client_id = 900
accounts = ["U1111111", "U2222222"]
on_close_crossing = "deny"

[[bot]]
name = "trend"
venue = "ib"
listen = "127.0.0.1:7401"
client_ids = [11]
accounts = ["U1111111"]
instruments = ["SPY", { symbol = "EUR", sec_type = "CASH", exchange = "IDEALPRO", currency = "USD" }]
shared = ["SPY"]
fill_account = true
stale_after = "15s"
max_order_notional = "25000 USD"
max_orders_per_minute = 30
price_collar = "3%"
max_order_qty = 1000
duplicate_window = "2s"

[[bot]]
name = "revert"
venue = "ib"
listen = "127.0.0.1:7402"
client_ids = [12]
accounts = ["U1111111", "U2222222"]
instruments = ["SPY"]
shared = ["SPY"]
stale_after = "off"
"#;

fn good() -> Loaded {
    parse("plimsoll.toml", GOOD).unwrap()
}

/// The file after some replacements has exactly these problems.
fn check(changes: &[(&str, &str)], expected: &Expect) {
    let mut text = GOOD.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in the file");
        text = text.replacen(from, to, 1);
    }
    let shown = match parse("plimsoll.toml", &text) {
        Ok(_) => "no problem\n".into(),
        Err(error) => format!("{error}\n"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn units_become_numbers() {
    let loaded = good();
    let trend = &loaded.config.bots[0];
    assert_eq!(loaded.config.mode, Mode::Enforce);
    assert_eq!(trend.stale_after, Some(std::time::Duration::from_secs(15)));
    assert_eq!(trend.price_collar.unwrap().to_string(), "0.03");
    assert_eq!(trend.order_notional_max.unwrap().to_string(), "25000 USD");
    assert_eq!(trend.order_qty_max.unwrap().to_string(), "1000");
    assert_eq!(trend.fill_account, FillAccount::TheOnlyOne);
    assert_eq!(trend.order_notional_max.and(trend.daily_loss_max), None);
}

#[test]
fn bars_are_those_of_the_session_unless_the_file_says_otherwise() {
    assert_eq!(good().config.bots[0].bars, Bars::OfSession);
    let bars = |word: &str| GOOD.replacen("fill_account", &format!("bars = \"{word}\"\nfill_account"), 1);
    let loaded = parse("plimsoll.toml", &bars("as_sent")).unwrap();
    assert_eq!(loaded.config.bots[0].bars, Bars::AsSent);
    let error = parse("plimsoll.toml", &bars("all")).unwrap_err().to_string();
    assert!(error.contains("`bars`") && error.contains("session") && error.contains("as_sent"), "{error}");
}

#[test]
fn a_symbol_is_a_us_stock_and_a_table_is_anything() {
    let trend = good().config.bots.remove(0);
    let ids: Vec<String> = trend.instruments.keys().map(ToString::to_string).collect();
    assert_eq!(ids, ["EUR.CASH.USD", "SPY"]);
    let euro = trend.instruments.values().next().unwrap();
    assert_eq!((&*euro.exchange, &*euro.currency), ("IDEALPRO", "USD"));
}

#[test]
fn a_derivative_says_which_of_many_contracts_it_is() {
    let euro = "{ symbol = \"EUR\", sec_type = \"CASH\", exchange = \"IDEALPRO\", currency = \"USD\" }";
    let future = "{ symbol = \"ES\", sec_type = \"FUT\", exchange = \"CME\", con_id = 0 }";
    let option = "{ symbol = \"SPX\", sec_type = \"OPT\", expiry = \"20261218\" }";
    check(
        &[(euro, &format!("{future}, {option}"))],
        &expect![[r#"
            plimsoll.toml:23:23: error: `instruments`: FUT without `expiry` names many contracts; write expiry = "20261218"
            plimsoll.toml:23:85: error: `con_id`: 0 is no contract number
            plimsoll.toml:23:90: error: `instruments`: OPT without `strike` names many contracts; write strike = "500"
            plimsoll.toml:23:90: error: `instruments`: OPT without `right` names many contracts; write right = "C"
        "#]],
    );
    let weekly = "{ symbol = \"SPX\", sec_type = \"OPT\", expiry = \"20261218\", strike = \"5000\", \
                  right = \"C\", trading_class = \"SPXW\", con_id = 7 }";
    let text = GOOD.replace(euro, weekly);
    let trend = parse("plimsoll.toml", &text).unwrap().config.bots.remove(0);
    let option = &trend.instruments[&InstrumentId::us_stock("SPX.OPT.USD.20261218.C.5000")];
    assert_eq!((&*option.trading_class, option.con_id), ("SPXW", Some(plimsoll_model::ConId(7))));
}

#[test]
fn a_daily_loss_is_counted_in_the_currency_of_all_that_the_bot_trades() {
    let euro = "{ symbol = \"EUR\", sec_type = \"CASH\", exchange = \"IDEALPRO\", currency = \"USD\" }";
    let sap = "{ symbol = \"SAP\", exchange = \"IBIS\", currency = \"EUR\" }";
    let limit = "max_order_qty = 1000";
    let loss = "max_daily_loss = \"1000 USD\"";
    check(
        &[(euro, sap), (limit, loss)],
        &expect![[r#"
            plimsoll.toml:30:18: error: `max_daily_loss` in USD cannot count a loss of `SAP.STK.EUR` in EUR; give it to a bot whose limit is in that currency
        "#]],
    );
    check(
        &[
            ("\"SPY\", {", "{"),
            (euro, sap),
            ("shared = [\"SPY\"]", "shared = []"),
            (limit, "max_daily_loss = \"1000 EUR\""),
        ],
        &expect![["
        no problem
    "]],
    );
}

#[test]
fn off_switches_the_stale_data_guard_off_and_absence_does_not() {
    assert_eq!(good().config.bots[1].stale_after, None);
    let text = GOOD.replace("stale_after = \"off\"\n", "");
    let revert = parse("plimsoll.toml", &text).unwrap().config.bots.remove(1);
    assert_eq!(revert.stale_after, Some(std::time::Duration::from_secs(15)));
}

#[test]
fn every_problem_is_reported_at_once_in_the_order_of_the_file() {
    check(
        &[
            ("mode = \"enforce\"", "mode = \"enforced\""),
            ("client_id = 900", "client_id = 11"),
            ("stale_after = \"15s\"", "stale_afer = \"15\""),
            ("max_order_notional = \"25000 USD\"", "max_order_notional = 25000"),
            ("127.0.0.1:7402", "127.0.0.1:7401"),
        ],
        &expect![[r#"
            plimsoll.toml:3:8: error: `mode`: `enforced` is not known; write observe or enforce
            plimsoll.toml:21:15: error: client id 11 is already used in line 13; the venue lets each id connect once
            plimsoll.toml:26:1: error: unknown key `stale_afer` in [[bot]]; did you mean `stale_after`?
            plimsoll.toml:27:22: error: `max_order_notional` is a number; write a text in quotes
            plimsoll.toml:36:10: error: `127.0.0.1:7401` is already taken by line 20; every listener needs a port of its own
        "#]],
    );
}

#[test]
fn a_number_without_its_unit_is_refused() {
    check(
        &[
            ("\"15s\"", "\"15\""),
            ("\"3%\"", "\"3\""),
            ("\"25000 USD\"", "\"25000\""),
            ("\"2s\"", "\"2 s\""),
            ("max_order_qty = 1000", "max_order_qty = 0.5"),
        ],
        &expect![[r#"
            plimsoll.toml:26:15: error: `stale_after`: `15` has no unit; write for example "15s"
            plimsoll.toml:27:22: error: `max_order_notional`: `25000` is no amount of money; write for example "25000 USD"
            plimsoll.toml:29:16: error: `price_collar`: `3` is no percentage; write for example "3%"
            plimsoll.toml:30:17: error: `max_order_qty` is a number with a point, which cannot be kept exactly; write a whole number
            plimsoll.toml:31:20: error: `duplicate_window`: `2 s` is no duration; write a number and ms, s, m, h or d
        "#]],
    );
}

#[test]
fn two_bots_own_one_instrument_only_if_both_share_it() {
    check(
        &[("shared = [\"SPY\"]\nfill", "fill")],
        &expect![[r#"
            plimsoll.toml:38:16: error: `SPY` in U1111111 is already owned by bot `trend`; one bot per instrument and account, or `shared = ["SPY"]` in all of them
        "#]],
    );
}

#[test]
fn accounts_must_belong_to_the_venue_and_to_the_environment() {
    check(
        &[("\"U2222222\"]\non", "\"DU3333333\"]\non")],
        &expect![[r#"
            plimsoll.toml:14:25: error: `accounts`: `DU3333333` is a paper account and the environment is "live"
            plimsoll.toml:38:25: error: `accounts`: `U2222222` is not among the venue's accounts; add it there or correct it
        "#]],
    );
    check(
        &[("\"live\"", "\"paper\"")],
        &expect![[r#"
            plimsoll.toml:14:13: error: `accounts`: `U1111111` is no paper account (DU…, DF…) and the environment is "paper"
            plimsoll.toml:14:25: error: `accounts`: `U2222222` is no paper account (DU…, DF…) and the environment is "paper"
        "#]],
    );
    check(&[("\"live\"", "\"sim\"")], &expect!["no problem\n"]);
}

#[test]
fn what_is_not_available_yet_is_refused_by_name() {
    check(
        &[
            ("\"ibkr\"", "\"okx\""),
            (
                "[[bot]]",
                "[[venue]]\nname = \"second\"\nkind = \"ibkr\"\nenvironment = \"live\"\nupstream = \"127.0.0.1:4003\"\nclient_id = 901\naccounts = [\"U9\"]\n\n[[bot]]",
            ),
        ],
        &expect![[r#"
            plimsoll.toml:10:8: error: `kind`: `okx` is not available yet; only "ibkr" is
            plimsoll.toml:17:1: error: a second [[venue]] is not available yet; run one gateway per venue, each with its own file
        "#]],
    );
}

#[test]
fn on_close_orders_are_netted_where_that_is_asked_for() {
    check(&[("\"deny\"", "\"net\"\non_close_lead = \"5s\"")], &expect!["no problem\n"]);
    check(
        &[("\"deny\"", "\"deny\"\non_close_lead = \"5s\"")],
        &expect![[r#"
        plimsoll.toml:16:17: error: `on_close_lead` needs on_close_crossing = "net"; write that, or remove it
    "#]],
    );
    check(
        &[("\"deny\"", "\"net\"\non_close_lead = \"0s\"")],
        &expect![[r#"
        plimsoll.toml:16:17: error: `on_close_lead`: `0s` is zero; write a time above zero
    "#]],
    );
    check(
        &[("\"trend\"", "\"plimsoll\"")],
        &expect![[r#"
        plimsoll.toml:18:8: error: `name`: `plimsoll` stands in the references of our own orders; write another name
    "#]],
    );
}

#[test]
fn the_venues_time_is_followed_in_the_simulator_only() {
    let follow = [("servers = []", "follow = \"127.0.0.1:4082\"")];
    check(
        &follow,
        &expect![[r#"
            plimsoll.toml:6:10: error: `follow` takes the time from a simulator; it needs environment = "sim", remove it otherwise
        "#]],
    );
    let text = GOOD.replace("servers = []", "follow = \"127.0.0.1:4082\"").replace("\"live\"", "\"sim\"");
    let settings = parse("plimsoll.toml", &text).unwrap().settings;
    assert_eq!(settings.follow.as_deref(), Some("127.0.0.1:4082"));
}

#[test]
fn a_port_that_other_hosts_reach_is_refused() {
    check(
        &[("127.0.0.1:7401", "0.0.0.0:7401")],
        &expect![[r#"
            plimsoll.toml:20:10: error: `listen`: `0.0.0.0:7401` can be reached from other hosts and the wire has no password; listen on 127.0.0.1 and let bots of other hosts come through a tunnel
        "#]],
    );
}

#[test]
fn a_bot_cannot_stand_in_for_its_own_upstream() {
    check(
        &[("127.0.0.1:4001", "127.0.0.1:7401")],
        &expect![[r#"
            plimsoll.toml:12:12: error: `upstream`: `127.0.0.1:7401` is a bot's port; name the port of TWS or IB Gateway
        "#]],
    );
}

#[test]
fn the_account_is_filled_in_for_a_bot_with_one_account_only() {
    check(
        &[("stale_after = \"off\"", "fill_account = true")],
        &expect![[r#"
            plimsoll.toml:41:16: error: `fill_account` needs a bot with exactly one account; name the account in every order instead
        "#]],
    );
}

#[test]
fn missing_keys_are_named_with_an_example() {
    check(
        &[
            ("name = \"trend\"\n", ""),
            ("client_ids = [11]\n", ""),
            ("upstream = \"127.0.0.1:4001\"\n", ""),
            ("mode = \"enforce\"\n", ""),
        ],
        &expect![[r#"
            plimsoll.toml:1:1: error: [plimsoll] has no `mode`; write `mode = "enforce"`
            plimsoll.toml:7:1: error: [[venue]] has no `upstream`; write `upstream = "127.0.0.1:4002"`
            plimsoll.toml:15:1: error: [[bot]] has no `name`; write `name = "trend"`
            plimsoll.toml:15:1: error: [[bot]] has no `client_ids`; write `client_ids = [11]`
        "#]],
    );
}

#[test]
fn broken_toml_is_reported_with_all_its_places() {
    check(
        &[("state_dir = \"state\"", "state_dir = \"state"), ("client_id = 900", "client_id = = 900")],
        &expect![[r#"
            plimsoll.toml:2:19: error: invalid basic string, expected `"`
            plimsoll.toml:13:13: error: extra `=`, expected nothing
            plimsoll.toml:13:15: error: unexpected key or value, expected newline, `#`
        "#]],
    );
}

#[test]
fn keys_without_effect_are_checked_and_noted() {
    let extra = "stage = \"live\"\nkeep_upstream = \"10m\"\nbars_needed = { \"1d\" = 202 }\n
[[job]]
bot = \"trend\"
at = \"moc_entry - 5s\"
do = \"close_positions\"
fallback = { at = \"close - 2s\", do = \"market\" }

[[alert]]
kind = \"telegram\"
token_file = \"secrets/telegram\"
severity = \"page\"
";
    let text = format!("{GOOD}{extra}");
    let notes: Vec<String> =
        parse("plimsoll.toml", &text).unwrap().unenforced.iter().map(ToString::to_string).collect();
    assert_eq!(notes.len(), 4, "{notes:#?}");
    // Not a key, but what nobody should rely on either.
    let hours = "plimsoll.toml:23: note: the hours of `EUR.CASH.USD` are not known";
    assert!(notes[0].starts_with(hours), "{notes:#?}");
    assert!(notes[1].starts_with("plimsoll.toml:42: note: stage is not enforced yet"), "{notes:#?}");

    check(
        &[(
            "duplicate_window = \"2s\"",
            "stage = \"gold\"\nkeep_upstream = \"10\"\nbars_needed = { \"1d\" = 0 }\n[[job]]\nbot = \"trand\"\nat = \"noon - 5s\"\ndo = \"panic\"",
        )],
        &expect![[r#"
            plimsoll.toml:31:9: error: `stage`: `gold` is not known; write demo or paper or live
            plimsoll.toml:32:17: error: `keep_upstream`: `10` has no unit; write for example "10s"
            plimsoll.toml:33:24: error: `bars_needed`: "1d" is not above zero
            plimsoll.toml:35:7: error: `bot`: no [[bot]] is named `trand`
            plimsoll.toml:36:6: error: `at`: `noon` is no instant of the day; write open, close, moc_entry, loc_entry, onclose_cancel, moo_entry, loo_entry, onopen_cancel, auction_start, auction_end, break_start, break_end, funding
            plimsoll.toml:37:6: error: `do`: `panic` is not known; write close_positions or cancel_orders or halt or command
        "#]],
    );
}

#[test]
fn a_missing_file_is_an_error_and_not_a_default() {
    let error = load(Path::new("/nonexistent/plimsoll.toml")).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
}

#[test]
fn an_empty_file_names_what_it_needs() {
    let error = parse("plimsoll.toml", "").unwrap_err().to_string();
    for needed in ["[plimsoll]", "[[venue]]", "[[bot]]"] {
        assert!(error.contains(needed), "{error}");
    }
}
