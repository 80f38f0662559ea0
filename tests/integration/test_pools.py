# SPDX-License-Identifier: MIT
"""How 10,000 queries are spread over a fast upstream, a slow one and a dead one; and one upstream of several routes.

Nothing here is timed: "slow" means that a query is answered when twenty more have been asked."""
import collections
import itertools
import queue

import pytest
from harness import behaviours, wire
from harness.deadline import PATIENCE, wait_until
from harness.ports import ClosedPort
from harness.prox_directory import route

QUERIES = {"udp": 10_000, "tcp": 2_000}
SLOW_BY = 20  # further queries
FAST, SLOW = 1, 2
POLICIES = ["least-outstanding", "round-robin", "random", "first", "hash"]


class Lockstep:
    """One query after the other: where it arrived is known before the next is asked."""

    def __init__(self, world):
        self.arrivals = queue.SimpleQueue()
        self.fast = world.upstream(FAST, self.arrivals.put)
        self.slow = world.upstream(SLOW, self.arrivals.put)

    def ask(self, client, names):
        """Who was asked for each name. All are answered in the end, each by whom it was asked of."""
        went, held, unanswered = {}, collections.deque(), {}
        for ident, name in enumerate(names):
            unanswered[ident] = name
            client.send(wire.query(name, ident=ident))
            exchange = self.arrivals.get(timeout=PATIENCE)
            assert wire.question_name(exchange.message) == name, "a query came twice, or not at all"
            went[name] = exchange.marker
            if exchange.marker == SLOW:
                held.append((ident + SLOW_BY, exchange))
            else:
                self._answer(client, exchange, went, unanswered)
            while held and held[0][0] <= ident:
                self._answer(client, held.popleft()[1], went, unanswered)
        for _, exchange in held:
            self._answer(client, exchange, went, unanswered)
        assert not unanswered and self.arrivals.empty()
        return went

    @staticmethod
    def _answer(client, exchange, went, unanswered):
        behaviours.answer(exchange)
        reply = client.receive()
        assert reply is not None
        assert wire.marker_of(reply) == went[unanswered.pop(wire.ident_of(reply))] == exchange.marker


def names_of(policy, count):
    return [f"n{number}.{policy}.test" for number in range(count)]


@pytest.fixture(scope="module")
def pool(shared_world):
    """A route for each policy over the same three upstreams; the dead one is the first, and known to be dead."""
    closed = ClosedPort()
    shared_world.at_end(closed.close)
    dead = str(closed)
    lockstep = Lockstep(shared_world)
    text = "".join(route(f".{policy}.test", dead, lockstep.fast, lockstep.slow, policy=policy, health="on",
                         attempts=1, timeout="1m") for policy in POLICIES)
    proxy = shared_world.proxy(text, workers=1)
    wait_until(lambda: proxy.metrics().one("dproxy_upstream_up", upstream=dead) == 0, "the dead upstream")
    return proxy, lockstep, dead


@pytest.mark.parametrize("policy", POLICIES)
def test_what_each_upstream_gets(pool, transport, policy):
    proxy, lockstep, dead = pool
    count = QUERIES[transport]
    before = proxy.metrics().sum("dproxy_upstream_requests_total", upstream=dead, reason="first")
    with proxy.client(transport) as client:
        went = lockstep.ask(client, names_of(policy, count))
    shares = collections.Counter(went.values())
    print(policy, transport, dict(shares))
    assert shares[FAST] + shares[SLOW] == count
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_requests_total", upstream=dead, reason="first") == before
    assert metrics.sum("dproxy_inflight_requests") == 0
    if policy == "least-outstanding":
        # Asked only when nothing waits there: once in the time of an answer, at most.
        assert count // (4 * SLOW_BY) < shares[SLOW] <= count // SLOW_BY + 1
    elif policy == "round-robin":
        assert shares[FAST] == shares[SLOW] == count // 2
        in_order = [went[name] for name in names_of(policy, count)]
        assert all(one != following for one, following in itertools.pairwise(in_order)), "not in turn"
    elif policy == "first":
        assert shares[FAST] == count
    else:  # random and hash: halves, within five standard deviations of a fair coin
        assert abs(shares[FAST] - count / 2) < 2.5 * count ** 0.5


def test_hash_gives_each_name_the_same_upstream_again(pool, transport):
    proxy, lockstep, _ = pool
    with proxy.client(transport) as client:
        once = lockstep.ask(client, names_of("hash", 500))
        again = lockstep.ask(client, [name.upper() for name in names_of("hash", 500)])
    assert [again[name.upper()] for name in once] == list(once.values())


MOST_PORTS = 4  # UDP sockets in rotation for one upstream in one worker


def sharing_routes(address):
    """Three routes that differ in all but their upstream."""
    return (route("a.test", address, timeout="2s") + route(".b.test", address, policy="first", attempts=3)
            + route("*", address, policy="hash", max_inflight=7))


def test_an_upstream_of_several_routes_has_one_set_of_sockets(world, transport):
    upstream = world.upstream(1)
    proxy = world.proxy({"1.prox": sharing_routes(upstream),
                         "2.prox": route("c.test", upstream, fallback_on="servfail")}, workers=1)
    names = ["a.test", "x.b.test", "c.test", "other.test"] * 60
    with proxy.client(transport) as client:
        assert {wire.marker_of(client.ask(wire.query(name))) for name in names} == {1}
    ports = collections.Counter(exchange.peer[1] for exchange in upstream.received)
    assert sum(ports.values()) == len(names)
    # A connection is used for 100 queries.
    assert len(ports) <= MOST_PORTS if transport == "udp" else len(ports) == 3
    metrics = proxy.metrics()
    assert metrics.one("dproxy_upstream_requests_total", upstream=str(upstream), transport=transport,
                       reason="first") == len(names)
    assert metrics.one("dproxy_upstream_responses_total", upstream=str(upstream), rcode="NOERROR") == len(names)
    assert [one["address"] for one in proxy.json("/status")["upstreams"]].count(str(upstream)) == 1


def test_an_upstream_of_several_routes_is_down_for_all_of_them(world, transport):
    """Only one of its routes asks for probes."""
    upstream, other = world.upstream(1), world.upstream(2)
    text = (route("a.test", upstream, health="on") + route("b.test", upstream, other, policy="first", health="off")
            + route("c.test", upstream, other, policy="first", health="passive"))
    proxy = world.proxy(text)
    assert [proxy.marker(name, transport) for name in ("a.test", "b.test", "c.test")] == [1, 1, 1]
    upstream.close()
    wait_until(lambda: proxy.metrics().one("dproxy_upstream_up", upstream=str(upstream)) == 0, "a dead upstream")
    before = proxy.metrics().sum("dproxy_upstream_requests_total", upstream=str(upstream), reason="first")
    assert [proxy.marker(name, transport) for name in ("b.test", "c.test")] == [2, 2]
    assert proxy.metrics().sum("dproxy_upstream_requests_total", upstream=str(upstream), reason="first") == before


def test_one_address_by_two_protocols_is_summed(world):
    """Two upstreams with sockets and health of their own, under one label."""
    upstream = world.upstream(1)
    proxy = world.proxy(route("udp.test", upstream) + route("tcp.test", upstream, protocol="tcp"), workers=1)
    for name, count in (("udp.test", 3), ("tcp.test", 4)):
        assert [proxy.marker(name) for _ in range(count)] == [1] * count
    assert collections.Counter(exchange.transport for exchange in upstream.received) == {"udp": 3, "tcp": 4}
    metrics = proxy.metrics()
    for transport, count in (("udp", 3), ("tcp", 4)):
        assert metrics.one("dproxy_upstream_requests_total", upstream=str(upstream), transport=transport,
                           reason="first") == count
    assert metrics.one("dproxy_upstream_responses_total", upstream=str(upstream), rcode="NOERROR") == 7
    assert metrics.one("dproxy_upstream_up", upstream=str(upstream)) == 1
    assert metrics.one("dproxy_upstream_duration_seconds_count", upstream=str(upstream)) == 7
