# SPDX-License-Identifier: MIT
"""The limits of client TCP: connections, of one client, idle time, queries in a life, queries at one time."""
import time

import pytest
from harness import behaviours, wire
from harness.client import TcpClient, framed
from harness.deadline import wait_until
from harness.prox_directory import route


@pytest.fixture
def limited(world):
    """A program with one worker and the given limits, and its upstream."""
    def make(behaviour=behaviours.answer, **settings):
        upstream = world.upstream(1, behaviour)
        return world.proxy(route("*", upstream, timeout="10s"), workers=1, **settings), upstream
    return make


def works(client):
    reply = client.ask(wire.query("x.test"))
    return reply is not None and wire.marker_of(reply) == 1


def until_works(connect):
    """A place becomes free a moment after a close."""
    def attempt():
        with connect() as client:
            try:
                return works(client)
            except OSError:
                return False
    wait_until(attempt, "a connection that is served")


def test_connections_are_limited(limited, family):
    proxy, _ = limited(tcp_connections=3)
    clients = [proxy.client("tcp", family) for _ in range(3)]
    for client in clients:
        assert works(client)
        time.sleep(0.01)
    fourth = proxy.client("tcp", family)
    assert works(fourth), "the newcomer gives way"
    assert clients[0].is_closed(), "the longest idle stays"
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="tcp_connections") == 1
    assert all(works(client) for client in clients[1:]), "more than one gives way"
    assert proxy.marker("x.test", "udp") == 1
    proxy.until_metric(3, "dproxy_tcp_connections", side="client")
    for client in (*clients, fourth):
        client.close()


def test_connections_of_one_client_are_limited(limited):
    proxy, _ = limited(tcp_connections_per_client=2)
    clients = [proxy.client("tcp") for _ in range(2)]
    assert all(works(client) for client in clients)
    with proxy.client("tcp") as third:
        assert third.is_closed()
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="tcp_connections_per_client") == 1
    with proxy.client("tcp", source="127.0.0.2") as other, proxy.client("tcp", family=6) as six:
        assert works(other) and works(six)
    clients.pop().close()
    until_works(lambda: proxy.client("tcp"))
    clients.pop().close()


def test_an_idle_connection_is_closed(limited, family):
    proxy, _ = limited(tcp_idle="3s")
    with proxy.client("tcp", family) as silent, proxy.client("tcp", family) as used:
        began = time.monotonic()
        assert works(used)
        assert silent.is_closed() and used.is_closed()
        assert time.monotonic() - began > 2.9
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")


def test_half_a_message_is_idle_too(limited):
    proxy, _ = limited(tcp_idle="500ms")
    with proxy.client("tcp") as client:
        client.send_bytes(b"\0\x20ab")
        assert client.is_closed()


@pytest.mark.parametrize("stream", [b"\0", framed(wire.query("x.test"))], ids=["of the length", "of a message"])
def test_a_byte_now_and_then_is_no_progress(limited, stream):
    proxy, _ = limited(tcp_idle="700ms")
    with proxy.client("tcp") as client:
        sent = 0
        while sent < max(1, len(stream) - 1) and not client.is_closed(patience=0.5):
            client.send_bytes(stream[sent:sent + 1])
            sent += 1
        assert len(stream) == 1 or sent < len(stream) - 1, "each byte of a message was waited for"
        assert len(stream) > 1 or client.is_closed()


def test_a_client_that_takes_a_byte_now_and_then_is_closed(limited):
    proxy, _ = limited(behaviours.replying(behaviours.sized(60000)), tcp_idle="3s")
    with TcpClient("127.0.0.1", proxy.port, receive_buffer=4096) as client:
        for ident in range(90):
            client.send(wire.query("x.test", ident=ident))
        end = time.monotonic() + 20
        while time.monotonic() < end and proxy.metrics().sum("dproxy_tcp_connections", side="client") > 0:
            client.socket.settimeout(5)
            try:
                client.socket.recv(1)
            except OSError:
                break
            time.sleep(0.3)
        proxy.until_metric(0, "dproxy_tcp_connections", side="client")
        assert proxy.metrics().sum("dproxy_client_rejected_total", reason="tcp_idle") == 1


def test_a_connection_that_waits_for_its_answer_is_not_idle(limited):
    """The answer takes longer than tcp_idle; it comes all the same."""
    hold = behaviours.Hold()
    proxy, upstream = limited(hold, tcp_idle="2s")
    with proxy.client("tcp") as waiting, proxy.client("tcp") as idle:
        waiting.send(wire.query("x.test"))
        upstream.wait_for(1)
        assert idle.is_closed()
        with proxy.client("tcp") as later:
            assert later.is_closed()
        hold.release()
        assert wire.marker_of(waiting.receive()) == 1
        assert waiting.is_closed()


def longest_pause_while_used(proxy, seconds):
    """Asks on one connection, each 20 ms. None: it worked for so long. Else for how long it was not asked at most."""
    with proxy.client("tcp") as client:
        began = last = time.monotonic()
        longest = 0.0
        while last - began < seconds:
            try:
                worked = works(client)
            except OSError:
                worked = False
            now = time.monotonic()
            longest, last = max(longest, now - last), now
            if not worked:
                return longest
            time.sleep(0.02)  # the pace of the client, so that tcp_queries is not reached
    return None


def test_a_used_connection_stays(limited):
    """Where the machine leaves this client without a turn for as long as tcp_idle, the connection is not used."""
    idle = 0.7
    proxy, _ = limited(tcp_idle="700ms")

    def stayed():
        longest = longest_pause_while_used(proxy, 3 * idle)
        assert longest is None or longest > idle / 2, f"closed within {longest:.2f} s"
        return longest is None
    wait_until(stayed, "a connection that is used", patience=60)


def test_queries_of_a_connection_are_limited(limited):
    proxy, upstream = limited(tcp_queries=5)
    with proxy.client("tcp") as client:
        assert all(works(client) for _ in range(5))
        assert client.is_closed()
    with proxy.client("tcp") as client:
        for ident in range(8):
            client.send(wire.query("x.test", ident=ident))
        assert {wire.ident_of(client.receive()) for _ in range(5)} == set(range(5))
        assert client.is_closed()
    assert len(upstream.received) == 10


def test_queries_at_one_time_are_limited_by_not_reading(limited):
    hold = behaviours.Hold()
    proxy, upstream = limited(hold, tcp_inflight=2)
    with proxy.client("tcp") as client, proxy.client("tcp") as other:
        for ident in range(6):
            client.send(wire.query(f"q{ident}.test", ident=ident))
        upstream.wait_for(2)
        other.send(wire.query("other.test"))
        upstream.wait_for(3)  # the third is the other client's: the first client's third was not read
        assert [wire.question_name(exchange.message) for exchange in upstream.received[:3]] == [
            "q0.test", "q1.test", "other.test"]
        hold.release()
        assert {wire.ident_of(client.receive()) for _ in range(6)} == set(range(6))
        assert wire.marker_of(other.receive()) == 1


def test_limits_are_not_those_of_udp(limited):
    proxy, _ = limited(tcp_connections=1, tcp_queries=1, tcp_inflight=1)
    with proxy.client("udp") as client:
        for ident in range(20):
            client.send(wire.query("x.test", ident=ident))
        assert {wire.ident_of(client.receive()) for _ in range(20)} == set(range(20))
