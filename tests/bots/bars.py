"""Bars from after the close of a half day, as an unmodified client meets them: a venue that does not hear `useRTH` goes
on until the evening, and through the gateway the bot is told of its session alone, and of the rest in numbers.

    python -m bots.bars --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions, wait_until

CLIENTS = {"straight": 51, "through": 52, "as sent": 53}
# The day after Thanksgiving, whose session ends at 13:00.
BEFORE = "2026-11-27T12:59:30-05:00"
CLOSE = datetime(2026, 11, 27, 18, tzinfo=UTC)
PATIENCE_SECONDS = 15.0
# Five-second bars come every five seconds of venue time, which runs as fast as ours here.
SETTLE_SECONDS = 7.0


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """The same questions three ways; what is left out is what lies outside."""
    simulator = stack.enter_context(Simulator(binary, home, SimulatorOptions(start=BEFORE)))
    held = Bot("held", (CLIENTS["through"],))
    all_bars = Bot("free", (CLIENTS["as sent"],), limits={"bars": "as_sent"}, shared=("SPY", "QQQ", "AAPL"))
    held.shared = all_bars.shared
    gateway = stack.enter_context(Gateway(binary, home, simulator, [held, all_bars]))
    simulator.fault("bars_outside_session")
    ports = {"straight": simulator.port, "through": held.port, "as sent": all_bars.port}
    told = {}
    for way, port in ports.items():
        with libraries.connected(library, port, CLIENTS[way]) as ib:
            told[way] = late_bars(ib, library, simulator)
    for way in ("straight", "as sent"):
        for kind, late in told[way].items():
            if not late:
                raise Failed(f"{way} brings no {kind} after the close; the fault has no effect")
    if any(told["through"].values()):
        raise Failed(f"through the gateway came bars from after the close: {told['through']}")
    counts = {bot["name"]: bot["bars"] for bot in gateway.json("status")["bots"]}
    if counts["held"]["left_out"] < 3 or counts["free"]["left_out"] != 0:
        raise Failed(f"the status counts {counts}")
    note = "outside of it were left out"
    wait_until("a note in the journal", PATIENCE_SECONDS, lambda: note in gateway.command("journal", "trace"))
    return f"bars end with the session of a half day, {counts['held']['left_out']} were left out and counted"


def late_bars(ib: Any, library: Any, simulator: Simulator) -> dict[str, list[str]]:
    """The bars of each kind that begin at the close or later, a minute after they were asked for."""
    [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
    kept = ib.reqHistoricalData(
        spy, "", "1 D", "1 min", "MIDPOINT", useRTH=True, formatDate=2, keepUpToDate=True
    )
    five = ib.reqRealTimeBars(spy, 5, "MIDPOINT", useRTH=True)
    simulator.advance("PT1M")
    ib.sleep(SETTLE_SECONDS)
    whole = ib.reqHistoricalData(spy, "", "1 D", "1 min", "TRADES", useRTH=True, formatDate=1)
    if not whole or len(kept) == 0:
        raise Failed(f"no bars of the session came: {len(whole)} minutes, {len(kept)} kept up to date")
    found = {
        "history": [bar.date for bar in whole],
        "kept up to date": [bar.date for bar in kept],
        "five seconds": [bar.time for bar in five],
    }
    ib.cancelHistoricalData(kept)
    ib.cancelRealTimeBars(five)
    return {kind: [str(at) for at in dates if at >= CLOSE] for kind, dates in found.items()}


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
