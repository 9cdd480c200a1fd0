"""Tells systemd how the service is (sd_notify), when systemd asked to be told."""

from __future__ import annotations

import os
import socket


def tell(*lines: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address == "":
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        try:
            # A leading @ stands for the NUL byte of an abstract socket.
            end.sendto("\n".join(lines).encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError:
            # Nobody listens: no reason to end. A lost word is followed by others.
            pass
