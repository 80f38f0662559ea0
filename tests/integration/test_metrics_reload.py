# SPDX-License-Identifier: MIT
"""Series over reloads: what is removed ends, what stays goes on, what is new begins at 0; and sums that must agree."""
import itertools

import pytest
from harness import wire
from harness.deadline import wait_until
from harness.prox_directory import route

TRANSPORTS, REASONS = ("udp", "tcp", "tls", "https"), ("first", "retry", "hedge", "probe")


def routes_of(proxy):
    return proxy.metrics().label_values("dproxy_route_requests_total", "route") - {"other", "(none)", "(master)"}


def series_of(metrics, label, value):
    """Names and other labels of all series that have the label."""
    return {(name, tuple(sorted(has.items()))) for name, has, _ in metrics.samples if has.get(label) == value}


@pytest.fixture
def reloading(world):
    """A directory, its program, and what waits until a reload is seen in the metrics."""
    directory = world.routes()

    def write(text, patterns):
        directory.replace("a.prox", text)
        wait_until(lambda: routes_of(proxy) == set(patterns), lambda: f"{patterns}, only {routes_of(proxy)}")

    proxy = world.proxy(directory)
    return proxy, write


def test_series_of_what_is_removed_end_with_it(reloading, world, transport):
    (proxy, write), one, two = reloading, world.upstream(1), world.upstream(2)
    write(route("a.test", one) + route("b.test", two), ["a.test", "b.test"])
    assert (proxy.marker("a.test", transport), proxy.marker("b.test", transport)) == (1, 2)
    hash_before = proxy.metrics().label_values("dproxy_config_info", "hash")
    write(route("a.test", one), ["a.test"])
    metrics = proxy.metrics()
    assert not series_of(metrics, "route", "b.test") and not series_of(metrics, "upstream", str(two))
    assert metrics.one("dproxy_route_requests_total", route="a.test") == 1
    assert metrics.sum("dproxy_upstream_requests_total", upstream=str(one), reason="first") == 1
    (hash_after,) = metrics.label_values("dproxy_config_info", "hash")
    assert {hash_after} != hash_before


def test_what_is_new_begins_at_nought_and_has_every_series(reloading, world, transport):
    """Also where it takes the place that another one left."""
    (proxy, write), one, two = reloading, world.upstream(1), world.upstream(2)
    write(route("a.test", one), ["a.test"])
    assert proxy.marker("a.test", transport) == 1
    before = series_of(proxy.metrics(), "upstream", str(one))
    write(route("b.test", two), ["b.test"])
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_route_requests_total", route="b.test") == 0
    assert metrics.sum("dproxy_route_responses_total", route="b.test") == 0
    # New routes are asked about loops at once.
    probes = {("dproxy_upstream_requests_total", "probe")}
    of_upstream = [(name, value if (name, has.get("reason")) not in probes else 0)
                   for name, has, value in metrics.samples if has.get("upstream") == str(two)]
    assert {value for name, value in of_upstream if name != "dproxy_upstream_up"} == {0}
    assert ("dproxy_upstream_up", 1) in of_upstream and len(of_upstream) == len(before)


def test_what_comes_back_soon_goes_on(reloading, world, transport):
    """A ConfigMap that is deleted and made anew is no reset of a counter: rates over it stay right."""
    (proxy, write), one = reloading, world.upstream(1)
    write(route("a.test", one), ["a.test"])
    assert proxy.marker("a.test", transport) == 1
    write(route("b.test", answer="nodata"), ["b.test"])
    assert not series_of(proxy.metrics(), "route", "a.test")
    write(route("a.test", one), ["a.test"])
    assert proxy.metrics().sum("dproxy_route_requests_total", route="a.test") == 1


def test_every_combination_of_labels_is_there_before_any_query(world):
    metrics = world.proxy(route("a.test", "127.0.0.1:9")).metrics()
    requests = [has for name, has, _ in metrics.samples if name == "dproxy_upstream_requests_total"]
    for upstream, transport, reason in itertools.product(("127.0.0.1:9", "other"), TRANSPORTS, REASONS):
        assert {"upstream": upstream, "transport": transport, "reason": reason} in requests
    for name in ("dproxy_requests_total", "dproxy_responses_total", "dproxy_upstream_requests_total",
                 "dproxy_upstream_responses_total", "dproxy_upstream_failures_total", "dproxy_route_responses_total"):
        found = [has for series, has, _ in metrics.samples if series == name]
        combinations = 1
        for label in found[0]:
            combinations *= len(metrics.label_values(name, label))
        assert len(found) == combinations, name


def ask_in_every_way(proxy, transport):
    """Relayed, refused, malformed, to be dropped, without a route, without an upstream."""
    for name in ("up.test", "down.test", "own.test", "gone.test", "nowhere.test", "closed.test"):
        message = wire.query(name)
        with proxy.client(transport) as client:
            client.send(message)
            client.send(wire.query("up.test"))
            assert client.receive() is not None
    malformed = wire.header(counts=(1, 0, 0, 0)) + b"\x3fshort"
    not_implemented = wire.header(counts=(0, 0, 0, 0), opcode=6)
    for message in (malformed, not_implemented):
        assert proxy.ask(transport, message) is not None


def test_every_query_is_answered_or_dropped_and_belongs_to_a_route_or_to_none(world, transport, closed_address):
    upstream = world.upstream(1)
    proxy = world.proxy(
        route("up.test", upstream) + route("down.test", closed_address, timeout="300ms")
        + route("own.test", answer="nxdomain") + route("gone.test", answer="drop")
        + route("closed.test", upstream, allow="192.0.2.0/24"))
    ask_in_every_way(proxy, transport)
    proxy.until_metric(0, "dproxy_inflight_requests")

    def balance():
        metrics = proxy.metrics()
        requests, responses = metrics.sum("dproxy_requests_total"), metrics.sum("dproxy_responses_total")
        durations = metrics.sum("dproxy_request_duration_seconds_count")
        left = metrics.sum("dproxy_dropped_total", reason="route_answer") + metrics.sum(
            "dproxy_dropped_total", reason="client_gone")
        return requests == responses + left and durations == responses and requests == 14

    wait_until(balance, lambda: "a balance in\n" + "\n".join(
        line for line in proxy.metrics().text.splitlines() if not line.startswith("#") and not line.endswith(" 0")))
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_route_requests_total") <= metrics.sum("dproxy_requests_total")
    assert metrics.sum("dproxy_route_responses_total") <= metrics.sum("dproxy_responses_total")
    named = {name: metrics.one("dproxy_route_requests_total", route=name)
             for name in ("up.test", "down.test", "own.test", "gone.test", "closed.test", "(none)")}
    assert named["up.test"] >= 7 and all(count >= 1 for count in named.values())
def test_an_upstream_that_gets_a_label_of_its_own_counts_in_it(world, transport):
    """It was one of `other`; queries, replies, what is in flight, and whether it is up are its own from then on."""
    one, two = world.upstream(1), world.upstream(2)
    directory = world.routes({"a.prox": route("a.test", one) + route("b.test", two, health="on")})
    proxy = world.proxy(directory, metrics_upstreams=1)
    assert (proxy.marker("a.test", transport), proxy.marker("b.test", transport)) == (1, 2)
    assert proxy.metrics().label_values("dproxy_upstream_up", "upstream") == {str(one), "other"}
    directory.replace("a.prox", route("b.test", two, health="on"))
    wait_until(lambda: proxy.metrics().label_values("dproxy_upstream_up", "upstream") == {str(two), "other"},
               "the other upstream's label")
    before = proxy.metrics()
    assert before.one("dproxy_upstream_up", upstream=str(two)) == 1
    assert proxy.marker("b.test", transport) == 2
    after = proxy.metrics()
    for name, labels in (("dproxy_upstream_requests_total", {"reason": "first"}),
                         ("dproxy_upstream_responses_total", {}), ("dproxy_upstream_duration_seconds_count", {})):
        assert after.sum(name, upstream=str(two), **labels) >= before.sum(name, upstream=str(two), **labels) + 1
        assert after.sum(name, upstream="other", **labels) == before.sum(name, upstream="other", **labels)
    two.close()
    wait_until(lambda: proxy.metrics().one("dproxy_upstream_up", upstream=str(two)) == 0, "it to be down", 60)
    assert proxy.metrics().one("dproxy_upstream_up", upstream="other") == 1
    assert proxy.metrics().one("dproxy_upstream_inflight", upstream="other") == 0
