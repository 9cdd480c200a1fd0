"""Makes calls to a voice bridge, speaks in each, and prints what came of it. For drills and tests."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
from typing import Any, Dict, List

import websockets
from websockets.exceptions import ConnectionClosed


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9998)
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--token", default=os.environ.get("XSWARM_API_TOKEN", ""))
    parser.add_argument("--meanwhile", default="", help="a shell command to run while the calls are going on")
    options = parser.parse_args()

    open_calls: List[Any] = []
    ends: List[Dict[str, Any]] = []
    for _ in range(options.calls):
        call = await websockets.connect(f"ws://127.0.0.1:{options.port}/call")
        open_calls.append(call)
        try:
            await call.send(json.dumps({"type": "start", "token": options.token}))
            started = json.loads(await call.recv())
            spoken = os.urandom(320)
            await call.send(spoken)
            ends.append({**started, "echo": await call.recv() == spoken})
        except ConnectionClosed:
            ends.append({"closed": call.close_code})
    # What is said to systemd is read by it a moment later.
    await asyncio.sleep(0.3)
    said = subprocess.run(["sh", "-c", options.meanwhile], stdout=subprocess.PIPE, check=True).stdout.decode()
    for call in open_calls:
        await call.close()
    print(json.dumps({"calls": ends, "meanwhile": said.strip()}))


asyncio.run(main())
