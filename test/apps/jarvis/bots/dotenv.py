"""Reads the `.env` that fleet writes, for a start by hand; under systemd the environment has it all."""

from __future__ import annotations

import re
from typing import Dict

_BLANK = re.compile(r"[ \t]*(#[^\n]*)?(\n|\Z)")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
# Bare, '…' and "…" pieces side by side make one value; in double quotes nothing may mean more than itself.
_VALUE = re.compile(r"""((?:[A-Za-z0-9_./:@%+,=-]+|'[^']*'|"[^"\\$`]*")*)[ \t]*(?:\n|\Z)""")
_PIECE = re.compile(r"""'([^']*)'|"([^"]*)"|([^'"]+)""")


class DotenvError(Exception):
    """Names the line and the key, never the value."""


def parse_dotenv(text: str) -> Dict[str, str]:
    """@raises DotenvError at the first line that is not strictly KEY=value, a comment or blank."""
    values: Dict[str, str] = {}
    at = 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank:
            at = blank.end()
            continue
        line = text.count("\n", 0, at) + 1
        key = _KEY.match(text, at)
        if not key:
            raise DotenvError(f"line {line} is not KEY=value")
        value = _VALUE.match(text, key.end())
        if not value:
            raise DotenvError(f"line {line}: the value of {key[1]} is not bare, '…' or \"…\"")
        if key[1] in values:
            raise DotenvError(f"line {line}: {key[1]} is set twice")
        values[key[1]] = "".join(piece[1] or piece[2] or piece[3] or "" for piece in _PIECE.finditer(value[1]))
        at = value.end()
    return values
