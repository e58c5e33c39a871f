"""Exercise of an option by an unmodified client: the venue carries it out and tells it as executions; the gateway,
which cannot judge what it would do to a position, keeps it from the venue and says so.

    python -m bots.exercise --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bots import instruments
from bots import library as libraries
from bots.programs import Bot, Failed, Gateway, Simulator
from bots.script import MINE
from bots.script import Bot as Desk

CLIENT = 31


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Straight first, then through the gateway, in the same account."""
    simulator = stack.enter_context(Simulator(binary, home))
    bot = Bot("options", (CLIENT,), contracts=instruments.NAMED)
    with libraries.connected(library, simulator.port, CLIENT) as ib:
        desk = Desk(ib, library)
        instruments.option_order(desk)
        made, _held = instruments.exercise(desk)
        expect("what was told", made, [("OPT", "SLD", "1.0", 0.0), ("STK", "BOT", "100.0", float(instruments.STRIKE))])
    held = positions(simulator)
    expect("the shares at the venue", held.get("STK"), 100.0)
    with Gateway(binary, home, simulator, [bot]):
        denied: list[tuple[int, str]] = []
        with libraries.connected(library, bot.port, CLIENT) as ib:
            ib.errorEvent += lambda _id, code, text, _contract: denied.append((code, text))
            contract = instruments.call(Desk(ib, library))
            ib.exerciseOptions(contract, 1, 1, MINE, 0)
            ib.sleep(2)
        if not any("exerciseOptions" in text for _code, text in denied):
            raise Failed(f"the gateway said nothing of the exercise: {denied}")
    expect("the venue after the denied one", positions(simulator), held)
    return "an exercise is carried out straight and denied by the gateway"


def positions(simulator: Simulator) -> dict[str, float]:
    """What the venue holds for the account, by kind."""
    rows = simulator.state()["positions"]
    return {row["sec_type"]: float(row["qty"]) for row in rows if row["account"] == MINE}


def expect(what: str, seen: object, wanted: object) -> None:
    """Both must be equal."""
    if seen != wanted:
        raise Failed(f"{what}: {seen}, expected {wanted}")


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
