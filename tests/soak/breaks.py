"""What is broken in a round, and what fails meanwhile."""

import signal

import faults
import hub as hubs
import machine
import s3

KINDS = {"musehub_commits": "commit_id", "musehub_snapshots": "snapshot_id", "musehub_objects": "object_id"}

# All faults of the store but those that make another truth, and those of the machine that strike at a moment.
FAULTS = [fault for fault in faults.FAULTS if not fault.lasting] + [
    machine.Fault("SIGKILL", when, machine.send(signal.SIGKILL), mute=True)
    for when in (machine.FIRST, machine.HALF, machine.LATE)]


def old(data):
    """An object past every grace period."""
    return s3.Stored(data, 0)


def execute(soak, sql, values=()):
    other = machine.sqlite3.connect(soak.database.path, timeout=60)
    with other:
        other.execute(sql, values)
    other.close()


def set_uri(soak, table, ident, uri):
    execute(soak, "UPDATE %s SET storage_uri = ? WHERE %s = ?" % (table, KINDS[table]), (uri, ident))


def lose_all(soak):
    """Every object of commits and snapshots is gone; returns the rows."""
    lost = [place for place in soak.truth.uris if place[0] != "musehub_objects"]
    for place in lost:
        drop(soak, soak.truth.uris[place])
    return lost


def drop(soak, uri):
    with soak.server.lock:
        soak.server.objects.pop(hubs.key_of(uri), None)


def some(soak):
    """Breaks some rows and objects, each once; returns what was done in words."""
    done, places = [], sorted(soak.truth.uris)
    made = sorted(soak.truth.made)
    for _ in range(soak.chance.randrange(1, 13)):
        deed = soak.chance.choice([unlink, unlink, relink, lose, spoil])
        place = soak.chance.choice(made if deed in (lose, spoil) else places)
        deed(soak, place)
        done.append("%s of %s" % (deed.__name__, place[1][:20]))
    return done


def unlink(soak, place):
    set_uri(soak, *place, None)


def relink(soak, place):
    others = sorted(uri for other, uri in soak.truth.uris.items() if other[0] == place[0] and other != place)
    set_uri(soak, *place, soak.chance.choice(others))


def lose(soak, place):
    drop(soak, soak.truth.uris[place])


def spoil(soak, place):
    key = hubs.key_of(soak.truth.uris[place])
    with soak.server.lock:
        stored = soak.server.objects.get(key)
        if stored and stored.bytes:
            first, last = hashed(stored.bytes)
            at = soak.chance.randrange(first, last)
            data = bytearray(stored.bytes)
            data[at] ^= 1 << soak.chance.randrange(8)
            soak.server.objects[key] = old(bytes(data))


def hashed(data):
    """A stretch of an object that its id hashes. Elsewhere a changed byte leaves an object that nobody can tell from
    another truth: no id hashes created_at."""
    for kind, field in ((b"commit ", b'"message":'), (b"snapshot ", b'"manifest":')):
        if data.startswith(kind) and field in data:
            first = data.index(field) + len(field) + 1
            return first, first + 4
    return 0, len(data)
