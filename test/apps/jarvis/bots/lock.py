"""One of a kind at a time: two would poll the same Telegram account and trade twice."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Optional, Type


class AlreadyRunning(Exception):
    pass


class SingleInstanceLock:
    """Held by the kernel for as long as the process lives, so that no crash leaves it behind."""

    def __init__(self, path: Path, shared: bool = False) -> None:
        self._path = path
        self._shared = shared
        self._fd = -1

    def __enter__(self) -> SingleInstanceLock:
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(self._fd, (fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._fd, 32).decode("ascii", "replace").strip()
            os.close(self._fd)
            running = f"another {self._path.stem} is running (pid {holder})" if holder else "bots are running alone"
            raise AlreadyRunning(running) from None
        os.ftruncate(self._fd, 0)
        if not self._shared:
            os.write(self._fd, f"{os.getpid()}\n".encode("ascii"))
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        # The file stays: removing it would let two processes lock two files of the same name.
        os.ftruncate(self._fd, 0)
        os.close(self._fd)
