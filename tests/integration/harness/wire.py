# SPDX-License-Identifier: MIT
"""DNS messages as bytes: built by hand, so that broken ones are as easy as good ones."""
import random
import struct

A, NS, CNAME, SOA, HINFO, MX, TXT, AAAA, HTTPS = 1, 2, 5, 6, 13, 15, 16, 28, 65
OPT, TSIG, IXFR, AXFR, ANY = 41, 250, 251, 252, 255
IN = 1
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
QUERY, STATUS, NOTIFY, UPDATE = 0, 2, 4, 5
QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
ROOT = b"\0"


def name(text):
    """`www.example.com` on the wire. No escapes."""
    labels = [label.encode() for label in text.strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + ROOT


def long_name(length, suffix="example.com"):
    """A name of exactly `length` bytes on the wire below the suffix."""
    tail = name(suffix)
    room, labels = length - len(tail), []
    while room > 0:
        take = min(room, 64)
        if room - take == 1:  # a label has two bytes at least
            take -= 1
        labels.append(bytes([take - 1]) + b"x" * (take - 1))
        room -= take
    return b"".join(labels) + tail


def question(text, rtype=A, rclass=IN):
    wire = text if isinstance(text, bytes) else name(text)
    return wire + struct.pack("!HH", rtype, rclass)


def header(flags=RD, counts=(1, 0, 0, 0), ident=None, opcode=QUERY):
    """Twelve bytes, with a random ID where none is given."""
    ident = random.getrandbits(16) if ident is None else ident
    return struct.pack("!6H", ident, flags | opcode << 11, *counts)


def query(text, rtype=A, rclass=IN, flags=RD, opcode=QUERY, additional=(), ident=None, trailing=b""):
    """A message with one question and the given additional records."""
    return (header(flags, (1, 0, 0, len(additional)), ident, opcode) + question(text, rtype, rclass)
            + b"".join(additional) + trailing)


def record(owner, rtype, data=b"", rclass=IN, ttl=60):
    wire = owner if isinstance(owner, bytes) else name(owner)
    return wire + struct.pack("!HHIH", rtype, rclass, ttl, len(data)) + data


def option(code, data=b""):
    return struct.pack("!HH", code, len(data)) + data


def opt(size=1232, options=b"", dnssec_ok=False, version=0):
    return record(ROOT, OPT, options, rclass=size, ttl=version << 16 | (0x8000 if dnssec_ok else 0))


def soa(serial, owner=b"\xc0\x0c", ttl=30):
    data = name("ns.test") + name("admin.test") + struct.pack("!5I", serial, 60, 60, 600, 30)
    return record(owner, SOA, data, ttl=ttl)


def ident_of(message):
    return struct.unpack_from("!H", message)[0]


def flags_of(message):
    return struct.unpack_from("!H", message, 2)[0]


def opcode_of(message):
    return flags_of(message) >> 11 & 15


def rcode_of(message):
    return flags_of(message) & 15


def counts_of(message):
    return struct.unpack_from("!4H", message, 4)


def with_ident(message, ident):
    return struct.pack("!H", ident) + message[2:]


def read_name(message, at):
    """The labels of a name, and where it ends. Follows compression."""
    labels, end, jumps = [], None, 0
    while message[at]:
        if message[at] >= 0xC0:
            end = at + 2 if end is None else end
            at = struct.unpack_from("!H", message, at)[0] & 0x3FFF
            jumps += 1
            if jumps > 20:
                raise ValueError("a loop of compression pointers")
        else:
            labels.append(message[at + 1:at + 1 + message[at]])
            at += 1 + message[at]
    return labels, at + 1 if end is None else end


def question_end(message):
    return read_name(message, 12)[1] + 4


def question_of(message):
    """The bytes of the first question."""
    return message[12:question_end(message)]


def question_name(message):
    return b".".join(read_name(message, 12)[0]).decode("latin1")


def question_type(message):
    return struct.unpack_from("!H", message, question_end(message) - 4)[0]


def records(message):
    """(section 1 to 3, type, class, ttl, data, whole record) of each record."""
    counts = counts_of(message)
    at, found = 12, []
    for _ in range(counts[0]):
        at = read_name(message, at)[1] + 4
    for section in (1, 2, 3):
        for _ in range(counts[section]):
            begin, at = at, read_name(message, at)[1]
            rtype, rclass, ttl, length = struct.unpack_from("!HHIH", message, at)
            data = message[at + 10:at + 10 + length]
            at += 10 + length
            found.append((section, rtype, rclass, ttl, data, message[begin:at]))
    return found


def opt_of(message):
    """The OPT record as (size, flags, options by code), or None."""
    for _, rtype, rclass, ttl, data, _ in records(message):
        if rtype == OPT:
            options, at = {}, 0
            while at < len(data):
                code, length = struct.unpack_from("!HH", data, at)
                options[code] = data[at + 4:at + 4 + length]
                at += 4 + length
            return rclass, ttl, options
    return None


def extended_errors(message):
    """The Extended DNS Error (RFC 8914) in a list, empty where there is none."""
    found = opt_of(message)
    return [struct.unpack_from("!H", found[2][15])[0]] if found and 15 in found[2] else []


def marker_of(message):
    """The last number of the first A record: which upstream answered. None where there is no A record."""
    for section, rtype, _, _, data, _ in records(message):
        if section == 1 and rtype == A:
            return data[3]
    return None
