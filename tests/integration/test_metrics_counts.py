# SPDX-License-Identifier: MIT
"""What moves, and by how much, in each case."""
import pytest
from harness import behaviours, wire
from harness.prox_directory import route


class Moves:
    """The difference between two pages."""

    def __init__(self, proxy):
        self.proxy, self.before = proxy, proxy.metrics()

    def __call__(self, name, **labels):
        return self.proxy.metrics().sum(name, **labels) - self.before.sum(name, **labels)


@pytest.fixture(scope="module")
def upstreams(shared_world):
    return {marker: shared_world.upstream(marker) for marker in (1, 2)}


@pytest.fixture(scope="module")
def proxy(shared_world, upstreams):
    text = (route("a.test   *.a.test", upstreams[1], timeout="8s") + route("own.test", answer="nxdomain")
            + route("gone.test", answer="drop"))
    return shared_world.proxy(text, usemasterupstream="true", masterupstream=upstreams[2], masterallow="127.0.0.1")


def expect(moves, **wanted):
    for series, (labels, amount) in wanted.items():
        name = "dproxy_" + series.split("__")[0]
        assert moves(name, **labels) == amount, (name, labels)


def test_a_query_that_is_relayed(proxy, upstreams, transport, family):
    moves = Moves(proxy)
    assert wire.marker_of(proxy.ask(transport, wire.query("x.a.test", wire.TXT), family)) == 1
    upstream = str(upstreams[1])
    expect(moves,
           requests_total=({}, 1),
           requests_total__labels=({"transport": transport, "family": family, "type": "TXT"}, 1),
           responses_total=({}, 1),
           responses_total__labels=({"transport": transport, "rcode": "NOERROR", "source": "upstream"}, 1),
           route_requests_total=({}, 1),
           route_requests_total__labels=({"route": "a.test *.a.test"}, 1),
           route_responses_total=({"route": "a.test *.a.test", "rcode": "NOERROR"}, 1),
           request_duration_seconds_count=({"transport": transport}, 1),
           upstream_requests_total=({"reason": "first"}, 1),
           upstream_requests_total__labels=({"upstream": upstream, "transport": transport, "reason": "first"}, 1),
           upstream_responses_total=({"upstream": upstream, "rcode": "NOERROR"}, 1),
           upstream_duration_seconds_count=({"upstream": upstream}, 1),
           upstream_failures_total=({}, 0), dropped_total=({}, 0), client_rejected_total=({}, 0),
           inflight_requests=({}, 0))


@pytest.mark.parametrize("rcode, label", [(0, "NOERROR"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED"),
                                          (7, "other")])
def test_rcodes_of_upstreams(proxy, upstreams, transport, rcode, label):
    upstreams[1].behaviour = behaviours.with_rcode(rcode)
    moves = Moves(proxy)
    assert wire.rcode_of(proxy.ask(transport, "a.test")) == rcode
    upstreams[1].behaviour = behaviours.answer
    expect(moves, responses_total=({"rcode": label, "source": "upstream"}, 1),
           route_responses_total=({"route": "a.test *.a.test", "rcode": label}, 1),
           upstream_responses_total=({"upstream": str(upstreams[1]), "rcode": label}, 1))


@pytest.mark.parametrize("rtype, label", [(1, "A"), (28, "AAAA"), (255, "ANY"), (65280, "other"), (0, "other")])
def test_types_of_queries(proxy, transport, rtype, label):
    moves = Moves(proxy)
    proxy.ask(transport, wire.query("a.test", rtype))
    expect(moves, requests_total=({"type": label, "transport": transport}, 1))


def test_an_answer_of_its_own(proxy, transport):
    moves = Moves(proxy)
    proxy.ask(transport, "own.test")
    expect(moves, requests_total=({}, 1), route_requests_total=({"route": "own.test"}, 1),
           responses_total=({"rcode": "NXDOMAIN", "source": "local", "transport": transport}, 1),
           route_responses_total=({"route": "own.test", "rcode": "NXDOMAIN"}, 1),
           client_rejected_total=({"reason": "route_answer"}, 1), upstream_requests_total=({"reason": "first"}, 0))


def test_the_master_upstream(proxy, upstreams, transport):
    moves = Moves(proxy)
    assert wire.marker_of(proxy.ask(transport, "other.test")) == 2
    expect(moves, route_requests_total=({"route": "(master)"}, 1),
           route_responses_total=({"route": "(master)", "rcode": "NOERROR"}, 1),
           upstream_requests_total=({"upstream": str(upstreams[2]), "reason": "first"}, 1))


def test_a_client_that_the_master_upstream_does_not_serve(proxy, transport):
    moves = Moves(proxy)
    assert wire.rcode_of(proxy.ask(transport, "other.test", family=6)) == wire.REFUSED
    expect(moves, client_rejected_total=({"reason": "master_not_allowed"}, 1),
           upstream_requests_total=({"reason": "first"}, 0))


def test_no_route(world, transport):
    proxy = world.proxy()
    moves = Moves(proxy)
    proxy.ask(transport, "x.test")
    expect(moves, route_requests_total=({"route": "(none)"}, 1), client_rejected_total=({"reason": "no_route"}, 1),
           route_responses_total=({"route": "(none)", "rcode": "REFUSED"}, 1))


def test_what_is_in_flight_is_seen(world, transport):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, attempts=1, timeout="60s")  # or a slow machine sees the second attempts as well
    upstream.behaviour = hold = behaviours.Hold()
    with proxy.client(transport) as client:
        for ident in range(5):
            client.send(wire.query("a.test", ident=ident))
        upstream.wait_for(5)
        proxy.until_metric(5, "dproxy_inflight_requests")
        assert proxy.metrics().one("dproxy_upstream_inflight", upstream=str(upstream)) == 5
        hold.release()
        for _ in range(5):
            client.receive()
    proxy.until_metric(0, "dproxy_inflight_requests")
    assert proxy.metrics().one("dproxy_upstream_inflight", upstream=str(upstream)) == 0


def test_tcp_connections_of_clients_and_upstreams(world):
    proxy = world.relay(world.upstream(1))
    clients = [proxy.client("tcp") for _ in range(4)]
    proxy.until_metric(4, "dproxy_tcp_connections", side="client")
    assert wire.marker_of(clients[0].ask(wire.query("x.test"))) == 1
    assert proxy.metrics().one("dproxy_tcp_connections", side="upstream") == 1
    for client in clients:
        client.close()
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")


def test_many_queries_are_all_counted(proxy, transport):
    moves = Moves(proxy)
    with proxy.client(transport) as client:
        for begin in range(0, 1000, 50):
            for ident in range(begin, begin + 50):
                client.send(wire.query("a.test", ident=ident))
            for _ in range(50):
                assert client.receive() is not None
    expect(moves, requests_total=({"transport": transport}, 1000), responses_total=({"transport": transport}, 1000),
           request_duration_seconds_count=({"transport": transport}, 1000))


def test_a_dropped_query_is_counted_as_a_request(proxy, transport):
    moves = Moves(proxy)
    with proxy.client(transport) as client:
        client.send(wire.query("gone.test"))
        assert client.ask(wire.query("a.test")) is not None
    expect(moves, requests_total=({}, 2), responses_total=({}, 1), dropped_total=({"reason": "route_answer"}, 1),
           route_requests_total=({"route": "gone.test"}, 1))


def test_the_same_upstream_in_two_routes_is_one(world, transport):
    upstream = world.upstream(1)
    proxy = world.proxy(route("a.test", upstream) + route("b.test", upstream, timeout="7s"))
    for name in ("a.test", "b.test", "b.test"):
        assert proxy.marker(name, transport) == 1
    metrics = proxy.metrics()
    labels = {"upstream": str(upstream), "transport": transport, "reason": "first"}
    assert metrics.one("dproxy_upstream_requests_total", **labels) == 3
    assert metrics.one("dproxy_route_requests_total", route="b.test") == 2
