# SPDX-License-Identifier: MIT
"""Which replies are taken: from the right place, to the right question. All others are counted and waited past."""
import struct

import pytest
from harness import behaviours, wire

RIGHT, WRONG = 1, 66


def forged(change):
    """A full answer with the wrong marker, changed."""
    return lambda message: change(behaviours.answer_to(message, WRONG))


def with_question(question):
    return lambda message: (struct.pack("!6H", wire.ident_of(message), wire.QR | wire.RD, 1, 1, 0, 0) + question
                            + wire.record(b"\xc0\x0c", wire.A, bytes([192, 0, 2, WRONG])))


def with_bits(clear, change):
    def make(reply):
        return reply[:2] + struct.pack("!H", wire.flags_of(reply) & ~clear | change) + reply[4:]
    return forged(make)


def with_count(count, rcode=0):
    """QDCOUNT says `count`; the rest stays."""
    def make(reply):
        return reply[:2] + struct.pack("!HH", wire.flags_of(reply) | rcode, count) + reply[6:]
    return forged(make)


WRONG_REPLIES = {
    "ID": forged(lambda reply: wire.with_ident(reply, wire.ident_of(reply) ^ 0x0100)),
    "name": with_question(wire.question("y.test")),
    "name below": with_question(wire.question("a.x.test")),
    "type": with_question(wire.question("x.test", wire.TXT)),
    "class": with_question(wire.question("x.test", wire.A, 3)),
    "QR clear": with_bits(wire.QR, 0),
    "opcode NOTIFY": with_bits(0x7800, wire.NOTIFY << 11),
    "opcode 15": with_bits(0x7800, 15 << 11),
    "eleven bytes": forged(lambda reply: reply[:11]),
    "question cut": forged(lambda reply: reply[:16]),
    "compressed question": with_question(b"\xc0\x0c" + struct.pack("!HH", 1, 1)),
    "two questions": with_count(2),
    "no question, NOERROR": behaviours.bare_header(wire.NOERROR),
    "no question, NXDOMAIN": behaviours.bare_header(wire.NXDOMAIN),
    "no question but records, NOERROR": with_count(0),
    "garbage": forged(lambda reply: b"\xff" * 64),
}
UDP_ONLY = {"an empty datagram": forged(lambda reply: b"")}


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(RIGHT)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    return shared_world.relay(upstream, timeout="10s", attempts=1)


@pytest.fixture(scope="module")
def hasty(shared_world, upstream):
    return shared_world.relay(upstream, timeout="300ms", attempts=1)


def then_right(make):
    return behaviours.replying(lambda message: [make(message), behaviours.answer_to(message, RIGHT)])


@pytest.mark.parametrize("make", WRONG_REPLIES.values(), ids=WRONG_REPLIES)
def test_a_wrong_reply_is_waited_past(proxy, upstream, transport, make):
    upstream.behaviour = then_right(make)
    reply = proxy.ask(transport, wire.query("x.test", additional=[wire.opt()]))
    assert (wire.rcode_of(reply), wire.marker_of(reply)) == (wire.NOERROR, RIGHT)


@pytest.mark.parametrize("make", WRONG_REPLIES.values(), ids=WRONG_REPLIES)
def test_a_wrong_reply_alone_is_none(hasty, upstream, transport, make):
    upstream.behaviour = behaviours.replying(make)
    reply = hasty.ask(transport, wire.query("x.test", additional=[wire.opt()]))
    assert wire.rcode_of(reply) == wire.SERVFAIL
    assert wire.extended_errors(reply) in ([22], [23])


@pytest.mark.parametrize("make", UDP_ONLY.values(), ids=UDP_ONLY)
def test_a_wrong_datagram_is_waited_past(proxy, upstream, make):
    upstream.behaviour = then_right(make)
    assert proxy.marker("x.test") == RIGHT


def test_a_reply_from_another_port_is_not_taken(proxy, upstream):
    def behave(exchange):
        exchange.reply_from_another_port(behaviours.answer_to(exchange.message, WRONG))
        behaviours.answer(exchange)

    upstream.behaviour = behave
    assert proxy.marker("x.test") == RIGHT


def test_a_reply_from_another_port_alone_is_none(hasty, upstream):
    upstream.behaviour = lambda exchange: exchange.reply_from_another_port(
        behaviours.answer_to(exchange.message, WRONG))
    assert wire.rcode_of(hasty.ask("udp", "x.test")) == wire.SERVFAIL


def test_a_reply_to_another_query_of_the_same_socket_goes_where_it_belongs(proxy, upstream, transport):
    """Two in flight; the replies have their IDs exchanged."""
    hold = behaviours.Hold()
    upstream.behaviour = hold
    before = len(upstream.received)
    with proxy.client(transport) as client:
        client.send(wire.query("one.test", ident=1))
        client.send(wire.query("two.test", ident=2))
        first, second = upstream.wait_for(before + 2)[before:]
        first.reply(wire.with_ident(behaviours.answer_to(first.message, WRONG), wire.ident_of(second.message)))
        second.reply(wire.with_ident(behaviours.answer_to(second.message, WRONG), wire.ident_of(first.message)))
        hold.release()
        got = {wire.ident_of(reply): reply for reply in (client.receive(), client.receive())}
    assert {ident: wire.question_name(reply) for ident, reply in got.items()} == {1: "one.test", 2: "two.test"}
    assert {wire.marker_of(reply) for reply in got.values()} == {RIGHT}


def test_a_second_reply_is_dropped(proxy, upstream, transport):
    upstream.behaviour = behaviours.replying(
        lambda message: [behaviours.answer_to(message, RIGHT), behaviours.answer_to(message, WRONG)])
    with proxy.client(transport) as client:
        for ident in range(20):
            reply = client.ask(wire.query("x.test", ident=ident))
            assert (wire.ident_of(reply), wire.marker_of(reply)) == (ident, RIGHT)


@pytest.mark.parametrize("rcode", [wire.REFUSED, wire.FORMERR, wire.SERVFAIL, wire.NOTIMP, 9])
def test_a_bare_header_with_an_error_is_relayed(proxy, upstream, transport, rcode):
    upstream.behaviour = behaviours.replying(behaviours.bare_header(rcode))
    message = wire.query("x.test", additional=[wire.opt()])
    assert proxy.ask(transport, message) == behaviours.bare_header(rcode)(message)


@pytest.mark.parametrize("asked, answered", [("WwW.X.test", "www.x.test"), ("www.x.test", "WWW.X.TEST")])
def test_a_reply_in_another_case_is_relayed_in_that_case(proxy, upstream, transport, asked, answered):
    upstream.behaviour = behaviours.replying(with_question(wire.question(answered)))
    reply = proxy.ask(transport, asked)
    assert wire.question_of(reply) == wire.question(answered)


def test_case_is_ignored_in_letters_only(hasty, upstream, transport):
    """`[` is `{` with another bit, as `A` is `a`."""
    upstream.behaviour = behaviours.replying(with_question(wire.question("{.test")))
    assert wire.rcode_of(hasty.ask(transport, wire.query("[.test"))) == wire.SERVFAIL


def test_an_unknown_opcode_is_matched_alike(proxy, upstream, transport):
    upstream.behaviour = then_right(with_bits(0x7800, wire.QUERY))
    assert wire.marker_of(proxy.ask(transport, wire.query("x.test", opcode=wire.STATUS))) == RIGHT


@pytest.mark.parametrize("wrong, reason", [("ID", "reply_unexpected"), ("name", "reply_mismatch"),
                                           ("QR clear", "reply_mismatch"), ("eleven bytes", "reply_malformed")])
def test_what_is_not_taken_is_counted(proxy, upstream, transport, wrong, reason):
    upstream.behaviour = then_right(WRONG_REPLIES[wrong])
    before = proxy.metrics().sum("dproxy_dropped_total", reason=reason)
    assert wire.marker_of(proxy.ask(transport, "x.test")) == RIGHT
    proxy.until_metric(before + 1, "dproxy_dropped_total", reason=reason)
