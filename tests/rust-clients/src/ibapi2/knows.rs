//! What a bot may know: its accounts, its orders, the clock, and which instruments there are.

use anyhow::{Context, Result};
use ibapi2::accounts::types::{AccountGroup, AccountId};
use ibapi2::contracts::{Contract, SecurityType};
use ibapi2::orders::ExecutionFilter;

use crate::says;
use crate::session::{MINE, OTHER, Session, single, stock, whole};

const SUMMARY_TAGS: &[&str] = &["AccountType", "NetLiquidation", "TotalCashValue", "BuyingPower", "$LEDGER"];

pub fn managed_accounts(session: &mut Session) -> Result<()> {
    single("managedAccounts", session.client.managed_accounts());
    Ok(())
}

pub fn next_id(session: &mut Session) -> Result<()> {
    single("nextValidId", session.client.next_valid_order_id());
    Ok(())
}

pub fn current_time(session: &mut Session) -> Result<()> {
    let time = session.client.server_time()?;
    says::result(&(time.year() >= 2026));
    Ok(())
}

pub fn current_time_in_millis(session: &mut Session) -> Result<()> {
    let time = session.client.server_time_millis()?;
    says::result(&(time.year() >= 2026));
    Ok(())
}

pub fn family_codes(session: &mut Session) -> Result<()> {
    single("familyCodes", session.client.family_codes());
    Ok(())
}

pub fn news_bulletins(session: &mut Session) -> Result<()> {
    drop(session.client.news_bulletins(true)?);
    Ok(())
}

pub fn positions(session: &mut Session) -> Result<()> {
    let rows = session.client.positions()?;
    says::result(&whole(|patience| rows.next_timeout(patience), || rows.error()));
    Ok(())
}

pub fn positions_multi(session: &mut Session) -> Result<()> {
    let rows = session.client.positions_multi(Some(&AccountId(MINE.into())), None)?;
    says::result(&whole(|patience| rows.next_timeout(patience), || rows.error()));
    Ok(())
}

pub fn account_updates(session: &mut Session) -> Result<()> {
    let rows = session.client.account_updates(&AccountId(MINE.into()))?;
    says::result(&(whole(|patience| rows.next_timeout(patience), || rows.error()) > 10));
    Ok(())
}

pub fn account_updates_multi(session: &mut Session) -> Result<()> {
    let rows = session.client.account_updates_multi(Some(&AccountId(OTHER.into())), None)?;
    says::result(&(whole(|patience| rows.next_timeout(patience), || rows.error()) > 10));
    Ok(())
}

pub fn account_summary(session: &mut Session) -> Result<()> {
    let rows = session.client.account_summary(&AccountGroup("All".into()), SUMMARY_TAGS)?;
    says::result(&(whole(|patience| rows.next_timeout(patience), || rows.error()) > 3));
    Ok(())
}

pub fn open_orders(session: &mut Session) -> Result<()> {
    let rows = session.client.open_orders()?;
    says::result(&whole(|patience| rows.next_timeout(patience), || rows.error()));
    Ok(())
}

pub fn all_open_orders(session: &mut Session) -> Result<()> {
    let rows = session.client.all_open_orders()?;
    says::result(&whole(|patience| rows.next_timeout(patience), || rows.error()));
    Ok(())
}

pub fn auto_open_orders(session: &mut Session) -> Result<()> {
    // Refused with 327: only client 0 may bind manual orders. The library logs what has no number of a request
    // and hands it to the stream of orders.
    let rows = session.client.auto_open_orders(true)?;
    says::result(&session.until_refusal()?);
    drop(rows);
    Ok(())
}

pub fn completed_orders(session: &mut Session) -> Result<()> {
    let rows = session.client.completed_orders(false)?;
    let mut count = 0;
    while let Some(row) = rows.next_timeout(std::time::Duration::from_secs(2)) {
        says::heard_under("completedOrder", &row);
        count += 1;
    }
    says::result(&count);
    Ok(())
}

pub fn executions(session: &mut Session) -> Result<()> {
    let rows = session.client.executions(ExecutionFilter::default())?;
    says::result(&whole(|patience| rows.next_timeout(patience), || rows.error()));
    Ok(())
}

pub fn executions_of_nobody(session: &mut Session) -> Result<()> {
    let filter = ExecutionFilter { symbol: "QQQ".into(), ..ExecutionFilter::default() };
    let rows = session.client.executions(filter)?;
    says::result(&whole(|patience| rows.next_timeout(patience), || rows.error()));
    Ok(())
}

pub fn contract_details(session: &mut Session) -> Result<()> {
    let details = single("contractDetails", session.client.contract_details(&stock("SPY")));
    let first = details.and_then(|rows| rows.into_iter().next()).context("contract details of SPY")?;
    session.spy = first.contract;
    Ok(())
}

pub fn contract_details_by_number(session: &mut Session) -> Result<()> {
    let contract = Contract { contract_id: session.spy.contract_id, ..Contract::default() };
    single("contractDetails", session.client.contract_details(&contract));
    Ok(())
}

pub fn unknown_contract(session: &mut Session) -> Result<()> {
    single("contractDetails", session.client.contract_details(&stock("NOSUCH")));
    Ok(())
}

pub fn matching_symbols(session: &mut Session) -> Result<()> {
    let rows = session.client.matching_symbols("SP").map(Iterator::collect::<Vec<_>>);
    single("symbolSamples", rows);
    Ok(())
}

pub fn market_rule(session: &mut Session) -> Result<()> {
    single("marketRule", session.client.market_rule(26));
    Ok(())
}

pub fn option_parameters(session: &mut Session) -> Result<()> {
    let rows = session.client.option_chain("SPY", "", SecurityType::Stock, session.spy.contract_id)?;
    says::result(&whole(|patience| rows.next_timeout(patience), || rows.error()));
    Ok(())
}
