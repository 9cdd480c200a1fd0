"""The voice bridge: a WebSocket server that takes calls. README.md says what it reads and answers."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import List

from bridge import Bridge
from config import Config, ConfigError, port_from, read_config
from door import open_door
from fault import fault_from
from journal import open_log
from notify import notify
from version import VERSION

log = logging.getLogger("xswarm-voice")


def main(words: List[str]) -> int:
    open_log()
    # It would log a stack for everybody who knocks and does not speak WebSocket.
    logging.getLogger("websockets").setLevel(logging.CRITICAL + 1)
    options = _options(words)
    try:
        fault = fault_from(os.environ)
        if fault == "exit-at-start":
            raise ConfigError(f"XSWARM_FAULT={fault}")
        token = os.environ.get("XSWARM_API_TOKEN", "")
        if not token:
            raise ConfigError("XSWARM_API_TOKEN has no value: set it in /opt/xswarm/.env")
        config = read_config(options.config)
        bridge = Bridge(config, token, options.instance, fault)
        asyncio.run(_run(bridge, port_from(os.environ, config.voice_port), options.config, fault))
    except (ConfigError, ValueError) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(error.strerror or str(error))
    return 0


def _options(words: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="xswarm-voice")
    parser.add_argument("--instance", default="", help="number of this instance, shown in /health")
    parser.add_argument("--config", type=Path, default=Path("config.toml"))
    return parser.parse_args(words)


def _fail(why: str) -> int:
    log.error("xswarm-voice: %s", why)
    return 1


async def _run(bridge: Bridge, port: int, file: Path, fault: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, (lambda: None) if fault == "ignore-stop" else stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: _reload(bridge, file))
    door = await open_door(bridge.config.voice_host, port, bridge.answer, bridge.report)
    log.info("version %s, port %d", VERSION, door.sockets[0].getsockname()[1])
    if fault:
        log.warning("a fault on purpose is set: XSWARM_FAULT=%s", fault)
    if fault != "never-ready":
        notify("READY=1", f"STATUS={bridge.status}")
    await stop.wait()
    notify("STOPPING=1", "STATUS=stopping")
    door.close()
    await door.wait_closed()


def _reload(bridge: Bridge, file: Path) -> None:
    """Takes up what may change while calls go on. A broken file changes nothing."""
    try:
        new: Config = read_config(file)
    except ConfigError as error:
        log.error("config.toml was not read again, all stays as it was: %s", error)
        return
    bridge.config = new
    log.info("config.toml read again: at most %d calls", new.max_concurrent_calls)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
