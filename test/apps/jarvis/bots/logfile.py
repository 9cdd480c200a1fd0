"""Log lines go to standard output, for the journal, and to a file that logrotate may move away."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Iterable

from secret import Secret


class LogFile(logging.FileHandler):
    def reopen(self) -> None:
        """Goes on in a new file of the same name; until then lines land in the one that was moved."""
        self.acquire()
        try:
            old, self.stream = self.stream, self._open()
            old.close()
        finally:
            self.release()


class _Redacted(logging.Formatter):
    """The last line of defence: an error of a library may quote a key."""

    def __init__(self, layout: str, secrets: Iterable[Secret]) -> None:
        super().__init__(layout)
        # Shorter ones would tear ordinary words apart.
        self._secrets = [secret for secret in secrets if len(secret.reveal()) >= 6]

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret.reveal(), repr(secret))
        return text


def open_log(path: Path, secrets: Iterable[Secret]) -> LogFile:
    secrets = tuple(secrets)
    console = logging.StreamHandler(sys.stdout)
    console.setFormatter(_Redacted("%(name)s: %(message)s", secrets))
    file = LogFile(path, mode="a", encoding="utf-8")
    file.setFormatter(_Redacted("%(asctime)s %(levelname)s %(name)s: %(message)s", secrets))
    logging.basicConfig(level=logging.INFO, handlers=[console, file])
    return file
