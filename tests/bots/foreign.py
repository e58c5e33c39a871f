"""Clients of other languages and generations must not notice the gateway either: each is a program that plays its
script against a port and prints what it was told; straight and through, the transcripts are equal.

    python3 -m bots.foreign --client nautilus_ibapi --plimsoll target/release/plimsoll -- PYTHON -m bots.ewrapper

What follows `--` starts the client; `--port` and `--client-id` are added to it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bots.compare import compare
from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions
from bots.recorder import Step
from bots.told import steps

CLIENT_ID = 11
PLAY_SECONDS = 180.0
# A venue second lasts a tenth of one, so that scripts with bars and snapshots take seconds.
SPEED = "10"
# Each run begins at this instant, however long a gateway took to start.
BEGIN = "2026-11-18T10:45:00-05:00"
CONTROL_DELAY_SECONDS = 0.8


@dataclass(frozen=True)
class Refusal:
    """A code and words that its text has."""

    code: int
    text: str


# Steps in which the gateway says no before the venue could: the venue's refusal, and the gateway's.
GUARDED = {
    "duplicate_number": (
        Refusal(103, "Duplicate order id"),
        Refusal(201, "Order rejected - reason:Plimsoll duplicate: "),
    ),
    "unknown_contract_order": (
        Refusal(200, "No security definition has been found"),
        Refusal(201, "Order rejected - reason:Plimsoll ownership: NOSUCH "),
    ),
}


def main() -> int:
    """Runs both ways and prints the difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", required=True, help="its name in what is printed")
    parser.add_argument("--plimsoll", required=True, type=Path)
    parser.add_argument("--keep", type=Path, help="write both transcripts into this folder")
    parser.add_argument("--control", action="store_true", help="compare straight with straight: proves the method")
    parser.add_argument("command", nargs="+", help="how the client is started")
    options = parser.parse_args()
    started = time.monotonic()
    again = run_straight_later if options.control else run_through
    # Both at once: a client waits most of its time.
    with ThreadPoolExecutor(2) as both:
        played = [both.submit(way, options.command, options.plimsoll) for way in (run_straight, again)]
    straight, through = (run.result() for run in played)
    if not options.control:
        denied(straight, through)
    left, right = text(straight), text(through)
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / "straight.txt").write_text("\n".join(left) + "\n")
        (options.keep / "through.txt").write_text("\n".join(right) + "\n")
    found = compare(left, right)
    for line in found:
        print(line)
    if found:
        print(f"{options.client}: {'the method is unsteady' if options.control else 'the client notices the gateway'}")
        return 1
    ways = "straight twice" if options.control else "straight and through"
    seconds = time.monotonic() - started
    print(f"{options.client}: {len(straight) - 1} steps, {len(left)} lines, {ways}: equal, {seconds:.0f} s")
    return 0


def run_straight(command: list[str], binary: Path, wait: float = 0.0) -> list[Step]:
    """The script against the simulator."""
    with tempfile.TemporaryDirectory(prefix="plm-") as folder, simulator_in(Path(folder), binary) as simulator:
        simulator.clock(BEGIN)
        time.sleep(wait)
        return play(command, simulator.port)


def run_straight_later(command: list[str], binary: Path) -> list[Step]:
    """The same, meeting the market later than the other run by more than two runs differ."""
    return run_straight(command, binary, CONTROL_DELAY_SECONDS)


def run_through(command: list[str], binary: Path) -> list[Step]:
    """The script through the gateway, against a fresh simulator of the same seed."""
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        home = Path(folder)
        with simulator_in(home, binary) as simulator:
            # No limit is set, and what has a default is switched off.
            wide: dict[str, str | int] = {"stale_after": "off", "duplicate_window": "0s"}
            bot = Bot("foreign", (CLIENT_ID,), limits=wide)
            with Gateway(binary, home, simulator, [bot]) as gateway:
                simulator.clock(BEGIN)
                try:
                    return play(command, bot.port)
                except Failed as error:
                    raise Failed(f"{error}\n{gateway.log()}\n{simulator.log()}") from error


def simulator_in(home: Path, binary: Path) -> Simulator:
    """The venue, faster than life."""
    return Simulator(binary, home, SimulatorOptions(speed=SPEED))


def play(command: list[str], port: int) -> list[Step]:
    """Starts the client, waits for its end, and reads what it printed."""
    arguments = [*command, "--port", str(port), "--client-id", str(CLIENT_ID)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "RUST_BACKTRACE": "0"}
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PLAY_SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode(errors="replace").splitlines()
        raise Failed(f"the client was not done within {PLAY_SECONDS:g} s; last: {said[-1:]}") from late
    if done.returncode != 0:
        last = "\n".join(f"  client> {line[:200]}" for line in done.stdout.splitlines()[-5:])
        raise Failed(f"the client ended with {done.returncode}: {done.stderr.strip()[-2000:]}\n{last}")
    said = steps(done.stdout.splitlines())
    if len(said) < 2:
        raise Failed("the client printed no step")
    return said


def denied(straight: list[Step], through: list[Step]) -> None:
    """Takes out the steps that a guard answers instead of the venue, after a look at both answers."""
    for ways, place in ((straight, 0), (through, 1)):
        by_guard = [step for step in ways if step.name.rsplit(" ", 1)[-1] in GUARDED]
        if len(by_guard) != len(GUARDED):
            raise Failed(f"the client played {len(by_guard)} of the {len(GUARDED)} steps that a guard denies")
        for step in by_guard:
            wanted = GUARDED[step.name.rsplit(" ", 1)[-1]][place]
            if step.result != str(wanted.code) or not any(wanted.text in word for row in step.answers for word in row):
                said = "\n".join(step.lines())
                raise Failed(f"{('straight', 'through')[place]}, wanted {wanted.code} {wanted.text!r}:\n{said}")
            step.answers.clear()
            step.result = "denied"


def text(said: list[Step]) -> list[str]:
    """The transcript."""
    return [line for step in said for line in step.lines()]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
