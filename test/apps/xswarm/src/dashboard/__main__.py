"""The dashboard: a page on port 9999 that shows the voice bridges. README.md says what it reads and answers."""

from __future__ import annotations

import html
import json
import logging
import os
import signal
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Type

from config import ConfigError, port_from, read_config
from journal import open_log
from notify import notify
from version import VERSION
from watch import Watch

log = logging.getLogger("xswarm-dashboard")


def main() -> int:
    open_log()
    try:
        config = read_config(Path("config.toml"))
        watch = Watch(config.bridges)
        address = (config.dashboard_host, port_from(os.environ, config.dashboard_port))
        server = ThreadingHTTPServer(address, _pages(watch))
    except ConfigError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(error.strerror or str(error))
    # Another thread: shutdown() waits for the loop that this one is in.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    watch.look()
    threading.Thread(target=watch.run, daemon=True).start()
    log.info("version %s, port %d", VERSION, server.server_port)
    notify("READY=1", f"STATUS={watch.status}")
    server.serve_forever(poll_interval=0.1)
    notify("STOPPING=1", "STATUS=stopping")
    watch.stop()
    server.server_close()
    return 0


def _fail(why: str) -> int:
    log.error("xswarm-dashboard: %s", why)
    return 1


def _pages(watch: Watch) -> Type[BaseHTTPRequestHandler]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health":
                states = dict(watch.states)
                well = all(state["ok"] for state in states.values())
                body = {"ok": well, "version": VERSION, "pid": os.getpid(), "bridges": states}
                status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
                self._send(status, "application/json", json.dumps(body) + "\n")
            elif self.path == "/":
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", _page(watch))
            else:
                self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "there is / and /health\n")

        def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
            content = text.encode()
            self.send_response(status)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(content)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """A line for each request of a page that renews itself would bury what matters."""

    return Pages


def _page(watch: Watch) -> str:
    rows = "".join(
        f"<tr><td>{port}<td>{'up' if state['ok'] else 'down'}"
        f"<td>{html.escape(state.get('why') or '{active} of {most} calls'.format(**state))}"
        for port, state in watch.states
    )
    return (
        "<!doctype html><title>xSwarm</title><meta http-equiv=refresh content=2>"
        f"<h1>{html.escape(watch.status)}</h1><table><tr><th>Port<th>Bridge<th>{rows}</table>\n"
    )


if __name__ == "__main__":
    sys.exit(main())
