# SPDX-License-Identifier: MIT
"""`ratelimit`: beyond it a client network gets TC every second time, so that a real one can come by TCP."""
import pytest
from harness import wire
from harness.client import UdpClient
from harness.prox_directory import route

LIMIT, ASKED = 20, 400


@pytest.fixture
def proxy(world):
    return world.proxy(route("*", world.upstream(1)), workers=1, ratelimit=LIMIT)


def flood(proxy, source=None, family=4):
    """Far more than the limit in far less than a second; the replies."""
    with UdpClient("::1" if family == 6 else "127.0.0.1", proxy.port, source) as client:
        for ident in range(ASKED):
            client.send(wire.query("Flood.test", ident=ident, additional=[wire.opt()]))
        client.send(wire.query("x.test", opcode=3, ident=0xFFFF)[:12])
        replies = []
        while (reply := client.receive(patience=1.5)) is not None:
            replies.append(reply)
    return [reply for reply in replies if wire.opcode_of(reply) == wire.QUERY]


def cut(replies):
    return [reply for reply in replies if wire.flags_of(reply) & wire.TC]


def answered(replies):
    return [reply for reply in replies if wire.marker_of(reply) == 1]


def test_beyond_the_limit_every_second_query_gets_tc(proxy, family):
    replies = flood(proxy, None, family)
    good, truncated = answered(replies), cut(replies)
    assert LIMIT <= len(good) < ASKED / 2, f"{len(good)} answered"
    dropped = ASKED - len(replies)
    assert abs(len(truncated) - dropped) <= 2, f"{len(truncated)} with TC, {dropped} dropped"
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_dropped_total", reason="rate_limited") >= dropped - 1
    assert metrics.sum("dproxy_client_rejected_total", reason="rate_limited") >= len(truncated)


def test_the_answer_with_tc_sends_a_stub_resolver_to_tcp(proxy):
    for reply in cut(flood(proxy)):
        assert wire.rcode_of(reply) == wire.NOERROR
        assert wire.flags_of(reply) & (wire.RA | wire.RD) == wire.RA | wire.RD
        assert wire.question_of(reply) == wire.question("Flood.test")
        assert wire.counts_of(reply)[1:3] == (0, 0)
    assert wire.marker_of(proxy.ask("tcp", "x.test")) == 1


def test_without_rd_the_answer_has_no_ra(proxy):
    with proxy.client("udp") as client:
        for ident in range(ASKED):
            client.send(wire.query("x.test", ident=ident, flags=0))
        truncated = cut(iter(lambda: client.receive(patience=1.5), None))
    assert truncated and not any(wire.flags_of(reply) & wire.RA for reply in truncated)


def test_another_network_is_not_touched(proxy):
    """A /24 is one client: 127.0.0.9 shares the fate of 127.0.0.1, 127.0.7.1 does not."""
    assert cut(flood(proxy))
    with UdpClient("127.0.0.1", proxy.port, "127.0.7.1") as other:
        assert wire.marker_of(other.ask(wire.query("x.test"))) == 1
    with UdpClient("::1", proxy.port) as six:
        assert wire.marker_of(six.ask(wire.query("x.test"))) == 1
    assert len(answered(flood(proxy, "127.0.0.9"))) < ASKED / 2


def test_off_means_off(world):
    proxy = world.proxy(route("*", world.upstream(1)))
    with proxy.client("udp") as client:
        for begin in range(0, 2000, 50):
            for ident in range(begin, begin + 50):
                client.send(wire.query("x.test", ident=ident))
            assert {wire.ident_of(client.receive()) for _ in range(50)} == set(range(begin, begin + 50))
