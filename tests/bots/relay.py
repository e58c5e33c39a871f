"""A link to the venue that stops in the middle of what it carries: so many orders get through, and what comes behind them is lost
with the process that sent it. Standard library only.
"""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType
from typing import Self

from bots.wire import PLACE_ORDER

CHUNK = 65536
# What a client says before its first frame.
GREETING = b"API\0"
# A message in protobuf has its number as four bytes, from here on.
BINARY_FROM = 200


class Relay:
    """Between a gateway and a simulator. Everything passes, until it is told to stop behind so many orders."""

    def __init__(self, venue: int) -> None:
        self._venue = venue
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        # Orders that may still pass; none: all of them.
        self._left: int | None = None
        self.stopped = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def stop_behind(self, orders: int) -> None:
        """Lets so many orders pass, over all connections, and from then on nothing."""
        with self._lock:
            self._left = orders

    def go_on(self) -> None:
        """Lets everything pass on connections that are made from now on."""
        with self._lock:
            self._left = None
            self.stopped.clear()

    def _passes(self, body: bytes) -> bool:
        """Whether a message reaches the venue."""
        with self._lock:
            if self.stopped.is_set():
                return False
            if self._left is not None and kind(body) == PLACE_ORDER:
                if self._left == 0:
                    self.stopped.set()
                    return False
                self._left -= 1
            return True

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # The relay was closed.
            try:
                venue = socket.create_connection(("127.0.0.1", self._venue))
            except OSError:
                client.close()
                continue
            for end in (client, venue):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._up, args=(client, venue), daemon=True).start()
            threading.Thread(target=self._down, args=(venue, client), daemon=True).start()

    def _up(self, client: socket.socket, venue: socket.socket) -> None:
        """What the client says, frame by frame."""
        buffer, begin = b"", len(GREETING)
        try:
            while data := client.recv(CHUNK):
                buffer += data
                # The greeting is a frame behind four bytes of its own.
                while len(buffer) >= begin + 4:
                    end = begin + 4 + struct.unpack(">I", buffer[begin : begin + 4])[0]
                    if len(buffer) < end:
                        break
                    if self._passes(buffer[begin + 4 : end]):
                        venue.sendall(buffer[:end])
                    buffer, begin = buffer[end:], 0
        except OSError:
            pass  # Either end was killed; the other hears of it here.
        close(venue)
        close(client)

    @staticmethod
    def _down(venue: socket.socket, client: socket.socket) -> None:
        """What the venue says, as it comes."""
        try:
            while data := venue.recv(CHUNK):
                client.sendall(data)
        except OSError:
            pass
        close(client)
        close(venue)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        close(self._listener)


def kind(body: bytes) -> str:
    """A message's number as text has it, whichever wire it is on."""
    if body[:1] == b"\0" and len(body) >= 4:
        number = int(struct.unpack(">I", body[:4])[0])
        return str(number - BINARY_FROM if number > BINARY_FROM else number)
    return body.split(b"\0", 1)[0].decode(errors="replace")


def close(end: socket.socket) -> None:
    """Ends a socket that another thread may be reading from."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # It is over already.
    end.close()
