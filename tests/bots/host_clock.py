"""A wrong host clock before an auction's cutoff: venue, time servers and gateway live under one faked clock, minutes
before the cutoff of a half day, and then the gateway's alone is two seconds ahead, and two seconds behind.

A bot sends market-on-close orders until well after the cutoff. Asserted each time: those that went in time worked, the
later ones were refused with the guard's reason, and none reached the venue late. A gateway that believed its own clock
would refuse two seconds early, or send for two seconds too long.

    python -m bots.host_clock --library ib_async --plimsoll target/release/plimsoll

Needs libfaketime (Debian: libfaketime).
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.book import expect, until
from bots.programs import Bot, Failed, Gateway, Program, Simulator, SimulatorOptions, free_port, wait_until

ACCOUNT = "DU1111111"
CLIENT = 31
# 12:50 in New York on a day that ends at 13:00.
CUTOFF = datetime(2026, 11, 27, 17, 50, tzinfo=UTC)
# For everybody to start and for twenty acknowledgements, before the first order that matters.
LEAD = timedelta(seconds=35)
ACKNOWLEDGED = 22
EVERY = 0.15
# The orders that matter begin so long before the cutoff, and end so long after it. A venue takes twenty on one side.
FROM, TO = timedelta(seconds=2.5), timedelta(seconds=2.5)
# An order so close to the cutoff still goes: acknowledgements take milliseconds and the time is known as well.
MARGIN = timedelta(seconds=1)
LIBRARY = "libfaketime.so.1"


def preloaded() -> str:
    """Where Debian keeps the library."""
    for folder in sorted(Path("/usr/lib").glob("*/faketime")):
        if (folder / LIBRARY).exists():
            return str(folder / LIBRARY)
    raise Failed(f"no {LIBRARY} under /usr/lib; install the package libfaketime")


def under(ahead: timedelta) -> dict[str, str]:
    """The environment of a process whose wall clock is so far ahead of the machine's, and whose other clocks are true."""
    return {
        "LD_PRELOAD": preloaded(),
        "FAKETIME": f"{ahead.total_seconds():+.3f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def run(_: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Two gateways, one after the other."""
    said = []
    for seconds in (2, -2):
        place = home / f"ahead_{seconds}"
        place.mkdir()
        with ExitStack() as stack:
            said.append(f"{seconds:+} s: {cross_the_cutoff(stack, library, binary, place, timedelta(seconds=seconds))}")
    return "; ".join(said)


def cross_the_cutoff(stack: ExitStack, library: Any, binary: Path, home: Path, off: timedelta) -> str:
    """Orders from before the cutoff to after it."""
    ahead = CUTOFF - LEAD - datetime.now(UTC)
    ports = [free_port() for _ in range(3)]
    server = [sys.executable, "-m", "bots.time_server", *map(str, ports)]
    stack.enter_context(Program("time", server, home / "time.log", under(ahead)))
    options = SimulatorOptions(start=None, environment=under(ahead))
    simulator = stack.enter_context(Simulator(binary, home, options))
    limits: dict[str, str | int] = {"duplicate_window": "0s", "max_orders_per_minute": 600}
    bot = Bot("closer", (CLIENT,), (ACCOUNT,), ("SPY",), (), limits)
    clock = f"servers = {[f'127.0.0.1:{port}' for port in ports]}"
    gateway = stack.enter_context(Gateway(binary, home, simulator, [bot], clock=clock, environment=under(ahead + off)))

    ib = stack.enter_context(libraries.connected(library, bot.port, CLIENT))
    [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
    ib.sleep(1.5)  # The gateway has to see a first quote.
    wait_until("the clock is known", 15, lambda: gateway.json("clock")["state"] in ("good", "degraded"))
    clock_says = gateway.json("clock")
    if abs(clock_says["offset_ms"] + off.total_seconds() * 1000) > 250:
        raise Failed(f"a clock that is {off.total_seconds():+} s ahead is said to be off by {clock_says}")
    acknowledge(ib, library, spy)

    def venue_time() -> datetime:
        return datetime.now(UTC) + ahead

    if venue_time() > CUTOFF - FROM:
        raise Failed(f"this machine was not ready in time: it is {venue_time():%H:%M:%S} there already")
    ib.sleep((CUTOFF - FROM - venue_time()).total_seconds())
    said: dict[int, str] = {}
    ib.errorEvent += lambda number, _code, text, _contract: said.update({number: text})
    sent: list[tuple[timedelta, Any]] = []
    while venue_time() < CUTOFF + TO:
        order = library.Order(orderType="MOC", action="BUY", totalQuantity=1, account=ACCOUNT, tif="DAY")
        sent.append((venue_time() - CUTOFF, ib.placeOrder(spy, order)))
        ib.sleep(EVERY)
    until(ib, "every order is answered", lambda: all(is_answered(trade) for _, trade in sent))
    return judge(sent, said, simulator)


def acknowledge(ib: Any, library: Any, spy: Any) -> None:
    """Until enough answers were measured, the gateway reckons with a second for one."""
    for turn in range(ACKNOWLEDGED):
        side = ("BUY", "SELL")[turn % 2]
        trade = ib.placeOrder(spy, library.MarketOrder(side, 1, account=ACCOUNT, tif="DAY"))
        until(ib, "a market order is executed", lambda one=trade: one.orderStatus.status == "Filled")


def is_answered(trade: Any) -> bool:
    return trade.isDone() or trade.orderStatus.status in ("PreSubmitted", "Submitted")


def judge(sent: list[tuple[timedelta, Any]], said: dict[int, str], simulator: Simulator) -> str:
    """The venue's truth against what the bot was told."""
    worked = [at for at, trade in sent if not trade.isDone()]
    refused = [(at, said.get(trade.order.orderId, "")) for at, trade in sent if trade.isDone()]
    state = simulator.state()
    late = [row for row in state["violations"] if row["client"] == CLIENT]
    expect("what the venue holds against the bot", late, [])
    there = [row for row in state["orders"] if row["type"] == "MOC"]
    expect("orders at the venue", len(there), len(worked))
    other = [text for _, text in refused if "Plimsoll close_cutoff" not in text]
    expect("orders refused for another reason", other, [])
    if not worked or max(worked) >= timedelta(0):
        raise Failed(f"orders worked at {worked}")
    if max(worked) < -MARGIN:
        raise Failed(f"the last order that went did so {-max(worked)} before the cutoff")
    if min(at for at, _ in refused) < -MARGIN:
        raise Failed(f"an order was refused {refused[0]}, with more than {MARGIN} to go")
    return f"{len(worked)} in time (the last {-max(worked).total_seconds() * 1000:.0f} ms before), {len(refused)} refused"


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
