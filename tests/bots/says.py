"""What a foreign client prints: one JSON line per step, per message that it was told, and per summary.

    ["step", "7 positions"]
    ["heard", "position", [["account", "DU1111111"], ["contract.symbol", "SPY"]]]
    ["result", "1"]

Every client of every language prints these; `bots.told` makes the transcript of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable


def step(name: str) -> None:
    """From now on, what is heard belongs to this step."""
    _say("step", name)


def heard(kind: str, fields: Iterable[tuple[str, str]]) -> None:
    """One message, as the library handed it to the bot."""
    _say("heard", kind, list(fields))


def result(value: object) -> None:
    """What came of the step."""
    _say("result", repr(value))


def _say(*words: object) -> None:
    # One write per line: callbacks come on the library's own thread.
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()
