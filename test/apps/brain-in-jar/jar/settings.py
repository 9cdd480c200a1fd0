"""Settings out of the environment, each checked when it is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Mapping, Optional

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class SettingsError(Exception):
    """A setting has a value that cannot be meant."""


def number(environment: Mapping[str, str], key: str, default: float) -> float:
    """@raises SettingsError"""
    text = environment.get(key, "")
    if text == "":
        return default
    if not re.match(r"^\d+(\.\d+)?$", text):
        raise SettingsError(f"{key} must be a number, not {text!r}")
    return float(text)


def size(text: str) -> Optional[int]:
    """Bytes of what systemd writes as 8G or 512M; None when it is none of that."""
    match = re.match(r"^(\d+)([KMGT]?)$", text)
    return int(match.group(1)) * _UNITS[match.group(2)] if match else None


def memory_limit(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Optional[int]:
    """Bytes that this process may use, as the kernel has it; None without a limit or when it cannot be asked."""
    try:
        lines = own.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            file = cgroups / path.lstrip("/") / "memory.max"
        elif "memory" in controllers.split(","):
            file = cgroups / "memory" / path.lstrip("/") / "memory.limit_in_bytes"
        else:
            continue
        try:
            limit = int(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
        # Without a limit the older kernel interface shows the largest number there is.
        return limit if limit < 1 << 60 else None
    return None
