# SPDX-License-Identifier: MIT
"""Ports that are free for UDP and TCP on the loopback addresses of both families."""
import random
import socket

# Below the ephemeral range of Linux (32768), so that no connection of another test takes one between the
# look here and the bind of the program.
LOWEST, HIGHEST = 10240, 32700
BLOCK = 64
choice = random.SystemRandom()
ADDRESSES = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))


class OwnPorts:
    """Ports that no other process of these tests gives out as long as this one lives: it has blocks of them, each held
    by a socket whose name only one process can have. Between the look at a port and its use there is time."""

    def __init__(self):
        self.names, self.left = [], []

    def next(self):
        if not self.left:
            self._take_block()
        return self.left.pop()

    def _take_block(self):
        blocks = list(range(LOWEST, HIGHEST - BLOCK, BLOCK))
        choice.shuffle(blocks)
        for first in blocks:
            name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                name.bind(f"\0dproxy-tests-ports-{first}")
            except OSError:
                name.close()
                continue
            self.names.append(name)
            self.left = choice.sample(range(first, first + BLOCK), BLOCK)
            return
        raise RuntimeError("all ports are taken by other tests")


own_ports = OwnPorts()


def free_port():
    """A port that nobody has, on any address, in either family and transport."""
    for _ in range(1000):
        port = own_ports.next()
        if all(can_bind(family, kind, address, port) for family, address in ADDRESSES
               for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            return port
    raise RuntimeError("no free port found")


class ClosedPort:
    """A port of 127.0.0.1 where nobody listens, nor can begin to while this is held: TCP is refused, as nothing
    listens, and UDP too, as the socket takes only what it sends to itself."""

    def __init__(self):
        self.port = free_port()
        self.sockets = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
        for one in self.sockets:
            one.bind(("127.0.0.1", self.port))
        self.sockets[0].connect(("127.0.0.1", self.port))

    def __str__(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        for one in self.sockets:
            one.close()


def can_bind(family, kind, address, port):
    with socket.socket(family, kind) as candidate:
        if family == socket.AF_INET6:
            candidate.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((address, port))
        except OSError:
            return False
        return True
