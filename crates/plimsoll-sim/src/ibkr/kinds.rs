//! The names of the faults and of their keys.
//!
//! Owns the table against which a script is checked before it is read, so that a misspelled key is an error and
//! not a fault that does something else.

use plimsoll_tws::{Request, Response};
use serde_json::Value;

/// Every kind with its keys; each also takes `after` and `for`.
pub(crate) const KINDS: [(&str, &[&str]); 44] = [
    ("announce_hours", &["date", "change", "time"]),
    ("bars_outside_session", &[]),
    ("bust_execution", &["exec_id"]),
    ("cancel_order", &["client", "order_id", "symbol", "reason"]),
    ("clock_offset", &["offset"]),
    ("competing_session", &[]),
    ("correct_execution", &["exec_id", "price"]),
    ("daily_reset", &["roll_back_ids"]),
    ("delay_message", &["message", "delay", "client", "one_in"]),
    ("disconnect", &["client", "reset"]),
    ("drop_message", &["message", "client", "one_in"]),
    ("duplicate_message", &["message", "client", "one_in"]),
    ("empty_history", &[]),
    ("farm_down", &["farm"]),
    ("farm_idle", &["farm"]),
    ("farm_up", &["farm"]),
    ("freeze_data", &["symbol"]),
    ("freeze_field", &["symbol", "field"]),
    ("half_open", &["client"]),
    ("halt_symbol", &["symbol"]),
    ("hard_to_borrow", &["symbol"]),
    ("history_pacing", &[]),
    ("late_cancel", &["delay"]),
    ("late_commission", &["delay"]),
    ("link_down", &[]),
    ("link_up_data_kept", &[]),
    ("link_up_data_lost", &[]),
    ("manual_order", &["account", "symbol", "side", "qty", "type", "tif", "limit", "stop"]),
    ("manual_trade", &["account", "symbol", "side", "qty", "price"]),
    ("mute_socket", &["client"]),
    ("never_answer", &["request"]),
    ("not_allowed", &["symbol", "account"]),
    ("not_subscribed", &["symbol", "code"]),
    ("other_user_login", &[]),
    ("port_change", &["port"]),
    ("rate_limit", &["per_second"]),
    ("refuse_connect", &[]),
    ("reject_orders", &["reason"]),
    ("reorder", &["message", "client", "one_in"]),
    ("silent_drop_order", &[]),
    ("stale_snapshot", &["symbol"]),
    ("unscheduled_close", &[]),
    // OKX's own, named here to say so.
    ("html_answer", &[]),
    ("service_upgrade", &[]),
];

/// Refuses a kind or a key that is not in the table.
pub(crate) fn check(fault: &Value) -> Result<(), String> {
    let Value::Object(fields) = fault else { return Err("a fault is one object with a `kind`".to_owned()) };
    let Some(Value::String(kind)) = fields.get("kind") else {
        return Err("a fault needs a `kind`".to_owned());
    };
    if is_okx(kind) {
        return Err(format!("fault `{kind}` belongs to the OKX simulator; the fault was refused"));
    }
    let Some((_, keys)) = KINDS.iter().find(|(name, _)| name == kind) else {
        let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).filter(|name| !is_okx(name)).collect();
        return Err(format!("unknown fault `{kind}`; there are {}", names.join(", ")));
    };
    for key in fields.keys() {
        if !(keys.contains(&key.as_str()) || matches!(key.as_str(), "kind" | "after" | "for")) {
            let known = [keys, ["after", "for"].as_slice()].concat().join(", ");
            return Err(format!("fault `{kind}` has no key `{key}`; it takes {known}"));
        }
    }
    known_name(fields.get("message"), "message", Response::TYPED, "orderStatus")?;
    known_name(fields.get("request"), "request", Request::TYPED, "reqHistoricalData")
}

fn is_okx(kind: &str) -> bool {
    matches!(kind, "html_answer" | "service_upgrade")
}

/// A misspelled name would be a fault that never happens.
fn known_name(given: Option<&Value>, what: &str, typed: &[(i32, &str)], example: &str) -> Result<(), String> {
    let Some(Value::String(given)) = given else { return Ok(()) };
    if typed.iter().any(|(_, name)| name == given) {
        return Ok(());
    }
    Err(format!(
        "the TWS API has no {what} called `{given}`; the fault was refused, write a name like `{example}`"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_stands_in_the_documentation() {
        let page = include_str!("../../../../docs/simulator.md");
        for (kind, _) in KINDS.iter().filter(|(kind, _)| !is_okx(kind)) {
            assert!(page.contains(&format!("| `{kind}` |")), "docs/simulator.md lacks `{kind}`");
        }
    }

    fn refused(fault: &Value) -> String {
        check(fault).unwrap_err()
    }

    #[test]
    fn a_misspelled_message_or_request_is_refused_because_it_would_never_happen() {
        let text = refused(&json!({ "kind": "drop_message", "message": "execDetail" }));
        assert!(text.contains("no message called `execDetail`"), "{text}");
        let text = refused(&json!({ "kind": "never_answer", "request": "reqHistoricalDat" }));
        assert!(text.contains("no request called `reqHistoricalDat`"), "{text}");
        check(&json!({ "kind": "drop_message", "message": "execDetails" })).unwrap();
        check(&json!({ "kind": "never_answer", "request": "reqMktDepth" })).unwrap();
    }

    #[test]
    fn an_unknown_kind_is_led_to_those_that_this_simulator_has() {
        let text = refused(&json!({ "kind": "freeze" }));
        assert!(text.contains("`freeze`") && text.contains("freeze_data"), "{text}");
        assert!(!text.contains("html_answer"), "{text}");
    }

    #[test]
    fn a_missing_key_is_told_with_its_kind() {
        let fault = json!({ "kind": "manual_trade", "side": "BUY", "qty": 5 });
        let error = serde_json::from_value::<crate::Fault>(fault).unwrap_err().to_string();
        assert_eq!(error, "fault `manual_trade`: missing field `symbol`");
    }
}
