# SPDX-License-Identifier: MIT
"""Clients over TLS (RFC 7858), as real programs are: kdig, openssl."""
import socket
import ssl
import subprocess

import pytest
from harness import behaviours, wire
from harness.client import TcpClient, TlsClient, framed
from harness.prox_directory import route


@pytest.fixture(scope="module")
def proxy(shared_world, certificates):
    upstream = shared_world.upstream(1)
    return shared_world.proxy(route("*", upstream), **certificates.settings())


def kdig(proxy, *arguments):
    command = ["kdig", "@127.0.0.1", "-p", str(proxy.port_of("tls")), "+tls", "+timeout=5", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout


def test_kdig_is_answered_and_believes_the_certificate(proxy, certificates):
    said = kdig(proxy, f"+tls-ca={certificates.authority}", "+tls-hostname=dns.example", "x.test", "TXT")
    assert "TLS1.3" in said and "NOERROR" in said


def test_metrics_tell_of_it(proxy):
    kdig(proxy, "x.test")
    proxy.until_metric(1, "dproxy_tls_certificate_valid")
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_requests_total", transport="tls") >= 1
    assert metrics.sum("dproxy_tls_handshakes_total", side="client", result="ok") >= 1


def test_messages_are_pipelined_and_come_byte_by_byte(proxy):
    with proxy.client("tls") as client:
        for ident in range(20):
            client.send(wire.query("x.test", ident=ident))
        assert {wire.ident_of(client.receive()) for _ in range(20)} == set(range(20))
        for octet in framed(wire.query("slow.test", ident=77)):
            client.send_bytes(bytes([octet]))
        assert wire.ident_of(client.receive()) == 77


def test_handshakes_under_way_are_seen(proxy):
    with TcpClient("127.0.0.1", proxy.port_of("tls")) as silent:
        proxy.until_metric(1, "dproxy_tls_handshakes_under_way", side="client")
        before = proxy.metrics().sum("dproxy_tls_handshakes_total", result="malformed")
        silent.send_bytes(b"GET / HTTP/1.1\r\n\r\n")
        assert silent.is_closed() or silent.left_over is not None
    proxy.until_metric(0, "dproxy_tls_handshakes_under_way", side="client")
    assert proxy.metrics().sum("dproxy_tls_handshakes_total", result="malformed") == before + 1


def test_a_session_goes_on_by_its_ticket(proxy):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = proxy.port_of("tls")
    with TlsClient("127.0.0.1", port, context=context) as first:
        first.ask(wire.query("x.test"))
        session = first.socket.session
    raw = socket.create_connection(("127.0.0.1", port), timeout=15)
    with context.wrap_socket(raw, session=session) as second:
        assert second.session_reused
    proxy.until_metric(1, "dproxy_tls_resumptions_total", side="client")


def test_a_slow_handshake_is_ended(proxy):
    with TcpClient("127.0.0.1", proxy.port_of("tls")) as silent:
        assert silent.is_closed(patience=20)
    assert proxy.metrics().sum("dproxy_tls_handshakes_total", result="timeout") >= 1


def cut_over_udp(exchange):
    flags = wire.TC if exchange.transport == "udp" else 0
    exchange.reply(behaviours.answer_to(exchange.message, exchange.marker, flags=flags))


@pytest.mark.parametrize("listens_over_tcp", [True, False], ids=["whole over TCP", "no TCP"])
def test_a_cut_reply_is_fetched_over_tcp(world, certificates, listens_over_tcp):
    upstream = world.upstream(1, transports=("udp", "tcp") if listens_over_tcp else ("udp",))
    upstream.behaviour = cut_over_udp
    proxy = world.proxy(route("*", upstream, health="off"), **certificates.settings())
    reply = proxy.ask("tls", "large.test")
    assert wire.marker_of(reply) == 1
    assert bool(wire.flags_of(reply) & wire.TC) != listens_over_tcp
    expected = ["udp", "tcp"] if listens_over_tcp else ["udp", "udp"]
    assert [one.transport for one in upstream.received] == expected


@pytest.mark.parametrize("name", ["relayed.test", "own.test"])
def test_answers_are_padded_for_who_pads(world, certificates, name):
    upstream = world.upstream(1)
    proxy = world.proxy(route("*", upstream) + "[own.test]\nanswer = 192.0.2.1\n", **certificates.settings())
    padded = wire.query(name, additional=[wire.opt(options=wire.option(12, bytes(40)))])
    assert len(proxy.ask("tls", padded)) == 468
    assert len(proxy.ask("tcp", padded)) < 200
    assert len(proxy.ask("tls", wire.query(name, additional=[wire.opt()]))) < 200
    assert all(b"\0\x0c\0\x28" not in one.message for one in upstream.received)
