"""Orders with terms: a trailing stop, those that do not wait, an end date, a condition."""

from __future__ import annotations

from ibapi.order_condition import PriceCondition

from bots.ewrapper import orders
from bots.ewrapper.bot import Bot


def trailing_stop(bot: Bot) -> object:
    after = bot.app.mark()
    number = orders.place(bot, orders.order(bot, "TRAIL", "SELL", 5, auxPrice=50), "PreSubmitted")
    orders.cancelled(bot, number)
    return orders.life(bot, after)


def immediate_or_cancel(bot: Bot) -> object:
    after = bot.app.mark()
    orders.place(bot, orders.order(bot, "LMT", "BUY", 5, lmtPrice=round(bot.near * 0.9), tif="IOC"), "Cancelled")
    return orders.life(bot, after)


def fill_or_kill(bot: Bot) -> object:
    after = bot.app.mark()
    order = orders.order(bot, "LMT", "BUY", 5, lmtPrice=round(bot.near * 0.9), tif="FOK")
    orders.place(bot, order, "Inactive", "Cancelled")
    return orders.life(bot, after)


def good_till_date(bot: Bot) -> object:
    after = bot.app.mark()
    until = "20261118-20:30:00" if bot.app.modern else "20261118 15:30:00"
    order = orders.order(bot, "LMT", "BUY", 5, lmtPrice=round(bot.near * 0.9), tif="GTD", goodTillDate=until)
    orders.cancelled(bot, orders.place(bot, order, "Submitted"))
    return orders.life(bot, after)


def conditional(bot: Bot) -> object:
    # A price that the day does not reach: the order waits for it and is cancelled while it waits.
    after = bot.app.mark()
    order = orders.order(bot, "LMT", "BUY", 5, lmtPrice=round(bot.near * 0.9))
    method = PriceCondition.TriggerMethodEnum.Default
    order.conditions.append(PriceCondition(method, bot.spy.conId, "SMART", True, float(round(bot.near * 2))))
    orders.cancelled(bot, orders.place(bot, order, "PreSubmitted", "Submitted"))
    return orders.life(bot, after)
