"""Somebody who commits to the hub again and again, whatever its store does."""

import os
import threading

import hub as hubs
import process

# Ends of a commit: done, something of it left, a wrong moment for a branch, a side that cannot be used.
ENDS = (0, 1, 2, 3)


class Pusher:
    def __init__(self, soak):
        self.soak, self.folder = soak, soak.folder + "/pusher"
        self.env = {**hubs.environment(soak.server, self.folder)}
        self.ids, self.wrong, self.count = [], [], 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(300)

    def acknowledged(self):
        return list(self.ids)

    def work(self):
        number = 0
        while not self.over.wait(0.2):
            number += 1
            self.commit(number)

    def commit(self, number):
        files = self.folder + "/files"
        os.makedirs(files, exist_ok=True)
        with open("%s/take-%d.txt" % (files, number % 7), "w", encoding="ascii") as file:
            file.write("take %d\n" % number * (number % 50 + 1))
        argv = [self.soak.program, "commit", "alice/song", "--branch", "soak", "--from", files, "-m", "Take %d" % number,
                "--write", "--json", "--store", "s3://hub", "--database", self.soak.database.url, "--retry-for", "3s"]
        run = process.run(argv, self.env, self.folder, 240, "push")
        if run.killed or run.exit not in ENDS or "panicked" in run.err:
            self.wrong.append("a push ended with %s: %s" % (run.exit, run.err.strip()[:400]))
        elif run.exit == 0:
            self.count += 1
            self.ids.append(run.summary()["head"])
