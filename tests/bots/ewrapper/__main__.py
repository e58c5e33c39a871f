"""Plays the whole script once and prints what the client was told.

    python -m bots.ewrapper --port 4002 --client-id 11
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from bots import says
from bots.ewrapper import knows, market, orders, research, terms
from bots.ewrapper.app import App
from bots.ewrapper.bot import Bot
from bots.programs import Failed

Steps = tuple[Callable[[Bot], object], ...]

# Both generations.
ALL: Steps = (
    knows.managed_accounts, knows.next_id, knows.current_time, knows.family_codes, knows.server_log_level,
    knows.news_bulletins, knows.adviser_groups, knows.positions, knows.positions_multi, knows.account_updates,
    knows.account_updates_multi, knows.account_summary, knows.open_orders, knows.auto_open_orders,
    knows.completed_orders, knows.executions,
    knows.contract_details, knows.contract_details_by_number, knows.contract_details_of_an_option,
    knows.contract_details_of_futures, knows.contract_details_of_currencies, knows.unknown_contract, knows.matching_symbols,
    knows.market_rule, knows.option_parameters,
    market.market_data_type, market.market_data, market.snapshot, market.unknown_market_data,
    market.cancel_unknown_market_data, market.tick_by_tick_bid_ask, market.tick_by_tick_last, market.real_time_bars,
    market.history_days, market.history_minutes, market.history_until_now, market.history_up_to_date,
    market.history_empty, market.history_invalid, market.cancel_finished_history, market.head_timestamp,
    research.depth, research.depth_of_one_exchange, research.depth_not_there, research.depth_exchanges,
    research.smart_components, research.past_trades, research.past_quotes, research.past_midpoints,
    research.past_of_no_end, research.histogram, research.option_data, research.implied_volatility,
    research.option_price, research.news, research.unknown_article, research.scanner_parameters, research.scanner,
    research.fundamentals, research.display_groups, research.soft_dollar_tiers,
    orders.what_if, orders.buy_market, market.profit, market.profit_of_one, orders.rest_limit, knows.open_orders,
    knows.all_open_orders, orders.modify_limit, orders.cancel_limit, orders.cancel_again, orders.cancel_unknown,
    orders.duplicate_number, orders.rest_stop, orders.rest_stop_limit, terms.trailing_stop, terms.immediate_or_cancel,
    terms.fill_or_kill, terms.good_till_date, terms.conditional, orders.bracket, orders.on_close,
    orders.one_cancels_all, orders.global_cancel, orders.wrong_tick, orders.unknown_contract_order,
    knows.executions, knows.executions_of_nobody, knows.positions, orders.sell_market, knows.positions_multi,
    knows.completed_orders,
)  # fmt: skip
# What only one generation has, after the others.
OLD: Steps = (orders.old_flags,)
MODERN: Steps = (knows.user_info, knows.current_time_in_millis, market.history_schedule, research.calendar)


def main() -> int:
    """Connects, plays, disconnects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--client-id", required=True, type=int)
    options = parser.parse_args()
    app = App()
    app.login(options.port, options.client_id)
    bot = Bot(app)
    says.result((app.serverVersion(), app.next_order))
    for number, step in enumerate((*ALL, *(MODERN if app.modern else OLD)), start=1):
        says.step(f"{number} {step.__name__}")
        try:
            value = step(bot)
        except Failed as error:
            raise Failed(f"step {number} {step.__name__}: {error}") from error
        app.settle()
        says.result(value)
    app.disconnect()
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except Failed as failed:
        print(failed, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    # The library's reader thread may be in the middle of a read; nothing is left to say.
    os._exit(code)
