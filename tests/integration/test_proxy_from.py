# SPDX-License-Identifier: MIT
"""`proxy_from`: what comes from a proxy begins with a PROXY header, which tells who asks. All that goes by the client's
address goes by that one; the answer goes back to the proxy."""
import socket
import struct

import pytest
from harness import behaviours, wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.ports import free_port
from harness.prox_directory import route
from harness.proxied import ASKER, PROXY, Through, ask, told
from harness.proxy_header import SIGNATURE, local_header, read

WAYS = ["udp", "tcp", "tls"]


@pytest.fixture
def serve(world, certificates):
    """A program that believes PROXY."""
    def start(routes, **settings):
        certificate, key = certificates.issue()
        return world.proxy(routes, listen_tls=f"127.0.0.1:{free_port()}", tls_cert=certificate, tls_key=key,
                           proxy_from=PROXY, **settings)
    return start


@pytest.mark.parametrize("way", WAYS)
def test_who_asks_is_told_on(world, serve, way, family):
    upstream = world.upstream(1, proxied=True)
    proxy = serve(route("*", upstream, proxy_protocol="v2"))
    assert wire.marker_of(ask(proxy, way, told(way, ASKER[family]), "x.test")) == 1
    arrived = read(upstream.received[0].header)[0]
    assert (arrived.source, arrived.transport) == ((ASKER[family], 4242), "udp" if way == "udp" else "tcp")
    assert upstream.received[0].message[2:] == wire.query("x.test")[2:]
    with proxy.client(way) as direct:  # from elsewhere nobody needs a header
        assert wire.marker_of(direct.ask(wire.query("x.test"))) == 1
        assert read(upstream.received[1].header)[0].source == direct.socket.getsockname()


@pytest.mark.parametrize("way", ["tcp", "tls"])
def test_version_1_on_connections(world, serve, way, family):
    upstream = world.upstream(1, proxied=True)
    proxy = serve(route("*", upstream, proxy_protocol="v2"))
    line = f"PROXY TCP{family} {ASKER[family]} {ASKER[family]} 4242 53\r\n".encode()
    assert wire.marker_of(ask(proxy, way, line, "x.test")) == 1
    assert read(upstream.received[0].header)[0].source == (ASKER[family], 4242)


def raw(command, kind, body=b""):
    return SIGNATURE + bytes([0x20 | command, kind]) + struct.pack("!H", len(body)) + body


UNTOLD = {"LOCAL": local_header(), "LOCAL with addresses": raw(0, 0x11, bytes(12)), "UNSPEC": raw(1, 0),
          "UNSPEC with more": raw(1, 0, bytes(30)), "AF_UNIX": raw(1, 0x31, bytes(216)),
          "AF_INET, UNSPEC": raw(1, 0x10, bytes(12))}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("preface", UNTOLD.values(), ids=UNTOLD)
def test_a_header_without_an_address_leaves_the_peers(world, serve, way, preface):
    upstream = world.upstream(1, proxied=True)
    proxy = serve(route("*", upstream, proxy_protocol="v2"))
    with Through(proxy, way, preface) as one:
        assert wire.marker_of(one.ask("x.test")) == 1
        assert read(upstream.received[0].header)[0].source == one.client.socket.getsockname()


def test_unknown_of_version_1_leaves_the_peers(world, serve):
    upstream = world.upstream(1, proxied=True)
    proxy = serve(route("*", upstream, proxy_protocol="v2"))
    with Through(proxy, "tcp", b"PROXY UNKNOWN\r\n") as one:
        assert wire.marker_of(one.ask("x.test")) == 1
        assert read(upstream.received[0].header)[0].source == one.client.socket.getsockname()


# What goes by it.

@pytest.mark.parametrize("way", WAYS)
def test_allow(world, serve, way):
    """The proxy's own address needs no leave, and gives none."""
    proxy = serve(route("*", world.upstream(1)), allow=f"{ASKER[4]}, 127.0.0.1")
    assert wire.marker_of(ask(proxy, way, told(way), "x.test")) == 1
    refused = ask(proxy, way, told(way, "192.0.2.8"), "x.test") if way != "tls" else refused_over_tls(proxy)
    assert refused is None if way != "udp" else wire.rcode_of(refused) == wire.REFUSED
    proxy.until_metric(1, "dproxy_client_rejected_total", reason="not_allowed")


def refused_over_tls(proxy):
    with pytest.raises(OSError):
        ask(proxy, "tls", told("tls", "192.0.2.8"), "x.test")


@pytest.mark.parametrize("way", WAYS)
def test_routes_for_some(world, serve, way):
    office, others = world.upstream(1), world.upstream(2)
    proxy = serve(route("*", office, clients="192.0.2.0/28") + route("*", others)
                  + route("closed.test", office, allow="192.0.2.8"))
    for asker, marker in (("192.0.2.7", 1), ("192.0.2.77", 2)):
        assert wire.marker_of(ask(proxy, way, told(way, asker), "x.test")) == marker
    assert wire.rcode_of(ask(proxy, way, told(way, "192.0.2.7"), "closed.test")) == wire.REFUSED
    assert wire.marker_of(ask(proxy, way, told(way, "192.0.2.8"), "closed.test")) == 1


@pytest.mark.parametrize("way", WAYS)
def test_client_subnet(world, serve, way, family):
    upstream = world.upstream(1)
    proxy = serve(route("*", upstream, client_subnet="add"))
    assert wire.marker_of(ask(proxy, way, told(way, ASKER[family]), "x.test")) == 1
    network = (b"\0\1\x18\0\xc0\0\x02" if family == 4 else b"\0\2\x38\0" + socket.inet_pton(socket.AF_INET6,
                                                                                     ASKER[6])[:7])
    assert wire.option(8, network) in upstream.received[0].message


def test_the_rate_is_the_clients(world, serve):
    proxy = serve(route("*", world.upstream(1)), ratelimit=2, workers=1)
    with Through(proxy, "udp", told("udp", "192.0.2.7")) as one:
        for _ in range(20):
            one.send(wire.query("x.test"))
        wait_until(lambda: proxy.metrics().sum("dproxy_dropped_total", reason="rate_limited") > 0, "the limit")
    assert wire.marker_of(ask(proxy, "udp", told("udp", "198.51.100.1"), "x.test")) == 1


def test_connections_are_the_clients(world, serve):
    proxy = serve(route("*", world.upstream(1)), tcp_connections_per_client=2)
    held = [Through(proxy, "tcp", told("tcp", f"192.0.2.{number // 2}")) for number in range(20)]
    assert [wire.marker_of(one.ask("x.test")) for one in held] == [1] * 20
    assert ask(proxy, "tcp", told("tcp", "192.0.2.0"), "x.test") is None
    proxy.until_metric(1, "dproxy_client_rejected_total", reason="tcp_connections_per_client")
    for one in held:
        one.client.close()


def test_handshakes_are_the_clients(world, serve):
    proxy = serve(route("*", world.upstream(1)), workers=1)
    half = []
    for number in range(40):
        half.append(TcpClient("127.0.0.1", proxy.port_of("tls"), PROXY))
        half[-1].send_bytes(told("tls", f"192.0.2.{number // 10}"))
    proxy.until_metric(40, "dproxy_tls_handshakes_under_way", side="client")
    for _ in range(16 - 10 + 1):
        half.append(TcpClient("127.0.0.1", proxy.port_of("tls"), PROXY))
        half[-1].send_bytes(told("tls", "192.0.2.0"))
    proxy.until_metric(1, "dproxy_client_rejected_total", reason="tls_handshakes_per_client")
    for one in half:
        one.close()


def test_a_cookie_is_the_clients(world, serve):
    """One that was made for another client proves nothing, though both come by one proxy."""
    proxy = serve(route("*", world.upstream(1)), ratelimit=1, workers=1)

    def ask_with(cookie, asker):
        message = wire.query("x.test", additional=[wire.opt(options=wire.option(10, cookie))])
        return ask(proxy, "udp", told("udp", asker), message)
    answer = ask_with(b"\1" * 8, "192.0.2.7")
    whole = answer[answer.index(b"\1" * 8):][:24]
    for _ in range(8):
        assert wire.marker_of(ask_with(whole, "192.0.2.7")) == 1, "its source is proved"
    ask_with(b"\1" * 8, "198.51.100.7")
    with Through(proxy, "udp", told("udp", "198.51.100.7")) as one:
        for _ in range(8):
            one.send(wire.query("x.test", additional=[wire.opt(options=wire.option(10, whole))]))
        wait_until(lambda: proxy.metrics().sum("dproxy_dropped_total", reason="rate_limited") > 0, "the limit")


# Sizes.

@pytest.mark.parametrize("size", [512, 1232, 4096])
def test_an_answer_is_as_large_as_the_client_takes(world, serve, size):
    """The header takes nothing of it, on the way there or back."""
    upstream = world.upstream(1)
    proxy = serve(route("*", upstream))
    for beyond in (0, 1):
        upstream.behaviour = behaviours.replying(behaviours.sized(size + beyond))
        message = wire.query("x.test", additional=[wire.opt(size)] if size > 512 else ())
        for family in (4, 6):
            answer = ask(proxy, "udp", told("udp", ASKER[family]), message)
            assert bool(wire.flags_of(answer) & wire.TC) == bool(beyond)
            assert len(answer) == size or beyond


def test_a_query_as_large_as_a_datagram_with_its_header(world, serve):
    upstream = world.upstream(1)
    proxy = serve(route("*", upstream))
    preface = told("udp")
    message = wire.query("x.test", additional=[wire.opt(options=wire.option(65001, bytes(65507 - 39 - len(preface))))])
    assert len(preface + message) == 65507
    assert wire.marker_of(ask(proxy, "udp", preface, message)) == 1
    assert upstream.received[0].message[2:] == message[2:]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [3, 1000, 4096, 20000, 65535 - 12])
def test_values_behind_the_addresses_are_skipped(world, serve, way, size):
    upstream = world.upstream(1, proxied=True)
    proxy = serve(route("*", upstream, proxy_protocol="v2"))
    body = told(way)[16:] + b"\x04" + struct.pack("!H", size - 3) + bytes(size - 3)
    if way == "udp" and len(body) > 65000:
        body = body[:65000]
    preface = told(way)[:14] + struct.pack("!H", len(body)) + body
    for _ in range(2):
        assert wire.marker_of(ask(proxy, way, preface, "x.test")) == 1
        assert read(upstream.received[-1].header)[0].source == (ASKER[4], 4242)
