//! `plimsoll explain`: the page of a guard, the same that the documentation shows.

use plimsoll_core::{GUARDS, GuardId, GuardSpec};
use serde_json::json;

use super::Outcome;
use crate::cli::Explain;
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(options: &Explain) -> Outcome {
    let Some(asked) = options.what.as_deref().filter(|_| !options.list) else {
        return list(options.json);
    };
    let Some(spec) = GUARDS.iter().find(|spec| spec.id.as_str() == asked) else {
        let nearest = nearest(asked).map_or_else(String::new, |name| format!("; the nearest is `{name}`"));
        let error =
            anyhow::anyhow!("there is nothing called `{asked}`{nearest}; see `plimsoll explain --list`");
        return Err(Failure::new(Exit::Usage, error));
    };
    let page = page(spec.id);
    if options.json {
        output::json(&json!({
            "guard": spec.id.as_str(),
            "summary": spec.summary,
            "pitfall": spec.pitfall,
            "keys": spec.keys,
            "page": page,
        }))?;
    } else {
        output::line(page.trim_end())?;
    }
    Ok(Exit::Good)
}

fn list(as_json: bool) -> Outcome {
    if as_json {
        let row = |spec: &GuardSpec| json!({ "guard": spec.id.as_str(), "summary": spec.summary });
        output::json(&GUARDS.iter().map(row).collect())?;
    } else {
        let rows: Vec<_> =
            GUARDS.iter().map(|spec| vec![spec.id.to_string(), spec.summary.to_owned()]).collect();
        output::line(output::table(&["guard", "refuses"], &rows).trim_end())?;
    }
    Ok(Exit::Good)
}

/// The guard's page. A guard without one does not compile.
fn page(guard: GuardId) -> &'static str {
    match guard {
        GuardId::Supported => include_str!("../../../../docs/guards/supported.md"),
        GuardId::Account => include_str!("../../../../docs/guards/account.md"),
        GuardId::Ownership => include_str!("../../../../docs/guards/ownership.md"),
        GuardId::Halt => include_str!("../../../../docs/guards/halt.md"),
        GuardId::Reconciled => include_str!("../../../../docs/guards/reconciled.md"),
        GuardId::TradingSession => include_str!("../../../../docs/guards/trading_session.md"),
        GuardId::CloseCutoff => include_str!("../../../../docs/guards/close_cutoff.md"),
        GuardId::Duplicate => include_str!("../../../../docs/guards/duplicate.md"),
        GuardId::StaleData => include_str!("../../../../docs/guards/stale_data.md"),
        GuardId::Limits => include_str!("../../../../docs/guards/limits.md"),
        GuardId::SelfMatch => include_str!("../../../../docs/guards/self_match.md"),
    }
}

/// The name that shares the longest beginning, for a tip. One letter in common is no likeness.
fn nearest(asked: &str) -> Option<&'static str> {
    let shared = |name: &str| name.chars().zip(asked.chars()).take_while(|(a, b)| a == b).count();
    let names = GUARDS.iter().map(|spec| spec.id.as_str()).filter(|name| shared(name) > 1);
    names.max_by_key(|name| shared(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_names_its_guard() {
        for spec in GUARDS {
            assert!(page(spec.id).contains(spec.id.as_str()), "{} is not named on its page", spec.id);
        }
    }

    #[test]
    fn a_typo_is_led_to_the_nearest_name() {
        assert_eq!(nearest("stale"), Some("stale_data"));
        assert_eq!(nearest("self-match"), Some("self_match"));
    }

    #[test]
    fn what_resembles_no_name_is_led_to_none() {
        for asked in ["", "foo", "s", "close"] {
            assert_eq!(nearest(asked).is_some(), asked == "close", "`{asked}`");
        }
    }
}
