//! `allocation show` and `allocation list`: orders over several accounts, for a person who has to know who got what and
//! why somebody got less.

use serde_json::Value;

use super::Outcome;
use super::views::{ask, rows, text};
use crate::cli::{Allocation, Ask, ShowAllocation};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(what: &Allocation) -> Outcome {
    match what {
        Allocation::Show(show) => one(show),
        Allocation::List(query) => list(query),
    }
}

fn list(query: &Ask) -> Outcome {
    let all = ask(&query.reach, "/allocations")?;
    if query.json {
        output::json(&all)?;
    } else if all.as_array().is_none_or(Vec::is_empty) {
        output::line("no orders over several accounts")?;
    } else {
        let columns = [
            "since",
            "bot",
            "allocation",
            "by",
            "side",
            "qty",
            "symbol",
            "type",
            "limit",
            "filled",
            "status",
            "cl_ord_id",
        ];
        rows(&all, &columns)?;
    }
    Ok(Exit::Good)
}

/// Whatever is missing makes the answer "no".
fn one(show: &ShowAllocation) -> Outcome {
    let all = ask(&show.reach, "/allocations")?;
    let is_it = |order: &&Value| order["cl_ord_id"] == *show.reference;
    let Some(order) = all.as_array().into_iter().flatten().find(is_it) else {
        let error = anyhow::anyhow!(
            "no order over several accounts has the reference {}; see `plimsoll allocation list`",
            show.reference
        );
        return Err(Failure::new(Exit::Usage, error));
    };
    if show.json {
        output::json(order)?;
    } else {
        for line in report(order) {
            output::line(&line)?;
        }
    }
    Ok(if is_whole(order) { Exit::Good } else { Exit::No })
}

fn is_whole(order: &Value) -> bool {
    let is_zero = |value: &Value| value == "0";
    let accounts = || order["accounts"].as_array().into_iter().flatten();
    is_zero(&order["left_over"]) && accounts().all(|part| is_zero(&part["missing"]))
}

/// What a person reads: the order, each account, and at the end what is missing.
fn report(order: &Value) -> Vec<String> {
    let limit = if order["limit"].is_null() { String::new() } else { format!(" {}", text(&order["limit"])) };
    let mut lines = vec![format!(
        "{} {} {} {}{limit} over {} ({}) for {}: {} filled at {}, {}",
        text(&order["side"]),
        text(&order["qty"]),
        text(&order["symbol"]),
        text(&order["type"]),
        text(&order["allocation"]),
        text(&order["by"]),
        text(&order["bot"]),
        text(&order["filled"]),
        text(&order["avg_price"]),
        text(&order["status"]),
    )];
    let columns = ["account", "wanted", "part", "sent", "filled", "price", "commission", "status", "missing"];
    let table: Vec<Vec<String>> = order["accounts"].as_array().into_iter().flatten().map(row).collect();
    lines.push(output::table(&columns, &table).trim_end().to_owned());
    lines.extend(summary(order));
    lines
}

fn row(part: &Value) -> Vec<String> {
    let unknown = part["unknown_commissions"].as_u64().unwrap_or_default();
    let commission = match (&part["commission"], unknown) {
        (Value::Null, 0) => "-".to_owned(),
        (Value::Null, _) => "not told yet".to_owned(),
        (known, 0) => text(known),
        (known, _) => format!("{} and more", text(known)),
    };
    let status = if part["status"].is_null() { "not sent".to_owned() } else { text(&part["status"]) };
    let of = |key: &str| text(&part[key]);
    vec![
        of("account"),
        of("wanted"),
        of("part"),
        of("sent"),
        of("filled"),
        of("avg_price"),
        commission,
        status,
        of("missing"),
    ]
}

fn summary(order: &Value) -> Vec<String> {
    let parts = || order["accounts"].as_array().into_iter().flatten();
    let of = |part: &Value, key: &str| text(&part[key]);
    let lacks = |part: &&Value| part["missing"] != "0";
    let short: Vec<String> = parts()
        .filter(lacks)
        .map(|part| {
            let because = if part["because"].is_null() { "canceled".to_owned() } else { of(part, "because") };
            format!("{} lacks {}: {because}", of(part, "account"), of(part, "missing"))
        })
        .collect();
    let without = parts().filter(|part| part["part"] == "0");
    let without =
        without.map(|part| format!("{} gets nothing: {}", of(part, "account"), of(part, "because")));
    let works = parts().filter(|part| part["missing"] == "0" && part["filled"] != part["part"]).count();
    let mut lines: Vec<String> = without.collect();
    if works > 0 {
        lines.push(format!("{works} accounts still work"));
    }
    if !short.is_empty() {
        let (n_short, n_all) = (short.len(), parts().count());
        lines.extend(short);
        lines
            .push(format!("{n_short} of {n_all} accounts did not get all; nothing is tried again by itself"));
    }
    if order["left_over"] != "0" {
        lines.push(format!("{} left over: given to no account", text(&order["left_over"])));
    }
    if works == 0 && is_whole(order) {
        lines.push("every account got its part".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    fn part(account: &str, sent: &str, filled: &str, because: Option<&str>) -> Value {
        let is_full = sent == filled;
        json!({
            "account": account, "weight": null, "wanted": "3.3333", "part": sent, "sent": sent, "filled": filled,
            "avg_price": if filled == "0" { Value::Null } else { "600.25".into() },
            "commission": if filled == "0" { Value::Null } else { "1 USD".into() },
            "unknown_commissions": 0, "status": if is_full { "filled" } else { "rejected" },
            "missing": if is_full { "0" } else { sent }, "because": because, "cl_ord_id": null,
        })
    }

    fn order(parts: &[Value], left: &str) -> Value {
        json!({
            "cl_ord_id": "SPY-trend-20261127-7", "bot": "trend", "order_id": 5, "allocation": "GROWTH", "by": "equal",
            "symbol": "SPY", "side": "BUY", "qty": "10", "type": "MKT", "limit": null, "status": "canceled",
            "filled": "7", "avg_price": "600.25", "left_over": left, "since": "2026-11-27T15:00:00Z",
            "accounts": parts,
        })
    }

    #[test]
    fn the_report_names_each_account_and_why_one_got_less() {
        let because = "201: Order rejected - reason:no margin";
        let parts =
            [part("U1", "4", "4", None), part("U2", "3", "3", None), part("U3", "3", "0", Some(because))];
        let order = order(&parts, "0");
        expect![[r"
            BUY 10 SPY MKT over GROWTH (equal) for trend: 7 filled at 600.25, canceled
            account  wanted  part  sent  filled   price  commission  status    missing
            U1       3.3333     4     4       4  600.25       1 USD  filled          0
            U2       3.3333     3     3       3  600.25       1 USD  filled          0
            U3       3.3333     3     3       0       -           -  rejected        3
            U3 lacks 3: 201: Order rejected - reason:no margin
            1 of 3 accounts did not get all; nothing is tried again by itself"]]
        .assert_eq(&report(&order).join("\n"));
        assert!(!is_whole(&order));
    }

    #[test]
    fn an_order_is_whole_if_nothing_is_missing_and_nothing_is_left_over() {
        let parts = [part("U1", "4", "4", None), part("U2", "3", "3", None)];
        assert!(is_whole(&order(&parts, "0")));
        assert!(!is_whole(&order(&parts, "3")));
        let last = report(&order(&parts, "0")).pop();
        assert_eq!(last.as_deref(), Some("every account got its part"));
    }
}
