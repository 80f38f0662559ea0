# SPDX-License-Identifier: MIT
"""`cache_stale`: answers beyond their TTL, for when the upstreams bring none (RFC 8767)."""
import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from test_cache import answering, events, ttl_of

STALE = 3


def opened(name="x.test"):
    return wire.query(name, additional=[wire.opt()])


@pytest.fixture
def gone_stale(world):
    """A program that has an answer beyond its TTL, and its upstream."""
    def start(**keys):
        upstream = world.upstream(1, answering(ttl=1))
        proxy = world.relay(upstream, cache="on", cache_stale="1h", settings={"workers": 1}, **keys)
        proxy.ask("udp", "x.test")
        upstream.behaviour = behaviours.silence

        def is_stale():
            reply = proxy.ask("udp", opened())
            return STALE in wire.extended_errors(reply)
        wait_until(is_stale, "a stale answer")
        return proxy, upstream
    return start


@pytest.mark.parametrize("after", ["0s", "100ms"])
def test_a_silent_upstream_leaves_the_stale_answer(gone_stale, after):
    proxy, _ = gone_stale(cache_stale_after=after, timeout="1s")
    for _ in range(3):
        reply = proxy.ask("udp", opened())
        assert wire.marker_of(reply) == 1 and ttl_of(reply) == 30 and STALE in wire.extended_errors(reply)
        assert wire.marker_of(proxy.ask("tcp", "x.test")) == 1
    assert events(proxy, "stale") >= 6
    assert proxy.metrics().sum("dproxy_responses_total", source="stale") >= 6


def test_it_is_refreshed_behind_the_answer(world):
    upstream = world.upstream(1, answering(ttl=1))
    proxy = world.relay(upstream, cache="on", cache_stale="1h", cache_stale_after="0s", timeout="60s", attempts=1,
                        settings={"workers": 1})
    proxy.ask("udp", "x.test")
    upstream.behaviour = hold = behaviours.Hold()
    wait_until(lambda: STALE in wire.extended_errors(proxy.ask("udp", opened())), "a stale answer")
    wait_until(lambda: len(hold.held) == 1, "the question behind it")
    for _ in range(5):
        assert STALE in wire.extended_errors(proxy.ask("udp", opened()))
    assert len(hold.held) == 1, "one is enough"
    hold.release()
    wait_until(lambda: STALE not in wire.extended_errors(proxy.ask("udp", opened())), "a fresh answer")


@pytest.mark.parametrize("failure", [behaviours.with_rcode(wire.SERVFAIL), behaviours.with_rcode(wire.REFUSED)],
                         ids=["SERVFAIL", "REFUSED"])
def test_a_failure_leaves_the_stale_answer_and_is_not_asked_again_at_once(world, failure):
    upstream = world.upstream(1, answering(ttl=1))
    proxy = world.relay(upstream, cache="on", cache_stale="1h", settings={"workers": 1})
    proxy.ask("udp", "x.test")
    upstream.behaviour = failure
    wait_until(lambda: STALE in wire.extended_errors(proxy.ask("udp", opened())), "a stale answer")
    asked = len(upstream.received)
    for _ in range(10):
        assert STALE in wire.extended_errors(proxy.ask("udp", opened()))
    assert len(upstream.received) == asked


def test_an_upstream_in_time_is_waited_for(world):
    upstream = world.upstream(1, answering(ttl=1))
    proxy = world.relay(upstream, cache="on", cache_stale="1h", cache_stale_after="10s", timeout="20s")
    proxy.ask("udp", "x.test")
    wait_until(lambda: proxy.ask("udp", opened()) and len(upstream.received) == 2, "a second question")
    assert events(proxy, "stale") == 0
