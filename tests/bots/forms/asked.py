"""What a client asks: each request as the official client itself writes it, given the same arguments at a server
version of text and at one of protobuf."""

from __future__ import annotations

from collections.abc import Callable

from ibapi.client import EClient
from ibapi.common import WshEventData
from ibapi.contract import Contract
from ibapi.scanner import ScannerSubscription
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper

Call = Callable[[EClient], object]


class _Written:
    """Takes the place of the socket."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def isConnected(self) -> bool:  # noqa: N802 - the library's name
        return True

    def sendMsg(self, frame: bytes) -> None:  # noqa: N802 - the library's name
        self.frames.append(frame)


class _Quiet(EWrapper):
    """An error is no vector."""

    def error(self, *said: object) -> None:
        raise AssertionError(f"the client refused to ask: {said}")


def written(version: int, call: Call) -> bytes:
    """The payload of the one frame that the client writes at a server version."""
    client = EClient(_Quiet())
    conn = _Written()
    client.conn, client.connState, client.serverVersion_ = conn, EClient.CONNECTED, version
    # Or it does not begin the proof of its maker.
    client.extraAuth = True
    call(client)
    [frame] = conn.frames
    return frame[4:]


def _stock() -> Contract:
    contract = Contract()
    contract.conId, contract.symbol, contract.secType = 320227571, "QQQ", "STK"
    contract.exchange, contract.primaryExchange, contract.currency = "SMART", "NASDAQ", "USD"
    return contract


def _call() -> Contract:
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "QQQ", "OPT", "SMART", "USD"
    contract.lastTradeDateOrContractMonth, contract.strike, contract.right = "20270115", 512.5, "C"
    contract.multiplier, contract.localSymbol, contract.tradingClass = "100", "QQQ   270115C00512500", "QQQ"
    return contract


def _expired() -> Contract:
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "ES", "FUT", "CME", "USD"
    contract.lastTradeDateOrContractMonth, contract.includeExpired = "202609", True
    return contract


def _scanner() -> ScannerSubscription:
    subscription = ScannerSubscription()
    subscription.instrument, subscription.locationCode, subscription.scanCode = "STK", "STK.US.MAJOR", "TOP_PERC_GAIN"
    return subscription


def _full_scanner() -> ScannerSubscription:
    subscription = _scanner()
    subscription.numberOfRows, subscription.abovePrice, subscription.belowPrice = 50, 1.5, 99.25
    subscription.aboveVolume, subscription.averageOptionVolumeAbove = 100000, 40
    subscription.marketCapAbove, subscription.marketCapBelow = 1000000.0, 0.0
    subscription.moodyRatingAbove, subscription.moodyRatingBelow = "Aa", "Baa"
    subscription.spRatingAbove, subscription.spRatingBelow = "A+", "B-"
    subscription.maturityDateAbove, subscription.maturityDateBelow = "20270101", "20370101"
    subscription.couponRateAbove, subscription.couponRateBelow = 2.5, 7.5
    subscription.excludeConvertible = True
    subscription.scannerSettingPairs, subscription.stockTypeFilter = "Annual,true", "CORP"
    return subscription


def _events() -> WshEventData:
    wanted = WshEventData()
    wanted.filter, wanted.fillPortfolio = '{"country":"All"}', True
    wanted.startDate, wanted.endDate, wanted.totalLimit = "20261120", "20261231", 5
    return wanted


def _events_of_one() -> WshEventData:
    wanted = WshEventData()
    wanted.conId, wanted.fillWatchlist, wanted.fillCompetitors = 8314, True, True
    return wanted


# One option each: a map has no order of its own.
FEW = [TagValue("a", "b")]
FILTERS = [TagValue("changePercAbove", "20")]

REQUESTS: list[tuple[str, Call]] = [
    ("reqMktDepth", lambda c: c.reqMktDepth(7, _stock(), 5, True, [])),
    ("reqMktDepth", lambda c: c.reqMktDepth(8, _call(), 0, False, [])),
    ("cancelMktDepth", lambda c: c.cancelMktDepth(7, True)),
    ("cancelMktDepth", lambda c: c.cancelMktDepth(8, False)),
    ("reqScannerSubscription", lambda c: c.reqScannerSubscription(9, _scanner(), [], [])),
    ("reqScannerSubscription", lambda c: c.reqScannerSubscription(10, _full_scanner(), FEW, FILTERS)),
    ("reqFundamentalData", lambda c: c.reqFundamentalData(11, _stock(), "ReportSnapshot", [])),
    ("reqFundamentalData", lambda c: c.reqFundamentalData(12, _stock(), "ReportRatios", FEW)),
    ("calculateImpliedVolatility", lambda c: c.calculateImpliedVolatility(13, _call(), 5.2, 498.75, [])),
    ("calculateImpliedVolatility", lambda c: c.calculateImpliedVolatility(14, _call(), 0.0, 498.75, [])),
    ("calculateOptionPrice", lambda c: c.calculateOptionPrice(15, _call(), 0.22, 498.75, [])),
    ("verifyRequest", lambda c: c.verifyRequest("plimsoll", "1.0")),
    ("verifyMessage", lambda c: c.verifyMessage("opaque")),
    ("subscribeToGroupEvents", lambda c: c.subscribeToGroupEvents(16, 3)),
    ("updateDisplayGroup", lambda c: c.updateDisplayGroup(16, "8314@SMART")),
    ("reqSmartComponents", lambda c: c.reqSmartComponents(17, "9c0001")),
    ("reqNewsArticle", lambda c: c.reqNewsArticle(18, "BRFG", "BRFG$0a1b2c", [])),
    ("reqNewsArticle", lambda c: c.reqNewsArticle(19, "BRFG", "BRFG$0a1b2c", FEW)),
    (
        "reqHistoricalNews",
        lambda c: c.reqHistoricalNews(20, 8314, "BRFG+DJ-N", "20261119 00:00:00", "20261120 00:00:00", 10, []),
    ),
    ("reqHistoricalNews", lambda c: c.reqHistoricalNews(21, 8314, "BRFG", "", "", 300, FEW)),
    ("reqHistogramData", lambda c: c.reqHistogramData(22, _stock(), True, "3 days")),
    ("reqHistogramData", lambda c: c.reqHistogramData(23, _expired(), False, "1 week")),
    (
        "reqHistoricalTicks",
        lambda c: c.reqHistoricalTicks(
            24, _stock(), "", "20261120 16:00:00 US/Eastern", 1000, "BID_ASK", True, True, []
        ),
    ),
    (
        "reqHistoricalTicks",
        lambda c: c.reqHistoricalTicks(25, _expired(), "20260901 09:30:00 UTC", "", 0, "TRADES", False, False, FEW),
    ),
    ("reqWshEventData", lambda c: c.reqWshEventData(26, _events())),
    ("reqWshEventData", lambda c: c.reqWshEventData(27, _events_of_one())),
]
