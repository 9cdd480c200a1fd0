"""Keeps the queue, the limits and an eye on the heat. `coordinator.py --status` shows what a running one knows."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Dict, Optional

from jar.floor import Floor, Guest, Limits
from jar.link import Link, address
from jar.log import open_log
from jar.notify import tell
from jar.settings import SettingsError, number
from jar.thermal import hottest, root

QUEUE = Path("experiments/queue.json")


class Coordinator:
    def __init__(self) -> None:
        """@raises SettingsError"""
        self.limits = Limits(
            concurrent=int(number(os.environ, "MAX_CONCURRENT_EXPERIMENTS", 4)),
            ram=int(number(os.environ, "TOTAL_RAM_LIMIT_GB", 48) * (1 << 30)),
            throttle=number(os.environ, "THROTTLE_TEMP_CELSIUS", 75),
            critical=number(os.environ, "CRITICAL_TEMP_CELSIUS", 85),
        )
        self.health_every = number(os.environ, "HEALTH_CHECK_INTERVAL_SECONDS", 30)
        self.temperature_every = number(os.environ, "TEMPERATURE_CHECK_INTERVAL_SECONDS", 10)
        self.degrees: Optional[float] = None
        self.floor = Floor(QUEUE, self.limits)
        self.log = open_log("coordinator", Path(os.environ.get("LOGS_DIRECTORY", "logs")) / "coordinator.log")

    def answer(self, question: Dict[str, Any]) -> Dict[str, Any]:
        if question.get("op") == "status":
            return self.status()
        name = str(question["id"])
        fresh = name not in self.floor.guests
        guest = Guest(int(question["ram"]), float(question["max_temp"]), int(question["cycle"]), int(question["crashes"]))
        guest.heard = time.monotonic()
        self.floor.enter(name, guest)
        told = self.floor.verdict(name, self.degrees)
        if fresh or told == "stop":
            self.log.info("%s (crash count %d): %s", name, guest.crashes, told)
        return {"do": told, "temperature": self.degrees}

    def status(self) -> Dict[str, Any]:
        guests = {name: vars(guest) for name, guest in self.floor.guests.items()}
        running = self.floor.admitted()
        return {"temperature": self.degrees, "running": running, "queue": self.floor.order, "experiments": guests}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection is one experiment: when it ends, its place is free."""
        name: Optional[str] = None
        try:
            async for line in reader:
                question = json.loads(line)
                answer = self.answer(question)
                name = str(question["id"]) if question.get("op") == "beat" else name
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, KeyError, TypeError) as error:
            self.log.warning("a connection ended: %s: %s", type(error).__name__, error)
        except asyncio.CancelledError:
            # The coordinator itself ends: whoever is in the queue keeps the place.
            return
        finally:
            writer.close()
        if name is not None:
            self.floor.leave(name)
            self.log.info("%s left", name)

    async def watch_heat(self) -> None:
        while True:
            before, self.degrees = self.degrees, hottest(root())
            word, was = self.word(self.degrees), self.word(before)
            if word != was:
                self.log.warning("temperature %s: %s", "unknown" if self.degrees is None else f"{self.degrees:g} °C", word)
            await asyncio.sleep(self.temperature_every)

    def word(self, degrees: Optional[float]) -> str:
        if degrees is None or degrees < self.limits.throttle:
            return "normal"
        return "emergency stop" if degrees >= self.limits.critical else "throttling"

    async def watch_health(self) -> None:
        while True:
            tell("WATCHDOG=1", f"STATUS={len(self.floor.admitted())} running, {len(self.floor.order)} known")
            for name, guest in self.floor.guests.items():
                silent = time.monotonic() - guest.heard
                if silent > self.health_every:
                    self.log.warning("%s has said nothing for %d s", name, silent)
            await asyncio.sleep(self.health_every)

    async def run(self) -> None:
        path = Path(address())
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_socket():
            path.unlink()
        server = await asyncio.start_unix_server(self.serve, str(path))
        stop = asyncio.Event()
        for number_ in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number_, stop.set)
        watchers = [asyncio.create_task(self.watch_heat()), asyncio.create_task(self.watch_health())]
        tell("READY=1")
        self.log.info("ready at %s", path)
        await stop.wait()
        tell("STOPPING=1")
        self.log.info("stopping")
        server.close()
        for watcher in watchers:
            watcher.cancel()


def main() -> int:
    if sys.argv[1:] == ["--status"]:
        answer = Link(address()).ask({"op": "status"})
        print(json.dumps(answer))
        return 0 if answer is not None else 1
    try:
        coordinator = Coordinator()
    except SettingsError as error:
        print(f"coordinator: {error}", file=sys.stderr)
        return 1
    asyncio.run(coordinator.run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
