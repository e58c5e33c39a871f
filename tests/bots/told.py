"""Makes a transcript of what a foreign client printed (`bots.says`)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from bots.named import STREAMS, Named, canonical, normalise
from bots.programs import Failed
from bots.recorder import Step

ASSIGN = "="


def steps(lines: Iterable[str]) -> list[Step]:
    """The steps with what each brought; a line that nobody agreed on is an error, not a comment."""
    said = [Step("connect")]
    for line in lines:
        match _parsed(line):
            case ["step", str(name)]:
                said.append(Step(name))
            case ["result", str(value)]:
                said[-1].result = value
            case ["heard", str(kind), list(fields)]:
                _hear(said[-1], kind, [(str(name), str(value)) for name, value in fields])
            case _:
                raise Failed(f"the client printed what is no line of a transcript: {line[:200]!r}")
    return said


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def _hear(step: Step, kind: str, fields: Named) -> None:
    words = (kind, *(f"{name}{ASSIGN}{value}" for name, value in normalise(kind, fields)))
    if canonical(kind) in STREAMS:
        step.streams.add(words)
    else:
        step.answers.append(words)
