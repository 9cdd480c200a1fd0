"""The part of TOML that config.toml needs, for Python before 3.11, which has no tomllib."""

from __future__ import annotations

import re
from typing import Any, Dict, List

_TABLE = re.compile(r"\[\s*([\w-]+(?:\.[\w-]+)*)\s*\]")
_PAIR = re.compile(r"([\w-]+)\s*=\s*(.+)")
_STRING = re.compile(r'"([^"\\]*)"')
_COMMENT = re.compile(r'^((?:[^"#]|"[^"]*")*)#.*$')


def loads(text: str) -> Dict[str, Any]:
    """Tables, and keys with a text, a whole number, true, false or a list of these on one line.

    @raises ValueError that names the line."""
    whole: Dict[str, Any] = {}
    table = whole
    for number, line in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub(r"\1", line).strip()
        heading, pair = _TABLE.fullmatch(line), _PAIR.fullmatch(line)
        try:
            if heading:
                table = _table(whole, heading.group(1).split("."))
            elif pair and pair.group(1) in table:
                raise ValueError("Cannot overwrite a value")
            elif pair:
                table[pair.group(1)] = _value(pair.group(2).strip())
            elif line:
                raise ValueError("Invalid statement")
        except ValueError as error:
            raise ValueError(f"{error} (at line {number})") from None
    return whole


def _table(whole: Dict[str, Any], names: List[str]) -> Dict[str, Any]:
    for name in names:
        whole = whole.setdefault(name, {})
        if not isinstance(whole, dict):
            raise ValueError("Cannot overwrite a value")
    return whole


def _value(text: str) -> Any:
    string = _STRING.fullmatch(text)
    if string:
        return string.group(1)
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if text.startswith("[") and text.endswith("]"):
        return [_value(item.strip()) for item in text[1:-1].split(",") if item.strip()]
    raise ValueError("Invalid value")
