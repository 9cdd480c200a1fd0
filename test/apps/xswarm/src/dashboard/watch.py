"""Asks the voice bridges how they are, again and again."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any, Dict, Sequence, Tuple

from notify import notify

_EVERY = 1.0
_PATIENCE = 2.0

#: What a bridge says of itself, or why it says nothing.
State = Dict[str, Any]


class Watch:
    def __init__(self, ports: Sequence[int]) -> None:
        self._states: Tuple[Tuple[int, State], ...] = ()
        self._ports = ports
        self._stop = threading.Event()

    @property
    def states(self) -> Tuple[Tuple[int, State], ...]:
        """By port, as they were a second ago at most."""
        return self._states

    @property
    def status(self) -> str:
        up = [state for _port, state in self._states if state.get("ok")]
        calls = sum(state["active"] for state in up)
        return f"Dashboard running ({len(up)} of {len(self._ports)} voice bridges up, active calls: {calls})"

    def look(self) -> None:
        self._states = tuple((port, _ask(port)) for port in self._ports)

    def run(self) -> None:
        """Until stop() is called."""
        while not self._stop.wait(_EVERY):
            before = self.status
            self.look()
            if self.status != before:
                notify(f"STATUS={self.status}")

    def stop(self) -> None:
        self._stop.set()


def _ask(port: int) -> State:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/health")
        answer = json.loads(connection.getresponse().read())
        return {"ok": answer["ok"] is True, "active": int(answer["active"]), "most": int(answer["most"])}
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError) as error:
        return {"ok": False, "why": str(error) or type(error).__name__}
    finally:
        connection.close()
