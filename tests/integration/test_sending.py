# SPDX-License-Identifier: MIT
"""Sends that fail and ways that go dark: an attempt counts when its bytes have left, and a way by which nothing comes
is left for another. In a network of its own, with packet filters."""
import time

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.own_network import add_rule, delete_rule, inside_only, outside_only, run_inside

ONE_WORKER = {"workers": 1}
MOST_OF_A_BATCH = 200  # of 3,000 queries at once, so many come through a socket's buffer at the least


@outside_only
def test_in_a_network_of_its_own(tmp_path):
    run_inside(__file__, tmp_path / "inner")


@pytest.fixture
def filtered():
    """add_rule() for the time of a test."""
    rules = []

    def add(chain, *words):
        rules.append(add_rule(chain, *words))
        return rules[-1]
    yield add
    for rule in rules:
        delete_rule(rule)


def ask_many(proxy, count, transport="udp", patience=15.0):
    """`count` queries at once; the answers by ID."""
    replies = {}
    with proxy.client(transport) as client:
        for ident in range(count):
            client.send(wire.query(f"q{ident}.test", ident=ident))
        for _ in range(count):
            reply = client.receive(patience)
            if reply is None:
                break
            replies[wire.ident_of(reply)] = reply
    return replies


def failed(replies):
    return sum(wire.rcode_of(reply) == wire.SERVFAIL for reply in replies.values())


@inside_only
@pytest.mark.parametrize("batch", [1, 20, 200])
def test_a_send_that_is_refused_costs_its_own_attempt_alone(world, filtered, batch):
    """30 % of the sends fail: five of five in 0.24 % of the queries."""
    upstream = world.upstream(1)
    proxy = world.relay(upstream, attempts=5, timeout="20s", settings=ONE_WORKER)
    filtered("out", "udp", "dport", upstream.port, "numgen", "random", "mod", 100, "<", 30, "drop")
    bad, total = 0, 0
    while total < 800:
        replies = ask_many(proxy, batch)
        assert len(replies) == batch
        bad, total = bad + failed(replies), total + batch
    print(f"| {batch} at once: {bad} of {total} failed")
    assert bad <= total * 0.02

    def left_and_arrived():
        metrics = proxy.metrics()
        left = (metrics.sum("dproxy_upstream_requests_total", upstream=str(upstream))
                - metrics.sum("dproxy_upstream_failures_total", upstream=str(upstream), reason="other"))
        return left, len(upstream.received) + len(upstream.loop_probes)
    wait_until(lambda: len(set(left_and_arrived())) == 1,
               lambda: f"each attempt either left or failed, and once: {left_and_arrived()}")
    proxy.until_metric(0, "dproxy_upstream_inflight", upstream=str(upstream))
    asked_for = {wire.ident_of(exchange.message) for exchange in upstream.received}
    assert batch > 1 or len(asked_for) > 400, "IDs are drawn at random, not the client's"


@inside_only
@pytest.mark.parametrize("upstreams, keys", [(1, {}), (2, {"fallback_on": "servfail", "hedge": "5ms"})])
def test_bursts_while_every_send_is_refused(world, filtered, upstreams, keys):
    servers = [world.upstream(marker + 1) for marker in range(upstreams)]
    proxy = world.relay(*servers, attempts=5, timeout="10s", settings=ONE_WORKER, **keys)
    rules = [filtered("out", "udp", "dport", server.port, "drop") for server in servers]
    for _ in range(3):
        replies = ask_many(proxy, 3000)
        assert replies and failed(replies) == len(replies)
    # A client's socket has not room for all answers; that all were given is counted where they leave.
    proxy.until_metric(0, "dproxy_inflight_requests")
    metrics = proxy.metrics()
    asked = metrics.sum("dproxy_requests_total", transport="udp")
    assert asked > 3 * MOST_OF_A_BATCH
    assert metrics.sum("dproxy_responses_total", transport="udp", rcode="SERVFAIL") == asked
    assert metrics.sum("dproxy_dropped_total") == 0
    del rules
    assert metrics.sum("dproxy_upstream_inflight") == 0
    assert not any(server.received for server in servers)


@inside_only
def test_retries_of_more_than_one_batch_while_sends_fail(world, filtered):
    """Hundreds of attempts run out of time in one tick, and their successors are refused."""
    upstream = world.upstream(1, behaviours.silence)
    proxy = world.relay(upstream, attempts=5, timeout="6s", settings=ONE_WORKER)
    ask_many(proxy, 1, patience=10)
    with proxy.client("udp") as client:
        for ident in range(1500):
            client.send(wire.query(f"q{ident}.test", ident=ident))
        wait_until(lambda: len(upstream.received) > 500, "queries at the upstream")
        filtered("out", "udp", "dport", upstream.port, "drop")
        replies = [client.receive() for _ in range(500)]
    assert all(reply and wire.rcode_of(reply) == wire.SERVFAIL for reply in replies)
    proxy.until_metric(0, "dproxy_inflight_requests")
    proxy.until_metric(0, "dproxy_upstream_inflight")


def go_dark(filtered, upstream, protocol):
    """What comes from the ports that were used until now is lost without a word; other ports work."""
    ports = sorted({exchange.peer[1] for exchange in upstream.received})
    assert ports
    filtered("in", protocol, "dport", upstream.port, protocol, "sport", "{", ", ".join(map(str, ports)), "}", "drop")


@inside_only
@pytest.mark.parametrize("attempts, most_lost", [(1, 2), (2, 2)])
@pytest.mark.parametrize("over", ["udp", "tcp"])
@pytest.mark.parametrize("opcode", [wire.QUERY, wire.UPDATE])
def test_a_way_that_goes_dark_is_left(world, filtered, attempts, most_lost, over, opcode):
    """One query after the other: the entry of a connection table is gone, or the pod behind a Service."""
    upstream = world.upstream(1)
    proxy = world.relay(upstream, attempts=attempts, timeout="1s", protocol=over, settings=ONE_WORKER)
    for number in range(12):
        assert proxy.marker(f"before{number}.test") == 1
        time.sleep(0.002)  # sockets take turns by the millisecond
    go_dark(filtered, upstream, over)
    lost = 0
    for number in range(12):
        reply = proxy.ask("udp", wire.query(f"after{number}.test", wire.SOA, opcode=opcode))
        lost += wire.rcode_of(reply) == wire.SERVFAIL
    print(f"| {over}, attempts = {attempts}, opcode {opcode}: {lost} of 12 lost")
    assert lost <= most_lost


@inside_only
@pytest.mark.parametrize("over", ["udp", "tcp"])
def test_a_way_that_goes_dark_loses_few_with_the_defaults(world, filtered, over):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, protocol=over, settings=ONE_WORKER)
    for number in range(12):
        assert proxy.marker(f"before{number}.test") == 1
        time.sleep(0.002)
    go_dark(filtered, upstream, over)
    with proxy.client("udp") as client:
        for ident in range(40):
            client.send(wire.query(f"after{ident}.test", ident=ident))
            time.sleep(1.5 / 40)
        replies = {wire.ident_of(reply): reply for reply in (client.receive() for _ in range(40)) if reply}
    assert len(replies) == 40
    print(f"| {over}: {failed(replies)} of 40 lost")
    assert failed(replies) <= 2


@inside_only
def test_one_dark_port_beside_others_that_work(world, filtered):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, attempts=1, timeout="2s", settings=ONE_WORKER)
    for number in range(40):
        assert proxy.marker(f"before{number}.test") == 1
        time.sleep(0.002)
    dark = upstream.received[-1].peer[1]
    filtered("in", "udp", "dport", upstream.port, "udp", "sport", dark, "drop")
    with proxy.client("udp") as client:
        for ident in range(600):
            client.send(wire.query(f"after{ident}.test", ident=ident))
            time.sleep(0.01)
        replies = [client.receive() for _ in range(600)]
    # A quarter is lost until two of them have run out of time, which is 50; then another port takes its place.
    lost = sum(wire.rcode_of(reply) == wire.SERVFAIL for reply in replies if reply)
    assert lost < 100, lost
    assert proxy.marker("last.test") == 1
