"""What a bot's author sees when a guard says no: each guard is provoked by an ordinary client, and the client's
own log and error event are printed.

Asserts for each: error 201 with `Plimsoll <guard>`, an order that is done for the library, and no such order at
the venue.

    python -m bots.guards --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.programs import OWN_CLIENT_ID, Bot, Failed, Gateway, Simulator, wait_until

MINE = "DU1111111"
OTHER = "DU2222222"
DENIED_SECONDS = 10.0
REJECTED = 201
ARMED_SECONDS = 60.0


@dataclass
class Desk:
    """Everything that a case needs."""

    library: Any
    simulator: Simulator
    gateway: Gateway
    clients: dict[str, Any]
    spy: Any
    qqq: Any
    near: float
    log: libraries.LogKeeper
    errors: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)

    def order(self, kind: str, action: str, quantity: int, **more: object) -> Any:
        """An order with an account."""
        details = {"account": MINE, "tif": "DAY", **more}
        return self.library.Order(orderType=kind, action=action, totalQuantity=quantity, **details)

    def place(self, bot: str, order: Any, contract: Any = None) -> Any:
        """Places an order for one of the bots and gives it a moment."""
        ib = self.clients[bot]
        trade = ib.placeOrder(contract or self.spy, order)
        ib.sleep(0.3)
        return trade

    def filled(self, bot: str, order: Any) -> Any:
        """Places an order that has to pass, and waits for its end."""
        trade = self.place(bot, order)
        deadline = time.monotonic() + DENIED_SECONDS
        while trade.orderStatus.status != "Filled":
            if time.monotonic() > deadline:
                raise Failed(f"an order that should fill is {trade.orderStatus.status}: {self.errors[bot][-3:]}")
            self.clients[bot].sleep(0.05)
        return trade

    def pause(self, seconds: float) -> None:
        """Lets time pass while the clients listen."""
        next(iter(self.clients.values())).sleep(seconds)


@dataclass(frozen=True)
class Case:
    """One provocation: what it is, which guard answers, which bot asks, and how."""

    title: str
    guard: str
    bot: str
    provoke: Callable[[Desk], Any]


# One provocation per function; each returns the order that has to be denied.


def no_account(desk: Desk) -> Any:
    return desk.place("narrow", desk.order("MKT", "BUY", 1, account=""))


def wrong_account(desk: Desk) -> Any:
    return desk.place("narrow", desk.order("MKT", "BUY", 1, account=OTHER))


def not_owned(desk: Desk) -> Any:
    return desk.place("narrow", desk.order("MKT", "BUY", 1), desk.qqq)


def unbounded(desk: Desk) -> Any:
    return desk.place("narrow", desk.order("MKT", "BUY", 1, cashQty=50_000.0))


def duplicate(desk: Desk) -> Any:
    resting = {"lmtPrice": round(desk.near * 0.99)}
    desk.place("narrow", desk.order("LMT", "BUY", 2, **resting))
    return desk.place("narrow", desk.order("LMT", "BUY", 2, **resting))


def too_many_units(desk: Desk) -> Any:
    return desk.place("narrow", desk.order("MKT", "BUY", 101))


def too_much_money(desk: Desk) -> Any:
    return desk.place("narrow", desk.order("MKT", "BUY", 70))


def too_large_a_position(desk: Desk) -> Any:
    desk.filled("narrow", desk.order("MKT", "BUY", 55))
    return desk.place("narrow", desk.order("MKT", "BUY", 52))


def outside_the_collar(desk: Desk) -> Any:
    return desk.place("narrow", desk.order("LMT", "BUY", 3, lmtPrice=round(desk.near * 1.1)))


def too_many_orders(desk: Desk) -> Any:
    for quantity in (1, 2, 3):
        desk.place("hasty", desk.order("LMT", "BUY", quantity, lmtPrice=round(desk.near * 0.9)))
    return desk.place("hasty", desk.order("LMT", "BUY", 4, lmtPrice=round(desk.near * 0.9)))


def would_cross(desk: Desk) -> Any:
    desk.place("left", desk.order("LMT", "SELL", 4, lmtPrice=round(desk.near * 1.05)))
    return desk.place("right", desk.order("LMT", "BUY", 5, lmtPrice=round(desk.near * 1.06)))


def would_cross_at_the_close(desk: Desk) -> Any:
    # What rests could meet an on-close order in the auction, too; here the two shall be alone.
    for ib in desk.clients.values():
        ib.reqGlobalCancel()
    desk.pause(1)
    desk.place("left", desk.order("MOC", "SELL", 6))
    return desk.place("right", desk.order("MOC", "BUY", 7))


def stale(desk: Desk) -> Any:
    desk.simulator.fault("freeze_data")
    desk.pause(7)
    try:
        return desk.place("narrow", desk.order("MKT", "BUY", 4))
    finally:
        desk.simulator.heal()
        desk.pause(2)


def unreconciled(desk: Desk) -> Any:
    """Plimsoll's own connection is gone and cannot come back; the bot's is still there."""
    desk.simulator.fault("refuse_connect")
    desk.simulator.fault("disconnect", client=OWN_CLIENT_ID)
    desk.pause(1)
    try:
        return desk.place("left", desk.order("MKT", "SELL", 11))
    finally:
        desk.simulator.heal()
        wait_until("reconciled again", ARMED_SECONDS, lambda: desk.gateway.json("status")["state"] == "armed")
        desk.pause(2)


def halted(desk: Desk) -> Any:
    desk.gateway.command("halt", "right", "--reason", "a person said so")
    return desk.place("right", desk.order("MKT", "BUY", 8))


def after_the_cutoff(desk: Desk) -> Any:
    desk.simulator.clock("2026-11-18T15:52:00-05:00")
    desk.pause(2)
    return desk.place("left", desk.order("MOC", "SELL", 9))


def after_the_close(desk: Desk) -> Any:
    desk.simulator.clock("2026-11-18T16:30:00-05:00")
    desk.pause(2)
    return desk.place("left", desk.order("MKT", "BUY", 10))


CASES = (
    Case("an order without account", "account", "narrow", no_account),
    Case("an order for another bot's account", "account", "narrow", wrong_account),
    Case("an instrument that the bot does not own", "ownership", "narrow", not_owned),
    Case("a quantity that the broker computes from cash", "supported", "narrow", unbounded),
    Case("the same order twice", "duplicate", "narrow", duplicate),
    Case("101 units, limit 100", "limits", "narrow", too_many_units),
    Case("an order worth more than its limit", "limits", "narrow", too_much_money),
    Case("a position worth more than its limit", "limits", "narrow", too_large_a_position),
    Case("a price ten percent away", "limits", "narrow", outside_the_collar),
    Case("the fourth order in a minute, limit 3", "limits", "hasty", too_many_orders),
    Case("a buy over another bot's resting sell", "self_match", "right", would_cross),
    Case("a MOC buy against another bot's MOC sell", "self_match", "right", would_cross_at_the_close),
    Case("an order while the broker's truth is unknown", "reconciled", "left", unreconciled),
    Case("frozen quotes on a living connection", "stale_data", "narrow", stale),
    Case("an order after `plimsoll halt`", "halt", "right", halted),
    Case("a MOC after the cutoff", "close_cutoff", "left", after_the_cutoff),
    Case("a market order after the close", "trading_session", "left", after_the_close),
)

CLIENTS = {"narrow": 12, "hasty": 13, "left": 14, "right": 15}


def main() -> int:
    """Provokes every guard and prints what the client says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True, choices=libraries.KNOWN)
    parser.add_argument("--plimsoll", required=True, type=Path)
    parser.add_argument("--only", help="run the cases of one guard")
    options = parser.parse_args()
    library = libraries.load(options.library)
    log = libraries.keep_log(options.library)
    with tempfile.TemporaryDirectory(prefix="plm-") as folder, ExitStack() as stack:
        desk = open_desk(stack, library, options.plimsoll, Path(folder), log)
        cases = [case for case in CASES if options.only in (None, case.guard)]
        for case in cases:
            try:
                run_case(desk, case)
            except Failed as error:
                raise Failed(f"{error}\n{desk.gateway.log()}\n{desk.simulator.log()}") from error
    print(f"{options.library}: {len(cases)} denials, each seen by the client and by no venue")
    return 0


def open_desk(stack: ExitStack, library: Any, binary: Path, home: Path, log: libraries.LogKeeper) -> Desk:
    """A venue, a gateway with four bots, and their clients."""
    simulator = stack.enter_context(Simulator(binary, home))
    spy, qqq, near = look(library, simulator.port)
    bots = make_bots(near)
    gateway = stack.enter_context(Gateway(binary, home, simulator, list(bots.values())))
    clients = {
        name: stack.enter_context(libraries.connected(library, bot.port, bot.client_ids[0]))
        for name, bot in bots.items()
    }
    desk = Desk(library, simulator, gateway, clients, spy, qqq, near, log)
    for name, ib in clients.items():
        listen(desk.errors.setdefault(name, []), ib)
    desk.pause(2)  # The gateway has to see a first quote.
    return desk


def listen(errors: list[tuple[int, int, str]], ib: Any) -> None:
    """Keeps what the error event of one client says."""
    ib.errorEvent += lambda number, code, text, _contract: errors.append((number, code, text))


def look(library: Any, port: int) -> tuple[Any, Any, float]:
    """The contracts, and a price to write limits around."""
    with libraries.connected(library, port, 1) as ib:
        [spy, qqq] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"), library.Stock("QQQ", "SMART", "USD"))
        [ticker] = ib.reqTickers(spy)
        return spy, qqq, float(ticker.ask)


def make_bots(near: float) -> dict[str, Bot]:
    """Four bots in one account; the limits are multiples of the price, so that they hold for any market."""
    shared = ("SPY",)
    narrow: dict[str, str | int] = {
        "duplicate_window": "2s",
        "stale_after": "5s",
        "max_order_qty": 100,
        "max_order_notional": f"{near * 60:.0f} USD",
        "max_position_notional": f"{near * 100:.0f} USD",
        "price_collar": "3%",
    }
    limits: dict[str, dict[str, str | int]] = {"narrow": narrow, "hasty": {"max_orders_per_minute": 3}}
    return {
        name: Bot(name, (client,), (MINE,), ("SPY",), shared, limits.get(name, {})) for name, client in CLIENTS.items()
    }


def run_case(desk: Desk, case: Case) -> None:
    """One denial, from the provocation to the venue's silence."""
    first_line = len(desk.log.lines)
    trade = case.provoke(desk)
    number = trade.order.orderId
    ib = desk.clients[case.bot]
    deadline = time.monotonic() + DENIED_SECONDS
    heard = desk.errors[case.bot]
    while not any(error[0] == number for error in heard) and time.monotonic() < deadline:
        ib.sleep(0.05)
    ib.sleep(0.2)
    errors = [error for error in heard if error[0] == number]
    heard.clear()
    print(f"\n# {case.title}")
    for line in desk.log.lines[first_line:]:
        print(f"  log    {line}")
    for error in errors:
        print(f"  error  {error}")
    print(f"  order  {trade.orderStatus.status}, done: {trade.isDone()}")
    judge(desk, case, trade, errors)


def judge(desk: Desk, case: Case, trade: Any, errors: list[tuple[int, int, str]]) -> None:
    """The four things that must hold."""
    said = f"Plimsoll {case.guard}"
    if not any(code == REJECTED and said in text for _, code, text in errors):
        raise Failed(f"{case.title}: no error {REJECTED} with `{said}`, but {errors}")
    # ib_insync counts only Cancelled, Filled and ApiCancelled as done; the error makes it Cancelled.
    if not trade.isDone():
        raise Failed(f"{case.title}: the library thinks that the order lives: {trade.orderStatus.status}")
    key = (CLIENTS[case.bot], trade.order.orderId)
    rows = [row for row in desk.simulator.state()["orders"] if (row["client"], row["order_id"]) == key]
    if rows:
        raise Failed(f"{case.title}: the venue has it: {rows}")
    if trade.fills:
        raise Failed(f"{case.title}: the library shows executions: {trade.fills}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
