# SPDX-License-Identifier: MIT
"""dnstap: each message of a client and of an upstream is told once, as it was on the wire, with whose it was, when, by
what and for which route; as BIND's own reader understands it."""
import http.client
import socket
import time

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.dnstap import Capture, all_captured, read_by_bind, read_by_knot, tcp_place, unix_place, until_read
from harness.https_upstream import HttpsUpstream
from harness.ports import free_port
from harness.prox_directory import route
from harness.tls_upstream import TlsUpstream, server_context
from harness.zone_transfer import expect, sending, transfer_query, zone

WAYS = {"udp": "UDP", "tcp": "TCP", "tls": "DOT", "https": "DOH", "http": "DOH"}
DROPPED = "dproxy_dnstap_dropped_total"
ALL_KINDS = ["CLIENT_QUERY", "FORWARDER_QUERY", "FORWARDER_RESPONSE", "CLIENT_RESPONSE"]


@pytest.fixture
def tapped(world):
    """A program with such routes and a reader, after which `all()` are the frames."""
    def start(routes, place=None, **settings):
        place = place or unix_place(world)
        capture = Capture(world, place)
        proxy = world.proxy(routes, dnstap=place, **settings)
        until_read(proxy)
        proxy.captured = lambda: all_captured(proxy, capture)
        proxy.told_by_bind = lambda: read_by_bind(capture.file)
        proxy.told_by_knot = lambda: read_by_knot(capture.file)
        return proxy
    return start


def of(frames, kind, name=None):
    return [one for one in frames if one.kind == kind and (name is None or wire.question_name(one.message) == name)]


# What a frame says.

@pytest.mark.parametrize("way", WAYS)
def test_a_query_by_each_transport(world, pair, tapped, way):
    upstream = world.upstream(1)
    listen = {f"listen_{name}": f"127.0.0.1:{free_port()}" for name in ("tls", "https", "http")}
    proxy = tapped(route(".x.test", upstream), **listen, tls_cert=pair[0], tls_key=pair[1])
    query = wire.query("a.X.test", wire.AAAA, additional=[wire.opt(options=wire.option(10, b"12345678"))])
    began = time.time()
    reply = proxy.ask(way, query, source="127.0.0.5")
    ended = time.time()
    frames = proxy.captured()
    assert sorted(one.kind for one in frames) == sorted(ALL_KINDS)
    asked, sent, came, answered = (of(frames, kind)[0] for kind in ALL_KINDS)
    assert asked.message == query  # with its cookie, which no upstream sees
    assert answered.message == reply
    exchange = upstream.wait_for(1)[0]
    assert sent.message == exchange.message and wire.question_name(came.message) == "a.X.test"
    assert wire.ident_of(came.message) == wire.ident_of(sent.message) != wire.ident_of(query)
    assert asked.protocol == answered.protocol == WAYS[way]
    own = f"127.0.0.1:{proxy.port_of(way)}"
    for one in (asked, answered):
        assert one.query_at.startswith("127.0.0.5:") and one.response_at == own
    for one in (sent, came):
        assert (one.response_at, one.query_at) == (str(upstream), "{}:{}".format(*exchange.peer[:2]))
    assert asked.query_at == answered.query_at and {one.family for one in frames} == {1}
    assert {one.zone for one in frames} == {b"\1X\4test\0"}  # as the query has it
    assert {one.identity.decode() for one in frames} == {socket.gethostname()}
    assert {one.version.decode() for one in frames} == {"dproxy " + version_of(proxy)}
    slack = 0.1  # between the two clocks; the turn of a worker begins before what is read in it
    assert began - slack <= asked.query_time <= sent.query_time <= ended
    assert (answered.query_time, came.query_time) == pytest.approx((asked.query_time, sent.query_time), abs=slack)
    assert sent.query_time - slack <= came.response_time <= answered.response_time + slack <= ended + 2 * slack
    assert asked.response_time is None and sent.response_time is None


def version_of(proxy):
    return proxy.json("/status")["version"] if not proxy.is_over() else next(
        part.split("=")[1] for part in proxy.log().split() if part.startswith("version="))


def test_bind_reads_the_same(world, tapped):
    upstream = world.upstream(1)
    proxy = tapped(route(".x.test", upstream))
    replies = [proxy.ask("udp", f"n{number}.x.test") for number in range(20)]
    replies += [proxy.ask("tcp", "over-tcp.x.test"), proxy.ask("udp", "six.x.test", family=6)]
    frames = proxy.captured()
    told = proxy.told_by_bind()
    assert len(told) == len(frames) == 4 * len(replies)
    for one, by_bind in zip(frames, told):
        message = by_bind["message"]
        assert (by_bind["type"], message["type"]) == ("MESSAGE", one.kind)
        assert (by_bind["identity"], by_bind["version"]) == (one.identity.decode(), one.version.decode())
        assert message["socket_protocol"] == one.protocol
        assert message["socket_family"] == {1: "INET", 2: "INET6"}[one.family]
        for side in ("query", "response"):
            assert f"{message[f'{side}_address']}:{message[f'{side}_port']}" == getattr(one, f"{side}_at")
        assert message["message_size"] == f"{len(one.message)}b"
        side = "response" if one.is_response else "query"
        assert int(message[f"{side}_time"].timestamp()) == int(getattr(one, f"{side}_time"))
        assert message["query_zone"] == "x.test."
        said = message[f"{side}_message_data"]
        assert said["id"] == wire.ident_of(one.message)
        assert said["QUESTION_SECTION"] == [wire.question_name(one.message) + ". IN A"]
    assert {one.family for one in of(frames, "CLIENT_QUERY", "six.x.test")} == {2}


def test_knot_reads_the_answers(world, tapped):
    proxy = tapped(route(".x.test", world.upstream(1)))
    for number in range(20):
        assert proxy.ask("udp", f"n{number}.x.test")
    frames = proxy.captured()
    said = proxy.told_by_knot()
    assert said.count("QUESTION SECTION") == sum(one.is_response for one in frames) == 40
    assert all(f";; n{number}.x.test." in said for number in range(20))


def test_over_tcp(world, tapped):
    proxy = tapped(route("x.test", world.upstream(1)), place=tcp_place())
    assert proxy.ask("udp", "x.test")
    assert sorted(one.kind for one in proxy.captured()) == sorted(ALL_KINDS)


def test_the_zone_is_the_patterns_name(world, tapped):
    upstream = world.upstream(1)
    proxy = tapped(route("one.test", upstream) + route("*.below.test", upstream) + route(".both.test", upstream) +
                   route("*", upstream))
    zones = {"one.test": b"\3one\4test\0", "a.b.below.test": b"\5below\4test\0", "both.test": b"\4both\4test\0",
             "else.test": b"\0"}
    for name in zones:
        assert proxy.ask("udp", name)
    frames = proxy.captured()
    for name, expected in zones.items():
        assert [one.zone for one in frames if wire.question_name(one.message) == name] == [expected] * 4


def test_answers_of_our_own(world, tapped):
    proxy = tapped(route("a.test", answer="192.0.2.1") + route("silent.test", answer="drop"), workers=1)
    for message in (wire.query("a.test"), wire.query("nowhere.test"), wire.header(counts=(0, 0, 0, 0))):
        assert proxy.ask("udp", message)
    with proxy.client("udp") as client:
        client.send(b"short")
        client.send(wire.query("reply.test", flags=0x8000))
        client.send(wire.query("silent.test"))
        assert client.ask(wire.query("a.test"))
    frames = proxy.captured()
    assert [(one.kind, one.zone) for one in frames] == [
        ("CLIENT_QUERY", b"\1a\4test\0"), ("CLIENT_RESPONSE", b"\1a\4test\0"), ("CLIENT_QUERY", None),
        ("CLIENT_RESPONSE", None), ("CLIENT_QUERY", None), ("CLIENT_RESPONSE", None),
        ("CLIENT_QUERY", b"\6silent\4test\0"), ("CLIENT_QUERY", b"\1a\4test\0"), ("CLIENT_RESPONSE", b"\1a\4test\0")]
    assert [wire.rcode_of(one.message) for one in frames if one.is_response] == [
        wire.NOERROR, wire.REFUSED, wire.FORMERR, wire.NOERROR]


def test_the_master_upstream(world, tapped):
    proxy = tapped({}, usemasterupstream=True, masterupstream=world.upstream(1))
    assert proxy.ask("udp", "x.test")
    assert {one.zone for one in proxy.captured()} == {b"\0"}


def test_each_attempt_is_told(world, tapped):
    failing, good = world.upstream(1, behaviours.with_rcode(wire.SERVFAIL)), world.upstream(2)
    proxy = tapped(route("*", failing, good, policy="first", fallback_on="servfail"))
    assert proxy.ask("udp", "x.test")
    frames = proxy.captured()
    assert [one.response_at for one in of(frames, "FORWARDER_QUERY")] == [str(failing), str(good)]
    assert [(one.response_at, wire.rcode_of(one.message)) for one in of(frames, "FORWARDER_RESPONSE")] == [
        (str(failing), wire.SERVFAIL), (str(good), wire.NOERROR)]
    assert len(of(frames, "CLIENT_RESPONSE")) == 1


def test_what_an_upstream_does_not_answer(world, tapped, closed_address):
    silent = world.upstream(1, behaviours.silence)
    proxy = tapped(route("silent.test", silent, timeout="400ms", attempts=2) +
                   route("closed.test", closed_address, attempts=1, protocol="tcp"))
    for name in ("silent.test", "closed.test"):
        assert wire.rcode_of(proxy.ask("udp", name)) == wire.SERVFAIL
    frames = proxy.captured()
    assert len(of(frames, "FORWARDER_QUERY", "silent.test")) == 2 and not of(frames, "FORWARDER_RESPONSE")
    assert len(of(frames, "CLIENT_RESPONSE")) == 2


def test_what_fits_no_query_is_not_told(world, tapped):
    """A reply from elsewhere, and one with another ID: only what is taken for a reply is one."""
    def forging(exchange):
        message = behaviours.answer_to(exchange.message, 9)
        exchange.reply(wire.with_ident(message, wire.ident_of(message) ^ 1))
        exchange.reply_from_another_port(message)
        exchange.reply(behaviours.answer_to(exchange.message, 1))
    proxy = tapped(route("*", world.upstream(1, forging)))
    assert wire.marker_of(proxy.ask("udp", "x.test")) == 1
    assert [wire.marker_of(one.message) for one in of(proxy.captured(), "FORWARDER_RESPONSE")] == [1]


@pytest.mark.parametrize("protocol", ["udp", "tcp", "tls", "https"])
def test_upstreams_by_each_transport(world, pair, tapped, protocol):
    made = {"tls": lambda: TlsUpstream(1, server_context(*pair)),
            "https": lambda: HttpsUpstream(1, server_context(*pair, protocols=("h2",)))}
    upstream = made.get(protocol, lambda: world.upstream(1))()
    if protocol in made:
        world.upstreams.append(upstream)
    keys = {"tls_verify": "off"} if protocol in made else {}
    proxy = tapped(route("*", upstream, protocol=protocol, **keys))
    assert proxy.ask("udp", wire.query("x.test", additional=[wire.opt()]))
    frames = proxy.captured()
    sent, came = of(frames, "FORWARDER_QUERY")[0], of(frames, "FORWARDER_RESPONSE")[0]
    told = {"udp": "UDP", "tcp": "TCP", "tls": "DOT", "https": "DOH"}[protocol]
    assert (sent.protocol, came.protocol) == (told, told)
    assert sent.message == upstream.wait_for(1)[0].message  # padded where it is encrypted, its ID 0 over HTTPS
    assert came.response_at == str(upstream) and came.query_at.startswith("127.0.0.1:")


def test_kept_answers_have_no_upstream(world, tapped):
    proxy = tapped(route("*", world.upstream(1), cache="on"))
    for _ in range(3):
        assert proxy.ask("udp", "x.test")
    frames = proxy.captured()
    assert len(of(frames, "CLIENT_QUERY")) == len(of(frames, "CLIENT_RESPONSE")) == 3
    assert len(of(frames, "FORWARDER_QUERY")) == len(of(frames, "FORWARDER_RESPONSE")) == 1


def test_the_largest_message_is_told_whole(world, tapped):
    def large(message):
        records = [wire.record(b"\xc0\x0c", wire.TXT, (b"\xff" + b"x" * 255) * 250) for _ in range(1)]
        return behaviours.answer_to(message, 1, records=records)
    proxy = tapped(route("*", world.upstream(1, behaviours.replying(large))))
    reply = proxy.ask("tcp", wire.query("x.test", wire.TXT))
    assert len(reply) > 64_000
    frames = proxy.captured()
    assert of(frames, "CLIENT_RESPONSE")[0].message == reply
    assert len(proxy.told_by_bind()) == 4


def test_a_zone_transfer_is_told_by_its_first_messages(world, tapped):
    groups = zone(20)
    upstream = world.upstream(1, sending(groups))
    proxy = tapped(route("*", upstream))
    with proxy.client("tcp") as client:
        query = transfer_query()
        client.send(query)
        expect(client, query, groups)
    frames = proxy.captured()
    assert sorted(one.kind for one in frames) == sorted(ALL_KINDS)
    assert of(frames, "FORWARDER_QUERY")[0].message == upstream.wait_for(1)[0].message
    assert {one.protocol for one in frames} == {"TCP"}


def test_a_client_whom_a_proxy_names(world, pair, tapped):
    proxy = tapped(route("*", world.upstream(1)), listen_http=f"127.0.0.1:{free_port()}",
                   trusted_proxies="127.0.0.0/8")
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port_of("http"), timeout=60)
    connection.request("POST", "/dns-query", wire.query("x.test"),
                       {"Content-Type": "application/dns-message", "X-Forwarded-For": "192.0.2.77"})
    assert connection.getresponse().status == 200
    connection.close()
    assert of(proxy.captured(), "CLIENT_QUERY")[0].query_at.startswith("192.0.2.77:")


# Which messages are told.

def test_every_message_is_told_once(world, tapped):
    """Whatever worker it came by; what is counted is told."""
    upstream = world.upstream(1)
    proxy = tapped(route(".x.test", upstream) + route("own.test", answer="nodata"), workers=2)
    for number in range(300):
        assert proxy.ask("udp" if number % 3 else "tcp", f"n{number}.x.test" if number % 2 else "own.test")
    metrics = proxy.metrics()
    assert metrics.one(DROPPED) == 0
    frames = proxy.captured()
    assert len(of(frames, "CLIENT_QUERY")) == metrics.sum("dproxy_requests_total") == 300
    assert len(of(frames, "CLIENT_RESPONSE")) == metrics.sum("dproxy_responses_total") == 300
    names = [f"n{number}.x.test" for number in range(1, 300, 2)]
    for kind in ("FORWARDER_QUERY", "FORWARDER_RESPONSE"):
        assert sorted(wire.question_name(one.message) for one in of(frames, kind)) == sorted(names)


def test_a_route_that_goes_while_its_query_is_under_way(world, tapped):
    hold = behaviours.Hold()
    proxy = tapped(route("x.test", world.upstream(1, hold), timeout="50s", attempts=1))
    with proxy.client("udp") as client:
        client.send(wire.query("x.test"))
        wait_until(lambda: hold.held, "the question")
        proxy.settings["upstreamlocation"].replace("test.prox", route("y.test", answer="nodata"))
        wait_until(lambda: wire.rcode_of(proxy.ask("udp", "y.test")) == wire.NOERROR, "the other route")
        wait_until(proxy.is_in_force, "every worker going by it")
        hold.release()
        assert client.receive()
    frames = [one for one in proxy.captured() if wire.question_name(one.message) == "x.test"]
    assert [one.kind for one in frames] == ALL_KINDS
    assert {one.zone for one in frames} == {b"\1x\4test\0"}


def test_it_is_off_unless_it_is_asked_for(world):
    proxy = world.relay(world.upstream(1))
    assert proxy.ask("udp", "x.test")
    assert proxy.metrics().one(DROPPED) == 0 and "dnstap" not in proxy.log()
