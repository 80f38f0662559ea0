# SPDX-License-Identifier: MIT
"""The PROXY protocol, version 2 ("The PROXY protocol", 2.2): sixteen bytes and two endpoints before a message."""
import socket
import struct
from typing import NamedTuple

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0, 1
TRANSPORT = {"tcp": 1, "udp": 2}
FAMILY = {1: (socket.AF_INET, 4), 2: (socket.AF_INET6, 16)}


class Header(NamedTuple):
    command: int
    transport: str = None
    source: tuple = None
    destination: tuple = None


def header(transport, source, destination):
    """What stands before a message of a client that asked from `source`; endpoints as getsockname() gives them."""
    family = socket.AF_INET6 if ":" in source[0] else socket.AF_INET
    addresses = b"".join(socket.inet_pton(family, end[0]) for end in (source, destination))
    ports = struct.pack("!HH", source[1], destination[1])
    kind = (2 if family == socket.AF_INET6 else 1) << 4 | TRANSPORT[transport]
    return SIGNATURE + bytes([0x20 | PROXY, kind]) + struct.pack("!H", len(addresses + ports)) + addresses + ports


def local_header():
    return SIGNATURE + bytes([0x20 | LOCAL, 0, 0, 0])


def read(octets):
    """(Header, its length); None while it is not whole. A ValueError where it is none."""
    if octets[:16][:12] != SIGNATURE[:len(octets)]:
        raise ValueError(f"no PROXY header: {octets[:60]!r}")
    if len(octets) < 16 or len(octets) < 16 + struct.unpack_from("!H", octets, 14)[0]:
        return None
    command, kind, end = octets[12], octets[13], 16 + struct.unpack_from("!H", octets, 14)[0]
    if command == 0x20 | LOCAL:
        return Header(LOCAL), end
    family, size = FAMILY[kind >> 4]
    if command != 0x20 | PROXY or end != 16 + 2 * size + 4:
        raise ValueError(f"not a PROXY header as it is written here: {octets[:60]!r}")
    ports = struct.unpack_from("!HH", octets, 16 + 2 * size)
    ends = [(socket.inet_ntop(family, octets[16 + size * i:16 + size * (i + 1)]), ports[i]) for i in (0, 1)]
    return Header(PROXY, {1: "tcp", 2: "udp"}[kind & 15], *ends), end
