"""Runs all bots in one process. README.md says what it reads, writes and answers."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any, Dict, List, NoReturn, Tuple

import store
from bot import Bot
from fault import ToldToExit, strike
from health import serve
from lock import AlreadyRunning, SingleInstanceLock
from logfile import LogFile, open_log
from notify import Notifier, ping_interval
from roster import POSITIONS, roster
from settings import Settings, SettingsError, read_settings

VERSION = (Path(__file__).resolve().parent.parent / "VERSION").read_text(encoding="utf-8").strip()
LOG = Path("logs/supervisor.log")
STATE = Path("data/state.json")
LOCK = Path("data/supervisor.lock")
HEARTBEAT = 5.0
BUSY = 75

log = logging.getLogger("supervisor")


def main() -> int:
    try:
        settings = read_settings(os.environ, Path(".env"))
        if settings.fault and settings.fault.kind == "exit-at-start":
            raise ToldToExit(str(settings.fault))
        for folder in {LOG.parent, STATE.parent, POSITIONS.parent}:
            folder.mkdir(parents=True, exist_ok=True)
        with SingleInstanceLock(LOCK):
            asyncio.run(supervise(settings, open_log(LOG, settings.keys.values())))
    except AlreadyRunning as error:
        return fail(BUSY, str(error))
    except (SettingsError, ToldToExit) as error:
        return fail(1, str(error))
    except OSError as error:
        return fail(1, f"{error.filename or 'the system'}: {error.strerror or error}")
    return 0


def fail(code: int, why: str) -> int:
    print(f"supervisor: {why}", file=sys.stderr)
    return code


async def supervise(settings: Settings, file: LogFile) -> None:
    """Runs until SIGTERM or SIGINT. @raises OSError, ToldToExit"""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: reopen(file))

    notifier = Notifier(os.environ)
    bots = roster(settings.fault)
    server = await serve(settings.port, lambda: report(settings, bots))
    port = server.sockets[0].getsockname()[1]
    log.info("version %s, pid %d, health at http://127.0.0.1:%d/health", VERSION, os.getpid(), port)

    crew = asyncio.gather(
        *(bot.run() for bot in bots), beat(bots, notifier), announce(settings, bots, notifier), ping(notifier)
    )
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({crew, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if crew.done():
        crew.result()
    notifier.send("STOPPING=1", "STATUS=stopping")
    log.info("stopping")
    server.close()
    crew.cancel()
    await asyncio.gather(crew, return_exceptions=True)


def reopen(file: LogFile) -> None:
    file.reopen()
    log.info("log opened anew")


async def announce(settings: Settings, bots: List[Bot], notifier: Notifier) -> None:
    """Says ready once every bot has come up, and not before."""
    for bot in bots:
        await bot.up.wait()
    notifier.send("READY=1", f"STATUS={status(bots)}")
    log.info("ready")
    if settings.fault:
        log.warning("a fault on purpose is set: %s", settings.fault)
        await strike(settings.fault)


async def beat(bots: List[Bot], notifier: Notifier) -> NoReturn:
    boots = previous_boots() + 1
    while True:
        state = {"version": VERSION, "pid": os.getpid(), "boots": boots, "heartbeat": int(time.time())}
        try:
            store.save(STATE, state)
        except OSError as error:
            log.warning("cannot write %s: %s", STATE, error.strerror)
        if all(bot.up.is_set() for bot in bots):
            notifier.send(f"STATUS={status(bots)}")
        await asyncio.sleep(HEARTBEAT)


def previous_boots() -> int:
    try:
        return int((store.load(STATE) or {}).get("boots", 0))
    except (store.Damaged, TypeError, ValueError) as error:
        log.warning("the count of boots begins again: %s", error)
        return 0


async def ping(notifier: Notifier) -> None:
    interval = ping_interval(os.environ)
    while interval is not None:
        notifier.send("WATCHDOG=1")
        await asyncio.sleep(interval)


def status(bots: List[Bot]) -> str:
    running = sum(not bot.gave_up for bot in bots)
    restarts = sum(bot.restarts for bot in bots)
    return f"{running} of {len(bots)} bots, {restarts} bot restart{'' if restarts == 1 else 's'}"


def report(settings: Settings, bots: List[Bot]) -> Tuple[HTTPStatus, Dict[str, Any]]:
    ready = all(bot.up.is_set() and not bot.gave_up for bot in bots)
    broken = settings.fault is not None and settings.fault.kind == "http-500"
    code = HTTPStatus.SERVICE_UNAVAILABLE if not ready else HTTPStatus.INTERNAL_SERVER_ERROR if broken else HTTPStatus.OK
    return code, {
        "ok": code is HTTPStatus.OK,
        "version": VERSION,
        "mode": "supervisor",
        "bots": {bot.name: bot.restarts for bot in bots},
        "pid": os.getpid(),
        "config": settings.digest,
    }


if __name__ == "__main__":
    sys.exit(main())
