"""`GET /health` on the loopback address. It is answered by the bots' own event loop: when that stands still, so does this."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any, Callable, Dict, Tuple

#: Status and body of /health, asked for at each request.
Report = Callable[[], Tuple[HTTPStatus, Dict[str, Any]]]

_PATIENCE = 5.0


async def serve(port: int, report: Report) -> asyncio.AbstractServer:
    """@raises OSError when the port is taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
            writer.write(_respond(request, report))
            await asyncio.wait_for(writer.drain(), _PATIENCE)
        except (asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port, limit=16 * 1024)


def _respond(request: bytes, report: Report) -> bytes:
    method, _, rest = request.decode("latin-1").partition(" ")
    path = rest.split(" ")[0].partition("?")[0]
    if method not in ("GET", "HEAD"):
        return _message(HTTPStatus.METHOD_NOT_ALLOWED, {"ok": False}, True)
    status, body = report() if path == "/health" else (HTTPStatus.NOT_FOUND, {"ok": False})
    return _message(status, body, method == "GET")


def _message(status: HTTPStatus, body: Dict[str, Any], with_body: bool) -> bytes:
    content = json.dumps(body).encode() + b"\n"
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + (content if with_body else b"")
