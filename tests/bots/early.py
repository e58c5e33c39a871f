"""Before the open, as an unmodified client meets it, straight and through the gateway: an order that may trade
outside regular hours is executed, one that may not waits for the open, and futures and currencies trade.

    python -m bots.early --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bots import instruments
from bots import library as libraries
from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions
from bots.script import MINE

CLIENTS = {"straight": 41, "through": 42}
EIGHT = "2026-11-18T08:00:00-05:00"
WAITS = 399
PATIENCE_SECONDS = 15.0


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """The same orders both ways; what became of them is equal."""
    simulator = stack.enter_context(Simulator(binary, home, SimulatorOptions(start=EIGHT)))
    wide: dict[str, str | int] = {"stale_after": "off", "duplicate_window": "0s"}
    bot = Bot("early", (CLIENTS["through"],), limits=wide, contracts=instruments.NAMED)
    stack.enter_context(Gateway(binary, home, simulator, [bot]))
    ends = {}
    for way, port in (("straight", simulator.port), ("through", bot.port)):
        with libraries.connected(library, port, CLIENTS[way]) as ib:
            ends[way] = trade(ib, library)
    if ends["straight"] != ends["through"]:
        raise Failed(f"straight {ends['straight']}, through {ends['through']}")
    return "before the open stocks trade on request, futures and currencies as always"


def trade(ib: Any, library: Any) -> dict[str, str]:
    """Places the orders and says what became of each."""
    told: list[int] = []
    ib.errorEvent += lambda _id, code, _text, _contract: told.append(code)
    [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
    [future] = ib.qualifyContracts(library.Future("ES", instruments.EXPIRY[:6], "CME", currency="USD"))
    [pair] = ib.qualifyContracts(library.Forex("EURUSD"))
    near = round(ib.reqHistoricalData(spy, "", "2 D", "1 day", "TRADES", useRTH=True, formatDate=1)[-1].close)
    limits = {
        "outside": (spy, 5, near * 1.05, {"outsideRth": True}),
        "future": (future, 1, 8000.0, {}),
        "pair": (pair, 25_000, 1.5, {}),
    }
    ends = {}
    for name, (contract, quantity, limit, more) in limits.items():
        order = library.LimitOrder("BUY", quantity, round(limit), account=MINE, tif="DAY", **more)
        ends[name] = await_end(ib, ib.placeOrder(contract, order))
    if WAITS in told:
        raise Failed(f"an order that can trade was told to wait: {told}")
    held = ib.placeOrder(spy, library.LimitOrder("BUY", 5, round(near * 1.04), account=MINE, tif="DAY"))
    ib.sleep(2)
    if WAITS not in told or float(held.filled()) != 0:
        raise Failed(f"an order for regular hours did not wait: {held.orderStatus}, {told}")
    ib.cancelOrder(held.order)
    ends["held"] = await_end(ib, held)
    return ends


def await_end(ib: Any, trade: Any) -> str:
    """The status in which an order ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while trade.orderStatus.status not in ("Filled", "Cancelled"):
        if time.monotonic() > deadline:
            raise Failed(f"order {trade.order.orderId} is {trade.orderStatus.status}: {trade.log}")
        ib.sleep(0.05)
    return str(trade.orderStatus.status)


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
