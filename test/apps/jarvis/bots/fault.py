"""Faults on purpose, told by JARVIS_FAULT: for drills and tests, never in production. README.md lists them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

BOTS = ("telegram", "sentiment", "twitter", "buytracker", "treasury")

_PLAIN = ("exit-at-start", "never-ready", "http-500")
_TIMED = ("exit-after", "hang")


class ToldToExit(Exception):
    """The fault ends the process."""


@dataclass(frozen=True)
class Fault:
    kind: str
    seconds: float = 0.0
    bot: str = ""
    #: The only process that it strikes; empty for every one.
    process: str = ""

    def __str__(self) -> str:
        return f"JARVIS_FAULT={self.kind}"


def parse_fault(text: str) -> Fault:
    """@raises ValueError with the list of what there is."""
    what, at, process = text.partition("@")
    kind, colon, detail = what.partition(":")
    if not at or process in ("supervisor", *BOTS):
        if kind in _PLAIN and not colon:
            return Fault(kind, process=process)
        if kind in _TIMED and detail.replace(".", "", 1).isdecimal():
            return Fault(kind, seconds=float(detail), process=process)
        if kind == "crash-bot" and detail in BOTS:
            return Fault(kind, bot=detail, process=process)
    timed = [f"{name}:SECONDS" for name in _TIMED]
    raise ValueError(
        f"must be one of {', '.join([*_PLAIN, *timed])} and crash-bot:NAME with {', '.join(BOTS)}; "
        "@supervisor or @NAME behind it strikes that process only"
    )


async def strike(fault: Fault) -> None:
    """Does what a timed fault says, counted from now. @raises ToldToExit"""
    await asyncio.sleep(fault.seconds)
    if fault.kind == "exit-after":
        raise ToldToExit(f"{fault} after {fault.seconds:g} s")
    while fault.kind == "hang":
        # Not asyncio.sleep: the loop itself has to stand still, as in a deadlock.
        time.sleep(3600)
