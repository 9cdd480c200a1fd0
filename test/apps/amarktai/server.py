"""The Amarktai API's process model as an ASGI app: `python -m uvicorn server:app`. README.md lists the settings."""

from __future__ import annotations

import json
import logging
import os
import traceback
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, MutableMapping, Optional

from fault import FaultOnStart
from settings import SettingsError, read_settings
from system import System

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

VERSION = Path(__file__).with_name("VERSION").read_text(encoding="utf-8").strip()

_system: Optional[System] = None

# uvicorn has printers of its own for its own names; one at the root would say everything twice.
_printer = logging.StreamHandler()
_printer.setFormatter(logging.Formatter("%(name)s: %(message)s"))
_log = logging.getLogger("amarktai")
_log.addHandler(_printer)
_log.setLevel(os.environ.get("LOG_LEVEL", "info").upper())


async def app(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _answer(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    global _system
    await receive()
    try:
        _system = System(read_settings(os.environ), VERSION)
        await _system.start()
    except (SettingsError, FaultOnStart) as error:
        # uvicorn prints the message and ends with status 3. No traceback: its frames hold the settings.
        await send({"type": "lifespan.startup.failed", "message": f"amarktai: {error}"})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    try:
        await _system.stop()
    except Exception:
        await send({"type": "lifespan.shutdown.failed", "message": traceback.format_exc()})
        return
    await send({"type": "lifespan.shutdown.complete"})


async def _answer(scope: Message, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body", False):
        pass
    if scope["path"] != "/api/health" or _system is None:
        return await _respond(send, 404, {"ok": False})
    if scope["method"] not in ("GET", "HEAD"):
        return await _respond(send, 405, {"ok": False})
    report = _system.report()
    await _respond(send, 200 if report["ok"] else 503, report)


async def _respond(send: Send, status: int, body: Dict[str, Any]) -> None:
    content = json.dumps(body).encode() + b"\n"
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
