"""The virtual book as unmodified clients see it: two bots trade one instrument in one account, a person trades
it by hand, and each client shows what is its own and nothing else, while the venue has the sum.

    python -m bots.book --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.programs import Bot, Failed, Gateway, Simulator

ACCOUNT = "DU1111111"
# What each bot buys, and what is bought by hand.
QUANTITIES = {"left": 5, "right": 3}
BY_HAND = 10
CLIENTS = {"left": 21, "right": 22}
PATIENCE_SECONDS = 15.0


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Two bots through the gateway, then a restart of both clients."""
    simulator = stack.enter_context(Simulator(binary, home))
    bots = {name: Bot(name, (client,), (ACCOUNT,), ("SPY",), ("SPY",)) for name, client in CLIENTS.items()}
    gateway = stack.enter_context(Gateway(binary, home, simulator, list(bots.values())))
    with ExitStack() as first:
        clients = connect(first, library, bots)
        [spy] = clients["left"].qualifyContracts(library.Stock("SPY", "SMART", "USD"))
        clients["left"].sleep(2)  # The gateway has to see a first quote.
        simulator.manual(ACCOUNT, "SPY", "BUY", BY_HAND)
        for name, ib in clients.items():
            order = library.MarketOrder("BUY", QUANTITIES[name], account=ACCOUNT, tif="DAY")
            trade = ib.placeOrder(spy, order)
            until(ib, f"{name}'s order fills", lambda trade=trade: trade.orderStatus.status == "Filled")
        for name, ib in clients.items():
            judge(name, ib)
        # One that rests, so that there is an open order to hide.
        resting = library.LimitOrder("BUY", 1, round(float(trade.orderStatus.avgFillPrice) * 0.98), account=ACCOUNT)
        resting.tif = "DAY"
        clients["left"].placeOrder(spy, resting)
        clients["left"].sleep(1)
    # A client that begins asks for everything anew; what it learns then decides what it adopts.
    with ExitStack() as second:
        clients = connect(second, library, bots)
        for name, ib in clients.items():
            judge(name, ib)
        expect("left's open orders", len(clients["left"].reqAllOpenOrders()), 1)
        expect("right's open orders", len(clients["right"].reqAllOpenOrders()), 0)
    [held] = [row for row in simulator.state()["positions"] if row["symbol"] == "SPY"]
    expect("the venue's position", float(held["qty"]), float(sum(QUANTITIES.values()) + BY_HAND))
    rows = {row["bot"]: float(row["qty"]) for row in gateway.json("positions") if row["symbol"] == "SPY"}
    expect("the operator's view", rows, {**{name: float(qty) for name, qty in QUANTITIES.items()}, None: float(BY_HAND)})
    return "two bots and a person in one account, each bot sees its own"


def connect(stack: ExitStack, library: Any, bots: dict[str, Bot]) -> dict[str, Any]:
    """One client per bot."""
    return {
        name: stack.enter_context(libraries.connected(library, bot.port, bot.client_ids[0]))
        for name, bot in bots.items()
    }


def judge(name: str, ib: Any) -> None:
    """What this client shows: position, portfolio and executions are its own."""
    own = float(QUANTITIES[name])
    until(ib, f"{name}'s position is {own:g}", lambda: [float(row.position) for row in ib.positions()] == [own])
    until(ib, f"{name}'s portfolio is {own:g}", lambda: [float(row.position) for row in ib.portfolio()] == [own])
    ib.sleep(1)  # A line that should not come would come now.
    expect(f"{name}'s positions", [float(row.position) for row in ib.positions()], [own])
    [line] = ib.portfolio()
    expect(f"{name}'s portfolio", float(line.position), own)
    # Cents of rounding in the venue's market price are not the point here.
    if abs(line.marketValue - own * line.marketPrice) > 0.01:
        raise Failed(f"{name}: {own:g} at {line.marketPrice} are not worth {line.marketValue}")
    fills = ib.reqExecutions()
    expect(f"{name}'s executions", sum(float(fill.execution.shares) for fill in fills), own)


def until(ib: Any, what: str, probe: Callable[[], bool]) -> None:
    """Lets the client listen until the answer is yes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not probe():
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {PATIENCE_SECONDS:g} s; positions {ib.positions()}")
        ib.sleep(0.05)


def expect(what: str, seen: object, wanted: object) -> None:
    """Both must be equal."""
    if seen != wanted:
        raise Failed(f"{what}: {seen}, expected {wanted}")


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
