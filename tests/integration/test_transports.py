# SPDX-License-Identifier: MIT
"""Access control, limits and counts hold on every transport: one table of rules, and each way that a client can come;
and what comes by each way is asked by each way that an upstream can be asked.

What a rule does in detail is the matter of the file that is named for it; here it must not be missing anywhere.
"""
import struct

import pytest
from harness import behaviours, wire
from harness.client import TcpClient
from harness.https_upstream import HttpsUpstream
from harness.ports import free_port
from harness.prox_directory import route
from harness.tls_upstream import TlsUpstream, server_context
from harness.zone_transfer import expect, sending, transfer_query, zone
from test_relayed_bytes import update

MESSAGES = ("tcp", "tls")  # behind their lengths
HTTP = ("https", "http")   # each a request: HTTP/2, with TLS and without
STREAMS = (*MESSAGES, *HTTP)
WAYS = ("udp", *STREAMS)
ENCRYPTED = ("tls", "https")
TOWARDS = ("udp", "tcp", *ENCRYPTED)
ELSEWHERE = "127.0.0.2"
COOKIE, KEEPALIVE = 10, 11


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture(params=STREAMS)
def stream(request):
    return request.param


@pytest.fixture(params=MESSAGES)
def messages(request):
    return request.param


@pytest.fixture(params=HTTP)
def over_http(request):
    return request.param


@pytest.fixture
def serve(world, pair):
    """A program with one worker that listens for every way."""
    def start(routes, **settings):
        listen = {f"listen_{way}": f"127.0.0.1:{free_port()}" for way in ("tls", *HTTP)}
        return world.proxy(routes, workers=1, **listen, tls_cert=pair[0], tls_key=pair[1], **settings)
    return start


@pytest.fixture
def upstream(world):
    return world.upstream(1)


@pytest.fixture(params=TOWARDS)
def towards(request):
    return request.param


@pytest.fixture
def server(world, certificates, towards):
    """An upstream that is asked by that way; `files`: the route to it."""
    keys = {"protocol": towards}
    if towards in ENCRYPTED:
        kind, protocol = (TlsUpstream, "dot") if towards == "tls" else (HttpsUpstream, "h2")
        made = kind(1, server_context(*certificates.issue("upstream"), protocols=(protocol,)))
        world.upstreams.append(made)
        keys.update(tls_ca="ca.pem", tls_name="dns.example")
    else:
        made = world.upstream(1)
    made.files = {"test.prox": route("*", made, **keys), "ca.pem": certificates.authority.read_text()}
    return made


def rejected(proxy, reason):
    return proxy.metrics().sum("dproxy_client_rejected_total", reason=reason)


def works(client, name="x.test"):
    reply = client.ask(wire.query(name))
    return reply is not None and wire.marker_of(reply) == 1


# Who may ask, and what they see.

def test_allow(serve, upstream, way):
    proxy = serve(route("*", upstream), allow=ELSEWHERE)
    if way == "udp":
        assert wire.rcode_of(proxy.ask(way, "x.test")) == wire.REFUSED
    else:
        with TcpClient("127.0.0.1", proxy.port_of(way)) as client:  # before any handshake
            assert client.is_closed()
        assert proxy.metrics().sum("dproxy_tls_handshakes_total") == 0
    assert rejected(proxy, "not_allowed") == 1
    assert wire.marker_of(proxy.ask(way, wire.query("x.test"), source=ELSEWHERE)) == 1


def test_allow_of_a_route(serve, upstream, way):
    proxy = serve(route("*", upstream, allow=ELSEWHERE))
    assert wire.rcode_of(proxy.ask(way, "x.test")) == wire.REFUSED
    assert rejected(proxy, "route_not_allowed") == 1
    assert wire.marker_of(proxy.ask(way, "x.test", source=ELSEWHERE)) == 1


def test_the_master_upstream_serves_whom_it_may(serve, upstream, way):
    proxy = serve(None, usemasterupstream="true", masterupstream=upstream, masterallow=ELSEWHERE)
    assert wire.rcode_of(proxy.ask(way, "x.test")) == wire.REFUSED
    assert rejected(proxy, "master_not_allowed") == 1
    assert wire.marker_of(proxy.ask(way, "x.test", source=ELSEWHERE)) == 1


def test_sections_for_some(serve, world, upstream, way):
    proxy = serve(route(".test", upstream) + route(".test", world.upstream(2), clients=ELSEWHERE)
                  + route(".test", world.upstream(3), types="TXT"))
    seen = {(source, rtype): wire.marker_of(proxy.ask(way, wire.query("x.test", rtype), source=source))
            for source in ("127.0.0.1", ELSEWHERE) for rtype in (wire.A, wire.TXT)}
    assert seen == {("127.0.0.1", wire.A): 1, ("127.0.0.1", wire.TXT): 3,
                    (ELSEWHERE, wire.A): 2, (ELSEWHERE, wire.TXT): 2}


def test_ratelimit_holds_for_a_source_that_is_not_proven(serve, upstream, way):
    """Over a stream the address is proven by the handshake of TCP; over UDP every second answer beyond is cut."""
    proxy = serve(route("*", upstream), ratelimit=5)
    with proxy.client(way) as client:
        replies = []
        for ident in range(60):
            client.send(wire.query("x.test", ident=ident))
            if way != "udp":
                replies.append(client.receive())
        if way == "udp":
            proxy.until_metric(60, "dproxy_requests_total", transport="udp")
            assert rejected(proxy, "rate_limited") > 0
        else:
            assert [wire.marker_of(reply) for reply in replies] == [1] * 60
            assert rejected(proxy, "rate_limited") == 0


# Limits.

@pytest.mark.parametrize("where", ["program", "route"])
def test_max_inflight(serve, world, way, where):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    keys = {"max_inflight": 3}
    proxy = serve(route("*", upstream, timeout="20s", **(keys if where == "route" else {})),
                  **(keys if where == "program" else {}))
    with proxy.client(way) as client:
        for ident in range(3):
            client.send(wire.query(f"q{ident}.test", ident=ident))
        upstream.wait_for(3)
        client.send(wire.query("q3.test", ident=3))
        assert wire.rcode_of(client.receive()) == wire.SERVFAIL
        hold.release()
        assert [wire.marker_of(client.receive()) for _ in range(3)] == [1] * 3
    assert rejected(proxy, "inflight_limit" if where == "program" else "route_inflight_limit") == 1


def test_tcp_idle(serve, upstream, stream):
    proxy = serve(route("*", upstream), tcp_idle="4s")
    with proxy.client(stream) as silent, proxy.client(stream) as used, proxy.client(stream) as halfway:
        assert works(used)
        halfway.send_bytes(b"\0\x20ab")  # of a message, or of a frame
        assert silent.is_closed() and used.is_closed() and halfway.is_closed()
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")
    assert rejected(proxy, "tcp_idle") == 3


def test_tcp_queries(serve, upstream, messages):
    proxy = serve(route("*", upstream), tcp_queries=5)
    with proxy.client(messages) as client:
        for ident in range(8):
            client.send(wire.query("x.test", ident=ident))
        assert {wire.ident_of(client.receive()) for _ in range(5)} == set(range(5))
        assert client.is_closed()
    assert rejected(proxy, "tcp_queries") == 1


def test_tcp_queries_over_http(serve, upstream, over_http):
    """What is on its way is answered (RFC 9113 6.8); then the client is to open another connection."""
    proxy = serve(route("*", upstream), tcp_queries=5)
    with proxy.client(over_http) as client:
        for ident in range(8):
            client.send(wire.query("x.test", ident=ident))
        assert {wire.ident_of(client.receive()) for _ in range(8)} == set(range(8))
        assert client.until_closed() and [code for _, code in client.goaways] == [0, 0]
    assert rejected(proxy, "tcp_queries") == 1


def test_tcp_inflight(serve, world, stream):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = serve(route("*", upstream, timeout="20s"), tcp_inflight=2)
    with proxy.client(stream) as client, proxy.client(stream) as other:
        for ident in range(6):
            client.send(wire.query(f"q{ident}.test", ident=ident))
        upstream.wait_for(2)
        other.send(wire.query("other.test"))
        assert [wire.question_name(one.message) for one in upstream.wait_for(3)] == ["q0.test", "q1.test", "other.test"]
        hold.release()
        assert {wire.ident_of(client.receive()) for _ in range(6)} == set(range(6))
        assert wire.marker_of(other.receive()) == 1


@pytest.mark.parametrize("third", STREAMS)
def test_connections_of_one_client_are_one_pool(serve, upstream, stream, third):
    proxy = serve(route("*", upstream), tcp_connections_per_client=2)
    clients = [proxy.client(stream) for _ in range(2)]
    assert all(works(client) for client in clients)
    with TcpClient("127.0.0.1", proxy.port_of(third)) as one_more:
        assert one_more.is_closed()
    assert rejected(proxy, "tcp_connections_per_client") == 1
    with proxy.client(third, source=ELSEWHERE) as other:
        assert works(other)
    for client in clients:
        client.close()


@pytest.mark.parametrize("third", STREAMS)
def test_connections_of_all_are_one_pool(serve, upstream, stream, third):
    proxy = serve(route("*", upstream), tcp_connections=2)
    with proxy.client(stream) as first, proxy.client(stream) as second, proxy.client(third) as newcomer:
        assert works(newcomer), "the newcomer gives way"
        assert rejected(proxy, "tcp_connections") == 1
        assert first.is_closed(patience=0.2) or second.is_closed(patience=0.2)


# Options of one hop.

def test_cookies(serve, upstream, way):
    proxy = serve(route("*", upstream, attempts=1))
    asked = wire.query("x.test", additional=[wire.opt(1232, wire.option(COOKIE, bytes(range(8))))])
    for _ in range(2):
        cookie = wire.opt_of(proxy.ask(way, asked))[2][COOKIE]
        assert cookie[:8] == bytes(range(8)) and len(cookie) == 24
        asked = wire.query("x.test", additional=[wire.opt(1232, wire.option(COOKIE, cookie))])
    assert all(COOKIE not in (wire.opt_of(one.message) or (0, 0, {}))[2] for one in upstream.received)


def told(answer):
    """The idle time in it, or None."""
    found = wire.opt_of(answer)
    return found and found[2].get(KEEPALIVE)


@pytest.mark.parametrize("name", ["x.test", "nowhere.local"], ids=["relayed", "of our own"])
def test_keepalive(serve, upstream, way, name):
    proxy = serve(route(".test", upstream), tcp_idle="12s")
    asked = wire.query(name, additional=[wire.opt(1232, wire.option(KEEPALIVE))])
    assert told(proxy.ask(way, asked)) == (struct.pack("!H", 120) if way in MESSAGES else None)
    assert told(proxy.ask(way, wire.query(name, additional=[wire.opt()]))) is None


# Messages of every kind.

LENGTHS = [100, 511, 512, 513, 1232, 4096, 4097, 16380, *range(16381, 16388), 32768, 49152, 65507, 65508, 65534, 65535]


def real_server(length):
    """Cuts over UDP what the query's size has no room for."""
    make = behaviours.sized(length)

    def behave(exchange):
        found = wire.opt_of(exchange.message)
        cut = exchange.transport == "udp" and length > min(found[0] if found else 512, 4096)
        exchange.reply(behaviours.answer_to(exchange.message, 1, flags=wire.TC, records=[]) if cut
                       else make(exchange.message))
    return behave


@pytest.mark.parametrize("opt", [(), (wire.opt(1232),), (wire.opt(65535),)], ids=["no OPT", "1232", "65535"])
def test_answers_of_every_size(serve, world, way, opt):
    upstream = world.upstream(1)
    proxy = serve(route("*", upstream))
    room = 512 if not opt else struct.unpack_from("!H", opt[0], 3)[0]
    with proxy.client(way) as client:
        for length in LENGTHS:
            upstream.behaviour = real_server(length)
            asked = wire.query("size.test", wire.TXT, additional=opt)
            reply = client.ask(asked)
            if way != "udp" or length <= min(room, 4096):
                assert reply == behaviours.sized(length)(asked), length
            else:
                assert wire.flags_of(reply) & wire.TC and len(reply) <= room, length


def test_answers_of_every_size_by_every_upstream(serve, server, way, towards):
    proxy = serve(server.files)
    with proxy.client(way) as client:
        for length in LENGTHS:
            server.behaviour = real_server(length)
            asked = wire.query("size.test", wire.TXT, additional=[wire.opt(1232)], ident=length)
            reply = client.ask(asked)
            if way != "udp" or length <= 1232:
                assert reply == behaviours.sized(length)(asked), length
            else:
                assert wire.flags_of(reply) & wire.TC and len(reply) <= 1232, length
    by = "tcp" if (way, towards) == ("tcp", "udp") else towards  # who asks over TCP is asked for over TCP
    asked = proxy.metrics().sum("dproxy_upstream_requests_total", transport=by, reason="first")
    assert asked == len(LENGTHS) and proxy.metrics().sum("dproxy_upstream_failures_total") == 0


def test_the_largest_query(serve, upstream, stream):
    proxy = serve(route("*", upstream))
    asked = wire.query("x.test")
    room = 65535 - len(asked) - len(wire.opt(options=wire.option(65001)))
    asked = wire.query("x.test", additional=[wire.opt(options=wire.option(65001, bytes(room)))])
    assert len(asked) == 65535
    upstream.behaviour = behaviours.answer
    with proxy.client(stream) as client:
        assert wire.marker_of(client.ask(asked)) == 1
        assert works(client)
    assert upstream.received[0].message[2:] == asked[2:]


def test_transfers(serve, world, messages):
    groups = zone(60, size=30000)
    upstream = world.upstream(1, sending(groups))
    proxy = serve(route("*", upstream))
    with proxy.client(messages) as client:
        asked = transfer_query()
        client.send(asked)
        expect(client, asked, groups)
        upstream.behaviour = behaviours.answer
        assert works(client), "the connection is of no more use"
    assert upstream.received[0].transport == "tcp" and upstream.received[0].message[2:] == asked[2:]


@pytest.mark.parametrize("rtype", [wire.AXFR, wire.IXFR], ids=["AXFR", "IXFR"])
def test_transfers_over_http(serve, upstream, over_http, rtype):
    """RFC 8484 has one message for a request: whoever wants a zone is told to come by another way."""
    proxy = serve(route("*", upstream))
    assert wire.rcode_of(proxy.ask(over_http, wire.query("x.test", rtype))) == wire.NOTIMP
    assert rejected(proxy, "not_implemented") == 1 and upstream.received == []


@pytest.mark.parametrize("message", [wire.query("x.test", wire.SOA, flags=wire.AA, opcode=wire.NOTIFY), update()],
                         ids=["NOTIFY", "UPDATE"])
def test_other_opcodes(serve, server, way, message):
    proxy = serve(server.files)
    reply = proxy.ask(way, message)
    assert wire.opcode_of(reply) == wire.opcode_of(message) and wire.marker_of(reply) == 1
    assert [one.message[2:] for one in server.received] == [message[2:]]


QUESTION = wire.question("x.test")
MALFORMED = {  # and what answers it
    "eleven bytes": (wire.header(ident=7)[:11], None),
    "a response": (wire.header(wire.QR, ident=7) + QUESTION, None),
    "no question": (wire.header(counts=(0, 0, 0, 0), ident=7), wire.FORMERR),
    "a compressed question": (wire.header(ident=7) + b"\xc0\x0c\0\1\0\1", wire.FORMERR),
    "two OPTs": (wire.query("x.test", additional=[wire.opt(), wire.opt()], ident=7), wire.FORMERR),
    "a record cut short": (wire.header(counts=(1, 0, 0, 1), ident=7) + QUESTION + b"\0\0", wire.FORMERR),
    "an opcode of nobody": (wire.header(counts=(0, 0, 0, 0), opcode=15, ident=7), wire.NOTIMP),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_messages(serve, upstream, way, kind):
    message, rcode = MALFORMED[kind]
    proxy = serve(route("*", upstream))
    with proxy.client(way) as client:
        client.send(message)
        if rcode is not None:
            reply = client.receive()
            assert (wire.ident_of(reply), wire.rcode_of(reply)) == (7, rcode)
        assert works(client), "the connection is of no more use"
        if way in HTTP:
            assert client.statuses == [200 if rcode is not None else 400, 200]
    assert [wire.question_name(one.message) for one in upstream.received] == ["x.test"]


# Counts.

def test_counts(serve, upstream, way):
    proxy = serve(route(".test", upstream))
    with proxy.client(way) as client:
        for number in range(10):
            assert works(client, f"q{number}.test")
        for _ in range(3):
            assert wire.rcode_of(client.ask(wire.query("nowhere.local"))) == wire.REFUSED
    metrics = proxy.metrics()
    expected = {**dict.fromkeys(WAYS, 0), way: 13}
    for name in ("dproxy_requests_total", "dproxy_responses_total"):
        assert {other: metrics.sum(name, transport=other) for other in WAYS} == expected, name
    assert metrics.sum("dproxy_tls_handshakes_total", result="ok") == (way in ENCRYPTED)
    assert metrics.sum("dproxy_http_responses_total", code=200) == (13 if way in HTTP else 0)
