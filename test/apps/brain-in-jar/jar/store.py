"""What is known of every experiment, in SQLite: it outlives crashes, deploys and reboots."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List

_TABLE = """
CREATE TABLE IF NOT EXISTS experiments (
  id TEXT PRIMARY KEY,
  mode TEXT NOT NULL,
  starts INTEGER NOT NULL DEFAULT 0,
  crashes INTEGER NOT NULL DEFAULT 0,
  cycle INTEGER NOT NULL DEFAULT 0,
  memory TEXT NOT NULL DEFAULT '[]',
  state TEXT NOT NULL DEFAULT 'new',
  updated REAL NOT NULL DEFAULT 0
)"""


@dataclass(frozen=True)
class Life:
    """How far an experiment has come, and what it went through."""

    starts: int
    crashes: int
    cycle: int
    memory: List[str]
    #: How the one before ended: new, stopped, finished, hot; or running, when it ended without a word.
    before: str


class Store:
    """One experiment's row. Several processes share the file."""

    def __init__(self, path: Path, experiment: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._id = experiment
        self._db = sqlite3.connect(str(path), timeout=20, isolation_level=None)
        self._db.execute(_TABLE)

    def begin(self, mode: str) -> Life:
        """Counts this start, and a crash when the one before never said how it ended."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT OR IGNORE INTO experiments (id, mode) VALUES (?, ?)", (self._id, mode))
        found = self._db.execute("SELECT crashes, state FROM experiments WHERE id = ?", (self._id,)).fetchone()
        crashed = 1 if found[1] == "running" else 0
        self._db.execute(
            "UPDATE experiments SET mode = ?, starts = starts + 1, crashes = crashes + ?, state = 'running', updated = ? "
            "WHERE id = ?",
            (mode, crashed, time.time(), self._id),
        )
        row = self._db.execute("SELECT starts, crashes, cycle, memory FROM experiments WHERE id = ?", (self._id,)).fetchone()
        self._db.execute("COMMIT")
        return Life(row[0], row[1], row[2], json.loads(row[3]), found[1])

    def checkpoint(self, cycle: int, memory: List[str]) -> None:
        self._db.execute(
            "UPDATE experiments SET cycle = ?, memory = ?, updated = ? WHERE id = ?",
            (cycle, json.dumps(memory), time.time(), self._id),
        )

    def end(self, state: str) -> None:
        """stopped, finished or hot; whoever ends without this has crashed."""
        self._db.execute("UPDATE experiments SET state = ?, updated = ? WHERE id = ?", (state, time.time(), self._id))
        self._db.close()
