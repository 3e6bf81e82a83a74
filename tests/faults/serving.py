#!/usr/bin/env python3
"""A client of `luthier serve` that shares no code with it: starts the server, asks for one repository as the public client
of March 2026 does, and writes what it got.

    serving.py FOLDER fetch|push OWNER/SLUG PROGRAM serve ARGUMENT...

What it fetched goes into FOLDER/pulled. Prints one JSON line: whether the client has everything (`complete`), what an answer
said of itself and was not (`wrong`), and the commit that was acknowledged (`head`). Ends with 0 where it has all, with 3 where
the server refused or broke off, with 5 where the server did not end by itself when it was told to.
"""

import ctypes
import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True

import packed
import process

# Seconds without a byte.
PATIENCE = 60
# Whoever has it may write to every repository.
TOKEN = "scripted"
BRANCH = "takes/new"


class Refused(Exception):
    """The server said no, or said nothing that a client can read."""


def main():
    folder, what, repo, *argv = sys.argv[1:]
    tokens = folder + "/tokens.toml"
    with open(tokens, "w", encoding="ascii") as file:
        file.write('[[token]]\nname = "client"\nsha256 = "%s"\nrepositories = ["*"]\naccess = "write"\n' % digest(TOKEN.encode()))
    argv += ["--listen", "127.0.0.1:0", "--tokens", tokens]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=sys.stderr, text=True, preexec_fn=ends_with_us)
    said = {"type": "served", "complete": False, "wrong": []}
    try:
        url = address(server) + "/" + repo
        {"fetch": fetch, "push": push}[what](url, folder, said)
        said["complete"] = not said["wrong"]
    except (Refused, OSError, http.client.HTTPException, ValueError, KeyError) as error:
        said["refused"] = "%s: %s" % (type(error).__name__, str(error)[:300])
    said["megabytes"] = process.resident(server.pid) // 1024
    ended = stopped(server)
    print(json.dumps(said))
    return ended or (0 if said["complete"] else 3)


def ends_with_us():
    """Linux kills the server once its client is killed (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def address(server):
    line = server.stdout.readline()
    if not line:
        raise Refused("the server did not begin")
    return json.loads(line)["url"]


def stopped(server):
    server.send_signal(signal.SIGTERM)
    try:
        server.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        return 5
    return 0


def ask(url, body=None):
    """An answer of 2xx, decoded as a client decodes it. The list of branches is JSON, all else is msgpack."""
    headers = {"Accept": "application/x-msgpack, application/json", "Content-Type": "application/x-msgpack",
               "Authorization": "Bearer " + TOKEN}
    request = urllib.request.Request(url, None if body is None else packed.pack(body), headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            data, kind = answer.read(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        raise Refused("%d %s" % (error.code, error.read()[:200])) from error
    return json.loads(data) if kind.startswith("application/json") else packed.unpack(data)


def fetch(url, folder, said):
    """Fetches every branch. A client believes what it is told, so what is told has to hold together."""
    heads = ask(url + "/refs")["branch_heads"]
    got = ask(url + "/fetch", {"want": sorted(set(heads.values())), "have": []})
    blobs = {blob["object_id"]: blob["content"] for blob in got["objects"]}
    commits = {commit["commit_id"]: commit for commit in got["commits"]}
    snapshots = {snapshot["snapshot_id"]: snapshot for snapshot in got["snapshots"]}
    for ident, data in blobs.items():
        if ident.removeprefix("sha256:") not in (digest(data), digest(b"blob %d\0" % len(data) + data)):
            said["wrong"].append("bytes of blob %s are others" % ident)
        keep(folder, "objects/" + ident, data)
    for kind, records in (("commits", commits), ("snapshots", snapshots)):
        for ident, record in records.items():
            keep(folder, "%s/%s" % (kind, ident), json.dumps(record, sort_keys=True, default=repr).encode())
    for name, head in heads.items():
        keep(folder, "refs/" + name, head.encode())
        if head not in commits:
            said["wrong"].append("the head of %s was not sent" % name)
    for commit in commits.values():
        if commit["snapshot_id"] not in snapshots:
            said["wrong"].append("the snapshot of commit %s was not sent" % commit["commit_id"])
    for snapshot in snapshots.values():
        for path, ident in snapshot["manifest"].items():
            if ident not in blobs:
                said["wrong"].append("blob %s (%s) was not sent" % (ident, path))


def push(url, folder, said):
    """Pushes one commit to a new branch, in the order and with the ids of the client of March 2026."""
    parent = ask(url + "/refs")["branch_heads"]["main"]
    data, message, at = b"take one\n", "Take one", "2026-03-20T10:00:00+00:00"
    blob = digest(data)
    snapshot = digest(b"take.txt\0" + blob.encode())
    commit = digest(b"\0".join([parent.encode(), snapshot.encode(), message.encode(), at.encode()]))
    if ask(url + "/filter-objects", {"object_ids": [blob]})["missing"]:
        ask(url + "/push/objects", {"objects": [{"object_id": blob, "content": data}]})
    bundle = {
        "commits": [{"commit_id": commit, "repo_id": "", "branch": BRANCH, "snapshot_id": snapshot, "message": message,
                     "committed_at": at, "parent_commit_id": parent, "parent2_commit_id": None, "author": "iris"}],
        "snapshots": [{"snapshot_id": snapshot, "manifest": {"take.txt": blob}, "created_at": at}],
        "objects": [],
    }
    answer = ask(url + "/push", {"bundle": bundle, "branch": BRANCH, "force": False})
    if answer.get("ok") is not True:
        raise Refused(str(answer))
    if answer["branch_heads"].get(BRANCH) != commit:
        said["wrong"].append("the branch does not lead to what was pushed: %s" % answer["branch_heads"])
    said.update(head=commit, branch=BRANCH)


def keep(folder, name, data):
    path = os.path.join(folder, "pulled", urllib.parse.quote(name, safe="/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def digest(data):
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
