"""Log lines on standard output, which is the journal, and in a file that logrotate may move away at any time."""

from __future__ import annotations

import logging
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path


def open_log(name: str, file: Path) -> logging.Logger:
    """@raises OSError"""
    file.parent.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger(name)
    log.setLevel(logging.INFO)
    for handler in (logging.StreamHandler(sys.stdout), WatchedFileHandler(str(file), encoding="utf-8")):
        stamp = "%(asctime)s " if isinstance(handler, WatchedFileHandler) else ""
        handler.setFormatter(logging.Formatter(f"{stamp}%(message)s"))
        log.addHandler(handler)
    return log
