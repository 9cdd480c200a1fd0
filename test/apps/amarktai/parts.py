"""The parts of the API that live as long as it does. Each can be started and stopped, and stopped again."""

from __future__ import annotations

import asyncio
import fcntl
import logging
from pathlib import Path
from typing import IO, Optional


class SchedulerNotRunningError(Exception):
    """A scheduler was stopped that does not run."""


class Loop:
    """A job that is done again and again in the background."""

    def __init__(self, name: str, seconds: float = 1.0) -> None:
        self.name = name
        self.running = False
        self._seconds = seconds
        self._task: Optional[asyncio.Task[None]] = None

    async def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        self.running = True

    async def stop(self) -> None:
        task, self._task, self.running = self._task, None, False
        if task is None:
            return
        task.cancel()
        # A task that was cancelled and never awaited is complained about when the loop closes.
        await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)


class Autopilot(Loop):
    """
    The scheduler that acts on accounts. uvicorn runs the whole app once per worker, so that four workers would trade
    four times: the one that holds the lock runs it, the others stand by.
    """

    def __init__(self, lock: Path) -> None:
        super().__init__("autopilot")
        self._path = lock
        self._lock: Optional[IO[str]] = None

    async def start(self) -> None:
        lock = self._path.open("a", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return logging.getLogger("amarktai.autopilot").info("another worker runs it; standing by")
        self._lock = lock
        await super().start()

    async def stop(self) -> None:
        await super().stop()
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def shutdown(self) -> None:
        """As schedulers have it: not to be called twice. @raises SchedulerNotRunningError"""
        if not self.running:
            raise SchedulerNotRunningError("Scheduler is not running")
        self.running = False


class Session:
    """A client session to an exchange, which complains as aiohttp's does when it is dropped without being closed."""

    closed = False

    def __del__(self) -> None:
        if not self.closed:
            logging.getLogger("amarktai.exchange").error("Unclosed client session")


class Exchange:
    """Keeps the session."""

    name = "exchange"

    def __init__(self) -> None:
        self._session: Optional[Session] = None

    @property
    def running(self) -> bool:
        return self._session is not None

    async def start(self) -> None:
        self._session = self._session or Session()

    async def stop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.closed = True
