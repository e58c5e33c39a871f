"""The gateway in front of the simulator, for minutes: ten bots at ten times normal load, with orders, changes,
cancels, requests, quotes and history, and hostile clients beside them. Prints a line a minute, and fails if memory
is not flat, an honest link is harmed, a malformed frame reaches the venue, or the journal does not verify.

    python -m soak.run --plimsoll target/release/plimsoll --minutes 10

Standard library only. What counts as flat is in `soak.flat`; the limits are below.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from bots.hostile import resident_kib
from bots.programs import Bot, Failed, Gateway, Program, Simulator, SimulatorOptions
from soak.flat import Flat, Sample
from soak.hostile import ATTACKS, FIRST_CLIENT
from soak.honest import ACCOUNT, Honest

SYMBOLS = ("SPY", "QQQ", "AAPL", "MSFT", "NVDA", "AMZN", "GOOG", "META", "TSLA", "GLD")
HOSTILE_SYMBOL = "IWM"
QUOTES_PER_BOT = 5
FIRST_HONEST = 101
SAMPLE_SECONDS = 2.0
# Connecting, the first subscriptions and the first attacks.
SETTLE_SECONDS = 5.0

# What a day's history may cost, by design. At this load there are 1,200 orders and 600 executions more every minute:
# the gateway packs an order that has ended, names and all, into a third of a kilobyte (up to 20,000), and keeps a
# quarter of one of an execution (up to 100,000). A heap profile says half a MiB a minute of that; as much again is what
# the allocator cannot use between the two, and the answers with the whole day, which grow with it. The simulator keeps all of both, some 1 KiB and 0.5 KiB each by its types:
# 1.5 MiB a minute. Once a minute it answers ten bots at once with the whole day, two lines of a quarter of a kilobyte for
# each execution, which wait for whoever reads: 3 MiB more every minute. And it keeps 32 MiB of its latest frames.
GATEWAY_SLOPE_KIB = 1536
SIMULATOR_SLOPE_KIB = 12 * 1024
GATEWAY_KIB_MAX = 60 * 1024
# Ten bots' orders, cancels and questions are 45 messages a second and the login may send 50, so a few that come late
# together are one second with more. The venue reads the last of these a moment later; more often than this it is a fault.
RATE_BREAKS_PER_MINUTE_MAX = 2
# Half a minute is too short for a slope: a reader that never reads fills 8 MiB and is gone, over and over.
SLOPE_MINUTES_MIN = 4.0

LIMITS: dict[str, str | int] = {
    "stale_after": "15s",
    "max_order_qty": 100,
    "max_order_notional": "100000 USD",
    "max_position_notional": "1000000 USD",
    "max_daily_loss": "100000 USD",
    "max_orders_per_minute": 600,
    "price_collar": "3%",
    # They buy the same every second, and a machine under load may bring two such seconds together.
    "duplicate_window": "0s",
}
HOSTILE_LIMITS: dict[str, str | int] = {**LIMITS, "max_orders_per_minute": 30, "duplicate_window": "500ms"}
OUR_REFERENCE = re.compile(r"[A-Z.]+-[a-z0-9_]+-\d{8}-\d+")


@dataclass
class Watch:
    """Memory of both programs since the start."""

    gateway: Program
    simulator: Program
    begun: float = field(default_factory=time.monotonic)
    samples: dict[str, list[Sample]] = field(default_factory=lambda: {"gateway": [], "simulator": []})

    def look(self) -> None:
        """One sample of each."""
        seconds = time.monotonic() - self.begun
        for name, program in (("gateway", self.gateway), ("simulator", self.simulator)):
            if not program.running:
                raise Failed(f"the {name} ended\n{program.log()}")
            self.samples[name].append(Sample(seconds, resident_kib(program)))

    def last_mib(self, name: str) -> float:
        """The latest sample."""
        return self.samples[name][-1].kib / 1024


class Attackers:
    """`soak.hostile` in a process of its own."""

    def __init__(self, port: int) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "soak.hostile", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def count(self) -> dict[str, int]:
        """How often each attack was made."""
        if self._child.poll() is not None:
            raise Failed(f"the hostile clients ended with {self._child.returncode}")
        self._pipe(self._child.stdin).write("count\n")
        self._pipe(self._child.stdin).flush()
        return dict(json.loads(self._pipe(self._child.stdout).readline()))

    def stop(self) -> None:
        """Ends them."""
        if self._child.poll() is None:
            self._pipe(self._child.stdin).close()
            try:
                self._child.wait(5)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._pipe(self._child.stdout).close()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None, "the child was started with pipes"
        return pipe


def main() -> int:
    """The whole run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plimsoll", required=True, type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        home = Path(folder)
        market = SimulatorOptions(symbols=(*SYMBOLS, HOSTILE_SYMBOL), extra=("--market-data-lines", "1000"))
        with Simulator(options.plimsoll, home, market) as simulator:
            bots = [
                Bot(f"honest_{at}", (FIRST_HONEST + at,), (ACCOUNT,), (symbol,), (), LIMITS)
                for at, symbol in enumerate(SYMBOLS)
            ]
            ids = tuple(FIRST_CLIENT + at for at in range(len(ATTACKS)))
            hostile = Bot("hostile", ids, (ACCOUNT,), (HOSTILE_SYMBOL,), (), HOSTILE_LIMITS)
            with Gateway(options.plimsoll, home, simulator, [*bots, hostile]) as gateway:
                soak(options.minutes, simulator, gateway, bots, hostile)
            print(gateway.command("journal", "verify").strip())
    print("soak: memory is flat, no honest link was harmed, nothing malformed reached the venue, the journal is intact")
    return 0


def soak(minutes: float, simulator: Simulator, gateway: Gateway, bots: list[Bot], hostile: Bot) -> None:
    """Honest bots and hostile clients side by side, measured."""
    honest = [
        Honest(bot.port, bot.client_ids[0], tuple(SYMBOLS[(at + n) % len(SYMBOLS)] for n in range(QUOTES_PER_BOT)))
        for at, bot in enumerate(bots)
    ]
    for one in honest:
        one.start()
    attackers = Attackers(hostile.port)
    try:
        time.sleep(SETTLE_SECONDS)
        watch = Watch(gateway, simulator)
        measure(minutes, watch, gateway, honest, attackers)
        print(f"attacks made: {attackers.count()}")
    finally:
        attackers.stop()
        for one in honest:
            one.stop()
    unharmed(minutes, simulator, honest)
    flat(minutes, watch)


def measure(
    minutes: float, watch: Watch, gateway: Gateway, honest: list[Honest], attackers: Attackers
) -> None:
    """A sample every few seconds, and a line a minute."""
    print(f"{'minute':>6} {'orders':>8} {'denials':>8} {'frames':>9} {'attacks':>8} {'gateway':>9} {'simulator':>9} "
          f"{'p50':>8} {'p99':>8}", flush=True)
    every = min(1.0, minutes) * 60
    due = watch.begun + every
    while due <= watch.begun + minutes * 60 + SAMPLE_SECONDS / 2:
        time.sleep(SAMPLE_SECONDS)
        watch.look()
        harm = next((one.harm for one in honest if one.harm), None)
        if harm is not None:
            raise Failed(f"an honest link was harmed: {harm}\n{gateway.log()}")
        if time.monotonic() >= due:
            line(due - watch.begun, watch, gateway, honest, attackers)
            due += every


def line(
    seconds: float, watch: Watch, gateway: Gateway, honest: list[Honest], attackers: Attackers
) -> None:
    """One row of the table; memory in MiB, times in milliseconds."""
    status: dict[str, Any] = gateway.json("status")
    denials = sum(int(bot["denied"]) for bot in status["bots"])
    taken = sorted(span for one in honest for span in one.take_latencies())
    p50, p99 = (taken[(len(taken) - 1) * part // 100] * 1000 for part in (50, 99))
    print(f"{seconds / 60:6.1f} {sum(one.orders for one in honest):8} {denials:8} {sum(one.frames for one in honest):9} "
          f"{sum(attackers.count().values()):8} {watch.last_mib('gateway'):9.1f} {watch.last_mib('simulator'):9.1f} "
          f"{p50:8.2f} {p99:8.2f}", flush=True)


def unharmed(minutes: float, simulator: Simulator, honest: list[Honest]) -> None:
    """The venue's own truth, and what the honest bots were told."""
    refused = [text for one in honest for text in one.refused]
    if refused:
        raise Failed(f"{len(refused)} messages of honest bots were refused: {refused[:5]}")
    state = simulator.state()
    malformed = [row for row in state["violations"] if row["kind"] == "malformed_frame"]
    if malformed:
        raise Failed(f"{len(malformed)} malformed frames reached the venue: {malformed[:5]}")
    blamed = [row for row in state["violations"] if int(row["client"]) < FIRST_CLIENT]
    fast = [row for row in blamed if row["kind"] == "message_rate"]
    if len(fast) > max(1.0, minutes) * RATE_BREAKS_PER_MINUTE_MAX:
        raise Failed(f"the login sent too much {len(fast)} times: {fast[:5]}")
    blamed = [row for row in blamed if row["kind"] != "message_rate"]
    if blamed:
        raise Failed(f"the venue has {len(blamed)} violations of honest bots: {blamed[:5]}")
    foreign = [row["order_ref"] for row in state["orders"] if not OUR_REFERENCE.fullmatch(row["order_ref"])]
    if foreign:
        raise Failed(f"{len(foreign)} orders reached the venue under references that are not ours: {foreign[:5]}")


def flat(minutes: float, watch: Watch) -> None:
    """Both programs, and the gateway's limit."""
    for name, slope_max in (("gateway", GATEWAY_SLOPE_KIB), ("simulator", SIMULATOR_SLOPE_KIB)):
        measured = Flat.of(watch.samples[name])
        print(f"{name}: median {measured.median_kib / 1024:.1f} MiB, last {measured.last_kib / 1024:.1f}, "
              f"largest {measured.largest_kib / 1024:.1f}, slope of the second half "
              f"{measured.slope_kib_per_minute / 1024:+.2f} MiB a minute")
        trouble = measured.trouble(slope_max) if minutes >= SLOPE_MINUTES_MIN else None
        if trouble is not None:
            raise Failed(f"{name}: memory {trouble}")
        if name == "gateway" and measured.largest_kib > GATEWAY_KIB_MAX:
            raise Failed(f"{name}: {measured.largest_kib} KiB at most, limit {GATEWAY_KIB_MAX}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, TimeoutError) as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
