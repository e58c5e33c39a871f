"""The gateway under strace, which does one thing to one of its calls on the journal's file: a signal, or an error.

Counted are the calls of the journal's own thread: nobody else writes to that file. Standard library only, and strace (Debian: strace).
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bots.programs import Failed, Gateway

# The largest that strace counts to, which is never reached: for a run that only counts.
NEVER = 65_535
SEGMENT = "000000000001.plj"
KILL = "signal=KILL"
# Everything that reaches a segment.
CALLS = "write,pwrite64,fsync,fdatasync,rename"
# The name that the first segment has until it is whole.
DRAFT = "000000000001.tmp"


@dataclass(frozen=True)
class Fault:
    """What happens to the `number`-th `call` on the journal."""

    call: str
    number: int
    what: str = KILL

    def __str__(self) -> str:
        return f"{self.call} {self.number} {self.what}"


class Traced:
    """Puts a gateway under strace for its next life, and says afterwards what was counted."""

    def __init__(self, gateway: Gateway, home: Path) -> None:
        if shutil.which("strace") is None:
            raise Failed("no strace; install the package strace")
        self._gateway = gateway
        self._journal = home / "state" / "journal"
        self._log = home / "strace.log"

    def next_life(self, fault: Fault) -> None:
        """From the next start on."""
        self._log.unlink(missing_ok=True)
        paths = [f"--trace-path={self._journal / name}" for name in (SEGMENT, DRAFT)]
        inject = f"{fault.call}:{fault.what}:when={fault.number}"
        # As a grandchild, so that the gateway is ours to signal, and its exit code ours to see. Without `--seccomp-bpf`, with
        # which strace 6.1 counts only the first call.
        self._gateway.by = (
            *("strace", "-D", "-f", "-qq", "-o", str(self._log)),
            *("-e", f"trace={CALLS}", "-e", f"inject={inject}", *paths),
        )

    def untraced(self) -> None:
        """No strace from the next start on."""
        self._gateway.by = ()

    def after_the_fault(self) -> str:
        """Calls on the journal's file behind the one that was made to fail."""
        lines = self._log.read_text(errors="replace").splitlines()
        hit = next((at for at, line in enumerate(lines) if "(INJECTED)" in line), None)
        if hit is None:
            raise Failed(f"strace has made nothing fail; see {self._log}")
        return "\n".join(line for line in lines[hit + 1 :] if re.match(r"\d+ +(\w+)\(", line))

    def counted(self, call: str) -> int:
        """Calls on the journal's file in the life that is over."""
        if not self._log.exists():
            return 0
        return len(re.findall(rf"^\d+ +{call}\(", self._log.read_text(errors="replace"), re.MULTILINE))
