"""Kills the gateway with signal 9 at random moments while orders flow, starts it again, and demands after each
start that the journal is intact and that orders, executions and positions agree with the venue.

    python -m kill9.run --plimsoll target/release/plimsoll [--rounds 50] [--seed 1]

Standard library only. One line per round; exit 1 on any difference.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions
from kill9.trader import Trader
from kill9.truth import differences

CLIENT_ID = 31
SETTLE_SECONDS = 15.0
SHOWN = 12
# The synthetic market's neighbourhood of SPY; resting orders keep 20 % away from it.
NEAR_DEFAULT = 690


def main() -> int:
    """All rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plimsoll", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        home = Path(folder)
        with Simulator(options.plimsoll, home, SimulatorOptions(symbols=("SPY",))) as simulator:
            bot = Bot("steady", (CLIENT_ID,), ("DU1111111",), ("SPY",), (), {"duplicate_window": "0s"})
            gateway = Gateway(options.plimsoll, home, simulator, [bot])
            trader = Trader(bot.port, CLIENT_ID, options.seed, NEAR_DEFAULT)
            try:
                gateway.start()
                for number in range(1, options.rounds + 1):
                    play(number, chance.uniform(0.05, 1.2), gateway, simulator, trader)
            finally:
                trader.stop()
                gateway.stop()
            state = simulator.state()
    print(
        f"kill9: {options.rounds} rounds, seed {options.seed}: {trader.sent} orders sent, "
        f"{len(state['orders'])} at the venue, {len(state['executions'])} executions, no difference"
    )
    return 0


def play(number: int, delay: float, gateway: Gateway, simulator: Simulator, trader: Trader) -> None:
    """Trade, kill, restart, compare."""
    trader.start()
    if trader.trouble is not None:
        raise Failed(f"round {number}: {trader.trouble}\n{gateway.log()}")
    time.sleep(delay)
    gateway.kill()
    trader.stop()
    begun = time.monotonic()
    gateway.start()
    started = time.monotonic() - begun
    gateway.command("journal", "verify")
    settle(number, gateway, simulator)
    venue = simulator.state()
    highest = max((row["order_id"] for row in venue["orders"]), default=0)
    trader.acknowledged = max(trader.acknowledged, highest)
    print(
        f"round {number:2}: killed after {delay:.3f} s, back in {started:.2f} s, journal intact, "
        f"{len(venue['orders'])} orders and {len(venue['executions'])} executions agree",
        flush=True,
    )


def settle(number: int, gateway: Gateway, simulator: Simulator) -> None:
    """The venue lives on while we look, so a difference has to go away by itself, soon."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        found = differences(simulator.state(), gateway.json("orders"), gateway.json("positions"))
        if not found:
            return
        if time.monotonic() > deadline:
            shown = "\n".join(f"  {line}" for line in found[:SHOWN])
            raise Failed(f"round {number}: {len(found)} differences with the venue\n{shown}\n{gateway.log()}")
        time.sleep(0.2)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
