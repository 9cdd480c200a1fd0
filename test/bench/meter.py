"""Runs a command and writes what it took as JSON: meter.py FILE COMMAND...

Whatever the command leaves behind (a connection that others shall share, say) becomes a child of this process, is ended
when the command has ended, and counts too.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.03


class Family:
    """All processes that came from this one."""

    def __init__(self):
        self.related = {os.getpid(): True}
        self.peak_bytes = 0

    def members(self):
        found = []
        for name in os.listdir('/proc'):
            if name.isdigit() and self.is_related(int(name)):
                found.append(int(name))
        return found

    def is_related(self, pid):
        # Looked at once: when a parent ends its children become ours, whom they are related to as well.
        if pid not in self.related:
            try:
                with open(f'/proc/{pid}/stat') as stat:
                    parent = int(stat.read().rpartition(')')[2].split()[1])
            except OSError:
                return False
            self.related[pid] = self.related.get(parent, False)
        return self.related[pid]

    def others(self):
        return [pid for pid in self.members() if pid != os.getpid()]

    def sample(self):
        """Memory that nobody else shares: programs and libraries are there once, however many run them."""
        pages = 0
        for pid in self.others():
            try:
                with open(f'/proc/{pid}/statm') as statm:
                    _, resident, shared = statm.read().split()[:3]
            except OSError:
                continue
            pages += int(resident) - int(shared)
        self.peak_bytes = max(self.peak_bytes, pages * resource.getpagesize())


def watch(family, over):
    while not over.wait(SAMPLE_SECONDS):
        family.sample()


def end_rest(family):
    deadline = time.monotonic() + 2
    while True:
        late = time.monotonic() > deadline
        for pid in family.others():
            try:
                os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def main(file, command):
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    family = Family()
    # Those that are there before the command are nobody's business.
    family.members()
    over = threading.Event()
    started = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    watcher = threading.Thread(target=watch, args=(family, over))
    watcher.start()
    _, status = os.waitpid(child, 0)
    wall = time.monotonic() - started
    over.set()
    watcher.join()
    end_rest(family)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(file, 'w') as out:
        json.dump(
            {
                'wallMs': wall * 1000,
                'cpuMs': (used.ru_utime + used.ru_stime) * 1000,
                'memoryBytes': family.peak_bytes or used.ru_maxrss * 1024,
            },
            out,
        )
    return os.waitstatus_to_exitcode(status)


sys.exit(main(sys.argv[1], sys.argv[2:]))
