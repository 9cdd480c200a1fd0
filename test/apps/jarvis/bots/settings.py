"""What a process is told from outside, checked before anything starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Mapping, Optional

from dotenv import DotenvError, parse_dotenv
from fault import BOTS, Fault, parse_fault
from secret import Secret

REQUIRED = ("TELEGRAM_BOT_TOKEN", "XAI_API_KEY", "HELIUS_API_KEY")


class SettingsError(Exception):
    """A sentence for the operator, without any value that could be secret."""


@dataclass(frozen=True)
class Settings:
    keys: Mapping[str, Secret]
    port: int
    marker: str
    polling: bool
    fault: Optional[Fault]

    @property
    def digest(self) -> str:
        """Tells which settings a process runs with, and gives none of them away."""
        return hashlib.sha256(self.marker.encode()).hexdigest()


def read_settings(environment: Mapping[str, str], file: Path, name: str) -> Settings:
    """For the process of that name. @raises SettingsError"""
    values: Dict[str, str] = dict(environment)
    if any(name not in environment for name in REQUIRED):
        values = {**_read_file(file), **environment}
    missing = [name for name in REQUIRED if not values.get(name, "").strip()]
    if missing:
        raise SettingsError(f"no value for {', '.join(missing)}: set it in the environment or in {file}")
    return Settings(
        keys={name: Secret(name, values[name]) for name in REQUIRED},
        port=_port(values.get("JARVIS_PORT", "8000"), name),
        marker=values.get("JARVIS_MARKER", ""),
        polling=_switch("TELEGRAM_POLLING", values.get("TELEGRAM_POLLING", "on")),
        fault=_fault(values.get("JARVIS_FAULT", ""), name),
    )


def _read_file(file: Path) -> Dict[str, str]:
    try:
        return parse_dotenv(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except DotenvError as error:
        raise SettingsError(f"{file}: {error}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8") from None
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from None


def _port(text: str, name: str) -> int:
    """Bots alone listen on the ports behind the supervisor's, in the order of BOTS; 0 is any free one."""
    place = BOTS.index(name) + 1 if name in BOTS else 0
    if text.isascii() and text.isdigit() and int(text) + place <= 65535:
        return int(text) and int(text) + place
    raise SettingsError("JARVIS_PORT must be a number from 0 to 65530")


def _switch(key: str, text: str) -> bool:
    if text.lower() in ("on", "true", "yes", "1"):
        return True
    if text.lower() in ("off", "false", "no", "0"):
        return False
    raise SettingsError(f"{key} must be on or off")


def _fault(text: str, name: str) -> Optional[Fault]:
    try:
        fault = parse_fault(text) if text else None
    except ValueError as error:
        raise SettingsError(f"JARVIS_FAULT: {error}") from None
    return fault if fault and fault.process in ("", name) else None
