"""The version that this executable was built from."""

from __future__ import annotations

import pkgutil

VERSION = (pkgutil.get_data(__name__, "VERSION") or b"?").decode().strip()
