# SPDX-License-Identifier: MIT
"""Clients over TCP: framing in every way that bytes may arrive, pipelining, peers that hang up or never read."""
import socket
import struct

import pytest
from harness import behaviours, wire
from harness.client import TcpClient, framed
from harness.prox_directory import route


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    return shared_world.proxy(route("*", upstream, timeout="10s"), tcp_idle="30s")


@pytest.fixture(autouse=True)
def plain_answers(upstream):
    upstream.behaviour = behaviours.answer


def expect_service(proxy):
    assert wire.marker_of(proxy.ask("tcp", "still.test")) == 1


def test_byte_by_byte(proxy, family):
    with proxy.client("tcp", family) as client:
        for _ in range(3):
            message = wire.query("slow.test")
            for octet in framed(message):
                client.send_bytes(bytes([octet]))
            assert wire.question_of(client.receive()) == wire.question_of(message)


def test_three_messages_in_one_segment(proxy):
    with proxy.client("tcp") as client:
        client.send_bytes(b"".join(framed(wire.query("x.test", ident=ident)) for ident in (1, 2, 3)))
        assert {wire.ident_of(client.receive()) for _ in range(3)} == {1, 2, 3}


def test_a_message_and_a_half_then_the_rest(proxy):
    with proxy.client("tcp") as client:
        second = framed(wire.query("y.test", ident=2))
        client.send_bytes(framed(wire.query("x.test", ident=1)) + second[:7])
        assert wire.ident_of(client.receive()) == 1
        client.send_bytes(second[7:])
        assert wire.ident_of(client.receive()) == 2


@pytest.mark.parametrize("octets", [b"", b"\0", b"\0\x1d", b"\0\x1d" + bytes(10), framed(b"")],
                         ids=["nothing", "half a length", "a length", "a cut message", "a length of zero"])
def test_half_a_message_and_a_close_do_no_harm(proxy, family, octets):
    before = proxy.metrics().sum("dproxy_tcp_connections", side="client")
    with proxy.client("tcp", family) as client:
        client.send_bytes(octets)
    expect_service(proxy)
    proxy.until_metric(before, "dproxy_tcp_connections", side="client")


def test_a_length_of_zero_is_never_answered(proxy):
    with proxy.client("tcp") as client:
        client.send_bytes(framed(b""))
        client.send(wire.query("x.test", ident=5))
        reply = client.receive()  # or the connection is closed for it
        assert reply is None or wire.ident_of(reply) == 5
    expect_service(proxy)


def test_a_half_close_still_gets_its_answers(proxy, upstream):
    """As `printf ... | nc` and some resolvers do."""
    upstream.behaviour = hold = behaviours.Hold()
    before = len(upstream.received)
    with proxy.client("tcp") as client:
        for ident in range(3):
            client.send(wire.query("half.test", ident=ident))
        client.socket.shutdown(socket.SHUT_WR)
        upstream.wait_for(before + 3)
        hold.release()
        assert {wire.ident_of(client.receive()) for _ in range(3)} == {0, 1, 2}
        assert client.is_closed()


def test_a_reset_with_queries_in_flight_does_no_harm(proxy, upstream):
    upstream.behaviour = hold = behaviours.Hold()
    before = len(upstream.received)
    client = proxy.client("tcp")
    for ident in range(10):
        client.send(wire.query("gone.test", ident=ident))
    upstream.wait_for(before + 10)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    hold.release()
    expect_service(proxy)
    proxy.until_metric(0, "dproxy_inflight_requests")


def test_a_hundred_pipelined_queries_are_answered_out_of_order(proxy, upstream):
    """The upstream answers the last first; each answer must still be that of its question."""
    upstream.behaviour = hold = behaviours.Hold()
    before = len(upstream.received)
    with proxy.client("tcp") as client:
        client.send_bytes(b"".join(framed(wire.query(f"q{ident}.test", ident=ident)) for ident in range(100)))
        upstream.wait_for(before + 100)
        hold.release(reverse=True)
        replies = [client.receive() for _ in range(100)]
    order = [wire.ident_of(reply) for reply in replies]
    assert sorted(order) == list(range(100))
    assert order != sorted(order)
    assert all(wire.question_name(reply) == f"q{wire.ident_of(reply)}.test" for reply in replies)


def test_a_slow_answer_does_not_hold_up_a_fast_one(proxy, upstream):
    hold = behaviours.Hold()
    upstream.behaviour = lambda exchange: (
        hold if wire.question_name(exchange.message) == "slow.test" else behaviours.answer)(exchange)
    with proxy.client("tcp") as client:
        client.send(wire.query("slow.test", ident=1))
        client.send(wire.query("fast.test", ident=2))
        assert wire.ident_of(client.receive()) == 2
        hold.release()
        assert wire.ident_of(client.receive()) == 1


def test_dproxys_own_answers_go_out_at_once(proxy, upstream):
    upstream.behaviour = hold = behaviours.Hold()
    with proxy.client("tcp") as client:
        client.send(wire.query("held.test", ident=1))
        client.send(wire.query("x.test", opcode=3, ident=2)[:12])
        assert (wire.ident_of(client.receive()), hold.release())[0] == 2
        assert wire.ident_of(client.receive()) == 1


def test_the_same_id_twice_on_a_connection(proxy, upstream):
    with proxy.client("tcp") as client:
        for owner in ("one.test", "two.test"):
            client.send(wire.query(owner, ident=7))
        assert {wire.question_name(client.receive()) for _ in range(2)} == {"one.test", "two.test"}


def test_many_connections_at_once(proxy, upstream, family):
    source = None if family == 6 else "127.0.0.3"
    clients = [proxy.client("tcp", family, source) for _ in range(60)]
    for number, client in enumerate(clients):
        client.send(wire.query(f"q{number}.test", ident=number))
    for number, client in enumerate(clients):
        assert wire.question_name(client.receive()) == f"q{number}.test"
        client.close()


def test_a_peer_that_never_reads_is_closed_and_holds_up_nobody(world):
    upstream = world.upstream(1, behaviours.replying(behaviours.sized(60000)))
    proxy = world.proxy(route("*", upstream), tcp_idle="8s", tcp_queries=1000)
    deaf = TcpClient("127.0.0.1", proxy.port, receive_buffer=4096)
    deaf.socket.setblocking(False)
    stream = b"".join(framed(wire.query(f"q{ident}.test", ident=ident)) for ident in range(900))
    try:
        while stream:
            stream = stream[deaf.socket.send(stream):]
    except BlockingIOError:
        pass  # it stopped reading: just as well
    upstream.wait_for(20)
    assert len(proxy.ask("tcp", wire.query("other.test"))) == 60000
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")
    assert upstream.messages("other.test")
    deaf.close()


def test_a_client_that_reads_late_loses_nothing(proxy, upstream):
    upstream.behaviour = behaviours.replying(behaviours.sized(60000))
    before = len(upstream.received)
    with TcpClient("127.0.0.1", proxy.port, receive_buffer=4096) as client:
        for ident in range(50):
            client.send(wire.query(f"q{ident}.test", wire.TXT, ident=ident))
        upstream.wait_for(before + 20)
        replies = [client.receive() for _ in range(50)]
    assert {wire.ident_of(reply) for reply in replies} == set(range(50))
    assert {len(reply) for reply in replies} == {60000}
