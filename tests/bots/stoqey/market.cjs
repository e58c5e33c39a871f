// What a bot asks of the market: quotes, ticks, bars, history.
"use strict";

const { Failed, sleep } = require("./client.cjs");
const { MINE, code, numbered, stock } = require("./knows.cjs");

const STREAM_MS = 1000;
const TICKS_APART_MS = 2000;
// The end of the day before the simulator's own: what lies before it is the same for every run.
const YESTERDAY = "20261117-21:00:00";

/** A finished history; its bars. */
const history = (end, duration, size, what, form, made) =>
  numbered(
    (ib, number, bot) => ib.reqHistoricalData(number, bot.spy, end, duration, size, what, 1, form, false),
    ["historicalDataEnd"],
    (said, after, client) => made(client.all(after, "historicalData").map((row) => [row.date, row.close]), said),
  );

const ticks = (kind, event) => {
  const once = numbered(
    (ib, number, bot) => ib.reqTickByTickData(number, bot.spy, kind, 0, false),
    [event],
    (said, after, client) => client.all(after, event).length > 0,
    (ib, number) => ib.cancelTickByTickData(number),
  );
  return async (bot) => {
    // One request per instrument in fifteen seconds of the venue, which are ten times faster.
    await sleep(TICKS_APART_MS);
    return once(bot);
  };
};

const days = history(YESTERDAY, "10 D", "1 day", "TRADES", 1, (bars) => bars);

module.exports = {
  STREAM_MS,
  YESTERDAY,

  market_data_type: async ({ client }) => client.ib.reqMarketDataType(1) && null,
  market_data: async ({ client, spy }) => {
    const [after, number] = [client.mark(), client.requestId()];
    client.ib.reqMktData(number, spy, "", false, false);
    await client.answer(after, number, "tickPrice");
    await sleep(STREAM_MS);
    client.ib.cancelMktData(number);
    return [...new Set(client.all(after, "tickPrice").map((row) => row.tickType))].sort((a, b) => a - b);
  },
  snapshot: numbered(
    (ib, number, bot) => ib.reqMktData(number, bot.spy, "", true, false),
    ["tickSnapshotEnd"],
    (said, after, client) => client.all(after, "tickPrice").length > 0,
  ),
  unknown_market_data: numbered(
    (ib, number) => ib.reqMktData(number, stock("NOSUCH"), "", false, false), ["tickPrice"], code,
  ), // prettier-ignore
  cancel_unknown_market_data: numbered((ib, number) => ib.cancelMktData(number), [], code),
  tick_by_tick_bid_ask: ticks("BidAsk", "tickByTickBidAsk"),
  tick_by_tick_last: ticks("Last", "tickByTickAllLast"),
  tick_by_tick_all_last: ticks("AllLast", "tickByTickAllLast"),
  tick_by_tick_midpoint: ticks("MidPoint", "tickByTickMidPoint"),
  real_time_bars: numbered(
    (ib, number, bot) => ib.reqRealTimeBars(number, bot.spy, 5, "TRADES", true),
    ["realtimeBar"],
    (said, after, client) => client.all(after, "realtimeBar").length > 0,
    (ib, number) => ib.cancelRealTimeBars(number),
  ),

  history_days: async (bot) => {
    const bars = await days(bot);
    if (bars.length === 0) throw new Failed("no history of yesterday");
    // A whole number near the market that two runs agree on.
    bot.near = Math.round(bars[bars.length - 1][1]);
    return bars;
  },
  history_minutes: history(YESTERDAY, "3600 S", "5 mins", "MIDPOINT", 2, (bars) => bars),
  history_until_now: history("", "2 D", "1 hour", "TRADES", 1, (bars) => bars.length),
  history_up_to_date: numbered(
    (ib, number, bot) => ib.reqHistoricalData(number, bot.spy, "", "1 D", "1 hour", "TRADES", 1, 1, true),
    ["historicalDataUpdate"],
    (said, after, client) => client.all(after, "historicalData").length,
    (ib, number) => ib.cancelHistoricalData(number),
  ),
  history_schedule: numbered(
    (ib, number, bot) => ib.reqHistoricalData(number, bot.spy, YESTERDAY, "5 D", "1 day", "SCHEDULE", 1, 1, false),
    ["historicalSchedule"],
    (said) => (said.sessions ?? []).length,
  ),
  history_empty: history("19700105-21:00:00", "1 D", "1 min", "TRADES", 1, (bars, said) => code(said)),
  history_invalid: history("", "1 D", "7 mins", "TRADES", 1, (bars, said) => code(said)),
  cancel_finished_history: numbered((ib, number) => ib.cancelHistoricalData(number), [], code),
  head_timestamp: numbered(
    (ib, number, bot) => ib.reqHeadTimestamp(number, bot.spy, "TRADES", true, 1),
    ["headTimestamp"],
    (said) => said.headTimestamp,
    (ib, number) => ib.cancelHeadTimestamp(number),
  ),

  profit: numbered(
    (ib, number) => ib.reqPnL(number, MINE, ""),
    ["pnl"],
    (said, after, client) => client.all(after, "pnl").length > 0,
    (ib, number) => ib.cancelPnL(number),
  ),
  profit_of_one: numbered(
    (ib, number, bot) => ib.reqPnLSingle(number, MINE, "", bot.spy.conId),
    ["pnlSingle"],
    (said) => said.pos,
    (ib, number) => ib.cancelPnLSingle(number),
  ),
};
