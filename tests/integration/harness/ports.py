# SPDX-License-Identifier: MIT
"""Ports that are free for UDP and TCP on the loopback addresses of both families."""
import random
import socket

# Below the ephemeral range of Linux (32768), so that no connection of another test takes one between the
# look here and the bind of the program.
LOWEST, HIGHEST = 10240, 32700
choice = random.SystemRandom()
ADDRESSES = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))


def free_port():
    """A port that nobody has, on any address, in either family and transport."""
    for _ in range(1000):
        port = choice.randint(LOWEST, HIGHEST)
        if all(can_bind(family, kind, address, port) for family, address in ADDRESSES
               for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            return port
    raise RuntimeError("no free port found")


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
