"""Two bots that want opposite things of one closing auction, in one account, on a half day of the live profile: straight
to the venue both are cancelled; through the gateway both end the day as they intended, and one order crosses
the wire.

    python -m bots.net --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.book import connect, expect, until
from bots.programs import OWN_CLIENT_ID, Bot, Failed, Gateway, Simulator, SimulatorOptions

ACCOUNT = "DU1111111"
CLIENTS = {"trend": 21, "revert": 22}
WANTED = {"trend": ("BUY", 100), "revert": ("SELL", 40)}
HALF_DAY = "2026-11-27T12:40:00-05:00"
# The cutoff is 12:50, the close 13:00.
BEFORE_RELEASE = "2026-11-27T12:49:50-05:00"
BEFORE_CLOSE = "2026-11-27T12:59:57-05:00"
CANCELED = 202


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """The same two orders straight to the venue and through the gateway."""
    straight = home / "straight"
    straight.mkdir()
    with ExitStack() as first:
        simulator = first.enter_context(Simulator(binary, straight, SimulatorOptions(start=HALF_DAY)))
        clients = {
            name: first.enter_context(libraries.connected(library, simulator.port, client))
            for name, client in CLIENTS.items()
        }
        lost = without_gateway(simulator, library, clients)
    simulator = stack.enter_context(Simulator(binary, home, SimulatorOptions(start=HALF_DAY)))
    bots = {name: Bot(name, (client,), (ACCOUNT,), ("SPY",), ("SPY",)) for name, client in CLIENTS.items()}
    gateway = stack.enter_context(Gateway(binary, home, simulator, list(bots.values()), crossing="net"))
    clients = connect(stack, library, bots)
    through_gateway(simulator, gateway, library, clients)
    killed = home / "killed"
    killed.mkdir()
    with ExitStack() as last:
        over_kills(last, library, binary, killed)
    return f"straight {lost} lost an order to a crossing; through the gateway both were netted, over kill -9 as well"


def place(library: Any, clients: dict[str, Any]) -> dict[str, Any]:
    """Each bot's order for the close."""
    trades = {}
    for name, ib in clients.items():
        [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
        ib.sleep(2)  # The gateway has to see a first quote.
        side, quantity = WANTED[name]
        order = library.Order(orderType="MOC", action=side, totalQuantity=quantity, account=ACCOUNT, tif="DAY")
        trades[name] = ib.placeOrder(spy, order)
        ib.sleep(0.5)
    return trades


def without_gateway(simulator: Simulator, library: Any, clients: dict[str, Any]) -> str:
    """The venue cancels with 202 what could cross, long before the auction."""
    codes: dict[str, list[int]] = {name: [] for name in clients}
    for name, ib in clients.items():
        ib.errorEvent += lambda _id, code, _text, _contract, name=name: codes[name].append(code)
    trades = place(library, clients)
    for ib in clients.values():
        ib.sleep(1)
    print("straight to the venue:")
    for name, trade in trades.items():
        side, quantity = WANTED[name]
        said = ", ".join(f"{entry.status} {entry.errorCode or ''}".strip() for entry in trade.log)
        print(f"  {name:6} {side} {quantity} MOC: {said}; errors {codes[name]}")
    lost = [name for name, trade in trades.items() if trade.orderStatus.status == "Cancelled"]
    if not lost or any(CANCELED not in codes[name] for name in lost):
        raise Failed(f"nobody was cancelled with 202: {codes}")
    violations = [row["kind"] for row in simulator.state()["violations"]]
    print(f"  venue: violations {violations}")
    return " and ".join(lost)


def through_gateway(simulator: Simulator, gateway: Gateway, library: Any, clients: dict[str, Any]) -> None:
    """Both are told the life of an order of their own, and the ledger sums to the broker."""
    trades = place(library, clients)
    for name, ib in clients.items():
        until(ib, f"{name} waits", lambda name=name: trades[name].orderStatus.status == "PreSubmitted")
    expect("orders at the venue before the release", simulator.state()["orders"], [])
    simulator.clock(BEFORE_RELEASE)
    [one] = [ib for name, ib in clients.items() if name == "trend"]
    until(one, "one order crosses the wire", lambda: len(simulator.state()["orders"]) == 1)
    [sent] = simulator.state()["orders"]
    simulator.clock(BEFORE_CLOSE)
    for name, ib in clients.items():
        until(ib, f"{name}'s order fills", lambda name=name: trades[name].orderStatus.status == "Filled")
        until(ib, f"{name}'s commission comes", lambda name=name: all_priced(trades[name]))
    state = simulator.state()
    print("through the gateway:")
    for name, trade in trades.items():
        side, quantity = WANTED[name]
        steps = [entry.status for entry in trade.log if entry.status]
        order_of = [status for at, status in enumerate(steps) if at == 0 or steps[at - 1] != status]
        for fill in trade.fills:
            fees = fill.commissionReport.commission
            print(
                f"  {name:6} {side} {quantity} MOC: {', '.join(order_of)}; execution {fill.execution.execId}: "
                f"{fill.execution.side} {fill.execution.shares:g} at {fill.execution.price}, commission {fees}"
            )
        expect(f"{name}'s executed quantity", sum(float(fill.execution.shares) for fill in trade.fills), float(quantity))
    orders = [row for row in state["orders"]]
    print(f"  venue: {sent['side']} {sent['qty']} {sent['type']} of client {sent['client']} [{sent['order_ref']}], nothing else")
    expect("orders at the venue", [row["client"] for row in orders], [OWN_CLIENT_ID])
    executions = state["executions"]
    [held] = [row for row in state["positions"] if row["symbol"] == "SPY"]
    rows = {row["bot"]: row for row in gateway.json("positions") if row["symbol"] == "SPY"}
    booked = sum(float(row["qty"]) for row in rows.values())
    paid = sum(float(row["fees"].split()[0]) for row in rows.values())
    charged = sum(float(row["commission"]) for row in executions)
    print(f"  broker: position {held['qty']}, commission {charged}; ledger: " + ", ".join(
        f"{name} {row['qty']} fees {row['fees']}" for name, row in rows.items()
    ))
    expect("the ledger's bots", sorted(rows), sorted(CLIENTS))
    expect("the ledger's sum", booked, float(held["qty"]))
    expect("the ledger's commissions", round(paid, 9), round(charged, 9))
    expect("breaks", gateway.json("breaks"), [])
    expect("violations", state["violations"], [])
    print("  violations at the venue: none; breaks: none")


def over_kills(stack: ExitStack, library: Any, binary: Path, home: Path) -> None:
    """The same with `kill -9` while both are held, and again when the difference has left: nothing is lost or sent twice."""
    simulator = stack.enter_context(Simulator(binary, home, SimulatorOptions(start=HALF_DAY)))
    bots = {name: Bot(name, (client,), (ACCOUNT,), ("SPY",), ("SPY",)) for name, client in CLIENTS.items()}
    gateway = stack.enter_context(Gateway(binary, home, simulator, list(bots.values()), crossing="net"))
    with ExitStack() as before:
        clients = connect(before, library, bots)
        trades = place(library, clients)
        for name, ib in clients.items():
            until(ib, f"{name} waits", lambda name=name: trades[name].orderStatus.status == "PreSubmitted")
        gateway.kill()
    gateway.start()
    with ExitStack() as held:
        clients = connect(held, library, bots)
        for name, ib in clients.items():
            seen = [(trade.order.action, float(trade.order.totalQuantity), trade.orderStatus.status) for trade in ib.openTrades()]
            side, quantity = WANTED[name]
            expect(f"{name}'s open orders after the first kill", seen, [(side, float(quantity), "PreSubmitted")])
        simulator.clock(BEFORE_RELEASE)
        until(clients["trend"], "one order crosses the wire", lambda: len(simulator.state()["orders"]) == 1)
        gateway.kill()
    gateway.start()
    clients = connect(stack, library, bots)
    simulator.clock(BEFORE_CLOSE)
    for name, ib in clients.items():
        side, quantity = WANTED[name]
        own = float(quantity if side == "BUY" else -quantity)
        until(ib, f"{name} holds {own:g}", lambda ib=ib, own=own: [float(row.position) for row in ib.positions()] == [own])
        until(ib, f"{name}'s execution comes", lambda ib=ib: len(ib.fills()) == 1)
        until(ib, f"{name}'s commission comes", lambda ib=ib: all(fill.commissionReport.execId for fill in ib.fills()))
    with ExitStack() as again:
        for ib in clients.values():
            ib.disconnect()
        for name, ib in connect(again, library, bots).items():
            told = [(fill.execution.execId, float(fill.execution.shares), fill.commissionReport.commission) for fill in ib.fills()]
            # The library asks for the day's executions when it connects.
            fees = {"trend": 0.7143, "revert": 0.2857}
            expect(f"{name}'s executions", told, [(f"net.SPY-{name}-20261127-1.1.01", float(WANTED[name][1]), fees[name])])
            wanted = library.ExecutionFilter(symbol="QQQ")
            expect(f"{name}'s executions of another stock", ib.reqExecutions(wanted), [])
    state = simulator.state()
    expect("orders at the venue over two kills", [row["client"] for row in state["orders"]], [OWN_CLIENT_ID])
    # A new life of the gateway cannot know when the one before asked for the time.
    broken = [row["kind"] for row in state["violations"] if row["kind"] != "current_time_pacing"]
    expect("violations over two kills", broken, [])
    rows = {row["bot"]: float(row["qty"]) for row in gateway.json("positions") if row["symbol"] == "SPY"}
    expect("the ledger over two kills", rows, {"trend": 100.0, "revert": -40.0})
    gateway.stop()
    gateway.command("journal", "replay")
    print("over kill -9 while both were held and after the difference had left: one order at the venue, both filled")


def all_priced(trade: Any) -> bool:
    """Whether every execution has its commission."""
    return bool(trade.fills) and all(fill.commissionReport.execId for fill in trade.fills)


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
