"""Faults on purpose, told by AMARKTAI_FAULT: for drills and tests, never in production. README.md lists them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Optional

_PLAIN = ("exit-at-start", "hang", "unhealthy", "unclean-stop")
_TIMED = ("slow-start", "slow-health", "slow-stop")


class FaultOnStart(Exception):
    """The fault keeps the API from starting."""


@dataclass(frozen=True)
class Fault:
    kind: str
    seconds: float = 0.0


def parse_fault(text: str) -> Optional[Fault]:
    """None for no fault. @raises ValueError with the list of what there is."""
    kind, colon, detail = text.partition(":")
    if not text or (kind in _PLAIN and not colon):
        return Fault(kind) if text else None
    if kind in _TIMED and detail.replace(".", "", 1).isdecimal():
        return Fault(kind, seconds=float(detail))
    raise ValueError(f"must be one of {', '.join([*_PLAIN, *(f'{name}:SECONDS' for name in _TIMED)])}")


async def at_start(fault: Optional[Fault]) -> None:
    """@raises FaultOnStart"""
    if fault is None:
        return
    if fault.kind == "exit-at-start":
        raise FaultOnStart("AMARKTAI_FAULT=exit-at-start")
    if fault.kind == "slow-start":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "hang":
        # Not at once: it listens and answers first. And not asyncio.sleep: the loop itself has to stand still.
        asyncio.get_running_loop().call_later(0.5, time.sleep, 3600)


async def at_stop(fault: Optional[Fault]) -> None:
    if fault is not None and fault.kind == "slow-stop":
        await asyncio.sleep(fault.seconds)
