# SPDX-License-Identifier: MIT
"""PROXY headers that are broken, slow, or from who may not send one: counted, and of no cost to anybody else."""
import socket
import struct

import pytest
from harness import wire
from harness.client import TcpClient, UdpClient, framed
from harness.deadline import wait_until
from harness.ports import free_port
from harness.prox_directory import route
from harness.proxied import PROXY, Through, ask, told
from harness.proxy_header import SIGNATURE, local_header, read

MOST_AWAITED = 1024


@pytest.fixture
def upstream(world):
    return world.upstream(1, proxied=True)


@pytest.fixture
def serve(world, certificates, upstream):
    def start(**settings):
        certificate, key = certificates.issue()
        return world.proxy(route("*", upstream, proxy_protocol="v2"), workers=1, proxy_from=PROXY,
                           listen_tls=f"127.0.0.1:{free_port()}", tls_cert=certificate, tls_key=key, **settings)
    return start


@pytest.fixture
def proxy(serve):
    return serve()


def expect_service(proxy):
    for way in ("udp", "tcp", "tls"):
        assert wire.marker_of(ask(proxy, way, told(way), "still.test")) == 1
        assert wire.marker_of(proxy.ask(way, wire.query("still.test"))) == 1


def expect_rejected(proxy, count, reason="proxy_header"):
    proxy.until_metric(count, "dproxy_client_rejected_total", reason=reason)


def stranger(proxy, transport="tcp"):
    return TcpClient("127.0.0.1", proxy.port_of(transport), PROXY)


def changed(octets, at, to):
    return octets[:at] + bytes([to]) + octets[at + 1:]


QUERY = wire.query("x.test")
LINE = b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"
BROKEN = {"nothing before the message": b"", "another signature": changed(told("tcp"), 11, 11),
          "version 1 in binary": changed(told("tcp"), 12, 0x11), "another command": changed(told("tcp"), 12, 0x22),
          "another family": changed(told("tcp"), 13, 0x41), "another transport": changed(told("tcp"), 13, 0x13),
          "too short for its addresses": told("tcp")[:14] + b"\0\x0b" + told("tcp")[16:27],
          "IPv6 in the room of IPv4": changed(told("tcp"), 13, 0x21)}
BROKEN_LINES = {"no family": b"PROXY \r\n", "another family": b"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
                "too few words": b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
                "no port": b"PROXY TCP4 192.0.2.1 192.0.2.2 x 2\r\n",
                "LF alone": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "no end": b"PROXY UNKNOWN " + b"a" * 200,
                "a NUL": b"PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n", "an address of the other family":
                b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", "lower case": b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"}


@pytest.mark.parametrize("way", ["tcp", "tls"])
@pytest.mark.parametrize("preface", [*BROKEN.values(), *BROKEN_LINES.values()], ids=[*BROKEN, *BROKEN_LINES])
def test_broken_in_front_of_a_connection(proxy, upstream, way, preface):
    with stranger(proxy, way) as one:
        one.send_bytes(preface + framed(QUERY))
        assert one.is_closed()
    expect_rejected(proxy, 1)
    assert not upstream.received
    expect_service(proxy)


@pytest.mark.parametrize("preface", [*BROKEN.values(), *BROKEN_LINES.values(), LINE],
                         ids=[*BROKEN, *BROKEN_LINES, "version 1"])
def test_broken_in_front_of_a_datagram(proxy, upstream, preface):
    with UdpClient("127.0.0.1", proxy.port, PROXY) as one:
        one.send(preface + QUERY)
    proxy.until_metric(1, "dproxy_dropped_total", reason="proxy_header")
    assert not upstream.received
    expect_service(proxy)


def test_datagrams_that_end_within_their_header(proxy, upstream):
    whole = told("udp", "2001:db8::1")
    with UdpClient("127.0.0.1", proxy.port, PROXY) as one:
        for length in range(len(whole)):
            one.send(whole[:length])
        proxy.until_metric(len(whole), "dproxy_dropped_total", reason="proxy_header")
        for header in (whole, told("udp")):  # the second has 28 bytes: nothing behind it is no message
            one.send(header)
        proxy.until_metric(2, "dproxy_dropped_total", reason="short_message")
    assert not upstream.received
    expect_service(proxy)


def test_a_length_beyond_the_datagram(proxy):
    with UdpClient("127.0.0.1", proxy.port, PROXY) as one:
        for length in (13, 12 + len(QUERY) + 1, 65535):
            one.send(told("udp")[:14] + struct.pack("!H", length) + told("udp")[16:] + (QUERY if length > 13 else b""))
    proxy.until_metric(3, "dproxy_dropped_total", reason="proxy_header")
    expect_service(proxy)


@pytest.mark.parametrize("way", ["tcp", "tls"])
@pytest.mark.parametrize("header", [told("tcp"), told("tcp", "2001:db8::1"), LINE,
                                    told("tcp")[:14] + b"\x10\x00" + told("tcp")[16:] + bytes(4096 - 12)],
                         ids=["IPv4", "IPv6", "version 1", "4 KiB"])
def test_connections_that_end_within_their_header(proxy, header, way):
    lengths = [*range(1, min(len(header), 60)), len(header) - 1]
    for length in lengths:
        with stranger(proxy, way) as one:
            one.send_bytes(header[:length])
            one.socket.shutdown(socket.SHUT_WR)
            assert one.is_closed()
    expect_rejected(proxy, len(lengths))
    with stranger(proxy, way) as one:  # a check whether anybody is there says nothing, and is no fault
        one.socket.shutdown(socket.SHUT_WR)
        assert one.is_closed()
    expect_service(proxy)
    expect_rejected(proxy, len(lengths))


@pytest.mark.parametrize("preface", [told("tcp"), b"PROXY TCP6 2001:db8::7 2001:db8::1 4242 53\r\n", local_header()],
                         ids=["version 2", "version 1", "LOCAL"])
def test_byte_by_byte(proxy, upstream, preface):
    with stranger(proxy) as one:
        for octet in preface + framed(QUERY):
            one.send_bytes(bytes([octet]))
        assert wire.marker_of(one.receive()) == 1
    assert upstream.received[0].message[2:] == QUERY[2:]


def test_all_at_once(proxy, upstream):
    """Header, and many messages behind it in one piece: not one byte is lost between them."""
    with stranger(proxy) as one:
        one.send_bytes(told("tcp") + b"".join(framed(wire.query("x.test", ident=ident)) for ident in range(90)))
        assert {wire.ident_of(one.receive()) for _ in range(90)} == set(range(90))
    assert {read(exchange.header)[0].source for exchange in upstream.received} == {("192.0.2.7", 4242)}


@pytest.mark.parametrize("way", ["tcp", "tls"])
@pytest.mark.parametrize("said", [b"", told("tcp")[:20], told("tcp")[:14] + b"\xff\xff" + bytes(30000)],
                         ids=["nothing", "a part", "a part of 64 KiB"])
def test_who_does_not_go_on_is_gone_in_a_while(proxy, said, way):
    with stranger(proxy, way) as one:
        one.send_bytes(said)
        assert one.is_closed(patience=30)
    expect_rejected(proxy, 1, "proxy_header_wait")
    expect_service(proxy)


def test_more_than_may_wait(serve):
    """The oldest give way to the newest; who has a header is served all the while."""
    proxy = serve(tcp_connections_per_client=10000)
    silent = []

    def some_more():
        for _ in range(200):
            silent.append(stranger(proxy))
        expect_service(proxy)
        return proxy.metrics().sum("dproxy_client_rejected_total", reason="proxy_header_wait") > 0
    wait_until(some_more, "one that gives way", 60)
    for one in silent:
        one.close()
    expect_service(proxy)


def test_memory_does_not_grow_with_headers(serve):
    """64 KiB of what is skipped, by hundreds of connections at once."""
    proxy = serve()
    held = [stranger(proxy) for _ in range(200)]
    for one in held:
        one.send_bytes(told("tcp")[:14] + b"\xff\xff" + told("tcp")[16:] + bytes(60000))
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_buffered_bytes") <= 400 * 1024
    for one in held:
        one.close()
    expect_rejected(proxy, 200)
    expect_service(proxy)


# From elsewhere.

def test_a_header_from_who_may_not_is_no_header(proxy, upstream):
    with UdpClient("127.0.0.1", proxy.port) as one:
        one.send(told("udp") + QUERY)
        answer = one.receive()  # what it says as a message: an opcode that nobody has
    assert wire.rcode_of(answer) in (wire.NOTIMP, wire.FORMERR)
    with TcpClient("127.0.0.1", proxy.port) as one:
        one.send_bytes(told("tcp") + framed(QUERY))
        one.socket.shutdown(socket.SHUT_WR)
        assert one.is_closed()
    expect_rejected(proxy, 1, "tcp_framing")
    with TcpClient("127.0.0.1", proxy.port_of("tls")) as one:
        one.send_bytes(told("tls") + framed(QUERY))
        one.receive()  # an alert
    proxy.until_metric(1, "dproxy_tls_handshakes_total", side="client", result="malformed")
    assert not upstream.received and SIGNATURE
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="proxy_header") == 0
    expect_service(proxy)


def test_a_header_within_a_connection_is_no_header(proxy, upstream):
    with Through(proxy, "tcp", told("tcp")) as one:
        assert wire.marker_of(one.ask("x.test")) == 1
        one.client.send_bytes(told("tcp", "198.51.100.9"))
        one.client.socket.shutdown(socket.SHUT_WR)
        assert one.client.is_closed()
    expect_rejected(proxy, 1, "tcp_framing")
    assert {read(exchange.header)[0].source for exchange in upstream.received} == {("192.0.2.7", 4242)}


def test_two_headers_are_one_and_a_malformed_message(proxy, upstream):
    with UdpClient("127.0.0.1", proxy.port, PROXY) as one:
        one.send(told("udp") + told("udp", "198.51.100.9") + QUERY)
        assert wire.rcode_of(one.receive()) in (wire.NOTIMP, wire.FORMERR)
    assert not upstream.received
