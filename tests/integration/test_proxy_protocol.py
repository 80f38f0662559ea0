# SPDX-License-Identifier: MIT
"""`proxy_protocol = v2`: the client's address stands before each datagram and each connection to the upstream."""
import socket
import struct
import threading

import pytest
from harness import behaviours, wire
from harness.client import LOOPBACK, TcpClient, UdpClient
from harness.deadline import wait_until
from harness.ports import free_port
from harness.prox_directory import route
from harness.proxy_header import LOCAL, header, local_header, read
from test_relayed_bytes import QUERIES, reply


def relay(world, *upstreams, **keys):
    settings = {"workers": 1, **keys.pop("settings", {})}
    return world.relay(*upstreams, proxy_protocol="v2", settings=settings, **{"timeout": "10s", **keys})


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1, proxied=True)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    return shared_world.relay(upstream, proxy_protocol="v2", attempts=1)  # a retry could come late, into the next test


@pytest.fixture(scope="module")
def over_tcp(shared_world, upstream):
    return shared_world.relay(upstream, proxy_protocol="v2", protocol="tcp", attempts=1)


def expected_header(client, proxy, transport):
    source = client.socket.getsockname()[:2]
    return header(transport, source, (LOOPBACK[6 if ":" in source[0] else 4], proxy.port))


def reset_at_close(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def client_on_port(port, proxy):
    client = TcpClient.__new__(TcpClient)
    client.socket, client.left_over = socket.socket(), b""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    client.socket.bind((LOOPBACK[4], port))
    client.socket.connect((LOOPBACK[4], proxy.port))
    return client


@pytest.mark.parametrize("message", QUERIES.values(), ids=QUERIES)
def test_the_message_stands_behind_the_clients_address_to_the_bit(proxy, upstream, transport, family, message):
    before, upstream.behaviour = len(upstream.received), behaviours.replying(reply)
    with proxy.client(transport, family) as client:
        answer = client.ask(message)
        expected = expected_header(client, proxy, transport)
    arrived = upstream.wait_for(before + 1)[before]
    assert arrived.transport == transport
    assert arrived.header == expected
    assert arrived.message[2:] == message[2:]
    assert answer == wire.with_ident(reply(arrived.message), wire.ident_of(message))


def test_a_udp_client_whose_route_is_tcp(over_tcp, upstream, family):
    before, upstream.behaviour = len(upstream.received), behaviours.answer
    with over_tcp.client("udp", family) as client:
        assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
        expected = expected_header(client, over_tcp, "udp")  # it tells how the client came
    arrived = upstream.wait_for(before + 1)[before]
    assert (arrived.transport, arrived.header) == ("tcp", expected)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_family_of_the_upstream_plays_no_part(world, transport, family, host):
    upstream = world.upstream(1, host=host, proxied=True)
    proxy = relay(world, upstream)
    with proxy.client(transport, family) as client:
        assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
        assert upstream.received[0].header == expected_header(client, proxy, transport)


@pytest.mark.parametrize("asked", ["127.0.0.1", "127.0.5.7", "::1"])
def test_the_address_that_was_asked_is_told_behind_a_wildcard(world, transport, asked):
    upstream = world.upstream(1, proxied=True)
    port = free_port()
    relay(world, upstream, settings={"listen": f"0.0.0.0:{port}, [::]:{port}"})
    with (UdpClient if transport == "udp" else TcpClient)(asked, port) as client:
        assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
        assert upstream.received[-1].header == header(transport, client.socket.getsockname()[:2], (asked, port))


def test_one_upstream_connection_for_each_client_connection(world, family):
    upstream = world.upstream(1, proxied=True)
    proxy = relay(world, upstream, attempts=1)  # a second attempt would have a connection of its own
    clients = [proxy.client("tcp", family) for _ in range(5)]
    for _ in range(4):
        for client in clients:
            assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
    assert [connection.header for connection in upstream.connections] == [
        expected_header(client, proxy, "tcp") for client in clients]
    assert [connection.received for connection in upstream.connections] == [4] * 5
    proxy.until_metric(5, "dproxy_tcp_connections", side="upstream")
    for client, connection in zip(clients[:2], upstream.connections):
        client.close()
        wait_until(connection.closed_by_peer.is_set, "the end of the client's upstream connection")
    proxy.until_metric(3, "dproxy_tcp_connections", side="upstream")
    assert wire.marker_of(clients[4].ask(wire.query("x.test"))) == 1
    assert len(upstream.connections) == 5


def test_a_connection_with_a_query_unanswered_ends_after_it(world):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold, proxied=True)
    proxy = relay(world, upstream, timeout="1m")
    with proxy.client("tcp") as client:
        client.send(wire.query("x.test"))
        wait_until(lambda: hold.held, "the query")
        reset_at_close(client)
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")
    assert not upstream.connections[0].closed_by_peer.is_set()
    hold.release()
    wait_until(upstream.connections[0].closed_by_peer.is_set, "the end of the connection")


def test_many_queries_of_one_client_have_several_connections_in_its_name(world):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold, proxied=True)
    proxy = relay(world, upstream)
    with proxy.client("tcp") as client:
        for ident in range(50):
            client.send(wire.query(f"q{ident}.test", ident=ident))
        upstream.wait_for(50)
        assert {exchange.header for exchange in upstream.received} == {expected_header(client, proxy, "tcp")}
        assert max(connection.received for connection in upstream.connections) <= 16
        hold.release(reverse=True)
        assert {wire.ident_of(client.receive()) for _ in range(50)} == set(range(50))


def test_a_udp_client_over_tcp_keeps_its_connection_for_a_moment(world, family):
    upstream = world.upstream(1, proxied=True)
    proxy = relay(world, upstream, protocol="tcp")
    with proxy.client("udp", family) as first, proxy.client("udp", family) as second:
        for client in (first, second, first):
            assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
        assert [exchange.header for exchange in upstream.received] == [
            expected_header(client, proxy, "udp") for client in (first, second, first)]
    for connection in upstream.connections:
        wait_until(connection.closed_by_peer.is_set, "the end of an idle connection")


def test_a_retry_bears_the_address_too(world, transport):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold, proxied=True)
    proxy = relay(world, upstream, timeout="30s", health="off")
    with proxy.client(transport) as client:
        client.send(wire.query("x.test"))
        wait_until(lambda: len(hold.held) == 2, "the second attempt")
        assert [held.header for held in hold.held] == [expected_header(client, proxy, transport)] * 2
        assert hold.held[0].peer != hold.held[1].peer, "not from another socket"
        hold.release()
        assert wire.marker_of(client.receive()) == 1


def test_an_upstream_that_closes_after_each_answer(world):
    upstream = world.upstream(1, behaviours.close_after_answer, proxied=True)
    proxy = relay(world, upstream)
    with proxy.client("tcp") as client:
        for ident in range(10):
            client.send(wire.query("x.test", ident=ident))
        replies = [client.receive() for _ in range(10)]
        assert {wire.ident_of(answer): wire.marker_of(answer) for answer in replies} == {
            ident: 1 for ident in range(10)}
        assert {exchange.header for exchange in upstream.received} == {expected_header(client, proxy, "tcp")}


def test_a_kept_connection_that_was_closed_is_opened_anew(world):
    upstream = world.upstream(1, proxied=True)
    proxy = relay(world, upstream, attempts=1)
    with proxy.client("tcp") as client:
        for number in range(4):
            assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
            wait_until(lambda: len(upstream.connections) > number, "a connection")
            upstream.connections[-1].close()
        assert {connection.header for connection in upstream.connections} == {expected_header(client, proxy, "tcp")}


def test_a_client_on_the_same_port_again_has_a_connection_of_its_own(world):
    upstream = world.upstream(1, proxied=True)
    proxy = relay(world, upstream)
    port = free_port()
    for _ in range(3):
        with client_on_port(port, proxy) as client:
            assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
            reset_at_close(client)
    assert len({exchange.header for exchange in upstream.received}) == 1
    assert [connection.received for connection in upstream.connections] == [1, 1, 1]


def test_a_transfer_has_the_address_on_its_connection(world, family):
    def zone(exchange):
        exchange.reply(behaviours.answer_to(exchange.message, 1, records=[wire.soa(1), wire.soa(1)]))

    upstream = world.upstream(1, zone, proxied=True)
    proxy = relay(world, upstream, client_subnet="add")
    message = wire.query("x.test", wire.AXFR)
    with proxy.client("tcp", family) as client:
        assert client.ask(message) == behaviours.answer_to(message, 1, records=[wire.soa(1), wire.soa(1)])
        assert upstream.received[0].header == expected_header(client, proxy, "tcp")
    assert upstream.received[0].message[2:] == message[2:]
    wait_until(upstream.connections[0].closed_by_peer.is_set, "the end of the transfer's connection")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_probes_speak_for_themselves(world, protocol):
    upstream = world.upstream(1, proxied=True)
    proxy = relay(world, upstream, protocol=protocol, health="on")
    wait_until(lambda: upstream.probes, "a probe")
    assert upstream.probes[0].transport == protocol
    assert upstream.probes[0].header == local_header() and read(local_header())[0].command == LOCAL
    assert proxy.metrics().sum("dproxy_upstream_up", upstream=str(upstream)) == 1


def test_both_keys_together(world, transport, family):
    upstream = world.upstream(1, proxied=True)
    proxy = relay(world, upstream, client_subnet="add")
    with proxy.client(transport, family) as client:
        answer = client.ask(wire.query("x.test", ident=9))
        assert upstream.received[0].header == expected_header(client, proxy, transport)
    subnet = wire.option(8, b"\0\1\x18\0\x7f\0\0" if family == 4 else b"\0\2\x38\0" + bytes(7))
    assert upstream.received[0].message[2:] == wire.query("x.test", additional=[wire.opt(512, subnet)])[2:]
    assert answer == behaviours.answer_to(wire.query("x.test", ident=9), 1)


@pytest.mark.parametrize("padding", [400, 440, 460, 480, 500, 3000, 60000])
def test_queries_of_all_sizes(proxy, upstream, transport, padding):
    before, upstream.behaviour = len(upstream.received), behaviours.answer
    message = wire.query("large.test", additional=[wire.opt(options=wire.option(65001, bytes(padding)))])
    assert wire.marker_of(proxy.ask(transport, message)) == 1
    assert upstream.wait_for(before + 1)[before].message[2:] == message[2:]


def test_a_datagram_that_is_too_large_with_its_header(proxy, upstream):
    """IPv4 carries 65,507 bytes: the query alone would fit."""
    message = wire.query("x.test", additional=[wire.opt(options=wire.option(65001, bytes(65507 - 39)))])
    assert len(message) == 65507
    assert wire.rcode_of(proxy.ask("udp", message)) == wire.SERVFAIL
    upstream.behaviour = behaviours.answer
    assert wire.marker_of(proxy.ask("tcp", message)) == 1


def test_with_and_without_the_key_it_is_another_upstream(world, transport):
    with_header, without = world.upstream(1, proxied=True), world.upstream(2)
    proxy = world.proxy(route("with.test", with_header, proxy_protocol="v2") + route("without.test", without))
    assert [proxy.marker(name, transport) for name in ("with.test", "without.test")] == [1, 2]
    assert without.received[0].message[2:] == wire.query("without.test")[2:]


def test_a_server_that_expects_no_header_is_none_for_the_route(world, transport):
    """The same server on two routes is two upstreams: nothing of the one disturbs the other."""
    upstream = world.upstream(1)
    proxy = world.proxy(route("with.test", upstream, proxy_protocol="v2", health="off", timeout="200ms", attempts=1)
                        + route("without.test", upstream, health="off"), workers=1)
    for _ in range(3):
        assert proxy.marker("without.test", transport) == 1
        assert proxy.marker("with.test", transport) is None
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="no_upstream") == 3


def test_each_answer_reaches_the_client_that_asked(world):
    """Thirty clients at once over UDP and TCP; each upstream message bears the address of its own client."""
    names = {}

    def note(exchange):
        names[wire.question_name(exchange.message)] = read(exchange.header)[0].source
        behaviours.answer(exchange)

    upstream = world.upstream(1, note, proxied=True)
    proxy = relay(world, upstream, settings={"workers": 2})
    sources = {}

    def ask_often(number):
        with proxy.client("tcp" if number % 2 else "udp", 6 if number % 3 else 4) as client:
            sources[number] = client.socket.getsockname()[:2]
            for turn in range(20):
                assert wire.question_name(client.ask(wire.query(f"q{turn}.{number}.test"))) == f"q{turn}.{number}.test"

    threads = [threading.Thread(target=ask_often, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == {f"q{turn}.{number}.test": sources[number] for number in range(30) for turn in range(20)}
