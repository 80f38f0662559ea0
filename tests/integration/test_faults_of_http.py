# SPDX-License-Identifier: MIT
"""Faults that the HTTP sides, metrics and logs of other DNS servers had: names that are taken for markup, requests that
are kept without bounds, another protocol behind an upgrade."""
import html.parser
import json
import socket

import pytest
from harness import wire
from harness.prox_directory import route

HOSTILE = [b"<script>alert(1)</script>", b'"><img src=x onerror=y>', b'quo"te\\', b"line\nbreak 1", b"\r\nHTTP/1.1 200",
           b"\x1b[31mred", b"\0zero", b"\xff\xfe", b"}{route=\"x\"} 7", b"%0a%3Cb%3E", "\u202e".encode(), b"'; xyzzy"]


def names():
    for label in HOSTILE:
        yield bytes([len(label)]) + label + wire.name("x.test")
        yield wire.name("x")[:-1] + bytes([len(label)]) + label + wire.name("test")


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("logformat", ["text", "json"])
def test_names_of_queries_reach_no_page_no_series_and_no_log(world, transport, logformat, closed_address):
    """Where they are answered, where nobody is there, and where they are refused."""
    proxy = world.proxy(route("x.test, *.x.test", world.upstream(1)) + route("*.test", closed_address, timeout="300ms"),
                        loglevel="debug", logformat=logformat, metrics_routes=50)
    before = {(name, tuple(labels.items())) for name, labels, _ in proxy.metrics().samples}
    for name in names():
        for message in (wire.header() + wire.question(name), wire.header() + wire.question(name[:-6] + b"\5other\0")):
            assert proxy.ask(transport, message) is not None
    after = proxy.metrics()
    assert {(name, tuple(labels.items())) for name, labels, _ in after.samples} == before, "a name made a series"
    page = Tags(proxy.get("/")[2])
    assert not page.tags & {"script", "img", "b"} and not {name for name in page.attributes if name.startswith("on")}
    said = json.dumps(proxy.json("/status")) + after.text + proxy.get("/")[2] + proxy.log()
    for label in ("alert(1)", "onerror", "line\nbreak", "\x1b", "\0", "\ufffd", "xyzzy", "\u202e"):
        assert label not in said, label
    for line in proxy.log().splitlines():
        assert logformat == "text" or json.loads(line)


def test_hostile_route_files_stay_on_their_line(world):
    """Their names, patterns and faults are in the log, on the page, in the status and in labels."""
    fault = 'a\x1b[31m"<script>alert(1)</script>\u202e'
    files = {"<b>x\"y.prox": route("*.good.test", answer="refused"),
             "bad.prox": f"[a.test]\n    {fault} = 1\n    address = {fault}\n[{fault}.test]\n    answer = refused\n"}
    proxy = world.proxy(files, logformat="json")
    for line in proxy.log().splitlines():
        json.loads(line)
    assert "\x1b" not in proxy.log() and "\u202e" not in proxy.log()
    shown = proxy.get("/")[2]
    assert not Tags(shown).tags & {"script", "b"}
    assert "\x1b" not in shown
    json.dumps(proxy.json("/status"))
    assert 'file="<b>x\\"y.prox"' in proxy.metrics().text or "<b>x" in str(proxy.metrics().samples)


@pytest.fixture(scope="module")
def proxy(shared_world):
    return shared_world.proxy(route("*", answer="refused"))


@pytest.mark.parametrize("label", HOSTILE, ids=range(len(HOSTILE)))
def test_explain_says_a_hostile_name_as_json(proxy, label):
    escaped = "".join(f"%5C{byte:03d}" for byte in label)  # \DDD
    explained = proxy.json(f"/explain?name={escaped}.x.test")
    assert explained["route"] == "*"
    _, headers, body = proxy.get(f"/explain?name={escaped}.x.test")
    assert headers["Content-Type"].startswith("application/json") and headers["X-Content-Type-Options"] == "nosniff"
    assert all(32 <= ord(character) < 127 or character == "\n" for character in body)


def say(proxy, octets, most=1 << 20):
    """What comes back until the connection is closed."""
    said = b""
    with socket.create_connection(("127.0.0.1", proxy.admin_port), timeout=20) as raw:
        try:
            raw.sendall(octets)
            while len(said) < most and (piece := raw.recv(65536)):
                said += piece
        except OSError:
            pass
    return said


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4" + bytes(5)


@pytest.mark.parametrize("asked", [
    b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
], ids=["h2c", "websocket"])
def test_no_other_protocol_is_spoken(proxy, asked):
    """AdGuard Home did not ask for the password behind an upgrade to HTTP/2."""
    said = say(proxy, asked)
    assert said.startswith(b"HTTP/1.1 200") and b"101 " not in said and b"pgrade" not in said


def test_the_preface_of_http_2_is_no_request(proxy):
    said = say(proxy, PREFACE)
    assert not said.startswith(b"HTTP/2") and b"200" not in said[:20]
    assert proxy.get("/livez")[0] == 200


def memory_of(proxy):
    return proxy.metrics().one("process_resident_memory_bytes")


HUGE = {
    "a length of the body": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4294967296\r\n\r\n", b"405"),
    "a length with GET": (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1099511627776\r\n\r\n", b"413"),
    "a chunk": (b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", b"413"),
    "two lengths": (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 99999999\r\n\r\n",
                    b"400"),
    "a length and chunks": (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", b"4"),
    "a field": (b"GET / HTTP/1.1\r\nX: ", b"431"),
    "a request line": (b"GET /explain?name=", b"431"),
    "fields without an end": (b"GET / HTTP/1.1\r\n", b"431"),
}


@pytest.mark.parametrize("begin, status", HUGE.values(), ids=HUGE)
def test_a_request_without_an_end_is_not_kept(proxy, begin, status):
    """Read no further than it may be long, answered, and forgotten: 40 at a time, of 4 MiB each."""
    before, said = memory_of(proxy), []
    open_ones = [socket.create_connection(("127.0.0.1", proxy.admin_port), timeout=20) for _ in range(40)]
    filling = b"a: b\r\n" if begin.endswith(b"1.1\r\n") else b"x" * 6
    for raw in open_ones:
        try:
            raw.sendall(begin + filling * 700_000)
        except OSError:
            pass  # answered and closed in the midst of it
        try:
            said.append(raw.recv(65536))
        except OSError:
            said.append(b"")
    assert all(answer.split(b" ")[1].startswith(status) for answer in said if answer), said
    assert proxy.get("/livez")[0] == 200
    assert memory_of(proxy) - before < 64 << 20
    for raw in open_ones:
        raw.close()


def test_a_long_name_is_measured_before_anything_is_made_of_it(proxy):
    """blocky and CoreDNS decoded first and looked at the length then."""
    status, _, body = proxy.get("/explain?name=" + "%61" * 2000)
    assert status == 400 and len(body) < 1000
    assert proxy.get("/explain?name=" + "a." * 4000)[0] in (400, 431)


def test_the_names_of_the_http_side_are_no_paths(proxy):
    for path in ("/../etc/passwd", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/status/../../etc/passwd", "/\\..\\"):
        assert proxy.get(path)[0] == 404, path
