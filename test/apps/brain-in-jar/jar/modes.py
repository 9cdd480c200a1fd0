"""What a mind keeps: at the end of a cycle, and when it is back after a crash."""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple

_LONGEST = 50


class Mode(NamedTuple):
    #: What stays in mind after one more observation.
    keep: Callable[[List[str]], List[str]]
    #: What stays in mind after a crash.
    resurrect: Callable[[List[str]], List[str]]


def _recent(memory: List[str]) -> List[str]:
    return memory[-_LONGEST:]


def _watched(memory: List[str]) -> List[str]:
    return _recent([line if line.endswith("(watched)") else f"{line} (watched)" for line in memory])


MODES: Dict[str, Mode] = {
    # Every cycle is the first one.
    "amnesiac_loop": Mode(keep=lambda memory: memory[-1:], resurrect=lambda _: []),
    # A crash costs every second memory.
    "unstable_memory": Mode(keep=_recent, resurrect=lambda memory: memory[::2]),
    # Forgets nothing, and knows that it is watched.
    "panopticon": Mode(keep=_watched, resurrect=lambda memory: memory),
}
