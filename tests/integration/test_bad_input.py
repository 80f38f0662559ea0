# SPDX-License-Identifier: MIT
"""Messages that no client should send: dropped or answered as the contract says, over UDP and TCP alike."""
import random
import socket
import struct

import pytest
from harness import wire
from harness.client import UdpClient
from harness.prox_directory import route

X = wire.question("x.test")
BIG_RECORD = wire.record("y.test", wire.A, b"1234")


def message(counts=(1, 0, 0, 0), rest=X, opcode=wire.QUERY, flags=wire.RD, ident=0xABCD):
    return wire.header(flags, counts, ident, opcode) + rest


DROPPED = {
    "one byte": (b"\xab", "short_message"),
    "eleven bytes": (message()[:11], "short_message"),
    "a response": (message(flags=wire.QR | wire.RD), "response"),
    "a bare response": (message((0, 0, 0, 0), b"", flags=wire.QR), "response"),
}
FORMERR_BARE = {
    "no question": message((0, 0, 0, 0), b""),
    "no question, with a cookie": message((0, 0, 0, 1), wire.opt(options=wire.option(10, bytes(8)))),
    "no bytes of the question": message(rest=b""),
    "question cut in the name": message(rest=b"\7exam"),
    "question cut before the class": message(rest=X[:-2]),
    "compressed question": message(rest=b"\xc0\x0c" + struct.pack("!HH", 1, 1)),
    "compressed in its middle": message(rest=b"\1x\xc0\x0c" + struct.pack("!HH", 1, 1)),
    "label type 0x40": message(rest=b"\x41" + b"x" * 65 + b"\0" + struct.pack("!HH", 1, 1)),
    "label type 0x80": message(rest=b"\x81" + b"x" * 129 + b"\0" + struct.pack("!HH", 1, 1)),
    "name of 256": message(rest=wire.question(wire.long_name(256))),
    "name of 300": message(rest=wire.question(wire.long_name(300))),
    "NOTIFY without question": message((0, 0, 0, 0), b"", wire.NOTIFY),
    "UPDATE without zone": message((0, 0, 0, 0), b"", wire.UPDATE),
    "UPDATE with a compressed zone": message(rest=b"\xc0\x0c" + struct.pack("!HH", 6, 1), opcode=wire.UPDATE),
}
FORMERR_WITH_QUESTION = {
    "two OPTs": message((1, 0, 0, 2), X + wire.opt() + wire.opt(4096)),
    "a record that is not there": message((1, 0, 0, 1)),
    "an answer that is not there": message((1, 1, 0, 0)),
    "many records that are not there": message((1, 65535, 65535, 65535)),
    "record cut in the owner": message((1, 0, 0, 1), X + b"\7exam"),
    "record cut in the fixed part": message((1, 0, 0, 1), X + BIG_RECORD[:12]),
    "record cut in the data": message((1, 0, 0, 1), X + BIG_RECORD[:-1]),
    "data longer than the message": message((1, 0, 0, 1), X + b"\0" + struct.pack("!HHIH", 1, 1, 1, 65535)),
    "OPT cut": message((1, 0, 0, 1), X + wire.opt(options=wire.option(10, bytes(8)))[:-3]),
    "label type 0x40 in an owner": message((1, 0, 0, 1), X + b"\x41" + b"x" * 80),
    "second of two records cut": message((1, 1, 0, 1), X + BIG_RECORD + BIG_RECORD[:-2]),
    "NOTIFY with a cut record": message((1, 1, 0, 0), X + BIG_RECORD[:-2], wire.NOTIFY),
    "UPDATE with a cut record": message((1, 0, 1, 0), X + BIG_RECORD[:-2], wire.UPDATE),
}
NOTIMP = {
    f"opcode {opcode}, {what}": message(counts, rest, opcode)
    for opcode in (1, 2, 3, 6, 7, 15)
    for what, counts, rest in (("no question", (0, 0, 0, 0), b""), ("two questions", (2, 0, 0, 0), X + X),
                               ("a compressed question", (1, 0, 0, 0), b"\xc0\x0c\0\1\0\1"),
                               ("a cut question", (1, 0, 0, 0), X[:-1]))
}


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    return shared_world.proxy(route("*", upstream), workers=1)


def expect_error(proxy, transport, family, bad, rcode):
    """The answer's header must be that of an error of dproxy's own; returns the answer."""
    reply = proxy.ask(transport, bad, family)
    assert reply is not None, "no answer"
    assert wire.ident_of(reply) == wire.ident_of(bad)
    assert wire.opcode_of(reply) == wire.opcode_of(bad)
    assert wire.rcode_of(reply) == rcode
    assert wire.flags_of(reply) & (wire.QR | wire.AA | wire.TC | wire.RA) == wire.QR
    assert wire.flags_of(reply) & wire.RD == wire.flags_of(bad) & wire.RD
    assert len(reply) <= 512
    return reply


@pytest.mark.parametrize("bad, reason", DROPPED.values(), ids=DROPPED)
def test_dropped(proxy, transport, family, bad, reason):
    before = proxy.metrics().sum("dproxy_dropped_total", reason=reason)
    with proxy.client(transport, family) as client:
        client.send(bad)
        if transport == "udp":
            client.send(wire.query("good.test", ident=1))
            assert wire.ident_of(client.receive()) == 1
        else:
            client.send(wire.query("good.test", ident=1))
            reply = client.receive()  # a connection that is closed for it is well, too
            assert reply is None or wire.ident_of(reply) == 1
    assert proxy.metrics().sum("dproxy_dropped_total", reason=reason) == before + 1


def test_an_empty_datagram_is_dropped(proxy):
    before = proxy.metrics().sum("dproxy_dropped_total", reason="short_message")
    with proxy.client("udp") as client:
        client.send(b"")
        assert wire.marker_of(client.ask(wire.query("good.test"))) == 1
    assert proxy.metrics().sum("dproxy_dropped_total", reason="short_message") == before + 1


@pytest.mark.parametrize("bad", FORMERR_BARE.values(), ids=FORMERR_BARE)
def test_a_question_that_cannot_be_read_is_formerr_as_a_bare_header(proxy, transport, family, bad):
    reply = expect_error(proxy, transport, family, bad, wire.FORMERR)
    # Where the records can be read, an OPT is answered by one (RFC 6891 6.1.1).
    with_opt = wire.counts_of(bad)[0] == 0 and wire.counts_of(bad)[3] == 1
    assert wire.counts_of(reply) == (0, 0, 0, 1 if with_opt else 0)
    cookie = 28 if with_opt and b"\0\x0a\0\x08" in bad else 0
    assert len(reply) == 12 + 11 * with_opt + cookie


@pytest.mark.parametrize("bad", FORMERR_WITH_QUESTION.values(), ids=FORMERR_WITH_QUESTION)
def test_records_that_cannot_be_read_are_formerr(proxy, transport, family, bad):
    reply = expect_error(proxy, transport, family, bad, wire.FORMERR)
    assert wire.counts_of(reply)[0] == 1
    assert wire.question_of(reply) == X


def test_two_questions_are_formerr(proxy, transport, family):
    expect_error(proxy, transport, family, message((2, 0, 0, 0), X + X), wire.FORMERR)


@pytest.mark.parametrize("counts", [2, 3, 65535])
def test_a_question_count_that_lies_is_formerr(proxy, transport, counts):
    expect_error(proxy, transport, 4, message((counts, 0, 0, 0)), wire.FORMERR)


@pytest.mark.parametrize("bad", NOTIMP.values(), ids=NOTIMP)
def test_an_unknown_opcode_without_one_readable_question_is_notimp(proxy, transport, bad):
    expect_error(proxy, transport, 4, bad, wire.NOTIMP)


@pytest.mark.parametrize("opcode", [1, 2, 3, 6, 7, 15])
def test_an_unknown_opcode_with_a_question_is_relayed(proxy, upstream, transport, opcode):
    before = len(upstream.received)
    reply = proxy.ask(transport, message(opcode=opcode))
    assert wire.opcode_of(reply) == opcode and wire.marker_of(reply) == 1
    assert len(upstream.received) == before + 1


def test_nothing_bad_reached_the_upstream(proxy, upstream, transport):
    before = len(upstream.received)
    for bad in (*FORMERR_BARE.values(), *FORMERR_WITH_QUESTION.values(), *NOTIMP.values()):
        assert proxy.ask(transport, bad) is not None
    assert len(upstream.received) == before


def test_bad_input_is_counted_by_its_reason(proxy, transport):
    before = proxy.metrics()
    proxy.ask(transport, FORMERR_BARE["compressed question"])
    proxy.ask(transport, NOTIMP["opcode 3, no question"])
    after = proxy.metrics()
    for reason in ("format_error", "not_implemented"):
        assert (after.sum("dproxy_client_rejected_total", reason=reason)
                == before.sum("dproxy_client_rejected_total", reason=reason) + 1)


def test_source_port_zero_is_dropped(proxy):
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    except PermissionError:
        pytest.skip("raw sockets need privileges")
    payload = wire.query("x.test")
    udp = struct.pack("!HHHH", 0, proxy.port, 8 + len(payload), 0) + payload
    loopback = socket.inet_aton("127.0.0.1")
    with raw:
        raw.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, loopback, loopback) + udp,
                   ("127.0.0.1", 0))
    proxy.until_metric(1, "dproxy_dropped_total", reason="source_port_zero")


def test_random_messages_do_no_harm(proxy, transport):
    chance = random.Random(20261124)
    seeds = [*FORMERR_BARE.values(), *FORMERR_WITH_QUESTION.values(), wire.query("x.test", additional=[wire.opt()])]
    for _ in range(20):
        with proxy.client(transport) as client:
            try:
                for _ in range(50):
                    damaged = bytearray(chance.choice(seeds))
                    for _ in range(chance.randint(1, 8)):
                        damaged[chance.randrange(len(damaged))] = chance.getrandbits(8)
                    client.send(bytes(damaged[:chance.randint(0, len(damaged))] if chance.random() < .3 else damaged))
            except (ConnectionResetError, BrokenPipeError):
                pass  # a connection may be closed for it
    assert wire.marker_of(proxy.ask(transport, wire.query("still.test"))) == 1


def test_random_bytes_do_no_harm(proxy):
    chance = random.Random(1)
    with UdpClient("127.0.0.1", proxy.port) as client:
        for _ in range(1000):
            client.send(chance.randbytes(chance.randint(0, 700)))
    assert proxy.marker("still.test") == 1
