"""The five bots. They do what JARVIS' bots do to a host (run, log, keep positions) and call no service outside."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Callable, List, Optional, Sequence

import store
from bot import Bot, Work
from fault import Fault
from settings import Settings

POSITIONS = Path(".lifeos/trading/positions.json")

#: Seconds from one round of a bot to the next.
_EVERY = {"telegram": 2.0, "sentiment": 3600.0, "twitter": 3600.0, "buytracker": 10.0, "treasury": 30.0}


def roster(names: Sequence[str], settings: Settings) -> List[Bot]:
    return [Bot(name, _afflicted(name, settings.fault, names) or _rounds(name, settings.polling)) for name in names]


def _rounds(name: str, polling: bool) -> Work:
    log = logging.getLogger(name)

    async def work(up: Callable[[], None]) -> None:
        if name == "telegram":
            log.info("polling" if polling else "not polling: TELEGRAM_POLLING is off")
        while True:
            if name == "treasury":
                _keep_positions()
            log.debug("a round")
            up()
            await asyncio.sleep(_EVERY[name])

    return work


def _keep_positions() -> None:
    """Open positions outlive everything: what cannot be read is never written over."""
    if store.load(POSITIONS) is None:
        store.save(POSITIONS, {"positions": [], "since": int(time.time())})


def _afflicted(name: str, fault: Optional[Fault], names: Sequence[str]) -> Optional[Work]:
    """The work of a bot that a fault on purpose has taken hold of."""
    if fault is None:
        return None
    if fault.kind == "never-ready" and name == names[-1]:
        return _never_up
    return _crash if fault.kind == "crash-bot" and name == fault.bot else None


async def _never_up(_up: Callable[[], None]) -> None:
    await asyncio.get_running_loop().create_future()


async def _crash(up: Callable[[], None]) -> None:
    up()
    await asyncio.sleep(0.1)
    raise RuntimeError("told to crash by JARVIS_FAULT")
