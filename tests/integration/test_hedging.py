# SPDX-License-Identifier: MIT
"""`hedge`: a slow upstream is joined by a second one before it is given up, for one query in twenty at most."""
import threading

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until

QUERIES_FOR_ONE = 20
ONE_WORKER = {"workers": 1}  # each has a budget of its own


def requests(proxy, upstream, reason):
    return proxy.metrics().sum("dproxy_upstream_requests_total", upstream=str(upstream), reason=reason)


def hedges_of(proxy):
    return proxy.metrics().sum("dproxy_upstream_requests_total", reason="hedge")


def save_up(proxy, transport, hedges):
    """Quick queries that pay for so many hedges, and for those that a busy machine has meanwhile."""
    asked = 0
    with proxy.client(transport) as client:
        while asked < (hedges + hedges_of(proxy)) * QUERIES_FOR_ONE:
            assert asked < 2000, "each query is hedged"
            for number in range(asked, asked + QUERIES_FOR_ONE):
                assert wire.rcode_of(client.ask(wire.query(f"quick{number}.test"))) == wire.NOERROR
            asked += QUERIES_FOR_ONE


@pytest.mark.parametrize("hedge", ["20ms", "p95"])
def test_the_second_upstream_answers_for_a_slow_one(world, transport, hedge):
    slow, quick = world.upstream(1), world.upstream(2)
    proxy = world.relay(slow, quick, policy="first", hedge=hedge, timeout="30s", settings=ONE_WORKER)

    def is_hedged(name):
        """Or asked again: where the machine leaves dproxy without a turn until then, that comes first."""
        save_up(proxy, transport, 4)
        slow.behaviour = hold = behaviours.Hold()
        first, hedges, retries = (requests(proxy, slow, "first"), requests(proxy, quick, "hedge"),
                                  requests(proxy, quick, "retry"))
        assert wire.marker_of(proxy.ask(transport, name)) == 2
        hedged = requests(proxy, quick, "hedge") == hedges + 1
        assert hedged or requests(proxy, quick, "retry") == retries + 1
        assert requests(proxy, slow, "first") == first + 1
        assert len(slow.messages(name)) == len(quick.messages(name)) == 1
        hold.release()  # the late reply harms nobody
        slow.behaviour = behaviours.answer
        assert wire.marker_of(proxy.ask(transport, f"x.{name}")) in (1, 2)
        assert slow.messages(f"x.{name}"), "the first is not the first any more"
        proxy.until_metric(0, "dproxy_inflight_requests")
        return hedged
    assert any(is_hedged(f"slow{number}.test") for number in range(5))


def test_the_first_upstream_may_still_win(world, transport):
    first, second = world.upstream(1), world.upstream(2)
    proxy = world.relay(first, second, policy="first", hedge="5ms", timeout="30s", settings=ONE_WORKER)
    save_up(proxy, transport, 1)
    first.behaviour, second.behaviour = behaviours.Hold(), behaviours.Hold()
    with proxy.client(transport) as client:
        client.send(wire.query("x.test"))
        wait_until(lambda: second.messages("x.test"), "a second query")
        first.behaviour.release()
        assert wire.marker_of(client.receive()) == 1
    second.behaviour.release()


def test_no_more_than_one_query_in_twenty_is_hedged(world, transport):
    """A slow upstream, and a second that is quick: every query would gain by it."""
    timers = []

    def slowly(exchange):
        timers.append(threading.Timer(0.03, behaviours.answer, [exchange]))
        timers[-1].start()

    slow, quick = world.upstream(1, slowly), world.upstream(2)
    proxy = world.relay(slow, quick, policy="first", hedge="5ms", attempts=2, timeout="30s", settings=ONE_WORKER)
    with proxy.client(transport) as client:
        for number in range(200):
            assert wire.rcode_of(client.ask(wire.query(f"n{number}.test"))) == wire.NOERROR
    hedges = requests(proxy, quick, "hedge")
    assert 0 < hedges <= 200 / QUERIES_FOR_ONE
    for timer in timers:
        timer.join()


def test_without_another_upstream_there_is_no_hedge(world, transport):
    only = world.upstream(1)
    proxy = world.relay(only, hedge="5ms", timeout="30s", settings=ONE_WORKER)
    save_up(proxy, transport, 1)
    only.behaviour = hold = behaviours.Hold()
    with proxy.client(transport) as client:
        client.send(wire.query("x.test"))
        only.wait_for(QUERIES_FOR_ONE + 2)  # the second is the next attempt
        hold.release()
        assert wire.marker_of(client.receive()) == 1
    assert requests(proxy, only, "hedge") == 0 and requests(proxy, only, "retry") >= 1


def test_only_queries_are_hedged(world, transport):
    first, second = world.upstream(1), world.upstream(2)
    proxy = world.relay(first, second, policy="first", hedge="5ms", timeout="500ms", settings=ONE_WORKER)
    save_up(proxy, transport, 1)
    first.behaviour = behaviours.silence
    reply = proxy.ask(transport, wire.query("x.test", wire.SOA, opcode=wire.UPDATE, flags=0))
    assert wire.rcode_of(reply) == wire.SERVFAIL
    assert second.messages("x.test") == []


@pytest.mark.parametrize("value, said", [("p99", "`p95`"), ("1ms", "5ms"),
                                         ("p95\n    attempts = 1", "2 attempts or more")])
def test_what_is_no_hedge_is_said(world, value, said):
    proxy = world.relay("127.0.0.1:53", hedge=value)
    proxy.until_logged(said)
