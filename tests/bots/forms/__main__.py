"""Prints messages of the official client in both of its forms, for the codec's own tests; with `--check`, says
whether a file is what would be printed.

    PYTHON -m bots.forms > ../crates/plimsoll-tws/tests/official_forms.txt
    PYTHON -m bots.forms --check ../crates/plimsoll-tws/tests/official_forms.txt

PYTHON is an interpreter that has `nautilus_ibapi/requirements.lock`.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from bots.forms import asked, told

TEXT, PROTOBUF = 200, 213
# Added to a message's number where its payload is protobuf.
OFFSET = 200

HEAD = """\
# Messages as the official Python client 10.46.1 writes and reads them, once in text at server version 200 and once
# in protobuf at 213. Requests are what its own functions send for the same arguments; of answers its decoder makes
# the same calls. Made by `python -m bots.forms`. `|` is NUL, `\\x7c` is a bar.
"""


def lines() -> Iterator[str]:
    """The whole file."""
    yield HEAD
    for name, call in asked.REQUESTS:
        protobuf = asked.written(PROTOBUF, call)
        number = struct.unpack(">I", protobuf[:4])[0] - OFFSET
        yield _vector("request", f"{number} {name}", asked.written(TEXT, call), protobuf)
    for number, name, fields, parts in told.ANSWERS:
        text = fields.replace("|", "\0").replace("\\x7c", "|").encode()
        body = told.message(name, parts)
        told.agree(TEXT, number, text, body)
        frames = f"{number}\0".encode() + text, struct.pack(">I", number + OFFSET) + body
        yield _vector("answer", f"{number} {name}", *frames)


def _vector(role: str, title: str, text: bytes, protobuf: bytes) -> str:
    shown = text.decode().replace("|", "\\x7c").replace("\0", "|")
    return f"\n{role} {title}\n{TEXT} {shown}\n{PROTOBUF} {protobuf.hex()}\n"


def main() -> int:
    """Prints or compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", type=Path, metavar="FILE")
    file = parser.parse_args().check
    made = "".join(lines())
    if file is None:
        sys.stdout.write(made)
        return 0
    if file.read_text() != made:
        print(f"{file} is not what the official client writes and reads; make it anew", file=sys.stderr)
        return 1
    print(f"{made.count(f'{PROTOBUF} ')} messages are what the official client writes and reads")
    return 0


if __name__ == "__main__":
    sys.exit(main())
