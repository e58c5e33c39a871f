"""An unmodified `EClient` whose every callback is written down, one JSON line each, on standard output.

The two generations of the official client differ in a few signatures; those differences are in here, so that
the steps are the same for both.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import ibapi
from ibapi.client import EClient
from ibapi.order import Order
from ibapi.wrapper import EWrapper

from bots.named import STREAMS, canonical
from bots.programs import Failed
from bots.says import heard

ANSWER_SECONDS = 15.0
# So long must nothing but streams come before a step counts as answered.
QUIET_SECONDS = 0.25

# Callbacks that the library makes by itself, and those of the other encoding.
OWN = {"connectAck", "connectionClosed", "winError", "logAnswer"}
OTHER_ENCODING = "ProtoBuf"


class App(EWrapper, EClient):  # type: ignore[misc]
    """The client, its record, and waiting for what the record brings."""

    def __init__(self) -> None:
        EWrapper.__init__(self)
        EClient.__init__(self, wrapper=self)
        self.modern = hasattr(EClient, "reqUserInfo")
        self._record: list[tuple[str, dict[str, Any]]] = []
        self._came = threading.Condition()
        self._last_answer = time.monotonic()
        self._next_request = 1000
        self.next_order = 0
        for name, function in inspect.getmembers(EWrapper, inspect.isfunction):
            if not name.startswith("_") and name not in OWN and not name.endswith(OTHER_ENCODING):
                setattr(self, name, self._recorder_of(name, list(inspect.signature(function).parameters)[1:]))

    def login(self, port: int, client_id: int) -> None:
        """Connects and waits for what every bot waits for."""
        self.connect("127.0.0.1", port, client_id)
        threading.Thread(target=self.run, daemon=True).start()
        self.await_any(0, "managedAccounts")
        self.next_order = int(self.await_any(0, "nextValidId")["orderId"])
        self.settle()

    def request_id(self) -> int:
        """A number that no request of this run had."""
        self._next_request += 1
        return self._next_request

    def order_id(self) -> int:
        """A number that no order of this run had."""
        self.next_order += 1
        return self.next_order - 1

    def mark(self) -> int:
        """How much has been heard so far; a wait looks at what comes after."""
        return len(self._record)

    def await_any(self, after: int, *kinds: str, where: Callable[[dict[str, Any]], bool] | None = None) -> dict[str, Any]:
        """The first callback of one of these kinds after a mark."""
        deadline = time.monotonic() + ANSWER_SECONDS
        with self._came:
            while True:
                for kind, arguments in self._record[after:]:
                    if kind in kinds and (where is None or where(arguments)):
                        return arguments
                left = deadline - time.monotonic()
                if left <= 0 or not self._came.wait(left):
                    raise Failed(f"no {' or '.join(kinds)} within {ANSWER_SECONDS:g} s")

    def await_answer(self, after: int, number: int, *kinds: str) -> dict[str, Any]:
        """The answer to a numbered request, or the error that stands in its place."""
        return self.await_any(after, *kinds, "error", where=lambda said: _number(said) == number)

    def all_since(self, after: int, kind: str) -> list[dict[str, Any]]:
        """Every callback of a kind after a mark."""
        with self._came:
            return [arguments for heard_kind, arguments in self._record[after:] if heard_kind == kind]

    def settle(self) -> None:
        """Waits until what belongs to the step has come, ticks that a cancel crossed on its way included."""
        begun = time.monotonic()
        while (quiet := time.monotonic() - max(begun, self._last_answer)) < QUIET_SECONDS:
            time.sleep(QUIET_SECONDS - quiet)

    def cancel(self, order_id: int) -> None:
        """Cancels an order in the form of this generation."""
        if self.modern:
            from ibapi.order_cancel import OrderCancel

            self.cancelOrder(order_id, OrderCancel())
        else:
            self.cancelOrder(order_id)

    def cancel_all(self) -> None:
        """Cancels everything in the form of this generation."""
        if self.modern:
            from ibapi.order_cancel import OrderCancel

            self.reqGlobalCancel(OrderCancel())
        else:
            self.reqGlobalCancel()

    def order(self, **fields: object) -> Any:
        """An order; the flags that 9.81 sets by itself and every venue refuses are off."""
        order = Order()
        if not self.modern:
            order.eTradeOnly = False
            order.firmQuoteOnly = False
        for name, value in fields.items():
            if not hasattr(order, name):
                raise Failed(f"an order of this client has no {name}")
            setattr(order, name, value)
        return order

    def quantity(self, number: int) -> object:
        """A quantity in the type that this generation wants."""
        return Decimal(number) if self.modern else number

    def _recorder_of(self, name: str, parameters: Sequence[str]) -> Callable[..., None]:
        def record(*values: object) -> None:
            arguments = dict(zip(parameters, values, strict=False))
            fields = [pair for parameter, value in arguments.items() for pair in flat(parameter, value)]
            heard(name, fields)
            with self._came:
                self._record.append((name, arguments))
                if canonical(name) not in STREAMS:
                    self._last_answer = time.monotonic()
                self._came.notify_all()

        return record


def _number(said: dict[str, Any]) -> object:
    # News and the oldest messages have names of their own for it.
    return said.get("reqId", said.get("tickerId", said.get("requestId")))


def flat(name: str, value: object) -> list[tuple[str, str]]:
    """A value as pairs of name and text; of an object, what differs from a new one of its kind."""
    if isinstance(value, (list, tuple)):
        rows = [pair for place, item in enumerate(value) for pair in flat(f"{name}[{place}]", item)]
        return [(f"{name}.len", str(len(value))), *rows]
    if isinstance(value, (set, frozenset)):
        return [(name, ",".join(sorted(str(item) for item in value)))]
    if not hasattr(value, "__dict__") or not type(value).__module__.startswith("ibapi."):
        return [(name, str(value))]
    usual = _new_of(type(value))
    pairs = []
    for member, held in vars(value).items():
        rows = flat(f"{name}.{member}", held)
        pairs += rows if usual is None else [row for row in rows if row not in flat(f"{name}.{member}", getattr(usual, member, None))]
    return pairs


def _new_of(kind: type) -> object | None:
    try:
        return kind()
    except TypeError:
        return None


def version() -> str:
    """What the package calls itself."""
    return str(ibapi.__version__)
