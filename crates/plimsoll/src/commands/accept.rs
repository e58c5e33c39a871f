//! `plimsoll accept`: a person takes the broker's side of a break for right, and its instrument takes new risk again.
//!
//! What is accepted is the difference that the person was shown. If it has moved meanwhile, nothing is.

use plimsoll_model::Position;
use plimsoll_runtime::operator::AcceptOrder;
use plimsoll_runtime::operator_client;
use serde_json::Value;

use super::halt::{failure, token, typed, who};
use super::{Outcome, gateway_dir};
use crate::cli::Accept;
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(options: &Accept) -> Outcome {
    let dir = gateway_dir::find(&options.reach)?;
    let (account, symbol) = (&*options.account, &*options.symbol);
    let breaks = super::runtime()?.block_on(operator_client::get(&dir, "/breaks")).map_err(failure)?;
    let Some(row) = locked(&breaks, account, symbol) else {
        let text = format!("no break keeps new risk out of {symbol} in {account}; see `plimsoll breaks`");
        return Err(Failure::new(Exit::No, anyhow::anyhow!(text)));
    };
    let (ledger, venue) = (row["ledger"].as_str().unwrap_or("?"), row["venue"].as_str().unwrap_or("?"));
    let difference = difference(ledger, venue).ok_or_else(|| {
        let text = format!("the broker's {venue} and our {ledger} cannot be compared; nothing was accepted");
        Failure::new(Exit::Internal, anyhow::anyhow!(text))
    })?;
    eprintln!("{account} {symbol}: the broker holds {venue}, explained are {ledger}");
    let token = token(options.token_file.as_deref())?;
    let typed_name = if token.is_none() { Some(typed(symbol, "accepted")?) } else { None };
    let order = AcceptOrder {
        account: account.to_owned(),
        symbol: symbol.to_owned(),
        difference: difference.to_string(),
        by: who(),
        reason: options.reason.clone(),
        typed_name,
    };
    let said = operator_client::accept(&dir, &order, token.as_deref());
    let status = super::runtime()?.block_on(said).map_err(failure)?;
    if locked(&status["breaks"], account, symbol).is_some() {
        let text = format!("{account} {symbol} has moved meanwhile; nothing was accepted; look again");
        return Err(Failure::new(Exit::Refused, anyhow::anyhow!(text)));
    }
    output::line(&format!("accepted {difference} {symbol} in {account}"))?;
    Ok(Exit::Good)
}

/// The break of this holding, if it keeps new risk out.
fn locked<'a>(breaks: &'a Value, account: &str, symbol: &str) -> Option<&'a Value> {
    let is_it = |row: &&Value| row["account"] == account && row["symbol"] == symbol && row["locked"] == true;
    breaks.as_array()?.iter().find(is_it)
}

fn difference(ledger: &str, venue: &str) -> Option<Position> {
    Position::parse(venue).ok()?.checked_sub(Position::parse(ledger).ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_break_that_keeps_new_risk_out_is_accepted_and_by_the_broker_s_side_less_ours() {
        let row = |symbol: &str, locked: bool| json!({ "account": "DU1", "symbol": symbol, "ledger": "100", "venue": "60.5", "locked": locked });
        let breaks = json!([row("QQQ", false), row("SPY", true)]);
        assert!(locked(&breaks, "DU1", "QQQ").is_none());
        assert!(locked(&breaks, "DU2", "SPY").is_none());
        assert_eq!(locked(&breaks, "DU1", "SPY").unwrap()["venue"], "60.5");
        assert_eq!(difference("100", "60.5").unwrap().to_string(), "-39.5");
    }
}
