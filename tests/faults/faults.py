"""The faults: what strikes, which requests, how often; and what each may truly change.

An effect takes the server and a request and makes the answer (None: no answer at all). A schedule says which of
the requests that a fault is about are struck. A fault also says what a judge must know: whether it hits only
some keys, and whether an object truly reads differently as long as the fault lasts.
"""

import zlib

import s3


def status(number, code=None):
    return lambda server, request: s3.refusal(number, code)


def reset(server, request):
    answer = s3.Answer(200)
    answer.silent = answer.reset = True
    return answer


def stall(server, request):
    return None


def changed(change):
    """An effect that changes a sound answer with a body; others pass."""
    def effect(server, request):
        answer = server.plain(request)
        if answer.status in (200, 206) and answer.body:
            change(answer, request)
        return answer
    return effect


def _half(answer, request):
    answer.sent = len(answer.body) // 2


def _half_and_reset(answer, request):
    _half(answer, request)
    answer.reset = True


def _drip(answer, request):
    answer.drip = 0.5


def _short(answer, request):
    answer.body = answer.body[:len(answer.body) // 2]
    answer.length = len(answer.body)


def _hollow(answer, request):
    answer.body, answer.length = b"", 0


def _long(answer, request):
    answer.length += 10


def _flip(answer, request):
    at = len(answer.body) // 2
    answer.body = answer.body[:at] + bytes([answer.body[at] ^ 1]) + answer.body[at + 1:]


def _gzip(answer, request):
    answer.body = s3.gzipped(answer.body)
    answer.headers["Content-Encoding"] = "gzip"
    answer.length = len(answer.body) if request.method == "GET" else answer.length


def _gzip_said(answer, request):
    answer.headers["Content-Encoding"] = "gzip"


def _chunked(answer, request):
    answer.chunked = True


def _page(answer, request):
    answer.body = b"<html><body>Please sign in to the network.</body></html>"
    answer.headers = {"Content-Type": "text/html"}
    answer.length = len(answer.body)


def swallow(server, request):
    """Says that it stored, and did not."""
    return server.put(request, store=False)


def put_then(answer):
    """Stores, and answers as if it had not."""
    def effect(server, request):
        server.put(request)
        return answer(server, request)
    return effect


def deaf(server, request):
    """Ignores the conditions of a put."""
    return server.put(request, conditions=False)


def listed(keys, more=None, objects=None):
    """A listing over what `keys` makes of the sorted keys."""
    def effect(server, request):
        with server.lock:
            shown = objects(server) if objects else server.objects
            return s3.listing(request, keys(sorted(shown)), shown, more)
    return effect


def _every_other(keys):
    return keys[::2]


def _twice(keys):
    return [key for key in keys for _ in range(2)]


def _swapped(keys):
    return [key for at in range(0, len(keys), 2) for key in reversed(keys[at:at + 2])]


def endless(server, request):
    """The same page again and again, each with the word that more comes."""
    query = dict(request.query)
    query.pop("continuation-token", None)
    request.query = query
    with server.lock:
        return s3.listing(request, sorted(server.objects), server.objects, more=True)


class Schedule:
    """Strikes the n-th request, or those of some keys; counts for itself."""

    def __init__(self, name, strikes, of_whole=False):
        self.name, self.strikes = name, strikes
        # Whether it also asks how many requests the command sends without a fault.
        self.of_whole = of_whole


def chosen(key):
    """One key in ten, always the same ones."""
    return zlib.crc32(key.encode()) % 10 == 0


def few(key):
    """One key in three hundred, for what takes a time-out each."""
    return zlib.crc32(key.encode()) % 300 == 7


ONCE = Schedule("once", lambda n, nth_of_key, key: n == 1)
EACH = Schedule("once a key", lambda n, nth_of_key, key: nth_of_key == 1)
THIRD = Schedule("every 3rd", lambda n, nth_of_key, key: n % 3 == 0)
TENTH = Schedule("every 10th", lambda n, nth_of_key, key: n % 10 == 0)
KEYS = Schedule("for one key in ten", lambda n, nth_of_key, key: chosen(key))
KEYS_ONCE = Schedule("once for one key in ten", lambda n, nth_of_key, key: nth_of_key == 1 and chosen(key))
FEW = Schedule("for one key in 300", lambda n, nth_of_key, key: few(key))
ALWAYS = Schedule("always", lambda n, nth_of_key, key: True)
LATER = Schedule("from the 20th on", lambda n, nth_of_key, key: n >= 20)
SECOND = Schedule("from the 2nd on", lambda n, nth_of_key, key: n >= 2)


READ = "GET HEAD"
ALL = "GET HEAD PUT LIST BUCKET"


class Script:
    """One fault at work in one cell."""

    def __init__(self, fault, cell=None, whole=0):
        self.fault, self.cell, self.whole = fault, cell, whole
        self.seen, self.of_key, self.struck = 0, {}, 0

    def strike(self, request):
        if request.op not in self.fault.ops:
            return None
        # The store's own probe keys and a listing count like any other.
        place = (request.op, request.key)
        self.seen += 1
        self.of_key[place] = self.of_key.get(place, 0) + 1
        asked = (self.seen, self.of_key[place], request.key)
        if not self.fault.schedule.strikes(*asked, *([self.whole] if self.fault.schedule.of_whole else [])):
            return None
        self.struck += 1
        return self.fault.effect


class Fault:
    def __init__(self, name, effect, ops, schedule, lasting=False, hides=False):
        self.name, self.effect, self.schedule = name, effect, schedule
        self.ops = ops.split()
        # The struck objects truly read as other bytes, as often as they are read.
        self.lasting = lasting
        # The struck requests answer that something is not there.
        self.hides = hides
        # What machine.py adds: another world, further exits that are right, rows or words that mean nothing.
        self.world, self.exits, self.spoils, self.mute = None, (), False, False

    @property
    def title(self):
        struck = {ALL: "all requests", READ: "reads", "GET": "GET", "LIST": "listings", "PUT": "puts"}
        return "%s, %s, %s" % (self.name, struck[" ".join(self.ops)], self.schedule.name)

    @property
    def stops(self):
        """Whether reads go unanswered for good."""
        return self.name in ("500", "403", "reset") and "PUT" not in self.ops \
            and self.schedule in (ALWAYS, SECOND)

    @property
    def writes_only(self):
        return self.ops == ["PUT"]

    def hits(self, key):
        """Whether this key's object may be touched."""
        return {"for one key in ten": chosen, "for one key in 300": few}.get(self.schedule.name, lambda _: True)(key)


FAULTS = [
    Fault("500", status(500), ALL, ONCE),
    Fault("500", status(500), READ, KEYS_ONCE),
    Fault("500", status(500), ALL, TENTH),
    Fault("500", status(500), READ, KEYS),
    Fault("500", status(500), ALL, LATER),
    Fault("500", status(500), "LIST", THIRD),
    Fault("500", status(500), "LIST", SECOND),
    Fault("500", status(500), "PUT", THIRD),
    Fault("502", status(502), ALL, TENTH),
    Fault("502", status(502), READ, KEYS),
    Fault("503 SlowDown", status(503), ALL, TENTH),
    Fault("503 SlowDown", status(503), ALL, LATER),
    Fault("429", status(429), ALL, TENTH),
    Fault("429", status(429), READ, KEYS),
    Fault("403", status(403), READ, KEYS),
    Fault("403", status(403), READ, ALWAYS),
    Fault("403", status(403), "GET", KEYS),
    Fault("403", status(403), "LIST", SECOND),
    Fault("403", status(403), "PUT", ALWAYS),
    Fault("404", status(404), "GET", ONCE, hides=True),
    Fault("404", status(404), READ, EACH, hides=True),
    Fault("404", status(404), "GET", KEYS, hides=True),
    Fault("404", status(404), READ, KEYS, hides=True),
    Fault("404", status(404, "NoSuchBucket"), "LIST", SECOND, hides=True),
    Fault("reset", reset, ALL, TENTH),
    Fault("reset", reset, READ, KEYS),
    Fault("reset", reset, "LIST", SECOND),
    Fault("reset in the body", changed(_half_and_reset), "GET", TENTH),
    Fault("reset in the body", changed(_half_and_reset), "GET", KEYS),
    Fault("reset in the body", changed(_half_and_reset), "LIST", THIRD),
    Fault("stall", stall, READ, ONCE),
    Fault("stall", stall, READ, FEW),
    Fault("stall", stall, "LIST", ONCE),
    Fault("stall", stall, "PUT", ONCE),
    Fault("drip", changed(_drip), "GET", FEW),
    Fault("truncated", changed(_half), "GET", KEYS_ONCE),
    Fault("truncated", changed(_half), "GET", KEYS),
    Fault("truncated", changed(_half), "LIST", THIRD),
    Fault("short", changed(_short), "GET", EACH),
    Fault("short", changed(_short), "GET", KEYS, lasting=True),
    Fault("empty", changed(_hollow), "GET", KEYS, lasting=True),
    Fault("long", changed(_long), "GET", KEYS),
    Fault("flipped byte", changed(_flip), "GET", ONCE),
    Fault("flipped byte", changed(_flip), "GET", EACH),
    Fault("flipped byte", changed(_flip), "GET", KEYS, lasting=True),
    Fault("another page", changed(_page), "GET", EACH),
    Fault("another page", changed(_page), "LIST", SECOND),
    Fault("gzip", changed(_gzip), READ, ALWAYS, lasting=True),
    Fault("gzip", changed(_gzip), "GET", EACH),
    Fault("gzip said, not done", changed(_gzip_said), "GET", KEYS),
    Fault("chunked", changed(_chunked), "GET", ALWAYS),
    Fault("put swallowed", swallow, "PUT", THIRD),
    Fault("put swallowed", swallow, "PUT", ALWAYS),
    Fault("put done, reply lost", put_then(reset), "PUT", THIRD),
    Fault("put done, reply 500", put_then(status(500)), "PUT", THIRD),
    Fault("conditions ignored", deaf, "PUT", ALWAYS),
    Fault("listing stale", listed(lambda keys: keys, objects=lambda server: server.before), "LIST", ALWAYS),
    Fault("listing short", listed(_every_other), "LIST", ALWAYS, hides=True),
    Fault("listing empty", listed(lambda keys: []), "LIST", SECOND, hides=True),
    Fault("listing doubled", listed(_twice), "LIST", ALWAYS),
    Fault("listing unsorted", listed(_swapped), "LIST", ALWAYS),
    Fault("listing endless", endless, "LIST", ALWAYS),
    Fault("listing cut, more promised", listed(lambda keys: keys[:len(keys) // 2], more=True), "LIST", ALWAYS),
]
