//! What is refused of allocations, each with its place.

use expect_test::{Expect, expect};
use plimsoll_core::allocation::Rule;

use crate::config::parse;
use crate::config::tests::GOOD;

/// The usual file with these sections behind it, of which `revert` may trade both accounts.
fn with(sections: &str) -> String {
    format!("{GOOD}{sections}")
}

fn check(sections: &str, expected: &Expect) {
    let shown = match parse("plimsoll.toml", &with(sections)) {
        Ok(_) => "no problem\n".into(),
        Err(error) => format!("{error}\n"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn each_rule_has_its_own_keys() {
    let text = with(
        r#"
[[allocation]]
name = "EVEN"
bots = ["revert"]
by = "equal"
accounts = ["U2222222", "U1111111"]

[[allocation]]
name = "WORTH"
bots = ["revert"]
by = "equity"
accounts = ["U2222222", "U1111111"]

[[allocation]]
name = "PARTS"
bots = ["revert"]
by = "ratio"
ratios = { U1111111 = 2, U2222222 = "1.5" }

[[allocation]]
name = "FIXED"
bots = ["revert"]
by = "table"
table = { U1111111 = 100, U2222222 = 50 }
"#,
    );
    let all = parse("plimsoll.toml", &text).unwrap().config.allocations;
    let words: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.rule.as_str())).collect();
    assert_eq!(words, [("EVEN", "equal"), ("WORTH", "equity"), ("PARTS", "ratio"), ("FIXED", "table")]);
    let Rule::Ratio(ratios) = &all[2].rule else { panic!("{all:?}") };
    let ratios: Vec<_> = ratios.iter().map(|(account, ratio)| format!("{account} {ratio}")).collect();
    assert_eq!(ratios, ["U1111111 2", "U2222222 1.5"]);
    let Rule::Table(table) = &all[3].rule else { panic!("{all:?}") };
    let table: Vec<_> = table.iter().map(|(account, qty)| format!("{account} {qty}")).collect();
    assert_eq!(table, ["U1111111 100", "U2222222 50"]);
}

#[test]
fn accounts_have_to_be_known_and_named_once_and_open_to_every_bot() {
    check(
        r#"
[[allocation]]
name = "GROWTH"
bots = ["trend", "nobody"]
by = "equal"
accounts = ["U1111111", "U1111111", "U2222222", "U3333333"]
"#,
        &expect![[r#"
            plimsoll.toml:45:9: error: `bots`: trend may not trade U2222222, U3333333; add that to its `accounts`, or leave the bot out
            plimsoll.toml:45:18: error: `bots`: no [[bot]] is named `nobody`
            plimsoll.toml:47:25: error: `accounts`: `U1111111` is listed twice
            plimsoll.toml:47:49: error: `U3333333` is not among the venue's accounts; add it there or correct it
        "#]],
    );
}

#[test]
fn a_name_that_looks_like_an_account_is_refused() {
    check(
        r#"
[[allocation]]
name = "DU1234567"
bots = ["revert"]
by = "equal"
accounts = ["U1111111"]

[[allocation]]
name = "all"
bots = ["revert"]
by = "equal"
accounts = ["U1111111"]

[[allocation]]
name = "growth & co"
bots = ["revert"]
by = "equal"
accounts = ["U1111111"]

[[allocation]]
name = "EVEN"
bots = ["revert"]
by = "equal"
accounts = ["U1111111"]

[[allocation]]
name = "EVEN"
bots = ["revert"]
by = "equal"
accounts = ["U1111111"]
"#,
        &expect![[r#"
            plimsoll.toml:44:8: error: `name`: `DU1234567` looks like an account, and an order in it would go there if this section were removed; write a name with at most 3 digits in a row
            plimsoll.toml:50:8: error: `name`: `all` is the broker's word for all accounts; write another name
            plimsoll.toml:56:8: error: `name`: `growth & co` is no name; write at most 32 letters, digits, `_` and `-`, a letter first
            plimsoll.toml:68:8: error: `name`: `EVEN` is already the allocation of line 62
        "#]],
    );
}

#[test]
fn a_ratio_is_above_zero_and_exact() {
    check(
        r#"
[[allocation]]
name = "PARTS"
bots = ["revert"]
by = "ratio"
ratios = { U1111111 = 0, U2222222 = 1.5 }

[[allocation]]
name = "FIXED"
bots = ["revert"]
by = "table"
table = { U1111111 = -5, U2222222 = "many" }
accounts = ["U1111111"]
"#,
        &expect![[r#"
            plimsoll.toml:47:23: error: `ratios`: 0 is not above zero; leave the account out instead
            plimsoll.toml:47:37: error: `ratios` is a number with a point, which cannot be kept exactly; write a whole number, or one in quotes
            plimsoll.toml:53:22: error: `table`: -5 is not above zero; leave the account out instead
            plimsoll.toml:53:37: error: `table`: `many` is no number of at most 28 digits
            plimsoll.toml:54:12: error: `accounts` does not go with by = "table"; remove it
        "#]],
    );
}

#[test]
fn what_is_missing_is_said_with_an_example() {
    check(
        r#"
[[allocation]]
by = "halves"

[[allocation]]
name = "EVEN"
bots = ["revert"]
by = "equal"

[[allocation]]
name = "PARTS"
bots = []
by = "ratio"
"#,
        &expect![[r#"
            plimsoll.toml:43:1: error: [[allocation]] has no `name`; write `name = "GROWTH"`
            plimsoll.toml:43:1: error: [[allocation]] has no `bots`; write `bots = ["trend"]`
            plimsoll.toml:44:6: error: `by`: `halves` is not known; write equal or equity or ratio or table
            plimsoll.toml:46:1: error: [[allocation]] has no `accounts`; write `accounts = ["U1111111", "U2222222"]`
            plimsoll.toml:51:1: error: [[allocation]] has no `ratios`; write `ratios = { U1111111 = 2, U2222222 = "1.5" }`
            plimsoll.toml:53:8: error: `bots` is empty; name those that may use it
        "#]],
    );
}

#[test]
fn an_allocation_needs_a_gateway_that_places_orders() {
    let section =
        "\n[[allocation]]\nname = \"EVEN\"\nbots = [\"revert\"]\nby = \"equal\"\naccounts = [\"U1111111\"]\n";
    let text = with(section).replacen("\"enforce\"", "\"observe\"", 1);
    let error = parse("plimsoll.toml", &text).unwrap_err().to_string();
    expect![[r#"plimsoll.toml:43:1: error: an order over several accounts is sent as orders of Plimsoll's own, which it does not place while it only observes; write mode = "enforce", or remove the [[allocation]]"#]].assert_eq(&error);
}
