"""Says where two transcripts differ: the step, then the line, and for messages that correspond, the fields."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

STEP = "== "
SEPARATOR = " | "
SHOWN = 200


def compare(straight: Sequence[str], through: Sequence[str]) -> list[str]:
    """One or more lines per difference; none if the transcripts are equal."""
    said: list[str] = []
    step = ""
    matcher = difflib.SequenceMatcher(None, straight, through, autojunk=False)
    for kind, from_straight, to_straight, from_through, to_through in matcher.get_opcodes():
        if kind != "equal":
            said.append(step)
            said.extend(_differing(straight[from_straight:to_straight], through[from_through:to_through]))
        for line in straight[from_straight:to_straight]:
            step = line if line.startswith(STEP) else step
    return said


def _differing(straight: Sequence[str], through: Sequence[str]) -> Iterator[str]:
    if len(straight) == len(through):
        for left, right in zip(straight, through, strict=True):
            yield from _fields(left, right)
        return
    yield from (f"  only straight {line[:SHOWN]}" for line in straight)
    yield from (f"  only through  {line[:SHOWN]}" for line in through)


def _fields(straight: str, through: str) -> Iterator[str]:
    left, right = straight.split(SEPARATOR), through.split(SEPARATOR)
    if len(left) != len(right) or len(left) == 1:
        yield f"  straight {straight[:SHOWN]}"
        yield f"  through  {through[:SHOWN]}"
        return
    where = [place for place in range(len(left)) if left[place] != right[place]]
    changes = ", ".join(f"field {place}: {left[place]!r} became {right[place]!r}" for place in where)
    yield f"  {SEPARATOR.join(left[:4])} …: {changes}"
