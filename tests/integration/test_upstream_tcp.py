# SPDX-License-Identifier: MIT
"""TCP to upstreams: connections are kept and shared, and servers that can do less are served by less."""
import pytest
from harness import behaviours, wire
from harness.client import framed
from harness.deadline import wait_until

MOST_AT_A_TIME = 16


@pytest.fixture(params=["udp", "tcp"], ids=["udp to tcp", "tcp to tcp"])
def asked_by(request):
    """Over which transport the client comes; the upstream is asked over TCP in both."""
    return request.param


def relay(world, upstream, **keys):
    proxy = world.relay(upstream, protocol="tcp", settings={"workers": 1}, **{"timeout": "10s", **keys})
    wait_until(lambda: upstream.loop_probes, "the probe that has a connection of its own")
    return proxy


def ask_at_once(proxy, transport, count, prefix="q"):
    """`count` queries in one go; the answers by ID."""
    with proxy.client(transport) as client:
        for ident in range(count):
            client.send(wire.query(f"{prefix}{ident}.test", ident=ident))
        replies = [client.receive() for _ in range(count)]
    assert None not in replies
    assert all(wire.question_name(reply) == f"{prefix}{wire.ident_of(reply)}.test" for reply in replies)
    return {wire.ident_of(reply): reply for reply in replies}


def expect_all_answered(replies, count):
    assert {ident: wire.marker_of(reply) for ident, reply in replies.items()} == {ident: 1 for ident in range(count)}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_connection_is_kept_and_shared(world, asked_by, host):
    upstream = world.upstream(1, host=host)
    proxy = relay(world, upstream)
    for _ in range(20):
        assert proxy.marker("x.test", asked_by) == 1
    assert len(upstream.connections) == 1
    proxy.until_metric(1, "dproxy_tcp_connections", side="upstream")
    assert {exchange.transport for exchange in upstream.received} == {"tcp"}


def test_no_more_than_sixteen_at_a_time_on_one_connection(world, asked_by):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = relay(world, upstream)
    with proxy.client(asked_by) as client:
        for ident in range(50):
            client.send(wire.query(f"q{ident}.test", ident=ident))
        upstream.wait_for(50)
        assert max(connection.received for connection in upstream.connections) <= MOST_AT_A_TIME
        assert len(upstream.connections) < 50
        hold.release(reverse=True)
        assert {wire.ident_of(client.receive()) for _ in range(50)} == set(range(50))


def test_an_upstream_that_closes_after_each_answer(world, asked_by):
    upstream = world.upstream(1, behaviours.close_after_answer)
    proxy = relay(world, upstream)
    for _ in range(10):
        assert proxy.marker("x.test", asked_by) == 1


def test_queries_at_once_to_an_upstream_that_closes_after_each_answer(world, asked_by):
    """The rest of what was sent on a closed connection is asked again, one at a time."""
    upstream = world.upstream(1, behaviours.close_after_answer)
    proxy = relay(world, upstream)
    expect_all_answered(ask_at_once(proxy, asked_by, 10), 10)
    expect_all_answered(ask_at_once(proxy, asked_by, 10, "again"), 10)


def test_after_a_close_with_queries_unanswered_it_is_asked_one_at_a_time(world, asked_by):
    hold = behaviours.Hold()
    upstream = world.upstream(1, behaviours.close_after_answer)
    proxy = relay(world, upstream)
    closed = {"upstream": str(upstream), "reason": "closed"}
    while proxy.metrics().sum("dproxy_upstream_failures_total", **closed) == 0:  # not where one was answered at a time
        expect_all_answered(ask_at_once(proxy, asked_by, 6), 6)
    upstream.behaviour, before = hold, len(upstream.connections)
    with proxy.client(asked_by) as client:
        for ident in range(4):
            client.send(wire.query("x.test", ident=ident))
        wait_until(lambda: hold.held, "a query")
        for _ in range(4):
            wait_until(lambda: hold.held, "the next query")
            assert all(sum(held.connection is connection for held in hold.held) <= 1
                       for connection in upstream.connections[before:])
            hold.release(1)
        assert {wire.ident_of(client.receive()) for _ in range(4)} == set(range(4))


def test_no_attempt_is_lost_to_a_server_that_closes_after_one(world, asked_by):
    """attempts = 1: what lay unanswered on the connection is sent anew all the same, on connections of its own."""
    upstream = world.upstream(1, behaviours.close_after_answer)
    proxy = relay(world, upstream, attempts=1)
    expect_all_answered(ask_at_once(proxy, asked_by, 40), 40)
    before = len(upstream.connections)
    assert before <= 40, "more connections than queries"
    expect_all_answered(ask_at_once(proxy, asked_by, 40, "again"), 40)
    assert len(upstream.connections) == before + 40, "one query on each connection"
    assert proxy.metrics().sum("dproxy_upstream_failures_total", upstream=str(upstream), reason="closed") > 0


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_server_that_closes_when_it_is_asked_two_at_once(world, asked_by, attempts):
    upstream = world.upstream(1, behaviours.CloseWhenAskedTwo())
    proxy = relay(world, upstream, attempts=attempts)
    expect_all_answered(ask_at_once(proxy, asked_by, 12), 12)
    before = len(upstream.connections)
    assert before <= 1 + 12, "one that was closed, and one for each query"
    expect_all_answered(ask_at_once(proxy, asked_by, 12, "again"), 12)
    assert len(upstream.connections) <= before + 12


def test_a_server_that_forgets_one_of_two(world, asked_by):
    """Its connections live and are kept: only the attempt ran out of time."""
    upstream = world.upstream(1, behaviours.ForgetOneOfTwo())
    proxy = relay(world, upstream)
    expect_all_answered(ask_at_once(proxy, asked_by, 20), 20)
    assert len(upstream.connections) <= 4
    assert len(upstream.received) == 30


def test_a_server_that_takes_one_connection_at_a_time(world, asked_by):
    """The second connection is not served while the first is kept: its queries are asked again on the first."""
    upstream = world.upstream(1)
    behaviours.one_connection_at_a_time(upstream)
    proxy = relay(world, upstream)
    expect_all_answered(ask_at_once(proxy, asked_by, 90), 90)
    expect_all_answered(ask_at_once(proxy, asked_by, 8, "again"), 8)
    proxy.stop()


def test_an_upstream_that_answers_one_at_a_time_and_in_order(world, asked_by):
    upstream = world.upstream(1)
    proxy = relay(world, upstream)
    expect_all_answered(ask_at_once(proxy, asked_by, 60), 60)


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_reused_connection_that_was_closed_is_no_attempt(world, asked_by, attempts):
    """The upstream hangs up when the second query comes on a connection: as if it had been idle too long."""
    def once_on_each_connection(exchange):
        (behaviours.answer if exchange.connection.received == 1 else behaviours.close_at_once)(exchange)

    upstream = world.upstream(1, once_on_each_connection)
    proxy = relay(world, upstream, attempts=attempts)
    for _ in range(6):
        assert proxy.marker("x.test", asked_by) == 1


def test_an_idle_connection_that_the_upstream_closes_is_opened_anew(world, asked_by):
    upstream = world.upstream(1)
    proxy = relay(world, upstream, attempts=1)
    for number in range(5):
        assert proxy.marker("x.test", asked_by) == 1
        wait_until(lambda: len(upstream.connections) > number, "a connection")
        upstream.connections[-1].close()
    assert len(upstream.received) >= 5


def test_replies_byte_by_byte(world, asked_by):
    def slowly(exchange):
        for octet in framed(behaviours.answer_to(exchange.message, 1)):
            exchange.send_bytes(bytes([octet]))

    proxy = relay(world, world.upstream(1, slowly))
    expect_all_answered(ask_at_once(proxy, asked_by, 5), 5)


def test_several_replies_in_one_segment(world, asked_by):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = relay(world, upstream)
    with proxy.client(asked_by) as client:
        for ident in range(8):
            client.send(wire.query("x.test", ident=ident))
        wait_until(lambda: len(hold.held) == 8, "eight queries")
        by_connection = {}
        for held in hold.held:
            by_connection.setdefault(held.connection, []).append(framed(behaviours.answer_to(held.message, 1)))
        for connection, replies in by_connection.items():
            connection.send(b"".join(replies))
        assert {wire.ident_of(client.receive()) for _ in range(8)} == set(range(8))


def test_an_upstream_without_tcp_is_refused(world):
    upstream = world.upstream(1, transports=("udp",))
    proxy = world.relay(upstream, timeout="5s")
    assert proxy.marker("x.test", "udp") == 1
    assert wire.rcode_of(proxy.ask("tcp", "x.test")) == wire.SERVFAIL


def test_udp_to_udp_and_tcp_to_tcp_by_default(world, transport):
    upstream = world.upstream(1)
    proxy = world.relay(upstream)
    assert proxy.marker("x.test", transport) == 1
    assert [exchange.transport for exchange in upstream.received] == [transport]


def test_two_routes_share_an_upstream(world):
    upstream = world.upstream(1)
    proxy = world.proxy({"a.prox": f"[a.test]\naddress = {upstream}\nhealth = off\n",
                         "b.prox": f"[b.test]\naddress = {upstream}\nhealth = off\n"}, workers=1)
    for name in ("a.test", "b.test", "a.test"):
        assert proxy.marker(name, "tcp") == 1
    assert len(upstream.connections) == 1
    assert proxy.metrics().one("dproxy_upstream_requests_total", upstream=str(upstream), transport="tcp",
                               reason="first") == 3


def test_connections_to_upstreams_are_closed_at_the_end(world):
    upstream = world.upstream(1)
    proxy = world.relay(upstream)
    assert proxy.marker("x.test", "tcp") == 1
    assert proxy.stop() == 0
    wait_until(upstream.connections[0].closed_by_peer.is_set, "the end of the connection")
