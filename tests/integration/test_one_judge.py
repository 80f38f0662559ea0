# SPDX-License-Identifier: MIT
"""Who may ask, and which route a name has, is the same on every path: elsewhere one path forgot to ask, or zones were
compared as text."""
import socket

import pytest
from harness import behaviours, proxy_header, wire
from harness.prox_directory import route
from harness.zone_transfer import transfer_query

ELSEWHERE = "127.0.0.2"  # where the queries of these tests do not come from, unless they say so
SUBNET = wire.option(8, b"\0\1\x20\0" + socket.inet_aton(ELSEWHERE))
ASKED = {  # all that has a route
    "A": wire.query("secret.test"),
    "ANY": wire.query("secret.test", wire.ANY),
    "DS": wire.query("secret.test", 43),
    "class CHAOS": wire.query("secret.test", wire.TXT, 3),
    "class ANY": wire.query("secret.test", rclass=255),
    "another case": wire.query("SeCrEt.TEST"),
    "NOTIFY": wire.query("secret.test", wire.SOA, opcode=wire.NOTIFY),
    "UPDATE": wire.query("secret.test", wire.SOA, opcode=wire.UPDATE),
    "an unknown opcode": wire.query("secret.test", opcode=9),
    "another EDNS version": wire.query("secret.test", additional=[wire.opt(version=1)]),
    "in the name of another network": wire.query("secret.test", additional=[wire.opt(options=SUBNET)]),
    "signed": wire.query("secret.test", additional=[wire.record("key.test", wire.TSIG, bytes(30), 255, 0)]),
    "AXFR": transfer_query(name="secret.test"),
    "IXFR": wire.query("secret.test", wire.IXFR, flags=0),
    "a DSO message": wire.query("secret.test", opcode=6),
}


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def of_route(shared_world, upstream):
    return shared_world.proxy(route("secret.test", upstream, allow=ELSEWHERE, client_subnet="add")
                              + route("*", upstream))


@pytest.fixture(scope="module")
def of_program(shared_world, upstream):
    return shared_world.relay(upstream, settings={"allow": ELSEWHERE})


@pytest.fixture(scope="module")
def of_master(shared_world, upstream):
    return shared_world.proxy(None, usemasterupstream="true", masterupstream=upstream, masterallow=ELSEWHERE)


def is_badvers(reply):
    """What an unknown EDNS version is answered first; the upper bits of the rcode are in the OPT."""
    return wire.opt_of(reply)[1] >> 24 == 1 and wire.marker_of(reply) is None


@pytest.mark.parametrize("message", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("who", ["of_route", "of_program", "of_master"])
def test_who_may_not_ask_reaches_no_upstream(request, upstream, transport, who, message):
    proxy, before = request.getfixturevalue(who), len(upstream.received)
    upstream.behaviour = behaviours.answer
    reply = proxy.ask(transport, message)
    assert reply is None or wire.rcode_of(reply) == wire.REFUSED or is_badvers(reply)
    allowed = wire.query("secret.test", wire.MX)  # comes behind it, if that went anywhere
    assert wire.marker_of(proxy.ask(transport, allowed, source=ELSEWHERE)) == 1
    upstream.wait_for(before + 1)
    assert [wire.question_type(exchange.message) for exchange in upstream.received[before:]] == [wire.MX]


@pytest.mark.parametrize("message", ASKED.values(), ids=ASKED)
def test_the_same_is_asked_by_who_may(of_route, upstream, transport, message):
    """Else the test above would say nothing."""
    before, upstream.behaviour = len(upstream.received), behaviours.with_rcode(wire.NOTIMP)
    of_route.ask(transport, message, source=ELSEWHERE)
    upstream.wait_for(before + 1)


ENDS = (ELSEWHERE, 4000), ("127.0.0.1", 53)
HEADERS = {
    "version 1": b"PROXY TCP4 127.0.0.2 127.0.0.1 4000 53\r\n",
    "version 2 for TCP": proxy_header.header("tcp", *ENDS),
    "version 2 for UDP": proxy_header.header("udp", *ENDS),
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_proxy_header_of_a_client_says_nothing(of_route, upstream, transport, header):
    """dproxy reads none: it is the beginning of a message, and no query."""
    before = len(upstream.received)
    query = wire.query("secret.test")
    with of_route.client(transport) as client:
        if transport == "tcp":
            client.send_bytes(header)
        client.send(query if transport == "tcp" else header + query)
        reply = client.receive(1.0)
    assert reply is None or wire.rcode_of(reply) != wire.NOERROR
    assert len(upstream.received) == before


# Patterns, by which upstream; names, by which upstream they are answered (None: no route).
ZONES = {
    "a zone that ends alike": ("example.test", {"example.test": 1, "notexample.test": None, "-example.test": None}),
    "a name below that begins alike": ("*.example.test", {"a.example.test": 1, "example.test.test": None}),
    "text that comes before": ("*.b.example.test", {"x.b.example.test": 1, "x.a.example.test": 2, "b.example.test": 2}),
    "text that comes behind": ("*.zz.example.test", {"x.zz.example.test": 1, "x.z.example.test": 2,
                                                      "zz.example.test": 2}),
    "a shorter text that is the longer name": ("*.a.b.c.d.test", {"x.a.b.c.d.test": 1, "x.b.c.d.test": 2}),
}


@pytest.mark.parametrize("first", ["narrow", "wide"])
@pytest.mark.parametrize("pattern, expected", ZONES.values(), ids=ZONES)
def test_zones_are_compared_by_labels(world, pattern, expected, first):
    narrow, wide = world.upstream(1), world.upstream(2)
    sections = [route(pattern, narrow)]
    if 2 in expected.values():
        above = pattern.split(".", 2)[2]
        sections.append(route(f"*.{above}", wide))
    proxy = world.proxy("".join(sections if first == "narrow" else reversed(sections)))
    for name, marker in expected.items():
        for transport in ("udp", "tcp"):
            assert proxy.marker(name, transport) == marker, (name, transport)


@pytest.mark.parametrize("subzone", ["a", "zz"])
@pytest.mark.parametrize("rtype", [wire.AXFR, wire.IXFR])
def test_a_zone_that_may_be_transferred_opens_none_below_it(world, subzone, rtype):
    """CoreDNS took the rule of the parent where its text came behind that of the child."""
    upstream = world.upstream(1)
    proxy = world.proxy(route("*.example.test", upstream) + route("example.test", upstream)
                        + route(f"{subzone}.example.test", upstream, allow=ELSEWHERE))
    refused = proxy.ask("tcp", wire.query(f"{subzone}.example.test", rtype, flags=0))
    assert wire.rcode_of(refused) == wire.REFUSED
    assert not upstream.received


LABELS = {  # the labels of a name whose text looks like another name's
    "a dot in a label": [b"www.example", b"test"],
    "a zero in a label": [b"www", b"example\0", b"test"],
    "a zero before the name": [b"x\0www", b"example", b"test"],
    "a backslash": [b"www\\", b"example", b"test"],
    "an asterisk": [b"*", b"example", b"test"],
    "the whole name in one label": [b"www.example.test"],
    "with the dot behind": [b"www.example.test."],
    "a letter with its highest bit": [b"www", b"ex\xe1mple", b"test"],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_bytes_of_a_label_are_no_dots(world, transport, labels):
    upstream = world.upstream(1)
    proxy = world.proxy(route("www.example.test", upstream))
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    reply = proxy.ask(transport, wire.header() + wire.question(name))
    assert wire.rcode_of(reply) == wire.REFUSED
    assert wire.question_of(reply) == wire.question(name)
    assert not upstream.received
