"""The line to the coordinator: one JSON object per line, kept open as long as the experiment runs."""

from __future__ import annotations

import json
import os
import socket
from typing import Any, Dict, Optional

DEFAULT = "/run/brain-in-jar/coordinator.sock"


def address() -> str:
    return os.environ.get("BRAIN_SOCKET", DEFAULT)


class Link:
    """Comes back by itself when the coordinator was away; nothing here ever keeps an experiment from running."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: Optional[socket.socket] = None
        self._buffer = b""

    def ask(self, question: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        """The answer, or None when nobody answers within two seconds."""
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._socket.settimeout(2)
                self._socket.connect(self._path)
                self._buffer = b""
            self._socket.sendall(json.dumps(question).encode() + b"\n")
            while b"\n" not in self._buffer:
                piece = self._socket.recv(65536)
                if piece == b"":
                    raise ConnectionError("the coordinator has hung up")
                self._buffer += piece
            line, _, self._buffer = self._buffer.partition(b"\n")
            return json.loads(line)
        except (OSError, ValueError):
            self.close()
            return None

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
