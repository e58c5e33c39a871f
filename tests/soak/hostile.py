"""Clients that mean harm, or were never tested, all at once and over and over: in a process of their own, so
that their work does not slow the honest bots that are measured.

    python -m soak.hostile PORT

`PORT` is a bot's port of the gateway with the client ids 201 to 220. Ends when its standard input does, and
prints how often each attack was made. Standard library only.
"""

from __future__ import annotations

import json
import os
import random
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

from bots.wire import START_API, Client, Closed, Order, frame, hello, place_order
from soak import messages

ACCOUNT = "DU1111111"
SYMBOL = "IWM"
FIRST_CLIENT = 201
# A handshake may take 5 s and a frame 10 s; a link that stands longer has found a hole.
LINK_SECONDS = 15.0
PAUSE_SECONDS = 0.2
FLOOD = 400
# Answers that nobody takes, about 25 KB each and cheap for the venue: the kernel keeps some MB of them, and
# the gateway 8 MiB at most.
UNREAD_REQUESTS = 1_000
UNREAD_EVERY_SECONDS = 0.03

STRINGS = (
    "'; DROP TABLE orders; --",
    "%s%n%x" * 20,
    "\x1b[2J\x1b]0;owned\x07",
    "../../../../etc/passwd",
    "line\r\nanother line\n",
    "\u202egnp.exe\u202c \U0001f4a3",
    "A" * 20_000,
    " ",
    "\x01\x02\x7f",
    "SPY-honest_0-20261118-7",
    "NaN",
    "1e400",
    "-0",
    "1.7976931348623157E308",
    "2147483648",
)


def silent_handshake(port: int, _client_id: int) -> None:
    """A slow loris: one byte of the handshake a second."""
    with Client(port) as link:
        for byte in hello() * 2:
            link.send(bytes([byte]))
            if link.closed_within(1.0):
                return


def slow_frame(port: int, client_id: int) -> None:
    """A slow loris in good standing: a frame that never ends."""
    with Client.login(port, client_id) as link:
        link.send(struct.pack(">I", 4096))
        ending = time.monotonic() + LINK_SECONDS
        while time.monotonic() < ending:
            link.send(b"7")
            if link.closed_within(1.0):
                return


def oversize(port: int, client_id: int) -> None:
    """A frame of two gigabytes, a handshake of four, and one byte more than a bot's frame may have."""
    with Client(port) as link:
        link.send(b"API\0\xff\xff\xff\xffv157..178" + b"x" * 100_000)
        link.closed_within(LINK_SECONDS)
    for length in (0x7FFFFFFF, 256 * 1024 + 1):
        with Client.login(port, client_id) as link:
            link.send(struct.pack(">I", length) + b"3\0" * 50_000)
            link.closed_within(LINK_SECONDS)


def half_frames(port: int, client_id: int) -> None:
    """Cut anywhere, then gone."""
    whole = place_order(1, Order(SYMBOL, "BUY", "1", "MKT", ACCOUNT))
    for cut in (1, 3, 4, 5, 40, len(whole) - 1):
        with Client.login(port, client_id) as link:
            link.send(whole[:cut])


def garbage(port: int, _client_id: int) -> None:
    """Bytes instead of a handshake."""
    noise = random.randbytes(8_192)
    for data in (noise, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\0" * 64, b"API", b"API\0"):
        with Client(port) as link:
            link.send(data)
            if data is noise:
                link.closed_within(LINK_SECONDS)


def versions(port: int, _client_id: int) -> None:
    """Handshakes that offer what nobody speaks."""
    offers = ("v38..66", "v900..901", "v178..157", "v157", "v", "v157..", "v-1..178", "v157..178 " + "x" * 500)
    offers += ("v0..99999999999999999999", "v157..178\r\n", "\u0661\u0665\u0667..178")
    for offer in offers:
        with Client(port) as link:
            said = offer.encode()
            link.send(b"API\0" + struct.pack(">I", len(said)) + said)
            link.closed_within(PAUSE_SECONDS)


def order_flood(port: int, client_id: int) -> None:
    """Hundreds of orders in one write, more than its limit of orders a minute."""
    with Client.login(port, client_id) as link:
        orders = [Order(SYMBOL, "BUY", "1", "LMT", ACCOUNT, limit=f"{1 + n / 100:.2f}") for n in range(FLOOD)]
        link.send(b"".join(place_order(link.next_id + n, order) for n, order in enumerate(orders)))
        drain(link, 2.0)


def request_flood(port: int, client_id: int) -> None:
    """Questions as fast as they are taken."""
    with Client.login(port, client_id) as link:
        asked = [messages.contract_details(n, SYMBOL) + frame(messages.REQ_IDS, 1, 1) for n in range(FLOOD // 8)]
        link.send(b"".join(asked))
        drain(link, 2.0)


def connection_flood(port: int, _client_id: int) -> None:
    """Links that come and go."""
    for _ in range(100):
        with Client(port) as link:
            link.send(hello())


def hostile_strings(port: int, client_id: int) -> None:
    """Every text field of an order, and of other requests, filled with what does not belong there."""
    with Client.login(port, client_id) as link:
        fields = place_order(link.next_id, Order(SYMBOL, "BUY", "1", "LMT", ACCOUNT, limit="1"))[4:].split(b"\0")[:-1]
        for at in range(1, len(fields)):
            wrong = [*fields[:at], random.choice(STRINGS).encode(), *fields[at + 1 :]]
            body = b"".join(field + b"\0" for field in wrong)
            link.send(struct.pack(">I", len(body)) + body)
        drain(link, 1.0)
        for number, text in enumerate(STRINGS, start=1):
            link.send(messages.market_data(number, text))
            link.send(messages.contract_details(number, text))
            link.send(messages.history(number, text, text[:40], text[:40]))
            link.send(frame(messages.REQ_MATCHING_SYMBOLS, number, text))
            link.send(frame(text, number, text))
            drain(link, 0.5)


def not_text(port: int, client_id: int) -> None:
    """Bytes that are no characters, in fields and as a whole frame."""
    with Client.login(port, client_id) as link:
        for body in (b"3\0" + b"\xff\xfe\0" * 60, b"1\0" + b"11\0" + b"7\0" + b"\xc0\xaf\0" * 16, bytes(range(256))):
            link.send(struct.pack(">I", len(body)) + body)
        drain(link, 0.5)


def never_reads(port: int, client_id: int) -> None:
    """Asks for more than it ever takes."""
    with Client.login(port, client_id) as link:
        for number in range(UNREAD_REQUESTS):
            link.send(messages.history(1000 + number, SYMBOL, "1 D", "1 min"))
            time.sleep(UNREAD_EVERY_SECONDS)


ATTACKS: tuple[Callable[[int, int], None], ...] = (
    silent_handshake,
    slow_frame,
    oversize,
    half_frames,
    garbage,
    versions,
    order_flood,
    request_flood,
    connection_flood,
    hostile_strings,
    not_text,
    never_reads,
)


def drain(link: Client, seconds: float) -> None:
    """Takes what comes."""
    ending = time.monotonic() + seconds
    while (left := ending - time.monotonic()) > 0:
        try:
            link.receive(left)
        except TimeoutError:
            return


def repeat(attack: Callable[[int, int], None], port: int, client_id: int, made: Counter[str]) -> None:
    """One attack for ever. That its link is ended or refused is what has to happen."""
    while True:
        try:
            attack(port, client_id)
        except (Closed, OSError, TimeoutError):
            pass
        made[attack.__name__] += 1
        time.sleep(PAUSE_SECONDS)


def main() -> int:
    """All attacks, each in a thread and with a client id of its own."""
    port = int(sys.argv[1])
    made: Counter[str] = Counter()
    for number, attack in enumerate(ATTACKS):
        arguments = (attack, port, FIRST_CLIENT + number, made)
        threading.Thread(target=repeat, args=arguments, daemon=True).start()
    for line in sys.stdin:
        if line.strip() == "count":
            print(json.dumps(made), flush=True)
    print(json.dumps(made), flush=True)
    # The threads are in the middle of something, and nothing of theirs has to be put in order.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
