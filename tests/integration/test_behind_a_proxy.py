# SPDX-License-Identifier: MIT
"""Behind proxies that end HTTP: on whose behalf they ask is believed of those that are trusted, and of nobody else."""
import pytest
from harness import wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.http2 import in_target, post_fields, pseudo
from harness.ports import free_port
from harness.prox_directory import route
from harness.proxy_header import read

CLIENT, OTHER = "198.51.100.7", "2001:db8::7"
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"
ECS = 8


@pytest.fixture
def serve(world, pair):
    def start(routes, **settings):
        listen = {f"listen_{way}": f"127.0.0.1:{free_port()}" for way in ("https", "http")}
        wanted = {"trusted_proxies": PROXY, **settings}
        return world.proxy(routes, workers=1, tls_cert=pair[0], tls_key=pair[1], **listen, **wanted)
    return start


@pytest.fixture
def upstream(world):
    return world.upstream(1)


def ask(proxy, message="x.test", way="http", source=None, **fields):
    """The response to a request with these fields beside the usual ones."""
    message = wire.query(message) if isinstance(message, str) else message
    with proxy.client(way, source=source) as client:
        return client.request(post_fields(message, **fields), message)


def rcode(response):
    return wire.rcode_of(response.body)


@pytest.mark.parametrize("way", ["https", "http"])
@pytest.mark.parametrize("field", [{"x_forwarded_for": CLIENT}, {"forwarded": f"for={CLIENT};proto=https"},
                                   {"x_forwarded_for": f"192.0.2.1, {CLIENT}, 127.0.0.1"},
                                   {"x_forwarded_for": f"::ffff:{CLIENT}"}],
                         ids=["X-Forwarded-For", "Forwarded", "a row of them", "mapped"])
def test_allow_goes_by_whom_a_trusted_proxy_names(serve, upstream, way, field):
    proxy = serve(route("*", upstream), allow=CLIENT)
    assert wire.marker_of(ask(proxy, way=way, **field).body) == 1
    assert rcode(ask(proxy, way=way, x_forwarded_for="198.51.100.8")) == wire.REFUSED
    assert rcode(ask(proxy, way=way)) == wire.REFUSED, "the proxy itself is nobody who may ask"
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="not_allowed") == 2


@pytest.mark.parametrize("field", [{"x_forwarded_for": CLIENT}, {"forwarded": f"for={CLIENT}"}])
def test_nobody_else_is_believed(serve, upstream, field):
    proxy = serve(route("*", upstream, allow=CLIENT))
    assert rcode(ask(proxy, source=STRANGER, **field)) == wire.REFUSED
    assert wire.marker_of(ask(proxy, **field).body) == 1


def test_nobody_is_let_in_by_what_he_says(serve, upstream):
    proxy = serve(route("*", upstream), allow=CLIENT)
    with TcpClient("127.0.0.1", proxy.port_of("http"), source=STRANGER) as client:
        assert client.is_closed()
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="not_allowed") == 1


def test_what_a_client_writes_itself_is_not_believed(serve, upstream):
    """The proxy appends whom it sees; what stands before that is the client's own word."""
    proxy = serve(route("*", upstream, allow="203.0.113.1"))
    for said in (f"203.0.113.1, {CLIENT}", f'for=203.0.113.1, for={CLIENT}', f'for="203.0.113.1, for={CLIENT}'):
        name = "forwarded" if "for=" in said else "x_forwarded_for"
        assert rcode(ask(proxy, **{name: said})) == wire.REFUSED, said


def test_two_fields_that_disagree_are_refused(serve, upstream):
    proxy = serve(route("*", upstream))
    assert ask(proxy, x_forwarded_for=CLIENT, forwarded="for=203.0.113.1").status == 400
    assert ask(proxy, x_forwarded_for=CLIENT, forwarded=f"for={CLIENT}").status == 200


@pytest.mark.parametrize("said", ["unknown", "_hidden", "192.0.2.1.5", "a" * 200])
def test_what_is_no_address_leaves_the_proxy_as_the_client(serve, upstream, said):
    proxy = serve(route("*", upstream, allow=PROXY))
    assert wire.marker_of(ask(proxy, x_forwarded_for=said).body) == 1
    assert wire.marker_of(ask(proxy, forwarded=f"for={said}").body) == 1


def test_sections_masters_and_routes_go_by_it(serve, world, upstream):
    proxy = serve(route(".test", upstream) + route(".test", world.upstream(2), clients=CLIENT)
                  + route(".test", world.upstream(3), clients="2001:db8::/32"),
                  usemasterupstream="true", masterupstream=world.upstream(4), masterallow=CLIENT)
    assert wire.marker_of(ask(proxy).body) == 1
    assert wire.marker_of(ask(proxy, x_forwarded_for=CLIENT).body) == 2
    assert wire.marker_of(ask(proxy, forwarded=f'for="[{OTHER}]:4711"').body) == 3
    assert wire.marker_of(ask(proxy, "x.elsewhere", x_forwarded_for=CLIENT).body) == 4
    assert rcode(ask(proxy, "x.elsewhere")) == wire.REFUSED
    assert proxy.metrics().sum("dproxy_requests_total", transport="http", family=6) == 1


@pytest.mark.parametrize(("client", "subnet"), [(CLIENT, b"\0\1\x18\0" + bytes([198, 51, 100])),
                                                (OTHER, b"\0\2\x38\0" + bytes.fromhex("20010db8000000"))])
def test_client_subnet_goes_by_it(serve, upstream, client, subnet):
    proxy = serve(route("*", upstream, client_subnet="add"))
    assert wire.marker_of(ask(proxy, x_forwarded_for=client).body) == 1
    assert wire.opt_of(upstream.received[0].message)[2][ECS] == subnet


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_proxy_protocol_names_each_client_of_a_connection(serve, world, protocol):
    upstream = world.upstream(1, proxied=True)
    proxy = serve(route("*", upstream, proxy_protocol="v2", protocol=protocol))
    with proxy.client("http") as client:
        for forwarded in (CLIENT, OTHER, CLIENT):
            message = wire.query("x.test")
            assert client.request(post_fields(message, x_forwarded_for=forwarded), message).status == 200
    assert [read(received.header)[0].source for received in upstream.received] == [(CLIENT, 0), (OTHER, 0), (CLIENT, 0)]


def test_one_connection_carries_many_clients(serve, world):
    proxy = serve(route(".test", world.upstream(1)) + route(".test", world.upstream(2), clients=CLIENT))
    with proxy.client("http") as client:
        for forwarded, marker in ((CLIENT, 2), ("198.51.100.8", 1), (CLIENT, 2)):
            stream = client.open([*pseudo("GET", in_target(wire.query("x.test"))), ("x-forwarded-for", forwarded)])
            assert wire.marker_of(client.response(stream).body) == marker


def test_a_trusted_proxy_may_have_more_connections_than_a_client(serve, upstream):
    proxy = serve(route("*", upstream), tcp_connections_per_client=2, tcp_connections=5)
    connections = [proxy.client("http") for _ in range(5)]
    for client in connections:
        assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
    with proxy.client("http", source=STRANGER) as other:  # all are taken: the proxy gives way
        assert wire.marker_of(other.ask(wire.query("x.test"))) == 1
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="tcp_connections") == 1
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="tcp_connections_per_client") == 0
    for client in connections:
        client.close()


def test_a_trusted_proxy_keeps_connections_for_the_next_request(serve, upstream):
    proxy = serve(route("*", upstream), tcp_idle="300ms")
    with proxy.client("http") as kept, proxy.client("http", source=STRANGER) as other, proxy.client("http") as half:
        assert wire.marker_of(kept.ask(wire.query("x.test"))) == 1
        half.open(post_fields(None), flags=4)  # and no body
        assert other.until_closed() and half.until_closed()
        proxy.until_metric(2, "dproxy_client_rejected_total", reason="tcp_idle")
        wait_until(lambda: proxy.metrics().sum("dproxy_tcp_connections", side="client") == 1, "the kept one alone")
        assert wire.marker_of(kept.ask(wire.query("x.test"))) == 1
