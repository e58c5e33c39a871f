"""Which named fields of which message depend on the moment, and nothing else.

The counterpart of `bots.normalise` for clients whose messages arrive as names and values instead of the wire's
fields. Names are compared without case and underscores, because each language spells them its own way.
"""

from __future__ import annotations

from collections.abc import Sequence

from bots.normalise import MASK, TODAY

Named = Sequence[tuple[str, str]]

# Kinds that come by themselves, as often as the market moves: their order and number are not compared,
# only which of them came in a step.
STREAMS = {
    "tickprice", "ticksize", "tickgeneric", "tickstring", "tickoptioncomputation",
    "updateaccountvalue", "updateportfolio", "updateaccounttime",
    "position", "positionmulti", "accountsummary", "accountupdatemulti",
    "realtimebar", "historicaldataupdate", "pnl", "pnlsingle",
    "tickbytickalllast", "tickbytickbidask", "tickbytickmidpoint",
    "updatemktdepth", "updatemktdepthl2",
}  # fmt: skip

# Kind to the last part of the names whose values depend on the moment.
MOMENT = {
    "tickprice": {"price", "size"},
    "ticksize": {"size"},
    "tickgeneric": {"value"},
    "tickstring": {"value"},
    # The stop of a trailing order follows the market.
    "openorder": {"trailstopprice"},
    "orderstatus": {"avgfillprice", "averagefillprice", "lastfillprice"},
    "updateaccountvalue": {"val", "value"},
    "updateportfolio": {"marketprice", "marketvalue", "averagecost", "unrealizedpnl", "realizedpnl"},
    "updateaccounttime": {"timestamp"},
    "execdetails": {"time", "price", "avgprice", "averageprice"},
    "commissionreport": {"realizedpnl"},
    "commissionandfeesreport": {"realizedpnl"},
    "position": {"avgcost", "averagecost"},
    "positionmulti": {"avgcost", "averagecost"},
    "accountsummary": {"value"},
    "accountupdatemulti": {"value"},
    "pnl": {"dailypnl", "unrealizedpnl", "realizedpnl"},
    "pnlsingle": {"dailypnl", "unrealizedpnl", "realizedpnl", "value"},
    "currenttime": {"time"},
    "currenttimeinmillis": {"timeinmillis"},
    "error": {"errortime"},
}  # fmt: skip

# Kinds of which only the named fields stand: everything else is a reading of the market.
ONLY = {
    "realtimebar": {"reqid"},
    "historicaldataupdate": {"reqid"},
    "tickbytickalllast": {"reqid", "ticktype"},
    "tickbytickbidask": {"reqid"},
    "tickbytickmidpoint": {"reqid"},
    "tickoptioncomputation": {"reqid", "ticktype", "field"},
    # Which rows change is the market's, that there are rows on both sides is not.
    "updatemktdepth": {"reqid", "side"},
    "updatemktdepthl2": {"reqid", "side"},
}

# Kinds with rows of the market whose number depends on the moment too: only the named fields are kept.
KEPT = {"histogramdata": {"reqid"}}

# A history that reaches until today ends with a bar that is still growing; of today's bars only the date stands.
BAR = "historicaldata"
BAR_END = "historicaldataend"
COMPLETED = "completedorder"


def canonical(name: str) -> str:
    """A name as every language would spell it."""
    return name.replace("_", "").lower()


def normalise(kind: str, fields: Named) -> Named:
    """The fields with the momentary ones masked; a value that is empty stays empty."""
    kept = KEPT.get(canonical(kind))
    if kept is not None:
        return [(name, value) for name, value in fields if canonical(name) in kept]
    return [(name, MASK if value != "" and _momentary(kind, fields, name, value) else value) for name, value in fields]


def _momentary(kind: str, fields: Named, name: str, value: str) -> bool:
    kind, last = canonical(kind), canonical(name.rsplit(".", 1)[-1])
    if kind in ONLY:
        return last not in ONLY[kind]
    if kind == BAR and _ends_today(fields, "date"):
        return last not in {"reqid", "date"}
    if kind == BAR_END and _ends_today(fields, "end"):
        return last in {"start", "end"}
    if kind == COMPLETED:
        return last == "trailstopprice" or (last == "completedtime" and _is_today(value))
    return last in MOMENT.get(kind, ())


def _ends_today(fields: Named, last: str) -> bool:
    return any(canonical(name.rsplit(".", 1)[-1]) == last and _is_today(value) for name, value in fields)


def _is_today(value: str) -> bool:
    # A library that reads dates writes them with dashes.
    return value.replace("-", "").startswith(TODAY)
