"""Kills the gateway at every write to its journal, and at every sync of it: each call once, over a short morning of a bot. After
each kill it is started again, and orders, executions and positions have to agree with the venue's own books, nothing may have been
sent twice, and what an operator was answered for has to hold.

    python -m kill9.writes --plimsoll target/release/plimsoll                # a spread selection
    python -m kill9.writes --plimsoll target/release/plimsoll --full         # until a life ends without being hit

Standard library only, and strace. A line per selection; exit 1 on any difference.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bots.programs import Failed
from kill9 import frozen, torn
from kill9.place import Place, Seen
from kill9.traced import KILL, NEVER, Fault

# What the journal's thread does to a segment that is in use.
CALLS = ("pwrite64", "fdatasync")
# What it does to make the first segment: 64 MiB of zeros in steps of one behind a head, a sync, and the name.
MAKING = (("write", 1), ("write", 2), ("write", 33), ("write", 65), ("fsync", 1), ("rename", 1))
FULL, BROKEN = "error=ENOSPC", "error=EIO"
# What happens to the calls on a segment that is in use.
USING = (
    *(("pwrite64", KILL), ("fdatasync", KILL)),
    *(("pwrite64", FULL), ("pwrite64", BROKEN), ("fdatasync", BROKEN), ("fdatasync", FULL)),
)
MAKING_ANSWERS = (Fault("write", 33, FULL), Fault("fsync", 1, BROKEN), Fault("rename", 1, BROKEN))
# So many numbers of each.
SPREAD = {KILL: 8, FULL: 2, BROKEN: 2}
WORKERS = 4


@dataclass(frozen=True)
class Kind:
    """One thing that happens to one call, of which there are so many in an undisturbed life."""

    call: str
    what: str
    total: int


def count(place: Place) -> dict[str, int]:
    """How often an undisturbed life makes each call."""
    place.gateway.start()
    place.gateway.stop()
    seen = place.life(Fault(CALLS[0], NEVER))
    if seen.hit:
        raise Failed(f"the undisturbed morning was not played to its end\n{place.gateway.log()}")
    return {call: place.traced.counted(call) for call in CALLS}


def spread(total: int, number: int) -> list[int]:
    """So many of the first `total` numbers, each in the middle of its share of them."""
    return sorted({1 + (2 * step + 1) * total // (2 * number) for step in range(number)})


def over(binary: Path, home: Path, faults: Iterable[Fault], *, new: bool) -> list[Seen]:
    """All faults, by several hands. `new`: each at a place of its own, where no gateway has been."""
    waiting: queue.SimpleQueue[Fault] = queue.SimpleQueue()
    for fault in faults:
        waiting.put(fault)
    seen: list[Seen] = []
    wrong: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            with ExitStack() as stack:
                place: Place | None = None
                while not wrong:
                    try:
                        fault = waiting.get_nowait()
                    except queue.Empty:
                        return
                    if place is None or new:
                        place = Place(stack, binary, home / f"{worker}-{fault.call}-{fault.number}")
                        if not new:
                            place.gateway.start()
                            place.gateway.stop()
                    seen.append(place.life(fault))
        except BaseException as error:
            wrong.append(error)

    hands = [threading.Thread(target=work, args=(worker,)) for worker in range(WORKERS)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    if wrong:
        raise wrong[0]
    return seen


def every(binary: Path, home: Path, kind: Kind) -> list[Seen]:
    """All numbers up to the last one of an undisturbed life, and more until a life is over before its turn comes."""
    seen: list[Seen] = []
    begin, end = 1, kind.total
    while True:
        faults = (Fault(kind.call, number, kind.what) for number in range(begin, end + 1))
        seen += over(binary, under(home, f"from-{begin}"), faults, new=False)
        if any(not one.hit for one in seen if one.fault.number == end):
            return seen
        begin, end = end + 1, end + WORKERS


def main() -> int:
    """All calls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plimsoll", required=True, type=Path)
    parser.add_argument("--full", action="store_true", help="every number")
    options = parser.parse_args()
    binary: Path = options.plimsoll
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        home = Path(folder)
        making = [Fault(call, number) for call, number in MAKING]
        say("making the first segment", all_hit(over(binary, under(home, "new"), making, new=True)), KILL)
        say("making the first segment", all_hit(over(binary, under(home, "new-errors"), MAKING_ANSWERS, new=True)), "an error")
        with ExitStack() as stack:
            totals = count(Place(stack, binary, home / "count"))
        kinds = [Kind(call, what, totals[call]) for call, what in USING]
        if options.full:
            seen = [one for kind in kinds for one in every(binary, under(home, f"{kind.call}-{kind.what}"), kind)]
        else:
            faults = [Fault(kind.call, at, kind.what) for kind in kinds for at in spread(kind.total, SPREAD[kind.what])]
            seen = over(binary, under(home, "spread"), faults, new=False)
        for kind in kinds:
            of_kind = [one for one in seen if (one.fault.call, one.fault.what) == (kind.call, kind.what)]
            say(f"{kind.call}, {kind.total} in an undisturbed life", of_kind, kind.what)
        with ExitStack() as stack:
            print(f"writes: {frozen.check(Place(stack, binary, home / 'frozen'))}", flush=True)
        with ExitStack() as stack:
            print(f"writes: {torn.check(Place(stack, binary, home / 'torn'), full=options.full)}", flush=True)
    return 0


def all_hit(seen: list[Seen]) -> list[Seen]:
    """Of these each is known to happen."""
    if missed := [str(one.fault) for one in seen if not one.hit]:
        raise Failed(f"the first segment was made without {', '.join(missed)}")
    return seen


def under(home: Path, name: str) -> Path:
    """A folder in the folder."""
    (home / name).mkdir()
    return home / name


def say(call: str, seen: list[Seen], what: str) -> None:
    """One line. What was never hit proves nothing."""
    hit = [one for one in seen if one.hit]
    if not hit:
        raise Failed(f"{call}: no life was hit by {what}")
    early = sum(one.early for one in hit)
    print(
        f"writes: {call}: {what}: {len(seen)} lives, {len(hit)} ended by it ({early} before bots were let in); journals intact, "
        "books equal, nothing twice, halts kept",
        flush=True,
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
