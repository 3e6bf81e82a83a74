"""msgpack, as far as the wire uses it: maps, lists, text, bytes, integers, floats, true, false and nil."""

import struct

SIZED = {0xC4: ("!B", bytes), 0xC5: ("!H", bytes), 0xC6: ("!I", bytes), 0xD9: ("!B", str), 0xDA: ("!H", str),
         0xDB: ("!I", str), 0xDC: ("!H", list), 0xDD: ("!I", list), 0xDE: ("!H", dict), 0xDF: ("!I", dict)}
NUMBERS = {0xCA: "!f", 0xCB: "!d", 0xCC: "!B", 0xCD: "!H", 0xCE: "!I", 0xCF: "!Q", 0xD0: "!b", 0xD1: "!h", 0xD2: "!i",
           0xD3: "!q"}
CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def unpack(data):
    """The one value of `data`.

    Raises ValueError where it is cut, has bytes behind it, or holds what the wire does not use.
    """
    try:
        value, end = _value(data, 0)
    except (IndexError, struct.error) as error:
        raise ValueError("msgpack is cut") from error
    if end != len(data):
        raise ValueError("bytes behind the msgpack")
    return value


def _value(data, at):
    first, at = data[at], at + 1
    if first < 0x80 or first >= 0xE0:
        return (first if first < 0x80 else first - 0x100), at
    if first in CONSTANTS:
        return CONSTANTS[first], at
    if first in NUMBERS:
        form = NUMBERS[first]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if first < 0xC0:
        kind = dict if first < 0x90 else list if first < 0xA0 else str
        return _filled(data, at, kind, first & (0x1F if kind is str else 0x0F))
    if first not in SIZED:
        raise ValueError("msgpack of type %#x" % first)
    form, kind = SIZED[first]
    return _filled(data, at + struct.calcsize(form), kind, struct.unpack_from(form, data, at)[0])


def _filled(data, at, kind, size):
    if kind in (str, bytes):
        if at + size > len(data):
            raise IndexError(size)
        raw = data[at:at + size]
        return (raw.decode() if kind is str else raw), at + size
    found = []
    for _ in range(size * (2 if kind is dict else 1)):
        value, at = _value(data, at)
        found.append(value)
    return (dict(zip(found[::2], found[1::2])) if kind is dict else found), at


def pack(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return b"\xd3" + struct.pack("!q", value)
    if isinstance(value, str):
        raw = value.encode()
        return b"\xdb" + struct.pack("!I", len(raw)) + raw
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack("!I", len(value)) + value
    if isinstance(value, list):
        return b"\xdd" + struct.pack("!I", len(value)) + b"".join(map(pack, value))
    return b"\xdf" + struct.pack("!I", len(value)) + b"".join(pack(name) + pack(part) for name, part in value.items())
