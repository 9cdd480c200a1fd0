"""One port for calls and for `GET /health`, with any `websockets` from 8.1 (Debian 11) to 15 (Debian 13)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Awaitable, Callable, Dict, Tuple

import websockets

#: Status and body of /health, asked for at each request.
Report = Callable[[], Tuple[HTTPStatus, Dict[str, Any]]]
Call = Callable[[Any], Awaitable[None]]

_LONGEST_FRAME = 64 * 1024


async def open_door(host: str, port: int, answer: Call, report: Report) -> Any:
    """@raises OSError when the port is taken."""

    # Before 10.1 a handler is given the path as well.
    async def handler(call: Any, _path: str = "") -> None:
        await answer(call)

    # Up to 13: (path, headers), and a triple to answer with. From 14 on: (connection, request), and a response.
    async def health(first: Any, second: Any) -> Any:
        path = first if isinstance(first, str) else second.path
        if path.partition("?")[0] != "/health":
            return None
        status, body = report()
        text = json.dumps(body) + "\n"
        if isinstance(first, str):
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
            return status, [*headers, ("Connection", "close")], text.encode()
        response = first.respond(status, text)
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        return response

    return await websockets.serve(handler, host, port, process_request=health, max_size=_LONGEST_FRAME)
