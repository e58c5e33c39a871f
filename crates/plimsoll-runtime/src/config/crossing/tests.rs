//! What a file may say about near-identical instruments.

use expect_test::{Expect, expect};
use plimsoll_core::config::{OnCloseCrossing, Sizing};
use rust_decimal::Decimal;

use crate::config::parse;
use crate::config::tests::GOOD;

/// Both bots trade IVV and QQQ, and the venue says this about crossing on-close orders.
fn text(crossing: &str) -> String {
    GOOD.replace("on_close_crossing = \"deny\"", crossing).replace(
        "instruments = [\"SPY\", {",
        "instruments = [\"SPY\", \"IVV\", \"QQQ\", { symbol = \"VUSA\", primary_exchange = \"LSE\", currency = \"GBP\" }, {",
    )
}

#[track_caller]
fn check(crossing: &str, expect: &Expect) {
    let told = match parse("plimsoll.toml", &text(crossing)) {
        Ok(_) => "no problem\n".to_owned(),
        Err(error) => format!("{error}\n"),
    };
    expect.assert_eq(&told);
}

#[test]
fn a_pair_is_read_with_its_ratio_and_without() {
    let pairs = "on_close_crossing = \"equivalent\"\nequivalents = [{ of = \"SPY\", use = \"IVV\" }, { of = \"QQQ\", use = \"VUSA.STK.GBP\", ratio = \"2.5\" }]";
    let venue = parse("plimsoll.toml", &text(pairs)).unwrap().config.venue;
    let OnCloseCrossing::Equivalent(all) = venue.on_close_crossing else { panic!("{venue:?}") };
    let shown: Vec<_> =
        all.iter().map(|(of, with)| (of.as_str(), with.instrument.as_str(), with.sizing)).collect();
    let ratio = Sizing::Ratio(Decimal::new(25, 1));
    assert_eq!(shown, [("QQQ", "VUSA.STK.GBP", ratio), ("SPY", "IVV", Sizing::Notional)]);
    // The same as tables of their own.
    let tables = "on_close_crossing = \"equivalent\"\n\n[[venue.equivalents]]\nof = \"SPY\"\nuse = \"IVV\"";
    check(tables, &expect![["no problem\n"]]);
}

#[test]
fn a_pair_of_what_nobody_trades_or_of_one_and_the_same_is_refused() {
    check(
        "on_close_crossing = \"equivalent\"\nequivalents = [{ of = \"SPX\", use = \"VOO\" }, { of = \"SPY\", use = \"SPY\" }]",
        &expect![["
            plimsoll.toml:16:23: error: `of`: `SPX` is among no bot's instruments; write it there, or one that is
            plimsoll.toml:16:36: error: `use`: `VOO` is among no bot's instruments; write it there, or one that is
            plimsoll.toml:16:65: error: `use`: `SPY` cannot stand in for itself; write another
        "]],
    );
}

#[test]
fn what_stands_in_for_another_has_no_equivalent_itself() {
    check(
        "on_close_crossing = \"equivalent\"\nequivalents = [{ of = \"SPY\", use = \"IVV\" }, { of = \"IVV\", use = \"SPY\" }]",
        &expect![["
            plimsoll.toml:16:36: error: `use`: `IVV` has an equivalent itself, and what stands in for another is not sent on; name each instrument on one side only
            plimsoll.toml:16:65: error: `use`: `SPY` has an equivalent itself, and what stands in for another is not sent on; name each instrument on one side only
        "]],
    );
    check(
        "on_close_crossing = \"equivalent\"\nequivalents = [{ of = \"SPY\", use = \"IVV\" }, { of = \"IVV\", use = \"QQQ\" }, { of = \"SPY\", use = \"QQQ\" }]",
        &expect![["
            plimsoll.toml:16:36: error: `use`: `IVV` has an equivalent itself, and what stands in for another is not sent on; name each instrument on one side only
            plimsoll.toml:16:81: error: `of`: `SPY` has an equivalent already; leave one out
        "]],
    );
}

#[test]
fn a_ratio_is_a_number_above_zero_and_needed_between_two_currencies() {
    check(
        "on_close_crossing = \"equivalent\"\nequivalents = [{ of = \"SPY\", use = \"IVV\", ratio = \"0\" }, { of = \"QQQ\", use = \"VUSA.STK.GBP\", ration = \"1\" }]",
        &expect![["
            plimsoll.toml:16:51: error: `ratio`: `0` is no number above zero
            plimsoll.toml:16:78: error: `use`: `QQQ` in USD and `VUSA.STK.GBP` in GBP cannot be compared by their worth; write a `ratio`
            plimsoll.toml:16:94: error: unknown key `ration` in an equivalent; did you mean `ratio`?
        "]],
    );
    check(
        "on_close_crossing = \"equivalent\"\nequivalents = [{ of = \"SPY\", use = \"IVV\", ratio = 0.1 }, \"IVV\", { use = \"QQQ\" }]",
        &expect![[r#"
            plimsoll.toml:16:51: error: `ratio` is a number with a point, which cannot be kept exactly; write a text in quotes
            plimsoll.toml:16:58: error: `equivalents`: write tables, `equivalents = [{ of = "SPY", use = "IVV" }]`
            plimsoll.toml:16:65: error: an equivalent has no `of`; write `of = "SPY"`
        "#]],
    );
}

#[test]
fn the_word_and_the_pairs_need_each_other() {
    check(
        "on_close_crossing = \"equivalent\"",
        &expect![[r#"
        plimsoll.toml:8:1: error: [[venue]] has no `equivalents`; write `equivalents = [{ of = "SPY", use = "IVV" }]`
    "#]],
    );
    check(
        "equivalents = [{ of = \"SPY\", use = \"IVV\" }]",
        &expect![[r#"
        plimsoll.toml:15:15: error: `equivalents` needs on_close_crossing = "equivalent"; write that, or remove it
    "#]],
    );
    check(
        "on_close_crossing = \"equivalent\"\non_close_lead = \"2s\"\nequivalents = [{ of = \"SPY\", use = \"IVV\" }]",
        &expect![[r#"
            plimsoll.toml:16:17: error: `on_close_lead` needs on_close_crossing = "net"; write that, or remove it
        "#]],
    );
    check(
        "on_close_crossing = \"cross\"",
        &expect![["
        plimsoll.toml:15:21: error: `on_close_crossing`: `cross` is not known; write net or equivalent or deny
    "]],
    );
}

#[test]
fn a_bot_that_may_not_trade_the_equivalent_is_named() {
    let pairs = "on_close_crossing = \"equivalent\"\nequivalents = [{ of = \"SPY\", use = \"IVV\" }]";
    // The other bot trades SPY and not IVV.
    let file = text(pairs);
    let notes: Vec<_> =
        parse("plimsoll.toml", &file).unwrap().unenforced.iter().map(ToString::to_string).collect();
    let of_pair: Vec<_> = notes.iter().filter(|note| note.contains("IVV")).collect();
    assert_eq!(of_pair.len(), 1, "{notes:#?}");
    assert!(of_pair[0].contains("`IVV` is not among the instruments of revert"), "{notes:#?}");
}
