"""Malformed, oversized, slow and truncated traffic, at the gateway and at the simulator: the link that sends it
ends, every other link goes on, memory stays bounded, and nothing reaches the venue. Standard library only.

    python -m bots.hostile --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import argparse
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bots import wire
from bots.programs import Bot, Failed, Gateway, Program, Simulator
from bots.wire import Client, Order, frame, hello, place_order

BAD_CLIENT = 21
GOOD_CLIENT = 22
GROWTH_KIB_MAX = 64 * 1024
# A handshake may take 5 s, a frame that has begun 10 s; twice that is a hang.
SLOW_SECONDS = 20.0
SOON_SECONDS = 5.0
IDLE_LINKS = 64
ORDER = Order("SPY", "BUY", "1", "MKT", "DU1111111")


@dataclass(frozen=True)
class Attack:
    """What is sent, and whether the link has to end by itself for it."""

    name: str
    send: Callable[[int], Client]
    ends: bool = True
    slow: bool = False


def raw(data: bytes) -> Callable[[int], Client]:
    """Bytes instead of a handshake."""

    def send(port: int) -> Client:
        client = Client(port)
        client.send(data)
        return client

    return send


def shaken(data: bytes) -> Callable[[int], Client]:
    """Bytes after a good handshake, before the start message."""

    def send(port: int) -> Client:
        client = Client(port)
        client.send(hello())
        client.receive()
        client.send(data)
        return client

    return send


def started(data: bytes) -> Callable[[int], Client]:
    """Bytes on a link in good standing."""

    def send(port: int) -> Client:
        client = Client.login(port, BAD_CLIENT)
        client.send(data)
        return client

    return send


def dribble(port: int) -> Client:
    """One byte a second of a frame that never completes."""
    client = Client.login(port, BAD_CLIENT)
    client.send(struct.pack(">I", 4096))
    deadline = time.monotonic() + SLOW_SECONDS
    while time.monotonic() < deadline:
        try:
            client.send(b"7")
        except OSError:
            break  # The link was ended, as it has to be.
        if client.closed_within(1.0):
            break
    return client


def cut(port: int) -> Client:
    """Half a frame, then gone."""
    client = Client.login(port, BAD_CLIENT)
    client.send(place_order(client.next_id, ORDER)[:40])
    client.close()
    return client


def order_with(**wrong: str) -> Callable[[int], Client]:
    """A placeOrder with values that no order has."""
    order = Order(**{**vars(ORDER), **wrong})

    def send(port: int) -> Client:
        client = Client.login(port, BAD_CLIENT)
        client.send(place_order(client.next_id, order))
        return client

    return send


ATTACKS = (
    Attack("a web browser", raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    Attack("noise", raw(bytes(range(256)) * 64)),
    Attack("a handshake of four gigabytes", raw(b"API\0\xff\xff\xff\xffv157..178")),
    Attack("a handshake without versions", raw(b"API\0" + struct.pack(">I", 7) + b"version")),
    Attack("versions from the future", raw(hello(900, 901))),
    Attack("versions from the past", raw(hello(38, 66))),
    Attack("silence instead of a handshake", raw(b""), slow=True),
    Attack("an order before the start message", shaken(place_order(1, ORDER))),
    Attack("a frame of two gigabytes", started(struct.pack(">I", 0x7FFFFFFF) + b"3\0")),
    Attack("half a frame, then silence", started(struct.pack(">I", 200) + b"3\0001\0"), slow=True),
    Attack("a byte a second", dribble, slow=True),
    Attack("half an order, then gone", cut, ends=False),
    Attack("an empty frame", started(struct.pack(">I", 0)), ends=False),
    Attack("a frame without fields", started(struct.pack(">I", 3) + b"abc"), ends=False),
    Attack("an order of three fields", started(frame("3", "5", "SPY")), ends=False),
    Attack("an order with half its fields", started(frame("3", "5", *("",) * 50)), ends=False),
    Attack("an order that is not text", started(frame("3", "5") + b"\xff\xfe" * 4), ends=False),
    Attack("an infinite quantity", order_with(quantity="Infinity"), ends=False),
    Attack("a quantity that is not a number", order_with(quantity="NaN"), ends=False),
    Attack("a negative quantity", order_with(quantity="-5"), ends=False),
    Attack("a quantity of 400 digits", order_with(quantity="9" * 400), ends=False),
    Attack("a price that is not a number", order_with(kind="LMT", limit="nan"), ends=False),
    Attack("a side that does not exist", order_with(action="HOLD"), ends=False),
)


def main() -> int:
    """Every attack at both programs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plimsoll", required=True, type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        home = Path(folder)
        with Simulator(options.plimsoll, home) as simulator:
            bots = [
                Bot("bad", (BAD_CLIENT,), ("DU1111111",), ("SPY",), ("SPY",)),
                Bot("good", (GOOD_CLIENT,), ("DU1111111",), ("SPY",), ("SPY",)),
            ]
            with Gateway(options.plimsoll, home, simulator, bots) as gateway:
                assault("gateway", gateway, bots[0].port, bots[1].port, simulator)
                wrong_identities(gateway, bots[0].port)
            nothing_at_the_venue(simulator)
            assault("simulator", simulator, simulator.port, simulator.port, simulator)
    print("hostile: every bad link ended alone, nothing reached the venue")
    return 0


def assault(what: str, program: Program, port: int, good_port: int, simulator: Simulator) -> None:
    """All attacks on one port, with a good link beside them."""
    with Client.login(good_port, GOOD_CLIENT) as good:
        before = resident_kib(program)
        for attack in ATTACKS:
            print(f"{what}: {attack.name}", flush=True)
            try:
                bad = attack.send(port)
            except wire.Closed as error:
                raise Failed(f"{attack.name}: an earlier attack spoiled the port: {error}") from error
            # A slow link is the gateway's duty: the real TWS leaves it standing, and so does the simulator.
            has_to_end = attack.ends and not (attack.slow and program is simulator)
            if has_to_end and not bad.closed_within(SLOW_SECONDS if attack.slow else SOON_SECONDS):
                raise Failed(f"{attack.name}: the link still stands\n{program.log()}")
            still_works(good, attack.name)
            bad.close()
        crowd(what, port, good)
        if not program.running:
            raise Failed(f"{what} ended\n{program.log()}")
        grown = resident_kib(program) - before
        if grown > GROWTH_KIB_MAX:
            raise Failed(f"{what} grew by {grown} KiB, limit {GROWTH_KIB_MAX}")
    executions = simulator.state()["executions"]
    if executions:
        raise Failed(f"{what}: the venue executed {executions}")


def crowd(what: str, port: int, good: Client) -> None:
    """Links that say nothing must not starve the others."""
    print(f"{what}: {IDLE_LINKS} silent links", flush=True)
    idle: list[socket.socket] = []
    try:
        for _ in range(IDLE_LINKS):
            idle.append(socket.create_connection(("127.0.0.1", port), timeout=SOON_SECONDS))
        still_works(good, "silent links")
    finally:
        for link in idle:
            link.close()


def still_works(good: Client, attack: str) -> None:
    """The other link is answered by the venue."""
    try:
        good.send(frame(wire.REQ_POSITIONS, 1))
        good.expect(wire.POSITION_END, SOON_SECONDS)
    except (OSError, wire.Closed) as error:
        raise Failed(f"after `{attack}` the other link is dead: {error!r}") from error


def wrong_identities(gateway: Gateway, port: int) -> None:
    """A client id that is not the bot's, and a second link with one that is in use."""
    print("gateway: wrong identities", flush=True)
    with Client(port) as stranger:
        stranger.send(hello())
        stranger.receive()
        stranger.send(frame(wire.START_API, 2, 99, ""))
        if not stranger.closed_within(SOON_SECONDS):
            raise Failed(f"a client id that is not the bot's was welcome\n{gateway.log()}")
    with Client.login(port, BAD_CLIENT) as first:
        with Client(port) as second:
            second.send(hello())
            second.receive()
            second.send(frame(wire.START_API, 2, BAD_CLIENT, ""))
            if not second.closed_within(SOON_SECONDS):
                raise Failed(f"two links had one identity\n{gateway.log()}")
        still_works(first, "second link with the same identity")


def nothing_at_the_venue(simulator: Simulator) -> None:
    """The venue's own truth: no order, and no rule broken by what the gateway let through."""
    state = simulator.state()
    if state["orders"] or state["violations"]:
        raise Failed(f"the venue has orders {state['orders']} and violations {state['violations']}")


def resident_kib(program: Program) -> int:
    """The program's resident memory."""
    for line in Path(f"/proc/{program.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise Failed(f"no VmRSS of process {program.pid}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, TimeoutError) as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
