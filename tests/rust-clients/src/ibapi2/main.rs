//! The synchronous client of `ibapi` 2.12, the last of its line that speaks text.
//!
//!     ibapi2 --port 4002 --client-id 11

#[path = "../orders.rs"]
mod orders;
#[path = "../says.rs"]
mod says;

mod knows;
mod market;
mod research;
mod session;

use anyhow::{Context, Result, bail};
pub(crate) use ibapi2 as api;

use session::Session;

type Step = fn(&mut Session) -> Result<()>;

const STEPS: &[(&str, Step)] = &[
    ("managed_accounts", knows::managed_accounts),
    ("next_id", knows::next_id),
    ("current_time", knows::current_time),
    ("current_time_in_millis", knows::current_time_in_millis),
    ("family_codes", knows::family_codes),
    ("news_bulletins", knows::news_bulletins),
    ("positions", knows::positions),
    ("positions_multi", knows::positions_multi),
    ("account_updates", knows::account_updates),
    ("account_updates_multi", knows::account_updates_multi),
    ("account_summary", knows::account_summary),
    ("open_orders", knows::open_orders),
    ("auto_open_orders", knows::auto_open_orders),
    ("completed_orders", knows::completed_orders),
    ("executions", knows::executions),
    ("contract_details", knows::contract_details),
    ("contract_details_by_number", knows::contract_details_by_number),
    ("unknown_contract", knows::unknown_contract),
    ("matching_symbols", knows::matching_symbols),
    ("market_rule", knows::market_rule),
    ("option_parameters", knows::option_parameters),
    ("market_data_type", market::market_data_type),
    ("market_data", market::market_data),
    ("snapshot", market::snapshot),
    ("unknown_market_data", market::unknown_market_data),
    ("tick_by_tick_bid_ask", market::tick_by_tick_bid_ask),
    ("tick_by_tick_last", market::tick_by_tick_last),
    ("tick_by_tick_all_last", market::tick_by_tick_all_last),
    ("tick_by_tick_midpoint", market::tick_by_tick_midpoint),
    ("real_time_bars", market::real_time_bars),
    ("history_days", market::history_days),
    ("history_minutes", market::history_minutes),
    ("history_until_now", market::history_until_now),
    ("history_up_to_date", market::history_up_to_date),
    ("history_empty", market::history_empty),
    ("head_timestamp", market::head_timestamp),
    ("depth", research::depth),
    ("depth_of_one_exchange", research::depth_of_one_exchange),
    ("depth_not_there", research::depth_not_there),
    ("depth_exchanges", research::depth_exchanges),
    ("past_trades", research::past_trades),
    ("past_quotes", research::past_quotes),
    ("past_midpoints", research::past_midpoints),
    ("past_schedule", research::past_schedule),
    ("histogram", research::histogram),
    ("option_data", research::option_data),
    ("implied_volatility", research::implied_volatility),
    ("option_price", research::option_price),
    ("news_providers", research::news_providers),
    ("news", research::news),
    ("unknown_article", research::unknown_article),
    ("scanner_parameters", research::scanner_parameters),
    ("scanner", research::scanner),
    ("calendar", research::calendar),
    ("calendar_events", research::calendar_events),
    ("display_groups", research::display_groups),
    ("what_if", orders::what_if),
    ("buy_market", orders::buy_market),
    ("profit", market::profit),
    ("profit_of_one", market::profit_of_one),
    ("rest_limit", orders::rest_limit),
    ("open_orders", knows::open_orders),
    ("all_open_orders", knows::all_open_orders),
    ("modify_limit", orders::modify_limit),
    ("cancel_limit", orders::cancel_limit),
    ("cancel_again", orders::cancel_again),
    ("cancel_unknown", orders::cancel_unknown),
    ("duplicate_number", orders::duplicate_number),
    ("rest_stop", orders::rest_stop),
    ("rest_stop_limit", orders::rest_stop_limit),
    ("trailing_stop", orders::trailing_stop),
    ("immediate_or_cancel", orders::immediate_or_cancel),
    ("fill_or_kill", orders::fill_or_kill),
    ("conditional", orders::conditional),
    ("bracket", orders::bracket),
    ("on_close", orders::on_close),
    ("one_cancels_all", orders::one_cancels_all),
    ("global_cancel", orders::global_cancel),
    ("wrong_tick", orders::wrong_tick),
    ("unknown_contract_order", orders::unknown_contract_order),
    ("executions", knows::executions),
    ("executions_of_nobody", knows::executions_of_nobody),
    ("positions", knows::positions),
    ("sell_market", orders::sell_market),
    ("positions_multi", knows::positions_multi),
    ("completed_orders", knows::completed_orders),
];

fn main() -> Result<()> {
    let (port, client_id) = options()?;
    let mut session = Session::login(port, client_id)?;
    for (number, (name, step)) in STEPS.iter().enumerate() {
        let title = format!("{} {name}", number + 1);
        says::step(&title);
        step(&mut session).with_context(|| format!("step {title}"))?;
        session.settle();
    }
    Ok(())
}

fn options() -> Result<(u16, i32)> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--port", port, "--client-id", client_id] => Ok((port.parse()?, client_id.parse()?)),
        _ => bail!("usage: ibapi2 --port PORT --client-id ID"),
    }
}
