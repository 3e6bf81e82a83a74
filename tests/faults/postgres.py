"""Hubs in Postgres: made and read through psql; and a proxy before it, which fails on a script.

The proxy knows no more of the protocol than where messages begin and end. What a client sends up to its next Sync or Query
is a batch; a fault strikes batches, by the statement that was parsed last.
"""

import json
import os
import socket
import struct
import subprocess
import threading
import urllib.parse

SSL, GSS, CANCEL = 80877103, 80877104, 80877102


class Database:
    """A database of the server, by its name."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        # The name of the hub that it holds.
        self.hub = name

    @property
    def url(self):
        """Behind the proxy."""
        return self.server.url(self.name, self.server.port)

    def make(self, template="template0"):
        self.server.sql('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % self.name)
        self.server.sql('CREATE DATABASE "%s" TEMPLATE "%s"' % (self.name, template))

    def drop(self):
        self.server.sql('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % self.name)

    def empty(self):
        self.make()

    def place(self, hub):
        self.make(hub.database)

    def tables(self):
        """As hub.Sqlite.tables."""
        names = self.server.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", self.name).split()
        names = sorted(name for name in names if not name.startswith("_"))
        if not names:
            return {}
        read = " UNION ALL ".join("SELECT '%s', coalesce(json_agg(row_to_json(r)), '[]') FROM \"%s\" r" % (name, name)
                                  for name in names)
        found = {}
        for line in self.server.sql(read, self.name).splitlines():
            name, _, rows = line.partition("\t")
            found[name] = sorted((tuple((column, plain(value)) for column, value in timeless(row).items())
                                  for row in json.loads(rows)), key=repr)
        return found


def holder():
    """The name of the sessions in which this process holds locks."""
    return "luthier-faults-holder-%d" % os.getpid()


def timeless(row):
    """A repository that a rebuild makes up was created when it did so, which no two runs do at the same time."""
    return row | {"created_at": "now"} if row.get("slug") == "luthier-unknown" else row


def plain(value):
    return json.dumps(value) if isinstance(value, (dict, list)) else value


class Server:
    """Postgres, reached by psql; and the proxy's port."""

    def __init__(self, admin):
        parts = urllib.parse.urlsplit(admin)
        self.admin, self.parts = admin, parts
        self.script = None
        self.over = threading.Event()
        self.lock = threading.RLock()
        self.requests = 0
        self.holders = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, name, port=None):
        where = "%s:%d" % (self.parts.hostname, port or self.parts.port or 5432)
        return "postgres://%s:%s@%s/%s?sslmode=disable" % (self.parts.username, self.parts.password, where, name)

    def sql(self, text, name=None):
        """Runs statements and returns the rows, a line each, columns parted by tabs."""
        argv = ["psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.url(name) if name else self.admin, "-c", text]
        # Big integers and times read the same whoever asks.
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, "PGTZ": "UTC"})
        if done.returncode:
            raise RuntimeError("psql: " + done.stderr)
        return done.stdout

    def begin(self, script):
        with self.lock:
            self.heal()
            self.script = script
            self.requests = 0

    def heal(self):
        with self.lock:
            self.over.set()
            self.over = threading.Event()
            self.script = None
            if self.holders:
                # A server that sleeps does not see that its client is gone.
                self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '%s'" % holder())
            while self.holders:
                self.holders.pop().communicate()

    def hold(self, name, statement, seconds):
        """Has a session of its own take locks, and returns once it has them."""
        text = "BEGIN; %s; SELECT 'held'; SELECT pg_sleep(%d); COMMIT" % (statement, seconds)
        argv = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", self.url(name)]
        argv += [word for part in text.split("; ") for word in ("-c", part)]
        session = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   env={**os.environ, "PGAPPNAME": holder()})
        self.holders.append(session)
        for line in session.stdout:
            if line.strip() == "held":
                return
        raise OSError("the locks could not be taken")

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=Link(self, client).run, daemon=True).start()


class Batch:
    """What a fault sees of a request."""

    def __init__(self, op, text, key):
        self.op, self.text, self.key = op, text, key


class Link:
    """One connection of the program, and the one behind it."""

    def __init__(self, server, client):
        self.server, self.client = server, client
        self.behind = None
        self.text = self.database = ""
        # Set where the answer to what was sent is to be thrown away, and the connection with it.
        self.deaf = False

    def run(self):
        try:
            self._run()
        except (OSError, struct.error, ValueError):
            pass
        finally:
            self.close()

    def close(self, reset=False):
        for end in (self.client, self.behind):
            if end is None:
                continue
            try:
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def _run(self):
        start = self._start()
        if start is None:
            return
        effect = self._strike(Batch("CONNECT", "", ""))
        if effect is not None and not effect(self, start):
            return
        self.behind = socket.create_connection((self.server.parts.hostname, self.server.parts.port or 5432))
        for end in (self.client, self.behind):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.behind.sendall(start)
        threading.Thread(target=self._back, daemon=True).start()
        batch = b""
        while True:
            kind, message = self._message()
            batch += message
            if kind in (b"P", b"Q"):
                self.text = said(kind, message)
            # A password, the end, and the rows of a COPY are nobody's batch.
            if kind in (b"p", b"X", b"d", b"c", b"f", b"H"):
                self.behind.sendall(batch)
                batch = b""
            elif kind in (b"S", b"Q"):
                if not self._send(batch):
                    return
                batch = b""

    def _start(self):
        """Returns the message that opens a session; no encryption is spoken here."""
        while True:
            size = exactly(self.client, 4)
            rest = exactly(self.client, struct.unpack("!I", size)[0] - 4)
            code = struct.unpack("!I", rest[:4])[0]
            if code in (SSL, GSS):
                self.client.sendall(b"N")
                continue
            if code == CANCEL:
                with socket.create_connection((self.server.parts.hostname, self.server.parts.port or 5432)) as other:
                    other.sendall(size + rest)
                return None
            words = rest[4:].split(b"\0")
            self.database = dict(zip(words[::2], words[1::2])).get(b"database", b"").decode()
            return size + rest

    def _message(self):
        kind = exactly(self.client, 1)
        size = exactly(self.client, 4)
        return kind, kind + size + exactly(self.client, struct.unpack("!I", size)[0] - 4)

    def _strike(self, batch):
        with self.server.lock:
            self.server.requests += 1
            script = self.server.script
            return script.strike(batch) if script else None

    def _send(self, batch):
        effect = self._strike(Batch(op(self.text), self.text, ""))
        if effect is None:
            self.behind.sendall(batch)
            return True
        return effect(self, batch)

    def _back(self):
        try:
            while data := self.behind.recv(1 << 16):
                if self.deaf:
                    break
                self.client.sendall(data)
        except OSError:
            pass
        self.close(reset=self.deaf)


def exactly(end, size):
    data = b""
    while len(data) < size:
        more = end.recv(size - len(data))
        if not more:
            raise OSError("the end")
        data += more
    return data


def said(kind, message):
    """The statement of a Parse or a Query."""
    body = message[5:]
    if kind == b"P":
        body = body.partition(b"\0")[2]
    return body.partition(b"\0")[0].decode("utf-8", "replace")


def op(text):
    """READ, WRITE, COMMIT or OTHER."""
    words = text.upper().replace("(", " ").split()
    first = words[0].rstrip(";") if words else ""
    if first == "COMMIT":
        return "COMMIT"
    if first not in ("SELECT", "WITH", "COPY", "FETCH", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER"):
        return "OTHER"
    writes = {"INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "STDIN"}.intersection(words)
    return "WRITE" if writes else "READ"


def framed(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def fault(code, words, severity):
    """An ErrorResponse."""
    fields = (b"S", severity), (b"V", severity), (b"C", code), (b"M", words)
    body = b"".join(name + value.encode() + b"\0" for name, value in fields)
    return framed(b"E", body + b"\0")


def query(text):
    return framed(b"Q", text.encode() + b"\0")
