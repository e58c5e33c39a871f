// What a bot asks beyond quotes and bars: books, ticks of the past, options, news, scanners, display groups.
"use strict";

const { ScanCode } = require("@stoqey/ib");

const { Failed, sleep } = require("./client.cjs");
const { code, numbered, plain, stock } = require("./knows.cjs");
const { STREAM_MS, YESTERDAY } = require("./market.cjs");

const ROWS = 3;
const TICKS = 10;
const PROVIDERS = "BRFG+BRFUPDN+DJNL";
// Headlines before this moment are the same for every run.
const YESTERDAY_NEWS = "2026-11-17 21:00:00.0";

/** A call near the money. */
const option = () => ({
  ...stock("SPY"), secType: "OPT", lastTradeDateOrContractMonth: "20261218", strike: 690, right: "C",
}); // prettier-ignore

const past = (what, event) =>
  numbered(
    (ib, number, bot) => ib.reqHistoricalTicks(number, bot.spy, "", YESTERDAY, TICKS, what, 1, false),
    [event],
    (said) => [code(said), said.done, (said.ticks ?? []).map((tick) => tick.time)],
  );

/** Asks for the worth of an option; the answer is one tick of a model. */
const computed = (ask, cancel, made) =>
  numbered(ask, ["tickOptionComputation"], (said) => [code(said), ...made(said)], cancel);

module.exports = {
  depth: async ({ client }) => {
    const [after, number] = [client.mark(), client.requestId()];
    client.ib.reqMktDepth(number, stock("SPY"), ROWS, true);
    await client.any(after, ["updateMktDepthL2"]);
    await sleep(STREAM_MS);
    client.ib.cancelMktDepth(number, true);
    const rows = client.all(after, "updateMktDepthL2").filter((row) => row.operation === 0 && row.position < ROWS);
    return [...new Set(rows.map((row) => `${row.side} ${row.position}`))].sort();
  },
  depth_of_one_exchange: async ({ client }) => {
    const [after, number] = [client.mark(), client.requestId()];
    client.ib.reqMktDepth(number, { ...stock("SPY"), exchange: "ARCA" }, ROWS, false);
    await client.answer(after, number, "updateMktDepth");
    await sleep(STREAM_MS);
    client.ib.cancelMktDepth(number, false);
    return client.all(after, "updateMktDepth").length > 0;
  },
  depth_not_there: async ({ client }) => {
    const number = client.requestId();
    let after = client.mark();
    client.ib.reqMktDepth(number, stock("SPY"), ROWS, false);
    const refused = code(await client.answer(after, number));
    after = client.mark();
    client.ib.cancelMktDepth(number, false);
    return [refused, code(await client.answer(after, number))];
  },
  depth_exchanges: plain((ib) => ib.reqMktDepthExchanges(), ["mktDepthExchanges"], (said) =>
    said.depthMktDataDescriptions.map((row) => `${row.exchange} ${row.secType} ${row.serviceDataType}`).sort(),
  ),
  smart_components: async ({ client }) => {
    const { bboExchange } = await client.any(0, ["tickReqParams"]);
    const [after, number] = [client.mark(), client.requestId()];
    client.ib.reqSmartComponents(number, bboExchange);
    return (await client.answer(after, number, "smartComponents")).theMap.size;
  },

  past_trades: past("TRADES", "historicalTicksLast"),
  past_quotes: past("BID_ASK", "historicalTicksBidAsk"),
  past_midpoints: past("MIDPOINT", "historicalTicks"),
  past_of_no_end: numbered(
    (ib, number, bot) => ib.reqHistoricalTicks(number, bot.spy, "", "", TICKS, "TRADES", 1, false),
    ["historicalTicksLast"],
    code,
  ),
  histogram: numbered(
    (ib, number, bot) => ib.reqHistogramData(number, bot.spy, true, 3, "DAY"),
    ["histogramData"],
    (said) => said.data.length > 0,
  ),

  option_data: async ({ client }) => {
    const [after, number] = [client.mark(), client.requestId()];
    client.ib.reqMktData(number, option(), "", false, false);
    await client.answer(after, number, "tickOptionComputation");
    await sleep(STREAM_MS);
    client.ib.cancelMktData(number);
    const kinds = client.all(after, "tickOptionComputation").map((row) => row.tickType);
    return [...new Set(kinds)].sort((a, b) => a - b);
  },
  implied_volatility: computed(
    (ib, number) => ib.calculateImpliedVolatility(number, option(), 25, 700),
    (ib, number) => ib.cancelCalculateImpliedVolatility(number),
    (said) => [said.optPrice, said.undPrice, said.impliedVolatility?.toFixed(3)],
  ),
  option_price: computed(
    (ib, number) => ib.calculateOptionPrice(number, option(), 0.25, 700),
    (ib, number) => ib.cancelCalculateOptionPrice(number),
    (said) => [said.impliedVolatility?.toFixed(6), said.delta?.toFixed(3)],
  ),

  news_providers: plain((ib) => ib.reqNewsProviders(), ["newsProviders"], (said) =>
    said.newsProviders.map((row) => row.providerCode ?? row.code),
  ),
  news: async ({ client, spy }) => {
    let [after, number] = [client.mark(), client.requestId()];
    client.ib.reqHistoricalNews(number, spy.conId, PROVIDERS, "", YESTERDAY_NEWS, 5);
    await client.answer(after, number, "historicalNewsEnd");
    const lines = client.all(after, "historicalNews");
    if (lines.length === 0) throw new Failed("no headline of yesterday");
    [after, number] = [client.mark(), client.requestId()];
    client.ib.reqNewsArticle(number, lines[0].providerCode, lines[0].articleId);
    const article = await client.answer(after, number, "newsArticle");
    return [lines.map((line) => line.headline), article.articleType];
  },
  unknown_article: numbered(
    (ib, number) => ib.reqNewsArticle(number, "BRFG", "BRFG$ffffffff"), ["newsArticle"], code,
  ), // prettier-ignore

  scanner_parameters: plain((ib) => ib.reqScannerParameters(), ["scannerParameters"], (said) =>
    said.xml.includes("MOST_ACTIVE"),
  ),
  scanner: async ({ client }) => {
    const number = client.requestId();
    let after = client.mark();
    const scan = { instrument: "STK", locationCode: "STK.US.MAJOR", scanCode: ScanCode.MOST_ACTIVE, numberOfRows: 3 };
    client.ib.reqScannerSubscription(number, scan);
    await client.answer(after, number, "scannerDataEnd");
    const found = client.all(after, "scannerData").slice(0, 3);
    after = client.mark();
    client.ib.cancelScannerSubscription(number);
    const confirmed = code(await client.answer(after, number));
    return [found.map((row) => (row.contractDetails.contract ?? row.contractDetails).symbol), confirmed];
  },

  // What other vendors' data fill: an answer, or the error that says it is not offered.
  fundamentals: numbered(
    (ib, number) => ib.reqFundamentalData(number, stock("AAPL"), "ReportSnapshot"), ["fundamentalData"], code,
  ), // prettier-ignore
  calendar: numbered((ib, number) => ib.reqWshMetaData(number), ["wshMetaData"], code),
  calendar_events: numbered(
    (ib, number, bot) => ib.reqWshEventData(number, bot.spy.conId), ["wshEventData"], code,
  ), // prettier-ignore

  display_groups: async ({ client, spy }) => {
    let [after, number] = [client.mark(), client.requestId()];
    client.ib.queryDisplayGroups(number);
    const { groups } = await client.answer(after, number, "displayGroupList");
    [after, number] = [client.mark(), client.requestId()];
    client.ib.subscribeToGroupEvents(number, 1);
    const shown = [(await client.answer(after, number, "displayGroupUpdated")).contractInfo];
    after = client.mark();
    client.ib.updateDisplayGroup(number, `${spy.conId}@SMART`);
    shown.push((await client.answer(after, number, "displayGroupUpdated")).contractInfo);
    client.ib.unsubscribeFromGroupEvents(number);
    return [groups, shown];
  },
  soft_dollar_tiers: numbered((ib, number) => ib.reqSoftDollarTiers(number), ["softDollarTiers"], (said) =>
    said.tiers.length,
  ),
};
