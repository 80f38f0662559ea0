# SPDX-License-Identifier: MIT
"""`protocol = https`: upstreams that are asked over HTTPS (RFC 8484), honest ones and others."""
import struct
import threading

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.health import encryption_fault
from harness.http2 import (ACK, CONTINUATION, DATA, END_STREAM, HEADERS, MEDIA_TYPE, PING, RST_STREAM, SETTINGS, frame,
                           setting)
from harness.https_upstream import HttpsUpstream, endless_head
from harness.prox_directory import route
from harness.tls_upstream import TlsUpstream, server_context

NAME = "dns.example"
CANCEL = 8


@pytest.fixture
def server(world, certificates):
    def start(marker=1, protocols=("h2",), pair=None, kind=HttpsUpstream, **keys):
        context = server_context(*(pair or certificates.issue()), protocols=protocols)
        world.upstreams.append(kind(marker, context, **keys))
        return world.upstreams[-1]
    return start


@pytest.fixture
def relay(world, certificates):
    """A program with one route over HTTPS; the authority's file stands beside it."""
    def start(*upstreams, settings=None, **keys):
        wanted = {"protocol": "https", "tls_ca": "ca.pem", "tls_name": NAME, **keys}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        routes = {"test.prox": route("*", *upstreams, **wanted), "ca.pem": certificates.authority.read_text()}
        return world.proxy(routes, workers=1, **(settings or {}))
    return start


def until_searched(*upstreams):
    """What is counted from now on has nothing of the search for loops, which goes by HTTPS as well."""
    wait_until(lambda: all(upstream.loop_probes for upstream in upstreams), "the search for loops")


def failures(proxy, reason=None):
    return proxy.metrics().sum("dproxy_upstream_failures_total", **({"reason": reason} if reason else {}))


def is_failed(proxy, name="x.test"):
    return wire.rcode_of(proxy.ask("udp", name)) == wire.SERVFAIL


# How it asks.

def test_queries_are_requests_on_one_connection(relay, server, transport):
    upstream = server()
    proxy = relay(upstream)
    until_searched(upstream)
    for number in range(20):
        query = wire.query(f"q{number}.test", ident=1000 + number, additional=[wire.opt()])
        reply = proxy.ask(transport, query)
        assert wire.ident_of(reply) == 1000 + number and wire.marker_of(reply) == 1
    assert len(upstream.received) == 20 and len(upstream.sessions) == 1, "one connection for all"
    assert upstream.sessions[0].socket.selected_alpn_protocol() == "h2"
    for exchange in upstream.received:
        assert wire.ident_of(exchange.message) == 0, "RFC 8484 4.1"
        assert len(exchange.message) == 128 and 12 in wire.opt_of(exchange.message)[2], "padded"
        assert exchange.fields == {
            ":method": "POST", ":scheme": "https", ":authority": f"{NAME}:{upstream.port}", ":path": "/dns-query",
            "accept": MEDIA_TYPE, "content-type": MEDIA_TYPE, "content-length": "128"}
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_requests_total", transport="https", reason="first") == 20
    assert metrics.sum("dproxy_upstream_failures_total") == 0


def test_the_path_and_the_address_as_name(relay, server):
    upstream = server()
    proxy = relay(upstream, https_path="/other/place", tls_name=None)
    assert proxy.marker("x.test") == 1
    assert upstream.received[0].fields[":path"] == "/other/place"
    assert upstream.received[0].fields[":authority"] == str(upstream)


def test_the_first_connection_is_there_before_the_first_client(relay, server):
    upstream = server()
    proxy = relay(upstream)
    until_searched(upstream)
    wait_until(lambda: upstream.sessions, "a connection")
    assert not upstream.received
    assert proxy.marker("x.test") == 1 and len(upstream.sessions) == 1


def test_queries_share_a_connection_and_replies_come_in_any_order(relay, server):
    upstream = server(behaviour=behaviours.Hold())
    proxy = relay(upstream, timeout="20s", attempts=1)
    until_searched(upstream)
    wait_until(lambda: upstream.sessions, "a connection")
    clients = [proxy.client("udp") for _ in range(60)]
    for number, one in enumerate(clients):
        one.send(wire.query(f"q{number}.test"))
        if number % 15 == 14:
            upstream.wait_for(number + 1)
    assert len(upstream.sessions) == 1
    upstream.behaviour.release(reverse=True)
    for number, one in enumerate(clients):
        reply = one.receive()
        assert wire.question_name(reply) == f"q{number}.test" and wire.marker_of(reply) == 1
        one.close()


def test_a_large_answer(relay, server):
    upstream = server(behaviour=behaviours.replying(behaviours.sized(60000)))
    proxy = relay(upstream)
    assert len(proxy.ask("tcp", "x.test")) == 60000
    assert wire.flags_of(proxy.ask("udp", "x.test")) & wire.TC


def test_zones_are_not_transferred_over_it(relay, server):
    upstream = server()
    proxy = relay(upstream)
    for transport, qtype in (("tcp", wire.AXFR), ("tcp", wire.IXFR), ("udp", wire.IXFR)):
        assert wire.rcode_of(proxy.ask(transport, wire.query("zone.test", qtype))) == wire.NOTIMP
    assert not upstream.received
    proxy.until_metric(3, "dproxy_client_rejected_total", reason="not_implemented")


@pytest.mark.parametrize("end", ["of the program", "of the route"])
def test_the_server_is_told_that_a_connection_ends(relay, server, end):
    upstream, other = server(), server(marker=2)
    proxy = relay(upstream)
    until_searched(upstream)
    assert proxy.marker("x.test") == 1
    if end == "of the program":
        proxy.signal(15)
    else:
        proxy.settings["upstreamlocation"].write("test.prox", route(
            "*", other, protocol="https", tls_ca="ca.pem", tls_name=NAME))
    wait_until(lambda: upstream.sessions[0].goaways, "GOAWAY")
    assert upstream.sessions[0].goaways == [(0, 0)] and len(upstream.sessions) == 1


# What loses nothing.

def test_no_more_streams_than_the_server_takes(relay, server):
    upstream = server(most_streams=4)
    proxy = relay(upstream, timeout="20s", attempts=1)
    until_searched(upstream)
    assert proxy.marker("first.test") == 1  # its settings have come with that
    upstream.behaviour = hold = behaviours.Hold()
    clients = [proxy.client("udp") for _ in range(20)]
    for number, one in enumerate(clients):
        one.send(wire.query(f"q{number}.test"))
    upstream.wait_for(1 + 8)
    assert sum(exchange.connection is upstream.sessions[0] for exchange in list(hold.held)) <= 4
    hold.release()
    for one in clients:
        assert wire.marker_of(one.receive()) == 1
        one.close()
    assert failures(proxy) == 0


def test_a_server_that_takes_no_streams_is_not_connected_to_again_and_again(relay, server):
    upstream = server(most_streams=0)
    proxy = relay(upstream, server(2), policy="first", timeout="20s", attempts=2)
    proxy.until_logged("SETTINGS_MAX_CONCURRENT_STREAMS 0")
    for number in range(100):
        assert proxy.marker(f"q{number}.test") in (1, 2)  # what was sent before its settings came it may take
        assert proxy.metrics().sum("dproxy_tcp_connections", side="upstream") <= 2


def test_refused_streams_are_asked_again_elsewhere(relay, server):
    upstream = server()
    refused = []

    def refuse_the_second(exchange):
        if len(upstream.received) == 2 or (refused and exchange.connection is refused[0]):
            refused.append(exchange.connection)
            exchange.reset()
        else:
            behaviours.answer(exchange)
    upstream.behaviour = refuse_the_second
    proxy = relay(upstream, attempts=1)
    for number in range(5):
        assert proxy.marker(f"q{number}.test") == 1
    assert len(refused) == 1 and len(upstream.received) == 6
    assert failures(proxy) == 0
    assert proxy.metrics().sum("dproxy_upstream_requests_total", reason="retry") == 0


def test_a_server_that_refuses_everything_is_not_asked_for_ever(relay, server):
    upstream = server(behaviour=lambda exchange: exchange.reset())
    proxy = relay(upstream, attempts=1)
    assert is_failed(proxy)
    assert len(upstream.received) <= 9
    assert failures(proxy, "http") == 1


def test_what_stands_behind_a_goaway_is_asked_again(relay, server):
    """The server answers what it has taken, and no more: not one query is lost, an UPDATE as little."""
    upstream = server()
    gone = []

    def leave(exchange):
        if not gone:
            gone.append(exchange.connection)
            exchange.connection.go_away(last=max(exchange.stream - 2, 0))
            return
        assert exchange.connection is not gone[0]
        behaviours.answer(exchange)
    upstream.behaviour = leave
    proxy = relay(upstream, attempts=1)
    until_searched(upstream)
    update = wire.query("x.test", wire.SOA, opcode=wire.UPDATE)
    assert wire.rcode_of(proxy.ask("udp", update)) == wire.NOERROR
    assert len(upstream.received) == 2 and failures(proxy) == 0


def test_what_was_taken_before_a_goaway_is_still_answered(relay, server):
    upstream = server()

    def answer_and_leave(exchange):
        exchange.connection.go_away(last=exchange.stream)
        behaviours.answer(exchange)
        exchange.close()
    upstream.behaviour = answer_and_leave
    proxy = relay(upstream, attempts=1)
    for number in range(10):
        assert proxy.marker(f"q{number}.test") == 1
    assert failures(proxy) == 0


def test_a_server_that_closes_idle_connections(relay, server):
    def answer_and_close(exchange):
        behaviours.answer(exchange)
        exchange.close()
    proxy = relay(server(behaviour=answer_and_close))
    for number in range(20):
        assert proxy.marker(f"q{number}.test") == 1


def test_a_stream_that_is_reset_fails_its_query_alone(relay, server):
    upstream = server()

    def reset_some(exchange):
        if wire.question_name(exchange.message).startswith("bad"):
            exchange.reset(CANCEL)
        else:
            behaviours.answer(exchange)
    upstream.behaviour = reset_some
    proxy = relay(upstream, attempts=1)
    assert is_failed(proxy, "bad.test")
    assert proxy.marker("good.test") == 1
    assert len(upstream.sessions) == 1 and failures(proxy, "http") == 1


def test_a_reply_that_comes_late_is_a_sign_of_life(relay, server):
    upstream = server(behaviour=behaviours.Hold())
    proxy = relay(upstream, attempts=1, timeout="300ms")
    until_searched(upstream)
    assert is_failed(proxy)
    heard = upstream.behaviour
    upstream.behaviour = behaviours.answer
    heard.release()
    assert not upstream.received[0].connection.resets
    assert proxy.marker("y.test") == 1 and len(upstream.sessions) == 1


def test_requests_that_nobody_waits_for_are_reset_when_they_are_many(relay, server):
    upstream = server(behaviour=behaviours.silence)
    proxy = relay(upstream, attempts=1, timeout="500ms")
    until_searched(upstream)

    def any_reset():
        clients = [proxy.client("udp") for _ in range(40)]
        for number, one in enumerate(clients):
            one.send(wire.query(f"q{number}.test"))
        for one in clients:
            assert wire.rcode_of(one.receive()) == wire.SERVFAIL
            one.close()
        return any(session.resets for session in upstream.sessions)
    # Again where the machine was so slow that they were not on one connection.
    wait_until(any_reset, "a reset")


# What is no answer.

def wrong(make):
    def behave(exchange):
        make(exchange, behaviours.answer_to(exchange.message, exchange.marker))
    return behave


@pytest.mark.parametrize("make, told", [
    (lambda e, m: e.connection.respond(e.stream, m, status=404), "status: 404"),
    (lambda e, m: e.connection.respond(e.stream, m, status=503), "status: 503"),
    (lambda e, m: e.connection.respond(e.stream, m, content_type="text/html"), "content_type: "),
    (lambda e, m: e.connection.respond(e.stream, m, content_encoding="gzip"), "content_type: "),
    (lambda e, m: e.connection.respond(e.stream, m[:11]), "length: shorter"),
    (lambda e, m: e.connection.respond(e.stream, m + bytes(66000)), "length: more"),
    (lambda e, m: e.connection.respond(e.stream, b"", content_length="70000", flags=0), "length: more"),
    (lambda e, m: e.connection.respond(e.stream, m, content_length=str(len(m) + 1)), "http: "),
    (lambda e, m: e.reset(2), "reset: "),
], ids=["404", "503", "html", "gzip", "short", "long", "announced", "other_length", "reset"])
def test_what_is_no_dns_message(relay, server, make, told):
    upstream = server(behaviour=wrong(make))
    proxy = relay(upstream, attempts=1, health="off")
    assert is_failed(proxy)
    assert failures(proxy, "http") == 1
    assert encryption_fault(proxy).startswith(told)
    wait_until(lambda: f'reason="{told}' in proxy.log(), "a line in the log")
    upstream.behaviour = behaviours.answer
    assert proxy.marker("y.test") == 1
    assert len(upstream.sessions) == 1, "the connection is none the worse for it"


def test_the_next_upstream_is_asked(relay, server):
    bad = server(2, behaviour=wrong(lambda e, m: e.connection.respond(e.stream, m, status=500)))
    good = server(1)
    proxy = relay(bad, good, policy="first")
    for number in range(5):
        assert proxy.marker(f"q{number}.test") == 1


@pytest.mark.parametrize("change", [
    lambda message: wire.query("other.test", flags=wire.QR),
    lambda message: message[:2] + bytes([message[2] & 0x7f]) + message[3:],
    lambda message: b"\x12\x34" + message[2:],
], ids=["question", "no_response", "id"])
def test_replies_are_held_against_their_question(relay, server, change):
    upstream = server(behaviour=behaviours.replying(
        lambda message: change(behaviours.answer_to(message, 1))))
    proxy = relay(upstream, attempts=1)
    assert is_failed(proxy)
    assert failures(proxy, "mismatch") == 1


def test_replies_that_were_exchanged(relay, server):
    """Each on the stream of the other's question: neither is believed."""
    upstream = server(behaviour=behaviours.Hold())
    proxy = relay(upstream, attempts=1, timeout="20s")
    until_searched(upstream)
    clients = [proxy.client("udp") for _ in range(2)]
    for name, one in zip(("a.test", "b.test"), clients):
        one.send(wire.query(name))
    first, second = upstream.wait_for(2)
    assert first.connection is second.connection
    first.connection.respond(first.stream, behaviours.answer_to(second.message, 1))
    second.connection.respond(second.stream, behaviours.answer_to(first.message, 1))
    for one in clients:
        assert wire.rcode_of(one.receive()) == wire.SERVFAIL
        one.close()
    assert failures(proxy, "mismatch") == 2


def test_a_server_that_speaks_no_http2(relay, server):
    upstream = server(protocols=None)
    proxy = relay(upstream)
    assert is_failed(proxy) and not upstream.received
    assert "HTTP/2 is not spoken there" in encryption_fault(proxy)
    assert failures(proxy, "http") >= 1


def test_a_server_of_another_protocol(relay, server):
    upstream = server(protocols=("dot",), kind=TlsUpstream)
    proxy = relay(upstream)
    assert is_failed(proxy) and not upstream.received
    assert encryption_fault(proxy)


# Floods.

def pour(octets, times=400):
    """Sends them without a pause until the program has had enough."""
    def behave(exchange):
        def send():
            for _ in range(times):
                if exchange.connection.closed_by_peer.is_set():
                    return
                exchange.connection.send(octets(exchange.stream))
        threading.Thread(target=send, daemon=True).start()
    return behave


@pytest.mark.parametrize("octets, told", [
    (lambda stream: frame(SETTINGS, payload=setting(4, 65535)) * 10, "too many SETTINGS"),
    (lambda stream: frame(PING, payload=bytes(8)) * 10, "too many PING"),
    (lambda stream: endless_head(stream, 20), "http: "),
    (lambda stream: frame(HEADERS, 0, stream, bytes(1)) + frame(CONTINUATION, 0, stream) * 20, "CONTINUATION"),
    (lambda stream: frame(DATA, 0, stream) * 20, "http: "),
    (lambda stream: frame(0x7f, 0, 0) * 50, "unknown types"),
    (lambda stream: frame(DATA, END_STREAM, stream + 100, b"nobody asked"), "http: "),
    (lambda stream: frame(HEADERS, 4 | END_STREAM, 2, bytes(1)), "http: "),
    (lambda stream: frame(SETTINGS, ACK, 0, b"x"), "http: "),
    (lambda stream: b"HTTP/1.1 400 Bad Request\r\n\r\n", "http: "),
], ids=["settings", "pings", "endless_head", "continuations", "empty_data", "unknown", "nobody_asked", "pushed",
        "bad_settings", "http1"])
def test_floods_and_nonsense_end_the_connection(relay, server, octets, told):
    upstream = server(behaviour=pour(octets))
    proxy = relay(upstream, attempts=1, timeout="20s", health="off")
    until_searched(upstream)
    assert is_failed(proxy)
    assert failures(proxy, "http") == 1
    assert told in encryption_fault(proxy)
    wait_until(upstream.received[0].connection.closed_by_peer.is_set, "the end of the connection")
    upstream.behaviour = behaviours.answer
    proxy.until("y.test", 1)


def test_a_body_without_an_end_is_bounded(relay, server):
    upstream = server()
    stopped = threading.Event()

    def pour_body(exchange):
        def send():
            while not stopped.is_set() and not exchange.connection.closed_by_peer.is_set():
                exchange.connection.send(frame(DATA, 0, exchange.stream, bytes(4096)))
                if exchange.connection.resets:
                    return
        exchange.connection.respond(exchange.stream, b"", content_length=None, flags=0)
        threading.Thread(target=send, daemon=True).start()
    upstream.behaviour = pour_body
    proxy = relay(upstream, attempts=1, timeout="20s")
    until_searched(upstream)
    assert is_failed(proxy)
    assert failures(proxy, "http") == 1
    wait_until(lambda: upstream.received[0].connection.resets, "a reset")
    stopped.set()


def test_a_head_that_never_comes_runs_out_of_time(relay, server):
    upstream = server(greets=False, behaviour=behaviours.silence)
    proxy = relay(upstream, attempts=1, timeout="300ms")
    assert is_failed(proxy)
    proxy.until_metric(1, "dproxy_upstream_failures_total", reason="timeout")


def test_resets_without_number(relay, server):
    """Of streams that are long over."""
    upstream = server(behaviour=pour(lambda stream: frame(RST_STREAM, 0, 1, struct.pack("!I", 8)) * 50))
    proxy = relay(upstream, attempts=1, timeout="20s", health="off")
    until_searched(upstream)
    assert is_failed(proxy)


# Health.

def test_probes_go_over_https(relay, server, certificates):
    upstream = server(behaviour=behaviours.answer)
    proxy = relay(upstream, health="on")
    wait_until(lambda: upstream.probes, "a probe")
    assert wire.ident_of(upstream.probes[0].message) == 0
    assert proxy.json("/status")["upstreams"][0]["up"]
    assert proxy.json("/status")["upstreams"][0]["https_path"] == "/dns-query"
    upstream.context = server_context(*certificates.issue(), protocols=None)
    wait_until(lambda: not proxy.json("/status")["upstreams"][0]["up"], "the upstream down", patience=60)
    assert "HTTP/2 is not spoken there" in encryption_fault(proxy)
    upstream.context = server_context(*certificates.issue(), protocols=("h2",))
    wait_until(lambda: proxy.json("/status")["upstreams"][0]["up"], "the upstream up", patience=60)
    assert proxy.metrics().sum("dproxy_upstream_requests_total", transport="https", reason="probe") >= 2
