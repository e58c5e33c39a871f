"""Writes down what a client was told, step by step: every server message, and the library's own view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bots.normalise import STREAMS, Fields, normalise


@dataclass
class Step:
    """What one step of a script brought."""

    name: str
    answers: list[tuple[str, ...]] = field(default_factory=list)
    streams: set[tuple[str, ...]] = field(default_factory=set)
    result: str = ""

    def lines(self) -> list[str]:
        """For people and for comparison: answers in order, then streams in the alphabet's order."""
        said = [f"== {self.name}", f"   = {self.result}"]
        said += [f"   < {' | '.join(answer)}" for answer in self.answers]
        said += [f"   ~ {' | '.join(message)}" for message in sorted(self.streams)]
        return said


class Recorder:
    """Listens to one `IB` of either library, beneath its event handlers."""

    def __init__(self, ib: Any) -> None:
        self.steps = [Step("connect")]
        self._ib = ib
        decoder = ib.client.decoder
        interpret: Callable[[Fields], None] = decoder.interpret

        def listen(fields: Fields) -> None:
            self._hear(fields)
            interpret(fields)

        decoder.interpret = listen

    def step(self, name: str) -> None:
        """From now on, what is heard belongs to this step."""
        self.steps.append(Step(name))

    def result(self, value: object) -> None:
        """What the library made of the step, as the script summarises it."""
        self.steps[-1].result = repr(value)

    def text(self) -> list[str]:
        """The whole transcript."""
        return [line for step in self.steps for line in step.lines()]

    def _hear(self, fields: Fields) -> None:
        step = self.steps[-1]
        if fields[0] in STREAMS:
            step.streams.add(normalise(fields))
        else:
            step.answers.append(normalise(fields))
