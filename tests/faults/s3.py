"""An S3 server in memory that fails on a script.

It shares nothing with the program under test: sockets, a dict of objects, and the few requests that an object
store needs (ListObjectsV2, GET with ranges, HEAD, PUT with conditions). Signatures are not verified. Each request
may be struck by one fault of a `Script` (faults.py), which changes the answer or takes its place.
"""

import base64
import hashlib
import socket
import struct
import threading
import time
import urllib.parse
import zlib
from email.utils import formatdate
from xml.sax.saxutils import escape

PAGE = 1000
REASONS = {200: "OK", 206: "Partial Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
           409: "Conflict", 412: "Precondition Failed", 416: "Range Not Satisfiable", 429: "Too Many Requests",
           500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Slow Down"}
CODES = {403: "AccessDenied", 404: "NoSuchKey", 412: "PreconditionFailed", 416: "InvalidRange",
         429: "TooManyRequests", 500: "InternalError", 501: "NotImplemented", 503: "SlowDown"}


class Stored:
    """An object: bytes, when they were stored (seconds since 1970), and their tag."""

    __slots__ = ("bytes", "modified", "etag")

    def __init__(self, data, modified):
        self.bytes = data
        self.modified = modified
        self.etag = '"%s"' % hashlib.md5(data).hexdigest()


class Request:
    def __init__(self, method, target, headers):
        self.method = method
        path, _, query = target.partition("?")
        parts = urllib.parse.unquote(path).lstrip("/").partition("/")
        self.bucket, self.key = parts[0], parts[2]
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.headers = headers
        self.body = b""

    @property
    def op(self):
        """What a fault can name: GET, HEAD, PUT, LIST or BUCKET."""
        if self.key:
            return self.method
        return "LIST" if self.method == "GET" else "BUCKET"


class Answer:
    def __init__(self, status, body=b"", headers=None):
        self.status = status
        self.body = body
        self.headers = headers or {}
        # What is announced, where that is not the body's own length; None leaves the length out.
        self.length = len(body)
        # How many bytes of the body are sent before the connection ends, where not all are.
        self.sent = None
        # Not even the status is sent.
        self.silent = False
        # Ends the connection with a reset instead of a clean close.
        self.reset = False
        self.chunked = False
        # Seconds between single bytes of the body.
        self.drip = 0


def refusal(status, code=None):
    code = code or CODES.get(status, REASONS[status].replace(" ", ""))
    xml = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>scripted</Message></Error>' % code
    return Answer(status, xml.encode(), {"Content-Type": "application/xml"})


class Server:
    """Serves one bucket, `hub`, until it is closed."""

    def __init__(self):
        self.objects = {}
        # The objects as they were when the cell began: what a stale listing shows.
        self.before = {}
        self.script = None
        self.lock = threading.RLock()
        # Set when a cell ends: whoever stalls gives up.
        self.over = threading.Event()
        self.requests = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.endpoint = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def begin(self, objects, script=None):
        """Starts a cell: these objects, this script."""
        with self.lock:
            self.heal()
            self.objects = dict(objects)
            self.before = dict(objects)
            self.script = script
            self.requests = 0

    def heal(self):
        """Ends all faults; the objects stay."""
        with self.lock:
            self.over.set()
            self.over = threading.Event()
            self.script = None

    def snapshot(self):
        with self.lock:
            return dict(self.objects)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = connection.makefile("rb")
        try:
            while True:
                request = read_request(reader, connection)
                if request is None or not self._answer(request, connection):
                    return
        except (OSError, ValueError):
            pass
        finally:
            reader.close()
            connection.close()

    def _answer(self, request, connection):
        """Answers one request; False ends the connection."""
        with self.lock:
            self.requests += 1
            over, script = self.over, self.script
            effect = script.strike(request) if script else None
        if effect is None:
            answer = self.plain(request)
        else:
            answer = effect(self, request)
        if answer is None:  # A stall.
            over.wait(600)
            return False
        return send(connection, request, answer, over)

    def plain(self, request):
        """The answer of a server without faults."""
        with self.lock:
            if request.bucket != "hub":
                return refusal(404, "NoSuchBucket")
            if request.op == "BUCKET":
                return Answer(200)
            if request.op == "LIST":
                return listing(request, sorted(self.objects), self.objects)
            if request.op in ("GET", "HEAD"):
                return get(request, self.objects.get(request.key))
            if request.op == "PUT":
                return self.put(request)
            return refusal(501)

    def put(self, request, conditions=True, store=True):
        """Stores what is sent; without `conditions` whatever lies there, without `store` says so only."""
        headers = request.headers
        with self.lock:
            there = self.objects.get(request.key)
            wanted = headers.get("if-match")
            if conditions and headers.get("if-none-match") == "*" and there:
                return refusal(412)
            if conditions and wanted and (there is None or there.etag.strip('"') != wanted.strip('"')):
                return refusal(412 if there else 404)
            checksum = headers.get("x-amz-checksum-sha256")
            if checksum and base64.b64decode(checksum) != hashlib.sha256(request.body).digest():
                return refusal(400, "BadDigest")
            stored = Stored(request.body, time.time())
            if store:
                self.objects[request.key] = stored
            return Answer(200, b"", {"ETag": stored.etag})


def read_request(reader, connection):
    line = reader.readline(65536)
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = {}
    while True:
        line = reader.readline(65536)
        if line in (b"\r\n", b"\n", b""):
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    request = Request(method, target, headers)
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in headers.get("transfer-encoding", "") or "aws-chunked" in headers.get("content-encoding", ""):
        raise ValueError("a body in chunks is not spoken here")
    request.body = reader.read(int(headers.get("content-length", 0)))
    return request


def get(request, stored):
    if stored is None:
        return refusal(404)
    headers = {"ETag": stored.etag, "Last-Modified": formatdate(stored.modified, usegmt=True),
               "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    wanted = request.headers.get("range", "")
    if not wanted.startswith("bytes="):
        return Answer(200, stored.bytes, headers)
    first, _, last = wanted[6:].partition("-")
    size = len(stored.bytes)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return refusal(416)
    headers["Content-Range"] = "bytes %d-%d/%d" % (start, end, size)
    return Answer(206, stored.bytes[start:end + 1], headers)


def listing(request, keys, objects, more=None):
    """A page of ListObjectsV2 over `keys`, in the order in which they are given. `more` forces IsTruncated."""
    query = request.query
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    limit = min(int(query.get("max-keys", PAGE)), PAGE)
    # A token says how many keys were passed, and behind which key the listing began.
    begin, _, after = query.get("continuation-token", "0 " + query.get("start-after", "")).partition(" ")
    keys = [key for key in keys if key.startswith(prefix) and key > after]
    at = int(begin)
    entries, folders = [], []
    while at < len(keys) and len(entries) + len(folders) < limit:
        key = keys[at]
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            entries.append(key)
            at += 1
            continue
        folder = key[:cut + len(delimiter)]
        folders.append(folder)
        while at < len(keys) and keys[at].startswith(folder):
            at += 1
    truncated = at < len(keys) if more is None else more
    token = "%d %s" % (at, after) if truncated else None
    return Answer(200, page(query, entries, folders, objects, token), {"Content-Type": "application/xml"})


def page(query, entries, folders, objects, token):
    encode = urllib.parse.quote if query.get("encoding-type") == "url" else escape
    parts = ['<?xml version="1.0" encoding="UTF-8"?>'
             '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>hub</Name><Prefix>',
             encode(query.get("prefix", "")), "</Prefix><KeyCount>%d</KeyCount><MaxKeys>%s</MaxKeys>"
             % (len(entries) + len(folders), query.get("max-keys", PAGE)),
             "<EncodingType>url</EncodingType>" if query.get("encoding-type") == "url" else "",
             "<IsTruncated>%s</IsTruncated>" % str(token is not None).lower()]
    if token is not None:
        parts.append("<NextContinuationToken>%s</NextContinuationToken>" % escape(token))
    for key in entries:
        stored = objects[key]
        when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(stored.modified))
        parts.append("<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size>"
                     "<StorageClass>STANDARD</StorageClass></Contents>"
                     % (encode(key), when, escape(stored.etag), len(stored.bytes)))
    for folder in folders:
        parts.append("<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>" % encode(folder))
    parts.append("</ListBucketResult>")
    return "".join(parts).encode()


def send(connection, request, answer, over):
    """Sends an answer as it says; False where the connection ends with it."""
    reason = REASONS.get(answer.status, "OK")
    head = ["HTTP/1.1 %d %s" % (answer.status, reason), "Date: " + formatdate(usegmt=True),
            "x-amz-request-id: scripted"]
    head += ["%s: %s" % pair for pair in answer.headers.items()]
    if answer.chunked:
        head.append("Transfer-Encoding: chunked")
    elif answer.length is not None:
        head.append("Content-Length: %d" % answer.length)
    body = b"" if request.method == "HEAD" else answer.body
    if answer.sent is not None and request.method != "HEAD":
        body = body[:answer.sent]
    if answer.chunked and request.method != "HEAD":
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 4096]), body[at:at + 4096])
                        for at in range(0, len(body), 4096)) + b"0\r\n\r\n"
    data = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
    if answer.drip:
        connection.sendall(data)
        for byte in body:
            if over.wait(answer.drip):
                return False
            connection.sendall(bytes([byte]))
    elif not answer.silent:
        connection.sendall(data + body)
    if answer.reset:
        # What was sent comes first: a reset at once would throw it away.
        time.sleep(0.01)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    if answer.silent or answer.sent is not None:
        return False
    return request.method == "HEAD" or answer.chunked or answer.length == len(answer.body)


def gzipped(data):
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()
