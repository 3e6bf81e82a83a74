"""One cell of the matrix: a fault, a command, what was there before, and what came of it."""

import os
import shutil

import faults
import hub as hubs
import process

HEALED = 60


class Cell:
    """Runs one command under one fault; where it writes, a second time without."""

    def __init__(self, command, fault, hub, folder):
        self.command, self.fault, self.hub, self.folder = command, fault, hub, folder
        self.database = folder + "/hub.db"
        self.first = self.second = None
        self.struck = 0

    @property
    def name(self):
        return "%s under %s" % (self.command.name, self.fault.title if self.fault else "no fault")

    @property
    def target(self):
        """The database that the command writes to."""
        return self.folder + "/new.db" if self.command.kind == "rebuild" else self.database

    def run(self, program, server):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.hub.place(self.database)
        script = faults.Script(self.fault) if self.fault else None
        env = hubs.environment(server, self.folder)
        argv = self.command.argv(program, self)
        server.begin(self.hub.objects, script)
        self.first = End(self, process.run(argv, env, self.folder, self.command.limit, "first"), server)
        self.struck = script.struck if script else 0
        server.heal()
        if self.fault and (self.command.writes or self.command.kind == "pull"):
            self.second = End(self, process.run(argv, env, self.folder, HEALED, "second"), server)
        return self


class End:
    """What a run left: its words, the objects, the rows, the pulled files, and its temporary files."""

    def __init__(self, cell, run, server):
        self.run = run
        self.objects = server.snapshot()
        self.requests = server.requests
        self.hub_rows = hubs.tables(cell.database)
        self.rows = hubs.tables(cell.target) if cell.command.kind == "rebuild" else self.hub_rows
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
