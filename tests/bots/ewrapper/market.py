"""What a bot asks of the market: quotes, ticks, bars, history."""

from __future__ import annotations

import time

from bots.ewrapper.bot import MINE, Bot, stock
from bots.programs import Failed

STREAM_SECONDS = 1.0


def market_data_type(bot: Bot) -> object:
    bot.app.reqMarketDataType(1)
    return None


def market_data(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqMktData(number, bot.spy, "", False, False, [])
    bot.app.await_answer(after, number, "tickPrice")
    time.sleep(STREAM_SECONDS)
    bot.app.cancelMktData(number)
    return sorted({row["tickType"] for row in bot.app.all_since(after, "tickPrice")})


def snapshot(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqMktData(number, bot.spy, "", True, False, [])
    bot.app.await_answer(after, number, "tickSnapshotEnd")
    return len(bot.app.all_since(after, "tickPrice")) > 0


def unknown_market_data(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqMktData(number, stock("NOSUCH"), "", False, False, [])
    return bot.app.await_answer(after, number, "tickPrice").get("errorCode")


def cancel_unknown_market_data(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.cancelMktData(number)
    return bot.app.await_answer(after, number).get("errorCode")


def _tick_by_tick(bot: Bot, kind: str, callback: str) -> object:
    # One request per instrument in fifteen seconds of the venue, which are ten times faster.
    time.sleep(2.0)
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqTickByTickData(number, bot.spy, kind, 0, False)
    bot.app.await_answer(after, number, callback)
    bot.app.cancelTickByTickData(number)
    return len(bot.app.all_since(after, callback)) > 0


def tick_by_tick_bid_ask(bot: Bot) -> object:
    return _tick_by_tick(bot, "BidAsk", "tickByTickBidAsk")


def tick_by_tick_last(bot: Bot) -> object:
    return _tick_by_tick(bot, "AllLast", "tickByTickAllLast")


def real_time_bars(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqRealTimeBars(number, bot.spy, 5, "TRADES", True, [])
    bot.app.await_answer(after, number, "realtimeBar")
    bot.app.cancelRealTimeBars(number)
    return len(bot.app.all_since(after, "realtimeBar")) > 0


def _history(bot: Bot, end: str, duration: str, size: str, what: str, form: int = 1) -> list[tuple[str, float]]:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHistoricalData(number, bot.spy, end, duration, size, what, 1, form, False, [])
    bot.app.await_answer(after, number, "historicalDataEnd")
    return [(row["bar"].date, row["bar"].close) for row in bot.app.all_since(after, "historicalData")]


def history_days(bot: Bot) -> object:
    bars = _history(bot, bot.yesterday, "10 D", "1 day", "TRADES")
    if not bars:
        raise Failed("no history of yesterday")
    # A whole number near the market that two runs agree on.
    bot.near = round(bars[-1][1])
    return bars


def history_minutes(bot: Bot) -> object:
    return _history(bot, bot.yesterday, "3600 S", "5 mins", "MIDPOINT", 2)


def history_until_now(bot: Bot) -> object:
    return len(_history(bot, "", "2 D", "1 hour", "TRADES"))


def history_up_to_date(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHistoricalData(number, bot.spy, "", "1 D", "1 hour", "TRADES", 1, 1, True, [])
    bot.app.await_answer(after, number, "historicalDataUpdate")
    bot.app.cancelHistoricalData(number)
    return len(bot.app.all_since(after, "historicalData"))


def history_schedule(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHistoricalData(number, bot.spy, bot.yesterday, "5 D", "1 day", "SCHEDULE", 1, 1, False, [])
    said = bot.app.await_answer(after, number, "historicalSchedule")
    return (said.get("errorCode"), len(said.get("sessions", ())))


def history_empty(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    end = "19700105-21:00:00" if bot.app.modern else "19700105 21:00:00"
    bot.app.reqHistoricalData(number, bot.spy, end, "1 D", "1 min", "TRADES", 1, 1, False, [])
    return bot.app.await_answer(after, number, "historicalDataEnd").get("errorCode")


def history_invalid(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHistoricalData(number, bot.spy, "", "1 D", "7 mins", "TRADES", 1, 1, False, [])
    return bot.app.await_answer(after, number, "historicalDataEnd").get("errorCode")


def cancel_finished_history(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.cancelHistoricalData(number)
    return bot.app.await_answer(after, number).get("errorCode")


def head_timestamp(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqHeadTimeStamp(number, bot.spy, "TRADES", 1, 1)
    answer = bot.app.await_answer(after, number, "headTimestamp")
    bot.app.cancelHeadTimeStamp(number)
    return answer.get("headTimestamp")


def profit(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqPnL(number, MINE, "")
    bot.app.await_answer(after, number, "pnl")
    bot.app.cancelPnL(number)
    return len(bot.app.all_since(after, "pnl")) > 0


def profit_of_one(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqPnLSingle(number, MINE, "", bot.spy.conId)
    answer = bot.app.await_answer(after, number, "pnlSingle")
    bot.app.cancelPnLSingle(number)
    return str(answer.get("pos"))
