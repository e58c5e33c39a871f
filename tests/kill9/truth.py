"""Compares what Plimsoll says with what the venue knows. Standard library only."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

# How an order stands, in three words that both vocabularies share.
OPEN = "open"
FILLED = "filled"
ENDED = "ended"

VENUE = {
    "PendingSubmit": OPEN,
    "PreSubmitted": OPEN,
    "Submitted": OPEN,
    "PendingCancel": OPEN,
    "Filled": FILLED,
    "Cancelled": ENDED,
    "ApiCancelled": ENDED,
    "Inactive": ENDED,
}
PLIMSOLL = {
    "pending_new": OPEN,
    "suspended": OPEN,
    "new": OPEN,
    "partially_filled": OPEN,
    "pending_cancel": OPEN,
    "filled": FILLED,
    "canceled": ENDED,
    "rejected": ENDED,
    "denied": ENDED,
}


def differences(venue: dict[str, Any], orders: list[dict[str, Any]], positions: list[dict[str, Any]]) -> list[str]:
    """One sentence per difference; none is what has to come back."""
    return [*_orders(venue, orders), *_executions(venue, orders), *_positions(venue, positions)]


def _orders(venue: dict[str, Any], orders: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    theirs = {row["order_ref"]: row for row in venue["orders"]}
    if len(theirs) != len(venue["orders"]):
        found.append(f"the venue has {len(venue['orders'])} orders under {len(theirs)} references")
    ours = {row["cl_ord_id"]: row for row in orders}
    for reference, row in theirs.items():
        mine = ours.get(reference)
        if mine is None:
            found.append(f"{reference}: the venue has it ({row['status']}), Plimsoll does not know it")
            continue
        for what, theirs_is, ours_is in (
            ("side", row["side"].upper(), mine["side"].upper()),
            ("quantity", Decimal(row["qty"]), Decimal(mine["qty"])),
            ("filled", Decimal(row["filled"]), Decimal(mine["filled"])),
            ("state", VENUE.get(row["status"], row["status"]), PLIMSOLL.get(mine["status"], mine["status"])),
        ):
            if theirs_is != ours_is:
                found.append(f"{reference}: {what} is {theirs_is} at the venue and {ours_is} here ({mine})")
    for reference, row in ours.items():
        # Decided and journaled, but killed before the bytes left: it must not be taken for alive.
        if reference not in theirs and (PLIMSOLL.get(row["status"], OPEN) != ENDED or Decimal(row["filled"]) != 0):
            found.append(f"{reference}: {row['status']} here, unknown to the venue")
    return found


def _executions(venue: dict[str, Any], orders: list[dict[str, Any]]) -> list[str]:
    """Every execution of the venue is counted once in the order that it belongs to."""
    executed: dict[str, Decimal] = defaultdict(Decimal)
    for row in venue["executions"]:
        executed[row["order_ref"]] += Decimal(row["qty"])
    filled = {row["cl_ord_id"]: Decimal(row["filled"]) for row in orders if Decimal(row["filled"]) != 0}
    found: list[str] = []
    for reference in sorted(executed.keys() | filled.keys()):
        theirs, ours = executed.get(reference, Decimal(0)), filled.get(reference, Decimal(0))
        if theirs != ours:
            found.append(f"{reference}: executions of {theirs} at the venue, {ours} here")
    return found


def _positions(venue: dict[str, Any], positions: list[dict[str, Any]]) -> list[str]:
    def total(rows: list[dict[str, Any]]) -> dict[tuple[str, str], Decimal]:
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in rows:
            sums[row["account"], row["symbol"]] += Decimal(row["qty"])
        return {key: qty for key, qty in sums.items() if qty != 0}

    theirs, ours = total(venue["positions"]), total(positions)
    return [
        f"position of {account} in {symbol} is {theirs.get((account, symbol), 0)} at the venue "
        f"and {ours.get((account, symbol), 0)} here"
        for account, symbol in sorted(theirs.keys() | ours.keys())
        if theirs.get((account, symbol)) != ours.get((account, symbol))
    ]
