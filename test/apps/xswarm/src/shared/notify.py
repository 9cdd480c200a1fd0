"""Tells systemd how the service is (sd_notify), when systemd asked to be told."""

from __future__ import annotations

import os
import socket


def notify(*lines: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # A leading @ stands for the NUL byte of an abstract socket.
    name = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)
        try:
            channel.sendto("\n".join(lines).encode(), name)
        except OSError:
            # Nobody listens, or the queue is full: no reason to end a call.
            pass
