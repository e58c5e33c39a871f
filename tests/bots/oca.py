"""One-cancels-all groups of two bots in one account: what executes in one bot's group leaves the other bot's orders
alone, whatever both call their groups.

    python -m bots.oca --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.book import connect, expect, until
from bots.programs import Bot, Gateway, Simulator

ACCOUNT = "DU1111111"
CLIENTS = {"left": 21, "right": 22}
SYMBOLS = {"left": "SPY", "right": "QQQ"}
# What every tutorial calls it.
GROUP = "exit"


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Both use one name; then one tries to move into the other's group."""
    simulator = stack.enter_context(Simulator(binary, home))
    bots = {name: Bot(name, (client,), (ACCOUNT,), (SYMBOLS[name],)) for name, client in CLIENTS.items()}
    stack.enter_context(Gateway(binary, home, simulator, list(bots.values())))
    clients = connect(stack, library, bots)
    left, right = clients["left"], clients["right"]
    contracts = {name: ib.qualifyContracts(library.Stock(SYMBOLS[name], "SMART", "USD"))[0] for name, ib in clients.items()}
    bids = {name: float(ib.reqTickers(contracts[name])[0].bid) for name, ib in clients.items()}
    left.sleep(2)  # The gateway has to see a first quote.

    def order(name: str, price: float, group: str) -> Any:
        made = library.LimitOrder("BUY", 1, round(price, 2), account=ACCOUNT, tif="DAY")
        made.ocaGroup, made.ocaType = group, 1
        return clients[name].placeOrder(contracts[name], made)

    theirs = order("right", bids["right"] * 0.98, GROUP)
    until(right, "right's order works", lambda: theirs.orderStatus.status == "Submitted")
    said: list[str] = []
    left.errorEvent += lambda _number, _code, text, _contract: said.append(text)

    def is_denied(guard: str) -> bool:
        return any(f"Plimsoll {guard}" in text and "one-cancels-all group" in text for text in said)

    crossing = order("left", bids["left"] * 1.01, GROUP)
    until(left, "left is denied", lambda: is_denied("ownership") and crossing.isDone())

    resting = order("left", bids["left"] * 0.98, "left_exit")
    until(left, "left's order works", lambda: resting.orderStatus.status == "Submitted")
    resting.order.ocaGroup = GROUP
    resting.order.lmtPrice = round(bids["left"] * 0.985, 2)
    left.placeOrder(contracts["left"], resting.order)
    until(left, "the change is denied", lambda: is_denied("supported"))
    left.sleep(0.5)
    expect("left's order after the denied change", resting.orderStatus.status, "Submitted")
    [at_venue] = [row for row in simulator.state()["orders"] if row["symbol"] == SYMBOLS["left"]]
    expect("its price at the venue", float(at_venue["limit"]), round(bids["left"] * 0.98, 2))

    filled = order("left", bids["left"] * 1.01, "left_exit")
    until(left, "left's order executes", lambda: filled.orderStatus.status == "Filled")
    until(left, "its group is cancelled", lambda: resting.orderStatus.status == "Cancelled")
    right.sleep(1)
    expect("right's order", theirs.orderStatus.status, "Submitted")
    return "one name for two groups is denied, and an execution cancels its own bot's orders only"


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
