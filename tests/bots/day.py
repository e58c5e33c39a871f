"""A whole program that nobody here wrote trades a simulated day, straight and through the gateway. What it believes
to have done has to be what the venue knows, to the execution and the cent.

    python3 -m bots.day --plimsoll target/release/plimsoll -- PYTHON -m bots.nautilus_trader.trader

What follows `--` starts the program; `--port`, `--client-id` and `--believed` are added to it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions

CLIENT_ID = 11
NAME = "foreign"
# A minute after the open; the program stops five minutes before the close, two minutes later on the wall.
OPTIONS = SimulatorOptions(start="2026-11-18T09:31:00-05:00", speed="210")
DAY_SECONDS = 400.0
# Fewer orders than this would not be a day of trading.
ORDERS_MIN = 10


def main() -> int:
    """Both ways at once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plimsoll", required=True, type=Path)
    parser.add_argument("command", nargs="+", help="how the program is started")
    options = parser.parse_args()
    started = time.monotonic()
    with ThreadPoolExecutor(2) as both:
        days = [both.submit(way, options.command, options.plimsoll) for way in (straight, through)]
    for way, day in zip(("straight", "through"), days, strict=True):
        done = day.result()
        print(
            f"a day {way}: {done['bars']} bars, {done['orders']} orders, {len(done['trades'])} executions, "
            f"{done['filled']} shares, {done['commissions']} of commissions: as the venue says"
        )
    print(f"a day both ways: {time.monotonic() - started:.0f} s")
    return 0


def straight(command: list[str], binary: Path) -> dict[str, Any]:
    """The day at the venue."""
    with tempfile.TemporaryDirectory(prefix="plm-") as folder, venue(binary, Path(folder)) as simulator:
        believed = play(command, simulator.port, Path(folder))
        known = simulator.state()
        agree(believed, known)
        # The adapter adds a colon and the order's number to the reference that it sends.
        sent = sorted(row["order_ref"].rsplit(":", 1)[0] for row in known["orders"])
        if believed["references"] != sent:
            raise Failed(f"straight, references at the venue {sent}, in the program {believed['references']}")
        return believed


def through(command: list[str], binary: Path) -> dict[str, Any]:
    """The day through the gateway, which has to agree with both."""
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        home = Path(folder)
        with venue(binary, home) as simulator:
            # The day is fast on purpose, so what is measured by the clock of the wall is off.
            bot = Bot(NAME, (CLIENT_ID,), limits={"stale_after": "off", "duplicate_window": "0s"})
            with Gateway(binary, home, simulator, [bot]) as gateway:
                try:
                    believed = play(command, bot.port, home)
                    known = simulator.state()
                    agree(believed, known)
                except Failed as error:
                    # The reason of a denial or a rejection is in what they said.
                    raise Failed(f"{error}\n{gateway.log()}\n{simulator.log()}") from error
                marked(believed, known)
                breaks = gateway.json("breaks")
                held = [row for row in gateway.json("positions") if Decimal(row["qty"]) != 0]
                if breaks or held:
                    raise Failed(f"the gateway's books differ from the broker's: {breaks}, {held}")
                return believed


@contextmanager
def venue(binary: Path, home: Path) -> Iterator[Simulator]:
    """The simulator, at the day's speed."""
    with Simulator(binary, home, OPTIONS) as simulator:
        yield simulator


def agree(believed: dict[str, Any], known: dict[str, Any]) -> None:
    """What the program says against the venue's own truth."""
    mine = [row for row in known["executions"] if row["client"] == CLIENT_ID]
    commissions = sum((Decimal(row["commission"]) for row in mine), Decimal())
    shares = sum((Decimal(row["qty"]) for row in mine), Decimal())
    if believed["orders"] < ORDERS_MIN:
        raise Failed(f"{believed['orders']} orders are no day: {believed}")
    pairs = {
        "orders": (believed["orders"], len(known["orders"])),
        "statuses": (believed["statuses"], ["FILLED"]),
        "executions": (believed["trades"], sorted(row["exec_id"] for row in mine)),
        "shares": (Decimal(believed["filled"]), shares),
        "commissions": (Decimal(believed["commissions"]), commissions),
        "open positions": (believed["open_positions"], 0),
        "the venue's positions": ([row for row in known["positions"] if Decimal(row["qty"]) != 0], []),
        "live rules broken": (known["violations"], []),
    }
    wrong = [f"{what}: {left!r}, not {right!r}" for what, (left, right) in pairs.items() if left != right]
    if wrong:
        raise Failed("what the program believes is not what the venue knows:\n" + "\n".join(wrong))


def marked(believed: dict[str, Any], known: dict[str, Any]) -> None:
    """At the venue each order carries the gateway's reference, and the program sees only its own."""
    ours = [row["order_ref"] for row in known["orders"]]
    wrong = [reference for reference in ours if not reference.startswith(f"SPY-{NAME}-")]
    if wrong or set(ours) & set(believed["references"]) or len(set(believed["references"])) != believed["orders"]:
        raise Failed(f"references at the venue {ours}, in the program {believed['references']}")


def play(command: list[str], port: int, home: Path) -> dict[str, Any]:
    """Starts the program, waits for its end, and reads what it believes."""
    document, log = home / "believed.json", home / "program.log"
    arguments = [*command, "--port", str(port), "--client-id", str(CLIENT_ID), "--believed", str(document)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as said:
        program = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=environment
        )
        try:
            code = program.wait(DAY_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()
            code = program.wait()
    if code != 0 or not document.exists():
        raise Failed(f"the program ended with {code}:\n{log.read_text(errors='replace')[-4000:]}")
    believed = json.loads(document.read_text())
    if not isinstance(believed, dict):
        raise Failed(f"the program believes {believed!r}")
    return believed


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
