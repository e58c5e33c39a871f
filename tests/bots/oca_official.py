"""One-cancels-all groups of two bots in one account, on the official client: what `bots.oca` checks with the other
libraries, message by message, and over protobuf as well.

    python -m bots.oca_official --plimsoll target/release/plimsoll [--protobuf]

Today's client is content with text where it can have it, and then gets it; `--protobuf` has it say in its greeting that
it is not.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import ibapi.client

from bots.book import expect
from bots.ewrapper.app import App
from bots.ewrapper.bot import MINE, stock
from bots.programs import Bot, Failed, Gateway, Simulator

CLIENTS = {"left": 21, "right": 22}
SYMBOLS = {"left": "SPY", "right": "QQQ"}
GROUP = "exit"
BID = 1
PROTOBUF = 213


def run(stack: ExitStack, binary: Path, home: Path, protobuf: bool) -> str:
    """Both use one name; then one tries to move into the other's group."""
    simulator = stack.enter_context(Simulator(binary, home))
    bots = {name: Bot(name, (client,), (MINE,), (SYMBOLS[name],)) for name, client in CLIENTS.items()}
    stack.enter_context(Gateway(binary, home, simulator, list(bots.values())))
    apps: dict[str, App] = {}
    for name, bot in bots.items():
        apps[name] = App()
        apps[name].login(bot.port, CLIENTS[name])
        stack.callback(apps[name].disconnect)
    left, right = apps["left"], apps["right"]
    version = left.serverVersion()
    expect("the protobuf wire", version >= PROTOBUF, protobuf)
    bids = {name: bid(app, SYMBOLS[name]) for name, app in apps.items()}

    def send(name: str, number: int, price: float, group: str) -> int:
        app, after = apps[name], apps[name].mark()
        fields = {"action": "BUY", "orderType": "LMT", "account": MINE, "tif": "DAY", "lmtPrice": round(price, 2)}
        order = app.order(**fields, totalQuantity=app.quantity(1), ocaGroup=group, ocaType=1)
        app.placeOrder(number, stock(SYMBOLS[name]), order)
        return after

    def status(name: str, after: int, number: int, *words: str) -> None:
        apps[name].await_any(after, "orderStatus", where=lambda said: said["orderId"] == number and said["status"] in words)

    theirs = right.order_id()
    status("right", send("right", theirs, bids["right"] * 0.98, GROUP), theirs, "Submitted")

    denied = left.order_id()
    after = send("left", denied, bids["left"] * 1.01, GROUP)
    status("left", after, denied, "Inactive")
    expect("the denial", denial(left, after, denied), (201, "Plimsoll ownership"))

    resting = left.order_id()
    status("left", send("left", resting, bids["left"] * 0.98, "left_exit"), resting, "Submitted")
    after = send("left", resting, bids["left"] * 0.985, GROUP)
    # Why, and then the order as it still is.
    status("left", after, resting, "Submitted")
    code, guard = denial(left, after, resting)
    expect("who denies the change", guard, "Plimsoll supported")
    if code in (201, 10147, 202):
        raise Failed(f"the denied change came as error {code}, which ends the order for a library")
    told = [said["order"] for said in left.all_since(after, "openOrder") if said["orderId"] == resting]
    expect("the order told again", [(row.ocaGroup, row.lmtPrice) for row in told], [("left_exit", round(bids["left"] * 0.98, 2))])
    left.settle()
    [at_venue] = [row for row in simulator.state()["orders"] if row["symbol"] == SYMBOLS["left"]]
    expect("its price at the venue", float(at_venue["limit"]), round(bids["left"] * 0.98, 2))

    heard = right.mark()
    filled = left.order_id()
    after = send("left", filled, bids["left"] * 1.01, "left_exit")
    status("left", after, filled, "Filled")
    status("left", after, resting, "Cancelled")
    right.settle()
    expect("what right heard of its order", [said["status"] for said in right.all_since(heard, "orderStatus")], [])
    states = {row["symbol"]: row["status"] for row in simulator.state()["orders"] if row["client"] == CLIENTS["right"]}
    expect("right's order at the venue", states, {SYMBOLS["right"]: "Submitted"})
    return f"at {version}, one name for two groups is denied, a change into the other's too, and right's order works on"


def bid(app: App, symbol: str) -> float:
    """What the instrument is bid for now."""
    after, number = app.mark(), app.request_id()
    app.reqMktData(number, stock(symbol), "", False, False, [])
    said = app.await_any(after, "tickPrice", where=lambda said: said["reqId"] == number and said["tickType"] == BID)
    app.cancelMktData(number)
    return float(said["price"])


def denial(app: App, after: int, number: int) -> tuple[int, str]:
    """The code of the one-cancels-all denial of this order, and the guard that it names."""
    said: Any = app.await_any(after, "error", where=lambda said: said["reqId"] == number and "one-cancels-all group" in said["errorString"])
    text: str = said["errorString"]
    return int(said["errorCode"]), " ".join(text[text.index("Plimsoll") :].split()[:2]).rstrip(":")


def main() -> int:
    """The check as a program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--plimsoll", required=True, type=Path)
    parser.add_argument("--protobuf", action="store_true")
    options = parser.parse_args()
    if options.protobuf:
        ibapi.client.MIN_CLIENT_VER = PROTOBUF
    with tempfile.TemporaryDirectory(prefix="plimsoll-check-") as home, ExitStack() as stack:
        # Every callback is written down as a line, which is for the transcripts.
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                found = run(stack, options.plimsoll, Path(home), options.protobuf)
            except Failed as failed:
                print(failed, file=sys.stderr)
                return 1
            finally:
                stack.close()
    print(f"official client: {found}")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The library's reader thread may be in the middle of a read; nothing is left to say.
    os._exit(code)
