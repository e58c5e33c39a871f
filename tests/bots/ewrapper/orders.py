"""What a bot does: orders of every kind, changes, cancels, and what the venue refuses."""

from __future__ import annotations

from typing import Any

from bots.ewrapper.bot import MINE, Bot, stock
from bots.programs import Failed


def order(bot: Bot, kind: str, action: str, quantity: int, **more: object) -> Any:
    """An order for the bot's own account."""
    fields = {"account": MINE, "tif": "DAY", "orderRef": "mine", **more}
    return bot.app.order(orderType=kind, action=action, totalQuantity=bot.app.quantity(quantity), **fields)


def place(bot: Bot, what: Any, *until: str) -> int:
    """Sends an order and waits for one of these statuses, if any is named."""
    after, number = bot.app.mark(), bot.app.order_id()
    bot.app.placeOrder(number, bot.spy, what)
    if until:
        _await(bot, after, number, *until)
    return number


def _await(bot: Bot, after: int, number: int, *until: str) -> None:
    bot.app.await_any(after, "orderStatus", where=lambda said: said["orderId"] == number and said["status"] in until)
    bot.app.settle()


def cancelled(bot: Bot, number: int) -> None:
    """Cancels an order and waits for its end."""
    after = bot.app.mark()
    bot.app.cancel(number)
    _await(bot, after, number, "Cancelled")


def life(bot: Bot, after: int) -> object:
    """The order's life in short: statuses without repetition, then codes."""
    said: list[str] = []
    for row in bot.app.all_since(after, "orderStatus"):
        word = f"{row['orderId']} {row['status']} {row['filled']}"
        if word not in said:
            said.append(word)
    return said + [f"{row['reqId']} {row['errorCode']}" for row in bot.app.all_since(after, "error")]


def what_if(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.order_id()
    bot.app.placeOrder(number, bot.spy, order(bot, "LMT", "BUY", 10, lmtPrice=bot.near, whatIf=True))
    state = bot.app.await_any(after, "openOrder", where=lambda said: said["orderId"] == number)["orderState"]
    return (state.status, float(state.initMarginChange) > 0)


def buy_market(bot: Bot) -> object:
    after = bot.app.mark()
    number = place(bot, order(bot, "MKT", "BUY", 10), "Filled")
    bot.app.await_any(after, "commissionReport", "commissionAndFeesReport")
    if not any(row["orderId"] == number for row in bot.app.all_since(after, "openOrder")):
        raise Failed("an order without an openOrder")
    return life(bot, after)


def rest_limit(bot: Bot) -> object:
    after = bot.app.mark()
    bot.resting = [place(bot, order(bot, "LMT", "BUY", 5, lmtPrice=round(bot.near * 0.9)), "Submitted")]
    return life(bot, after)


def modify_limit(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.resting[0]
    price = round(bot.near * 0.9) - 1
    bot.app.placeOrder(number, bot.spy, order(bot, "LMT", "BUY", 6, lmtPrice=price))
    said = bot.app.await_any(after, "openOrder", where=lambda said: said["orderId"] == number and said["order"].lmtPrice == price)
    return (said["order"].lmtPrice, str(said["order"].totalQuantity))


def cancel_limit(bot: Bot) -> object:
    after = bot.app.mark()
    cancelled(bot, bot.resting[0])
    return life(bot, after)


def cancel_again(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.cancel(bot.resting[0])
    return bot.app.await_any(after, "error")["errorCode"]


def cancel_unknown(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.cancel(987654)
    return bot.app.await_any(after, "error")["errorCode"]


def duplicate_number(bot: Bot) -> object:
    # The number of an order that is done: 103, or 104 where it was filled.
    after = bot.app.mark()
    bot.app.placeOrder(bot.resting[0], bot.spy, order(bot, "LMT", "BUY", 5, lmtPrice=round(bot.near * 0.9)))
    return bot.app.await_any(after, "error")["errorCode"]


def rest_stop(bot: Bot) -> object:
    after = bot.app.mark()
    number = place(bot, order(bot, "STP", "SELL", 5, auxPrice=round(bot.near * 0.8)), "PreSubmitted")
    cancelled(bot, number)
    return life(bot, after)


def rest_stop_limit(bot: Bot) -> object:
    after, near = bot.app.mark(), bot.near
    stop = order(bot, "STP LMT", "SELL", 5, auxPrice=round(near * 0.8), lmtPrice=round(near * 0.79))
    cancelled(bot, place(bot, stop, "PreSubmitted"))
    return life(bot, after)


def bracket(bot: Bot) -> object:
    after, near = bot.app.mark(), bot.near
    parent, profit, loss = bot.app.order_id(), bot.app.order_id(), bot.app.order_id()
    entry = order(bot, "LMT", "BUY", 5, lmtPrice=round(near * 0.9), transmit=False)
    take = order(bot, "LMT", "SELL", 5, lmtPrice=round(near * 1.1), parentId=parent, transmit=False)
    stop = order(bot, "STP", "SELL", 5, auxPrice=round(near * 0.8), parentId=parent)
    for number, leg in ((parent, entry), (profit, take), (loss, stop)):
        bot.app.placeOrder(number, bot.spy, leg)
    _await(bot, after, parent, "Submitted")
    begun = bot.app.mark()
    bot.app.cancel(parent)
    for number in (parent, profit, loss):
        _await(bot, begun, number, "Cancelled")
    return life(bot, after)


def on_close(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.order_id()
    bot.app.placeOrder(number, bot.spy, order(bot, "MOC", "BUY", 5))
    bot.app.await_any(after, "openOrder", where=lambda said: said["orderId"] == number)
    bot.app.settle()
    cancelled(bot, number)
    return life(bot, after)


def one_cancels_all(bot: Bot) -> object:
    after, near = bot.app.mark(), bot.near
    group: dict[str, object] = {"ocaGroup": "either", "ocaType": 1}
    first = place(bot, order(bot, "LMT", "BUY", 5, lmtPrice=round(near * 0.9), **group), "Submitted")
    place(bot, order(bot, "LMT", "BUY", 5, lmtPrice=round(near * 1.05), **group), "Filled")
    _await(bot, after, first, "Cancelled")
    return life(bot, after)


def global_cancel(bot: Bot) -> object:
    after, near = bot.app.mark(), bot.near
    prices = (round(near * 0.9), round(near * 0.85))
    numbers = [place(bot, order(bot, "LMT", "BUY", 5, lmtPrice=price), "Submitted") for price in prices]
    bot.app.cancel_all()
    for number in numbers:
        _await(bot, after, number, "Cancelled")
    return life(bot, after)


def wrong_tick(bot: Bot) -> object:
    after = bot.app.mark()
    number = place(bot, order(bot, "LMT", "BUY", 5, lmtPrice=round(bot.near * 0.9) + 0.0123))
    said = bot.app.await_any(after, "error", where=lambda said: said["reqId"] == number)
    return said["errorCode"]


def unknown_contract_order(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.order_id()
    bot.app.placeOrder(number, stock("NOSUCH"), order(bot, "MKT", "BUY", 5))
    return bot.app.await_any(after, "error", where=lambda said: said["reqId"] == number)["errorCode"]


def old_flags(bot: Bot) -> object:
    # An `Order` of 9.81 as it comes: eTradeOnly and firmQuoteOnly are set, and every TWS of today refuses that.
    after = bot.app.mark()
    flagged = order(bot, "LMT", "BUY", 5, lmtPrice=round(bot.near * 0.9), eTradeOnly=True, firmQuoteOnly=True)
    number = place(bot, flagged)
    return bot.app.await_any(after, "error", where=lambda said: said["reqId"] == number)["errorCode"]


def sell_market(bot: Bot) -> object:
    after = bot.app.mark()
    place(bot, order(bot, "MKT", "SELL", 15), "Filled")
    bot.app.await_any(after, "commissionReport", "commissionAndFeesReport")
    return life(bot, after)


