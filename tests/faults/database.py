"""Faults of a database behind a network: what strikes which statements, and how often. Beside faults.py, for Postgres."""

import faults
import postgres

READS, WRITES, COMMITS, CONNECTS = "READ", "WRITE", "COMMIT", "CONNECT"
EVERY = "READ WRITE COMMIT OTHER"
NAMES = {READS: "reads", WRITES: "writes", COMMITS: "commits", CONNECTS: "connections", EVERY: "all statements"}


def error(code, words):
    """The server itself fails in place of the statement, so a transaction is failed there too."""
    text = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = '%s'; END $$" % (code, words)
    def effect(link, batch):
        link.behind.sendall(postgres.query(text))
        return True
    return effect


def killed(code, words):
    """The session ends with a word."""
    def effect(link, batch):
        link.client.sendall(postgres.fault(code, words, "FATAL"))
        return False
    return effect


def reset(link, batch):
    link.close(reset=True)
    return False


def reply_lost(link, batch):
    """The statement is carried out; nobody hears of it."""
    link.deaf = True
    link.behind.sendall(batch)
    return True


def stall(link, batch):
    link.server.over.wait(600)
    return False


def locked(statement, seconds):
    """Another session takes locks, and lets go of them after a while or with the end of the fault."""
    def effect(link, batch):
        link.server.hold(link.database, statement, seconds)
        link.behind.sendall(batch)
        return True
    return effect


class Fault(faults.Fault):
    @property
    def title(self):
        return "%s, %s, %s" % (self.name, NAMES[" ".join(self.ops)], self.schedule.name)

    @property
    def stops(self):
        return False

    @property
    def limit(self):
        """Seconds, where they are more than a command's own. A stall lasts until 120 s for a statement or 150 s of
        silence are over, and is tried once more; a single connection is waited for by whatever reads beside it.
        """
        return {"stall": 400, "too many clients": 200}.get(self.name, 0)

    @property
    def writes_only(self):
        return self.ops in ([WRITES], [COMMITS])


TWENTIETH = faults.Schedule("every 20th", lambda n, nth_of_key, key: n % 20 == 0)
OTHERS = faults.Schedule("every 2nd", lambda n, nth_of_key, key: n % 2 == 0)
AT_TENTH = faults.Schedule("at the 10th", lambda n, nth_of_key, key: n == 10)
THREE = faults.Schedule("the first three", lambda n, nth_of_key, key: n <= 3)

ENDED = killed("57P01", "terminating connection due to administrator command")
FULL = killed("53300", "sorry, too many clients already")
CONFLICT = error("40001", "canceling statement due to conflict with recovery")
TIMEOUT = error("57014", "canceling statement due to statement timeout")
READ_ONLY = error("25006", "cannot execute UPDATE in a read-only transaction")
# Every row that a repair, a push or a backfill may want; and a table, as a migration of the hub's takes it.
ROWS = "; ".join("SELECT 1 FROM musehub_%s FOR UPDATE" % table for table in ("commits", "snapshots", "objects", "branches"))
TABLE = "LOCK TABLE musehub_commits IN ACCESS EXCLUSIVE MODE"

FAULTS = [
    Fault("connection killed", ENDED, EVERY, faults.ONCE),
    Fault("connection killed", ENDED, EVERY, TWENTIETH),
    Fault("connection killed", ENDED, EVERY, faults.LATER),
    Fault("connection killed", ENDED, WRITES, faults.THIRD),
    Fault("connection killed", ENDED, COMMITS, faults.THIRD),
    Fault("connection reset", reset, EVERY, TWENTIETH),
    Fault("done, reply lost", reply_lost, COMMITS, faults.ONCE),
    Fault("done, reply lost", reply_lost, COMMITS, faults.THIRD),
    Fault("done, reply lost", reply_lost, WRITES, faults.THIRD),
    Fault("stall", stall, READS, faults.ONCE),
    Fault("stall", stall, READS, faults.LATER),
    Fault("stall", stall, COMMITS, faults.ONCE),
    Fault("too many clients", FULL, CONNECTS, OTHERS),
    Fault("too many clients", FULL, CONNECTS, faults.SECOND),
    Fault("starting up", killed("57P03", "the database system is starting up"), CONNECTS, THREE),
    Fault("serialization failure", error("40001", "could not serialize access"), WRITES, faults.THIRD),
    Fault("deadlock", error("40P01", "deadlock detected"), WRITES, faults.THIRD),
    Fault("lock not available", error("55P03", "canceling statement due to lock timeout"), WRITES, faults.THIRD),
    Fault("rows locked for 2 s", locked(ROWS, 2), WRITES, faults.ONCE),
    Fault("rows locked to the end", locked(ROWS, 600), WRITES, faults.ONCE),
    Fault("table locked for 2 s", locked(TABLE, 2), READS, AT_TENTH),
    Fault("table locked to the end", locked(TABLE, 600), READS, AT_TENTH),
    Fault("conflict with recovery", CONFLICT, READS, faults.TENTH),
    Fault("statement timeout", TIMEOUT, READS, faults.TENTH),
    Fault("statement timeout", TIMEOUT, READS, faults.LATER),
    Fault("read-only failover", READ_ONLY, WRITES, faults.ALWAYS),
    Fault("disk full", error("53100", "could not extend file: No space left on device"), WRITES, faults.THIRD),
    Fault("disk full", error("53100", "could not write to file: No space left on device"), READS, faults.TENTH),
    Fault("out of memory", error("53200", "out of memory"), READS, faults.TENTH),
    Fault("refused", error("42501", "permission denied for table musehub_commits"), READS, faults.LATER),
]
