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
import threading
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
LATE_CLIENT = 23
CROWD_CLIENTS = (24, 25, 26)
WRONG_CLIENT = 99
CROWD_THREADS = 16
LATE_LOGINS = 6
# What the logins beside a crowd write, and one note a port and minute: not a record for each of the crowd.
CROWD_RECORDS_MAX = 400
REQ_MARKET_RULE = "91"
FLOOD_MESSAGES = 3000
FLOOD_SECONDS = 3
# What IBKR takes a second, of all clients of a login together.
VENUE_MESSAGES = 50
START_WRONG = frame(wire.START_API, 2, WRONG_CLIENT, "")
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
                Bot("late", (LATE_CLIENT,), ("DU1111111",), ("SPY",), ("SPY",)),
                *(Bot(f"crowd{n}", (n,), ("DU1111111",), ("SPY",), ("SPY",)) for n in CROWD_CLIENTS),
            ]
            with Gateway(options.plimsoll, home, simulator, bots) as gateway:
                assault("gateway", gateway, bots[0].port, bots[1].port, simulator)
                wrong_identities(gateway, bots[0].port)
                crowded = [bots[0].port, *(bot.port for bot in bots[3:])]
                for what, start in (("that only say hello", b""), ("with a wrong client id", START_WRONG)):
                    crowd_of_hellos(what, start, crowded, bots[2].port, gateway, simulator)
                nothing_at_the_venue(simulator)
                message_flood(gateway, bots[0].port, bots[1].port, simulator)
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


def message_flood(gateway: Gateway, port: int, good_port: int, simulator: Simulator) -> None:
    """A bot that sends more than the venue takes waits for itself: neither the venue nor another bot notices."""
    print(f"gateway: {FLOOD_MESSAGES} messages at once", flush=True)

    def relayed() -> int:
        return int(simulator.state()["requests"].get("reqMarketRule", 0))

    with Client.login(port, BAD_CLIENT) as bad, Client.login(good_port, GOOD_CLIENT) as good:
        before, begun = relayed(), time.monotonic()
        bad.send(frame(REQ_MARKET_RULE, 26) * FLOOD_MESSAGES)
        while time.monotonic() < begun + FLOOD_SECONDS:
            asked = time.monotonic()
            still_works(good, "a flood of messages")
            if time.monotonic() - asked > 1.0:
                raise Failed(f"another bot waited {time.monotonic() - asked:.1f} s behind a flood of messages")
            time.sleep(0.2)
        sent, most = relayed() - before, VENUE_MESSAGES * (time.monotonic() - begun + 1)
        if not 0 < sent <= most:
            raise Failed(f"{sent} messages of a flood reached the venue, limit {most:.0f}")
        # An order goes ahead of the bot's own flood.
        order_id = bad.next_id
        bad.send(place_order(order_id, Order("SPY", "BUY", "1", "LMT", "DU1111111", limit="100")))
        bad.send(frame(wire.CANCEL_ORDER, 1, order_id, ""))
        while bad.expect(wire.ORDER_STATUS, SOON_SECONDS)[2] != "Cancelled":
            pass
        pacing = gateway.json("status")["pacing"]
        if pacing["last_second"] > VENUE_MESSAGES or pacing["waiting"].get("bad", 0) < 1000:
            raise Failed(f"the status says of a flood {pacing}")
    if violations := simulator.state()["violations"]:
        raise Failed(f"a flood of messages broke the venue's rules: {violations}")


def crowd_of_hellos(
    what: str, start: bytes, ports: list[int], late_port: int, gateway: Gateway, simulator: Simulator
) -> None:
    """Endless links that get as far as the venue's answer must take neither its connections nor the disk."""
    print(f"gateway: {CROWD_THREADS * len(ports)} loops of links {what}", flush=True)
    before = gateway.json("status")["journal"]["seq"]
    # Our own, the late bot's, and one that is nobody yet for each crowded port; a refused one ends a moment later.
    most = 2 + len(ports) * (1 if not start else 2)
    over = threading.Event()

    def loop(port: int) -> None:
        while not over.is_set():
            try:
                with Client(port, SOON_SECONDS) as link:
                    link.send(hello())
                    link.receive()
                    link.send(start)
                    link.closed_within(SOON_SECONDS)
            except (OSError, wire.Closed):
                over.wait(0.05)

    threads = [threading.Thread(target=loop, args=(port,)) for port in ports for _ in range(CROWD_THREADS)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(LATE_LOGINS):
            time.sleep(1.0)
            try:
                with Client.login(late_port, LATE_CLIENT, SOON_SECONDS):
                    connected = simulator.state()["connections"]
            except (OSError, wire.Closed) as error:
                raise Failed(f"links {what} keep another bot out: {error!r}\n{gateway.log()}") from error
            if len(connected) > most:
                raise Failed(f"links {what} take {len(connected)} connections at the venue, limit {most}")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    written = gateway.json("status")["journal"]["seq"] - before
    if written > CROWD_RECORDS_MAX:
        raise Failed(f"links {what} wrote {written} records, limit {CROWD_RECORDS_MAX}")


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
