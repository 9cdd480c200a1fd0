"""The JSON config of one experiment."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

from jar.fault import Fault, parse_fault
from jar.modes import MODES


class ConfigError(Exception):
    """The file is missing, or is not what an experiment can be run by."""


@dataclass(frozen=True)
class Config:
    id: str
    name: str
    mode: str
    #: 0 for no end.
    max_cycles: int
    cycle_seconds: float
    #: Device nodes that it opens first, such as those of the GPU.
    devices: List[str]
    fault: Optional[Fault]


def read_config(path: Path) -> Config:
    """@raises ConfigError"""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{path} is not valid JSON") from None
    try:
        if not re.match(r"^\w{1,64}$", str(value["experiment_id"])):
            raise ValueError('"experiment_id" must be letters, digits and _')
        if value["mode"] not in MODES:
            raise ValueError(f'"mode" must be one of {", ".join(MODES)}')
        return Config(
            id=value["experiment_id"],
            name=str(value.get("name", value["experiment_id"])),
            mode=value["mode"],
            max_cycles=int(value.get("max_cycles", 0)),
            cycle_seconds=float(value.get("cycle_seconds", 1)),
            devices=[str(device) for device in value.get("devices", [])],
            fault=parse_fault(value["fault"]) if "fault" in value else None,
        )
    except KeyError as error:
        raise ConfigError(f"{path}: {error} is missing") from None
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None
