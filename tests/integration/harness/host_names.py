# SPDX-License-Identifier: MIT
"""A nameserver for the host names of upstreams: addresses by name, changed at any time."""
import socket

from . import wire
from .behaviours import answer_to
from .deadline import wait_until
from .upstream import Upstream

AAAA, CNAME = 28, 5
AGAIN_SECONDS = 30  # until an address has changed: the floor of the TTL is 5 s


def address_record(owner, address, ttl):
    family, rtype = (socket.AF_INET6, AAAA) if ":" in address else (socket.AF_INET, wire.A)
    return wire.record(owner, rtype, socket.inet_pton(family, address), ttl=ttl)


class HostNames:
    """`addresses`: lists by name. What is not in it is NXDOMAIN. `react(exchange)` in place of an answer, if set."""

    def __init__(self, world, host="127.0.0.1", port=None, **addresses):
        self.addresses, self.ttl, self.react, self.asked = dict(addresses), 1, None, []
        self.server = Upstream(0, self.behave, host=host, port=port)
        world.at_end(self.server.close)

    def __str__(self):
        return str(self.server)

    def behave(self, exchange):
        self.asked.append((wire.question_name(exchange.message), wire.question_type(exchange.message),
                           exchange.transport))
        (self.react or self.answer)(exchange)

    def answer(self, exchange):
        exchange.reply(self.reply_to(exchange.message))

    def reply_to(self, message, flags=0):
        found = self.addresses.get(wire.question_name(message))
        if found is None:
            return answer_to(message, 0, wire.NXDOMAIN, records=[])
        found = found() if callable(found) else found
        six = wire.question_type(message) == AAAA
        records = [address_record(b"\xc0\x0c", one, self.ttl) for one in found if (":" in one) == six]
        return answer_to(message, 0, flags=flags, records=records)

    def times_asked(self, name):
        return sum(1 for asked in list(self.asked) if asked[0] == name)

    def until_asked_again(self, name, times=2):
        """A and AAAA, that often."""
        before = self.times_asked(name)
        wait_until(lambda: self.times_asked(name) >= before + 2 * times, f"another question for {name}", 60)


def host_of(proxy, name):
    """What /status says of the name."""
    return next(one for one in proxy.json("/status")["hosts"] if one["host"] == name)


def until_host(proxy, name, **wanted):
    wait_until(lambda: wanted.items() <= host_of(proxy, name).items(),
               lambda: f"{wanted}, but {host_of(proxy, name)}", 2 * AGAIN_SECONDS)


def upstreams_of(proxy):
    """Those that every worker knows."""
    return sorted(one["address"] for one in proxy.json("/status")["upstreams"])


def until_upstreams(proxy, *addresses):
    wanted = sorted(map(str, addresses))
    wait_until(lambda: upstreams_of(proxy) == wanted, lambda: f"{wanted}, but {upstreams_of(proxy)}")


def relay(world, names, name, port, **keys):
    """A program with one route to that name."""
    return world.relay(f"{name}:{port}", settings={"bootstrap": names}, **keys)
