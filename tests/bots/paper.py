"""Where paper is not life, as an unmodified client meets it: the same orders against `--profile live` and
`--profile paper`, straight to the simulator.

    python -m bots.paper --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.book import expect, until
from bots.programs import Simulator, SimulatorOptions
from bots.script import MINE

CLIENT_ID = 51
# A half day, a quarter of an hour before its close and five minutes before the last on-close order.
START = "2026-11-27T12:45:00-05:00"
CLOSED = "2026-11-27T13:00:01-05:00"
CROSSED = 202
NO_ACCOUNT = 321
# What becomes of on-close orders that could trade with each other, and of one without account.
EXPECTED = {"live": ("Cancelled", "Cancelled", NO_ACCOUNT), "paper": ("Filled", "Filled", 0)}


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Both profiles, one after the other."""
    for profile, expected in EXPECTED.items():
        folder = home / profile
        folder.mkdir()
        options = SimulatorOptions(start=START, profile=profile, extra=("--missing-account", "321"))
        simulator = stack.enter_context(Simulator(binary, folder, options))
        with libraries.connected(library, simulator.port, CLIENT_ID) as ib:
            expect(f"on {profile}", trade(ib, library, simulator, profile), expected)
        kinds = [row["kind"] for row in simulator.state()["violations"]]
        expect(f"violations on {profile}", sorted(kinds), ["crossing_on_close", "missing_account"])
    return "paper executes on-close orders that cross and orders without account, live does not"


def trade(ib: Any, library: Any, simulator: Simulator, profile: str) -> tuple[str, str, int]:
    """Places the orders, lets the market close, and says what became of each."""
    told: list[tuple[int, int]] = []
    ib.errorEvent += lambda number, code, _text, _contract: told.append((number, code))
    [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
    buy, sell = (
        ib.placeOrder(spy, library.Order(orderType="MOC", action=side, totalQuantity=100, tif="DAY", account=MINE))
        for side in ("BUY", "SELL")
    )
    nobody = ib.placeOrder(spy, library.Order(orderType="MKT", action="BUY", totalQuantity=1, tif="DAY"))
    if profile == "live":
        until(ib, "the refusals", lambda: {code for _, code in told} >= {CROSSED, NO_ACCOUNT})
    else:
        until(ib, "the market order", lambda: nobody.orderStatus.status == "Filled")
        # No word about on-close orders before the auction: the library still waits for the first one.
        expect("on-close orders on paper", [len(trade.log) for trade in (buy, sell)], [1, 1])
    simulator.clock(CLOSED)
    until(ib, "the ends of both", lambda: buy.isDone() and sell.isDone())
    refused = next((code for number, code in told if number == nobody.order.orderId), 0)
    return (str(buy.orderStatus.status), str(sell.orderStatus.status), refused)


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
