# SPDX-License-Identifier: MIT
"""Answers of dproxy's own: the key `answer`, who may ask, and how many may wait."""
import pytest
from harness import behaviours, wire
from harness.prox_directory import route

ANSWERS = {"refused": wire.REFUSED, "nxdomain": wire.NXDOMAIN, "nodata": wire.NOERROR, "servfail": wire.SERVFAIL}


@pytest.fixture(scope="module")
def answering(shared_world):
    text = "".join(route(f".{answer}.test", answer=answer) for answer in (*ANSWERS, "drop"))
    return shared_world.proxy(text + route("up.test", shared_world.upstream(1)))


@pytest.mark.parametrize("owner", ["", "a.b."])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_route_answers_by_itself(answering, transport, family, answer, owner):
    message = wire.query(f"{owner}{answer}.test", additional=[wire.opt(dnssec_ok=True)])
    reply = answering.ask(transport, message, family)
    assert wire.rcode_of(reply) == ANSWERS[answer]
    assert wire.ident_of(reply) == wire.ident_of(message)
    assert wire.question_of(reply) == wire.question_of(message)
    assert wire.flags_of(reply) & (wire.RD | wire.RA | wire.TC) == wire.RD
    assert wire.opt_of(reply) is not None
    assert not [found for found in wire.records(reply) if found[0] == 1]


@pytest.mark.parametrize("answer", ["nxdomain", "nodata"])
def test_negative_answers_are_authoritative_with_a_soa(answering, transport, answer):
    """Else stub resolvers go to the next server; 30 seconds of negative caching (RFC 2308)."""
    reply = answering.ask(transport, f"www.{answer}.test")
    assert wire.flags_of(reply) & wire.AA
    assert wire.counts_of(reply) == (1, 0, 1, 0)
    (section, rtype, rclass, ttl, data, whole), = wire.records(reply)
    assert (section, rtype, rclass, ttl) == (2, wire.SOA, wire.IN, 30)
    assert int.from_bytes(data[-4:], "big") == 30, "the SOA's minimum"
    owner = wire.read_name(reply, reply.index(whole))[0]
    asked = wire.read_name(reply, 12)[0]
    assert asked[len(asked) - len(owner):] == owner, "the SOA stands above the name"


@pytest.mark.parametrize("answer", ["refused", "servfail"])
def test_refusals_are_not_authoritative(answering, transport, answer):
    reply = answering.ask(transport, f"{answer}.test")
    assert not wire.flags_of(reply) & (wire.AA | wire.RA)
    assert wire.counts_of(reply) == (1, 0, 0, 0)


def test_drop_is_silence(answering, transport):
    with answering.client(transport) as client:
        client.send(wire.query("drop.test", ident=1))
        client.send(wire.query("up.test", ident=2))
        assert wire.ident_of(client.receive()) == 2
    answering.until_metric(1 if transport == "udp" else 2, "dproxy_dropped_total", reason="route_answer")


def test_a_name_of_255_bytes_gets_its_negative_answer(answering, transport):
    reply = answering.ask(transport, wire.query(wire.long_name(255, "nxdomain.test"), additional=[wire.opt()]))
    assert wire.rcode_of(reply) == wire.NXDOMAIN and len(reply) <= 512


def expect_refused(reply, error=18):
    assert (wire.rcode_of(reply), wire.extended_errors(reply)) == (wire.REFUSED, [error])
    assert wire.flags_of(reply) & (wire.AA | wire.RA) == 0


def test_a_route_serves_only_the_networks_it_allows(world, transport):
    upstream = world.upstream(1)
    proxy = world.proxy(route("closed.test", upstream, allow="127.0.0.2, fd00::/8")
                        + route("v6.test", upstream, allow="::1") + route("open.test", upstream)
                        + route("local.test", answer="nxdomain", allow="127.0.0.2/32"))
    message = wire.query("closed.test", additional=[wire.opt()])
    expect_refused(proxy.ask(transport, message))
    expect_refused(proxy.ask(transport, message, family=6))
    assert wire.marker_of(proxy.ask(transport, message, source="127.0.0.2")) == 1
    expect_refused(proxy.ask(transport, wire.query("v6.test", additional=[wire.opt()])))
    assert wire.marker_of(proxy.ask(transport, "v6.test", family=6)) == 1
    assert wire.marker_of(proxy.ask(transport, "open.test")) == 1
    expect_refused(proxy.ask(transport, wire.query("local.test", additional=[wire.opt()])))
    assert wire.rcode_of(proxy.ask(transport, "local.test", source="127.0.0.2")) == wire.NXDOMAIN
    assert len(upstream.received) == 3
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="route_not_allowed") == 4


def test_the_program_serves_only_the_networks_it_allows(world, transport):
    proxy = world.proxy(route("*", world.upstream(1)), allow="127.0.0.2/31")
    for family in (4, 6):
        reply = proxy.ask(transport, wire.query("x.test", additional=[wire.opt()]), family=family)
        if transport == "udp":
            expect_refused(reply)
        else:
            assert reply is None, "a connection that is not closed"
    assert wire.marker_of(proxy.ask(transport, "x.test", source="127.0.0.3")) == 1
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="not_allowed") == 2


@pytest.mark.parametrize("where", ["route", "program"])
def test_queries_in_flight_are_limited(world, transport, where):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    settings, keys = {"workers": 1}, {"timeout": "1m"}  # a client of these tests waits for less
    (keys if where == "route" else settings)["max_inflight"] = 3
    proxy = world.relay(upstream, settings=settings, **keys)
    with proxy.client(transport) as client:
        for ident in range(3):
            client.send(wire.query("x.test", ident=ident))
        upstream.wait_for(3)
        reply = client.ask(wire.query("x.test", ident=3))
        gave_way = wire.ident_of(reply)
        assert gave_way != 3 and wire.rcode_of(reply) == wire.SERVFAIL
        upstream.wait_for(4)
        hold.release()
        assert {wire.ident_of(client.receive()) for _ in range(3)} == {0, 1, 2, 3} - {gave_way}
        assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
    reason = "route_inflight_limit" if where == "route" else "inflight_limit"
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason=reason) == 1
    assert len(upstream.received) == 5


def test_the_limit_of_one_route_is_not_that_of_another(world):
    hold = behaviours.Hold()
    slow, fast = world.upstream(1, hold), world.upstream(2)
    proxy = world.proxy(route("slow.test", slow, max_inflight=1) + route("fast.test", fast, max_inflight=1), workers=1)
    with proxy.client("udp") as client:
        client.send(wire.query("slow.test"))
        slow.wait_for(1)
        assert [proxy.marker("fast.test") for _ in range(5)] == [2] * 5
        hold.release()
        assert wire.marker_of(client.receive()) == 1
