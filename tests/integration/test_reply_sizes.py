# SPDX-License-Identifier: MIT
"""Replies of all sizes: relayed whole where the client takes them, else cut to header, question and OPT with TC."""
import pytest
from harness import behaviours, wire

MAX_DATAGRAM = 65507  # what IPv4 carries
REPLY_OPT = wire.opt(1400, wire.option(3, b"server"), dnssec_ok=True)
SIZES = [(None, 512), (0, 512), (100, 512), (512, 512), (1232, 1232), (4096, 4096), (65535, 65535)]
LENGTHS = [100, 512, 513, 1232, 1233, 1500, 4000, 4096, 4097, 20000, 60000]


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    return shared_world.relay(upstream)


@pytest.fixture(scope="module")
def over_tcp(shared_world, upstream):
    return shared_world.relay(upstream, protocol="tcp")


def query(size):
    return wire.query("Size.test", wire.TXT, additional=[] if size is None else [wire.opt(size)])


def expect_cut(reply, message, limit, opt=REPLY_OPT):
    assert len(reply) <= limit
    assert wire.flags_of(reply) & wire.TC
    assert wire.ident_of(reply) == wire.ident_of(message)
    assert wire.question_of(reply) == wire.question_of(message)
    assert reply[wire.question_end(reply):] == opt
    assert wire.counts_of(reply) == (1, 0, 0, 1 if opt else 0)


@pytest.mark.parametrize("size, limit", SIZES)
@pytest.mark.parametrize("length", LENGTHS)
def test_over_udp(proxy, upstream, size, limit, length):
    opt = b"" if size is None else REPLY_OPT
    make = behaviours.sized(length, opt=opt)
    upstream.behaviour = behaviours.replying(make)
    message = query(size)
    reply = proxy.ask("udp", message, family=4)
    if length <= limit:
        assert reply == make(message)
    else:
        expect_cut(reply, message, limit, opt)
        assert wire.flags_of(reply) & ~wire.TC == wire.flags_of(make(message))


@pytest.mark.parametrize("length", [*LENGTHS, MAX_DATAGRAM, 65535])
@pytest.mark.parametrize("size", [None, 512, 4096])
def test_over_tcp_all_is_relayed_whole(proxy, upstream, family, length, size):
    make = behaviours.sized(length, opt=REPLY_OPT)
    upstream.behaviour = behaviours.replying(make)
    message = query(size)
    assert proxy.ask("tcp", message, family) == make(message)


def test_the_largest_datagram(proxy, upstream):
    make = behaviours.sized(MAX_DATAGRAM)
    upstream.behaviour = behaviours.replying(make)
    message = query(65535)
    assert proxy.ask("udp", message) == make(message)


@pytest.mark.parametrize("length", [100, 1232])
def test_an_answer_fetched_over_tcp_fits_into_a_safe_datagram(over_tcp, upstream, length):
    make = behaviours.sized(length, opt=REPLY_OPT)
    upstream.behaviour = behaviours.replying(make)
    message = query(4096)
    assert over_tcp.ask("udp", message) == make(message)
    assert upstream.received[-1].transport == "tcp"


@pytest.mark.parametrize("size, limit", [(4096, 1232), (65535, 1232), (600, 600), (None, 512)])
def test_a_larger_answer_fetched_over_tcp_is_cut(over_tcp, upstream, size, limit):
    upstream.behaviour = behaviours.replying(behaviours.sized(1300, opt=REPLY_OPT))
    message = query(size)
    expect_cut(over_tcp.ask("udp", message), message, limit)


def test_an_answer_fetched_over_tcp_is_whole_over_tcp(over_tcp, upstream):
    make = behaviours.sized(60000)
    upstream.behaviour = behaviours.replying(make)
    message = query(None)
    assert over_tcp.ask("tcp", message) == make(message)


def test_tc_from_the_upstream_is_passed_on(proxy, upstream, transport):
    def make(message):
        return behaviours.answer_to(message, 1, flags=wire.TC, additional=REPLY_OPT)

    upstream.behaviour = behaviours.replying(make)
    message = query(1232)
    assert proxy.ask(transport, message) == make(message)


def test_a_client_may_then_come_by_tcp(proxy, upstream):
    """What stub resolvers do with TC."""
    make = behaviours.sized(4000)
    upstream.behaviour = behaviours.replying(make)
    message = query(None)
    assert wire.flags_of(proxy.ask("udp", message)) & wire.TC
    assert proxy.ask("tcp", message) == make(message)


def test_an_opt_that_does_not_fit_is_left_out(proxy, upstream):
    upstream.behaviour = behaviours.replying(behaviours.sized(1000, opt=wire.opt(1232, wire.option(65001, bytes(600)))))
    message = query(512)
    expect_cut(proxy.ask("udp", message), message, 512, b"")


def test_a_large_reply_that_does_not_walk_is_cut_to_the_question(proxy, upstream):
    upstream.behaviour = behaviours.replying(lambda message: behaviours.sized(1000)(message)[:6] + b"\0\x63" * 3
                                             + behaviours.sized(1000)(message)[12:])
    message = query(512)
    expect_cut(proxy.ask("udp", message), message, 512, b"")


def test_the_name_of_255_bytes_fits_with_tc(proxy, upstream):
    upstream.behaviour = behaviours.replying(behaviours.sized(1000, opt=REPLY_OPT))
    message = wire.query(wire.long_name(255), additional=[wire.opt(512)])
    expect_cut(proxy.ask("udp", message), message, 512)


def test_large_queries_are_relayed(proxy, upstream, transport):
    upstream.behaviour, before = behaviours.answer, len(upstream.received)
    message = wire.query("large.test", additional=[wire.opt(options=wire.option(65001, bytes(60000)))])
    assert wire.marker_of(proxy.ask(transport, message)) == 1
    assert upstream.received[before].message[2:] == message[2:]
