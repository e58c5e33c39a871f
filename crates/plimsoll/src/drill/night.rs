//! A night in a drill: the gateway's books against the venue's own, by the rules of `plimsoll nightly`, and whom they block.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use plimsoll_model::{Account, Currency};
use plimsoll_runtime::config::{BotDatabase, Loaded, Nightly};
use plimsoll_statement::{read, statement_zone};
use rust_decimal::Decimal;
use serde_json::Value;

use super::script::Belief;
use crate::exit::{Exit, Failure};
use crate::statement::booked::Tables;
use crate::statement::night::{Rules, blocks};
use crate::statement::of_venue::flex;
use crate::statement::pending::Block;

/// Whom this night blocks. The gateway has ended, so that its tables have everything.
pub(super) fn judge(
    dir: &Path,
    loaded: &Loaded,
    venue: &Value,
    now: Timestamp,
    beliefs: &[Belief],
) -> Result<Vec<Block>, Failure> {
    let databases = beliefs.iter().map(|belief| database(dir, now, belief)).collect::<Result<_, _>>()?;
    let nightly = Nightly { databases, ..Nightly::default() };
    let tables = Tables::read(&loaded.settings.state_dir)?;
    let rules = Rules { config: &loaded.config, nightly: &nightly, tables: &tables };
    let date = statement_zone().to_datetime(now).date();
    let mut nights = Vec::new();
    for account in &loaded.config.venue.accounts {
        let text = flex(venue, account.as_str(), date, equity(venue, account), |_| {});
        let file = read(text.as_bytes()).map_err(|error| Failure::new(Exit::Internal, error))?;
        for sheet in &file.statements {
            nights.push(rules.judge(sheet, &BTreeSet::new())?);
        }
    }
    Ok(blocks(date, &nights))
}

/// What the venue says that the account is worth.
fn equity(venue: &Value, account: &Account) -> Decimal {
    let rows = venue["accounts"].as_array().into_iter().flatten();
    let row =
        rows.filter(|row| row["account"] == account.as_str()).find_map(|row| row["net_liquidation"].as_str());
    row.and_then(|text| Decimal::from_str_exact(text).ok())
        .expect("the venue tells what its accounts are worth")
}

/// A bot's own record, with one line: all that it believes to have earned.
fn database(dir: &Path, now: Timestamp, belief: &Belief) -> Result<BotDatabase, Failure> {
    let file = dir.join(format!("{}.csv", belief.bot));
    std::fs::write(&file, format!("time,profit\n{now},{}\n", belief.profit))
        .map_err(|error| Failure::new(Exit::Environment, error))?;
    Ok(BotDatabase {
        bot: belief.bot.clone(),
        file,
        table: None,
        time: "time".into(),
        profit: "profit".into(),
        fees: None,
        currency: Currency::USD,
        zone: jiff::tz::TimeZone::UTC,
    })
}
