"""A short morning of a bot: orders that fill, rest, are changed and canceled, a halt and a resume between them.

It goes as far as the gateway lives, and knows afterwards what it was promised. Standard library only.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bots.programs import COMMAND_SECONDS, Gateway
from bots.wire import CANCEL_ORDER, ERROR, ORDER_STATUS, Client, Closed, Order, frame, place_order

ACCOUNT = "DU1111111"
CLIENT_ID = 31
# Far from the synthetic market on both sides.
LOW, LOWER, HIGH = "552", "551", "828"
ANSWER_SECONDS = 10.0
# What the gateway says to an order that it denies, and the venue to one that it refuses.
REJECTED = "201"
# A price is needed before the first order, and comes once a second.
QUOTE_SECONDS = 10.0
# An order that was denied left no trace anywhere, so its number may be offered again.
WORKED = ("PreSubmitted", "Submitted", "Filled", "Cancelled")
OVER = ("Filled", "Cancelled", "Inactive")


@dataclass
class Promises:
    """What the gateway said before it ended."""

    # Orders that the venue has taken, by number.
    heard_of: set[int] = field(default_factory=set)
    # Whether a halt holds; none: nobody was answered for the newest act.
    halted: bool | None = None
    # The whole morning was played.
    complete: bool = False


class Morning:
    """One connection, from its first order to its last or to the gateway's end."""

    def __init__(self, binary: Path, gateway: Gateway, port: int) -> None:
        self._binary = binary
        self._gateway = gateway
        self._port = port
        self.promises = Promises()

    def play(self) -> Promises:
        """As far as it goes."""
        try:
            link = Client.login(self._port, CLIENT_ID)
        except (Closed, OSError):
            return self.promises
        try:
            self._play(link)
            self.promises.complete = self._gateway.running
        except (Closed, OSError):
            pass  # The gateway has ended. A TimeoutError is an OSError, too: then it lives and says nothing, which the caller sees.
        finally:
            link.close()
        return self.promises

    def _play(self, link: Client) -> None:
        number = link.next_id
        number = self._first_fill(link, number)
        self._place(link, number, Order("SPY", "BUY", "2", "LMT", ACCOUNT, limit=LOW), ("Submitted",))
        self._place(link, number, Order("SPY", "BUY", "3", "LMT", ACCOUNT, limit=LOWER), ("Submitted",))
        self._place(link, number + 1, Order("SPY", "SELL", "2", "LMT", ACCOUNT, limit=HIGH), ("Submitted",))
        link.send(frame(CANCEL_ORDER, 1, number, ""))
        self._await(link, number, OVER)
        self._operator("halt")
        self._place(link, number + 2, Order("SPY", "BUY", "1", "MKT", ACCOUNT), (REJECTED,))
        self._place(link, number + 3, Order("SPY", "SELL", "1", "MKT", ACCOUNT), ("Filled",))
        self._operator("resume")
        self._place(link, number + 4, Order("SPY", "SELL", "2", "MKT", ACCOUNT), ("Filled",))
        link.send(frame(CANCEL_ORDER, 1, number + 1, ""))
        self._await(link, number + 1, OVER)

    def _first_fill(self, link: Client, number: int) -> int:
        """A market order as soon as there is a price; the next number."""
        deadline = time.monotonic() + QUOTE_SECONDS
        while True:
            end = self._place(link, number, Order("SPY", "BUY", "3", "MKT", ACCOUNT), ("Filled", REJECTED))
            number += 1
            if end == "Filled":
                return number
            if time.monotonic() > deadline:
                raise TimeoutError("no price")
            time.sleep(0.2)

    def wait_for_prices(self, link: Client) -> None:
        """A market order fills, so orders are judged by prices from now on. The link knows its next number."""
        link.next_id = self._first_fill(link, link.next_id)

    def _place(self, link: Client, number: int, order: Order, until: tuple[str, ...]) -> str:
        link.send(place_order(number, order))
        return self._await(link, number, until)

    def _await(self, link: Client, number: int, until: tuple[str, ...]) -> str:
        """Reads until the order has one of these statuses, or was refused."""
        def is_it(fields: list[str]) -> str | None:
            if fields[0] == ORDER_STATUS and fields[1] == str(number):
                if fields[2] in WORKED:
                    self.promises.heard_of.add(number)
                return fields[2]
            return fields[3] if fields[0] == ERROR and fields[2] == str(number) else None

        return self._read(link, is_it, until)

    @staticmethod
    def _read(link: Client, find: Callable[[list[str]], str | None], until: tuple[str, ...]) -> str:
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            found = find(link.receive(deadline - time.monotonic()))
            if found in until:
                return found

    def _operator(self, word: str) -> None:
        """Until it is answered for, either may hold."""
        self.promises.halted = None
        command = [str(self._binary), word, "--reason", "the morning", "--config", str(self._gateway.config)]
        command += ["--token-file", str(self._gateway.token)] if word == "resume" else []
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False)
        if done.returncode == 0:
            self.promises.halted = word == "halt"
