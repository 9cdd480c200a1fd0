"""Who may run now: at most so many, with at most so much memory together, and nobody where it is too hot."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional


@dataclass(frozen=True)
class Limits:
    concurrent: int
    ram: int
    throttle: float
    critical: float


@dataclass
class Guest:
    """An experiment that is connected."""

    ram: int
    max_temp: float
    cycle: int = 0
    crashes: int = 0
    heard: float = 0.0


class Floor:
    """The queue is on disk, so that a coordinator that comes back knows whose turn it is."""

    def __init__(self, file: Path, limits: Limits) -> None:
        self._file, self._limits = file, limits
        self.guests: Dict[str, Guest] = {}
        self.order: List[str] = self._load()

    def enter(self, name: str, guest: Guest) -> None:
        self.guests[name] = guest
        if name not in self.order:
            self.order.append(name)
            self._save()

    def leave(self, name: str) -> None:
        self.guests.pop(name, None)
        if name in self.order:
            self.order.remove(name)
            self._save()

    def admitted(self) -> List[str]:
        """In order of arrival. Who asks for too much memory waits, and so does everybody behind."""
        chosen: List[str] = []
        ram = 0
        for name in self.order:
            guest = self.guests.get(name)
            if guest is None:
                continue
            ram += guest.ram
            if len(chosen) == self._limits.concurrent or ram > self._limits.ram:
                break
            chosen.append(name)
        return chosen

    def verdict(self, name: str, degrees: Optional[float]) -> str:
        """run, wait (throttled, or not its turn) or stop (too hot for this one, or for all)."""
        guest = self.guests[name]
        if degrees is not None and degrees >= min(guest.max_temp, self._limits.critical):
            return "stop"
        throttled = degrees is not None and degrees >= self._limits.throttle
        return "wait" if throttled or name not in self.admitted() else "run"

    def _load(self) -> List[str]:
        try:
            value = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [str(name) for name in value] if isinstance(value, list) else []

    def _save(self) -> None:
        """A reader sees the old queue or the new one, never a part."""
        fresh = self._file.with_name(f".{self._file.name}.new")
        fresh.write_text(json.dumps(self.order) + "\n", encoding="utf-8")
        os.replace(str(fresh), str(self._file))
