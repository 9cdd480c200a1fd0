"""JSON files that are whole after any crash."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, Optional


class Damaged(Exception):
    """The file is there, but is not what was written; it is left as it stands."""


def load(path: Path) -> Optional[Dict[str, Any]]:
    """None when there is no file. @raises Damaged"""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise Damaged(f"{path} is not valid JSON") from None
    if not isinstance(value, dict):
        raise Damaged(f"{path} is not a JSON object")
    return value


def save(path: Path, value: Dict[str, Any]) -> None:
    """A reader sees the old content or the new, never a part."""
    fresh = path.with_name(f".{path.name}.new")
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
