# SPDX-License-Identifier: MIT
"""Messages near 65,535 bytes while dproxy adds something to them or takes something out: lengths of 16 bits wrapped
elsewhere."""
import pytest
from harness import behaviours, wire
from harness.prox_directory import route

SUBNET = wire.option(8, b"\0\1\x18\0\x7f\0\0")
MOST = 65535
NEAR = range(MOST - 40, MOST + 1)
MOST_UDP = 65507


def padded(length):
    """A query with EDNS, as long as that."""
    return wire.query("x.test", ident=7, additional=[wire.opt(MOST, wire.option(65001, bytes(length - 39)))])


def without_edns(length):
    return wire.query("x.test", ident=7, additional=[wire.record("y.test", wire.TXT, bytes(length - 42))])


@pytest.mark.parametrize("make, growth", [(padded, len(SUBNET)), (without_edns, 11 + len(SUBNET))],
                         ids=["EDNS", "no EDNS"])
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_a_query_grows_where_it_may_and_is_relayed_whole_where_not(world, make, growth, protocol):
    """`protocol` is that of the route: a query that came over TCP goes on over TCP."""
    upstream = world.upstream(1)
    proxy = world.relay(upstream, client_subnet="add", attempts=1, **({"protocol": "tcp"} if protocol == "tcp" else {}))
    with proxy.client("tcp") as client:
        for number, length in enumerate(NEAR):
            message = make(length)
            assert len(message) == length
            reply = client.ask(message)
            assert reply and wire.marker_of(reply) == 1, length
            arrived = upstream.wait_for(number + 1)[number].message
            assert len(arrived) == (length + growth if length + growth <= MOST else length), length
            assert arrived[12:24] == message[12:24]
            assert arrived.count(SUBNET) == (1 if length + growth <= MOST else 0)
            if length + growth > MOST:
                assert arrived[2:] == message[2:]


@pytest.mark.parametrize("edns", [True, False], ids=["EDNS", "no EDNS"])
@pytest.mark.parametrize("subnet", ["add", "off"])
def test_a_reply_as_long_as_there_can_be_comes_down(world, subnet, edns):
    scoped = wire.opt(1232, wire.option(8, b"\0\1\x18\x18\x7f\0\0"))
    kept = scoped if subnet == "off" else wire.opt(1232) if edns else b""
    upstream = world.upstream(1)
    proxy = world.relay(upstream, client_subnet=subnet, attempts=1)
    query = wire.query("x.test", ident=7, additional=[wire.opt(1232)] if edns else [])
    with proxy.client("tcp") as client:
        for length in NEAR:
            upstream.behaviour = behaviours.replying(behaviours.sized(length, opt=scoped))
            sent = behaviours.sized(length, opt=scoped)(query)
            wanted = sent[:-len(scoped)] + kept
            reply = client.ask(query)
            assert reply[12:] == wanted[12:] and len(reply) <= length, length


@pytest.mark.parametrize("length", [MOST_UDP - len(SUBNET), MOST_UDP - len(SUBNET) + 1, MOST_UDP])
def test_a_datagram_that_is_too_large_once_it_has_grown(world, length):
    """It is sent as it came, or answered; it is never lost, and holds up none behind it."""
    upstream = world.upstream(1)
    proxy = world.relay(upstream, client_subnet="add", attempts=1, timeout="3s")
    with proxy.client("udp") as client:
        reply = client.ask(padded(length))
        assert reply is not None and wire.ident_of(reply) == 7
        assert wire.rcode_of(reply) == wire.NOERROR
        assert wire.marker_of(client.ask(wire.query("x.test"))) == 1


@pytest.mark.parametrize("code", [3, 8, 14, 15, 65001])
def test_thousands_of_options_are_walked_once(world, transport, code):
    """Unbound took ever longer for them, and counted the room for their answers with too few bits."""
    upstream = world.upstream(1)
    proxy = world.proxy(route("add.test", upstream, client_subnet="add") + route("*", upstream))
    count = 16000 if transport == "tcp" else 300  # a datagram of 1,232 bytes, and a message as long as can be
    options = wire.option(code) * count
    with proxy.client(transport) as client:
        for name in ("add.test", "x.test") * 20:
            message = wire.query(name, ident=7, additional=[wire.opt(MOST, options)])
            assert wire.marker_of(client.ask(message)) == 1
            assert upstream.received[-1].message.count(options) == 1


def test_records_without_an_end_are_walked_once(world, transport):
    """As many records as a message takes, in each section, from client and upstream."""
    many = 5900 if transport == "tcp" else 90
    record = b"\0" + wire.record(b"", wire.TXT, b"")
    upstream = world.upstream(1, behaviours.replying(
        lambda message: behaviours.answer_to(message, 1, records=[record] * many)))
    proxy = world.relay(upstream, client_subnet="add", attempts=1)
    with proxy.client(transport) as client:
        for section in range(3):
            counts = [1, *(many if section == at else 0 for at in range(3))]
            query = wire.header(counts=counts, ident=7) + wire.question("x.test") + record * many
            reply = client.ask(query)
            assert wire.ident_of(reply) == 7 and wire.rcode_of(reply) == wire.NOERROR
