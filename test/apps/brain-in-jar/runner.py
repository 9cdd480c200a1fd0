"""Runs one experiment: runner.py --config FILE. README.md says what it reads, writes and answers."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from jar.config import Config, ConfigError, read_config
from jar.link import Link, address
from jar.log import open_log
from jar.modes import MODES
from jar.settings import SettingsError, memory_limit, number, size
from jar.store import Life, Store
from jar.thermal import hottest, root

LOGS = Path("logs")
#: Every so many cycles there is a line in the log.
LOGGED = 10
TOO_HOT = 75
BAD_CONFIG = 78


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--config", type=Path, required=True)
    try:
        config = read_config(arguments.parse_args().config)
        max_temp = number(os.environ, "MAX_TEMP_CELSIUS", number(os.environ, "CRITICAL_TEMP_CELSIUS", 85))
    except (ConfigError, SettingsError) as error:
        print(f"runner: {error}", file=sys.stderr)
        return BAD_CONFIG
    stop = threading.Event()
    for number_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number_, lambda *_: stop.set())
    log = open_log(config.id, LOGS / "experiments" / f"{config.id}.log")
    store = Store(LOGS / "experiments.db", config.id)
    life = store.begin(config.mode)
    ended = Experiment(config, store, life, max_temp, log).run(stop)
    store.end(ended)
    log.info("%s", ended)
    return TOO_HOT if ended == "hot" else 0


class Experiment:
    def __init__(self, config: Config, store: Store, life: Life, max_temp: float, log: logging.Logger) -> None:
        self._config, self._store, self._max_temp, self._log = config, store, max_temp, log
        self._cycle, self._crashes, self._before = life.cycle, life.crashes, life.before
        self._mode = MODES[config.mode]
        self._memory = self._mode.resurrect(life.memory) if life.before == "running" else life.memory
        self._link = Link(address())
        self._began = time.monotonic()

    def run(self, stop: threading.Event) -> str:
        """stopped, finished or hot."""
        crash = "after a crash, " if self._before == "running" else ""
        self._log.info("%s: %sfrom cycle %d, crash count %d", self._config.mode, crash, self._cycle, self._crashes)
        self._open_devices()
        while not stop.is_set():
            if 0 < self._config.max_cycles <= self._cycle:
                return "finished"
            told = self._ask()
            if told == "stop":
                return "hot"
            self._strike()
            if told == "run":
                self._live()
            stop.wait(self._config.cycle_seconds)
        return "stopped"

    def _live(self) -> None:
        self._cycle += 1
        self._memory = self._mode.keep([*self._memory, f"cycle {self._cycle}"])
        self._store.checkpoint(self._cycle, self._memory)
        if self._cycle % LOGGED == 0:
            self._log.info("cycle %d, %d things in mind", self._cycle, len(self._memory))

    def _ask(self) -> str:
        """run, wait or stop: the coordinator's word, or one's own when there is none."""
        # What a directive of the unit took over is no longer in the environment: ask the kernel.
        ram = size(os.environ.get("EXPERIMENT_RAM_LIMIT", "")) or memory_limit() or 0
        beat = {"op": "beat", "id": self._config.id, "ram": ram, "max_temp": self._max_temp}
        answer = self._link.ask({**beat, "cycle": self._cycle, "crashes": self._crashes})
        if answer is not None:
            return str(answer.get("do", "run"))
        degrees = hottest(root())
        return "stop" if degrees is not None and degrees >= self._max_temp else "run"

    def _open_devices(self) -> None:
        for device in self._config.devices:
            try:
                os.close(os.open(device, os.O_RDWR))
                self._log.info("opened %s", device)
            except OSError as error:
                self._log.warning("cannot open %s: %s", device, error.strerror)

    def _strike(self) -> None:
        fault = self._config.fault
        spared = fault is None or 0 < fault.times <= self._crashes
        due = self._crashes > 0 or (fault is not None and time.monotonic() - self._began >= fault.after)
        if fault is not None and due and not spared:
            self._log.warning("a fault on purpose: %s", fault.kind)
            fault.strike()


if __name__ == "__main__":
    sys.exit(main())
