# SPDX-License-Identifier: MIT
"""A nameserver with the habits of those that the Go program stood in front of."""
import ipaddress
import threading

from . import wire
from .behaviours import answer_to
from .upstream import Upstream, is_loop_probe, is_probe

QUERIES_OF_A_CONNECTION = 128


def records_of(zone):
    """What every server of the tests has, as far as this one has such records."""
    hosts = {f"host{number}.{zone}": {"A": f"10.0.{number // 256}.{number % 256}"} for number in range(1000)}
    return {zone: {"A": "192.0.2.79"}, f"www.{zone}": {"A": "192.0.2.80", "AAAA": "2001:db8::80"},
            f"alias.{zone}": {"CNAME": f"www.{zone}"}, **hosts}


class SeedServer(Upstream):
    """Answers A and CNAME, and AAAA where `aaaa` says so. To everything else it is silent: to other types and names,
    to `. NS`, to what it has no record of. A TCP connection is closed behind the 128th query, while its answer is still
    being written, and that is the end of the server: it has `crashed` then."""

    def __init__(self, zone, aaaa=False, records=None, **keys):
        self.zone, self.crashed, self.begun = zone, False, {}
        self.records, self.counting = records or records_of(zone), threading.Lock()
        self.types = ("A", "CNAME", "AAAA") if aaaa else ("A", "CNAME")
        super().__init__(**keys)

    def _take(self, exchange):
        (self.probes if is_probe(exchange.message) else self.loop_probes if is_loop_probe(exchange.message)
         else self.received).append(exchange)
        if self.crashed or self._is_one_too_many(exchange):
            return
        answers = self._answers(wire.question_name(exchange.message).lower(), wire.question_type(exchange.message))
        if answers:
            try:
                exchange.reply(answer_to(exchange.message, 0, records=answers))
            except OSError:
                pass

    def _is_one_too_many(self, exchange):
        if not exchange.connection:
            return False
        with self.counting:
            asked = self.begun[exchange.connection] = self.begun.get(exchange.connection, 0) + 1
        if asked < QUERIES_OF_A_CONNECTION:
            return False
        self.crashed = True
        exchange.close()
        return True

    def _answers(self, name, rtype, owner=b"\xc0\x0c"):
        found = self.records.get(name, {})
        if "CNAME" in found and rtype in (wire.A, wire.CNAME):
            target = found["CNAME"]
            made = [wire.record(owner, wire.CNAME, wire.name(target))]
            return made if rtype == wire.CNAME else made + self._answers(target, rtype, wire.name(target))
        for text, number in (("A", wire.A), ("AAAA", wire.AAAA)):
            if rtype == number and text in self.types and text in found:
                return [wire.record(owner, number, ipaddress.ip_address(found[text]).packed)]
        return []
