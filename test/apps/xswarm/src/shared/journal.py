"""Lines for the journal, each with its priority, so that `journalctl -p err` finds what matters."""

from __future__ import annotations

import logging
import os

_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6}


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        # Set by systemd where it reads what is printed; anywhere else the number would be noise.
        return f"<{_PRIORITIES.get(record.levelno, 7)}>{text}" if "JOURNAL_STREAM" in os.environ else text


def open_log() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
