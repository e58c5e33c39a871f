// Plays the whole script once and prints what the client was told.
//
//     NODE_PATH=…/node_modules node play.cjs --port 4002 --client-id 11
"use strict";

const { Client, say } = require("./client.cjs");
const knows = require("./knows.cjs");
const market = require("./market.cjs");
const orders = require("./orders.cjs");
const research = require("./research.cjs");

const ALL = { ...knows, ...market, ...research, ...orders };
const STEPS = `
  managed_accounts next_id current_time user_info family_codes server_log_level news_bulletins adviser_groups
  positions positions_multi account_updates account_updates_multi account_summary open_orders auto_open_orders
  completed_orders executions
  contract_details contract_details_by_number contract_details_of_an_option
  contract_details_of_futures contract_details_of_currencies unknown_contract matching_symbols market_rule option_parameters
  market_data_type market_data snapshot unknown_market_data cancel_unknown_market_data
  tick_by_tick_bid_ask tick_by_tick_last tick_by_tick_all_last tick_by_tick_midpoint real_time_bars
  history_days history_minutes history_until_now history_up_to_date history_schedule history_empty history_invalid
  cancel_finished_history head_timestamp
  depth depth_of_one_exchange depth_not_there depth_exchanges smart_components
  past_trades past_quotes past_midpoints past_of_no_end histogram option_data implied_volatility option_price
  news_providers news unknown_article scanner_parameters scanner fundamentals calendar calendar_events
  display_groups soft_dollar_tiers
  what_if buy_market profit profit_of_one rest_limit open_orders all_open_orders modify_limit cancel_limit
  cancel_again cancel_unknown duplicate_number rest_stop rest_stop_limit trailing_stop immediate_or_cancel
  fill_or_kill good_till_date conditional bracket on_close one_cancels_all global_cancel wrong_tick
  unknown_contract_order executions executions_of_nobody positions sell_market
  positions_multi completed_orders`.trim().split(/\s+/);

function option(name) {
  const at = process.argv.indexOf(name);
  const value = at < 0 ? NaN : Number(process.argv[at + 1]);
  if (!Number.isInteger(value)) throw new Error(`${name} wants a number`);
  return value;
}

async function main() {
  const client = new Client(option("--port"));
  await client.login(option("--client-id"));
  const bot = { client, spy: undefined, near: 0, resting: 0 };
  say("result", JSON.stringify([client.version, client.nextOrder]));
  for (const [at, name] of STEPS.entries()) {
    say("step", `${at + 1} ${name}`);
    try {
      const value = await ALL[name](bot);
      await client.settle();
      say("result", JSON.stringify(value ?? null));
    } catch (error) {
      error.message = `step ${at + 1} ${name}: ${error.message}`;
      throw error;
    }
  }
  client.ib.disconnect();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error.stack);
    process.exit(1);
  },
);
