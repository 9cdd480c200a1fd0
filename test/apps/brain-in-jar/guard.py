"""Says whether it is cool enough to start: ends with 1 from THROTTLE_TEMP_CELSIUS on. Unknown is not hot."""

from __future__ import annotations

import os
import sys

from jar.settings import SettingsError, number
from jar.thermal import hottest, root


def main() -> int:
    try:
        limit = number(os.environ, "THROTTLE_TEMP_CELSIUS", 75)
    except SettingsError as error:
        print(f"guard: {error}", file=sys.stderr)
        # 255 makes systemd call the start failed; 1 would say "too hot" of what is a mistake.
        return 255
    degrees = hottest(root())
    if degrees is None:
        print("guard: no thermal zone can be read; starting all the same")
        return 0
    if degrees >= limit:
        print(f"guard: {degrees:g} °C is too hot to start; {limit:g} °C is the limit")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
