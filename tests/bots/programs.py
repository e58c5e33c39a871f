"""Starts `plimsoll sim ibkr` and `plimsoll run`, talks to their control ports, and ends them.

Every process is a context manager that ends its child by pid on the way out. Every wait has a limit.
Standard library only.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

START_SECONDS = 60.0
STOP_SECONDS = 10.0
HTTP_SECONDS = 10.0
COMMAND_SECONDS = 60.0

# Plimsoll's own connection at the venue.
OWN_CLIENT_ID = 900

# A whole Wednesday of regular trading hours, an hour after the open.
SESSION_START = "2026-11-18T10:30:00-05:00"


class Failed(Exception):
    """A check did not hold; the text says which."""


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(what: str, seconds: float, probe: Callable[[], bool]) -> None:
    """Asks until the answer is yes; names what never became true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if probe():
            return
        time.sleep(0.05)
    raise Failed(f"{what}: not within {seconds:g} s")


class Program:
    """One child that says `ready` on its standard output."""

    def __init__(
        self, name: str, arguments: list[str], log: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self._arguments = arguments
        self._environment = {**os.environ, **(environment or {})}
        # What the next child is started by, and behind it the child's own command.
        self.by: tuple[str, ...] = ()
        self._log_path = log
        self._log: IO[bytes] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    def start(self, seconds: float = START_SECONDS) -> None:
        """Starts the child and waits for its `ready`."""
        if not self.starts(seconds):
            raise Failed(f"{self.name} ended with {self._process().returncode} before it was ready\n{self.log()}")

    def starts(self, seconds: float = START_SECONDS) -> bool:
        """Starts a child that may end before it is ready; whether it is."""
        self.launch()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self._lines.get(timeout=0.05).startswith("ready"):
                    return True
            except queue.Empty:
                if not self.running:
                    return False
        raise Failed(f"{self.name} was neither ready nor over within {seconds:g} s\n{self.log()}")

    def ended(self, seconds: float) -> int:
        """Waits until the child has ended by itself; its exit code."""
        try:
            self._process().wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} still lives after {seconds:g} s\n{self.log()}") from None
        self._reap()
        return int(self._process().returncode)

    def launch(self) -> None:
        """Starts the child and does not wait for it."""
        self._log = self._log_path.open("ab")
        self._child = subprocess.Popen(
            [*self.by, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=self._environment,
        )
        self._lines = queue.Queue()
        threading.Thread(target=_pump, args=(self._child.stdout, self._lines), daemon=True).start()

    def stop(self) -> None:
        """Asks the child to end, then ends it."""
        if self._child is None:
            return
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._reap()

    def kill(self) -> None:
        """`kill -9`, at once."""
        if self._child is not None:
            self._child.kill()
        self._reap()

    def log(self, lines: int = 40) -> str:
        """The end of what the child said on its standard error."""
        if not self._log_path.exists():
            return ""
        text = self._log_path.read_text(errors="replace").splitlines()
        return "\n".join(f"  {self.name}| {line}" for line in text[-lines:])

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process().pid

    def _process(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise Failed(f"{self.name} was not started")
        return self._child

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait(STOP_SECONDS)
            if self._child.stdout is not None:
                self._child.stdout.close()
        if self._log is not None:
            self._log.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _pump(stream: IO[bytes] | None, lines: queue.Queue[str]) -> None:
    """Empties the child's output so that it never blocks on a full pipe."""
    try:
        for line in stream or ():
            lines.put(line.decode(errors="replace").rstrip())
    except ValueError:
        return  # The stream was closed because the child ended.


@dataclass
class SimulatorOptions:
    """How the simulated venue is set up."""

    seed: int = 7
    speed: str = "1"
    # None: when its host thinks it is.
    start: str | None = SESSION_START
    accounts: tuple[str, ...] = ("DU1111111", "DU2222222")
    symbols: tuple[str, ...] = ("SPY", "QQQ", "AAPL")
    profile: str = "live"
    master_client_id: int | None = OWN_CLIENT_ID
    extra: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


class Simulator(Program):
    """`plimsoll sim ibkr`, with its control port."""

    def __init__(self, binary: Path, home: Path, options: SimulatorOptions | None = None) -> None:
        options = options or SimulatorOptions()
        self.port = free_port()
        self.control = free_port()
        arguments = [
            *(str(binary), "sim", "ibkr"),
            *("--listen", f"127.0.0.1:{self.port}", "--control", f"127.0.0.1:{self.control}"),
            *("--profile", options.profile, "--accounts", ",".join(options.accounts)),
            *("--symbols", ",".join(options.symbols), "--seed", str(options.seed)),
            *("--speed", options.speed),
        ]
        if options.start is not None:
            arguments += ["--start", options.start]
        if options.master_client_id is not None:
            arguments += ["--master-client-id", str(options.master_client_id)]
        super().__init__("sim", [*arguments, *options.extra], home / "sim.log", options.environment)

    def state(self) -> dict[str, Any]:
        """The venue's own truth."""
        answer = self._http("GET", "/state")
        if not isinstance(answer, dict):
            raise Failed(f"GET /state answered {answer!r}")
        return answer

    def fault(self, kind: str, **details: object) -> None:
        """Injects one fault."""
        self._http("POST", "/faults", {"kind": kind, **details})

    def heal(self) -> None:
        """Ends all faults."""
        self._http("DELETE", "/faults")

    def manual(self, account: str, symbol: str, side: str, qty: int) -> None:
        """A market order by hand."""
        self._http("POST", "/orders", {"account": account, "symbol": symbol, "side": side, "qty": str(qty)})

    def price(self, symbol: str, bid: str, ask: str) -> None:
        """A quote from now on."""
        self._http("POST", "/price", {"symbol": symbol, "bid": bid, "ask": ask})

    def clock(self, to: str) -> None:
        """Moves venue time to an instant."""
        self._http("POST", "/clock", {"to": to})

    def advance(self, span: str) -> None:
        """Moves venue time by an ISO 8601 span."""
        self._http("POST", "/clock", {"advance": span})

    def _http(self, method: str, path: str, body: object = None) -> object:
        return http(method, f"http://127.0.0.1:{self.control}{path}", body)


def http(method: str, url: str, body: object = None) -> object:
    """One request; the answer is JSON, or nothing."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=HTTP_SECONDS) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise Failed(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}") from error
    return json.loads(text) if text.strip() else None


@dataclass
class Bot:
    """One `[[bot]]` of the configuration. Values of `limits` are written as they are."""

    name: str
    client_ids: tuple[int, ...]
    accounts: tuple[str, ...] = ("DU1111111", "DU2222222")
    instruments: tuple[str, ...] = ("SPY", "QQQ", "AAPL")
    shared: tuple[str, ...] = ()
    limits: dict[str, str | int] = field(default_factory=dict)
    # Instruments that are no US stocks.
    contracts: tuple[dict[str, str], ...] = ()
    port: int = field(default_factory=free_port)

    def toml(self) -> str:
        """The table."""
        rows: dict[str, object] = {
            "name": self.name,
            "venue": "ib",
            "listen": f"127.0.0.1:{self.port}",
            "client_ids": list(self.client_ids),
            "accounts": list(self.accounts),
            "shared": list(self.shared),
            "stage": "paper",
            **self.limits,
        }
        # A TOML string, number or list of these is spelled as in JSON.
        tables = ("{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in each.items()) + " }" for each in self.contracts)
        instruments = ", ".join([*(json.dumps(symbol) for symbol in self.instruments), *tables])
        lines = [f"{key} = {json.dumps(value)}" for key, value in rows.items()]
        return "\n".join(["[[bot]]", f"instruments = [{instruments}]", *lines])


class Gateway(Program):
    """`plimsoll run` in front of a simulator, on the simulator's clock unless `clock` says otherwise."""

    def __init__(
        self,
        binary: Path,
        home: Path,
        simulator: Simulator,
        bots: list[Bot],
        mode: str = "enforce",
        *,
        crossing: str = "deny",
        clock: str | None = None,
        accounts: tuple[str, ...] = ("DU1111111", "DU2222222"),
        sections: str = "",
        environment: dict[str, str] | None = None,
        upstream: int | None = None,
    ) -> None:
        self._binary = binary
        self.config = home / "plimsoll.toml"
        clock = clock or f'servers = []\nfollow = "127.0.0.1:{simulator.control}"'
        text = self._toml(home, upstream or simulator.port, bots, mode, (crossing, clock, accounts))
        self.config.write_text(text + sections)
        arguments = [str(binary), "run", "--config", str(self.config)]
        super().__init__("run", arguments, home / "run.log", environment)

    def command(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> str:
        """Runs another `plimsoll` command with the same configuration."""
        done = subprocess.run(
            [str(self._binary), *arguments, "--config", str(self.config)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode not in expect:
            said = (done.stdout + done.stderr).strip()
            raise Failed(f"plimsoll {' '.join(arguments)} ended with {done.returncode}: {said}\n{self.log()}")
        return done.stdout

    @property
    def token(self) -> Path:
        """What a resume asks a program for."""
        return self.config.parent / "state" / "operator.token"

    def json(self, *arguments: str) -> Any:
        """`command`, for commands that print one JSON document."""
        return json.loads(self.command(*arguments, "--json"))

    @staticmethod
    def _toml(home: Path, upstream: int, bots: list[Bot], mode: str, how: tuple[str, str, tuple[str, ...]]) -> str:
        crossing, clock, accounts = how
        state = home / "state"
        head = f"""\
[plimsoll]
state_dir = {json.dumps(str(state))}
mode = "{mode}"

[clock]
{clock}

[[venue]]
name = "ib"
kind = "ibkr"
environment = "sim"
upstream = "127.0.0.1:{upstream}"
client_id = {OWN_CLIENT_ID}
accounts = {json.dumps(list(accounts))}
on_close_crossing = "{crossing}"
"""
        return "\n\n".join([head, *(bot.toml() for bot in bots)]) + "\n"
