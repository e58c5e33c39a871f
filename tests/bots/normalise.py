"""Which fields of which server message depend on the moment, and nothing else.

Two runs of one script meet the market at moments that differ by milliseconds, so prices, sizes, clock readings
and broker-made ids may differ; every other field has to be equal. A message is a list of fields, the first
of which is its kind.
"""

from __future__ import annotations

from collections.abc import Sequence

Fields = Sequence[str]

# Kinds that come by themselves, as often as the market moves: their order and number are not compared,
# only which of them came in a step.
STREAMS = {
    "1": "tickPrice",
    "2": "tickSize",
    "6": "updateAccountValue",
    "7": "updatePortfolio",
    "8": "updateAccountTime",
    "45": "tickGeneric",
    "46": "tickString",
    "50": "realTimeBar",
    "61": "position",
    "63": "accountSummary",
    "73": "accountUpdateMulti",
    "90": "historicalDataUpdate",
    "94": "pnl",
    "95": "pnlSingle",
    "99": "tickByTick",
}

# Kind to the positions of the fields that depend on the moment.
MOMENT = {
    "1": (4, 5),  # price, size
    "2": (4,),  # size
    "3": (5, 6, 8),  # average price, permId, last price
    "6": (3,),  # value
    "7": (14, 15, 16, 17, 18),  # market price and value, average cost, profits
    "8": (2,),  # time
    "45": (4,),  # value
    "46": (4,),  # value
    "49": (2,),  # time
    "59": (2, 3, 5),  # execId, commission, realised profit
    "61": (15,),  # average cost
    "63": (5,),  # value
    "73": (6,),  # value
    "94": (2, 3, 4),
    "95": (3, 4, 5, 6),
}

# Kind to the first field from which everything depends on the moment.
MOMENT_FROM = {
    "50": 3,  # a bar
    "90": 2,  # a bar
    "99": 3,  # a tick
}

# openOrder carries the permId behind the client's id, and again inside the allocation text.
OPEN_ORDER_PERM_ID = 25
OPEN_ORDER_ALLOCATION = 31

MASK = "~"


def normalise(fields: Fields) -> tuple[str, ...]:
    """The message with its momentary fields masked; a field that is empty stays empty."""
    kind = fields[0]
    masked = list(fields)
    for place in _places(kind, fields):
        if place < len(masked) and masked[place] != "":
            masked[place] = MASK
    return tuple(masked)


def _places(kind: str, fields: Fields) -> Sequence[int]:
    if kind in MOMENT_FROM:
        return range(MOMENT_FROM[kind], len(fields))
    if kind == "5":
        return (OPEN_ORDER_PERM_ID, OPEN_ORDER_ALLOCATION)
    return MOMENT.get(kind, ())
