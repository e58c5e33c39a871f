"""A venue, a gateway's folder, and one life of the gateway after the other on it: one with a fault, and one that has to find the
venue's truth again. Standard library only.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bots.programs import Bot, Failed, Gateway, Simulator, SimulatorOptions, wait_until
from bots.wire import CANCEL_ORDER, Client, frame
from kill9.morning import ACCOUNT, CLIENT_ID, Morning, Promises
from kill9.traced import KILL, Fault, Traced
from kill9.truth import OPEN, VENUE, differences

SETTLE_SECONDS = 20.0
END_SECONDS = 20.0
SHOWN = 12
KILLED = -9
# `plimsoll run` ends so when the disk cannot be trusted.
DISTRUSTS = 70
SAYS = "journal not written: "


@dataclass(frozen=True)
class Seen:
    """What came of a fault."""

    fault: Fault
    hit: bool
    # Before the gateway was ready for bots.
    early: bool


class Place:
    """A venue and a gateway's folder, on which one life follows the other."""

    def __init__(self, stack: ExitStack, binary: Path, home: Path) -> None:
        home.mkdir()
        self.home = home
        self.simulator = stack.enter_context(Simulator(binary, home, SimulatorOptions(symbols=("SPY",))))
        self.bot = Bot("steady", (CLIENT_ID,), (ACCOUNT,), ("SPY",), (), {"duplicate_window": "0s"})
        self.gateway = Gateway(binary, home, self.simulator, [self.bot])
        stack.callback(self.gateway.stop)
        self.traced = Traced(self.gateway, home)
        self.morning = Morning(binary, self.gateway, self.bot.port)

    def life(self, fault: Fault) -> Seen:
        """A life with the fault, the next one, and the comparison."""
        self.traced.next_life(fault)
        self.morning.promises = Promises()
        early = not self.gateway.starts()
        promises = Promises() if early else self.morning.play()
        hit = not promises.complete
        if hit:
            self.ended_by(fault)
        else:
            self.gateway.stop()
        self.again(str(fault), promises)
        return Seen(fault, hit, early)

    def ended_by(self, fault: Fault) -> None:
        """By the signal; or by itself, saying what the disk did, and without another try at it."""
        code = self.gateway.ended(END_SECONDS)
        if fault.what == KILL:
            if code != KILLED:
                raise Failed(f"{fault}: ended with {code} and not by the signal\n{self.gateway.log()}")
            return
        last_words = self.gateway.log(1)
        if code != DISTRUSTS or SAYS not in last_words or "restart it" not in last_words:
            raise Failed(f"{fault}: ended with {code} and the words\n{last_words}")
        if after := self.traced.after_the_fault():
            raise Failed(f"{fault}: the journal was used again after it\n{after}")

    def again(self, what: str, promises: Promises) -> None:
        """The life after: intact, reconciled, equal to the venue; then nothing is left working for the next one."""
        self.traced.untraced()
        self.gateway.start()
        self.settle(what)
        if promises.halted is not None:
            state = self.gateway.json("status")["state"]
            if (state == "halted") != promises.halted:
                raise Failed(f"{what}: the operator was answered for {promises}, and the gateway is {state}\n{self.gateway.log()}")
        known = {int(row["order_id"]) for row in self.simulator.state()["orders"]}
        link = Client.login(self.bot.port, CLIENT_ID)
        if link.next_id <= max(known | promises.heard_of, default=0):
            raise Failed(
                f"{what}: the next order id is {link.next_id}; at the venue are {max(known, default=0)} and the ones before, and the bot "
                f"was told of {promises.heard_of}\n{self.gateway.log()}"
            )
        for row in self.simulator.state()["orders"]:
            if VENUE[row["status"]] == OPEN:
                link.send(frame(CANCEL_ORDER, 1, row["order_id"], ""))
        wait_until(f"{what}: what worked is canceled", SETTLE_SECONDS, self.nothing_works)
        link.close()
        self.settle(what)
        self.gateway.command("resume", "--reason", "the next morning", "--token-file", str(self.gateway.token))
        self.gateway.stop()
        self.gateway.command("journal", "verify")

    def nothing_works(self) -> bool:
        """Whether the venue has no working order."""
        return all(VENUE[row["status"]] != OPEN for row in self.simulator.state()["orders"])

    def settle(self, what: str) -> None:
        """The venue lives on while we look, so a difference has to go away by itself, soon."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            found = differences(self.simulator.state(), self.gateway.json("orders"), self.gateway.json("positions"))
            found += [f"a break: {row}" for row in self.gateway.json("breaks")]
            if not found:
                return
            if time.monotonic() > deadline:
                shown = "\n".join(f"  {line}" for line in found[:SHOWN])
                raise Failed(f"{what}: {len(found)} differences with the venue\n{shown}\n{self.gateway.log()}")
            time.sleep(0.2)
