"""What a bot may know: its accounts, its orders, the clock, and which instruments there are."""

from __future__ import annotations

from typing import Any

from ibapi.execution import ExecutionFilter

from bots.ewrapper.bot import MINE, OTHER, Bot, stock
from bots.programs import Failed

SUMMARY_TAGS = "AccountType,NetLiquidation,TotalCashValue,BuyingPower,$LEDGER"


def managed_accounts(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqManagedAccts()
    return bot.app.await_any(after, "managedAccounts")["accountsList"]


def next_id(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqIds(-1)
    return bot.app.await_any(after, "nextValidId")["orderId"]


def current_time(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqCurrentTime()
    return int(bot.app.await_any(after, "currentTime")["time"]) > 1_700_000_000


def current_time_in_millis(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqCurrentTimeInMillis()
    return int(bot.app.await_any(after, "currentTimeInMillis")["timeInMillis"]) > 1_700_000_000_000


def user_info(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqUserInfo(number)
    return bot.app.await_answer(after, number, "userInfo")["whiteBrandingId"]


def family_codes(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqFamilyCodes()
    return len(bot.app.await_any(after, "familyCodes")["familyCodes"])


def server_log_level(bot: Bot) -> object:
    bot.app.setServerLogLevel(2)
    return None


def news_bulletins(bot: Bot) -> object:
    bot.app.reqNewsBulletins(True)
    bot.app.cancelNewsBulletins()
    return None


def adviser_groups(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.requestFA(1)
    return bot.app.await_any(after, "error", "receiveFA").get("errorCode")


def positions(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqPositions()
    bot.app.await_any(after, "positionEnd")
    bot.app.cancelPositions()
    rows = bot.app.all_since(after, "position")
    return sorted((row["account"], row["contract"].symbol, str(row["position"])) for row in rows)


def positions_multi(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqPositionsMulti(number, MINE, "")
    bot.app.await_answer(after, number, "positionMultiEnd")
    bot.app.cancelPositionsMulti(number)
    return len(bot.app.all_since(after, "positionMulti"))


def account_updates(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqAccountUpdates(True, MINE)
    bot.app.await_any(after, "accountDownloadEnd")
    bot.app.reqAccountUpdates(False, MINE)
    return sorted({row["key"] for row in bot.app.all_since(after, "updateAccountValue")})


def account_updates_multi(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqAccountUpdatesMulti(number, OTHER, "", False)
    bot.app.await_answer(after, number, "accountUpdateMultiEnd")
    bot.app.cancelAccountUpdatesMulti(number)
    return sorted({row["key"] for row in bot.app.all_since(after, "accountUpdateMulti")})


def account_summary(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqAccountSummary(number, "All", SUMMARY_TAGS)
    bot.app.await_answer(after, number, "accountSummaryEnd")
    bot.app.cancelAccountSummary(number)
    return sorted({(row["account"], row["tag"]) for row in bot.app.all_since(after, "accountSummary")})


def open_orders(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqOpenOrders()
    bot.app.await_any(after, "openOrderEnd")
    return [row["orderId"] for row in bot.app.all_since(after, "openOrder")]


def all_open_orders(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqAllOpenOrders()
    bot.app.await_any(after, "openOrderEnd")
    return [row["orderId"] for row in bot.app.all_since(after, "openOrder")]


def auto_open_orders(bot: Bot) -> object:
    # Refused with 327: only client 0 may bind manual orders.
    after = bot.app.mark()
    bot.app.reqAutoOpenOrders(True)
    return bot.app.await_any(after, "error")["errorCode"]


def completed_orders(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqCompletedOrders(False)
    bot.app.await_any(after, "completedOrdersEnd")
    return [(row["order"].orderType, row["orderState"].status) for row in bot.app.all_since(after, "completedOrder")]


def executions(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqExecutions(number, ExecutionFilter())
    bot.app.await_answer(after, number, "execDetailsEnd")
    return [(row["execution"].side, str(row["execution"].shares)) for row in bot.app.all_since(after, "execDetails")]


def executions_of_nobody(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    wanted = ExecutionFilter()
    wanted.symbol = "QQQ"
    bot.app.reqExecutions(number, wanted)
    bot.app.await_answer(after, number, "execDetailsEnd")
    return len(bot.app.all_since(after, "execDetails"))


def contract_details(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqContractDetails(number, stock("SPY"))
    bot.app.await_answer(after, number, "contractDetailsEnd")
    rows = bot.app.all_since(after, "contractDetails")
    if not rows:
        raise Failed("no contract details of SPY")
    bot.spy = rows[0]["contractDetails"].contract
    return [(row["contractDetails"].contract.conId, row["contractDetails"].minTick) for row in rows]


def contract_details_by_number(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqContractDetails(number, stock("", bot.spy.conId))
    bot.app.await_answer(after, number, "contractDetailsEnd")
    return [row["contractDetails"].contract.symbol for row in bot.app.all_since(after, "contractDetails")]


def _kinds(bot: Bot, contract: Any) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqContractDetails(number, contract)
    said = bot.app.await_answer(after, number, "contractDetailsEnd")
    return (said.get("errorCode"), len(bot.app.all_since(after, "contractDetails")))


def contract_details_of_an_option(bot: Bot) -> object:
    option = stock("SPY")
    option.secType, option.right, option.strike = "OPT", "C", 700.0
    option.lastTradeDateOrContractMonth = "20261120"
    return _kinds(bot, option)


def contract_details_of_futures(bot: Bot) -> object:
    future = stock("ES")
    future.secType, future.exchange = "FUT", "CME"
    return _kinds(bot, future)


def contract_details_of_currencies(bot: Bot) -> object:
    pair = stock("EUR")
    pair.secType, pair.exchange = "CASH", "IDEALPRO"
    return _kinds(bot, pair)


def unknown_contract(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqContractDetails(number, stock("NOSUCH"))
    return bot.app.await_answer(after, number, "contractDetailsEnd").get("errorCode")


def matching_symbols(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqMatchingSymbols(number, "SP")
    said = bot.app.await_answer(after, number, "symbolSamples")
    return [row.contract.symbol for row in said["contractDescriptions"]]


def market_rule(bot: Bot) -> object:
    after = bot.app.mark()
    bot.app.reqMarketRule(26)
    return len(bot.app.await_any(after, "marketRule")["priceIncrements"])


def option_parameters(bot: Bot) -> object:
    after, number = bot.app.mark(), bot.app.request_id()
    bot.app.reqSecDefOptParams(number, "SPY", "", "STK", bot.spy.conId)
    bot.app.await_answer(after, number, "securityDefinitionOptionParameterEnd")
    return len(bot.app.all_since(after, "securityDefinitionOptionParameter"))
