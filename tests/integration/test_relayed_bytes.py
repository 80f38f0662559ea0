# SPDX-License-Identifier: MIT
"""A message survives to the bit, up and down: only its ID changes. What belongs to one hop: test_cookies."""
import struct

import pytest
from harness import behaviours, wire
from harness.prox_directory import route

NSID = wire.option(3, bytes(8))
OPTIONS = wire.option(65001, b"\0\1\2") + wire.option(65002, bytes(40)) + wire.option(8, b"\0\1\x18\0\xc0\0\2")
TSIG_DATA = (wire.name("hmac-sha256") + struct.pack("!HIHH", 0, 1700000000, 300, 32) + bytes(range(32))
             + struct.pack("!HHH", 0x1234, 0, 0))
SIG0 = wire.record(wire.ROOT, 24, bytes(18) + wire.ROOT + bytes(64), rclass=255, ttl=0)
ADDRESS = wire.record(b"\xc0\x0c", wire.A, b"abcd")
TSIG = wire.record("key.example", wire.TSIG, TSIG_DATA, rclass=255, ttl=0)


def update():
    """An UPDATE with a prerequisite and two updates (RFC 2136)."""
    return (wire.header(0, (1, 1, 2, 0), opcode=wire.UPDATE) + wire.question("x.test", wire.SOA)
            + wire.record("a.x.test", wire.ANY, b"", 255, 0) + wire.record("b.x.test", wire.A, b"\1\2\3\4")
            + wire.record(b"\xc0\x0c", wire.TXT, b"\2hi", 254, 0))


UNKNOWN_RECORD = wire.record(b"\xc0\x0c", 65281, bytes(99), 77, 1 << 31)
SIGNATURE = wire.record(b"\xc0\x0c", 46, bytes(200))
QUERIES = {
    "plain": wire.query("x.test"),
    "mixed case": wire.query("wWw.ExAmPlE.tEsT"),
    "unknown type": wire.query("x.test", 65280),
    "type 0": wire.query("x.test", 0),
    "chaos class": wire.query("version.bind", wire.TXT, 3),
    "unknown class": wire.query("x.test", wire.A, 0x1234),
    "any class": wire.query("x.test", wire.ANY, 255),
    "the root": wire.query(".", wire.SOA),
    "binary labels": wire.query(b"\x05a.\0\xff*" + wire.name("test")),
    "name of 255": wire.query(wire.long_name(255)),
    "Z, AD and CD": wire.query("x.test", flags=wire.RD | wire.Z | wire.AD | wire.CD),
    "AA, TC, RA and an rcode": wire.query("x.test", flags=wire.AA | wire.TC | wire.RA | 9),
    "no flags": wire.query("x.test", flags=0),
    "EDNS": wire.query("x.test", additional=[wire.opt(4096, dnssec_ok=True)]),
    "EDNS options": wire.query("x.test", additional=[wire.opt(1400, NSID + OPTIONS)]),
    "EDNS version 7, extended rcode and Z": wire.query("x.test", additional=[wire.record(
        wire.ROOT, wire.OPT, b"", 512, 0x55077FFF)]),
    "an OPT that is not the last": wire.query("x.test", additional=[wire.opt(), ADDRESS]),
    "TSIG": wire.query("x.test", additional=[wire.opt(), TSIG]),
    "SIG(0)": wire.query("x.test", additional=[SIG0]),
    "records in answer and authority": wire.header(wire.RD, (1, 1, 1, 0)) + wire.question("x.test")
    + wire.record(b"\xc0\x0c", wire.A, b"abcd") + wire.soa(1),
    "bytes after the last record": wire.query("x.test", trailing=b"\0\1\2 and more"),
    "bytes after an OPT": wire.query("x.test", additional=[wire.opt()], trailing=bytes(300)),
    "STATUS with a question": wire.query("x.test", opcode=wire.STATUS),
    "opcode 15 with a question": wire.query("x.test", opcode=15, flags=0),
    "opcode 6 with records": wire.query("x.test", opcode=6, flags=0, additional=[wire.opt()]),
    "NOTIFY": wire.header(wire.AA, (1, 1, 0, 0), opcode=wire.NOTIFY) + wire.question("x.test", wire.SOA) + wire.soa(7),
    "UPDATE": update(),
    "UPDATE with TSIG": update()[:10] + b"\0\1" + update()[12:] + TSIG,
    "long": wire.query("x.test", additional=[wire.opt(4096, wire.option(65001, bytes(3000)))]),
}


def reply(message, flags=0, counts=(1, 0, 0, 0), rest=b"", rcode=0):
    asked = wire.flags_of(message)
    head = struct.pack("!HH4H", wire.ident_of(message), asked & 0x7900 | wire.QR | flags | rcode, *counts)
    return head + wire.question_of(message) + rest


REPLIES = {
    "flags": lambda m: reply(m, wire.AA | wire.RA | wire.Z | wire.AD | wire.CD),
    "no flags": reply,
    "rcode 11": lambda m: reply(m, rcode=11),
    "nxdomain with SOA": lambda m: reply(m, wire.AA, (1, 0, 1, 0), wire.soa(1), wire.NXDOMAIN),
    "bytes after the last": lambda m: reply(m, rest=b"tail\0\xff"),
    "counts that lie": lambda m: reply(m, counts=(1, 9, 9, 9), rest=b"\xc0"),
    "two OPTs": lambda m: reply(m, counts=(1, 0, 0, 2), rest=wire.opt() + wire.opt()),
    "TSIG": lambda m: reply(m, counts=(1, 1, 0, 1), rest=ADDRESS + TSIG),
    "unknown records": lambda m: reply(m, counts=(1, 1, 0, 0), rest=UNKNOWN_RECORD),
    "DNSSEC": lambda m: reply(m, wire.AD, (1, 1, 0, 1), SIGNATURE + wire.opt(dnssec_ok=True)),
    "extended rcode": lambda m: reply(m, counts=(1, 0, 0, 1), rest=wire.opt()[:5] + b"\1" + wire.opt()[6:]),
}


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    return shared_world.proxy(route("*", upstream))


@pytest.mark.parametrize("message", QUERIES.values(), ids=QUERIES)
def test_a_query_goes_up_to_the_bit(proxy, upstream, transport, family, message):
    before = len(upstream.received)
    upstream.behaviour = behaviours.replying(reply)
    answer = proxy.ask(transport, message, family)
    arrived = upstream.wait_for(before + 1)[before]
    assert arrived.message[2:] == message[2:]
    assert arrived.transport == transport
    assert answer == wire.with_ident(reply(arrived.message), wire.ident_of(message))


@pytest.mark.parametrize("make", REPLIES.values(), ids=REPLIES)
def test_a_reply_comes_down_to_the_bit(proxy, upstream, transport, make):
    upstream.behaviour = behaviours.replying(make)
    message = wire.query("Down.test", additional=[wire.opt()])
    assert proxy.ask(transport, message) == make(message)


@pytest.mark.parametrize("ident", [0, 1, 0x7FFF, 0xFFFF])
def test_the_client_gets_its_own_id_back(proxy, upstream, transport, ident):
    upstream.behaviour = behaviours.answer
    assert wire.ident_of(proxy.ask(transport, wire.query("x.test", ident=ident))) == ident


def test_ids_going_up_are_random(proxy, upstream, transport):
    upstream.behaviour, before = behaviours.answer, len(upstream.received)
    with proxy.client(transport) as client:
        for _ in range(200):
            assert client.ask(wire.query("x.test", ident=7)) is not None
    idents = [wire.ident_of(exchange.message) for exchange in upstream.received[before:]]
    assert len(set(idents)) > 180
    assert sum(abs(b - a) < 300 for a, b in zip(idents, idents[1:])) < 20, "IDs follow one another"
    assert min(idents) < 16384 and max(idents) > 49152


def test_source_ports_going_up_are_several_and_random(world):
    ports = []
    for _ in range(2):
        upstream = world.upstream(1)
        proxy = world.relay(upstream)
        for _ in range(100):
            assert proxy.marker("x.test") == 1
        ports.append({exchange.peer[1] for exchange in upstream.received})
    assert all(len(of_one) > 1 for of_one in ports), ports
    assert ports[0] != ports[1]
    ordered = sorted(ports[0])
    assert any(b - a > 100 for a, b in zip(ordered, ordered[1:])), f"neighbouring ports: {ordered}"


def test_answers_reach_the_client_that_asked(proxy, upstream):
    """Many clients with the same ID and different names."""
    upstream.behaviour = behaviours.Hold(behaviours.answer)
    clients = [proxy.client("udp", family=4 if number % 2 else 6) for number in range(100)]
    before = len(upstream.received)
    for number, client in enumerate(clients):
        client.send(wire.query(f"q{number}.test", ident=99))
    upstream.wait_for(before + 100)
    upstream.behaviour.release(reverse=True)
    for number, client in enumerate(clients):
        assert wire.question_name(client.receive()) == f"q{number}.test"
        client.close()
