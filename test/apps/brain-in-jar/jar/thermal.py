"""How hot the board is. Unknown is not hot: a zone that cannot be read says nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Mapping, Optional

#: By type and never by number, which differs between boards. PMIC-Die, for one, reads 100 degrees for ever.
_ZONES = re.compile(r"^(cpu|gpu|soc|tj|cv)[\w-]*[-_]therm(al)?$", re.IGNORECASE)


def root(environment: Mapping[str, str] = os.environ) -> Path:
    return Path(environment.get("THERMAL_ROOT", "/sys/class/thermal"))


def hottest(folder: Path) -> Optional[float]:
    """Degrees Celsius of the hottest known zone; None when none of them can be read."""
    known = [_degrees(zone) for zone in sorted(folder.glob("thermal_zone*")) if _ZONES.match(_text(zone / "type"))]
    return max((degrees for degrees in known if degrees is not None), default=None)


def _degrees(zone: Path) -> Optional[float]:
    text = _text(zone / "temp")
    # A zone whose sensor is off reads empty, fails with EAGAIN, or reads 0.
    return int(text) / 1000 if re.match(r"^\d+$", text) and int(text) > 0 else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
