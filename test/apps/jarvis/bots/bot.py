"""A bot and its own recovery: when one crashes, the others do not notice."""

from __future__ import annotations

import asyncio
import logging
from typing import Awaitable, Callable, NoReturn

#: What a bot does until it is cancelled or crashes; it calls its argument once it is up.
Work = Callable[[Callable[[], None]], Awaitable[None]]

FIRST_DELAY = 0.5
LONGEST_DELAY = 60.0
#: After this long without a crash the next one counts as the first.
STEADY = 300.0
MOST_CRASHES = 100


class Crashed(Exception):
    """A bot that runs alone is at its end."""


class Bot:
    """Belongs to the event loop that it was made in."""

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self.restarts = 0
        self.gave_up = False
        self.up = asyncio.Event()
        self._work = work
        self._log = logging.getLogger(name)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        crashes = 0
        while True:
            began = loop.time()
            reason = await self._once()
            crashes = 1 if loop.time() - began >= STEADY else crashes + 1
            if crashes > MOST_CRASHES:
                self.gave_up = True
                self._log.error("%s; gave up after %d crashes in a row", reason, crashes)
                return
            delay = min(FIRST_DELAY * 2 ** (crashes - 1), LONGEST_DELAY)
            self._log.warning("%s; starts again in %g s", reason, delay)
            await asyncio.sleep(delay)
            self.restarts += 1

    async def run_alone(self) -> NoReturn:
        """Without a recovery of its own. @raises Crashed"""
        raise Crashed(await self._once())

    async def _once(self) -> str:
        """Works until the bot ends, and says why it did."""
        try:
            await self._work(self._came_up)
        except Exception as error:
            return f"crashed: {type(error).__name__}: {error}"
        return "ended by itself"

    def _came_up(self) -> None:
        self.up.set()
        self._log.info("up")
