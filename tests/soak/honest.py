"""A bot that behaves and is in a hurry: orders, changes, cancels, requests, quotes and history, ten messages a
second. An ordinary bot sends about one.

Each bot has a symbol of its own, so that no two of them can trade with each other. Standard library only.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

from bots.wire import CANCEL_ORDER, ERROR, OPEN_ORDER, ORDER_STATUS, Client, Closed, Order, frame, place_order
from soak import messages

ACCOUNT = "DU1111111"
PER_SECOND = 10
# An order that is not answered by then is lost, and the bot's day with it.
ANSWER_SECONDS = 10.0
# One of a minute: its answer grows with the day, and no bot asks for all of it every second.
ROUNDS_PER_EXECUTIONS = 60
# What ends a request or an order, or says that it never was: errors from here on are notices.
NOTICES_FROM = 2100
NOTICES_TO = 2200
CODE_CANCELED = 202
BID = "1"
FILLED = "Filled"


class Honest:
    """One bot on one link, until it is stopped or harmed."""

    def __init__(self, port: int, client_id: int, symbols: tuple[str, ...]) -> None:
        self._port = port
        self._client_id = client_id
        self._symbols = symbols
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"honest {client_id}", daemon=True)
        self._waiting: dict[int, float] = {}
        self._bid = 0.0
        # Market orders that were not seen executed yet, and what the executed ones add up to.
        self._market: dict[int, int] = {}
        self._held = 0
        self._lock = threading.Lock()
        self._latencies: list[float] = []
        self.orders = 0
        self.frames = 0
        self.refused: list[str] = []
        self.harm: str | None = None

    def start(self) -> None:
        """Connects and begins."""
        self._link = Client.login(self._port, self._client_id)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and the link."""
        self._stop.set()
        self._thread.join(ANSWER_SECONDS)
        self._link.close()

    def take_latencies(self) -> list[float]:
        """Seconds from an order to its first answer, since the last call."""
        with self._lock:
            taken, self._latencies = self._latencies, []
        return taken

    def _run(self) -> None:
        try:
            for number, symbol in enumerate(self._symbols, start=1):
                self._link.send(messages.market_data(number, symbol))
            due = time.monotonic()
            for message in self._day():
                if self._stop.is_set():
                    return
                self._link.send(message)
                # What was missed is not made up for: a burst would be another load than the one announced.
                due = max(due + 1 / PER_SECOND, time.monotonic())
                self._listen(due)
        except (Closed, OSError, TimeoutError) as error:
            self.harm = self.harm or f"client {self._client_id}: the link ended: {error!r}"

    def _day(self) -> Iterator[bytes]:
        """The same second over and over, with a price that moves."""
        while self._bid == 0.0:
            yield frame(messages.REQ_POSITIONS, 1)
        order_id = self._link.next_id
        req_id = 1000
        for turn in itertools.count():
            # On a slow machine the last market order still works, and the next round could trade with it.
            while self._market:
                yield frame(messages.REQ_IDS, 1, 1)
            resting, market, order_id = order_id, order_id + 1, order_id + 2
            price = self._bid * 0.99
            side = "SELL" if self._held > 0 else "BUY"
            yield self._order(resting, "BUY", "LMT", f"{price:.2f}")
            yield frame(messages.REQ_POSITIONS, 1)
            yield self._order(resting, "BUY", "LMT", f"{price - 0.05:.2f}")
            yield frame(messages.REQ_OPEN_ORDERS, 1)
            self._market[market] = 1 if side == "BUY" else -1
            yield self._order(market, side, "MKT", "")
            yield messages.history(req_id, self._symbols[0], "5 D", "1 day")
            yield frame(CANCEL_ORDER, 1, resting, "")
            yield messages.account_summary(req_id + 1)
            yield messages.cancel_account_summary(req_id + 1)
            if turn % ROUNDS_PER_EXECUTIONS == 0:
                yield messages.executions(req_id + 2)
            else:
                yield frame(messages.REQ_IDS, 1, 1)
            req_id += 3

    def _order(self, order_id: int, side: str, kind: str, limit: str) -> bytes:
        self.orders += 1
        self._waiting[order_id] = time.monotonic()
        return place_order(order_id, Order(self._symbols[0], side, "1", kind, ACCOUNT, limit=limit))

    def _listen(self, due: float) -> None:
        """Reads until the next message is due."""
        while (left := due - time.monotonic()) > 0:
            try:
                fields = self._link.receive(left)
            except TimeoutError:
                break
            self.frames += 1
            self._hear(fields)
        late = [order_id for order_id, sent in self._waiting.items() if time.monotonic() - sent > ANSWER_SECONDS]
        if late:
            raise TimeoutError(f"orders {late} were not answered within {ANSWER_SECONDS:g} s")

    def _hear(self, fields: list[str]) -> None:
        kind = fields[0]
        if kind in (ORDER_STATUS, OPEN_ORDER):
            self._answered(int(fields[1]))
            if kind == ORDER_STATUS and fields[2] == FILLED:
                self._held += self._market.pop(int(fields[1]), 0)
        elif kind == ERROR:
            number, code = int(fields[2]), int(fields[3])
            self._answered(number)
            if not NOTICES_FROM <= code < NOTICES_TO and code != CODE_CANCELED:
                self.refused.append(f"client {self._client_id}, {number}: {code} {fields[4]}")
        elif kind == messages.TICK_PRICE and fields[2:4] == ["1", BID] and float(fields[4]) > 0:
            self._bid = float(fields[4])

    def _answered(self, order_id: int) -> None:
        sent = self._waiting.pop(order_id, None)
        if sent is not None:
            with self._lock:
                self._latencies.append(time.monotonic() - sent)
