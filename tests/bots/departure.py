"""A bot that leaves with a working order: its connection to the venue stays, so that a halt still reaches the
order, and gives back the login's line of market data; and a bot that comes back is let in at once, finds its order, and
can cancel it.

    python -m bots.departure --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.programs import Bot, Failed, Gateway, Simulator, wait_until

ACCOUNT = "DU1111111"
CLIENT = 21
RETURNS = 5


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Leaves and returns, then leaves for good."""
    simulator = stack.enter_context(Simulator(binary, home))
    bot = Bot("left", (CLIENT,), (ACCOUNT,), ("SPY",))
    gateway = stack.enter_context(Gateway(binary, home, simulator, [bot]))
    limit = place(library, bot, None)
    for _ in range(RETURNS):
        time.sleep(0.3)
        if not is_connected(simulator):
            raise Failed("the venue's connection ended with the bot, which has a working order")
        with libraries.connected(library, bot.port, CLIENT) as ib:
            [trade] = ib.reqAllOpenOrders() and ib.openTrades()
            ib.cancelOrder(trade.order)
            ib.sleep(1)
            if statuses(simulator)[-1] != "Cancelled":
                raise Failed(f"the order of a bot that came back was not canceled: {statuses(simulator)}")
        wait_until("the connection of a bot without orders ends", 10, lambda: not is_connected(simulator))
        before = ended(simulator)
        limit = place(library, bot, limit)
        wait_until("its line of market data is given back", 10, lambda: ended(simulator) == before + 1)
    gateway.command("halt", "--all", expect=(0, 4))
    wait_until("the halt reaches the order", 10, lambda: statuses(simulator)[-1] == "Cancelled")
    wait_until("the connection has no more reason to be", 10, lambda: not is_connected(simulator))
    return f"{RETURNS} returns to a kept connection, and a halt that reached the order of an absent bot"


def place(library: Any, bot: Bot, limit: float | None) -> float:
    """A limit order far from the market; the bot leaves while it works."""
    with libraries.connected(library, bot.port, CLIENT) as ib:
        [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
        if limit is None:
            [ticker] = ib.reqTickers(spy)
            limit = float(round(float(ticker.bid) * 0.98))
        ib.reqMktData(spy)
        # Another price each time, or it would be the same decision twice.
        limit -= 1.0
        order = library.LimitOrder("BUY", 2, limit, account=ACCOUNT, tif="DAY")
        trade = ib.placeOrder(spy, order)
        for _ in range(100):
            ib.sleep(0.1)
            if trade.orderStatus.status in ("Submitted", "PreSubmitted"):
                return limit
        raise Failed(f"the order is {trade.orderStatus.status}: {[entry.message for entry in trade.log]}")


def statuses(simulator: Simulator) -> list[str]:
    """Of the bot's orders at the venue, oldest first."""
    rows = [row for row in simulator.state()["orders"] if row["client"] == CLIENT]
    return [row["status"] for row in sorted(rows, key=lambda row: row["order_id"])]


def ended(simulator: Simulator) -> int:
    """How often a subscription to market data was ended."""
    return int(simulator.state()["requests"].get("cancelMktData", 0))


def is_connected(simulator: Simulator) -> bool:
    """Whether the venue has a connection of the bot's client."""
    return any(row["client"] == CLIENT for row in simulator.state()["connections"])


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
