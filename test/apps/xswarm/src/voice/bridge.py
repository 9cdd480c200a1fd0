"""The calls that are going on, and how one goes. README.md describes what is said."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
from http import HTTPStatus
from typing import Any, Dict, Set, Tuple

from config import Config
from notify import notify
from version import VERSION
from websockets.exceptions import ConnectionClosed

_PATIENCE = 5.0
_POLICY_VIOLATION, _TRY_AGAIN_LATER = 1008, 1013

log = logging.getLogger("xswarm-voice")


class Bridge:
    def __init__(self, config: Config, token: str, instance: str, fault: str) -> None:
        self.config = config
        self._token = token
        self._instance = instance
        self._fault = fault
        self._calls: Set[Any] = set()

    @property
    def status(self) -> str:
        active = len(self._calls)
        return f"Voice bridge running ({active} active call{'' if active == 1 else 's'})"

    def report(self) -> Tuple[HTTPStatus, Dict[str, Any]]:
        broken = self._fault == "health-500"
        return HTTPStatus.INTERNAL_SERVER_ERROR if broken else HTTPStatus.OK, {
            "ok": not broken,
            "version": VERSION,
            "instance": self._instance,
            "pid": os.getpid(),
            "active": len(self._calls),
            "most": self.config.max_concurrent_calls,
        }

    async def answer(self, call: Any) -> None:
        """One call, from its first message to its end."""
        try:
            if not await self._welcome(call):
                return
            self._calls.add(call)
            notify(f"STATUS={self.status}")
            await call.send(json.dumps({"type": "started", "instance": self._instance}))
            async for frame in call:
                if isinstance(frame, str):
                    break
                # Where xSwarm has a model speak, the caller hears himself.
                await call.send(frame)
        except (ConnectionClosed, asyncio.TimeoutError):
            pass
        finally:
            self._calls.discard(call)
            notify(f"STATUS={self.status}")

    async def _welcome(self, call: Any) -> bool:
        first = await asyncio.wait_for(call.recv(), _PATIENCE)
        if not hmac.compare_digest(_token_in(first).encode(), self._token.encode()):
            await call.close(_POLICY_VIOLATION, "wrong token")
            return False
        if len(self._calls) >= self.config.max_concurrent_calls:
            log.warning("a call was turned away: %d are going on, and no more may", len(self._calls))
            await call.close(_TRY_AGAIN_LATER, "busy")
            return False
        return True


def _token_in(message: Any) -> str:
    try:
        said = json.loads(message)
        return str(said["token"]) if said["type"] == "start" else ""
    except (ValueError, TypeError, KeyError):
        return ""
