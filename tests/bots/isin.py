"""A relay in front of the simulated venue that completes its contract details.

TWS names the ISIN of a stock in its details, and there are programs that trade nothing without one. The simulator
leaves the list of security ids empty; until it does not, this adds the one that TWS would send. A list that is
not empty passes as it is. Standard library only.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from types import TracebackType
from typing import Self

CONTRACT_DETAILS = b"10"
# Of contractDetails from 182 on; the message's own number is field 0.
SYMBOL = 2
COUNT = 31
ISIN = {b"SPY": b"US78462F1030", b"QQQ": b"US46090E1038", b"AAPL": b"US0378331005"}


def completed(body: bytes) -> bytes:
    """The message with the symbol's ISIN, if it is contract details without any id."""
    fields = body.split(b"\0")
    known = fields[0] == CONTRACT_DETAILS and len(fields) > COUNT and fields[SYMBOL] in ISIN
    if not known or fields[COUNT] != b"0":
        return body
    return b"\0".join([*fields[:COUNT], b"1", b"ISIN", ISIN[fields[SYMBOL]], *fields[COUNT + 1 :]])


class Relay:
    """Listens on a port of its own, for as long as the context lasts."""

    def __init__(self, upstream: int) -> None:
        self.port = 0
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        venue, to_venue = await asyncio.open_connection("127.0.0.1", self._upstream)
        ways = [asyncio.ensure_future(way) for way in (_up(client, to_venue), _down(venue, to_client))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        to_client.close()
        to_venue.close()


async def _up(client: asyncio.StreamReader, venue: asyncio.StreamWriter) -> None:
    while data := await client.read(65536):
        venue.write(data)
        await venue.drain()


async def _down(venue: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
    while True:
        length = struct.unpack(">I", await venue.readexactly(4))[0]
        body = completed(await venue.readexactly(length))
        client.write(struct.pack(">I", len(body)) + body)
        await client.drain()
