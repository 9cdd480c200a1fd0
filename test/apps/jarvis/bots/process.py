"""A process of JARVIS: the supervisor with all bots, or one bot alone. README.md says what it reads, writes and answers."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from http import HTTPStatus
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, NoReturn, Tuple

import store
from bot import Crashed
from fault import BOTS, ToldToExit, strike
from health import serve
from lock import AlreadyRunning, SingleInstanceLock
from logfile import LogFile, open_log
from notify import Notifier, ping_interval
from roster import POSITIONS, roster
from settings import Settings, SettingsError, read_settings

VERSION = (Path(__file__).resolve().parent.parent / "VERSION").read_text(encoding="utf-8").strip()
LOGS = Path("logs")
DATA = Path("data")
SUPERVISOR = "supervisor"
HEARTBEAT = 5.0
BUSY = 75


def main(name: str) -> int:
    """Runs as `supervisor`, or as the bot of that name, until asked to stop; the exit code."""
    try:
        settings = read_settings(os.environ, Path(".env"), name)
        if settings.fault and settings.fault.kind == "exit-at-start":
            raise ToldToExit(str(settings.fault))
        for folder in (LOGS, DATA, POSITIONS.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as locks:
            # A bot alone shares the supervisor's lock with the other bots: both ways of running at once would trade twice.
            locks.enter_context(SingleInstanceLock(DATA / "supervisor.lock", shared=name != SUPERVISOR))
            if name != SUPERVISOR:
                locks.enter_context(SingleInstanceLock(DATA / f"{name}.lock"))
            file = open_log(LOGS / f"{name}.log", settings.keys.values())
            asyncio.run(Process(name, settings, file).run())
    except AlreadyRunning as error:
        return _fail(name, BUSY, str(error))
    except (SettingsError, ToldToExit, Crashed) as error:
        return _fail(name, 1, str(error))
    except OSError as error:
        return _fail(name, 1, f"{error.filename or 'the system'}: {error.strerror or error}")
    return 0


def _fail(name: str, code: int, why: str) -> int:
    print(f"{name}: {why}", file=sys.stderr)
    return code


class Process:
    """Belongs to the event loop that runs it."""

    def __init__(self, name: str, settings: Settings, file: LogFile) -> None:
        self._name = name
        self._settings = settings
        self._file = file
        self._log = logging.getLogger(name)
        self._notifier = Notifier(os.environ)
        self._state = DATA / ("state.json" if name == SUPERVISOR else f"{name}.json")

    async def run(self) -> None:
        """Until SIGTERM or SIGINT. @raises OSError, ToldToExit, Crashed"""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGINT, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reopen)

        alone = self._name != SUPERVISOR
        self._bots = roster([self._name] if alone else BOTS, self._settings)
        server = await serve(self._settings.port, self._report)
        port = server.sockets[0].getsockname()[1]
        self._log.info("version %s, pid %d, health at http://127.0.0.1:%d/health", VERSION, os.getpid(), port)

        # A bot alone that crashes ends its process: who started it knows how to go on.
        work = [bot.run_alone() if alone else bot.run() for bot in self._bots]
        crew = asyncio.gather(*work, self._beat(), self._announce(), self._ping())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({crew, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if crew.done():
            crew.result()
        self._notifier.send("STOPPING=1", "STATUS=stopping")
        self._log.info("stopping")
        server.close()
        crew.cancel()
        await asyncio.gather(crew, return_exceptions=True)

    def _reopen(self) -> None:
        self._file.reopen()
        self._log.info("log opened anew")

    async def _announce(self) -> None:
        """Says ready once every bot has come up, and not before."""
        for bot in self._bots:
            await bot.up.wait()
        self._notifier.send("READY=1", f"STATUS={self._status()}")
        self._log.info("ready")
        if self._settings.fault:
            self._log.warning("a fault on purpose is set: %s", self._settings.fault)
            await strike(self._settings.fault)

    async def _beat(self) -> NoReturn:
        boots = self._previous_boots() + 1
        while True:
            state = {"version": VERSION, "pid": os.getpid(), "boots": boots, "heartbeat": int(time.time())}
            try:
                store.save(self._state, state)
            except OSError as error:
                self._log.warning("cannot write %s: %s", self._state, error.strerror)
            if all(bot.up.is_set() for bot in self._bots):
                self._notifier.send(f"STATUS={self._status()}")
            await asyncio.sleep(HEARTBEAT)

    def _previous_boots(self) -> int:
        try:
            return int((store.load(self._state) or {}).get("boots", 0))
        except (store.Damaged, TypeError, ValueError) as error:
            self._log.warning("the count of boots begins again: %s", error)
            return 0

    async def _ping(self) -> None:
        interval = ping_interval(os.environ)
        while interval is not None:
            self._notifier.send("WATCHDOG=1")
            await asyncio.sleep(interval)

    def _status(self) -> str:
        running = sum(not bot.gave_up for bot in self._bots)
        restarts = sum(bot.restarts for bot in self._bots)
        return f"{running} of {_count(len(self._bots), 'bot')}, {_count(restarts, 'bot restart')}"

    def _report(self) -> Tuple[HTTPStatus, Dict[str, Any]]:
        ready = all(bot.up.is_set() and not bot.gave_up for bot in self._bots)
        fault = self._settings.fault
        code = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        if ready and fault is not None and fault.kind == "http-500":
            code = HTTPStatus.INTERNAL_SERVER_ERROR
        return code, {
            "ok": code is HTTPStatus.OK,
            "version": VERSION,
            "mode": self._name,
            "bots": {bot.name: bot.restarts for bot in self._bots},
            "polling": self._settings.polling and any(bot.name == "telegram" for bot in self._bots),
            "pid": os.getpid(),
            "config": self._settings.digest,
        }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
