"""The judge of commands that make commits: what may never happen, though no two runs make the same rows and objects."""

import collections

import hub as hubs

# What a push moves in rows that were there.
MOVED = {"head_commit_id", "pushed_at", "updated_at"}


def landed(cell, reference):
    """Rows that were there stay, a new row leads to its object, a branch leads to a row, and what was acknowledged is there."""
    grown = {table for table, rows in reference.first.hub_rows.items() if len(rows) > len(cell.hub.rows.get(table, []))}
    for which, end in (("first", cell.first), ("second", cell.second)):
        if end is None:
            continue
        for table, rows in end.hub_rows.items():
            old, now = counted(cell.hub.rows.get(table, [])), counted(rows)
            for row in list(old - now)[:3]:
                yield "%s run lost or changed a row of %s: %s" % (which, table, brief(row))
            if now - old and table not in grown:
                yield "%s run made rows in %s, where no run without faults makes any" % (which, table)
        yield from ("%s run %s" % (which, words) for words in led(cell, end))
        yield from ("%s run %s" % (which, words) for words in acknowledged(end, reference.first))


def led(cell, end):
    """New rows of commits, snapshots and blobs point at objects; new heads are commits."""
    before = hubs.links(cell.hub.rows)
    for place, uri in hubs.links(end.hub_rows).items():
        stored = end.objects.get(hubs.key_of(uri) or "")
        if stored is None and before.get(place) != uri:
            yield "points %s %s at %s, which is not there" % (*place, uri)
    rows = {table: [dict(row) for row in found] for table, found in end.hub_rows.items()}
    commits = {row["commit_id"]: row for row in rows.get("musehub_commits", [])}
    snapshots = {row["snapshot_id"] for row in rows.get("musehub_snapshots", [])}
    known = {dict(row)["commit_id"] for row in cell.hub.rows.get("musehub_commits", [])}
    for branch in rows.get("musehub_branches", []):
        head = branch["head_commit_id"]
        if head and head not in commits:
            yield "leads branch %s to %s, which has no row" % (branch["name"], head)
    for ident, row in commits.items():
        if ident not in known and row["snapshot_id"] not in snapshots:
            yield "made commit %s without its snapshot" % ident


def acknowledged(end, meant):
    """What a run says that it wrote is in the database; its object is in the store, where a run without faults stores one."""
    said = end.run.summary()
    head = said.get("head")
    if end.run.exit != 0 or not head:
        return
    rows = {table: [dict(row) for row in found] for table, found in end.hub_rows.items()}
    if all(row["commit_id"] != head for row in rows["musehub_commits"]):
        yield "says that it wrote commit %s, which has no row" % head
    stored = object_of(end, head)
    if object_of(meant, meant.run.summary()["head"]) and not (stored and stored.bytes.startswith(b"commit ")):
        yield "says that it wrote commit %s, whose object is not there" % head
    heads = [row["head_commit_id"] for row in rows["musehub_branches"] if row["name"] == said["branch"]]
    if head not in heads:
        yield "says that branch %s leads to %s; it leads to %s" % (said["branch"], head, heads)


def object_of(end, commit):
    """The object that a commit's row points at; hubs of March 2026 have none."""
    return end.objects.get(hubs.key_of(hubs.links(end.hub_rows).get(("musehub_commits", commit), "")) or "")


def counted(rows):
    """Rows without what a push moves, and how often each is there."""
    return collections.Counter(tuple((name, value) for name, value in row if name not in MOVED) for row in rows)


def brief(row):
    return ", ".join("%s=%s" % (name, str(value)[:70]) for name, value in row[:4])
