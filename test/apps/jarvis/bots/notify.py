"""Tells systemd how the service is (sd_notify), when systemd asked to be told."""

from __future__ import annotations

import os
import socket
from typing import Mapping, Optional

_LONGEST = 60.0


class Notifier:
    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the NUL byte of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket:
            self._socket.setblocking(False)

    def send(self, *lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            # Nobody listens, or the queue is full: no reason to take the bots down. A lost ping is followed by others.
            pass


def ping_interval(environment: Mapping[str, str]) -> Optional[float]:
    """Seconds between two watchdog pings, at most 60; None when no watchdog waits for this process."""
    period = environment.get("WATCHDOG_USEC", "")
    watched = environment.get("WATCHDOG_PID", "")
    if not period.isdecimal() or int(period) == 0 or (watched and watched != str(os.getpid())):
        return None
    return min(int(period) / 1_000_000 / 2, _LONGEST)
