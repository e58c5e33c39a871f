"""nautilus_trader with its own Interactive Brokers adapter and one of the strategies that come with it, until the
last minutes of the venue's day. Nothing of either is changed; what is here is their configuration.

    python -m bots.nautilus_trader.trader --port 4002 --client-id 11 --believed FILE

Writes one JSON document: what the program believes to have done. Its standard output is the program's own log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path

from nautilus_trader.adapters.interactive_brokers.common import IB
from nautilus_trader.adapters.interactive_brokers.config import (
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersExecClientConfig,
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import (
    InteractiveBrokersLiveDataClientFactory,
    InteractiveBrokersLiveExecClientFactory,
)
from nautilus_trader.config import LiveExecEngineConfig, LoggingConfig, RoutingConfig, TradingNodeConfig
from nautilus_trader.examples.strategies.ema_cross import EMACross, EMACrossConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import TimeInForce
from nautilus_trader.model.identifiers import InstrumentId

ACCOUNT = "DU1111111"
INSTRUMENT = InstrumentId.from_str("SPY.ARCA")
BARS = BarType.from_str("SPY.ARCA-5-SECOND-LAST-EXTERNAL")
# Five minutes before the close of the simulated day: time to be flat.
END_NS = 1_795_035_300 * 1_000_000_000
START_SECONDS = 60.0
DAY_SECONDS = 600.0
FLAT_SECONDS = 20.0


def configured(port: int, client_id: int) -> TradingNode:
    """The program, as its documentation says how to set it up."""
    provider = InteractiveBrokersInstrumentProviderConfig(load_ids=frozenset({str(INSTRUMENT)}))
    reach = {"ibg_host": "127.0.0.1", "ibg_port": port, "ibg_client_id": client_id, "instrument_provider": provider}
    routing = RoutingConfig(default=True)
    node = TradingNode(
        TradingNodeConfig(
            trader_id="TRADER-001",
            logging=LoggingConfig(log_level="WARNING", log_colors=False),
            data_clients={IB: InteractiveBrokersDataClientConfig(**reach)},
            exec_clients={IB: InteractiveBrokersExecClientConfig(account_id=ACCOUNT, routing=routing, **reach)},
            exec_engine=LiveExecEngineConfig(reconciliation=True),
            timeout_disconnection=5.0,
            timeout_post_stop=1.0,
        )
    )
    strategy = EMACrossConfig(
        instrument_id=INSTRUMENT,
        bar_type=BARS,
        trade_size=Decimal(10),
        fast_ema_period=60,
        slow_ema_period=240,
        subscribe_trade_ticks=False,
        request_bars=False,
        order_time_in_force=TimeInForce.DAY,
        reduce_only_on_stop=False,
    )
    node.trader.add_strategy(EMACross(strategy))
    node.add_data_client_factory(IB, InteractiveBrokersLiveDataClientFactory)
    node.add_exec_client_factory(IB, InteractiveBrokersLiveExecClientFactory)
    node.build()
    return node


async def trade(node: TradingNode) -> None:
    """Runs until the end of the day, then lets the strategy close what it holds."""
    running = asyncio.ensure_future(node.run_async())
    await _until("the first bar", START_SECONDS, lambda: node.cache.bar(BARS) is not None)
    await _until("the end of the day", DAY_SECONDS, lambda: node.cache.bar(BARS).ts_event >= END_NS)
    node.trader.stop()
    await _until("flat", FLAT_SECONDS, lambda: not node.cache.positions_open() and not node.cache.orders_inflight())
    await node.stop_async()
    running.cancel()


async def _until(what: str, seconds: float, probe: object) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not probe():  # type: ignore[operator]
        if loop.time() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(0.05)


def believed(node: TradingNode) -> dict[str, object]:
    """What the program's own records say."""
    orders = node.cache.orders()
    return {
        "bars": node.cache.bar_count(BARS),
        "orders": len(orders),
        "statuses": sorted({order.status_string() for order in orders}),
        "filled": str(sum((Decimal(str(order.filled_qty)) for order in orders), Decimal())),
        "trades": sorted(str(trade) for order in orders for trade in order.trade_ids),
        "references": sorted(str(order.client_order_id) for order in orders),
        "open_positions": len(node.cache.positions_open()),
        "commissions": str(
            sum((money.as_decimal() for order in orders for money in order.commissions()), Decimal())
        ),
    }


def main() -> int:
    """One day."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--client-id", required=True, type=int)
    parser.add_argument("--believed", required=True, type=Path)
    options = parser.parse_args()
    node = configured(options.port, options.client_id)
    try:
        node.get_event_loop().run_until_complete(trade(node))
        options.believed.write_text(json.dumps(believed(node)))
    finally:
        node.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
