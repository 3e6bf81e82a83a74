"""The commands of the matrix: on which hub each runs, with which arguments, and what it may change."""

import os
import sys
import zlib

import faults

HERE = os.path.dirname(os.path.abspath(__file__))

# Long enough for a few tries, short enough for a matrix.
RETRY = ["--retry-for", "3s"]


class Command:
    def __init__(self, name, hub, arguments, writes=False, limit=90, before=(), lands=False, served=None):
        self.name, self.hub, self.arguments, self.writes = name, hub, arguments, writes
        # It makes commits, which have a time: no two runs make the same rows and objects.
        self.lands = lands
        # What a client asks the program for, which then is a server.
        self.served = served
        # What is run first, without faults.
        self.before = before
        # Seconds within which it has to end.
        self.limit = limit

    @property
    def kind(self):
        return self.name.split()[0]

    def argv(self, program, cell):
        """The command line, for a cell's folder and hub."""
        return self.whole(program, cell, self.arguments(cell), self.writes)

    def whole(self, program, cell, words, write):
        argv = [program, *words, "--store", "s3://hub", "--json", *RETRY]
        if self.served:
            argv = [sys.executable, HERE + "/serving.py", cell.folder, *self.served, *argv]
        if self.kind != "rebuild":
            argv += ["--database", cell.database.url]
        return argv + (["--write"] if write else [])


def first_id(hub):
    """The commit that `show` is asked about: one whose object the faults for some keys hit."""
    return sorted((row for row in hub.rows["musehub_commits"] if dict(row)["storage_uri"]
                   and faults.chosen(dict(row)["storage_uri"].removeprefix("s3://hub/"))),
                  key=lambda row: zlib.crc32(repr(row).encode()))[0][0][1]


def repaired(cell):
    """The run of a repair, which its summary names."""
    return cell.before.summary()["run"]


def files(cell):
    """A folder to commit, the same for every run."""
    folder = cell.folder + "/files"
    os.makedirs(folder, exist_ok=True)
    for number in range(5):
        with open("%s/take-%d.txt" % (folder, number), "w", encoding="ascii") as file:
            file.write("take %d\n" % number * (number + 1))
    return folder


NO_GRACE = ["--grace", "0s"]
REPAIR = ["repair", "--apply", "--yes", *NO_GRACE]
COMMANDS = [
    Command("doctor", "healthy", lambda cell: ["doctor"]),
    Command("audit rows", "faulty", lambda cell: ["audit", "--depth", "rows"]),
    Command("audit presence", "faulty", lambda cell: ["audit", "--depth", "presence"]),
    Command("audit bytes", "faulty", lambda cell: ["audit", "--depth", "bytes"]),
    Command("watch", "faulty", lambda cell: ["watch", "--rounds", "1"]),
    Command("show", "faulty", lambda cell: ["show", first_id(cell.hub)]),
    Command("pull", "healthy", lambda cell: ["pull", "alice/song", "--into", cell.folder + "/pulled"]),
    Command("serve", "march", lambda cell: ["serve"], served=["fetch", "dmitri/old-site"]),
    Command("push", "march", lambda cell: ["serve"], served=["push", "dmitri/old-site"], writes=True, lands=True),
    Command("signoff healthy", "healthy", lambda cell: ["signoff"]),
    Command("signoff faulty", "faulty", lambda cell: ["signoff"]),
    Command("repair", "faulty", lambda cell: REPAIR, writes=True),
    Command("undo", "faulty", lambda cell: ["journal", "undo", repaired(cell), "--apply", "--yes"], writes=True,
            before=[lambda cell: REPAIR]),
    Command("commit", "healthy", lambda cell: ["commit", "alice/song", "--branch", "takes/new", "--from", files(cell),
                                               "--message", "Takes"], writes=True, lands=True),
    Command("drill", "healthy", lambda cell: ["drill", "--confirm", cell.database.hub], writes=True, lands=True),
    Command("backfill", "faulty", lambda cell: ["backfill", "--apply", "--yes", *NO_GRACE], writes=True),
    Command("checkpoint", "faulty", lambda cell: ["checkpoint"], writes=True),
    Command("rebuild healthy", "healthy",
            lambda cell: ["rebuild", "--into", cell.new.url], writes=True),
    Command("rebuild faulty", "faulty",
            lambda cell: ["rebuild", "--into", cell.new.url], writes=True),
]
