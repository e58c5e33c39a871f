"""The two client libraries behind one import: their interfaces are the same but for the package's name."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bots.programs import Failed

KNOWN = ("ib_async", "ib_insync")
PINNED = {"ib_async": "2.1.0", "ib_insync": "0.9.86"}
CONNECT_SECONDS = 20.0
REQUEST_SECONDS = 20.0


def load(name: str) -> Any:
    """The library, in the version that the checks are written for."""
    if name not in KNOWN:
        raise Failed(f"no client library is called {name}; known are {', '.join(KNOWN)}")
    library = importlib.import_module(name)
    if library.__version__ != PINNED[name]:
        raise Failed(f"{name} is {library.__version__}, the checks want {PINNED[name]}")
    return library


@contextmanager
def connected(library: Any, port: int, client_id: int) -> Iterator[Any]:
    """An `IB` that is connected, and disconnected on the way out."""
    ib = library.IB()
    ib.RequestTimeout = REQUEST_SECONDS
    ib.connect("127.0.0.1", port, clientId=client_id, timeout=CONNECT_SECONDS)
    try:
        yield ib
    finally:
        ib.disconnect()


def check(description: str, run: Callable[[ExitStack, Any, Path, Path], str]) -> int:
    """A check as a program: its options, a folder of its own, and one line about what held."""
    parser = argparse.ArgumentParser(description=description.split("\n", 1)[0])
    parser.add_argument("--library", required=True, choices=KNOWN)
    parser.add_argument("--plimsoll", required=True, type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plimsoll-check-") as home, ExitStack() as stack:
        try:
            found = run(stack, load(options.library), options.plimsoll, Path(home))
        except Failed as failed:
            print(failed, file=sys.stderr)
            return 1
    print(f"{options.library}: {found}")
    return 0


class LogKeeper(logging.Handler):
    """Keeps what the library itself logs: that is where a bot's author looks first."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One line as the library would have written it."""
        self.lines.append(f"{record.name} {record.levelname}: {record.getMessage()}")


def keep_log(name: str) -> LogKeeper:
    """Attaches a keeper to the library's logger."""
    keeper = LogKeeper()
    logger = logging.getLogger(name)
    logger.addHandler(keeper)
    logger.propagate = False
    return keeper
