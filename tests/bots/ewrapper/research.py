"""What a bot asks beyond quotes and bars: books, ticks of the past, options, news, scanners, display groups."""

from __future__ import annotations

import time
from typing import Any

from ibapi.contract import Contract
from ibapi.scanner import ScannerSubscription

from bots.ewrapper.bot import Bot, stock
from bots.programs import Failed

STREAM_SECONDS = 1.0
ROWS = 3
TICKS = 10
PROVIDERS = "BRFG+BRFUPDN+DJNL"
# Ticks, headlines and articles before this moment are the same for every run.
YESTERDAY_NEWS = "2026-11-17 21:00:00.0"


def option() -> Any:
    """A call near the money."""
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "SPY", "OPT", "SMART", "USD"
    contract.lastTradeDateOrContractMonth, contract.strike, contract.right = "20261218", 690.0, "C"
    return contract


def depth(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqMktDepth(number, stock("SPY"), ROWS, True, [])
    bot.app.await_any(after, "updateMktDepthL2")
    time.sleep(STREAM_SECONDS)
    bot.app.cancelMktDepth(number, True)
    rows = bot.app.all_since(after, "updateMktDepthL2")
    return sorted({(row["side"], row["position"]) for row in rows if row["operation"] == 0 and row["position"] < ROWS})


def depth_of_one_exchange(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    contract = stock("SPY")
    contract.exchange = "ARCA"
    bot.app.reqMktDepth(number, contract, ROWS, False, [])
    bot.app.await_answer(after, number, "updateMktDepth")
    time.sleep(STREAM_SECONDS)
    bot.app.cancelMktDepth(number, False)
    return len(bot.app.all_since(after, "updateMktDepth")) > 0


def depth_not_there(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqMktDepth(number, stock("SPY"), ROWS, False, [])
    refused = bot.app.await_answer(after, number).get("errorCode")
    after = bot.app.mark()
    bot.app.cancelMktDepth(number, False)
    return (refused, bot.app.await_answer(after, number).get("errorCode"))


def depth_exchanges(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqMktDepthExchanges()
    said = bot.app.await_any(after, "mktDepthExchanges")["depthMktDataDescriptions"]
    return sorted((row.exchange, row.secType, row.serviceDataType) for row in said)


def smart_components(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    set_of = bot.app.await_any(0, "tickReqParams")["bboExchange"]
    bot.app.reqSmartComponents(number, set_of)
    return len(bot.app.await_answer(after, number, "smartComponents")["smartComponentMap"])


def _past(bot: Bot, what: str, callback: str) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHistoricalTicks(number, bot.spy, "", bot.yesterday, TICKS, what, 1, False, [])
    said = bot.app.await_answer(after, number, callback)
    return (said.get("errorCode"), said.get("done"), [tick.time for tick in said.get("ticks", ())])


def past_trades(bot: Bot) -> object:
    return _past(bot, "TRADES", "historicalTicksLast")


def past_quotes(bot: Bot) -> object:
    return _past(bot, "BID_ASK", "historicalTicksBidAsk")


def past_midpoints(bot: Bot) -> object:
    return _past(bot, "MIDPOINT", "historicalTicks")


def past_of_no_end(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHistoricalTicks(number, bot.spy, "", "", TICKS, "TRADES", 1, False, [])
    return bot.app.await_answer(after, number, "historicalTicksLast").get("errorCode")


def histogram(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHistogramData(number, bot.spy, True, "3 days")
    return len(bot.app.await_answer(after, number, "histogramData").get("items", ())) > 0


def option_data(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqMktData(number, option(), "", False, False, [])
    bot.app.await_answer(after, number, "tickOptionComputation")
    time.sleep(STREAM_SECONDS)
    bot.app.cancelMktData(number)
    return sorted({row["tickType"] for row in bot.app.all_since(after, "tickOptionComputation")})


def implied_volatility(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.calculateImpliedVolatility(number, option(), 25.0, 700.0, [])
    said = bot.app.await_answer(after, number, "tickOptionComputation")
    bot.app.cancelCalculateImpliedVolatility(number)
    return (said.get("errorCode"), said["optPrice"], said["undPrice"], round(said["impliedVol"], 3))


def option_price(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.calculateOptionPrice(number, option(), 0.25, 700.0, [])
    said = bot.app.await_answer(after, number, "tickOptionComputation")
    bot.app.cancelCalculateOptionPrice(number)
    return (said.get("errorCode"), round(said["impliedVol"], 6), round(said["delta"], 3))


def news(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqNewsProviders()
    providers = [provider.code for provider in bot.app.await_any(after, "newsProviders")["newsProviders"]]
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHistoricalNews(number, bot.spy.conId, PROVIDERS, "", YESTERDAY_NEWS, 5, [])
    bot.app.await_answer(after, number, "historicalNewsEnd")
    lines = bot.app.all_since(after, "historicalNews")
    if not lines:
        raise Failed("no headline of yesterday")
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqNewsArticle(number, lines[0]["providerCode"], lines[0]["articleId"], [])
    article = bot.app.await_answer(after, number, "newsArticle")
    return (providers, [line["headline"] for line in lines], article.get("articleType"))


def unknown_article(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqNewsArticle(number, "BRFG", "BRFG$ffffffff", [])
    return bot.app.await_answer(after, number, "newsArticle").get("errorCode")


def scanner_parameters(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqScannerParameters()
    return "MOST_ACTIVE" in bot.app.await_any(after, "scannerParameters")["xml"]


def scanner(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    scan = ScannerSubscription()
    scan.instrument, scan.locationCode, scan.scanCode, scan.numberOfRows = "STK", "STK.US.MAJOR", "MOST_ACTIVE", 3
    bot.app.reqScannerSubscription(number, scan, [], [])
    bot.app.await_answer(after, number, "scannerDataEnd")
    found = bot.app.all_since(after, "scannerData")
    after = bot.app.mark()
    bot.app.cancelScannerSubscription(number)
    confirmed = bot.app.await_answer(after, number).get("errorCode")
    return ([row["contractDetails"].contract.symbol for row in found[:3]], confirmed)


def fundamentals(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqFundamentalData(number, stock("AAPL"), "ReportSnapshot", [])
    return bot.app.await_answer(after, number, "fundamentalData").get("errorCode")


def calendar(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqWshMetaData(number)
    return bot.app.await_answer(after, number, "wshMetaData").get("errorCode")


def display_groups(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.queryDisplayGroups(number)
    groups = bot.app.await_answer(after, number, "displayGroupList").get("groups")
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.subscribeToGroupEvents(number, 1)
    shown = [bot.app.await_answer(after, number, "displayGroupUpdated").get("contractInfo")]
    after = bot.app.mark()
    bot.app.updateDisplayGroup(number, f"{bot.spy.conId}@SMART")
    shown.append(bot.app.await_answer(after, number, "displayGroupUpdated").get("contractInfo"))
    bot.app.unsubscribeFromGroupEvents(number)
    return (groups, shown)


def soft_dollar_tiers(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqSoftDollarTiers(number)
    return len(bot.app.await_answer(after, number, "softDollarTiers").get("tiers", ()))
