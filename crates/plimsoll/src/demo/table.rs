//! The comparison at the end: the same market and the same bots, with and without Plimsoll, by the
//! venue's own truth.

use std::collections::BTreeMap;

use plimsoll_runtime::view::View;
use plimsoll_sim::bots::Refusal;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::output;

/// What came of one day.
#[derive(Debug, Default)]
pub(super) struct Day {
    orders: usize,
    executions: usize,
    violations: BTreeMap<String, usize>,
    denials: BTreeMap<String, usize>,
    refusals: usize,
    overnight: Vec<String>,
    commissions: Decimal,
    net: Decimal,
    wrong_account: usize,
}

impl Day {
    /// By the state of the venue alone.
    pub(super) fn of_venue(names: &[String], state: &Value, refusals: &[(String, Vec<Refusal>)]) -> Self {
        let rows = |key: &str| state[key].as_array().cloned().unwrap_or_default();
        let mut day = Self {
            orders: rows("orders").len(),
            executions: rows("executions").len(),
            refusals: refusals.iter().map(|(_, rows)| rows.len()).sum(),
            ..Self::default()
        };
        for violation in rows("violations") {
            let kind = violation["kind"].as_str().unwrap_or("unknown").to_owned();
            *day.violations.entry(kind).or_default() += 1;
        }
        for execution in rows("executions") {
            day.commissions += number(&execution["commission"]);
            // Its author meant the other account.
            let forgetful = names.iter().any(|name| name == "forgetful") && execution["client"] == 13;
            day.wrong_account += usize::from(forgetful && execution["account"] == super::story::ACCOUNTS[0]);
        }
        for position in rows("positions") {
            let text = |key: &str| position[key].as_str().unwrap_or_default().to_owned();
            day.overnight.push(format!("{} {} in {}", text("qty"), text("symbol"), text("account")));
        }
        day.net = rows("accounts").iter().map(|row| number(&row["daily_pnl"])).sum();
        day
    }

    /// What the guards denied.
    pub(super) fn add_denials(&mut self, view: Option<&View>) {
        for order in view.iter().flat_map(|view| &view.orders) {
            if let Some(guard) = order.denied_by {
                *self.denials.entry(guard.to_owned()).or_default() += 1;
            }
        }
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        json!({
            "orders": self.orders,
            "executions": self.executions,
            "violations": self.violations,
            "denials": self.denials,
            "refusals": self.refusals,
            "wrong_account_executions": self.wrong_account,
            "overnight": self.overnight,
            "commissions": self.commissions.normalize().to_string(),
            "net": self.net.round_dp(2).to_string(),
        })
    }

    fn violation_count(&self) -> usize {
        self.violations.values().sum()
    }
}

fn number(value: &Value) -> Decimal {
    value.as_str().and_then(|text| Decimal::from_str_exact(text).ok()).unwrap_or_default()
}

/// Both days side by side, and what the difference was.
pub(super) fn compare(with: &Day, without: &Day, journal: Option<&str>) -> String {
    let row = |what: &str, cell: fn(&Day) -> String| vec![what.to_owned(), cell(with), cell(without)];
    let rows = vec![
        row("orders that reached the venue", |day| day.orders.to_string()),
        row("orders denied before they left", |day| day.denials.values().sum::<usize>().to_string()),
        row("live rules broken", |day| day.violation_count().to_string()),
        row("executions", |day| day.executions.to_string()),
        row("executions in the wrong account", |day| day.wrong_account.to_string()),
        row("positions left over night", |day| day.overnight.len().to_string()),
        row("commissions, USD", |day| format!("{:.2}", day.commissions.round_dp(2))),
        row("net result, USD", |day| format!("{:+.2}", day.net.round_dp(2))),
    ];
    let mut lines = vec![
        output::table(&["the same half day", "with Plimsoll", "without"], &rows),
        list("denied, by guard", &with.denials),
        list("broken without Plimsoll", &without.violations),
    ];
    if !with.violations.is_empty() {
        lines.push(list("broken with Plimsoll", &with.violations));
    }
    lines.push(format!("left over night with Plimsoll: {}", sentence(&with.overnight)));
    lines.push(format!("left over night without:       {}", sentence(&without.overnight)));
    lines.push(String::new());
    lines.push(match journal {
        Some(dir) => format!("its journal: plimsoll journal replay {dir}/state/journal"),
        None => {
            "keep the journal with --keep DIR, then: plimsoll journal replay DIR/state/journal".to_owned()
        }
    });
    lines.push("why an order was denied: plimsoll explain stale_data".to_owned());
    lines.join("\n")
}

fn list(title: &str, counts: &BTreeMap<String, usize>) -> String {
    let all: Vec<_> = counts.iter().map(|(what, n)| format!("{n} {what}")).collect();
    format!("{title}: {}", sentence(&all))
}

fn sentence(parts: &[String]) -> String {
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}
