"""What the API is told from outside, checked before anything starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import FrozenSet, Mapping, Optional

from fault import Fault, parse_fault

REQUIRED = ("JWT_SECRET", "MONGO_URL", "OPENAI_API_KEY")
FEATURES = ("ENABLE_TRADING", "ENABLE_AUTOPILOT")

_TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


class SettingsError(Exception):
    """A sentence for the operator, without any value that could be secret."""


@dataclass(frozen=True)
class Settings:
    """Keeps none of the required keys: this stand-in talks to nobody."""

    features: FrozenSet[str]
    data: Path
    logs: Path
    marker: str
    fault: Optional[Fault]

    @property
    def digest(self) -> str:
        """Tells which settings a process runs with, and gives none of them away."""
        return hashlib.sha256(self.marker.encode()).hexdigest()


def read_settings(environment: Mapping[str, str]) -> Settings:
    """@raises SettingsError"""
    missing = [name for name in REQUIRED if not environment.get(name, "").strip()]
    if missing:
        raise SettingsError(f"no value for {', '.join(missing)}: set it in .env")
    try:
        fault = parse_fault(environment.get("AMARKTAI_FAULT", ""))
    except ValueError as error:
        raise SettingsError(f"AMARKTAI_FAULT: {error}") from None
    return Settings(
        features=frozenset(name for name in FEATURES if _flag(environment, name)),
        data=Path("data"),
        logs=Path("logs"),
        marker=environment.get("AMARKTAI_MARKER", ""),
        fault=fault,
    )


def _flag(environment: Mapping[str, str], name: str) -> bool:
    value = _TRUTH.get(environment.get(name, "").strip().lower())
    if value is None:
        raise SettingsError(f"{name} must be true or false")
    return value
