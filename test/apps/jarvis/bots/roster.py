"""The five bots. They do what JARVIS' bots do to a host (run, log, keep positions) and call no service outside."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Callable, List, Optional

import store
from bot import Bot, Work
from fault import BOTS, Fault

POSITIONS = Path(".lifeos/trading/positions.json")

#: Seconds from one round of a bot to the next.
_EVERY = {"telegram": 2.0, "sentiment": 3600.0, "twitter": 3600.0, "buytracker": 10.0, "treasury": 30.0}


def roster(fault: Optional[Fault]) -> List[Bot]:
    return [Bot(name, _afflicted(name, fault) or _rounds(_EVERY[name], _round_of(name))) for name in BOTS]


def _rounds(every: float, act: Callable[[], None]) -> Work:
    async def work(up: Callable[[], None]) -> None:
        act()
        up()
        while True:
            await asyncio.sleep(every)
            act()

    return work


def _round_of(name: str) -> Callable[[], None]:
    if name == "treasury":
        return _keep_positions
    return lambda: logging.getLogger(name).debug("a round")


def _keep_positions() -> None:
    """Open positions outlive everything: what cannot be read is never written over."""
    if store.load(POSITIONS) is None:
        store.save(POSITIONS, {"positions": [], "since": int(time.time())})


def _afflicted(name: str, fault: Optional[Fault]) -> Optional[Work]:
    """The work of a bot that a fault on purpose has taken hold of."""
    if fault is None:
        return None
    if fault.kind == "never-ready" and name == BOTS[-1]:
        return _never_up
    return _crash if fault.kind == "crash-bot" and name == fault.bot else None


async def _never_up(_up: Callable[[], None]) -> None:
    await asyncio.get_running_loop().create_future()


async def _crash(up: Callable[[], None]) -> None:
    up()
    await asyncio.sleep(0.1)
    raise RuntimeError("told to crash by JARVIS_FAULT")
