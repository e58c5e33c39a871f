"""A raw TWS client, written from the wire's description, so that no library stands between a check and the
socket. Standard library only.

Speaks server version 178 text: frames of a four byte length and fields that end with a zero byte.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

VERSION = 178

# Message ids, client to server.
PLACE_ORDER = "3"
CANCEL_ORDER = "4"
REQ_POSITIONS = "61"
START_API = "71"

# Message ids, server to client.
ORDER_STATUS = "3"
ERROR = "4"
OPEN_ORDER = "5"
NEXT_VALID_ID = "9"
POSITION_END = "62"


class Closed(Exception):
    """The other side ended the connection."""


def frame(*fields: object) -> bytes:
    """A whole frame."""
    body = b"".join(str(value).encode() + b"\0" for value in fields)
    return struct.pack(">I", len(body)) + body


def hello(least: int = 157, most: int = VERSION) -> bytes:
    """The handshake."""
    versions = f"v{least}..{most}".encode()
    return b"API\0" + struct.pack(">I", len(versions)) + versions


@dataclass(frozen=True)
class Order:
    """What a check needs of an order; everything else is left unset."""

    symbol: str
    action: str
    quantity: str
    kind: str
    account: str
    limit: str = ""
    stop: str = ""
    tif: str = "DAY"
    reference: str = ""


def place_order(order_id: int, order: Order) -> bytes:
    """The placeOrder of version 178, in the order in which the server reads it."""
    contract = ["0", order.symbol, "STK", "", "0.0", "", "", "SMART", "", "USD", "", "", "", ""]
    main = [order.action, order.quantity, order.kind, order.limit, order.stop, order.tif, "", order.account]
    origin = ["O", "0", order.reference, "1", "0", "0", "0", "0", "0", "0", "0", "", "0.0", "", ""]
    advisor = ["", "", "", ""]
    shorting = ["0", "", "-1", "0", "", "", "0", "", "", "0", "0", ""]
    auction = ["0", "", "", "", "", "", "0"]
    volatility = ["", "", "", "", "0", "", "", ""]
    scale = ["", "", "", "", "", ""]
    clearing = ["", "0", "", "", "0", "0", "", ""]
    flags = ["0", "", "0", "0", "0", "0"]
    adjusted = ["", "", "", "", "", "", "0"]
    ending = ["", "", "", "", "", "", "", "", "0", "0", "0", "0", "", "", "0", "", ""]
    groups = [contract, main, origin, advisor, shorting, auction, volatility, scale]
    groups += [clearing, flags, adjusted, ending]
    return frame(PLACE_ORDER, order_id, *(value for group in groups for value in group))


class Client:
    """One connection."""

    def __init__(self, port: int, seconds: float = 10.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self._buffer = b""
        self._seconds = seconds
        self.version = 0
        self.next_id = 0

    @classmethod
    def login(cls, port: int, client_id: int, seconds: float = 10.0) -> Self:
        """Shakes hands, starts, and waits for the next order id."""
        client = cls(port, seconds)
        try:
            client.send(hello())
            client.version = int(client.receive()[0])
            client.send(frame(START_API, 2, client_id, ""))
            client.next_id = int(client.expect(NEXT_VALID_ID)[2])
        except BaseException:
            client.close()
            raise
        return client

    def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self._socket.sendall(data)

    def receive(self, seconds: float | None = None) -> list[str]:
        """The fields of the next frame."""
        deadline = time.monotonic() + (self._seconds if seconds is None else seconds)
        while True:
            if len(self._buffer) >= 4:
                length = struct.unpack(">I", self._buffer[:4])[0]
                if len(self._buffer) >= 4 + length:
                    body = self._buffer[4 : 4 + length]
                    self._buffer = self._buffer[4 + length :]
                    return body.decode(errors="replace").split("\0")[:-1]
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no whole frame in time")
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except ConnectionError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed("end of stream")
            self._buffer += data

    def expect(self, kind: str, seconds: float | None = None) -> list[str]:
        """The next frame of a kind; others are passed over."""
        deadline = time.monotonic() + (self._seconds if seconds is None else seconds)
        while True:
            fields = self.receive(deadline - time.monotonic())
            if fields and fields[0] == kind:
                return fields

    def closed_within(self, seconds: float) -> bool:
        """Whether the other side ends the connection in time; frames on the way are passed over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.receive(deadline - time.monotonic())
            except Closed:
                return True
            except TimeoutError:
                return False
        return False

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
