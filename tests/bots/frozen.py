"""A bot that trades on a price loop while its prices freeze: straight to the venue it goes on trading on them, through the
gateway its orders are denied within the limit, and pass again once its prices move, on the connection that it has.

Both play beside each other, at the same venue, through the same faults: all prices frozen from 11:00 on, 1100 and 1101, a
farm that is down, and a socket that says nothing but the time.

    python -m bots.frozen --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.book import expect
from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions

ACCOUNT = "DU1111111"
STRAIGHT = 31
THROUGH = 21
START = "2026-11-18T10:59:52-05:00"
LIMIT_SECONDS = 4.0
# A tick is up to a second old when an age is taken, and our own prices may come a moment before the bot's.
SLACK_SECONDS = 2.0
BEFORE_SECONDS = 6.0
FROZEN_SECONDS = 12.0
AFTER_SECONDS = 12.0
EVERY_SECONDS = 0.5
REJECTED = 201
GUARDS = ("Plimsoll stale_data", "Plimsoll reconciled")


@dataclass(frozen=True)
class Order:
    """One that the loop has placed."""

    at: float
    order_id: int
    # How long ago the price had changed by which it was decided.
    age: float


@dataclass
class Loop:
    """Buys a share at every look at the price."""

    name: str
    client: int
    ib: Any
    library: Any
    contract: Any
    ticker: Any = None
    orders: list[Order] = field(default_factory=list)
    denied: dict[int, str] = field(default_factory=dict)
    notices: list[tuple[int, str]] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)
    price: float = math.nan
    changed: float = 0.0

    def begin(self) -> None:
        """Listens, and asks for prices."""
        self.ib.errorEvent += self.on_error
        self.ib.disconnectedEvent += lambda: self.drops.append("disconnected")
        self.subscribe()

    def subscribe(self) -> None:
        """As a bot begins a stream, or begins it anew."""
        self.ticker = self.ib.reqMktData(self.contract, "", snapshot=False, regulatorySnapshot=False)

    def on_error(self, number: int, code: int, text: str, _contract: object) -> None:
        """What the venue, or the gateway, says."""
        if code == REJECTED:
            self.denied[number] = text
        elif number == -1:
            self.notices.append((code, text))

    def look(self) -> None:
        """Remembers when the price changed last."""
        price = self.ticker.midpoint()
        if not math.isnan(price) and price != self.price:
            self.price, self.changed = price, time.monotonic()

    def trade(self) -> None:
        """The loop's body: whatever the price is, it is acted on."""
        self.look()
        if math.isnan(self.price):
            return
        at = time.monotonic()
        order = self.library.MarketOrder("BUY", 1, account=ACCOUNT, tif="DAY")
        trade = self.ib.placeOrder(self.contract, order)
        self.orders.append(Order(at, trade.order.orderId, at - self.changed))


@dataclass
class Scene:
    """The venue, and a loop on each side of the gateway."""

    simulator: Simulator
    loops: tuple[Loop, Loop]

    def play(self, seconds: float) -> tuple[float, float]:
        """Lets both trade; returns when it began and when it ended."""
        begun = time.monotonic()
        while (now := time.monotonic()) < begun + seconds:
            for loop in self.loops:
                loop.trade()
            pause = now + EVERY_SECONDS
            while time.monotonic() < pause:
                self.loops[0].ib.sleep(0.02)
                for loop in self.loops:
                    loop.look()
        return begun, time.monotonic()


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and how it ends."""

    title: str
    begin: Callable[[Simulator], None]
    end: Callable[[Simulator], None]
    # Straight to the venue the stream is gone for good unless the bot asks for it again.
    loses_streams: bool = False


def mute(simulator: Simulator) -> None:
    """Both bots' sockets."""
    for client in (STRAIGHT, THROUGH):
        simulator.fault("mute_socket", client=client)


FAULTS = (
    Fault("all prices freeze", lambda simulator: simulator.fault("freeze_data"), Simulator.heal),
    Fault(
        "1100, then 1101",
        lambda simulator: simulator.fault("link_down"),
        lambda simulator: simulator.fault("link_up_data_lost"),
        loses_streams=True,
    ),
    Fault(
        "the farm is down",
        lambda simulator: simulator.fault("farm_down", farm="usfarm"),
        lambda simulator: simulator.fault("farm_up", farm="usfarm"),
    ),
    Fault("the bots' sockets are mute", mute, Simulator.heal),
)


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Each fault in turn, for both at once."""
    simulator = stack.enter_context(Simulator(binary, home, SimulatorOptions(start=START, symbols=("SPY",))))
    limits: dict[str, str | int] = {"stale_after": f"{LIMIT_SECONDS:g}s", "duplicate_window": "0s"}
    bot = Bot("loop", (THROUGH,), (ACCOUNT,), ("SPY",), (), limits)
    gateway = stack.enter_context(Gateway(binary, home, simulator, [bot]))
    loops = []
    for name, port, client in (("straight", simulator.port, STRAIGHT), ("through", bot.port, THROUGH)):
        ib = stack.enter_context(libraries.connected(library, port, client))
        [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
        loops.append(Loop(name, client, ib, library, spy))
    scene = Scene(simulator, (loops[0], loops[1]))
    for loop in loops:
        loop.begin()
    # The gateway has to see a first quote.
    loops[0].ib.sleep(2)
    before = links_of(simulator)
    for fault in FAULTS:
        judge(scene, fault)
    straight, through = scene.loops
    expect("connections that were dropped", (straight.drops, through.drops), ([], []))
    expect("connections at the venue", links_of(simulator), before)
    told = [code for code, text in through.notices if "stands still" in text or "moves again" in text]
    if told[:2] != [2103, 2104]:
        raise Failed(f"the bot was not told of its own stream in the broker's codes: {through.notices}\n{gateway.log()}")
    return "no order left on a price older than the limit, and the order channel was never dropped"


def links_of(simulator: Simulator) -> list[int]:
    """The clients that are connected; a connection that was made anew would have been told by its bot."""
    return sorted(row["client"] for row in simulator.state()["connections"])


def judge(scene: Scene, fault: Fault) -> None:
    """Before, during and after: who traded on what."""
    scene.play(BEFORE_SECONDS)
    fault.begin(scene.simulator)
    frozen = scene.play(FROZEN_SECONDS)
    fault.end(scene.simulator)
    after = scene.play(AFTER_SECONDS)
    # What was said to a mute socket has arrived by now, and what was ordered is at the venue.
    scene.loops[0].ib.sleep(1)
    at_venue = {(row["client"], row["order_id"]) for row in scene.simulator.state()["orders"]}
    print(f"{fault.title}:")
    for loop in scene.loops:
        sent = [order for order in loop.orders if (loop.client, order.order_id) in at_venue]
        old = [order for order in sent if frozen[0] <= order.at < after[1] and order.age > LIMIT_SECONDS + SLACK_SECONDS]
        denied = [order for order in loop.orders if order.order_id in loop.denied and frozen[0] <= order.at < after[1]]
        fresh = [order for order in sent if order.at > after[0] and order.age < LIMIT_SECONDS]
        resumed = f"trades on fresh prices {fresh[0].at - after[0]:.1f} s after it ended" if fresh else "no fresh price since"
        print(f"  {loop.name:<8} {len(old):>3} orders on a price older than {LIMIT_SECONDS:g} s, {len(denied):>3} denied, {resumed}")
        if loop.name == "straight":
            if not old:
                raise Failed("straight to the venue nothing was traded on an old price: the fault shows nothing")
            expect("orders denied straight", denied, [])
            continue
        others = sorted({loop.denied[order.order_id] for order in denied if not any(guard in loop.denied[order.order_id] for guard in GUARDS)})
        expect("denials for other reasons", others, [])
        expect("orders on old prices through the gateway", old, [])
        if not denied or not fresh:
            raise Failed(f"{len(denied)} denied and {len(fresh)} on fresh prices afterwards: {loop.notices[-6:]}")
    if fault.loses_streams:
        straight = scene.loops[0]
        straight.ib.cancelMktData(straight.contract)
        straight.subscribe()


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
