"""The commands of the matrix: on which hub each runs, with which arguments, and what it may change."""

import zlib

import faults

# Long enough for a few tries, short enough for a matrix.
RETRY = ["--retry-for", "3s"]


class Command:
    def __init__(self, name, hub, arguments, writes=False, limit=90, before=()):
        self.name, self.hub, self.arguments, self.writes = name, hub, arguments, writes
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


NO_GRACE = ["--grace", "0s"]
REPAIR = ["repair", "--apply", "--yes", *NO_GRACE]
COMMANDS = [
    Command("doctor", "healthy", lambda cell: ["doctor"]),
    Command("audit rows", "faulty", lambda cell: ["audit", "--depth", "rows"]),
    Command("audit presence", "faulty", lambda cell: ["audit", "--depth", "presence"]),
    Command("audit bytes", "faulty", lambda cell: ["audit", "--depth", "bytes"]),
    Command("show", "faulty", lambda cell: ["show", first_id(cell.hub)]),
    Command("pull", "healthy", lambda cell: ["pull", "alice/song", "--into", cell.folder + "/pulled"]),
    Command("signoff healthy", "healthy", lambda cell: ["signoff"]),
    Command("signoff faulty", "faulty", lambda cell: ["signoff"]),
    Command("repair", "faulty", lambda cell: REPAIR, writes=True),
    Command("undo", "faulty", lambda cell: ["journal", "undo", repaired(cell), "--apply", "--yes"], writes=True,
            before=[lambda cell: REPAIR]),
    Command("backfill", "faulty", lambda cell: ["backfill", "--apply", "--yes", *NO_GRACE], writes=True),
    Command("checkpoint", "faulty", lambda cell: ["checkpoint"], writes=True),
    Command("rebuild healthy", "healthy",
            lambda cell: ["rebuild", "--into", cell.new.url], writes=True),
    Command("rebuild faulty", "faulty",
            lambda cell: ["rebuild", "--into", cell.new.url], writes=True),
]
