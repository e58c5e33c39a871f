"""A gateway that is stopped by SIGSTOP while the venue goes on, and goes on later. Standard library only."""

from __future__ import annotations

import os
import signal
import time

from bots.programs import Failed
from bots.wire import ORDER_STATUS, Client, Order, place_order
from kill9.morning import ACCOUNT, ANSWER_SECONDS, CLIENT_ID
from kill9.place import Place

# Longer than one heartbeat.
STOPPED_SECONDS = 8.0


def check(place: Place) -> str:
    """A resting order executes while nobody reads, and another is sent meanwhile; both are dealt with afterwards, once."""
    place.traced.untraced()
    place.gateway.start()
    link = Client.login(place.bot.port, CLIENT_ID)
    place.morning.wait_for_prices(link)
    before = len(place.simulator.state()["orders"])
    resting = link.next_id
    link.send(place_order(resting, Order("SPY", "BUY", "4", "LMT", ACCOUNT, limit="552")))
    status(link, resting, "Submitted")
    os.kill(place.gateway.pid, signal.SIGSTOP)
    try:
        place.simulator.price("SPY", "551.98", "551.99")
        link.send(place_order(resting + 1, Order("SPY", "SELL", "1", "LMT", ACCOUNT, limit="828")))
        time.sleep(STOPPED_SECONDS)
        [there] = [row for row in place.simulator.state()["orders"] if row["order_id"] == resting]
        if there["status"] != "Filled":
            raise Failed(f"the resting order was to execute while the gateway stood still: {there}")
    finally:
        os.kill(place.gateway.pid, signal.SIGCONT)
    status(link, resting, "Filled")
    place.settle("after SIGCONT")
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline and len(place.simulator.state()["orders"]) - before < 2:
        time.sleep(0.1)
    sent = len(place.simulator.state()["orders"]) - before
    if sent != 2:
        raise Failed(f"two orders were sent, one of them to a gateway that stood still, and {sent} are at the venue\n{place.gateway.log()}")
    link.close()
    place.gateway.kill()
    place.again("after SIGSTOP", place.morning.promises)
    return f"SIGSTOP for {STOPPED_SECONDS:g} s while an order executed and another was sent: both dealt with once, books equal"


def status(link: Client, number: int, until: str) -> None:
    """Reads until the order has the status."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        fields = link.receive(deadline - time.monotonic())
        if fields[0] == ORDER_STATUS and fields[1] == str(number) and fields[2] == until:
            return
