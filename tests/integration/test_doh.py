# SPDX-License-Identifier: MIT
"""DNS over HTTPS and over HTTP (RFC 8484): what is asked and answered, by HTTP/2 and by HTTP/1.1 alike."""
import base64
import http.client
import socket
import ssl

import pytest
from harness import behaviours, wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.http2 import GOAWAY, MEDIA_TYPE, Http2Client, HttpsClient, frame, in_target, post_fields, pseudo
from harness.ports import free_port
from harness.prox_directory import route

KINDS = ["HTTP/2 https", "HTTP/2 http", "HTTP/1.1 https", "HTTP/1.1 http"]
QUERY = wire.query("x.test", ident=0)


def unverified(*protocols):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


class Http1:
    """One connection of HTTP/1.1."""

    def __init__(self, port, encrypted):
        made = http.client.HTTPSConnection if encrypted else http.client.HTTPConnection
        self.connection = made("127.0.0.1", port, timeout=15, **({"context": unverified()} if encrypted else {}))

    def ask(self, method, target, fields, body=None):
        """(status, fields, body)"""
        self.connection.request(method, target, body, fields)
        response = self.connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def close(self):
        self.connection.close()


class Http2:
    """The same of HTTP/2."""

    def __init__(self, port, encrypted):
        self.client = (HttpsClient if encrypted else Http2Client)("127.0.0.1", port)

    def ask(self, method, target, fields, body=None):
        own = [(name.lower(), value) for name, value in fields.items()]
        found = self.client.request([*pseudo(method, target), *own], body)
        return found.status, found.fields, found.body

    def close(self):
        self.client.close()


def settings(pair, **more):
    listen = {f"listen_{way}": f"127.0.0.1:{free_port()}" for way in ("tls", "https", "http")}
    return {**listen, "tls_cert": pair[0], "tls_key": pair[1], **more}


@pytest.fixture(scope="module")
def proxy(shared_world, pair):
    local = "[own.test]\nanswer = 192.0.2.1\nttl = 77s\n[dropped.test]\nanswer = drop\n"
    return shared_world.proxy(route("*", shared_world.upstream(1)) + local, **settings(pair))


@pytest.fixture(params=KINDS)
def one(request, proxy):
    kind, way = request.param.split()
    client = (Http2 if kind == "HTTP/2" else Http1)(proxy.port_of(way), way == "https")
    yield client
    client.close()


def post(one, message, target="/dns-query", **fields):
    return one.ask("POST", target, {"Content-Type": MEDIA_TYPE, **fields}, message)


def test_post_and_get(one):
    for status, fields, body in (post(one, QUERY), one.ask("GET", in_target(QUERY), {"Accept": MEDIA_TYPE})):
        assert status == 200 and wire.marker_of(body) == 1 and wire.ident_of(body) == 0
        assert fields["content-type"] == MEDIA_TYPE and fields["content-length"] == str(len(body))


def test_http_caches_keep_an_answer_for_its_least_ttl(one):
    assert post(one, wire.query("own.test"))[1]["cache-control"] == "max-age=77"
    status, fields, body = post(one, wire.query("own.test", wire.TXT))  # NODATA, with a SOA
    assert (status, wire.rcode_of(body), fields["cache-control"]) == (200, wire.NOERROR, "max-age=30")


def test_browsers_may_ask(one):
    status, fields, body = one.ask("OPTIONS", "/dns-query", {
        "Origin": "https://page.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert (status, body) == (204, b"") and fields["access-control-allow-origin"] == "*"
    assert "POST" in fields["access-control-allow-methods"]
    assert "content-type" in fields["access-control-allow-headers"]
    assert post(one, QUERY)[1]["access-control-allow-origin"] == "*"


def text_of(message):
    return base64.urlsafe_b64encode(message).decode().rstrip("=")


REFUSED = {  # (method, target, fields, body), status
    "another path": (("GET", in_target(QUERY, "/resolve"), {}, None), 404),
    "the path of the HTTP side": (("GET", "/metrics", {}, None), 404),
    "no parameter": (("GET", "/dns-query", {}, None), 400),
    "an empty parameter": (("GET", "/dns-query?dns=", {}, None), 400),
    "two parameters": (("GET", in_target(QUERY) + "&dns=" + text_of(QUERY), {}, None), 400),
    "base64 with padding": (("GET", in_target(QUERY) + "=", {}, None), 400),
    "base64 of another alphabet": (("GET", "/dns-query?dns=" + "+/" + text_of(QUERY)[2:], {}, None), 400),
    "no base64": (("GET", "/dns-query?dns=" + "*" * 40, {}, None), 400),
    "base64 of a length that none has": (("GET", "/dns-query?dns=" + "A" * 41, {}, None), 400),
    "less than a header": (("POST", "/dns-query", {"Content-Type": MEDIA_TYPE}, QUERY[:11]), 400),
    "a response": (("POST", "/dns-query", {"Content-Type": MEDIA_TYPE}, wire.header(wire.QR) + QUERY[12:]), 400),
    "a query that is dropped": (("POST", "/dns-query", {"Content-Type": MEDIA_TYPE}, wire.query("dropped.test")), 400),
    "another method": (("PUT", "/dns-query", {"Content-Type": MEDIA_TYPE}, QUERY), 405),
    "HEAD": (("HEAD", in_target(QUERY), {}, None), 405),
    "a method that is none": (("BREW", "/dns-query", {}, None), 501),
    "another content type": (("POST", "/dns-query", {"Content-Type": "application/json"}, QUERY), 415),
    "an encoded body": (("POST", "/dns-query", {"Content-Type": MEDIA_TYPE, "Content-Encoding": "gzip"}, QUERY), 415),
    "a GET with a body": (("GET", in_target(QUERY), {"Content-Length": str(len(QUERY))}, QUERY), 400),
    "a long target": (("GET", "/dns-query?dns=" + "A" * 8192, {}, None), 414),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(proxy, one, what):
    request, expected = REFUSED[what]
    before = proxy.metrics().sum("dproxy_http_responses_total", code=expected)
    status, fields, body = one.ask(*request)
    assert (status, body) == (expected, b"")
    proxy.until_metric(before + 1, "dproxy_http_responses_total", code=expected)
    if expected in (405, 501):
        assert expected == 501 or fields["allow"] == "GET, POST, OPTIONS"
    elif expected not in (413, 414):
        assert post(one, QUERY)[0] == 200, "the connection is of no more use"


def test_a_body_beyond_a_message_is_refused_by_what_it_says_of_its_length(proxy):
    """Before any of it has come, or been decoded."""
    with Http2Client("127.0.0.1", proxy.port_of("http")) as client:
        stream = client.open(post_fields(None, content_length="65536"), flags=4)
        assert client.response(stream).status == 413
        client.send(QUERY)
        assert wire.marker_of(client.receive()) == 1


def test_fields_beyond_their_limit_are_told_so(one):
    status, _, body = one.ask("GET", in_target(QUERY), {f"x-{number}": "a" * 1000 for number in range(20)})
    assert (status, body) == (431, b"")


def test_https_path(world, pair):
    proxy = world.proxy(route("*", world.upstream(1)), **settings(pair, https_path="/a/b"))
    client = Http1(proxy.port_of("https"), True)
    assert post(client, QUERY)[0] == 404
    assert post(client, QUERY, "/a/b")[0] == 200
    client.close()


# Which HTTP it is.

@pytest.mark.parametrize(("offered", "agreed"), [(["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), ([], None)])
def test_what_is_agreed_on(proxy, offered, agreed):
    raw = socket.create_connection(("127.0.0.1", proxy.port_of("https")), timeout=15)
    with unverified(*offered).wrap_socket(raw) as connection:
        assert connection.selected_alpn_protocol() == agreed
        if agreed != "h2":
            connection.sendall(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 404 ")


def test_who_wants_another_protocol_is_refused(proxy):
    raw = socket.create_connection(("127.0.0.1", proxy.port_of("https")), timeout=15)
    with pytest.raises(ssl.SSLError):
        unverified("dot").wrap_socket(raw)
    raw.close()


def test_http2_is_told_by_its_preface_however_it_comes(proxy):
    with TcpClient("127.0.0.1", proxy.port_of("http")) as client:
        for octet in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5):
            client.send_bytes(bytes([octet]))
        assert client.socket.recv(9)[3] == 4  # SETTINGS


def test_what_is_no_http(proxy):
    before = proxy.metrics().sum("dproxy_client_rejected_total", reason="http_malformed")
    with TcpClient("127.0.0.1", proxy.port_of("http")) as client:
        client.send(QUERY)  # behind its length
        assert client.socket.recv(100).startswith(b"HTTP/1.1 400 ")
    proxy.until_metric(before + 1, "dproxy_client_rejected_total", reason="http_malformed")


# Many at a time.

def test_requests_wait_for_their_answers_side_by_side(world, pair):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.proxy(route("slow.test", upstream, timeout="20s") + route("x.test", world.upstream(2)),
                        **settings(pair))
    with proxy.client("https") as client:
        for ident in range(50):
            client.send(wire.query("slow.test", ident=ident))
        upstream.wait_for(50)
        assert wire.marker_of(client.ask(QUERY)) == 2
        hold.release()
        assert {wire.ident_of(client.receive()) for _ in range(50)} == set(range(50))


def test_http1_has_one_at_a_time_and_pipelines_the_rest(world, pair):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.proxy(route("*", upstream, timeout="20s"), **settings(pair))
    with TcpClient("127.0.0.1", proxy.port_of("http")) as client:
        for name in ("one.test", "two.test", "three.test"):
            client.send_bytes(f"GET {in_target(wire.query(name))} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        upstream.wait_for(1)
        hold.release()
        upstream.wait_for(3)
        said = b""
        while said.count(b"HTTP/1.1 200 OK") < 3:
            more = client.socket.recv(65536)
            assert more, said
            said += more
    assert [wire.question_name(received.message) for received in upstream.received] == [
        "one.test", "two.test", "three.test"]


# Its end.

@pytest.mark.parametrize("way", ["https", "http"])
def test_the_end_answers_what_is_under_way_and_says_goodbye(world, pair, way):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.proxy(route("*", upstream, timeout="20s"), **settings(pair))
    with proxy.client(way) as client, proxy.client(way) as idle, proxy.client(way) as deaf:  # to PING, too
        client.send(QUERY)
        upstream.wait_for(1)
        assert deaf.read_frame() is not None
        proxy.signal(15)
        hold.release()
        assert wire.marker_of(client.receive()) == 1
        assert client.until_closed() and client.goaways[-1][1] == 0
        assert idle.until_closed() and idle.goaways[-1][1] == 0
    assert proxy.wait_over() == 0


@pytest.mark.parametrize("way", ["https", "http"])
def test_an_idle_client_is_told_before_its_connection_ends(world, pair, way):
    """RFC 9113 6.8: what it asks before it hears of that is answered."""
    proxy = world.proxy(route("*", world.upstream(1)), **settings(pair, tcp_idle="2s"))

    def is_answered():
        """False: the test was slow, and the connection cut."""
        with proxy.client(way) as client:
            try:
                while not client.goaways:
                    if client.read_frame() is None:
                        return False
                asked = client.send(QUERY)  # before the PING that comes next is answered
                if client.receive() is None:
                    return False
            except OSError:
                return False
            assert client.until_closed()
            assert client.goaways == [(2 ** 31 - 1, 0), (asked, 0)]
            return True
    wait_until(is_answered, "an answer to what crossed")
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="tcp_idle") >= 1


def test_an_idle_client_that_says_nothing_is_cut(world, pair):
    proxy = world.proxy(route("*", world.upstream(1)), **settings(pair, tcp_idle="4s"))
    with proxy.client("http") as deaf:  # to PING, too
        proxy.until_metric(1, "dproxy_client_rejected_total", reason="tcp_idle")
        proxy.until_metric(0, "dproxy_tcp_connections", side="client")
        said = deaf.socket.recv(65536)
        assert frame(GOAWAY, payload=bytes.fromhex("7fffffff 00000000")) in said
        assert said.endswith(frame(GOAWAY, payload=bytes(8)))
        assert proxy.metrics().sum("dproxy_client_rejected_total", reason="tcp_idle") == 1


def test_a_client_that_gives_up_a_question_keeps_its_connection(world, pair):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.proxy(route("*", upstream, timeout="20s"), **settings(pair))
    with proxy.client("http") as client:
        given_up = client.send(wire.query("a.test"))
        upstream.wait_for(1)
        client.send_frame(3, stream=given_up, payload=bytes(3) + b"\x08")  # RST_STREAM, CANCEL
        client.send(wire.query("b.test", ident=2))
        upstream.wait_for(2)
        hold.release()
        assert wire.ident_of(client.receive()) == 2
    proxy.until_metric(1, "dproxy_dropped_total", reason="client_gone")
    proxy.until_metric(0, "dproxy_inflight_requests")


def test_answers_are_padded_for_who_pads(world, pair):
    upstream = world.upstream(1)
    proxy = world.proxy(route("*", upstream), **settings(pair))
    padded = wire.query("x.test", additional=[wire.opt(options=wire.option(12, bytes(40)))])
    assert len(proxy.ask("https", padded)) == len(proxy.ask("http", padded)) == 468
    assert len(proxy.ask("https", wire.query("x.test", additional=[wire.opt()]))) < 200
    assert all(b"\0\x0c\0\x28" not in one.message for one in upstream.received)
