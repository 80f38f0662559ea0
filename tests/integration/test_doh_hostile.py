# SPDX-License-Identifier: MIT
"""Peers that mean harm over HTTP, or are broken: what they send is counted, costs nobody else anything, and is gone."""
import struct

import pytest
from harness import behaviours, wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.http2 import (CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, PING,
                           PRIORITY, PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, WINDOW_UPDATE, Http2Client,
                           HttpsClient, frame, in_target, post_fields, pseudo)
from harness.ports import free_port
from harness.prox_directory import route

QUERY = wire.query("x.test")
STREAMS = 100
CLIENTS = {"https": HttpsClient, "http": Http2Client}


@pytest.fixture
def upstream(world):
    return world.upstream(1)


@pytest.fixture
def serve(world, upstream, pair):
    def start(**settings):
        listen = {f"listen_{way}": f"127.0.0.1:{free_port()}" for way in ("https", "http")}
        return world.proxy(route("*", upstream, timeout="20s", attempts=1), workers=1, **listen,
                           tls_cert=pair[0], tls_key=pair[1], **settings)
    return start


@pytest.fixture(params=["https", "http"])
def way(request):
    return request.param


def rejected(proxy, reason):
    return proxy.metrics().sum("dproxy_client_rejected_total", reason=reason)


def send_until_closed(client, octets, most=100_000):
    """The same again and again, until the other side has closed the connection."""
    with pytest.raises(OSError):
        for _ in range(most):
            client.send_bytes(octets)


def others_are_served(proxy):
    assert wire.marker_of(proxy.ask("udp", "y.test")) == 1
    assert wire.marker_of(proxy.ask("http", "y.test")) == 1
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")


FLOODS = {
    "SETTINGS": (frame(SETTINGS), "http_settings"),
    "PING": (frame(PING, payload=bytes(8)), "http_pings"),
    "PRIORITY": (frame(PRIORITY, stream=3, payload=bytes(4) + b"\x10"), "http_priorities"),
    "WINDOW_UPDATE": (frame(WINDOW_UPDATE, payload=struct.pack("!I", 1)), "http_window_updates"),
    "frames of no known type": (frame(0x77, payload=b"x"), "http_unknown_frames"),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_floods_end_the_connection(serve, way, kind):
    octets, reason = FLOODS[kind]
    proxy = serve()
    with CLIENTS[way]("127.0.0.1", proxy.port_of(way), window=65535) as client:
        send_until_closed(client, octets * 50)
    assert rejected(proxy, reason) == 1
    others_are_served(proxy)


def test_who_floods_is_told_so(serve):
    proxy = serve()
    with proxy.client("http") as client:
        client.send_bytes(frame(SETTINGS) * 30)
        assert client.until_closed()
        assert [code for _, code in client.goaways] == [ENHANCE_YOUR_CALM]


def test_a_flood_of_data_that_carries_nothing(serve, way):
    proxy = serve()
    with proxy.client(way) as client:
        stream = client.open(post_fields(None), END_HEADERS)
        send_until_closed(client, frame(DATA, stream=stream) * 50)
    assert rejected(proxy, "http_empty_frames") == 1
    others_are_served(proxy)


def test_rapid_reset(serve, upstream, way):
    """CVE-2023-44487: streams opened and given up at once, faster than they are answered."""
    upstream.behaviour = hold = behaviours.Hold()
    proxy = serve()
    with proxy.client(way) as client:
        octets = b""
        for stream in range(1, 1001, 2):
            octets += frame(HEADERS, END_STREAM | END_HEADERS, stream,
                            client.encoder.encode(pseudo("GET", in_target(QUERY))))
            octets += frame(RST_STREAM, stream=stream, payload=struct.pack("!I", CANCEL))
        client.send_bytes(octets)
        assert client.until_closed()
    assert rejected(proxy, "http_resets") == 1
    assert len(upstream.received) <= 100
    hold.release()
    upstream.behaviour = behaviours.answer
    proxy.until_metric(0, "dproxy_inflight_requests")
    others_are_served(proxy)


def test_what_was_given_up_counts_as_in_flight(serve, upstream):
    upstream.behaviour = hold = behaviours.Hold()
    proxy = serve(tcp_inflight=10)
    with proxy.client("http") as client:
        for number in range(30):
            stream = client.send(wire.query(f"q{number}.test"))
            if number < 10:  # one that comes together with its end is not asked at all
                upstream.wait_for(number + 1)
            client.send_frame(RST_STREAM, stream=stream, payload=struct.pack("!I", CANCEL))
        client.send(wire.query("last.test", ident=99))
        assert len(upstream.received) == 10
        hold.release()
        # A reset that was not read before its answer left is none.
        while wire.ident_of(client.receive()) != 99:
            pass


def test_continuations_without_an_end(serve, way):
    """CVE-2024-27316 and its kin."""
    proxy = serve()
    with proxy.client(way) as client:
        head = client.encoder.encode(pseudo("GET", in_target(QUERY)))
        client.send_frame(HEADERS, END_STREAM, 1, head)
        send_until_closed(client, frame(CONTINUATION, stream=1, payload=b"\0\1a\1b"))
    assert rejected(proxy, "http_continuations") == 1
    others_are_served(proxy)


def test_a_head_without_an_end(serve, way):
    proxy = serve()
    with proxy.client(way) as client:
        field = b"\0\1a" + b"\x7f\xe1\x7d" + b"b" * 16_352  # a literal of so many bytes
        client.send_frame(HEADERS, END_STREAM, 1, client.encoder.encode(pseudo("GET", in_target(QUERY))))
        send_until_closed(client, frame(CONTINUATION, stream=1, payload=field[:16384]))
    assert rejected(proxy, "http_fields") == 1
    others_are_served(proxy)


def test_a_head_of_http1_without_an_end(serve):
    proxy = serve()
    with TcpClient("127.0.0.1", proxy.port_of("http")) as client:
        client.send_bytes(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000)
        assert client.socket.recv(100).startswith(b"HTTP/1.1 431 ")
    proxy.until_metric(1, "dproxy_http_responses_total", code=431)
    others_are_served(proxy)


def test_requests_of_http1_far_ahead_of_their_answers(serve, upstream):
    upstream.behaviour = behaviours.Hold()
    proxy = serve(tcp_idle="20s")
    with TcpClient("127.0.0.1", proxy.port_of("http")) as client:
        client.socket.settimeout(2)
        request = f"GET {in_target(QUERY)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        sent = 0
        try:
            while sent < 64 << 20:
                sent += client.socket.send(request * 1000)
        except TimeoutError:
            pass
        assert sent < 64 << 20, "all of it was read"
        assert proxy.metrics().sum("dproxy_buffered_bytes") < 1 << 20
        assert len(upstream.received) == 1
        upstream.behaviour.release()


def test_a_body_without_an_end(serve, way):
    proxy = serve(tcp_idle="3s")
    with proxy.client(way) as client:
        stream = client.open(post_fields(None), END_HEADERS)
        for _ in range(4):
            client.send_frame(DATA, 0, stream, bytes(16_383))
        assert client.until_closed()  # it waits for the rest no longer than for any message
    assert rejected(proxy, "tcp_idle") == 1
    others_are_served(proxy)


def test_a_body_that_is_longer_than_a_message(serve, way):
    proxy = serve()
    with proxy.client(way) as client:
        stream = client.open(post_fields(None), END_HEADERS)
        for _ in range(4):
            client.send_frame(DATA, 0, stream, bytes(16_383))
        while stream not in client.resets and not any(one.stream == stream for one in client.finished):
            kind, _, _, _ = client.read_frame()
            if kind == WINDOW_UPDATE:
                client.send_frame(DATA, 0, stream, bytes(4))
        assert client.response(stream).status == 413
        assert wire.marker_of(client.ask(QUERY)) == 1


def test_bodies_that_are_never_whole(serve):
    """Each stream may begin one; all together have a limit, which refuses the rest."""
    proxy = serve()
    with proxy.client("http") as client:
        streams = [client.open(post_fields(None), END_HEADERS) for _ in range(8)]
        sent = 0
        while not client.resets:
            for stream in streams:
                client.send_frame(DATA, 0, stream, bytes(8000))
            sent += 8 * 8000
            while sent > 32_000 and not client.resets:  # as far as there is a window for it
                kind, _, _, payload = client.read_frame()
                if kind == WINDOW_UPDATE:
                    sent -= struct.unpack("!I", payload)[0]
        assert set(client.resets.values()) == {REFUSED_STREAM}
    assert rejected(proxy, "http_streams") >= 1


def test_answers_that_nobody_reads(serve, upstream, way):
    """The window of every stream stays shut. What waits has a limit, and so has the time for which it does."""
    # Held until all were asked: reading pauses where so much waits.
    upstream.behaviour = hold = behaviours.Hold(behaviours.replying(behaviours.sized(4000)))
    proxy = serve(tcp_idle="8s")  # long enough for all that comes before, on any machine
    with CLIENTS[way]("127.0.0.1", proxy.port_of(way), window=0) as client:
        for number in range(80):  # 80 times 4000 bytes are more than may wait
            client.send(wire.query(f"q{number}.test"))
        upstream.wait_for(80)
        wait_until(lambda: hold.release(10) or proxy.metrics().sum("dproxy_http_responses_total", code=200) == 80,
                   "80 answers")  # a few at a time: a socket holds only so much
        client.send(QUERY)
        wait_until(lambda: rejected(proxy, "http_streams") == 1, "a stream that was turned away")
        assert proxy.metrics().sum("dproxy_buffered_bytes") < 2 << 20
        assert client.until_closed()
        assert list(client.resets.values()) == [REFUSED_STREAM]
    upstream.behaviour = behaviours.answer
    assert rejected(proxy, "tcp_idle") == 1
    others_are_served(proxy)


def test_a_client_that_reads_nothing_at_all(serve, upstream):
    """Its windows are open, and its socket is full: it is read no further, and in the end closed."""
    upstream.behaviour = behaviours.replying(behaviours.sized(60_000))
    proxy = serve(tcp_idle="5s")  # long enough for what is sent, on any machine
    # Of no more streams than there may be: those refused would end the connection as a flood of resets. Their answers
    # are more than the sockets hold, the client's being small.
    with Http2Client("127.0.0.1", proxy.port_of("http"), receive_buffer=4096) as client:
        for number in range(STREAMS):
            client.send(wire.query(f"q{number}.test"))
        proxy.until_metric(1, "dproxy_client_rejected_total", reason="tcp_idle")
        assert proxy.metrics().sum("dproxy_buffered_bytes") < 16 << 20
    upstream.behaviour = behaviours.answer
    others_are_served(proxy)


def test_a_hundred_streams_that_wait_for_a_slow_upstream(serve, upstream, way):
    upstream.behaviour = hold = behaviours.Hold()
    proxy = serve()
    with proxy.client(way) as client:
        for number in range(STREAMS):
            client.send(wire.query(f"q{number}.test", ident=number))
        upstream.wait_for(STREAMS)
        hold.release()
        assert {wire.ident_of(client.receive()) for _ in range(STREAMS)} == set(range(STREAMS))
    others_are_served(proxy)


def test_more_streams_than_there_may_be(serve, upstream):
    upstream.behaviour = hold = behaviours.Hold()
    proxy = serve(tcp_inflight=1000)
    with proxy.client("http") as client:
        client.send_frame(PING, payload=bytes(8))
        while not client.pongs:  # the server's SETTINGS hold from here on
            client.read_frame()
        for number in range(STREAMS + 1):
            client.send(wire.query(f"q{number}.test", ident=number))
        assert client.until_closed() and client.goaways[-1][1] == PROTOCOL_ERROR
    assert rejected(proxy, "http_malformed") == 1
    assert len(upstream.received) <= STREAMS
    hold.release()
    proxy.until_metric(0, "dproxy_inflight_requests")


def test_bytes_have_their_budget_over_http_too(serve, upstream):
    """Whoever holds most gives way: bodies that have begun on many connections are cut."""
    proxy = serve(max_buffered="4MiB", tcp_connections_per_client=1000)
    holders = []
    for _ in range(60):
        client = Http2Client("127.0.0.1", proxy.port_of("http"), source="127.0.0.3")
        holders.append(client)
        stream = client.open(post_fields(None), END_HEADERS)
        for _ in range(3):
            client.send_frame(DATA, 0, stream, bytes(16_383))
        stream = client.open(post_fields(None), END_HEADERS)
        client.send_frame(DATA, 0, stream, bytes(16_383))
    wait_until(lambda: rejected(proxy, "tcp_buffered") > 0, "connections that gave way")
    assert proxy.metrics().sum("dproxy_buffered_bytes") < 5 << 20
    assert wire.marker_of(proxy.ask("http", "y.test")) == 1
    for client in holders:
        client.close()
