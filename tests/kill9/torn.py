"""The end of the journal as a crash of the machine leaves it: the last records are cut at a byte, and zeros follow. The gateway starts on
it, and finds at the venue what it has forgotten. Standard library only; docs/journal.md has the format.
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from bots.programs import Failed
from kill9.morning import Promises
from kill9.place import Place
from kill9.traced import SEGMENT

HEAD_OF_SEGMENT = 62
MAGIC = b"PLJR"
# Cuts in each of the last two records. That a reader takes a cut at any byte show the journal's own tests.
CUTS, CUTS_FULL = 2, 24


def check(place: Place, *, full: bool) -> str:
    """A morning, and then its journal cut in many places."""
    place.traced.untraced()
    place.gateway.start()
    promises = place.morning.play()
    if not promises.complete:
        raise Failed(f"the morning was not played to its end\n{place.gateway.log()}")
    place.gateway.kill()
    state, kept = place.home / "state", place.home / "kept"
    shutil.copytree(state, kept, ignore=shutil.ignore_patterns("*.sock"))
    last_two = records(kept / "journal" / SEGMENT)[-2:]
    begun = 0
    for begin, end in last_two:
        for cut in places(begin, end, CUTS_FULL if full else CUTS):
            shutil.rmtree(state)
            shutil.copytree(kept, state)
            zero(state / "journal" / SEGMENT, cut, last_two[-1][1])
            # A halt that was answered for may be what was cut.
            place.again(f"cut at byte {cut}", Promises(heard_of=promises.heard_of))
            begun += 1
    spans = " and ".join(str(end - begin) for begin, end in last_two)
    return f"torn tail: {begun} starts on a journal cut within its last two records ({spans} bytes); books equal"


def records(segment: Path) -> list[tuple[int, int]]:
    """Where each record begins and ends."""
    found: list[tuple[int, int]] = []
    with segment.open("rb") as file:
        at = HEAD_OF_SEGMENT
        while True:
            file.seek(at)
            head = file.read(8)
            if head[:4] != MAGIC:
                return found
            end = at + int(struct.unpack("<I", head[4:])[0])
            found.append((at, end))
            at = end


def places(begin: int, end: int, number: int) -> list[int]:
    """The first byte and the last one, and so many in all."""
    return sorted({begin + step * (end - 1 - begin) // (number - 1) for step in range(number)})


def zero(segment: Path, begin: int, end: int) -> None:
    """What a crash leaves of bytes that never reached the disk."""
    with segment.open("r+b") as file:
        file.seek(begin)
        file.write(bytes(end - begin))
