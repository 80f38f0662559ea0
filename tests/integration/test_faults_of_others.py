# SPDX-License-Identifier: MIT
"""Faults that other DNS proxies and servers had, tried on this one: clients and upstreams. docs/security-tests.md says
whose they were."""
import struct
import threading

import pytest
from harness import behaviours, wire
from harness.client import framed
from harness.deadline import wait_until
from harness.program import BINARY
from harness.prox_directory import route

PIPELINED = 20000
# KiB, of each thread; a call for each query needs more. A sanitizer needs more for itself.
SMALL_STACK = [] if "san" in BINARY else ["sh", "-c", 'ulimit -s 512 && exec "$@"', "sh"]


def flood(client, messages):
    """Sends on a thread of its own, because answers have to be read meanwhile."""
    thread = threading.Thread(target=client.send_bytes, args=[b"".join(map(framed, messages))], daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("kind", ["answered by dproxy", "relayed", "to nobody", "malformed"])
def test_pipelined_queries_do_not_nest(world, closed_address, kind):
    keys = {"answered by dproxy": {"answer": "nxdomain"}, "to nobody": {"protocol": "tcp", "timeout": "2s"}}
    to = {"relayed": [world.upstream(1)], "to nobody": [closed_address], "malformed": [world.upstream(1)]}
    proxy = world.proxy(route("*", *to.get(kind, []), **keys.get(kind, {})), wrapper=SMALL_STACK, workers=1,
                        tcp_queries=100000, tcp_inflight=1000)
    made = wire.query("x.test")
    if kind == "malformed":
        made = wire.header(counts=(2, 0, 0, 0)) + wire.question("x.test")
    with proxy.client("tcp") as client:
        flood(client, (wire.with_ident(made, number) for number in range(PIPELINED)))
        found = [client.receive() for _ in range(PIPELINED)]
    assert {wire.ident_of(reply) for reply in found} == set(range(PIPELINED))


def test_replies_to_nobody_do_not_nest(world):
    """As many in one go as a connection takes, then the one that is waited for."""
    def behave(exchange):
        other = wire.ident_of(exchange.message) ^ 1
        exchange.send_bytes(framed(wire.with_ident(behaviours.answer_to(exchange.message, 66), other)) * PIPELINED)
        behaviours.answer(exchange)

    proxy = world.proxy(route("*", world.upstream(1, behave), protocol="tcp", timeout="30s"), wrapper=SMALL_STACK,
                        workers=1)
    assert proxy.marker("x.test") == 1


def test_replies_to_both_attempts_twice_each_are_one_answer(world, transport):
    hold = behaviours.Hold(lambda exchange: [behaviours.answer(exchange) for _ in range(2)])
    upstreams = [world.upstream(marker, hold) for marker in (1, 2)]
    proxy = world.relay(*upstreams, policy="first", timeout="6s", attempts=2)
    with proxy.client(transport) as client:
        client.send(wire.query("x.test", ident=1))
        for upstream in upstreams:
            upstream.wait_for(1)
        hold.release()
        assert wire.ident_of(client.receive()) == 1
        for ident in range(2, 20):
            assert wire.ident_of(client.ask(wire.query("y.test", ident=ident))) == ident


def pointer(offset):
    return struct.pack("!H", 0xC000 | offset)


def with_owner(owner, more=b""):
    """An answer whose A record has that owner, made of where it begins."""
    def make(message):
        at = wire.question_end(message)
        return behaviours.answer_to(message, 1, records=[
            *([wire.record(b"\0", wire.TXT, more)] if more else []),
            wire.record(owner(at + (len(more) + 11 if more else 0)), wire.A, b"\xc0\0\2\1")])
    return make


CHAIN = b"".join(pointer(max(0, at - 2)) for at in range(12 + 12 + 11, 16000, 2))  # each to the one before
POINTERS = {
    "to itself": with_owner(pointer),
    "into its own label": with_owner(lambda at: b"\1\xc0" + pointer(at + 1)),
    "to its own data": with_owner(lambda at: pointer(at + 12)),
    "forwards": with_owner(lambda at: pointer(at + 100)),
    "behind the end": with_owner(lambda at: pointer(0x3fff)),
    "in a circle of two": with_owner(lambda at: pointer(at + 2) + pointer(at)),
    "a long chain": with_owner(lambda at: pointer(at - 2), CHAIN),
}


@pytest.mark.parametrize("subnet", ["off", "add"])
@pytest.mark.parametrize("make", POINTERS.values(), ids=POINTERS)
def test_pointers_of_a_reply_are_not_followed(world, transport, make, subnet):
    """They are relayed as they came: the client has to see what it gets."""
    upstream = world.upstream(1, behaviours.replying(make))
    proxy = world.relay(upstream, client_subnet=subnet, attempts=1)
    query = wire.query("x.test", additional=[wire.opt(65535)])
    reply = proxy.ask(transport, query)
    whole = make(query)
    assert reply == whole or wire.flags_of(reply) & wire.TC and wire.question_of(reply) == wire.question_of(query)
    upstream.behaviour = behaviours.answer
    assert proxy.marker("y.test", transport) == 1


@pytest.mark.parametrize("rtype", [wire.AXFR, wire.IXFR])
@pytest.mark.parametrize("make", POINTERS.values(), ids=POINTERS)
def test_pointers_of_a_transfer_end_it(world, make, rtype):
    """Its SOA records are found by their owner; what cannot be read is none of the zone's."""
    def soa_in_place_of_a(message):
        made = make(message)
        at = made.rindex(struct.pack("!HHIH", wire.A, wire.IN, 60, 4))
        return made[:at] + wire.soa(1, b"")

    upstream = world.upstream(1, behaviours.replying(soa_in_place_of_a))
    proxy = world.relay(upstream, attempts=1, timeout="2s")
    assert wire.rcode_of(proxy.ask("tcp", wire.query("x.test", rtype))) == wire.SERVFAIL
    proxy.until_metric(0, "dproxy_tcp_connections", side="upstream")


WRONG_IDS = {f"bit {bit}": lambda ident, bit=bit: ident ^ 1 << bit for bit in range(16)} | {
    "one more": lambda ident: ident + 1 & 0xFFFF, "one less": lambda ident: ident - 1 & 0xFFFF,
    "its bytes exchanged": lambda ident: ident >> 8 | (ident & 255) << 8}


def test_an_id_that_is_nearly_right_is_wrong(world, transport):
    """All kinds at once, with another marker; then the right one."""
    def behave(exchange):
        ident = wire.ident_of(exchange.message)
        for change in WRONG_IDS.values():
            if change(ident) != ident:
                exchange.reply(wire.with_ident(behaviours.answer_to(exchange.message, 66), change(ident)))
        behaviours.answer(exchange)

    proxy = world.relay(world.upstream(1, behave))
    for _ in range(20):
        assert proxy.marker("x.test", transport) == 1


@pytest.mark.parametrize("rtype", [wire.AXFR, wire.IXFR])
def test_a_transfer_with_an_id_that_is_nearly_right_is_none(world, rtype):
    def behave(exchange):
        ident = wire.ident_of(exchange.message)
        for change in WRONG_IDS.values():
            if change(ident) != ident:
                refusal = behaviours.answer_to(exchange.message, 0, wire.REFUSED, records=[])
                exchange.reply(wire.with_ident(refusal, change(ident)))

    proxy = world.relay(world.upstream(1, behave), timeout="500ms", attempts=1)
    assert wire.rcode_of(proxy.ask("tcp", wire.query("x.test", rtype))) == wire.SERVFAIL


def test_a_reply_with_every_id_there_is(world):
    """None of them fits; the port is left for it, and the query asked over TCP."""
    def behave(exchange):
        if exchange.transport == "udp":
            other = behaviours.answer_to(wire.query("other.test"), 66)
            for ident in range(65536):
                exchange.reply(wire.with_ident(other, ident))
        behaviours.answer(exchange)

    proxy = world.relay(world.upstream(1, behave), timeout="30s")
    assert proxy.marker("x.test") == 1


BAD_DATAGRAMS = {"empty": b"", "one byte": b"\0", "half a header": bytes(6), "a header alone": bytes(12),
                 "no question": b"\0\0\x80" + bytes(9), "ones": b"\xff" * 512, "65,507 bytes": bytes(65507)}


@pytest.mark.parametrize("bad", BAD_DATAGRAMS.values(), ids=BAD_DATAGRAMS)
def test_a_bad_datagram_holds_up_none_behind_it(world, bad):
    """From the upstream before its reply, and from the client before its query; many, so that they fill a batch."""
    def behave(exchange):
        for _ in range(70):
            exchange.reply(bad)
        behaviours.answer(exchange)

    proxy = world.relay(world.upstream(1, behave, transports=("udp",)), attempts=1, timeout="20s")
    with proxy.client("udp") as client:
        for _ in range(70):
            client.send(bad)
        query = wire.query("x.test", ident=0x7777)
        client.send(query)
        replies = iter(client.receive, None)
        assert next(reply for reply in replies if wire.ident_of(reply) == 0x7777) == behaviours.answer_to(query, 1)


@pytest.mark.parametrize("part", [b"\0", b"\0\x40", b"\0\x40" + bytes(20)], ids=["half a length", "a length", "more"])
def test_an_upstream_that_stops_in_a_message_keeps_nobody_waiting(world, part):
    """The time that a query has runs from when it came, whatever of its reply is there; the next connection is good."""
    upstream = world.upstream(1, behaviours.Script(lambda exchange: exchange.send_bytes(part), behaviours.answer))
    proxy = world.relay(upstream, world.upstream(2, behaviours.silence), protocol="tcp", policy="first", attempts=1,
                        timeout="1s")
    assert wire.rcode_of(proxy.ask("udp", "x.test")) == wire.SERVFAIL
    wait_until(lambda: proxy.marker("y.test") == 1, "an answer on another connection")


def test_an_upstream_that_sends_a_byte_now_and_then_is_left(world):
    """Progress in bytes is none: RouteDNS began to count when a length was there."""
    stop = threading.Event()
    world.at_end(stop.set)

    def drip(exchange):
        octets = iter(framed(behaviours.sized(60000)(exchange.message)))

        def run():
            while not stop.wait(0.05):
                exchange.send_bytes(bytes([next(octets)]))
        threading.Thread(target=run, daemon=True).start()

    upstream = world.upstream(1, behaviours.Script(drip, drip, behaviours.answer))
    proxy = world.relay(upstream, protocol="tcp", attempts=1, timeout="700ms")
    assert wire.rcode_of(proxy.ask("udp", "x.test")) == wire.SERVFAIL
    wait_until(lambda: proxy.marker("y.test") == 1, "an answer on another connection")


def test_an_upstream_that_always_closes_costs_few_connections(world):
    """Knot Resolver connected again and again for one query."""
    upstream = world.upstream(1, behaviours.close_at_once)
    proxy = world.relay(upstream, protocol="tcp", attempts=3, timeout="2s")
    for number in range(50):
        assert wire.rcode_of(proxy.ask("udp", f"x{number}.test")) == wire.SERVFAIL
    assert len(upstream.connections) <= 50 * 2 * 3
