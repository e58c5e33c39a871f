"""Orders in options, futures and currencies, and outside regular hours: more steps of the script. An exercise is not
among them, because the gateway denies it: see `exercise`.

They need a bot that may trade these instruments: `NAMED` says how a configuration names them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bots.programs import Failed
from bots.script import MINE, ORDER_SECONDS, Bot, told

EXPIRY = "20261218"
STRIKE = 650
NAMED: tuple[dict[str, str], ...] = (
    {"symbol": "SPY", "sec_type": "OPT", "exchange": "SMART", "currency": "USD", "expiry": EXPIRY,
     "strike": str(STRIKE), "right": "C", "multiplier": "100"},
    {"symbol": "ES", "sec_type": "FUT", "exchange": "CME", "currency": "USD", "expiry": EXPIRY, "multiplier": "50"},
    {"symbol": "EUR", "sec_type": "CASH", "exchange": "IDEALPRO", "currency": "USD"},
)  # fmt: skip


def _one(bot: Bot, contract: Any) -> Any:
    [found] = bot.ib.reqContractDetails(contract)
    return found.contract


def call(bot: Bot) -> Any:
    return _one(bot, bot.library.Option("SPY", EXPIRY, STRIKE, "C", "SMART", currency="USD"))


def _future(bot: Bot) -> Any:
    return _one(bot, bot.library.Future("ES", EXPIRY[:6], "CME", currency="USD"))


def _pair(bot: Bot) -> Any:
    return _one(bot, bot.library.Forex("EURUSD"))


def _fill(bot: Bot, contract: Any, order: Any) -> Any:
    return bot.await_status(bot.ib.placeOrder(contract, order), "Filled")


def _held(bot: Bot) -> object:
    """What the account holds beside stocks, and at which multiple of its price."""
    held = [row for row in bot.ib.reqPositions() if row.contract.secType != "STK"]
    return sorted(
        (row.contract.localSymbol, row.contract.secType, str(row.position), row.contract.multiplier) for row in held
    )


def option_order(bot: Bot) -> object:
    trade = _fill(bot, call(bot), bot.order("MKT", "BUY", 2))
    charges = [fill.commissionReport.commission for fill in trade.fills]
    return (told(trade), round(sum(charges), 2), _held(bot))


def option_step(bot: Bot) -> object:
    """Above three dollars these options move in five cents."""
    trade = bot.ib.placeOrder(call(bot), bot.order("LMT", "BUY", 1, lmtPrice=20.01))
    bot.ib.sleep(1)
    return told(trade)


def future_order(bot: Bot) -> object:
    contract = _future(bot)
    # Through the market: without known hours the gateway wants a price in every order.
    bought = _fill(bot, contract, bot.order("LMT", "BUY", 1, lmtPrice=8000.0))
    seen = _held(bot)
    sold = _fill(bot, contract, bot.order("LMT", "SELL", 1, lmtPrice=6000.0))
    charges = [fill.commissionReport.commission for trade in (bought, sold) for fill in trade.fills]
    return (told(bought), told(sold), charges, seen)


def future_preview(bot: Bot) -> object:
    state = bot.ib.whatIfOrder(_future(bot), bot.order("LMT", "BUY", 1, lmtPrice=6000.0))
    return (state.status, state.commission, float(state.initMarginChange) > 0)


def future_on_close(bot: Bot) -> object:
    trade = bot.ib.placeOrder(_future(bot), bot.order("LOC", "BUY", 1, lmtPrice=6000.0))
    bot.ib.sleep(1)
    return told(trade)


def forex_order(bot: Bot) -> object:
    contract = _pair(bot)
    trade = _fill(bot, contract, bot.order("LMT", "BUY", 25_000, lmtPrice=1.5))
    return (told(trade), [fill.commissionReport.commission for fill in trade.fills], _held(bot))


def forex_odd_lot(bot: Bot) -> object:
    return told(_fill(bot, _pair(bot), bot.order("LMT", "SELL", 5_000, lmtPrice=0.9)))


def currencies(bot: Bot) -> object:
    bot.ib.reqAccountUpdates(MINE)
    values = [row for row in bot.ib.accountValues(MINE) if row.tag == "CashBalance"]
    bot.ib.client.reqAccountUpdates(False, MINE)
    return sorted((row.currency, row.value if row.currency == "EUR" else "") for row in values)


def outside_hours_order(bot: Bot) -> object:
    above = round(bot.reference_price() * 1.05)
    return told(bot.place(bot.order("LMT", "BUY", 5, lmtPrice=above, outsideRth=True), "Filled"))


def exercise(bot: Bot) -> object:
    contract = call(bot)
    before = len(bot.ib.fills())
    bot.ib.exerciseOptions(contract, 1, 1, MINE, 0)
    deadline = time.monotonic() + ORDER_SECONDS
    while len(bot.ib.fills()) < before + 2:
        if time.monotonic() > deadline:
            raise Failed(f"the exercise was not told: {bot.ib.fills()[before:]}")
        bot.ib.sleep(0.05)
    bot.ib.sleep(0.5)
    made = [
        (fill.contract.secType, fill.execution.side, str(fill.execution.shares), fill.execution.price)
        for fill in bot.ib.fills()[before:]
    ]
    return (made, _held(bot))


STEPS: tuple[Callable[[Bot], object], ...] = (
    option_order, option_step, future_preview, future_order, future_on_close, forex_order, forex_odd_lot, currencies,
    outside_hours_order,
)  # fmt: skip
