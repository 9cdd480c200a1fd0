"""Faults on purpose, told by the "fault" of a config: for drills and tests, never in production."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import Any, List, Mapping

KINDS = ("crash", "hang", "eat_memory")


@dataclass(frozen=True)
class Fault:
    kind: str
    #: Seconds from the start; after a crash it strikes at once.
    after: float
    #: Crashes after which it lets the experiment live; 0 for never.
    times: int

    def strike(self) -> None:
        """Does not come back, but for memory that there is plenty of."""
        if self.kind == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        while self.kind == "hang":
            time.sleep(3600)
        eaten: List[bytearray] = []
        while self.kind == "eat_memory":
            # Written to, or the kernel gives no page for it.
            eaten.append(bytearray(b"x" * (4 << 20)))


def parse_fault(value: Any) -> Fault:
    """@raises ValueError that says what there is."""
    if not isinstance(value, Mapping) or value.get("kind") not in KINDS:
        raise ValueError(f'"fault" must be like {{"kind": "crash", "after": 2, "times": 1}} with a kind of {", ".join(KINDS)}')
    return Fault(str(value["kind"]), float(value.get("after", 0)), int(value.get("times", 0)))
