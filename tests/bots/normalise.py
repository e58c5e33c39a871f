"""Which fields of which server message depend on the moment, and nothing else.

Two runs of one script meet the market at moments that differ by seconds, so prices, sizes and clock readings may
differ; every other field has to be equal, ids of orders and executions included. A message is a list of fields,
the first of which is its kind.
"""

from __future__ import annotations

from collections.abc import Sequence

from bots.programs import SESSION_START

Fields = Sequence[str]

# Kinds that come by themselves, as often as the market moves: their order and number are not compared,
# only which of them came in a step.
STREAMS = {
    "1": "tickPrice",
    "2": "tickSize",
    "6": "updateAccountValue",
    "7": "updatePortfolio",
    "8": "updateAccountTime",
    "12": "marketDepth",
    "13": "marketDepthL2",
    "21": "tickOptionComputation",
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
    "3": (5, 8),  # average price, last price
    "6": (3,),  # value
    "7": (14, 15, 16, 17, 18),  # market price and value, average cost, profits
    "8": (2,),  # time
    "45": (4,),  # value
    "46": (4,),  # value
    "12": (3, 4, 6, 7),  # position, operation, price, size
    "13": (3, 4, 5, 7, 8),  # position, market maker, operation, price, size
    "11": (15, 20, 25),  # time, price, average price
    "49": (2,),  # time
    "59": (5,),  # realised profit
    "61": (15,),  # average cost
    "63": (5,),  # value
    "73": (6,),  # value
    "94": (2, 3, 4),
    "95": (3, 4, 5, 6),
}

# Kind to the first field from which everything depends on the moment.
MOMENT_FROM = {
    "21": 4,  # what a model says
    "50": 3,  # a bar
    "90": 2,  # a bar
    "99": 3,  # a tick
}

# A history that reaches until now ends with a bar that is still growing; one that ends earlier does not.
HISTORY = "17"
COMPLETED_ORDER = "101"
HISTORY_END = 3
BAR_FIELDS = 8
TODAY = SESSION_START[:10].replace("-", "")

# Rows of the market, as many as there happen to be: nothing behind these fields stands.
CUT = {
    "89": 2,  # a histogram
}

MASK = "~"


def normalise(fields: Fields) -> tuple[str, ...]:
    """The message with its momentary fields masked; a field that is empty stays empty."""
    kind = fields[0]
    masked = list(fields[: CUT.get(kind)])
    for place in _places(kind, fields):
        if place < len(masked) and masked[place] != "":
            masked[place] = MASK
    return tuple(masked)


def _places(kind: str, fields: Fields) -> Sequence[int]:
    if kind in MOMENT_FROM:
        return range(MOMENT_FROM[kind], len(fields))
    if kind == HISTORY and fields[HISTORY_END].startswith(TODAY):
        # Start and end are readings of the clock; of the last bar only its date stands.
        return (2, HISTORY_END, *range(len(fields) - BAR_FIELDS + 1, len(fields)))
    if kind == COMPLETED_ORDER:
        return [place for place, value in enumerate(fields) if value.startswith(f"{TODAY} ")]  # completedTime
    return MOMENT.get(kind, ())
