# SPDX-License-Identifier: MIT
"""`ratelimit`: beyond it a client network gets TC every second time, so that a real one can come by TCP."""
import pytest
from harness import wire
from harness.client import UdpClient
from harness.deadline import wait_until
from harness.prox_directory import route

LIMIT, ASKED = 20, 400


@pytest.fixture
def proxy(world):
    return world.proxy(route("*", world.upstream(1)), workers=1, ratelimit=LIMIT)


def dropped_or_answered(proxy):
    metrics = proxy.metrics()
    return (metrics.sum("dproxy_dropped_total", reason="rate_limited"),
            metrics.sum("dproxy_responses_total", transport="udp"))


def replies_to(proxy, client, messages):
    """What comes until each message was answered or dropped by the limit. Not all at once, so that a slow machine has
    room for them."""
    dropped, answered_before = dropped_or_answered(proxy)
    before, replies = dropped + answered_before, []
    for begin in range(0, len(messages), 100):
        for message in messages[begin:begin + 100]:
            client.send(message)
        told = before + min(begin + 100, len(messages))
        wait_until(lambda: sum(dropped_or_answered(proxy)) >= told, lambda: f"{told}: {dropped_or_answered(proxy)}")
        # On loopback an answer is there when it has been sent.
        count = dropped_or_answered(proxy)[1] - answered_before - len(replies)
        replies += [client.receive() for _ in range(int(count))]
    return replies


def flood(proxy, source=None, family=4):
    """Far more than the limit in a moment; the replies."""
    with UdpClient("::1" if family == 6 else "127.0.0.1", proxy.port, source) as client:
        return replies_to(proxy, client, [wire.query("Flood.test", ident=ident, additional=[wire.opt()])
                                          for ident in range(ASKED)])


def cut(replies):
    return [reply for reply in replies if wire.flags_of(reply) & wire.TC]


def answered(replies):
    return [reply for reply in replies if wire.marker_of(reply) == 1]


def test_beyond_the_limit_every_second_query_gets_tc(proxy, family):
    replies = flood(proxy, None, family)
    good, truncated = answered(replies), cut(replies)
    assert LIMIT <= len(good) < ASKED / 2, f"{len(good)} answered"
    dropped = ASKED - len(replies)
    assert abs(len(truncated) - dropped) <= 1, f"{len(truncated)} with TC, {dropped} dropped"
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_dropped_total", reason="rate_limited") == dropped
    assert metrics.sum("dproxy_client_rejected_total", reason="rate_limited") == len(truncated)


def test_the_answer_with_tc_sends_a_stub_resolver_to_tcp(proxy):
    for reply in cut(flood(proxy)):
        assert wire.rcode_of(reply) == wire.NOERROR
        assert wire.flags_of(reply) & (wire.RA | wire.RD) == wire.RA | wire.RD
        assert wire.question_of(reply) == wire.question("Flood.test")
        assert wire.counts_of(reply)[1:3] == (0, 0)
    assert wire.marker_of(proxy.ask("tcp", "x.test")) == 1


def test_without_rd_the_answer_has_no_ra(proxy):
    with proxy.client("udp") as client:
        truncated = cut(replies_to(proxy, client, [wire.query("x.test", ident=ident, flags=0)
                                                   for ident in range(ASKED)]))
    assert truncated and not any(wire.flags_of(reply) & wire.RA for reply in truncated)


def test_another_network_is_not_touched(proxy):
    """A /24 is one client: 127.0.0.9 shares the fate of 127.0.0.1, 127.0.7.1 does not."""
    assert cut(flood(proxy))
    with UdpClient("127.0.0.1", proxy.port, "127.0.7.1") as other:
        assert wire.marker_of(other.ask(wire.query("x.test"))) == 1
    with UdpClient("::1", proxy.port) as six:
        assert wire.marker_of(six.ask(wire.query("x.test"))) == 1
    assert len(answered(flood(proxy, "127.0.0.9"))) < ASKED / 2


QUESTION = wire.question("Flood.test")
ERRORS = {  # settings of the program, a message, and the rcode that it is answered by
    "formerr": ({}, wire.header() + b"\xc0\x0c" + QUESTION, wire.FORMERR),
    "formerr_with_question": ({}, wire.query("Flood.test", additional=[wire.opt(), wire.opt()]), wire.FORMERR),
    "notimp": ({}, wire.header(counts=(0, 0, 0, 0), opcode=3), wire.NOTIMP),
    "not_allowed": ({"allow": "192.0.2.0/24"}, wire.query("Flood.test"), wire.REFUSED),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_count_like_any_answer(world, kind):
    """To whoever sends in another's name one answer is as good as another."""
    settings, message, rcode = ERRORS[kind]
    proxy = world.proxy(route("*", world.upstream(1)), workers=1, ratelimit=LIMIT, **settings)
    with proxy.client("udp") as client:
        replies = replies_to(proxy, client, [wire.with_ident(message, ident) for ident in range(ASKED)])
    assert {wire.rcode_of(reply) for reply in replies} == {rcode}, "TC would only bring it again"
    assert LIMIT <= len(replies) < ASKED / 2
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_dropped_total", reason="rate_limited") == ASKED - len(replies)
    assert metrics.sum("dproxy_client_rejected_total", reason="rate_limited") == 0
    if kind == "not_allowed":
        return  # its connection is closed
    for _ in range(2 * LIMIT):  # over TCP it is known who asks
        assert wire.rcode_of(proxy.ask("tcp", message)) == rcode


def test_what_strangers_get_is_hardly_longer_than_what_they_send(world, transport):
    """REFUSED to who may not ask, or for a name without a route; errors of form; the TC of this limit."""
    proxy = world.proxy(route("x.test", world.upstream(1), allow="192.0.2.0/24"), workers=1, ratelimit=LIMIT)
    shortest = wire.header(counts=(1, 0, 0, 1)) + wire.question(".") + wire.opt()
    for message in (shortest, wire.query("x.test", additional=[wire.opt()]), ERRORS["formerr"][1], ERRORS["notimp"][1]):
        reply = proxy.ask(transport, message)
        code = 6 if wire.rcode_of(reply) == wire.REFUSED else 0
        if transport == "udp":
            assert len(reply) <= len(message) + code
        elif code:
            assert len(reply) > len(message) + code, "over TCP the reason is told in words"
    assert all(len(reply) <= len(wire.query("Flood.test", additional=[wire.opt()])) + 6 for reply in flood(proxy))


def test_off_means_off(world):
    proxy = world.proxy(route("*", world.upstream(1)))
    with proxy.client("udp") as client:
        for begin in range(0, 2000, 50):
            for ident in range(begin, begin + 50):
                client.send(wire.query("x.test", ident=ident))
            assert {wire.ident_of(client.receive()) for _ in range(50)} == set(range(begin, begin + 50))
