"""What the soak sends beside orders, as server version 178 reads it. Standard library only."""

from __future__ import annotations

from bots.wire import frame

REQ_MKT_DATA = "1"
CANCEL_MKT_DATA = "2"
REQ_OPEN_ORDERS = "5"
REQ_EXECUTIONS = "7"
REQ_IDS = "8"
REQ_CONTRACT_DETAILS = "9"
REQ_HISTORICAL_DATA = "20"
REQ_POSITIONS = "61"
CANCEL_POSITIONS = "64"
REQ_ACCOUNT_SUMMARY = "62"
CANCEL_ACCOUNT_SUMMARY = "63"
REQ_MATCHING_SYMBOLS = "81"

TICK_PRICE = "1"
HISTORICAL_DATA = "17"


def stock(symbol: str) -> list[str]:
    """The contract of a request, from its number to its trading class."""
    return ["0", symbol, "STK", "", "0.0", "", "", "SMART", "", "USD", "", ""]


def market_data(req_id: int, symbol: str) -> bytes:
    """Quotes from now on."""
    return frame(REQ_MKT_DATA, 11, req_id, *stock(symbol), "0", "", "0", "0", "")


def cancel_market_data(req_id: int) -> bytes:
    """No more of them."""
    return frame(CANCEL_MKT_DATA, 2, req_id)


def history(req_id: int, symbol: str, duration: str, bar: str) -> bytes:
    """Bars up to now."""
    ending = ["0", "", bar, duration, "1", "TRADES", "1", "0", ""]
    return frame(REQ_HISTORICAL_DATA, req_id, *stock(symbol), *ending)


def contract_details(req_id: int, symbol: str) -> bytes:
    """What a contract is."""
    return frame(REQ_CONTRACT_DETAILS, 8, req_id, *stock(symbol), "0", "", "", "")


def executions(req_id: int) -> bytes:
    """Today's, of whoever asks."""
    return frame(REQ_EXECUTIONS, 3, req_id, "0", "", "", "", "", "", "")


def account_summary(req_id: int) -> bytes:
    """Values of all accounts."""
    return frame(REQ_ACCOUNT_SUMMARY, 1, req_id, "All", "NetLiquidation,BuyingPower")


def cancel_account_summary(req_id: int) -> bytes:
    """No more of them."""
    return frame(CANCEL_ACCOUNT_SUMMARY, 1, req_id)
