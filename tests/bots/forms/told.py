"""What a server tells: each answer as fields of the text protocol and as a message of the official client's own
protobuf modules. The client's decoder has to take both for the same, or there is no vector."""

from __future__ import annotations

from enum import Enum
from importlib import import_module
from typing import Any

from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

BOND = (
    "28|AAPL|BOND|037833CH1|4.5|20300215-16:00:00-US/Eastern|20200215|A+|CORP|FIXED|1|0|1|AAPL 4 1/2 02/15/30|SMART|USD"
    "|AAPL|AAPL|123456789|0.001|ACTIVETIM,LMT|SMART,BONDDESK|20290215|CALL|1|a note|APPLE INC|US/Eastern"
    "|20261127:0930-20261127:1600|20261127:0930-20261127:1600|rule|100|1|CUSIP|037833CH1|2|635,635|1|1|1|"
)


def _bond() -> dict[str, Any]:
    return {
        "reqId": 28,
        "contract": {
            "conId": 123456789, "symbol": "AAPL", "secType": "BOND", "exchange": "SMART", "currency": "USD",
            "lastTradeDateOrContractMonth": "20300215-16:00:00-US/Eastern", "tradingClass": "AAPL",
        },
        "contractDetails": {
            "marketName": "AAPL", "minTick": "0.001", "orderTypes": "ACTIVETIM,LMT",
            "validExchanges": "SMART,BONDDESK", "longName": "APPLE INC", "timeZoneId": "US/Eastern",
            "tradingHours": "20261127:0930-20261127:1600", "liquidHours": "20261127:0930-20261127:1600",
            "evRule": "rule", "evMultiplier": 100.0, "secIdList": {"CUSIP": "037833CH1"}, "aggGroup": 2,
            "marketRuleIds": "635,635", "minSize": "1", "sizeIncrement": "1", "suggestedSizeIncrement": "1",
            "cusip": "037833CH1", "issueDate": "20200215", "ratings": "A+", "bondType": "CORP", "coupon": 4.5,
            "couponType": "FIXED", "convertible": True, "puttable": True, "descAppend": "AAPL 4 1/2 02/15/30",
            "nextOptionDate": "20290215", "nextOptionType": "CALL", "nextOptionPartial": True, "bondNotes": "a note",
        },
    }  # fmt: skip


def _found() -> dict[str, Any]:
    first = {
        "conId": 320227571, "symbol": "QQQ", "secType": "STK", "strike": 0.0, "exchange": "SMART", "currency": "USD",
        "localSymbol": "QQQ", "tradingClass": "NMS",
    }  # fmt: skip
    second = {
        "conId": 712, "symbol": "QQQ", "secType": "OPT", "lastTradeDateOrContractMonth": "20270115", "strike": 512.5,
        "right": "C", "exchange": "SMART", "currency": "USD", "localSymbol": "QQQ   270115C00512500",
        "tradingClass": "QQQ",
    }  # fmt: skip
    return {
        "reqId": 10,
        "scannerDataElement": [
            {"rank": 0, "contract": first, "marketName": "NMS", "distance": "d", "benchmark": "b", "projection": "p"},
            {"rank": 1, "contract": second, "marketName": "QQQ", "comboKey": "legs"},
        ],
    }


def _tick(tick: int, computed: dict[str, float]) -> dict[str, Any]:
    return {"reqId": 13, "tickType": tick, "tickAttrib": 1, **computed}


GREEKS = {
    "impliedVol": 0.1825, "delta": -0.5125, "optPrice": 5.2, "pvDividend": 0.0, "gamma": 0.00125, "vega": 0.75,
    "theta": -0.03125, "undPrice": 498.75,
}  # fmt: skip

# Number, module and name of the protobuf message, fields of the text, fields of the protobuf.
ANSWERS: list[tuple[int, str, str, dict[str, Any]]] = [
    (12, "MarketDepth", "1|7|0|1|0|498.75|300|", {
        "reqId": 7, "marketDepthData": {"position": 0, "operation": 1, "side": 0, "price": 498.75, "size": "300"},
    }),
    (13, "MarketDepthL2", "1|7|2|ARCA|0|1|498.5|200.5|1|", {
        "reqId": 7, "marketDepthData": {
            "position": 2, "operation": 0, "side": 1, "price": 498.5, "size": "200.5", "marketMaker": "ARCA",
            "isSmartDepth": True,
        },
    }),
    (18, "ContractData", BOND, _bond()),
    (19, "ScannerParameters", "1|<ScanParameterResponse/>|", {"xml": "<ScanParameterResponse/>"}),
    (20, "ScannerData",
     "3|10|2|0|320227571|QQQ|STK||0.0||SMART|USD|QQQ|NMS|NMS|d|b|p||"
     "1|712|QQQ|OPT|20270115|512.5|C|SMART|USD|QQQ   270115C00512500|QQQ|QQQ||||legs|", _found()),
    (20, "ScannerData", "3|10|0|", {"reqId": 10}),
    (21, "TickOptionComputation", "13|13|1|0.1825|-0.5125|5.2|0.0|0.00125|0.75|-0.03125|498.75|", _tick(13, GREEKS)),
    (21, "TickOptionComputation", "13|10|1|-1|-2|5.2|-1|-2|-2|-2|498.75|",
     _tick(10, {"optPrice": 5.2, "undPrice": 498.75})),
    # -1 is a delta and a theta, and no sign of one that was not computed.
    (21, "TickOptionComputation", "13|53|1|0.25|-1.0|-1|-1|-2|-2|-1.0|-1|",
     _tick(53, {"impliedVol": 0.25, "delta": -1.0, "theta": -1.0})),
    (51, "FundamentalsData", "1|11|<ReportSnapshot/>|", {"reqId": 11, "data": "<ReportSnapshot/>"}),
    (65, "VerifyMessageApi", "1|opaque|", {"apiData": "opaque"}),
    (66, "VerifyCompleted", "1|true||", {"isSuccessful": True}),
    (66, "VerifyCompleted", "1|false|unknown key|", {"errorText": "unknown key"}),
    (67, "DisplayGroupList", "1|16|4\\x7c1\\x7c2|", {"reqId": 16, "groups": "4|1|2"}),
    (68, "DisplayGroupUpdated", "1|16|8314@SMART|", {"reqId": 16, "contractInfo": "8314@SMART"}),
    (77, "SoftDollarTiers", "29|2|Tier1|0.5|Tier 1|Tier2|0.75||", {
        "reqId": 29, "softDollarTiers": [
            {"name": "Tier1", "value": "0.5", "displayName": "Tier 1"}, {"name": "Tier2", "value": "0.75"},
        ],
    }),
    (80, "MarketDepthExchanges", "2|ISLAND|STK|NASDAQ|Deep2|1|NYSE|STK||Deep|2147483647|", {
        "depthMarketDataDescriptions": [
            {"exchange": "ISLAND", "secType": "STK", "listingExch": "NASDAQ", "serviceDataType": "Deep2", "aggGroup": 1},
            {"exchange": "NYSE", "secType": "STK", "serviceDataType": "Deep"},
        ],
    }),
    (82, "SmartComponents", "17|2|0|NYSE|N|14|ARCA|P|", {
        "reqId": 17, "smartComponents": [
            {"bitNumber": 0, "exchange": "NYSE", "exchangeLetter": "N"},
            {"bitNumber": 14, "exchange": "ARCA", "exchangeLetter": "P"},
        ],
    }),
    (83, "NewsArticle", "18|0|<p>text</p>|", {"reqId": 18, "articleType": 0, "articleText": "<p>text</p>"}),
    (84, "TickNews", "7|1795189500123|BRFG|BRFG$0a1b2c|{L:en}Stocks rise|TSLA:123|", {
        "reqId": 7, "timestamp": 1795189500123, "providerCode": "BRFG", "articleId": "BRFG$0a1b2c",
        "headline": "{L:en}Stocks rise", "extraData": "TSLA:123",
    }),
    (85, "NewsProviders", "2|BRFG|Briefing.com General Market Columns|DJ-N||", {
        "newsProviders": [
            {"providerCode": "BRFG", "providerName": "Briefing.com General Market Columns"}, {"providerCode": "DJ-N"},
        ],
    }),
    (86, "HistoricalNews", "20|2026-11-20 14:45:00.0|BRFG|BRFG$0a1b2c|{L:en}Stocks rise|", {
        "reqId": 20, "time": "2026-11-20 14:45:00.0", "providerCode": "BRFG", "articleId": "BRFG$0a1b2c",
        "headline": "{L:en}Stocks rise",
    }),
    (87, "HistoricalNewsEnd", "20|1|", {"reqId": 20, "hasMore": True}),
    (87, "HistoricalNewsEnd", "21|0|", {"reqId": 21}),
    (89, "HistogramData", "22|2|498.75|1200|498.5|300.5|", {
        "reqId": 22, "histogramDataEntries": [
            {"price": 498.75, "size": "1200"}, {"price": 498.5, "size": "300.5"},
        ],
    }),
    (91, "RerouteMarketDataRequest", "7|8314|ISLAND|", {"reqId": 7, "conId": 8314, "exchange": "ISLAND"}),
    (92, "RerouteMarketDepthRequest", "7|8314|ISLAND|", {"reqId": 7, "conId": 8314, "exchange": "ISLAND"}),
    (96, "HistoricalTicks", "24|2|1795189500|0|498.755|0|1795189501|0|498.5|0|1|", {
        "reqId": 24, "isDone": True, "historicalTicks": [
            {"time": 1795189500, "price": 498.755, "size": "0"}, {"time": 1795189501, "price": 498.5, "size": "0"},
        ],
    }),
    # The ask past the high is bit 0 of the text's mask and the second flag of the protobuf's part.
    (97, "HistoricalTicksBidAsk", "24|2|1795189500|1|498.75|498.76|300|200|1795189501|2|498.5|498.51|100|0|0|", {
        "reqId": 24, "historicalTicksBidAsk": [
            {"time": 1795189500, "tickAttribBidAsk": {"askPastHigh": True}, "priceBid": 498.75, "priceAsk": 498.76,
             "sizeBid": "300", "sizeAsk": "200"},
            {"time": 1795189501, "tickAttribBidAsk": {"bidPastLow": True}, "priceBid": 498.5, "priceAsk": 498.51,
             "sizeBid": "100", "sizeAsk": "0"},
        ],
    }),
    (98, "HistoricalTicksLast", "24|3|1795189500|1|498.75|300|ARCA|F T|1795189501|2|498.5|10|FINRA||1795189502|0|498|1|Q||1|", {
        "reqId": 24, "isDone": True, "historicalTicksLast": [
            {"time": 1795189500, "tickAttribLast": {"pastLimit": True}, "price": 498.75, "size": "300",
             "exchange": "ARCA", "specialConditions": "F T"},
            {"time": 1795189501, "tickAttribLast": {"unreported": True}, "price": 498.5, "size": "10",
             "exchange": "FINRA"},
            {"time": 1795189502, "tickAttribLast": {}, "price": 498.0, "size": "1", "exchange": "Q"},
        ],
    }),
    (104, "WshMetaData", "26|{}|", {"reqId": 26, "dataJson": "{}"}),
    (105, "WshEventData", "26|[]|", {"reqId": 26, "dataJson": "[]"}),
]  # fmt: skip


def message(name: str, fields: dict[str, Any]) -> bytes:
    """The bytes of a message of the official client's modules."""
    made = getattr(import_module(f"ibapi.protobuf.{name}_pb2"), name)(**fields)
    return bytes(made.SerializeToString(deterministic=True))


class _Heard(EWrapper):
    """What a decoder calls, with everything that its arguments are made of."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []

    def __getattribute__(self, name: str) -> object:
        if name in ("calls", "hear", "__class__", "__dict__"):
            return object.__getattribute__(self, name)
        # The generated message itself, which the decoder shows beside its own reading of it.
        if name.endswith("ProtoBuf"):
            return lambda *_: None
        return lambda *arguments: self.hear(name, arguments)

    def hear(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Keeps a call."""
        if name == "bondContractDetails":
            # The decoder leaves the contract's own date there in protobuf, after it made the maturity of it.
            arguments[1].contract.lastTradeDateOrContractMonth = ""
        if name == "smartComponents":
            # A list of objects in text, a map of pairs in protobuf.
            number, components = arguments
            if isinstance(components, dict):
                rows = [(bit, exchange, letter) for bit, (exchange, letter) in components.items()]
            else:
                rows = [(each.bitNumber, each.exchange, each.exchangeLetter) for each in components]
            arguments = (number, rows)
        self.calls.append((name, _plain(arguments)))


def _plain(value: object) -> object:
    """A value without classes. The text's flags come as words or numbers, its whole numbers without a point."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "__dict__") and not isinstance(value, Enum):
        return {key: _plain(item) for key, item in vars(value).items()}
    return str(value).lower()


def agree(version: int, number: int, text: bytes, protobuf: bytes) -> None:
    """Both forms are the same to the official decoder."""
    in_text, in_protobuf = _Heard(), _Heard()
    Decoder(in_text, version).interpret(tuple(text.split(b"\0")[:-1]), number)
    Decoder(in_protobuf, version).processProtoBuf(protobuf, number)
    if not in_text.calls or in_text.calls != in_protobuf.calls:
        raise AssertionError(f"message {number}: {in_text.calls} in text, {in_protobuf.calls} in protobuf")
