"""An unmodified client must not notice the gateway: one script, straight to the venue and through Plimsoll,
with limits so wide that no guard fires; the two transcripts are equal.

    python -m bots.transcript --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bots import instruments, script
from bots import library as libraries
from bots.compare import compare
from bots.programs import Bot as BotConfig
from bots.programs import Failed, Gateway, Simulator
from bots.recorder import Recorder
from bots.script import Bot

CLIENT_ID = 11
STEPS = script.STEPS + instruments.STEPS
CONTROL_DELAY_SECONDS = 3.3


def main() -> int:
    """Runs both ways and prints the difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True, choices=libraries.KNOWN)
    parser.add_argument("--plimsoll", required=True, type=Path)
    parser.add_argument("--keep", type=Path, help="write both transcripts into this folder")
    parser.add_argument("--control", action="store_true", help="compare straight with straight: proves the method")
    options = parser.parse_args()
    library = libraries.load(options.library)
    libraries.keep_log(options.library)
    straight = run_straight(library, options.plimsoll)
    again = run_straight_later if options.control else run_through
    through = again(library, options.plimsoll)
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / "straight.txt").write_text("\n".join(straight) + "\n")
        (options.keep / "through.txt").write_text("\n".join(through) + "\n")
    found = compare(straight, through)
    for line in found:
        print(line)
    if found:
        print(f"{options.library}: {'the method is unsteady' if options.control else 'the client notices the gateway'}")
        return 1
    ways = "straight twice" if options.control else "straight and through"
    print(f"{options.library}: {len(STEPS)} steps, {len(straight)} lines, {ways}: equal")
    return 0


def run_straight(library: Any, binary: Path, wait: float = 0.0) -> list[str]:
    """The script against the simulator."""
    with tempfile.TemporaryDirectory(prefix="plm-") as folder, Simulator(binary, Path(folder)) as simulator:
        time.sleep(wait)
        return play(library, simulator.port)


def run_straight_later(library: Any, binary: Path) -> list[str]:
    """The same, meeting the market later by as much as a gateway takes to start."""
    return run_straight(library, binary, CONTROL_DELAY_SECONDS)


def run_through(library: Any, binary: Path) -> list[str]:
    """The script through the gateway, against a fresh simulator of the same seed."""
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        home = Path(folder)
        with Simulator(binary, home) as simulator:
            # No limit is set, and what has a default is switched off.
            wide: dict[str, str | int] = {"stale_after": "off", "duplicate_window": "0s"}
            bot = BotConfig("foreign", (CLIENT_ID,), limits=wide, contracts=instruments.NAMED)
            with Gateway(binary, home, simulator, [bot]) as gateway:
                try:
                    return play(library, bot.port)
                except (Failed, OSError, TimeoutError) as error:
                    raise Failed(f"{error}\n{gateway.log()}\n{simulator.log()}") from error


def play(library: Any, port: int) -> list[str]:
    """Every step once; the transcript."""
    ib = library.IB()
    ib.RequestTimeout = libraries.REQUEST_SECONDS
    recorder = Recorder(ib)
    ib.connect("127.0.0.1", port, clientId=CLIENT_ID, timeout=libraries.CONNECT_SECONDS)
    try:
        bot = Bot(ib, library)
        for number, step in enumerate(STEPS, start=1):
            recorder.step(f"{number} {step.__name__}")
            try:
                recorder.result(step(bot))
            except (Failed, TimeoutError) as error:
                raise Failed(f"step {number} {step.__name__}: {error!r}") from error
        return recorder.text()
    finally:
        ib.disconnect()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
