"""The connected client and what the steps share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ibapi.contract import Contract

from bots.ewrapper.app import App

MINE = "DU1111111"
OTHER = "DU2222222"
# The end of the day before the simulator's own: what lies before it is the same for every run.
YESTERDAY = "20261117-21:00:00"
YESTERDAY_OLD = "20261117 16:00:00"


@dataclass
class Bot:
    """A logged-in client, and the instrument that it trades."""

    app: App
    spy: Any = None
    near: int = 0
    resting: list[int] = field(default_factory=list)

    @property
    def yesterday(self) -> str:
        """Yesterday's close in the form that this generation knows."""
        return YESTERDAY if self.app.modern else YESTERDAY_OLD


def stock(symbol: str, con_id: int = 0) -> Any:
    """A US stock as a bot names it."""
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = symbol, "STK", "SMART", "USD"
    contract.conId = con_id
    return contract
