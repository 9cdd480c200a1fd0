"""Faults on purpose, told by XSWARM_FAULT: for drills and tests, never in production. README.md lists them."""

from __future__ import annotations

from typing import Mapping

FAULTS = ("exit-at-start", "never-ready", "health-500", "ignore-stop")


def fault_from(environment: Mapping[str, str]) -> str:
    """@raises ValueError with the list of what there is."""
    fault = environment.get("XSWARM_FAULT", "")
    if fault and fault not in FAULTS:
        raise ValueError(f"XSWARM_FAULT must be one of {', '.join(FAULTS)}")
    return fault
