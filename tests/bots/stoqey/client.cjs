// An unmodified @stoqey/ib whose every event is written down, one JSON line each, on standard output: the lines of
// `bots/says.py`. The library is found through NODE_PATH, so that no node_modules lies in the tree.
"use strict";

const { IBApi, EventName } = require("@stoqey/ib");

const ANSWER_MS = 15_000;
// So long must nothing but streams come before a step counts as answered.
const QUIET_MS = 250;

// What the arguments of each event are. The library documents them and hands them over by place.
const NAMES = {
  accountDownloadEnd: "account",
  accountSummary: "reqId account tag value currency",
  accountSummaryEnd: "reqId",
  accountUpdateMulti: "reqId account modelCode key value currency",
  accountUpdateMultiEnd: "reqId",
  commissionReport: "commissionReport",
  completedOrder: "contract order orderState",
  completedOrdersEnd: "",
  contractDetails: "reqId contractDetails",
  contractDetailsEnd: "reqId",
  currentTime: "time",
  displayGroupList: "reqId groups",
  displayGroupUpdated: "reqId contractInfo",
  error: "reqId errorCode errorString advancedOrderRejectJson",
  execDetails: "reqId contract execution",
  execDetailsEnd: "reqId",
  familyCodes: "familyCodes",
  fundamentalData: "reqId data",
  headTimestamp: "reqId headTimestamp",
  histogramData: "reqId data",
  historicalData: "reqId date open high low close volume count WAP hasGaps",
  historicalDataEnd: "reqId start end",
  historicalDataUpdate: "reqId date open high low close volume count WAP",
  historicalNews: "reqId time providerCode articleId headline",
  historicalNewsEnd: "reqId hasMore",
  historicalSchedule: "reqId start end timeZone sessions",
  historicalTicks: "reqId ticks done",
  historicalTicksBidAsk: "reqId ticks done",
  historicalTicksLast: "reqId ticks done",
  info: "errorString errorCode",
  managedAccounts: "accountsList",
  marketDataType: "reqId marketDataType",
  marketRule: "marketRuleId priceIncrements",
  mktDepthExchanges: "depthMktDataDescriptions",
  newsArticle: "reqId articleType articleText",
  newsProviders: "newsProviders",
  nextValidId: "orderId",
  openOrder: "orderId contract order orderState",
  openOrderEnd: "",
  orderStatus:
    "orderId status filled remaining avgFillPrice permId parentId lastFillPrice clientId whyHeld mktCapPrice",
  pnl: "reqId dailyPnL unrealizedPnL realizedPnL",
  pnlSingle: "reqId pos dailyPnL unrealizedPnL realizedPnL value",
  position: "account contract pos avgCost",
  positionEnd: "",
  positionMulti: "reqId account modelCode contract pos avgCost",
  positionMultiEnd: "reqId",
  realtimeBar: "reqId date open high low close volume WAP count",
  receiveFA: "faDataType faXmlData",
  scannerData: "reqId rank contractDetails distance benchmark projection legsStr",
  scannerDataEnd: "reqId",
  scannerParameters: "xml",
  securityDefinitionOptionParameter:
    "reqId exchange underlyingConId tradingClass multiplier expirations strikes",
  securityDefinitionOptionParameterEnd: "reqId",
  smartComponents: "reqId theMap",
  softDollarTiers: "reqId tiers",
  symbolSamples: "reqId contractDescriptions",
  tickByTickAllLast: "reqId tickType time price size tickAttribLast exchange specialConditions",
  tickByTickBidAsk: "reqId time bidPrice askPrice bidSize askSize tickAttribBidAsk",
  tickByTickMidPoint: "reqId time midPoint",
  tickGeneric: "reqId tickType value",
  tickOptionComputation:
    "reqId tickType tickAttrib impliedVolatility delta optPrice pvDividend gamma vega theta undPrice",
  tickPrice: "reqId tickType price attribs",
  tickReqParams: "reqId minTick bboExchange snapshotPermissions",
  tickSize: "reqId tickType size",
  tickSnapshotEnd: "reqId",
  tickString: "reqId tickType value",
  updateAccountTime: "timeStamp",
  updateAccountValue: "key val currency accountName",
  updateMktDepth: "reqId position operation side price size",
  updateMktDepthL2: "reqId position marketMaker operation side price size isSmartDepth",
  updatePortfolio:
    "contract position marketPrice marketValue averageCost unrealizedPNL realizedPNL accountName",
  // Documented with one argument; the library hands over two.
  userInfo: "reqId whiteBrandingId",
  wshEventData: "reqId dataJson",
  wshMetaData: "reqId dataJson",
};

const STREAMS = new Set([
  "accountSummary", "accountUpdateMulti", "historicalDataUpdate", "pnl", "pnlSingle", "position", "positionMulti",
  "realtimeBar", "tickByTickAllLast", "tickByTickBidAsk", "tickByTickMidPoint", "tickGeneric", "tickOptionComputation",
  "tickPrice", "tickSize", "tickString",
  "updateAccountTime", "updateAccountValue", "updateMktDepth", "updateMktDepthL2", "updatePortfolio",
]); // prettier-ignore

// What the library says by itself, when a socket opens or closes.
const OWN = new Set(["connected", "disconnected", "server", "connectionClosed"]);

class Failed extends Error {}

function say(...words) {
  process.stdout.write(JSON.stringify(words) + "\n");
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** A value as pairs of name and text. */
function flat(name, value) {
  if (value === undefined || value === null) return [[name, ""]];
  if (value instanceof Map) return flat(name, [...value.entries()]);
  if (Array.isArray(value)) {
    return [[`${name}.len`, String(value.length)], ...value.flatMap((item, at) => flat(`${name}[${at}]`, item))];
  }
  if (typeof value === "object") {
    return Object.entries(value).flatMap(([member, held]) => flat(`${name}.${member}`, held));
  }
  return [[name, String(value)]];
}

/** The connected library, its record, and waiting for what the record brings. */
class Client {
  constructor(port) {
    this.ib = new IBApi({ host: "127.0.0.1", port });
    this.record = [];
    this.lastAnswer = performance.now();
    this.lastRequest = 1000;
    this.nextOrder = 0;
    this.version = 0;
    this.ib.on(EventName.server, (version) => (this.version = version));
    this.ib.on(EventName.result, (kind, values) => this.hear(kind, values));
    this.ib.on(EventName.error, (error, code, reqId, advanced) =>
      this.hear("error", [reqId, code, error.message, advanced]),
    );
  }

  hear(kind, values) {
    if (OWN.has(kind)) return;
    // The end of a history is told as one more bar.
    const end = kind === "historicalData" && /^finished-(\d{8}.*)-(\d{8}.*)$/.exec(values[1]);
    if (end) [kind, values] = ["historicalDataEnd", [values[0], end[1], end[2]]];
    if (!(kind in NAMES)) throw new Failed(`an event that the check does not know: ${kind}`);
    // Written by the library itself when a message has a field more or less than it knows.
    if (kind === "error" && /^(Decoding|Underrun) error on/.test(values[2])) throw new Failed(values[2]);
    const names = NAMES[kind].split(" ").filter(Boolean);
    const said = Object.fromEntries(names.map((name, at) => [name, values[at]]));
    say("heard", kind, names.flatMap((name) => flat(name, said[name])));
    this.record.push([kind, said]);
    if (!STREAMS.has(kind)) this.lastAnswer = performance.now();
  }

  async login(clientId) {
    this.ib.connect(clientId);
    await this.any(0, ["managedAccounts"]);
    this.nextOrder = (await this.any(0, ["nextValidId"])).orderId;
    await this.settle();
  }

  requestId() {
    return ++this.lastRequest;
  }

  orderId() {
    return this.nextOrder++;
  }

  mark() {
    return this.record.length;
  }

  /** The first event of one of these kinds after a mark. */
  async any(after, kinds, where = () => true) {
    const deadline = performance.now() + ANSWER_MS;
    while (performance.now() < deadline) {
      const found = this.record.slice(after).find(([kind, said]) => kinds.includes(kind) && where(said));
      if (found) return found[1];
      await sleep(5);
    }
    throw new Failed(`no ${kinds.join(" or ")} within ${ANSWER_MS} ms`);
  }

  /** The answer to a numbered request, or the error that stands in its place. */
  answer(after, number, ...kinds) {
    // The library hands the number of accountUpdateMultiEnd over as text.
    return this.any(after, [...kinds, "error"], (said) => Number(said.reqId) === number);
  }

  all(after, kind) {
    return this.record.slice(after).filter(([heard]) => heard === kind).map(([, said]) => said);
  }

  /** Waits until what belongs to the step has come, ticks that a cancel crossed on its way included. */
  async settle() {
    const begun = performance.now();
    for (;;) {
      const quiet = performance.now() - Math.max(begun, this.lastAnswer);
      if (quiet >= QUIET_MS) return;
      await sleep(QUIET_MS - quiet);
    }
  }
}

module.exports = { Client, Failed, say, sleep };
