"""The judge of a cell: what may never happen, checked on rows, objects, files and words read plainly.

Each check takes a cell and the same command's run without faults, and yields complaints in one sentence each.
"""

import json

import hub as hubs
import landing

MEMORY = 300
# Keys of the program's own: probes, copies of what it replaced, and checkpoints, which hold a time.
OWN = ("_luthier/", "_quarantine/", "refs/")


def judge(cell, reference):
    """All that is wrong with a cell; empty where nothing is."""
    checks = [ended, words, memory, objects_stay]
    if not cell.command.lands:
        checks.append(objects_are_right)
    if cell.fault.spoils:
        return [complaint for check in [*checks, verdict, gone] for complaint in check(cell, reference)]
    if cell.command.lands:
        checks += [landing.landed, served]
    else:
        checks += [links_lead, rows_stay, *KINDS[cell.command.kind]]
        if cell.second:
            checks.append(same_in_the_end)
    return [complaint for check in checks for complaint in check(cell, reference)]


def ended(cell, reference):
    for which, end in runs(cell):
        if end.run.killed:
            yield "%s run had no end within its limit" % which
        elif end.run.exit == 2 and which == "second" and cell.fault.lasting and cell.command.kind == "rebuild" \
                and "name a new database" in end.run.err:
            # The first run took older checkpoints for those that it read as broken, and said so. Nothing is put over that.
            continue
        elif end.run.exit not in (0, 1, 3, 4, *(cell.fault.exits if which == "first" else ())):
            yield "%s run ended with exit %s: %s" % (which, end.run.exit, end.run.err.strip()[:200])
    if not cell.first.run.killed and cell.first.run.exit == 4 and 4 not in cell.fault.exits:
        yield "exit 4 says that somebody stopped it, and nobody did"
    if cell.first.run.exit == 0 and reference.first.run.exit != 0:
        yield "exit 0, and without faults exit %s" % reference.first.run.exit


def gone(cell, reference):
    """Nothing is done or found on a database that is gone before the end."""
    if not cell.fault.gone or not cell.struck:
        return
    # The doctor's report is complete where each of its checks is made.
    complete = is_complete(cell.first.run) and cell.command.kind != "doctor"
    if cell.first.run.exit == 0 or complete:
        yield "ends with exit %s%s, although the database was gone before the end" % (
            cell.first.run.exit, " and says complete" if complete else "")


def words(cell, reference):
    for which, end in runs(cell):
        if "panicked" in end.run.err + end.run.out or "bug in Luthier" in end.run.err:
            yield "%s run panicked: %s" % (which, end.run.err.strip()[:200])
        if end.litter and not end.run.killed and end.run.exit >= 0:
            yield "%s run left temporary files: %s" % (which, ", ".join(end.litter[:3]))
    if cell.fault.world and cell.fault.world.output == "/dev/full" and cell.first.run.exit in (0, 1):
        yield "exit %s, and nothing that it said could be written" % cell.first.run.exit
    if cell.first.run.exit == 3 and not cell.first.run.err.strip() and not cell.first.run.out.strip():
        yield "exit 3 without a word"


def memory(cell, reference):
    for which, end in runs(cell):
        megabytes = max(end.run.megabytes, end.run.summary().get("megabytes", 0))
        if megabytes > MEMORY:
            yield "%s run took %d MB" % (which, megabytes)


def objects_stay(cell, reference):
    """No object is lost; none is altered but as a run without faults alters it, with a copy in quarantine."""
    for which, end in runs(cell):
        kept = {stored.bytes for key, stored in end.objects.items() if key.startswith("_quarantine/")}
        for key, stored in cell.hub.objects.items():
            now = end.objects.get(key)
            if now is None:
                yield "%s run lost the object %s" % (which, key)
            elif now.bytes != stored.bytes:
                meant = reference.first.objects[key].bytes
                if now.bytes != meant:
                    yield "%s run altered %s to what no run without faults makes of it" % (which, key)
                if stored.bytes not in kept:
                    yield "%s run altered %s without a copy in quarantine" % (which, key)


def objects_are_right(cell, reference):
    """What is new in the store is what a run without faults stores there."""
    for which, end in runs(cell):
        for key, stored in end.objects.items():
            if key in cell.hub.objects or key.startswith(OWN):
                continue
            if not cell.command.writes:
                yield "%s run stored %s and may not write" % (which, key)
            elif key not in reference.first.objects:
                yield "%s run stored %s, which no run without faults stores" % (which, key)
            elif stored.bytes != reference.first.objects[key].bytes:
                yield "%s run stored other bytes than a run without faults as %s" % (which, key)


def links_lead(cell, reference):
    """A row that was changed points at an object that is there, with the bytes that it should have."""
    before, meant = hubs.links(cell.hub.rows), hubs.links(reference.first.rows)
    for which, end in runs(cell):
        for row, uri in hubs.links(end.rows).items():
            if before.get(row) == uri and cell.command.kind != "rebuild":
                continue
            key = hubs.key_of(uri)
            if cell.command.kind == "undo" and meant.get(row) == uri:
                continue  # As it was before the repair.
            if key is None or key not in end.objects:
                yield "%s run points %s %s at %s, which is not there" % (which, *row, uri)
                continue
            wanted = hubs.key_of(meant.get(row, ""))
            if wanted in reference.first.objects \
                    and end.objects[key].bytes != reference.first.objects[wanted].bytes:
                yield "%s run points %s %s at other bytes than a run without faults" % (which, *row)


def rows_stay(cell, reference):
    """A column of a row holds what it held, or what a run without faults writes there."""
    for which, end in runs(cell):
        for table, rows in end.hub_rows.items():
            old, meant = keyed(cell.hub.rows.get(table, [])), keyed(reference.first.hub_rows[table])
            now = keyed(rows)
            for place in sorted(old.keys() - now.keys(), key=repr)[:3]:
                yield "%s run lost the row %s %s" % (which, table, place)
            for place in sorted(now.keys() - meant.keys(), key=repr)[:3]:
                yield "%s run made a row that no run without faults makes: %s %s" % (which, table, place)
            for place in now.keys() & meant.keys() & old.keys():
                for name, value in now[place].items():
                    if value not in (old[place][name], meant[place][name]):
                        yield "%s run wrote %s of %s %s, as no run without faults does" % (which, name, table, place)


def findings(cell, reference):
    """Nothing unreadable is called missing or wrong, and what is called complete has everything."""
    found, meant = named(cell.first), named(reference.first)
    for code, kind, ident, repo in sorted(found - meant):
        if not truly(cell, kind, ident):
            yield "finds what is not so: %s %s %s %s" % (code, kind, ident, repo)
    if is_complete(cell.first.run) and not cell.fault.lasting:
        for code, kind, ident, repo in sorted(meant - found):
            yield "says complete and lost: %s %s %s %s" % (code, kind, ident, repo)


def verdict(cell, reference):
    run, meant = cell.first.run.summary(), reference.first.run.summary()
    said = str(run.get("verdict", "")).upper()
    if cell.command.kind == "signoff" and not cell.fault.mute and (said == "PASS") != (cell.first.run.exit == 0):
        yield "verdict %s with exit %s" % (said or "none", cell.first.run.exit)
    if said == "PASS":
        if cell.hub.name == "faulty":
            yield "PASS for a hub with faults"
        if run.get("digest") != meant.get("digest"):
            yield "PASS with another digest than without faults"
        if cell.fault.lasting:
            yield "PASS while objects truly read as other bytes"
    true = cell.fault.lasting or cell.fault.spoils
    if said == "FAIL" and cell.hub.name == "healthy" and not true:
        yield "FAIL for a healthy hub: %s" % "; ".join(run.get("reasons", []))[:300]


def watched(cell, reference):
    """As `findings`, by the number of each code: a round names no ids."""
    run, meant = cell.first.run.summary(), reference.first.run.summary()
    if cell.fault.lasting:
        return
    for code, count in run.get("codes", {}).items():
        if count > meant["codes"].get(code, 0):
            yield "counts %d of %s, and without faults %d" % (count, code, meant["codes"].get(code, 0))
    if is_complete(cell.first.run) and run["codes"] != meant["codes"]:
        yield "says complete and lost findings: %s instead of %s" % (run["codes"], meant["codes"])


def served(cell, reference):
    """Whatever a client is sent as an answer holds together."""
    for which, end in runs(cell):
        for wrong in end.run.summary().get("wrong", [])[:3]:
            yield "%s run served what is wrong: %s" % (which, wrong)


def shown(cell, reference):
    run, meant = cell.first.run.summary(), reference.first.run.summary()
    codes = {finding["code"] for finding in run.get("findings", [])}
    extra = codes - {finding["code"] for finding in meant.get("findings", [])}
    if extra and not cell.fault.lasting:
        yield "finds what is not so: " + ", ".join(sorted(extra))
    if "missing" in str(run.get("verdict", "")) and not cell.fault.lasting:
        yield "says missing: " + run["verdict"]


def files(cell, reference):
    """A pulled file is the one that a run without faults pulls; what is called complete has them all."""
    meant = reference.first.files
    for which, end in runs(cell):
        for path, data in end.files.items():
            if path not in meant and "tmp" not in path:
                yield "%s run pulled a file too many: %s" % (which, path)
            elif path in meant and data != meant[path] and (cell.command.kind == "serve" or "/objects/" in "/" + path):
                yield "%s run pulled other bytes as %s" % (which, path)
        lost = set(meant) - set(end.files)
        if (end.run.exit == 0 or is_complete(end.run)) and lost:
            yield "%s run says complete and lacks %d files, as %s" % (which, len(lost), min(lost))


def health(cell, reference):
    """A store that refuses to be read or listed is not well."""
    if cell.first.run.exit == 0 and cell.fault.stops and cell.struck:
        yield "doctor finds nothing wrong with a store that does not answer"


def rebuilt(cell, reference):
    """A rebuilt database never holds rows that the store does not tell of, and complete means all of them."""
    meant = {table: set(rows) for table, rows in reference.first.rows.items()}
    for table, rows in cell.first.rows.items():
        extra = set(rows) - meant.get(table, set())
        if extra and not cell.fault.lasting:
            yield "makes %d rows too many in %s, as %s" % (len(extra), table, brief(min(extra, key=repr)))
    if cell.first.run.exit == 0 or is_complete(cell.first.run) and not cell.fault.lasting:
        for table, rows in meant.items():
            lost = rows - set(cell.first.rows.get(table, []))
            if lost:
                yield "says complete and lacks %d rows of %s" % (len(lost), table)
    ours, theirs = cell.first.run.summary(), reference.first.run.summary()
    told = ours.get("unknown", 1) or ours.get("held_back") or cell.fault.mute
    if not told and not cell.fault.lasting and cell.first.rows != reference.first.rows:
        yield "rows differ, and nothing is told to be unknown (commits %s of %s)" % (
            ours.get("commits"), theirs.get("commits"))


def done_means_done(cell, reference):
    """Exit 0 and outcomes without trouble mean the state of a run without faults."""
    if cell.fault.mute:
        return
    said, meant = cell.first.run.summary(), reference.first.run.summary()
    if said.get("steps") == meant.get("steps") and said.get("outcomes") == meant.get("outcomes") \
            and not said.get("trouble") and cell.first.run.exit in (0, reference.first.run.exit):
        yield from differences(cell, cell.first, reference, "a run that tells of no trouble")


def same_in_the_end(cell, reference):
    if cell.fault.lasting and cell.command.kind == "rebuild":
        return  # What truly reads as other bytes was left out for good; the program says so.
    if not cell.fault.lasting or cell.command.kind in ("pull", "serve"):
        yield from differences(cell, cell.second, reference, "a second run without faults")
    meant, now = reference.first.run.exit, cell.second.run.exit
    if now not in (0, meant):
        yield "a second run without faults ends with exit %s, not %s: %s" % (
            now, meant, (cell.second.run.err.strip() or json.dumps(cell.second.run.summary()))[:300])


def differences(cell, end, reference, who):
    """Where rows, objects, checkpoints or pulled files differ from those of a run without faults."""
    meant = reference.first
    for table, rows in meant.rows.items():
        lost, extra = set(rows) - set(end.rows.get(table, [])), set(end.rows.get(table, [])) - set(rows)
        if lost or extra:
            yield "%s leaves other rows of %s: %d lack, %d too many, as %s" % (
                who, table, len(lost), len(extra), brief(min(lost or extra, key=repr)))
    def plain(end):
        return {key: stored.bytes for key, stored in end.objects.items() if not key.startswith(OWN)}
    lost, extra = plain(meant).items() - plain(end).items(), plain(end).items() - plain(meant).items()
    if lost or extra:
        yield "%s leaves other objects: %d lack, %d too many, as %s" % (
            who, len(lost), len(extra), min(lost or extra)[0])
    if checkpoints(end) != checkpoints(meant):
        yield "%s leaves other checkpoints" % who
    if cell.command.kind in ("pull", "serve") and end.files.keys() != meant.files.keys():
        yield "%s leaves other files" % who


def checkpoints(end):
    """What the newest checkpoint of each repository says, without when and after which it was made."""
    newest = {}
    for key in sorted(end.objects):
        if not key.startswith("refs/"):
            continue
        try:
            said = json.loads(end.objects[key].bytes)
        except ValueError:
            continue
        for passing in ("made_at", "previous", "sequence"):
            said.pop(passing, None)
        newest[key.split("/")[1]] = said
    return newest


def runs(cell):
    return [("first", cell.first)] + ([("second", cell.second)] if cell.second else [])


def named(end):
    lines = end.run.lines("finding") + end.run.summary().get("left", [])
    return {(line["code"], line["kind"], line["id"], line.get("repo", "")) for line in lines}


def is_complete(run):
    """Whether a run says of itself that it saw or did everything."""
    said = run.summary()
    if "verdict" in said and "checks" in said:
        return not said.get("unknown") and str(said["verdict"]).upper() in ("PASS", "FAIL")
    return said.get("complete") is True


def truly(cell, kind, ident):
    """Whether the fault itself makes a finding true: objects of struck keys that read as other bytes."""
    if not cell.fault.lasting:
        return False
    if kind == "pack":
        return cell.fault.hits("objects/" + ident)
    uri = next((uri for (_, row), uri in hubs.links(cell.hub.rows).items() if row == ident), "")
    return cell.fault.hits(hubs.key_of(uri) or ident)


def keyed(rows):
    """{(first column, how many rows before it have the same): {column: value}}; a first column may come twice."""
    found, times = {}, {}
    for row in rows:
        first = row[0][1]
        times[first] = times.get(first, 0) + 1
        found[(first, times[first])] = dict(row)
    return found


def brief(row):
    return ", ".join("%s=%s" % (name, str(value)[:70]) for name, value in row[:4])


# What a command of each kind is judged by, beside what holds for all.
KINDS = {
    "audit": [findings], "watch": [watched], "signoff": [findings, verdict], "show": [shown], "doctor": [health],
    "pull": [files], "serve": [files, served], "rebuild": [rebuilt], "checkpoint": [done_means_done],
    "repair": [done_means_done], "undo": [done_means_done], "backfill": [done_means_done],
}
