// What a bot may know: its accounts, its orders, the clock, and which instruments there are.
"use strict";

const { Failed } = require("./client.cjs");

const MINE = "DU1111111";
const OTHER = "DU2222222";
const SUMMARY_TAGS = "AccountType,NetLiquidation,TotalCashValue,BuyingPower,$LEDGER";

const stock = (symbol, conId) => ({ symbol, conId, secType: "STK", exchange: "SMART", currency: "USD" });

/** A step of a request without a number: ask, then wait for one kind. */
const plain = (ask, kinds, made) =>
  async function ({ client }) {
    const after = client.mark();
    ask(client.ib);
    return made(await client.any(after, kinds), after, client);
  };

/** A step of a numbered request: ask, wait for its end or its error, then cancel if that is usual. */
const numbered = (ask, kinds, made, cancel) =>
  async function (bot) {
    const { client } = bot;
    const [after, number] = [client.mark(), client.requestId()];
    ask(client.ib, number, bot);
    const said = await client.answer(after, number, ...kinds);
    if (cancel) cancel(client.ib, number, bot);
    return made(said, after, client);
  };

/** How many contracts of another kind than stocks there are. */
const kinds = (contract) =>
  numbered(
    (ib, number) => ib.reqContractDetails(number, { currency: "USD", ...contract }),
    ["contractDetailsEnd"],
    (said, after, client) => client.all(after, "contractDetails").length,
  );

const code = (said) => said.errorCode;
const tags = (rows, name) => [...new Set(rows.map((row) => row[name]))].sort();

module.exports = {
  MINE,
  code,
  numbered,
  plain,
  stock,

  managed_accounts: plain((ib) => ib.reqManagedAccts(), ["managedAccounts"], (said) => said.accountsList),
  next_id: plain((ib) => ib.reqIds(), ["nextValidId"], (said) => said.orderId),
  current_time: plain((ib) => ib.reqCurrentTime(), ["currentTime"], (said) => said.time > 1_700_000_000),
  user_info: plain((ib) => ib.reqUserInfo(77), ["userInfo"], (said) => said.whiteBrandingId),
  family_codes: plain((ib) => ib.reqFamilyCodes(), ["familyCodes"], (said) => said.familyCodes.length),
  adviser_groups: plain((ib) => ib.requestFA(1), ["receiveFA", "info"], code),

  server_log_level: async ({ client }) => client.ib.setServerLogLevel(2) && null,
  news_bulletins: async ({ client }) => client.ib.reqNewsBulletins(true).cancelNewsBulletins() && null,

  positions: async ({ client }) => {
    const after = client.mark();
    client.ib.reqPositions();
    await client.any(after, ["positionEnd"]);
    client.ib.cancelPositions();
    return client.all(after, "position").map((row) => [row.account, row.contract.symbol, row.pos]);
  },
  positions_multi: numbered(
    (ib, number) => ib.reqPositionsMulti(number, MINE, ""),
    ["positionMultiEnd"],
    (said, after, client) => client.all(after, "positionMulti").length,
    (ib, number) => ib.cancelPositionsMulti(number),
  ),
  account_updates: async ({ client }) => {
    const after = client.mark();
    client.ib.reqAccountUpdates(true, MINE);
    await client.any(after, ["accountDownloadEnd"]);
    client.ib.reqAccountUpdates(false, MINE);
    return tags(client.all(after, "updateAccountValue"), "key");
  },
  account_updates_multi: numbered(
    (ib, number) => ib.reqAccountUpdatesMulti(number, OTHER, "", false),
    ["accountUpdateMultiEnd"],
    (said, after, client) => tags(client.all(after, "accountUpdateMulti"), "key"),
    (ib, number) => ib.cancelAccountUpdatesMulti(number),
  ),
  account_summary: numbered(
    (ib, number) => ib.reqAccountSummary(number, "All", SUMMARY_TAGS),
    ["accountSummaryEnd"],
    (said, after, client) => tags(client.all(after, "accountSummary"), "tag"),
    (ib, number) => ib.cancelAccountSummary(number),
  ),

  open_orders: plain((ib) => ib.reqOpenOrders(), ["openOrderEnd"], (said, after, client) =>
    client.all(after, "openOrder").map((row) => row.orderId),
  ),
  all_open_orders: plain((ib) => ib.reqAllOpenOrders(), ["openOrderEnd"], (said, after, client) =>
    client.all(after, "openOrder").map((row) => row.orderId),
  ),
  // Refused with 327: only client 0 may bind manual orders. The library calls every refusal without a number "info".
  auto_open_orders: plain((ib) => ib.reqAutoOpenOrders(true), ["info"], code),
  completed_orders: plain((ib) => ib.reqCompletedOrders(false), ["completedOrdersEnd"], (said, after, client) =>
    client.all(after, "completedOrder").map((row) => [row.order.orderType, row.orderState.status]),
  ),
  executions: numbered(
    (ib, number) => ib.reqExecutions(number, {}),
    ["execDetailsEnd"],
    (said, after, client) => client.all(after, "execDetails").map((row) => [row.execution.side, row.execution.shares]),
  ),
  executions_of_nobody: numbered(
    (ib, number) => ib.reqExecutions(number, { symbol: "QQQ" }),
    ["execDetailsEnd"],
    (said, after, client) => client.all(after, "execDetails").length,
  ),

  contract_details: async (bot) => {
    const { client } = bot;
    const [after, number] = [client.mark(), client.requestId()];
    client.ib.reqContractDetails(number, stock("SPY"));
    await client.answer(after, number, "contractDetailsEnd");
    const rows = client.all(after, "contractDetails").map((row) => row.contractDetails);
    if (rows.length === 0) throw new Failed("no contract details of SPY");
    bot.spy = rows[0].contract;
    return rows.map((row) => [row.contract.conId, row.minTick]);
  },
  contract_details_by_number: numbered(
    (ib, number, bot) => ib.reqContractDetails(number, { conId: bot.spy.conId, exchange: "SMART" }),
    ["contractDetailsEnd"],
    (said, after, client) => client.all(after, "contractDetails").map((row) => row.contractDetails.contract.symbol),
  ),
  contract_details_of_an_option: kinds({
    symbol: "SPY", secType: "OPT", exchange: "SMART", lastTradeDateOrContractMonth: "20261120", strike: 700, right: "C",
  }), // prettier-ignore
  contract_details_of_futures: kinds({ symbol: "ES", secType: "FUT", exchange: "CME" }),
  contract_details_of_currencies: kinds({ symbol: "EUR", secType: "CASH", exchange: "IDEALPRO" }),
  unknown_contract: numbered(
    (ib, number) => ib.reqContractDetails(number, stock("NOSUCH")), ["contractDetailsEnd"], code,
  ), // prettier-ignore
  matching_symbols: numbered(
    (ib, number) => ib.reqMatchingSymbols(number, "SP"),
    ["symbolSamples"],
    (said) => said.contractDescriptions.map((row) => row.contract.symbol),
  ),
  market_rule: plain((ib) => ib.reqMarketRule(26), ["marketRule"], (said) => said.priceIncrements.length),
  option_parameters: numbered(
    (ib, number, bot) => ib.reqSecDefOptParams(number, "SPY", "", "STK", bot.spy.conId),
    ["securityDefinitionOptionParameterEnd"],
    (said, after, client) => client.all(after, "securityDefinitionOptionParameter").length,
  ),
};
