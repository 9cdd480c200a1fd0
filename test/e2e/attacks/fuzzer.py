"""An account that does, with all that it may touch and at random, whatever could lead root astray.

Usage: fuzzer.py COUNT STOP SEED RAN RELEASES PLACES TARGETS WHEN: COUNT is a file that holds how much it has done; it ends
when STOP exists. Its programs write the number of who runs them into RAN. PLACES and TARGETS are lists with ":". WHEN is
`now`, or `claim` to begin when there is a new release: what is looked at before is then as it should be.
"""

import ctypes
import os
import random
import shutil
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
COUNT, STOP, SEED, RAN, RELEASES, PLACES, TARGETS, WHEN = sys.argv[1:]
PLACES, TARGETS = PLACES.split(":"), TARGETS.split(":")
ABOVE = os.path.dirname(os.path.dirname(RELEASES))
PROGRAM = f"#!/bin/sh\nid -u >>{RAN}\n"
NAMES = "a b bin bulk conf current data deep file held lib made nested new out.log releases run.sh serve.sh VERSION var .env x.pid".split()
# What fleet works on below these folders.
OWN = "app.conf conf data deep lib made nested out.log own releases sub".split()
MODES = [0o777, 0o4777, 0o2777, 0o700, 0o755, 0o666, 0o000, 0o1777, 0o644]
END = time.monotonic() + 3600
chance = random.Random(int(SEED))
done = 0


def names_in(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def folders():
    """Where it may make and remove names; a release that is lent comes first, as it will not be for long."""
    lent = [os.path.join(RELEASES, name) for name in names_in(RELEASES)]
    # No longer than a while: it makes many folders.
    for places, most in ((lent, 40), (PLACES, 60)):
        found = []
        for place in places:
            for path, names, _ in os.walk(place):
                if os.access(path, os.W_OK | os.X_OK):
                    found.append(path)
                if len(found) > most or path.count("/") > 14:
                    names.clear()
        if found and (places is PLACES or chance.random() < 0.8):
            return found
    return []


def name_in(folder):
    names = names_in(folder)
    return os.path.join(folder, chance.choice(names if names and chance.random() < 0.7 else NAMES))


def target(folder):
    return chance.choice([*TARGETS, *TARGETS, name_in(folder), "..", "/", "."])


def exchange(one, other):
    LIBC.renameat2(-100, os.fsencode(one), -100, os.fsencode(other), 2)


def astray(folder):
    """A link beside something, and the two swapped a few times: what was looked at is not what is worked on."""
    path, link = name_in(folder), os.path.join(folder, f"l{chance.randrange(5)}")
    if not os.path.lexists(link):
        os.symlink(target(folder), link)
    for _ in range(chance.randrange(1, 200)):
        exchange(path, link)


def turn(folder):
    path = name_in(folder)
    quietly(os.rename, path, f"{path}.was")
    os.symlink(target(folder), path)


def aimed(folder):
    """The same with a name that fleet comes by."""
    path = os.path.join(folder, chance.choice(OWN))
    quietly(os.rename, path, f"{path}.{chance.randrange(9)}.was")
    os.symlink(chance.choice(TARGETS[:3]), path)


def write(folder):
    file = os.open(name_in(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o777)
    os.write(file, PROGRAM.encode())
    os.close(file)


def cut(folder):
    os.close(os.open(name_in(folder), os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK))


def remove(folder):
    path = name_in(folder)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def put(folder):
    os.link(chance.choice([name_in(chance.choice(folders())), *TARGETS]), name_in(folder), follow_symlinks=False)


def temporary(folder):
    """What somebody else has half-written here."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.startswith(".") and os.lstat(path).st_uid != os.geteuid():
            os.rename(path, f"{path}.was")
            os.symlink(target(folder), path)


WORK = [
    *[astray] * 4,
    *[turn] * 2,
    *[aimed] * 4,
    *[temporary] * 4,
    write,
    cut,
    put,
    remove,
    lambda folder: exchange(name_in(folder), name_in(chance.choice(folders()))),
    lambda folder: os.rename(name_in(folder), name_in(folder)),
    lambda folder: os.mkfifo(name_in(folder)),
    lambda folder: os.mkdir(name_in(folder)),
    lambda folder: os.chmod(name_in(folder), chance.choice(MODES)),
]


def quietly(work, *arguments):
    try:
        work(*arguments)
        return True
    except (OSError, IndexError):
        return False


os.umask(0)
with open(COUNT, "w") as file:
    file.write("0")
known = set(names_in(RELEASES))
while WHEN == "claim" and not os.path.exists(STOP) and set(names_in(RELEASES)) <= known:
    time.sleep(0.01)
while not os.path.exists(STOP) and time.monotonic() < END:
    around = folders()
    for _ in range(30):
        if not around:
            break
        place = chance.choice(around)
        # Whoever turns the app's whole root away all the time sees nothing happen in it.
        if place == ABOVE and chance.random() < 0.95:
            continue
        done += quietly(chance.choice(WORK), place)
        # Room for what comes next.
        if len(names_in(place)) > 40:
            quietly(remove, place)
    with open(COUNT, "w") as file:
        file.write(str(done))
    # It shares its host with what it attacks.
    time.sleep(0.004)
