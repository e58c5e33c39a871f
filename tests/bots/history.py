"""History for five bots of one login, as an unmodified client meets it: hundreds of requests at once, none of them too fast
for the venue and each answered; one request at the venue for a question that all of them ask; and no data or no answer
as an error that a bot hears, whichever way its library reports errors.

    python -m bots.history --library ib_async --plimsoll target/release/plimsoll

By the broker's rules 500 requests for small bars take eight windows of ten minutes; venue time runs sixty times as fast here.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.book import expect
from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions

SYMBOLS = ("SPY", "QQQ", "AAPL")
BOTS = 5
EACH = 100
FIRST_CLIENT = 61
SPEED = 60
START = "2026-11-24T09:31:00-05:00"
# A session of the day before.
LAST_END = datetime(2026, 11, 23, 20, 55, tzinfo=UTC)
SESSION_END = datetime(2026, 11, 23, 21, tzinfo=UTC)
# Sixty requests in ten minutes: the first sixty at once, the last twenty after eight windows.
WINDOW = timedelta(minutes=10)
MINIMUM = WINDOW * (BOTS * EACH // 60)
ALLOWED = 1.10
# What the venue says where there is nothing, and where nothing was said.
NO_DATA = 162
PATIENCE_SECONDS = 200.0


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """All parts, on one simulator and one gateway."""
    options = SimulatorOptions(start=START, speed=str(SPEED), symbols=SYMBOLS)
    simulator = stack.enter_context(Simulator(binary, home, options))
    bots = [Bot(f"bot{n}", (FIRST_CLIENT + n,), instruments=SYMBOLS, shared=SYMBOLS) for n in range(BOTS)]
    gateway = stack.enter_context(Gateway(binary, home, simulator, bots))
    clients = [
        stack.enter_context(libraries.connected(library, bot.port, bot.client_ids[0])) for bot in bots
    ]
    contracts = clients[0].qualifyContracts(*(library.Stock(symbol, "SMART", "USD") for symbol in SYMBOLS))
    took = at_once(library, clients, contracts, simulator, gateway)
    one_for_all(library, clients, contracts[0], gateway)
    errors(library, clients, contracts[0], simulator)
    expect("what the venue holds against them", simulator.state()["violations"], [])
    return (
        f"{BOTS * EACH} requests of {BOTS} bots in {took.total_seconds():.0f} s of venue time, at least "
        f"{MINIMUM.total_seconds():.0f} by the rules; no data and no answer are errors"
    )


def venue_time(simulator: Simulator) -> datetime:
    """By the venue's own clock."""
    return datetime.fromisoformat(simulator.state()["now"])


def at_once(library: Any, clients: list[Any], contracts: list[Any], simulator: Simulator, gateway: Gateway) -> timedelta:
    """Every bot asks for a hundred stretches of its own; how long it takes until the last is answered."""

    async def ask(client: Any, bot: int, number: int) -> int:
        contract = contracts[number % len(contracts)]
        end = LAST_END - timedelta(minutes=bot + BOTS * (number // len(contracts)))
        # The library would give up after a minute of its own, and most of these have to wait for longer.
        bars = await client.reqHistoricalDataAsync(
            contract, end, "300 S", "5 secs", "TRADES", useRTH=True, formatDate=2, timeout=0
        )
        return len(bars)

    async def all_of_them() -> list[int]:
        waiting = [ask(client, bot, number) for bot, client in enumerate(clients) for number in range(EACH)]
        together = asyncio.gather(*waiting)
        await asyncio.sleep(3)
        row = gateway.json("status")["history"]
        # The first ones left at once, and three minutes later no place has become free.
        if row["used"] != row["window_max"] or sum(row["waiting"].values()) != BOTS * EACH - row["window_max"]:
            raise Failed(f"the status says of {BOTS * EACH} requests {row}")
        return await together

    began = venue_time(simulator)
    counts = library.util.run(all_of_them(), timeout=PATIENCE_SECONDS)
    took = venue_time(simulator) - began
    expect("answers without the sixty bars that were asked for", [count for count in counts if count != 60], [])
    expect("what the venue holds against them", simulator.state()["violations"], [])
    row = gateway.json("status")["history"]
    expect("what the status says", [row[key] for key in ("answered", "again", "refused")], [BOTS * EACH, 0, 0])
    if not MINIMUM <= took <= MINIMUM * ALLOWED:
        raise Failed(f"{BOTS * EACH} requests took {took}, the rules allow {MINIMUM} and {ALLOWED:g} times that was expected")
    return took


def one_for_all(library: Any, clients: list[Any], spy: Any, gateway: Gateway) -> None:
    """All ask the same at the same time: the venue is asked once."""
    library.util.run(a_day(clients[0], spy, "30 secs", timeout=0), timeout=PATIENCE_SECONDS)
    before = gateway.json("status")["history"]
    # The same again may leave a quarter of a minute after the first answer only, so they meet in front of it.
    answers = library.util.run(
        asyncio.gather(*(a_day(client, spy, "30 secs", timeout=0) for client in clients)), timeout=PATIENCE_SECONDS
    )
    # A session has 780 half minutes.
    expect("bars of each", [len(bars) for bars in answers], [780] * BOTS)
    after = gateway.json("status")["history"]
    grown = [after[key] - before[key] for key in ("answered", "shared")]
    expect("answers, and those of them that another bot's request served", grown, [BOTS, BOTS - 1])


async def a_day(client: Any, contract: Any, size: str, timeout: float = 60) -> Any:
    """The bars of the session before."""
    return await client.reqHistoricalDataAsync(
        contract, SESSION_END, "1 D", size, "TRADES", useRTH=True, formatDate=2, timeout=timeout
    )


def errors(library: Any, clients: list[Any], spy: Any, simulator: Simulator) -> None:
    """No data and no answer, for clients that raise and for clients that only report."""
    simulator.fault("empty_history")
    judge("no data", library, clients, spy, "1 min", "HMDS query returned no data: SPY@SMART")
    simulator.heal()
    simulator.fault("never_answer", request="reqHistoricalData")
    judge("no answer", library, clients, spy, "2 mins", "no answer of the broker within 55s to SPY@SMART TRADES")
    simulator.heal()
    bars = library.util.run(a_day(clients[0], spy, "3 mins"), timeout=PATIENCE_SECONDS)
    if not bars:
        raise Failed("no bars came after the faults were healed")


def judge(what: str, library: Any, clients: list[Any], spy: Any, size: str, reason: str) -> None:
    """Every client hears of it: once as an exception, once as an event."""
    told: list[list[tuple[int, str]]] = [[] for _ in clients]

    def listen(to: list[tuple[int, str]]) -> Any:
        return lambda _number, code, text, _contract: to.append((code, text))

    listeners = [listen(to) for to in told]
    for client, listener in zip(clients, listeners, strict=True):
        client.errorEvent += listener
        client.RaiseRequestErrors = True
    together = asyncio.gather(*(a_day(client, spy, size) for client in clients), return_exceptions=True)
    raised = library.util.run(together, timeout=PATIENCE_SECONDS)
    for outcome in raised:
        code = getattr(outcome, "code", None)
        if not isinstance(outcome, Exception) or code != NO_DATA or reason not in str(outcome):
            raise Failed(f"{what}: a client that raises errors has {outcome!r}")
    for to in told:
        to.clear()
    for client in clients:
        client.RaiseRequestErrors = False
    answers = library.util.run(asyncio.gather(*(a_day(client, spy, size) for client in clients)), timeout=PATIENCE_SECONDS)
    expect(f"{what}: bars", [len(bars) for bars in answers], [0] * len(clients))
    for to in told:
        if not any(code == NO_DATA and reason in text for code, text in to):
            raise Failed(f"{what}: a client that reports errors was told {to}")
    for client, listener in zip(clients, listeners, strict=True):
        client.errorEvent -= listener


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
