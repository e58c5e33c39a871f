"""One order of an unmodified client over 24 accounts of the live profile: three of them have no money left, and the gateway is
killed with signal 9 when so many of the parts have reached the venue and the others have not, once while those work and then
once for each of some places. Nothing is sent twice, the books end as the venue's, and the report says who got what and why.

    python -m bots.allocation --library ib_async --plimsoll target/release/plimsoll
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

from bots import library as libraries
from bots.book import expect, until
from bots.programs import OWN_CLIENT_ID, Bot, Failed, Gateway, Simulator, SimulatorOptions, wait_until
from bots.relay import Relay

ACCOUNTS = tuple(f"DU22{number:05}" for number in range(1, 25))
# What is bought in them by hand leaves less than a part of the big order needs.
POOR = (ACCOUNTS[4], ACCOUNTS[11], ACCOUNTS[17])
# The parts behind these are lost with the gateway that sends them.
ARRIVED = 20
LOST = ACCOUNTS[ARRIVED:]
WORKING = ARRIVED - len(POOR)
BY_HAND = 5_500
BIG = 12_010
SMALL = 250
CLIENT = 21
NAME = "GROWTH"
# Parts at the venue at each further kill.
CUTS = (0, 1, 11, 23, 24)
CANCELED = 202
PATIENCE = 30.0

SECTION = f"""
[[allocation]]
name = "{NAME}"
bots = ["trend"]
by = "equal"
accounts = {json.dumps(list(ACCOUNTS))}

[[allocation]]
name = "WORTH"
bots = ["trend"]
by = "equity"
accounts = {json.dumps(list(ACCOUNTS[:5]))}
"""


def run(stack: ExitStack, library: Any, binary: Path, home: Path) -> str:
    """Parts that work over a kill, then kills while parts are being sent."""
    options = SimulatorOptions(accounts=ACCOUNTS, symbols=("SPY",))
    simulator = stack.enter_context(Simulator(binary, home, options))
    for account in POOR:
        simulator.manual(account, "SPY", "BUY", BY_HAND)
    bot = Bot("trend", (CLIENT,), ACCOUNTS, ("SPY",), (), {"duplicate_window": "0s"})
    relay = stack.enter_context(Relay(simulator.port))
    through = {"accounts": ACCOUNTS, "sections": SECTION, "upstream": relay.port}
    gateway = stack.enter_context(Gateway(binary, home, simulator, [bot], **through))
    by_equity(gateway, bot, library)
    executed = over_a_kill_while_they_work(simulator, relay, gateway, bot, library)
    for cut in CUTS:
        over_a_kill_while_they_are_sent(simulator, relay, gateway, (bot, library), cut)
    obeyed(simulator)
    gateway.stop()
    gateway.command("journal", "verify")
    gateway.command("journal", "replay")
    return (
        f"{BIG} over {len(ACCOUNTS)} accounts with {len(POOR)} rejections and kill -9 with {ARRIVED} parts at the venue: "
        f"{executed:g} executed; more kills with {', '.join(map(str, CUTS))} parts there: no part was sent twice, and the books "
        "are the venue's"
    )


def shares(quantity: int) -> dict[str, int]:
    """The largest remainder by fractions, worked out here and not by what is tested."""
    exact = Fraction(quantity, len(ACCOUNTS))
    parts = {account: int(exact) for account in ACCOUNTS}
    for account in sorted(ACCOUNTS)[: quantity - sum(parts.values())]:
        parts[account] += 1
    return parts


def by_equity(gateway: Gateway, bot: Bot, library: Any) -> None:
    """Each account's part is by what the venue says that it is worth; one of them holds what was bought by hand."""
    with ExitStack() as stack:
        ib = stack.enter_context(libraries.connected(library, bot.port, CLIENT))
        [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
        ib.sleep(2)  # The gateway has to see a first quote.
        order = library.MarketOrder("BUY", SMALL, account="WORTH", tif="DAY")
        order.account, order.faGroup = "", "WORTH"
        trade = ib.placeOrder(spy, order)
        until(ib, "the order by equity fills", lambda: trade.orderStatus.status == "Filled")
        told = {row.account: row.value for row in ib.accountSummary() if row.tag == "NetLiquidation"}
    report = gateway.json("allocation", "list")[0]
    weights = {row["account"]: Fraction(row["weight"]) for row in report["accounts"]}
    expect("accounts by equity", sorted(weights), sorted(ACCOUNTS[:5]))
    for account, weight in weights.items():
        # Trading has moved it by dollars since.
        if abs(weight - Fraction(told[account])) > 10_000:
            raise Failed(f"{account} was divided by {float(weight)}, and is worth {told[account]}")
    total = sum(weights.values())
    exact = {account: SMALL * weight / total for account, weight in weights.items()}
    parts = {account: int(share) for account, share in exact.items()}
    rests = sorted(exact, key=lambda account: (parts[account] - exact[account], account))
    for account in rests[: SMALL - sum(parts.values())]:
        parts[account] += 1
    expect("parts by equity", {row["account"]: int(row["sent"]) for row in report["accounts"]}, parts)


def over_a_kill_while_they_work(simulator: Simulator, relay: Relay, gateway: Gateway, bot: Bot, library: Any) -> float:
    """Twenty parts reach the venue and three of them are refused; the gateway dies, and the market comes when it is back."""
    parts = shares(BIG)
    with ExitStack() as first:
        ib = first.enter_context(libraries.connected(library, bot.port, CLIENT))
        [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
        [ticker] = ib.reqTickers(spy)
        ib.sleep(2)  # The gateway has to see a first quote.
        had = held_by(ib)
        limit = round(float(ticker.bid) * 0.99, 2)
        order = library.LimitOrder("BUY", BIG, limit, account=NAME, tif="DAY")
        before = len(sent(simulator))
        relay.stop_behind(ARRIVED)
        trade = ib.placeOrder(spy, order)
        until(ib, "the order works", lambda: trade.orderStatus.status == "Submitted")
        until(ib, "some parts work, three are refused, and the others are lost", lambda: is_cut(simulator, relay, before, ARRIVED))
        expect("parts that work", len(working(simulator)), WORKING)
        seen = {row["account"]: int(row["qty"]) for row in working(simulator)}
        expect("the parts at the venue", seen, {a: parts[a] for a in ACCOUNTS if a not in (*POOR, *LOST)})
        expect("what the client calls its account", trade.order.account, NAME)
        reference = gateway.json("allocation", "list")[0]["cl_ord_id"]
        gateway.command("allocation", "show", reference, expect=(1,))
        gateway.kill()
    relay.go_on()
    gateway.start()
    with ExitStack() as second:
        ib = second.enter_context(libraries.connected(library, bot.port, CLIENT))
        [trade] = ib.openTrades()
        told: list[int] = []
        ib.errorEvent += lambda _id, code, _text, _contract: told.append(code)
        expect("the open order after the kill", (trade.order.account, float(trade.order.totalQuantity)), (NAME, float(BIG)))
        expect("open orders of the client", len(ib.reqAllOpenOrders()), 1)
        quote = (f"{limit - 0.03:.2f}", f"{limit - 0.02:.2f}")
        until(ib, "the order is over", lambda: is_told_the_end(simulator, ib, trade, quote))
        lacking = sum(parts[account] for account in (*POOR, *LOST))
        expect("filled", float(trade.orderStatus.filled), float(BIG - lacking))
        expect("remaining", float(trade.orderStatus.remaining), float(lacking))
        expect("the last word", CANCELED in told, True)
        until(ib, "every execution has its commission", lambda: all_priced(ib))
        by_account = held_by(ib)
        wanted = {a: float(q) for a, q in parts.items() if a not in (*POOR, *LOST)}
        expect("executed by account", {a: q - had.get(a, 0.0) for a, q in by_account.items() if q != had.get(a)}, wanted)
        mine = {row.account: float(row.position) for row in ib.positions()}
        expect("the client's positions", mine, by_account)
        ib.disconnect()
    with ExitStack() as third:
        ib = third.enter_context(libraries.connected(library, bot.port, CLIENT))
        expect("executed by account, asked anew", held_by(ib), by_account)
        expect("commissions, asked anew", all_priced(ib), True)
        expect("open orders when it is over", ib.openTrades(), [])
    expect("parts at the venue after all", len(sent(simulator)) - before, ARRIVED)
    agree(simulator, gateway, reference, parts)
    explained(gateway.command("allocation", "show", reference, expect=(1,)))
    return float(BIG - lacking)


def explained(shown: str) -> None:
    """The report says of each account that got nothing what became of its part."""
    print(shown)
    for account in (*POOR, *LOST):
        [line] = [line for line in shown.splitlines() if line.startswith(f"{account} lacks ")]
        why = ("201", "Available Funds are insufficient") if account in POOR else ("the venue does not have it",)
        if not all(word in line for word in why):
            raise Failed(f"the report does not say why {account} got nothing: {line}")


def obeyed(simulator: Simulator) -> None:
    """Nothing but the money of three accounts was ever too little, in no life of the gateway and between none of them."""
    broken = [(row["kind"], row["client"]) for row in simulator.state()["violations"]]
    expect("broken rules", broken, [("insufficient_funds", OWN_CLIENT_ID)] * len(POOR))


def over_a_kill_while_they_are_sent(
    simulator: Simulator, relay: Relay, gateway: Gateway, of: tuple[Bot, Any], cut: int
) -> None:
    """A small market order, and a kill when so many of its parts are at the venue and the others are not."""
    bot, library = of
    parts = shares(SMALL)
    with ExitStack() as life:
        ib = life.enter_context(libraries.connected(library, bot.port, CLIENT))
        [spy] = ib.qualifyContracts(library.Stock("SPY", "SMART", "USD"))
        ib.sleep(2)
        before = len(sent(simulator))
        relay.stop_behind(cut)
        ib.placeOrder(spy, library.MarketOrder("BUY", SMALL, account=NAME, tif="DAY"))
        until(ib, f"{cut} parts are at the venue", lambda: is_cut(simulator, relay, before, cut))
        gateway.kill()
    relay.go_on()
    gateway.start()
    wait_until("every part has ended", PATIENCE, lambda: not working(simulator))
    arrived = sent(simulator)[before:]
    expect("accounts that were served", sorted(row["account"] for row in arrived), sorted(ACCOUNTS[:cut]))
    newest = gateway.json("allocation", "list")[0]
    expect("the quantity of the newest", float(newest["qty"]), float(SMALL))
    agree(simulator, gateway, newest["cl_ord_id"], parts)
    expect("executed in all", sum(int(row["qty"]) for row in arrived), sum(parts[account] for account in ACCOUNTS[:cut]))


def is_cut(simulator: Simulator, relay: Relay, before: int, cut: int) -> bool:
    """Whether so many parts have reached the venue and nothing more will."""
    there = len(sent(simulator)) - before
    return there == cut and (cut == len(ACCOUNTS) or relay.stopped.is_set())


def agree(simulator: Simulator, gateway: Gateway, reference: str, parts: dict[str, int]) -> None:
    """Report, ledger and venue say the same of every account."""
    wait_until("the order is over", PATIENCE, lambda: is_over(gateway, reference))
    report = json.loads(gateway.command("allocation", "show", reference, "--json", expect=(0, 1)))
    state = simulator.state()
    expect("accounts of the report", [row["account"] for row in report["accounts"]], sorted(ACCOUNTS))
    by_ref = {row["order_ref"]: row for row in state["orders"] if row["client"] == OWN_CLIENT_ID}
    sums = 0.0
    for row in report["accounts"]:
        account, at_venue = row["account"], by_ref.get(row["cl_ord_id"])
        expect(f"{account}'s part", int(row["part"]), parts[account])
        executed = [e for e in state["executions"] if e["order_ref"] == row["cl_ord_id"]]
        if at_venue is not None:
            expect(f"{account}'s account", at_venue["account"], account)
            expect(f"{account}'s quantity", int(at_venue["qty"]), parts[account])
        filled = sum(float(e["qty"]) for e in executed)
        expect(f"{account}'s executed quantity", float(row["filled"]), filled)
        expect(f"{account}'s missing quantity", float(row["missing"]), parts[account] - filled)
        # None of the parts is below a lot.
        expect(f"{account}'s reason", row["because"] is None, filled == parts[account])
        if executed:
            fees = float(row["commission"].split()[0])
            expect(f"{account}'s commission", round(fees, 6), round(sum(float(e["commission"]) for e in executed), 6))
        sums += filled
    expect("the sum of all", float(report["filled"]), sums)
    refs = [row["order_ref"] for row in state["orders"]]
    expect("a reference is sent once", len(refs), len(set(refs)) + max(0, sum(1 for ref in refs if not ref) - 1))
    expect("breaks", gateway.json("breaks"), [])
    venue = {row["account"]: float(row["qty"]) for row in state["positions"] if row["symbol"] == "SPY"}
    booked: dict[str, float] = {}
    for row in gateway.json("positions"):
        booked[row["account"]] = booked.get(row["account"], 0.0) + float(row["qty"])
    expect("the books", booked, venue)


def is_told_the_end(simulator: Simulator, ib: Any, trade: Any, quote: tuple[str, str]) -> bool:
    """A quote is for so many shares; the next one is for as many again."""
    simulator.price("SPY", *quote)
    ib.sleep(0.3)
    return bool(trade.orderStatus.status == "Cancelled")


def is_over(gateway: Gateway, reference: str) -> bool:
    """Whether nothing of the order can execute any more."""
    rows = [row for row in gateway.json("allocation", "list") if row["cl_ord_id"] == reference]
    return bool(rows) and rows[0]["status"] in ("filled", "canceled")


def sent(simulator: Simulator) -> list[dict[str, Any]]:
    """Orders of the gateway's own at the venue, whatever became of them."""
    return [row for row in simulator.state()["orders"] if row["client"] == OWN_CLIENT_ID]


def working(simulator: Simulator) -> list[dict[str, Any]]:
    """Those of them that work."""
    return [row for row in sent(simulator) if row["status"] in ("Submitted", "PreSubmitted", "PendingSubmit")]


def held_by(ib: Any) -> dict[str, float]:
    """What the client was told was executed, by account."""
    by_account: dict[str, float] = {}
    for fill in ib.fills():
        account = fill.execution.acctNumber
        by_account[account] = by_account.get(account, 0.0) + float(fill.execution.shares)
    return by_account


def all_priced(ib: Any) -> bool:
    """Whether every execution has its commission."""
    return bool(ib.fills()) and all(fill.commissionReport.execId for fill in ib.fills())


if __name__ == "__main__":
    sys.exit(libraries.check(__doc__, run))
