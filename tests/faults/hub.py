"""Hubs to break: built by the program's own demo through a server without faults, kept as bytes.

A hub is its SQLite file and its objects. Both are read plainly here: rows by Python's sqlite3, objects from the
server's own dict.
"""

import json
import os
import sqlite3
import subprocess
import time

import s3

BUCKET = "s3://hub/"
# How old the objects of a fresh hub are: past every grace period.
AGE = 90 * 86400


class Hub:
    """A name, a database (the bytes of a file, or the name of a template), objects, and the rows of all tables."""

    def __init__(self, name, database, objects, rows):
        self.name, self.database, self.objects, self.rows = name, database, objects, rows


class Sqlite:
    """A database that is a file."""

    def __init__(self, path):
        self.path = path
        # The name of the hub that it holds.
        self.hub = os.path.basename(path).removesuffix(".db")

    @property
    def url(self):
        return "sqlite://" + self.path

    def place(self, hub):
        with open(self.path, "wb") as file:
            file.write(hub.database)

    def empty(self):
        """A new file is made by whoever opens it."""

    def drop(self):
        """Goes with its folder."""

    def tables(self):
        """Every row of every table, as {table: sorted rows}; a row is a tuple of its columns' values by name."""
        if not os.path.exists(self.path):
            return {}
        database = sqlite3.connect("file:%s?mode=ro" % self.path, uri=True)
        try:
            found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '[s_]*'")
            return {name: _rows(database, name) for (name,) in found.fetchall()}
        finally:
            database.close()


def environment(server, folder):
    """A world of its own for the program: no configuration of whoever runs this, and a place to write."""
    places = {"HOME": "home", "TMPDIR": "tmp", "XDG_STATE_HOME": "home/state", "XDG_CONFIG_HOME": "home/config",
              "XDG_CACHE_HOME": "home/cache", "XDG_DATA_HOME": "home/data"}
    env = {name: os.path.join(folder, place) for name, place in places.items()}
    for path in env.values():
        os.makedirs(path, exist_ok=True)
    env.update(PATH=os.environ.get("PATH", ""), AWS_ENDPOINT_URL=server.endpoint, AWS_ACCESS_KEY_ID="scripted",
               AWS_SECRET_ACCESS_KEY="scripted", AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true",
               NO_COLOR="1", USER="scripted")
    return env


def build(program, server, folder, name, database=None):
    """A demo hub on the server and in a file, or in `database`: one with faults, or `healthy`; `march` is one that the public
    client of that month can use."""
    place = os.path.join(folder, name)
    server.begin({})
    argv = [program, "demo", "--build-only", place, "--store", BUCKET.rstrip("/"), "--json"]
    argv += {"faulty": [], "healthy": ["--healthy"], "march": ["--healthy", "--era", "march"]}[name]
    argv += ["--database", database.url] if database else []
    done = subprocess.run(argv, env=environment(server, folder + "/world"), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit("the demo hub could not be built: " + done.stderr)
    old = time.time() - AGE
    objects = {key: s3.Stored(stored.bytes, old) for key, stored in server.snapshot().items()}
    if database:
        return Hub(name, database.name, objects, database.tables())
    path = json.loads(done.stdout.splitlines()[-1])["database"].removeprefix("sqlite://")
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.execute("PRAGMA journal_mode=DELETE")
    file.close()
    with open(path, "rb") as file:
        return Hub(name, file.read(), objects, Sqlite(path).tables())


def _rows(database, table):
    read = database.execute('SELECT * FROM "%s"' % table)
    names = [column[0] for column in read.description]
    return sorted((tuple(zip(names, row)) for row in read), key=repr)


def links(all_rows):
    """{(table, id): storage_uri} of all rows that have one."""
    found = {}
    for table, rows in all_rows.items():
        for row in rows:
            columns = dict(row)
            if columns.get("storage_uri"):
                found[(table, row[0][1])] = columns["storage_uri"]
    return found


def key_of(uri):
    """The key that a URI of this hub's bucket names, of a blob in a pack the pack's; None for every other place."""
    if uri.startswith("mpack://"):
        return "objects/" + uri[len("mpack://"):].split("/")[0]
    return uri[len(BUCKET):] if uri.startswith(BUCKET) else None
