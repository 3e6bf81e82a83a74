#!/usr/bin/env python3
"""What a maintainer would write: reads every row of a hub and makes the ids of commits and snapshots again.

peer.py sqlite:///path/hub.db | postgres://...

Prints one JSON object. Needs Python alone for SQLite, and `psql` for Postgres. Joins nothing and reads no object: the
measure of `luthier audit --depth rows`, which does its joins too.
"""

import csv
import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
from datetime import datetime, timezone

COMMITS = "SELECT commit_id, parent_ids, message, author, timestamp, snapshot_id, commit_meta FROM musehub_commits"
SNAPSHOTS = "SELECT snapshot_id, {manifest}, directories FROM musehub_snapshots"
BLOBS = "SELECT object_id, path, size_bytes, storage_uri FROM musehub_objects"


def of_sqlite(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    return lambda sql: database.execute(sql.format(manifest="manifest_blob"))


def of_postgres(url):
    def rows(sql):
        sql = sql.format(manifest="convert_from(manifest_blob, 'UTF8')")
        copy = f"COPY ({sql}) TO STDOUT (FORMAT csv)"
        psql = [os.environ.get("PSQL", "psql"), "-qAtX", url]
        psql += ["-c", "SET TIME ZONE 'UTC'", "-c", copy]
        with subprocess.Popen(psql, stdout=subprocess.PIPE) as process:
            yield from csv.reader(io.TextIOWrapper(process.stdout, encoding="utf-8", newline=""))
        if process.returncode:
            sys.exit("psql failed")

    return rows


def bare(identity):
    return (identity or "").split(":")[-1]


def is_named(identity, kind, parts):
    """Whether the parts give the id, behind a header or without, or with ids as they are spelt."""
    text = "\0".join(parts).encode()
    header = b"%s %d\0" % (kind, len(text))
    return bare(identity) in (hashlib.sha256(header + text).hexdigest(), hashlib.sha256(text).hexdigest())


def isoformat(text):
    """As ids were made from: `T`, and an offset of hours and minutes."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).isoformat()


def main():
    csv.field_size_limit(sys.maxsize)
    kind, _, rest = sys.argv[1].partition("://")
    rows = of_sqlite(rest) if kind == "sqlite" else of_postgres(sys.argv[1])
    read = unproved = 0
    for identity, parents, message, author, at, snapshot, meta in rows(COMMITS):
        parents = sorted(bare(parent) for parent in json.loads(parents or "[]"))
        signer = json.loads(meta or "{}").get("signer_public_key", "")
        parts = ["\0".join(parents), bare(snapshot), message, isoformat(at), author, signer]
        read += 1
        unproved += not is_named(identity, b"commit", parts)
    for identity, manifest, directories in rows(SNAPSHOTS):
        files = sorted(f"{path}\0{bare(blob)}" for path, blob in json.loads(manifest or "{}").items())
        folders = [f"dir\0{folder}" for folder in sorted(json.loads(directories or "[]"))]
        read += 1
        unproved += not is_named(identity, b"snapshot", files + folders)
    read += sum(1 for _ in rows(BLOBS))
    print(json.dumps({"rows": read, "unproved": unproved}))


main()
