"""What a bot does in its life, once: every request kind that ordinary bots use, as numbered steps.

A step is a function of the connected client; what it returns is its summary. The same steps run straight
against the venue and through the gateway, so they may depend on nothing but the answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bots.programs import Failed

MINE = "DU1111111"
OTHER = "DU2222222"
ORDER_SECONDS = 15.0
STREAM_SECONDS = 3.0
# The end of the day before the simulator's own: what lies before it is the same for every run.
YESTERDAY = "20261117 21:00:00 UTC"
YESTERDAY_NEWS = "2026-11-17 21:00:00.0"


@dataclass
class Bot:
    """A connected client and what the steps share."""

    ib: Any
    library: Any
    spy: Any = None
    resting: Any = None
    near: float | None = None

    def order(self, kind: str, action: str, quantity: int, **more: object) -> Any:
        """An order for the bot's own account."""
        details = {"account": MINE, "tif": "DAY", "orderRef": "mine", **more}
        return self.library.Order(orderType=kind, action=action, totalQuantity=quantity, **details)

    def place(self, order: Any, *until: str) -> Any:
        """Places an order and waits for one of these statuses."""
        return self.await_status(self.ib.placeOrder(self.spy, order), *until)

    def await_status(self, trade: Any, *until: str) -> Any:
        """Waits for one of these statuses, and then for what belongs to it."""
        deadline = time.monotonic() + ORDER_SECONDS
        while trade.orderStatus.status not in until:
            if time.monotonic() > deadline:
                raise Failed(f"order {trade.order.orderId} is {trade.orderStatus.status}, not {' or '.join(until)}")
            self.ib.sleep(0.02)
        # What an execution does to the account is told within a second, and belongs to the step.
        self.ib.sleep(1.2 if trade.orderStatus.status == "Filled" else 0.3)
        return trade

    def reference_price(self) -> float:
        """A whole number near the market that two runs agree on: yesterday's close."""
        if self.near is None:
            bars = self.ib.reqHistoricalData(
                self.spy, YESTERDAY, "1 D", "1 day", "TRADES", useRTH=True, formatDate=1, keepUpToDate=False
            )
            self.near = float(round(bars[-1].close))
        return self.near


def told(trade: Any) -> tuple[object, ...]:
    """An order's life as the library tells it: statuses and error codes in order."""
    log = tuple((entry.status, getattr(entry, "errorCode", 0)) for entry in trade.log)
    return (trade.orderStatus.status, str(trade.filled()), str(trade.remaining()), log, trade.order.orderRef)


# What the bot may know.


def managed_accounts(bot: Bot) -> object:
    return bot.ib.managedAccounts()


def positions(bot: Bot) -> object:
    return len(bot.ib.reqPositions())


def open_orders(bot: Bot) -> object:
    return len(bot.ib.reqOpenOrders())


def all_open_orders(bot: Bot) -> object:
    return len(bot.ib.reqAllOpenOrders())


def completed_orders(bot: Bot) -> object:
    return len(bot.ib.reqCompletedOrders(False))


def account_values(bot: Bot) -> object:
    return sorted({value.tag for value in bot.ib.accountValues(MINE)})


def account_summary(bot: Bot) -> object:
    return sorted({(value.account, value.tag) for value in bot.ib.accountSummary()})


def account_updates(bot: Bot) -> object:
    bot.ib.reqAccountUpdates(MINE)
    tags = sorted({value.tag for value in bot.ib.accountValues(MINE)})
    bot.ib.client.reqAccountUpdates(False, MINE)
    return tags


def account_updates_multi(bot: Bot) -> object:
    bot.ib.reqAccountUpdatesMulti(OTHER, "")
    return sorted({value.tag for value in bot.ib.accountValues(OTHER)})


def executions(bot: Bot) -> object:
    return [(fill.execution.side, str(fill.execution.shares)) for fill in bot.ib.reqExecutions()]


def user_info(bot: Bot) -> object:
    return bot.ib.reqUserInfo()


def current_time(bot: Bot) -> object:
    return bot.ib.reqCurrentTime().tzinfo is not None


# What instruments there are.


def contract_details(bot: Bot) -> object:
    details = bot.ib.reqContractDetails(bot.library.Stock("SPY", "SMART", "USD"))
    bot.spy = details[0].contract
    return [(row.contract.conId, row.minTick, row.liquidHours) for row in details]


def unknown_contract(bot: Bot) -> object:
    return bot.ib.reqContractDetails(bot.library.Stock("NOSUCH", "SMART", "USD"))


def matching_symbols(bot: Bot) -> object:
    return [row.contract.symbol for row in bot.ib.reqMatchingSymbols("SP") or []]


def market_rule(bot: Bot) -> object:
    return bot.ib.reqMarketRule(26)


def option_chains(bot: Bot) -> object:
    return len(bot.ib.reqSecDefOptParams("SPY", "", "STK", bot.spy.conId))


# What the market does.


def market_data_type(bot: Bot) -> object:
    bot.ib.reqMarketDataType(1)
    return None


def market_data(bot: Bot) -> object:
    ticker = bot.ib.reqMktData(bot.spy, "", False, False)
    bot.ib.sleep(STREAM_SECONDS)
    bot.ib.cancelMktData(bot.spy)
    return (ticker.bid > 0, ticker.ask > ticker.bid, ticker.last > 0)


def snapshot(bot: Bot) -> object:
    [ticker] = bot.ib.reqTickers(bot.spy)
    return (ticker.bid > 0, ticker.ask > ticker.bid)


def unknown_market_data(bot: Bot) -> object:
    contract = bot.library.Contract(secType="STK", conId=999999999, symbol="NOSUCH", exchange="SMART", currency="USD")
    bot.ib.reqMktData(contract, "", False, False)
    bot.ib.sleep(1)
    bot.ib.cancelMktData(contract)
    return None


def tick_by_tick(bot: Bot) -> object:
    ticker = bot.ib.reqTickByTickData(bot.spy, "BidAsk")
    bot.ib.sleep(STREAM_SECONDS)
    bot.ib.cancelTickByTickData(bot.spy, "BidAsk")
    return ticker.bid > 0


def real_time_bars(bot: Bot) -> object:
    bars = bot.ib.reqRealTimeBars(bot.spy, 5, "TRADES", True)
    bot.ib.sleep(11)
    bot.ib.cancelRealTimeBars(bars)
    return len(bars) >= 1


def history_days(bot: Bot) -> object:
    bars = bot.ib.reqHistoricalData(
        bot.spy, YESTERDAY, "10 D", "1 day", "TRADES", useRTH=True, formatDate=1, keepUpToDate=False
    )
    return [(str(bar.date), bar.open, bar.high, bar.low, bar.close, str(bar.volume)) for bar in bars]


def history_minutes(bot: Bot) -> object:
    bars = bot.ib.reqHistoricalData(
        bot.spy, YESTERDAY, "3600 S", "5 mins", "MIDPOINT", useRTH=True, formatDate=2, keepUpToDate=False
    )
    return [(str(bar.date), bar.close) for bar in bars]


def history_until_now(bot: Bot) -> object:
    bars = bot.ib.reqHistoricalData(
        bot.spy, "", "2 D", "1 hour", "TRADES", useRTH=True, formatDate=1, keepUpToDate=False
    )
    return len(bars)


def history_up_to_date(bot: Bot) -> object:
    bars = bot.ib.reqHistoricalData(
        bot.spy, "", "1 D", "5 mins", "TRADES", useRTH=True, formatDate=1, keepUpToDate=True
    )
    bot.ib.sleep(STREAM_SECONDS)
    bot.ib.cancelHistoricalData(bars)
    return len(bars)


def history_empty(bot: Bot) -> object:
    return bot.ib.reqHistoricalData(
        bot.spy, "19700105 21:00:00 UTC", "1 D", "1 min", "TRADES", useRTH=True, formatDate=1,
        keepUpToDate=False,
    )  # fmt: skip


def history_invalid(bot: Bot) -> object:
    # ib_async takes the answer (321) for a warning and would wait for ever, so the request is sent beneath it.
    number = bot.ib.client.getReqId()
    bot.ib.client.reqHistoricalData(number, bot.spy, "", "1 D", "7 mins", "TRADES", True, 1, False, [])
    bot.ib.sleep(1)
    return None


def head_timestamp(bot: Bot) -> object:
    return str(bot.ib.reqHeadTimeStamp(bot.spy, "TRADES", useRTH=True, formatDate=1))


def profit(bot: Bot) -> object:
    entry = bot.ib.reqPnL(MINE)
    bot.ib.sleep(STREAM_SECONDS)
    bot.ib.cancelPnL(MINE)
    return entry.account


def profit_of_one(bot: Bot) -> object:
    entry = bot.ib.reqPnLSingle(MINE, "", bot.spy.conId)
    bot.ib.sleep(STREAM_SECONDS)
    bot.ib.cancelPnLSingle(MINE, "", bot.spy.conId)
    return (entry.account, entry.conId == bot.spy.conId)


def depth(bot: Bot) -> object:
    ticker = bot.ib.reqMktDepth(bot.spy, 3, isSmartDepth=True)
    bot.ib.sleep(STREAM_SECONDS)
    seen = (len(ticker.domBids), len(ticker.domAsks), ticker.domAsks[0].price > ticker.domBids[0].price)
    bot.ib.cancelMktDepth(bot.spy, isSmartDepth=True)
    return seen


def depth_exchanges(bot: Bot) -> object:
    return sorted((row.exchange, row.secType) for row in bot.ib.reqMktDepthExchanges())


def smart_components(bot: Bot) -> object:
    return len(bot.ib.reqSmartComponents("9c0001"))


def past_trades(bot: Bot) -> object:
    ticks = bot.ib.reqHistoricalTicks(bot.spy, "", YESTERDAY, 10, "TRADES", useRth=True)
    return [(str(tick.time), tick.price, str(tick.size)) for tick in ticks]


def past_quotes(bot: Bot) -> object:
    ticks = bot.ib.reqHistoricalTicks(bot.spy, "", YESTERDAY, 10, "BID_ASK", useRth=True)
    return [(str(tick.time), tick.priceBid, tick.priceAsk) for tick in ticks]


def past_midpoints(bot: Bot) -> object:
    ticks = bot.ib.reqHistoricalTicks(bot.spy, "", YESTERDAY, 10, "MIDPOINT", useRth=True)
    return [(str(tick.time), tick.price) for tick in ticks]


def histogram(bot: Bot) -> object:
    return len(bot.ib.reqHistogramData(bot.spy, True, "3 days")) > 0


def option_data(bot: Bot) -> object:
    ticker = bot.ib.reqMktData(_call(bot), "", False, False)
    bot.ib.sleep(STREAM_SECONDS)
    bot.ib.cancelMktData(ticker.contract)
    return (ticker.ask > ticker.bid, 0 < ticker.modelGreeks.delta < 1, ticker.bidGreeks.impliedVol is not None)


def implied_volatility(bot: Bot) -> object:
    found = bot.ib.calculateImpliedVolatility(_call(bot), 25.0, 700.0)
    return (round(found.impliedVol, 3), found.optPrice, found.undPrice)


def option_price(bot: Bot) -> object:
    found = bot.ib.calculateOptionPrice(_call(bot), 0.25, 700.0)
    return (round(found.impliedVol, 6), round(found.delta, 3))


def _call(bot: Bot) -> Any:
    # The library keeps tickers by contract number.
    [found] = bot.ib.reqContractDetails(bot.library.Option("SPY", "20261218", 690, "C", "SMART", currency="USD"))
    return found.contract


def news(bot: Bot) -> object:
    providers = [provider.code for provider in bot.ib.reqNewsProviders()]
    lines = bot.ib.reqHistoricalNews(bot.spy.conId, "+".join(providers), "", YESTERDAY_NEWS, 1)
    # Of several headlines both libraries hand out a list, of one this one.
    first = lines[0] if isinstance(lines, list) else lines
    article = bot.ib.reqNewsArticle(first.providerCode, first.articleId)
    return (providers, first.headline, article.articleText)


def scanner_parameters(bot: Bot) -> object:
    return "MOST_ACTIVE" in bot.ib.reqScannerParameters()


def scanner(bot: Bot) -> object:
    scan = bot.library.ScannerSubscription(
        instrument="STK", locationCode="STK.US.MAJOR", scanCode="MOST_ACTIVE", numberOfRows=3
    )
    found = [row.contractDetails.contract.symbol for row in bot.ib.reqScannerData(scan)]
    # The library cancels by itself, and the broker confirms it.
    bot.ib.sleep(1)
    return found


def fundamentals(bot: Bot) -> object:
    return bot.ib.reqFundamentalData(bot.library.Stock("AAPL", "SMART", "USD"), "ReportSnapshot")


# What the bot does.


def what_if(bot: Bot) -> object:
    state = bot.ib.whatIfOrder(bot.spy, bot.order("LMT", "BUY", 10, lmtPrice=bot.reference_price()))
    return (state.status, state.initMarginChange != "", state.commission > 0)


def buy_market(bot: Bot) -> object:
    return told(bot.place(bot.order("MKT", "BUY", 10), "Filled"))


def rest_limit(bot: Bot) -> object:
    order = bot.order("LMT", "BUY", 5, lmtPrice=round(bot.reference_price() * 0.9))
    bot.resting = bot.place(order, "Submitted")
    return told(bot.resting)


def modify_limit(bot: Bot) -> object:
    bot.resting.order.lmtPrice -= 1
    bot.resting.order.totalQuantity = 6
    bot.ib.placeOrder(bot.spy, bot.resting.order)
    bot.ib.sleep(1)
    return (told(bot.resting), bot.resting.order.lmtPrice, str(bot.resting.order.totalQuantity))


def cancel_limit(bot: Bot) -> object:
    bot.ib.cancelOrder(bot.resting.order)
    return told(bot.await_status(bot.resting, "Cancelled"))


def cancel_again(bot: Bot) -> object:
    bot.ib.client.cancelOrder(bot.resting.order.orderId, "")
    bot.ib.sleep(1)
    return told(bot.resting)


def rest_stop(bot: Bot) -> object:
    trade = bot.place(bot.order("STP", "SELL", 5, auxPrice=round(bot.reference_price() * 0.8)), "PreSubmitted")
    bot.ib.cancelOrder(trade.order)
    return told(bot.await_status(trade, "Cancelled"))


def bracket(bot: Bot) -> object:
    near = bot.reference_price()
    orders = bot.ib.bracketOrder(
        "BUY", 5, limitPrice=round(near * 0.9), takeProfitPrice=round(near * 1.1),
        stopLossPrice=round(near * 0.8), account=MINE, tif="DAY",
    )  # fmt: skip
    trades = [bot.ib.placeOrder(bot.spy, order) for order in orders]
    bot.await_status(trades[0], "Submitted")
    before = [told(trade) for trade in trades]
    bot.ib.cancelOrder(trades[0].order)
    for trade in trades:
        bot.await_status(trade, "Cancelled")
    return (before, [told(trade) for trade in trades])


def on_close(bot: Bot) -> object:
    trade = bot.ib.placeOrder(bot.spy, bot.order("MOC", "BUY", 5))
    bot.ib.sleep(1)
    seen = told(trade)
    bot.ib.cancelOrder(trade.order)
    return (seen, told(bot.await_status(trade, "Cancelled")))


def one_cancels_all(bot: Bot) -> object:
    near = bot.reference_price()
    orders = [
        bot.order("LMT", "BUY", 5, lmtPrice=round(near * 0.9)),
        bot.order("LMT", "BUY", 5, lmtPrice=round(near * 1.05)),
    ]
    trades = [bot.ib.placeOrder(bot.spy, order) for order in bot.ib.oneCancelsAll(orders, "either", 1)]
    bot.await_status(trades[1], "Filled")
    bot.await_status(trades[0], "Cancelled")
    return [told(trade) for trade in trades]


def global_cancel(bot: Bot) -> object:
    near = bot.reference_price()
    prices = [round(near * 0.9), round(near * 0.85)]
    trades = [bot.place(bot.order("LMT", "BUY", 5, lmtPrice=price), "Submitted") for price in prices]
    bot.ib.reqGlobalCancel()
    for trade in trades:
        bot.await_status(trade, "Cancelled")
    return [told(trade) for trade in trades]


def wrong_tick(bot: Bot) -> object:
    trade = bot.ib.placeOrder(bot.spy, bot.order("LMT", "BUY", 5, lmtPrice=round(bot.reference_price() * 0.9) + 0.0123))
    bot.ib.sleep(1)
    return told(trade)


def unknown_cancel(bot: Bot) -> object:
    bot.ib.client.cancelOrder(987654, "")
    bot.ib.sleep(1)
    return None


def sell_market(bot: Bot) -> object:
    return told(bot.place(bot.order("MKT", "SELL", 15), "Filled"))


STEPS: tuple[Callable[[Bot], object], ...] = (
    managed_accounts, positions, open_orders, completed_orders, account_values, account_summary,
    account_updates, account_updates_multi, executions, user_info, current_time,
    contract_details, unknown_contract, matching_symbols, market_rule, option_chains,
    market_data_type, market_data, snapshot, unknown_market_data, tick_by_tick, real_time_bars,
    history_days, history_minutes, history_until_now, history_up_to_date, history_empty, history_invalid,
    head_timestamp, depth, depth_exchanges, smart_components, past_trades, past_quotes, past_midpoints, histogram,
    option_data, implied_volatility, option_price, news, scanner_parameters, scanner, fundamentals,
    what_if, buy_market, profit, profit_of_one, rest_limit, modify_limit, cancel_limit, cancel_again,
    rest_stop, bracket, on_close, one_cancels_all, global_cancel, wrong_tick, unknown_cancel,
    open_orders, all_open_orders, executions, positions, sell_market, completed_orders,
)  # fmt: skip
