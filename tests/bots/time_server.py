"""An SNTP server (RFC 4330) that tells the time of its own process, for tests under a faked host clock. Serves several
loopback ports, prints `ready` and runs until it is ended.

    python -m bots.time_server 40001 40002 40003

Standard library only.
"""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import time

# NTP counts from 1900, Unix from 1970.
TO_1970 = 2_208_988_800
# No leap second ahead, version 4, a server; stratum 2, polled every 64 s, precise to a microsecond.
HEAD = struct.pack(">BBbb", 4 << 3 | 4, 2, 6, -20)
PACKET = 48


def stamp(at: float) -> bytes:
    """An instant in NTP's 64 bits."""
    seconds = int(at)
    return struct.pack(">II", seconds + TO_1970, int((at - seconds) * 2**32))


def answer(question: bytes, received: float) -> bytes:
    """Root delay and dispersion of a millisecond each, and the four stamps."""
    root = struct.pack(">II4s", 65, 65, b"LOCL")
    return HEAD + root + stamp(received) + question[40:48] + stamp(received) + stamp(time.time())


def main() -> int:
    """Answers until the process is ended."""
    ports = selectors.DefaultSelector()
    for port in map(int, sys.argv[1:]):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", port))
        ports.register(server, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in ports.select():
            server = key.fileobj
            assert isinstance(server, socket.socket), "only sockets were registered"
            question, whence = server.recvfrom(512)
            received = time.time()
            if len(question) >= PACKET:
                server.sendto(answer(question, received), whence)


if __name__ == "__main__":
    sys.exit(main())
