//! What a person reads before a day: the jobs, the held orders, and what works against itself.

use plimsoll_runtime::config;

use super::*;

/// Two bots on SPY in one account, with these keys of `[plimsoll]` and the venue, and these jobs.
fn loaded(mode: &str, crossing: &str, jobs: &str) -> Loaded {
    let mut text = format!(
        "[plimsoll]\nstate_dir = \"state\"\nmode = \"{mode}\"\n\n\
         [[venue]]\nname = \"ib\"\nkind = \"ibkr\"\nenvironment = \"paper\"\nupstream = \"127.0.0.1:4002\"\n\
         client_id = 900\naccounts = [\"DU1111111\"]\non_close_crossing = \"{crossing}\"\npacing = \"ibkr\"\n"
    );
    for (name, client, port) in [("trend", 11, 7401), ("revert", 12, 7402)] {
        text = format!(
            "{text}\n[[bot]]\nname = \"{name}\"\nvenue = \"ib\"\nlisten = \"127.0.0.1:{port}\"\nclient_ids = [{client}]\n\
             accounts = [\"DU1111111\"]\ninstruments = [\"SPY\"]\nshared = [\"SPY\"]\nstage = \"paper\"\n"
        );
    }
    text += jobs;
    config::parse("plimsoll.toml", &text).unwrap_or_else(|error| panic!("{error}"))
}

/// The rows on the evening before the half day.
fn said(loaded: &Loaded) -> String {
    let now = "2026-11-27T12:00:00Z".parse().unwrap();
    let word = |mark| if mark == Mark::Ok { "ok" } else { "warn" };
    let rows = rows(loaded, &[], now);
    let rows: Vec<_> =
        rows.iter().map(|row| format!("{} {}: {}\n", word(row.mark), row.what, row.says)).collect();
    rows.concat()
}

const CLOSES: &str = "\n[[job]]\nbot = \"trend\"\nat = \"moc_entry - 5s\"\ndo = \"close_positions\"\n\
                      fallback = { at = \"close - 2s\", do = \"market\" }\n";

#[test]
fn a_job_is_shown_with_its_next_start_and_its_fallback_and_what_is_held_until_when() {
    expect_test::expect![["
        ok job: trend-close_positions: close_positions for trend at moc_entry - 5s; next Fri 2026-11-27 12:49:55 EST (half day: day after Thanksgiving); fallback: a market order at close - 2s, Fri 2026-11-27 12:59:58 EST
        ok netting: market-on-close orders of trend, revert in SPY are held until Fri 2026-11-27 12:49:58 EST at the latest, 2s before the cutoff of 12:50:00 (close - 10m), and leave as one for each account
    "]].assert_eq(&said(&loaded("enforce", "net", CLOSES)));
}

#[test]
fn a_job_without_a_fallback_says_what_stays_open() {
    let text = CLOSES.replace("fallback = { at = \"close - 2s\", do = \"market\" }\n", "");
    let said = said(&loaded("enforce", "deny", &text));
    assert!(said.contains("no fallback: what the auction does not take stays open"), "{said}");
    assert!(!said.contains("netting") && !said.contains("warn"), "{said}");
}

#[test]
fn observe_mode_says_that_nothing_is_held() {
    let said = said(&loaded("observe", "net", ""));
    assert!(
        said.starts_with("warn netting: on_close_crossing = \"net\" holds nothing in observe mode"),
        "{said}"
    );
}

#[test]
fn a_job_that_undoes_another_is_named() {
    for (at, does, is_named) in [
        ("moc_entry - 3s", "do = \"cancel_orders\"", true),
        ("close - 1m", "do = \"halt\"\nlevel = \"all\"", true),
        ("close - 1m", "do = \"halt\"\nlevel = \"new_risk\"", false),
        ("moc_entry - 10s", "do = \"cancel_orders\"", false),
        ("close + 1m", "do = \"cancel_orders\"", false),
    ] {
        let text = format!("{CLOSES}\n[[job]]\nname = \"stop\"\nbot = \"trend\"\nat = \"{at}\"\n{does}\n");
        let said = said(&loaded("enforce", "deny", &text));
        let names = said.contains("stop cancels on 2026-11-27 what trend-close_positions has placed before");
        assert_eq!(names, is_named, "{at} {does}:\n{said}");
    }
}

#[test]
fn two_bots_that_close_one_instrument_are_named_where_nothing_nets_their_orders() {
    let text = format!("{CLOSES}{}", CLOSES.replace("trend", "revert"));
    let says = "where they hold opposite positions the second on-close order is denied";
    for (crossing, is_named) in [("deny", true), ("net", false)] {
        let said = said(&loaded("enforce", crossing, &text));
        assert_eq!(said.contains(says), is_named, "{said}");
    }
}

#[test]
fn a_bot_whose_positions_are_closed_twice_is_named() {
    let again =
        CLOSES.replace("bot = \"trend\"", "name = \"again\"\nbot = \"trend\"").replace("- 5s", "- 9s");
    let said = said(&loaded("enforce", "net", &format!("{CLOSES}{again}")));
    assert!(said.contains("trend-close_positions and again both close the positions of one bot"), "{said}");
}
