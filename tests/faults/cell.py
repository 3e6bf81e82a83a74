"""One cell of the matrix: a fault, a command, what was there before, and what came of it."""

import os
import shutil

import faults
import hub as hubs
import process

HEALED = 60


class Cell:
    """Runs one command under one fault; where it writes, a second time without."""

    def __init__(self, command, fault, hub, bench, reference=None):
        self.command, self.fault, self.hub, self.bench = command, fault, hub, bench
        self.folder, self.database, self.new = bench.folder, bench.database, bench.new
        self.reference = reference
        self.first = self.second = None
        self.struck, self.pid = 0, None
        # A thread that holds something until the fault ends.
        self.helper = None

    @property
    def name(self):
        return "%s under %s" % (self.command.name, self.fault.title if self.fault else "no fault")

    @property
    def target(self):
        """The database that the command writes to."""
        return self.new if self.command.kind == "rebuild" else self.database

    def run(self, program):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        server, env = self.bench.server, hubs.environment(self.bench.server, self.folder)
        self.bench.place(self.hub)
        server.begin(self.hub.objects)
        for words in self.command.before:
            self.prepare(words, program, env)
        argv = self.command.argv(program, self)
        whole = self.reference.first.requests if self.reference else 0
        script = faults.Script(self.fault, self, whole) if self.fault else None
        self.bench.begin(self.hub.objects, script)
        run = process.run(argv, env, self.folder, self._limit(), "first", self.fault and self.fault.world, self.runs)
        self.struck = script.struck if script else 0
        self.bench.heal()
        if self.helper:
            self.helper.join()
        self.first = End(self, run)
        if self.fault and not self.fault.spoils and (self.command.writes or self.command.kind in ("pull", "serve")):
            self.second = End(self, process.run(argv, env, self.folder, HEALED, "second"))
        return self

    def _limit(self):
        """Seconds in which the first run has to end."""
        return max(self.command.limit, getattr(self.fault, "limit", 0))

    def runs(self, pid):
        self.pid = pid

    def prepare(self, words, program, env):
        """Runs a command without faults; what it leaves is what was there before."""
        argv = self.command.whole(program, self, words(self), write=True)
        self.before = process.run(argv, env, self.folder, HEALED, "before")
        self.hub = hubs.Hub(self.hub.name, None, self.bench.server.snapshot(), self.database.tables())


class Bench:
    """Where a worker runs its cells: a folder, a store, two databases, and what fails in them."""

    def __init__(self, folder, server, database, new, failing):
        self.folder, self.server, self.database, self.new = folder, server, database, new
        # The server before which the scripts stand.
        self.failing = failing

    def place(self, hub):
        self.database.place(hub)
        self.new.empty()

    def drop(self):
        self.database.drop()
        self.new.drop()

    def begin(self, objects, script):
        self.server.begin(objects, script if self.failing is self.server else None)
        if self.failing is not self.server:
            self.failing.begin(script)

    def heal(self):
        self.server.heal()
        self.failing.heal()


class End:
    """What a run left: its words, the objects, the rows, the pulled files, and its temporary files."""

    def __init__(self, cell, run):
        self.run = run
        self.objects = cell.bench.server.snapshot()
        self.requests = cell.bench.failing.requests
        spoilt = cell.fault and cell.fault.spoils
        self.hub_rows = {} if spoilt else cell.database.tables()
        self.rows = cell.new.tables() if cell.command.kind == "rebuild" else self.hub_rows
        self.files = pulled(cell.folder + "/pulled")
        self.litter = sorted(os.listdir(cell.folder + "/tmp"))


def pulled(folder):
    """{path: bytes} of a client's folder."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found
