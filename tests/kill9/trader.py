"""A bot that never stops ordering: small market orders both ways, resting limits, and cancels of them.

It runs in a thread, survives the loss of its link, and keeps no truth: that is the venue's. Standard library only.
"""

from __future__ import annotations

import random
import threading

from bots.wire import CANCEL_ORDER, ERROR, OPEN_ORDER, ORDER_STATUS, Client, Closed, Order, frame, place_order

ACCOUNT = "DU1111111"
RESTING_MAX = 8
# Where the messages about an order carry its id.
ORDER_ID_AT = {ORDER_STATUS: 1, OPEN_ORDER: 1, ERROR: 2}


class Trader:
    """Orders on one link until it breaks or is told to stop."""

    def __init__(self, port: int, client_id: int, seed: int, near: int) -> None:
        self._port = port
        self._client_id = client_id
        self._random = random.Random(seed)
        self._near = near
        self._highest = 0
        self.acknowledged = 0
        self._resting: list[int] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._link: Client | None = None
        self.sent = 0
        self.trouble: str | None = None

    def start(self) -> None:
        """Connects, checks the next order id, and trades in the background."""
        link = Client.login(self._port, self._client_id)
        # Ids that the gateway never took are free again; one that it has answered for is not.
        if link.next_id <= self.acknowledged:
            link.close()
            self.trouble = f"next order id {link.next_id}, but {self.acknowledged} was answered for"
            return
        self._highest = link.next_id - 1
        self._link = link
        self._stop.clear()
        self._thread = threading.Thread(target=self._trade, args=(link,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and the link."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def _trade(self, link: Client) -> None:
        try:
            while not self._stop.is_set():
                link.send(self._next())
                self._listen(link, self._random.uniform(0.02, 0.05))
        except (Closed, OSError):
            return  # The gateway was killed.

    def _next(self) -> bytes:
        if self._resting and (len(self._resting) >= RESTING_MAX or self._random.random() < 0.2):
            victim = self._resting.pop(self._random.randrange(len(self._resting)))
            return frame(CANCEL_ORDER, 1, victim, "")
        self._highest += 1
        self.sent += 1
        quantity = str(self._random.randint(1, 5))
        action = self._random.choice(("BUY", "SELL"))
        if self._random.random() < 0.6:
            return place_order(self._highest, Order("SPY", action, quantity, "MKT", ACCOUNT))
        self._resting.append(self._highest)
        # Far from the market on both sides, so that a resting order cannot meet one of our own.
        price = self._near * (80 if action == "BUY" else 120) // 100
        return place_order(self._highest, Order("SPY", action, quantity, "LMT", ACCOUNT, limit=str(price)))

    def _listen(self, link: Client, seconds: float) -> None:
        """Reads what comes, so that the gateway never waits for us."""
        try:
            while True:
                fields = link.receive(seconds)
                if fields[0] in ORDER_ID_AT:
                    self.acknowledged = max(self.acknowledged, int(fields[ORDER_ID_AT[fields[0]]]))
        except TimeoutError:
            return
