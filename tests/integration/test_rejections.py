# SPDX-License-Identifier: MIT
"""Every query that is refused or overflows counts under its reason: over UDP, over TCP, and a zone transfer alike."""
import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.prox_directory import route
from harness.zone_transfer import transfer_query

NAME = "zone.test"
ELSEWHERE = "127.0.0.2"  # where no query of these tests comes from
OF_ROUTE = {"route_not_allowed": {"allow": ELSEWHERE}, "route_inflight_limit": {"max_inflight": 1}}
OF_PROGRAM = {"not_allowed": {"allow": ELSEWHERE}, "inflight_limit": {"max_inflight": 1}}
REASONS = {  # what the client gets: the rcode, and one of these extended errors
    "no_route": (wire.REFUSED, {20}),
    "route_answer": (wire.REFUSED, {18}),
    "not_allowed": (wire.REFUSED, {18}),
    "route_not_allowed": (wire.REFUSED, {18}),
    "master_not_allowed": (wire.REFUSED, {18}),
    "inflight_limit": (wire.SERVFAIL, set()),
    "route_inflight_limit": (wire.SERVFAIL, set()),
    "no_upstream": (wire.SERVFAIL, {22, 23}),
}


@pytest.fixture(params=["udp", "tcp", "transfer"])
def kind(request):
    return request.param


def transport_of(kind):
    return "udp" if kind == "udp" else "tcp"


def message_of(kind, name=NAME, ident=1):
    if kind == "transfer":
        return transfer_query(name=name, ident=ident, additional=[wire.opt()])
    return wire.query(name, ident=ident, additional=[wire.opt()])


def proxy_for(world, reason, upstream, closed_address):
    """A program that turns queries away for this reason."""
    settings = {"workers": 1, **OF_PROGRAM.get(reason, {})}
    if reason == "no_route":
        return world.proxy(route("other.test", upstream), **settings)
    if reason == "route_answer":
        return world.proxy(route("*", answer="refused"), **settings)
    if reason == "master_not_allowed":
        return world.proxy(None, usemasterupstream="true", masterupstream=upstream, masterallow=ELSEWHERE, **settings)
    address = closed_address if reason == "no_upstream" else upstream
    timeout = "2s" if reason == "no_upstream" else "20s"
    return world.proxy(route("*", address, timeout=timeout, **OF_ROUTE.get(reason, {})), **settings)


def test_a_connection_of_who_may_not_ask_is_closed_at_once(world):
    """`allow` of the settings is asked before anything is read: such clients hold no connection."""
    proxy = world.relay(world.upstream(1), settings={"workers": 1, "allow": ELSEWHERE})
    with proxy.client("tcp") as client:
        assert client.is_closed()
    metrics = proxy.metrics()
    assert metrics.one("dproxy_client_rejected_total", reason="not_allowed") == 1
    assert metrics.sum("dproxy_requests_total", transport="tcp") == 0


@pytest.mark.parametrize("reason", REASONS)
def test_each_is_answered_and_counted_by_its_reason(world, closed_address, reason, kind):
    if reason == "not_allowed" and kind != "udp":
        pytest.skip("see test_a_connection_of_who_may_not_ask_is_closed_at_once")
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = proxy_for(world, reason, upstream, closed_address)
    rcode, errors = REASONS[reason]
    gives_way = "inflight" in reason and kind != "transfer"
    with proxy.client(transport_of(kind)) as busy:
        if "inflight" in reason:
            busy.send(message_of(kind, ident=1))
            upstream.wait_for(1)
        for number in range(3):
            if gives_way:  # the one that waits is answered, and the next one waits
                busy.send(message_of(kind, ident=1))
                reply = busy.receive()
                upstream.wait_for(number + 2)
            else:
                reply = proxy.ask(transport_of(kind), message_of(kind))
            assert (wire.rcode_of(reply), wire.ident_of(reply)) == (rcode, 1)
            assert wire.question_of(reply) == wire.question_of(message_of(kind))
            assert not wire.extended_errors(reply) if not errors else set(wire.extended_errors(reply)) <= errors
        metrics = proxy.metrics()
        counted = {name: metrics.one("dproxy_client_rejected_total", reason=name) for name in REASONS}
        assert counted == {**dict.fromkeys(REASONS, 0), reason: 3}
        assert metrics.sum("dproxy_responses_total", transport=transport_of(kind), source="local") == 3
        assert metrics.sum("dproxy_dropped_total") == 0
    assert len(upstream.received) == ("inflight" in reason) + 3 * gives_way
    hold.release()


DROPPING = {"route": {"routes": route("*", answer="drop")}, "program": {"routes": None, "norouteanswer": "drop"}}


@pytest.mark.parametrize("keys", DROPPING.values(), ids=DROPPING)
def test_what_is_dropped_counts_as_dropped(world, keys, kind):
    proxy = world.proxy(**keys)
    with proxy.client(transport_of(kind)) as client:
        for _ in range(3):
            client.send(message_of(kind))
        client.send(wire.query("x.test", ident=9, opcode=3)[:12])  # NOTIMP: what was sent before it has been read
        assert wire.ident_of(client.receive()) == 9
    metrics = proxy.metrics()
    assert metrics.one("dproxy_dropped_total", reason="route_answer") == 3
    assert metrics.sum("dproxy_client_rejected_total") == 1
    assert metrics.sum("dproxy_inflight_requests") == 0


def test_a_rate_that_is_exceeded_counts_twice(world):
    """Half of what is beyond it is dropped, half gets TC. TCP has limits of its own."""
    proxy = world.relay(world.upstream(1), settings={"workers": 1, "ratelimit": 1})
    with proxy.client("udp") as client:
        for ident in range(60):
            client.send(wire.query("x.test", ident=ident))
        wait_until(lambda: proxy.metrics().sum("dproxy_responses_total", transport="udp")
                   + proxy.metrics().one("dproxy_dropped_total", reason="rate_limited") >= 60, "an end of each query")
    metrics = proxy.metrics()
    cut = metrics.one("dproxy_client_rejected_total", reason="rate_limited")
    dropped = metrics.one("dproxy_dropped_total", reason="rate_limited")
    assert cut >= 20 and dropped >= 20 and abs(cut - dropped) <= 1
