# SPDX-License-Identifier: MIT
"""Peers that mean harm over TLS, or are broken: what they send is counted, costs nobody else anything, and is gone."""
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from harness import behaviours, wire
from harness.client import TcpClient, TlsClient, framed
from harness.deadline import wait_until
from harness.ports import free_port
from harness.prox_directory import route

MOST_HANDSHAKES, MOST_OF_CLIENT = 256, 16


@pytest.fixture
def upstream(world):
    return world.upstream(1)


@pytest.fixture
def serve(world, upstream, certificates):
    def start(**settings):
        certificate, key = certificates.issue()
        return world.proxy(route("*", upstream, timeout="20s"), workers=1, listen_tls=f"127.0.0.1:{free_port()}",
                           tls_cert=certificate, tls_key=key, **settings)
    return start


@pytest.fixture
def proxy(serve):
    return serve()


def believing():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Memory:
    """TLS without a socket: its bytes are the test's to send as it likes."""

    def __init__(self, context=None):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (context or believing()).wrap_bio(self.incoming, self.outgoing)

    def until_done(self, one, call, *arguments):
        """What the call gives, with each byte sent by itself."""
        while True:
            try:
                given, done = call(*arguments), True
            except ssl.SSLWantReadError:
                given, done = None, False
            for octet in self.outgoing.read():
                one.send_bytes(bytes([octet]))
            if done:
                return given
            self.incoming.write(one.socket.recv(65536))


def client_hello(context=None):
    memory = Memory(context)
    with pytest.raises(ssl.SSLWantReadError):
        memory.tls.do_handshake()
    return memory.outgoing.read()


def stranger(proxy, source=None):
    return TcpClient("127.0.0.1", proxy.port_of("tls"), source)


def expect_service(proxy):
    for way in ("udp", "tcp", "tls"):
        assert wire.marker_of(proxy.ask(way, wire.query("still.test"), source="127.0.0.250")) == 1


def expect_gone(proxy):
    proxy.until_metric(0, "dproxy_tls_handshakes_under_way", side="client")
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")
    proxy.until_metric(0, "dproxy_inflight_requests")
    expect_service(proxy)


def handshakes(proxy, result):
    return proxy.metrics().sum("dproxy_tls_handshakes_total", side="client", result=result)


def rejected(proxy, reason):
    return proxy.metrics().sum("dproxy_client_rejected_total", reason=reason)


def reset(one):
    one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()


# Handshakes.

@pytest.mark.parametrize("part", [1, 5, 6, 50, -1], ids=["a byte", "a header", "a type", "a part", "all but a byte"])
@pytest.mark.parametrize("leave", [TcpClient.close, reset], ids=["FIN", "RST"])
def test_half_a_handshake(proxy, part, leave):
    one = stranger(proxy)
    one.send_bytes(client_hello()[:part])
    proxy.until_metric(1, "dproxy_tls_handshakes_under_way", side="client")
    leave(one)
    expect_gone(proxy)
    assert handshakes(proxy, "closed") == 1


@pytest.mark.parametrize("leave", [TcpClient.close, reset], ids=["FIN", "RST"])
def test_a_peer_that_leaves_when_it_has_our_certificate(proxy, leave):
    one = stranger(proxy)
    one.send_bytes(client_hello())
    assert one.socket.recv(5)[0] == 22  # a handshake's record
    leave(one)
    expect_gone(proxy)
    assert handshakes(proxy, "closed") == 1


def test_a_flood_from_many_addresses(proxy):
    """More silent ones than there may be: some give way, and UDP is answered all the while."""
    silent = []

    def one_more_round():
        for _ in range(40):
            silent.append(stranger(proxy, f"127.0.{1 + len(silent) // 200}.{1 + len(silent) % 200}"))
        assert wire.marker_of(proxy.ask("udp", "x.test")) == 1
        metrics = proxy.metrics()
        assert metrics.sum("dproxy_tls_handshakes_under_way", side="client") <= MOST_HANDSHAKES
        return rejected(proxy, "tls_handshakes") > 0
    wait_until(one_more_round, "a handshake that gives way", 60)
    assert rejected(proxy, "tls_handshakes") == handshakes(proxy, "gave_way")
    expect_service(proxy)  # who comes now is let in, and the longest under way gives way
    for one in silent:
        one.close()
    expect_gone(proxy)


def test_a_flood_from_one_address(proxy):
    silent = []

    def one_more():
        silent.append(stranger(proxy))
        assert proxy.metrics().sum("dproxy_tls_handshakes_under_way", side="client") <= MOST_OF_CLIENT
        return rejected(proxy, "tls_handshakes_per_client") > 0
    wait_until(one_more, "a handshake that is refused", 60)
    expect_service(proxy)
    for one in silent:
        one.close()
    expect_gone(proxy)


def test_real_handshakes_in_a_flood(serve):
    """Whole ones, from many addresses at once: each is served."""
    proxy, failed = serve(tcp_connections=1000), []

    def many(address):
        for number in range(10):
            if wire.marker_of(proxy.ask("tls", wire.query(f"q{number}.test"), source=address)) != 1:
                failed.append(address)
    threads = [threading.Thread(target=many, args=[f"127.0.3.{number + 1}"]) for number in range(20)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert wire.marker_of(proxy.ask("udp", "x.test")) == 1
    assert not failed and handshakes(proxy, "ok") == 200
    expect_gone(proxy)


def test_records_byte_by_byte(proxy):
    with stranger(proxy) as one:
        memory = Memory()
        memory.until_done(one, memory.tls.do_handshake)
        for ident in range(3):
            memory.until_done(one, memory.tls.write, framed(wire.query("slow.test", ident=ident)))
            assert wire.ident_of(memory.until_done(one, memory.tls.read, 65536)[2:]) == ident
    expect_gone(proxy)


def endless_hello():
    """A ClientHello that says it is of 16 MiB less one, and goes on."""
    return b"".join(b"\x16\3\1\x40\0" + (b"\1\xff\xff\xff" + bytes(16380) if number == 0 else bytes(16384))
                    for number in range(64))


GARBAGE = {
    "random": bytes((number * 167 + 13) % 256 for number in range(3000)),
    "zeros": bytes(3000),
    "HTTP": b"GET /dns-query HTTP/1.1\r\nHost: dns.example\r\n\r\n",
    "plain DNS": framed(wire.query("x.test")) * 5,
    "SSL 2": b"\x80\x2e\1\0\2\0\x15\0\0\0\x10" + bytes(37),
    "an alert": b"\x15\3\3\0\2\2\x28",
    "data before a handshake": b"\x17\3\3\0\x20" + bytes(32),
    "an empty record": b"\x16\3\1\0\0" * 100,
    "a record too long": b"\x16\3\1\xff\xff" + bytes(65535),
    "a ServerHello": b"\x16\3\3\0\x2a\2\0\0\x26\3\3" + bytes(36),
    "an endless hello": endless_hello(),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage(proxy, upstream, kind):
    with stranger(proxy) as one:
        try:
            one.send_bytes(GARBAGE[kind])
        except (ConnectionResetError, BrokenPipeError):
            pass  # it had enough
        proxy.until_metric(1, "dproxy_tls_handshakes_total", side="client")
        proxy.until_metric(0, "dproxy_tcp_connections", side="client")
    assert handshakes(proxy, "malformed") + handshakes(proxy, "agreement") == 1
    assert not upstream.received
    expect_gone(proxy)


def test_a_large_hello_that_is_right(proxy):
    context = believing()
    context.set_alpn_protocols([*(f"{number:0255}" for number in range(240)), "dot"])
    assert len(client_hello(context)) > 60000
    with TlsClient("127.0.0.1", proxy.port_of("tls"), context=context) as one:
        assert one.socket.selected_alpn_protocol() == "dot"
        assert wire.marker_of(one.ask(wire.query("x.test"))) == 1
    expect_gone(proxy)


def test_tls_where_dns_is_spoken(serve, upstream):
    """Its first bytes are the length of a message that never comes."""
    proxy = serve(tcp_idle="500ms")
    with TcpClient("127.0.0.1", proxy.port) as one:
        one.send_bytes(client_hello())
        assert one.is_closed()
    assert not upstream.received
    expect_gone(proxy)


# Connections.

def test_key_updates_without_end(proxy):
    """`K` has openssl's client change its keys and ask for ours to change; each line is read by itself."""
    with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port_of('tls')}", "-tls1_3", "-quiet",
                           "-no_ign_eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as flooding:
        def ended():
            try:
                os.write(flooding.stdin.fileno(), b"K\n")
            except BrokenPipeError:
                pass
            return flooding.poll() is not None
        proxy.until_metric(1, "dproxy_tls_handshakes_total", side="client", result="ok")
        wait_until(ended, "the end of it", 60, pause=0.005)
    expect_gone(proxy)
    assert rejected(proxy, "tls_records") == 1


def test_a_few_key_updates(proxy):
    """Those are fine."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port_of('tls')}", "-tls1_3", "-quiet",
               "-no_ign_eof"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as one:
        proxy.until_metric(1, "dproxy_tls_handshakes_total", side="client", result="ok")
        for ident in range(3):
            os.write(one.stdin.fileno(), b"k\n")
            time.sleep(0.05)  # so that the line is read alone, else it is data
            os.write(one.stdin.fileno(), framed(wire.query("x.test", ident=ident + 1)))
            length = struct.unpack("!H", one.stdout.read(2))[0]
            assert wire.ident_of(one.stdout.read(length)) == ident + 1
        one.stdin.close()
    expect_gone(proxy)


def test_a_peer_that_never_reads(serve, upstream):
    upstream.behaviour = lambda exchange: (behaviours.answer if wire.question_name(
        exchange.message) == "still.test" else behaviours.replying(behaviours.sized(60000)))(exchange)
    proxy = serve(tcp_idle="8s", tcp_queries=1000)
    deaf = TlsClient("127.0.0.1", proxy.port_of("tls"))
    stream = b"".join(framed(wire.query(f"q{ident}.test", ident=ident)) for ident in range(900))
    deaf.socket.setblocking(False)
    try:
        while stream:
            stream = stream[deaf.socket.send(stream[:1000]):]
    except (ssl.SSLWantWriteError, BlockingIOError):
        pass  # it stopped reading: just as well
    upstream.wait_for(20)
    assert wire.marker_of(proxy.ask("tls", "still.test")) == 1
    expect_gone(proxy)
    assert rejected(proxy, "tcp_idle") >= 1
    deaf.close()


def fin(one):
    """Without a word of TLS before it."""
    socket.socket.shutdown(one.socket, socket.SHUT_WR)


@pytest.mark.parametrize("leave", [TcpClient.close, reset], ids=["FIN", "RST"])
def test_a_close_without_a_farewell_with_queries_in_flight(proxy, upstream, leave):
    upstream.behaviour = hold = behaviours.Hold()
    one = proxy.client("tls")
    for ident in range(10):
        one.send(wire.query("gone.test", ident=ident))
    upstream.wait_for(10)
    leave(one)
    hold.release()
    expect_gone(proxy)


def test_a_half_close_still_gets_its_answers(proxy, upstream):
    upstream.behaviour = hold = behaviours.Hold()
    with proxy.client("tls") as one:
        for ident in range(3):
            one.send(wire.query("half.test", ident=ident))
        fin(one)
        upstream.wait_for(3)
        hold.release()
        assert {wire.ident_of(one.receive()) for _ in range(3)} == {0, 1, 2}
        assert one.is_closed()
    expect_gone(proxy)


def test_a_farewell_still_gets_its_answers(proxy, upstream):
    """close_notify, which says that the client sends nothing more (RFC 8446 6.1)."""
    upstream.behaviour = hold = behaviours.Hold()
    with stranger(proxy) as one:
        memory = Memory()
        memory.until_done(one, memory.tls.do_handshake)
        memory.until_done(one, memory.tls.write, framed(wire.query("half.test", ident=7)))
        upstream.wait_for(1)
        with pytest.raises(ssl.SSLWantReadError):
            memory.tls.unwrap()
        one.send_bytes(memory.outgoing.read())
        hold.release()
        assert wire.ident_of(memory.until_done(one, memory.tls.read, 65536)[2:]) == 7
        assert any(one.is_closed() for _ in range(64))  # its own farewell, of some 30 bytes, may come before
    expect_gone(proxy)


def test_a_fin_in_the_middle_of_a_message(proxy, upstream):
    with proxy.client("tls") as one:
        one.send_bytes(framed(wire.query("x.test"))[:9])
        fin(one)
        assert one.is_closed()
    expect_gone(proxy)
    assert rejected(proxy, "tcp_framing") == 1
    assert not upstream.messages("x.test")


def sealed_query(one):
    """A record with a query, after a handshake with the peer."""
    memory = Memory()
    memory.until_done(one, memory.tls.do_handshake)
    memory.tls.write(framed(wire.query("x.test")))
    return memory.outgoing.read()


def test_a_fin_in_the_middle_of_a_record(proxy, upstream):
    with stranger(proxy) as one:
        one.send_bytes(sealed_query(one)[:-1])
        one.socket.shutdown(socket.SHUT_WR)
        proxy.until_metric(0, "dproxy_tcp_connections", side="client")
    expect_gone(proxy)
    assert not upstream.messages("x.test")


def test_a_record_that_was_changed_on_the_way(proxy, upstream):
    with stranger(proxy) as one:
        record = bytearray(sealed_query(one))
        record[-1] ^= 1
        one.send_bytes(record)
        proxy.until_metric(0, "dproxy_tcp_connections", side="client")
    expect_gone(proxy)
    assert rejected(proxy, "tls_records") == 1
    assert not upstream.messages("x.test")
