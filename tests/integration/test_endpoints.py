# SPDX-License-Identifier: MIT
"""The HTTP side: liveness, readiness, the same facts as JSON."""
import http.client
import json
import socket
import urllib.error
import urllib.request

import pytest
from harness.prox_directory import route


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    text = route("www.a.test", upstream) + route("*.a.test", "127.0.0.9:53", protocol="tcp") + route(
        "b.test", answer="nodata")
    return shared_world.proxy({"a.prox": text}, usemasterupstream="true", masterupstream=upstream)


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz"])
def test_a_running_program_is_alive_and_ready(proxy, path):
    assert proxy.get(path)[0] == 200


def test_upstreams_being_down_do_not_make_it_unready(world, closed_address):
    proxy = world.relay(closed_address, timeout="300ms")
    assert proxy.marker("x.test") is None
    assert proxy.get("/readyz")[0] == proxy.get("/livez")[0] == 200


def test_no_routes_at_all_is_ready(world):
    assert world.proxy().get("/readyz")[0] == 200


@pytest.mark.parametrize("path", ["/", "/metrics", "/livez", "/healthz", "/readyz", "/status", "/routes", "/files"])
def test_head_is_get_without_a_body(proxy, path):
    status, headers, body = proxy.get(path, method="HEAD")
    assert (status, body) == (200, "")
    assert int({key.lower(): value for key, value in headers.items()}["content-length"]) > 0


def test_the_first_page_is_for_people(proxy):
    status, headers, body = proxy.get("/")
    assert status == 200 and body.strip()
    assert {key.lower(): value for key, value in headers.items()}["content-type"].startswith("text/")


@pytest.mark.parametrize("path", ["/nothing", "/metricsx", "/../etc/passwd", "/%00", "/status/x"])
def test_other_paths_are_not_found(proxy, path):
    assert proxy.get(path)[0] in (400, 404)


@pytest.mark.parametrize("body", [None, b"", b"name=www.a.test"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(proxy, method, body):
    request = urllib.request.Request(f"http://127.0.0.1:{proxy.admin_port}/metrics", data=body, method=method)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 405 and refused.value.headers["Allow"] == "GET, HEAD"


def test_the_status_names_what_there_is(proxy, upstream):
    proxy.marker("www.a.test")
    status = proxy.json("/status")
    assert status["ready"] is True
    text = json.dumps(status)
    assert str(upstream) in text and "a.prox" in text and f"127.0.0.1:{proxy.port}" in text
    assert status["routes"]["count"] == 3 and status["routes"]["faults"] == []


@pytest.mark.parametrize("path", ["/status", "/routes", "/files", "/history", "/explain?name=a.test"])
def test_json_says_so(proxy, path):
    headers = {key.lower(): value for key, value in proxy.get(path)[1].items()}
    assert headers["content-type"].startswith("application/json")


def test_the_routes_are_the_most_specific_first(proxy, upstream):
    listed = proxy.json("/routes")
    assert [entry["pattern"] for entry in listed["routes"]] == ["www.a.test", "b.test", "*.a.test"]
    first = listed["routes"][0]
    assert first["upstreams"] == [str(upstream)] and first["file"].endswith("a.prox") and first["line"] == 1
    assert listed["otherwise"]["result"] == "master" and listed["otherwise"]["upstreams"] == [str(upstream)]


@pytest.mark.parametrize("name, result, pattern", [
    ("www.a.test", "route", "www.a.test"), ("WWW.A.test.", "route", "www.a.test"), ("x.a.test", "route", "*.a.test"),
    ("b.test", "route", "b.test"), ("a.test", "master", None), (".", "master", None)])
def test_explain_says_which_route_and_what_lost(proxy, name, result, pattern):
    told = proxy.json(f"/explain?name={name}&type=AAAA")
    assert (told["result"], told.get("pattern")) == (result, pattern)
    if name.lower().startswith("www"):
        assert "*.a.test" in [loser.get("pattern") for loser in told["lost"]]


@pytest.mark.parametrize("query", ["", "?name=", "?name=" + "x" * 64 + ".test", "?name=a..b",
                                   "?name=a.test&type=NONSENSE", "?type=A", "?name=%ff.test"])
def test_explain_refuses_what_is_no_name(proxy, query):
    status, _, body = proxy.get("/explain" + query)
    assert status == 400 and body.strip()


def test_percent_encoding_is_understood(proxy):
    assert proxy.json("/explain?name=www%2Ea%2etest")["pattern"] == "www.a.test"


def test_a_connection_is_kept(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.admin_port, timeout=20)
    for path in ("/livez", "/metrics", "/status", "/readyz"):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == 200 and not response.will_close
    connection.close()


def test_http_1_0_is_closed_after_the_answer(proxy):
    with socket.create_connection(("127.0.0.1", proxy.admin_port), timeout=20) as raw:
        raw.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
        said = b""
        while piece := raw.recv(65536):
            said += piece
    assert said.startswith(b"HTTP/1.0 200") or said.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("octets", [
    b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 100, b"GET /" + b"x" * 100000,
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000, b"GET"])
def test_bad_http_does_no_harm(proxy, octets):
    with socket.create_connection(("127.0.0.1", proxy.admin_port), timeout=20) as raw:
        try:
            raw.sendall(octets)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
        except OSError:
            pass
    assert proxy.get("/livez")[0] == 200


PROBES = ("/livez", "/readyz", "/healthz")


@pytest.mark.parametrize("said", [b"", b"GET /livez HTTP/1.1\r\nHost: x\r\nA:"])
def test_connections_that_are_held_do_not_lock_out_a_probe(proxy, said):
    """More than there may be of one client, and than there may be at all."""
    held = []
    for number in range(700):
        held.append(socket.create_connection(("127.0.0.1", proxy.admin_port), timeout=20,
                                             source_address=(f"127.0.1.{number % 7 + 1}", 0)))
        held[-1].sendall(said)
        if number % 50 == 0:
            assert [proxy.get(path)[0] for path in PROBES] == [200] * 3
    assert [proxy.get(path)[0] for path in PROBES] == [200] * 3
    assert proxy.get("/metrics")[0] == 200
    for connection in held:
        connection.close()


OWN_NAMES = ["127.0.0.1", "127.0.0.1:1", "[::1]:8080", "localhost", "LOCALHOST.:8080", "dproxy", "dproxy.dns.svc",
             "dproxy.dns.svc.cluster.local", "Dns.Example.com"]
FOREIGN_NAMES = ["rebind.test", "rebind.test:8080", "www.dns.example.com", "localhost.rebind.test", "dproxy.dns",
                 "127.0.0.1.rebind.test"]
PAGES = ["/", "/status", "/routes", "/history", "/explain?name=a.test", "/nothing"]


def test_pages_are_for_who_asks_by_a_name_of_ours(world):
    proxy = world.proxy(admin_hosts="x.test, dns.example.com")
    for name in OWN_NAMES:
        assert [proxy.get(path, {"Host": name})[0] for path in PAGES] == [200] * 5 + [404], name
    for name in FOREIGN_NAMES:
        assert [proxy.get(path, {"Host": name})[0] for path in PAGES] == [421] * 6, name
        assert [proxy.get(path, {"Host": name})[0] for path in (*PROBES, "/metrics")] == [200] * 4, name


def memory_of(proxy):
    return proxy.metrics().one("process_resident_memory_bytes")


def test_slow_readers_of_a_large_table_hold_little_and_nobody_up(world):
    files = {f"{number}.prox": "".join(f"[*.n{number}-{at}.large.test]\nanswer = refused\n" for at in range(20_000))
             for number in range(5)}
    proxy = world.proxy(files)
    before = memory_of(proxy)
    readers = []
    for _ in range(10):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(20)
        reader.connect(("127.0.0.1", proxy.admin_port))
        reader.sendall(b"GET /routes HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert proxy.get("/livez")[0] == 200
        readers.append(reader)
    for _ in range(20):
        for reader in readers:
            assert reader.recv(1024)
        assert [proxy.get(path)[0] for path in PROBES] == [200] * 3
    grown = memory_of(proxy) - before
    assert grown < 64 << 20, f"{grown / 2 ** 20:.0f} MiB for ten readers of 15 MB each"
    for reader in readers:
        reader.close()
    assert len(proxy.json("/routes")["routes"]) == 100_000


def test_a_scrape_does_not_disturb_the_queries(proxy):
    for _ in range(20):
        assert proxy.get("/metrics")[0] == 200
        assert proxy.marker("www.a.test") == 1
