"""The nightly reset and a read-only API, as a bot and an operator see them: a bot that is back at once may trade at
once, nobody is told to change a setting that is right, and a TWS that takes no orders is said to take none.

    python -m bots.reset --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.book import expect, until
from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions, wait_until

ACCOUNT = "DU1111111"
CLIENT = 21
RESET_SECONDS = 6
BACK_SECONDS = 40.0


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Both, one after the other."""
    with ExitStack() as first:
        survive_the_reset(first, library, binary, home / "reset")
    trade_nowhere(stack, library, binary, home / "read-only")
    return "a bot trades at once after the nightly reset, and a read-only API is named as one"


def survive_the_reset(stack: ExitStack, library: Any, binary: Path, home: Path) -> None:
    """A bot with a working order reconnects as soon as TWS is back, and its next order works."""
    home.mkdir()
    simulator = stack.enter_context(Simulator(binary, home))
    bot = Bot("night", (CLIENT,), (ACCOUNT,), ("SPY",))
    gateway = stack.enter_context(Gateway(binary, home, simulator, [bot]))
    with libraries.connected(library, bot.port, CLIENT) as ib:
        [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
        ib.sleep(2)  # The gateway has to see a first quote.
        limit = float(round(float(ib.reqTickers(spy)[0].bid) * 0.98))
        resting = ib.placeOrder(spy, library.LimitOrder("BUY", 2, limit, account=ACCOUNT, tif="GTC"))
        until(ib, "the order works", lambda: resting.orderStatus.status == "Submitted")
    simulator.fault("daily_reset", **{"for": f"{RESET_SECONDS}s"})
    ib = reconnect(stack, library, bot)
    trade = ib.placeOrder(spy, library.LimitOrder("BUY", 1, limit - 1, account=ACCOUNT, tif="DAY"))
    until(ib, "the first order after the reset works", lambda: trade.orderStatus.status == "Submitted" or trade.isDone())
    expect("the first order after the reset", (trade.orderStatus.status, [entry.message for entry in trade.log if entry.message]), ("Submitted", []))
    # Whoever were owed a copy would know by then that none came.
    ib.sleep(12)
    if "Master API client" in gateway.log(400):
        raise Failed(f"the operator was told to change a right setting\n{gateway.log()}")
    expect("copies of others' orders", gateway.json("status")["drop_copy"], "live")


def reconnect(stack: ExitStack, library: Any, bot: Bot) -> Any:
    """As bots do it: again and again until it works."""
    deadline = time.monotonic() + BACK_SECONDS
    while True:
        try:
            return stack.enter_context(libraries.connected(library, bot.port, CLIENT))
        except (OSError, TimeoutError) as error:
            if time.monotonic() > deadline:
                raise Failed(f"not back {BACK_SECONDS:g} s after the reset: {error!r}") from error
            time.sleep(0.2)


def trade_nowhere(stack: ExitStack, library: Any, binary: Path, home: Path) -> None:
    """Market data flows, every order is denied with the reason."""
    home.mkdir()
    options = SimulatorOptions(extra=("--read-only-api",))
    simulator = stack.enter_context(Simulator(binary, home, options))
    bot = Bot("reader", (CLIENT,), (ACCOUNT,), ("SPY",))
    gateway = stack.enter_context(Gateway(binary, home, simulator, [bot]))
    wait_until("the state is read_only", 20, lambda: gateway.json("status")["state"] == "read_only")
    said: list[str] = []
    ib = library.IB()
    # What a read-only TWS does not answer, these libraries do not ask then.
    ib.connect("127.0.0.1", bot.port, clientId=CLIENT, timeout=20, readonly=True)
    stack.callback(ib.disconnect)
    ib.errorEvent += lambda _number, _code, text, _contract: said.append(text)
    [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
    ib.sleep(2)
    expect("a quote", float(ib.reqTickers(spy)[0].bid) > 0, True)
    trade = ib.placeOrder(spy, library.MarketOrder("BUY", 1, account=ACCOUNT, tif="DAY"))
    until(ib, "the order is denied", lambda: trade.isDone() and any("the broker's API is read-only" in text for text in said))
    checks = json.loads(gateway.command("check", "--json", expect=(0, 1)))["checks"]
    found = {row["check"]: (row["result"], row["says"]) for row in checks}
    expect("check: orders", found["orders"][0], "fail")
    expect("check: accounts", found["accounts"], ("ok", "DU1111111, DU2222222"))
    expect("check: market data", found["market data"], ("ok", "SPY: live prices"))
    expect("orders that reached the venue", simulator.state()["violations"], [])


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
