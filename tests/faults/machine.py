"""Faults of the machine, and of a database that is a file: signals, limits, folders, output, clocks, SQLite.

A fault here is like one of the store (faults.py). What happens at a moment happens when the program sends a request to the
store, so the same command is struck at the same place again.
"""

import os
import shutil
import signal
import sqlite3
import threading
import time
from email.utils import formatdate

import faults


def act(deed):
    """An effect that does something to the cell and answers as if nothing had happened."""
    def effect(server, request):
        deed(server.script.cell)
        return server.plain(request)
    return effect


def send(number):
    return act(lambda cell: os.kill(cell.pid, number))


def replace(cell):
    """Another hub's file lies where the database was."""
    shutil.copy(cell.target.path, cell.folder + "/other.db")
    with sqlite3.connect(cell.folder + "/other.db") as other:
        other.execute("UPDATE musehub_repos SET slug = slug || '-other'")
    other.close()
    os.replace(cell.folder + "/other.db", cell.target.path)


def remove(cell):
    os.unlink(cell.target.path)


def spoil(cell):
    """Every 16th page holds other bytes."""
    size = os.path.getsize(cell.database.path)
    with open(cell.database.path, "r+b") as file:
        for at in range(16 * 4096, size, 16 * 4096):
            file.seek(at)
            file.write(b"\x5a" * 4096)


def hold(seconds, how):
    """Another program holds the database for so long."""
    def deed(cell):
        def work():
            other = sqlite3.connect(cell.database.path, timeout=20, isolation_level=None)
            other.execute("BEGIN " + how)
            other.execute("UPDATE musehub_repos SET slug = slug")
            held.set()
            over.wait(seconds)
            other.execute("ROLLBACK")
            other.close()
        held, over = threading.Event(), cell.bench.server.over
        cell.helper = threading.Thread(target=work, daemon=True)
        cell.helper.start()
        held.wait(30)
    return act(deed)


def clock(seconds):
    """The store's clock is so far ahead of ours."""
    def effect(server, request):
        answer = server.plain(request)
        answer.headers["Date"] = formatdate(time.time() + seconds, usegmt=True)
        return answer
    return effect


def part(fraction):
    """Once, when the command has sent so many of the requests that it sends without a fault."""
    def strikes(number, nth_of_key, key, whole):
        return number == max(1, int(whole * fraction))
    return faults.Schedule("after %d %%" % (100 * fraction), strikes, of_whole=True)


FIRST, HALF, LATE = part(0), part(0.5), part(0.9)
DURING = faults.Schedule("throughout", lambda n, nth_of_key, key: n == 1)


class World:
    """What is different around the program."""

    def __init__(self, shell="", output=None, env=None):
        # Run by a shell before the program takes its place.
        self.shell = shell
        # Where standard output leads.
        self.output = output
        # {variable: value}, of the cell's folder.
        self.env = env or (lambda folder: {})


def a_file(name):
    """A file lies where the folder of a variable should be."""
    def env(folder):
        path = os.path.join(folder, "no-folder")
        with open(path, "w", encoding="ascii"):
            pass
        return {name: path}
    return env


class Fault(faults.Fault):
    def __init__(self, name, schedule, effect=None, world=None, exits=(), spoils=False, gone=False, mute=False):
        super().__init__(name, effect or (lambda server, request: server.plain(request)), faults.ALL, schedule)
        self.world, self.exits, self.mute = world, exits, mute
        # The rows are other ones or none afterwards; or nobody has them any more.
        self.spoils, self.gone = spoils or gone, gone

    @property
    def title(self):
        return "%s, %s" % (self.name, self.schedule.name)

    @property
    def stops(self):
        return False


STOPPED = (4, -signal.SIGTERM, -signal.SIGHUP, 128 + signal.SIGTERM, 128 + signal.SIGHUP)
DAY = 86400

FAULTS = [
    *(Fault("SIGKILL", when, send(signal.SIGKILL), exits=(-signal.SIGKILL,), mute=True) for when in (FIRST, HALF, LATE)),
    *(Fault("SIGTERM", when, send(signal.SIGTERM), exits=STOPPED) for when in (HALF, LATE)),
    Fault("SIGHUP", HALF, send(signal.SIGHUP), exits=STOPPED),
    Fault("files hold no more than 0 bytes", DURING, world=World("ulimit -f 0"), exits=(2,)),
    Fault("files hold no more than 64 KiB", DURING, world=World("ulimit -f 128"), exits=(2,)),
    Fault("24 handles", DURING, world=World("ulimit -n 24")),
    Fault("no folder for state", DURING, world=World(env=a_file("XDG_STATE_HOME")), exits=(2,)),
    Fault("no folder for temporary files", DURING, world=World(env=a_file("TMPDIR")), exits=(2,)),
    Fault("output full", DURING, world=World(output="/dev/full"), mute=True),
    Fault("nobody reads the output", DURING, world=World(output="closed"), exits=(4,), mute=True),
    Fault("our clock a day behind the store's", faults.ALWAYS, clock(DAY)),
    Fault("our clock a day ahead of the store's", faults.ALWAYS, clock(-DAY)),
    Fault("database locked by a writer, 2 s", FIRST, hold(2, "EXCLUSIVE")),
    Fault("database locked by a writer, 2 s", HALF, hold(2, "EXCLUSIVE")),
    Fault("database locked by a writer, to the end", HALF, hold(600, "EXCLUSIVE")),
    Fault("database reserved by a writer, to the end", FIRST, hold(600, "IMMEDIATE")),
    *(Fault("database replaced", when, act(replace), gone=True) for when in (HALF, LATE)),
    *(Fault("database removed", when, act(remove), gone=True) for when in (HALF, LATE)),
    Fault("database pages spoiled", HALF, act(spoil), spoils=True),
]
