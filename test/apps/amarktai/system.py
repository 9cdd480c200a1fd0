"""All parts together: started in order, stopped in reverse, each by itself."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import Any, Dict, List, Union

import fault as faults
from parts import Autopilot, Exchange, Loop
from settings import Settings

_log = logging.getLogger("amarktai")


class System:
    def __init__(self, settings: Settings, version: str) -> None:
        self._settings = settings
        self._version = version
        self._began = time.monotonic()
        self._parts: List[Union[Loop, Exchange]] = [Loop("database"), Loop("bodyguard"), Loop("self-healing")]
        if "ENABLE_AUTOPILOT" in settings.features:
            self._parts.append(Autopilot(settings.data / "autopilot.lock"))
        if "ENABLE_TRADING" in settings.features:
            self._parts.append(Exchange())

    async def start(self) -> None:
        """@raises FaultOnStart"""
        await faults.at_start(self._settings.fault)
        for part in self._parts:
            await part.start()
        self._audit("started")
        _log.info("ready: version %s, %s", self._version, ", ".join(part.name for part in self._parts))

    async def stop(self) -> None:
        await faults.at_stop(self._settings.fault)
        if self._settings.fault is not None and self._settings.fault.kind == "unclean-stop":
            return await self._stop_badly()
        for part in reversed(self._parts):
            try:
                await part.stop()
            except Exception:
                # One part that fails must not keep the others from being stopped.
                _log.exception("%s could not be stopped", part.name)
        self._audit("stopped")
        _log.info("stopped")

    def report(self) -> Dict[str, Any]:
        """What /api/health answers with; `ok` decides between 200 and 503."""
        fault = self._settings.fault
        late = fault is not None and fault.kind == "slow-health" and time.monotonic() - self._began < fault.seconds
        return {
            "ok": not late and (fault is None or fault.kind != "unhealthy"),
            "version": self._version,
            "pid": os.getpid(),
            "config": self._settings.digest,
            "features": sorted(self._settings.features),
            "parts": {part.name: part.running for part in self._parts},
        }

    def _audit(self, what: str) -> None:
        with (self._settings.logs / "audit.log").open("a", encoding="utf-8") as log:
            log.write(f"{int(time.time())} {what} version={self._version} pid={os.getpid()}\n")

    async def _stop_badly(self) -> None:
        """The mistakes that a restart used to leave in the journal. @raises SchedulerNotRunningError"""
        asyncio.sleep(0)
        autopilots = [part for part in self._parts if isinstance(part, Autopilot)]
        self._parts = []
        for autopilot in autopilots:
            autopilot.shutdown()
            autopilot.shutdown()
