# SPDX-License-Identifier: MIT
"""What an upstream refuses because of what dproxy added to a query, it is asked again without; and errors whose upper
bits stand in an OPT, or that come without a question, are what they are."""
import struct

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.program import run

BADVERS, BADCOOKIE = 16, 23
SUBNET = wire.option(8, b"\0\1\x18\0\x7f\0\0")


def error(message, rcode, question=True):
    """With an OPT where the query has one, or where the rcode needs it."""
    with_opt = rcode > 15 or message[-11:-8] == b"\0\0\x29" or b"\0\0\x29" in message
    opt = wire.record(wire.ROOT, wire.OPT, b"", rclass=1232, ttl=rcode >> 4 << 24) if with_opt else b""
    head = struct.pack("!6H", wire.ident_of(message), wire.flags_of(message) & 0x7900 | wire.QR | rcode & 15,
                       1 if question else 0, 0, 0, 1 if with_opt else 0)
    return head + (wire.question_of(message) if question else b"") + opt


def refuses(unwanted, rcode, question=True):
    def behave(exchange):
        if unwanted in exchange.message:
            exchange.reply(error(exchange.message, rcode, question))
        else:
            behaviours.answer(exchange)
    return behave


@pytest.mark.parametrize("edns", [False, True], ids=["without EDNS", "with EDNS"])
@pytest.mark.parametrize("rcode", [wire.REFUSED, wire.FORMERR, wire.NOTIMP, BADVERS])
def test_it_is_asked_again_without_the_network(world, transport, rcode, edns):
    upstream = world.upstream(1, refuses(SUBNET, rcode))
    proxy = world.relay(upstream, client_subnet="add", attempts=1, settings={"workers": 1})
    message = wire.query("x.test", additional=[wire.opt(1400)] if edns else [])
    reply = proxy.ask(transport, message)
    assert wire.marker_of(reply) == 1
    assert wire.counts_of(reply)[3] == 0, "an OPT that was not asked for"
    first, second = upstream.received
    assert SUBNET in first.message and second.message[2:] == message[2:], "not as the client sent it"
    assert wire.marker_of(proxy.ask(transport, message)) == 1
    assert len(upstream.received) == 3, "it is not remembered"
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_requests_total", upstream=str(upstream), reason="retry") == 1
    assert metrics.sum("dproxy_upstream_inflight") == metrics.sum("dproxy_inflight_requests") == 0


def test_badcookie_is_first_taken_at_its_word(world):
    """Asked over TCP, where a cookie proves nothing more, it says so again: then it is the network that it minds."""
    upstream = world.upstream(1, refuses(SUBNET, BADCOOKIE))
    proxy = world.relay(upstream, client_subnet="add", attempts=1, settings={"workers": 1})
    assert wire.marker_of(proxy.ask("udp", "x.test")) == 1
    assert [(exchange.transport, SUBNET in exchange.message) for exchange in upstream.received] == [
        ("udp", True), ("tcp", True), ("tcp", False)]


def test_one_that_refuses_either_way_has_its_word(world, transport):
    upstream = world.upstream(1, behaviours.with_rcode(wire.REFUSED))
    proxy = world.relay(upstream, client_subnet="add", attempts=1, settings={"workers": 1})
    for number in range(2):
        assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.REFUSED
        assert len(upstream.received) == 2 * (number + 1), "nothing was learnt: it is not the network that it minds"


def test_an_extended_rcode_is_not_lost_with_the_opt_that_was_added(world, transport):
    """The client has no EDNS, the upstream says BADCOOKIE whatever it is asked."""
    upstream = world.upstream(1, lambda exchange: exchange.reply(error(exchange.message, BADCOOKIE)))
    proxy = world.relay(upstream, client_subnet="add", attempts=1)
    reply = proxy.ask(transport, "x.test")
    assert wire.rcode_of(reply) != wire.NOERROR


@pytest.mark.parametrize("rcode", [wire.FORMERR, wire.SERVFAIL, wire.NOTIMP, wire.REFUSED, BADVERS])
def test_an_error_without_a_question_is_relayed_at_once(world, transport, rcode):
    upstream = world.upstream(1, lambda exchange: exchange.reply(error(exchange.message, rcode, question=False)))
    proxy = world.relay(upstream, timeout="10s", attempts=1)
    message = wire.query("x.test", additional=[wire.opt(1400)])
    assert proxy.ask(transport, message) == error(message, rcode, question=False)
    name = {BADVERS: "BADVERS", 1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED"}[rcode]
    metrics = proxy.metrics()
    assert metrics.one("dproxy_upstream_responses_total", upstream=str(upstream), rcode=name) == 1
    assert metrics.sum("dproxy_responses_total", rcode=name, source="upstream") == 1
    assert metrics.sum("dproxy_upstream_failures_total") == 0


@pytest.mark.parametrize("rcode", [wire.FORMERR, wire.NOTIMP, wire.REFUSED, 9])
def test_a_header_that_still_counts_its_question_is_relayed(world, transport, rcode):
    """As NSD answers an IXFR that has no SOA."""
    def cut(message):
        return struct.pack("!6H", wire.ident_of(message), wire.flags_of(message) & 0x7900 | wire.QR | rcode, 1, 0, 0, 0)
    upstream = world.upstream(1, behaviours.replying(cut))
    message = wire.query("x.test", additional=[wire.opt(1400)])
    assert world.relay(upstream, timeout="10s", attempts=1).ask(transport, message) == cut(message)


def test_the_bare_reply_to_an_update(world, transport):
    def bare(message):
        return struct.pack("!6H", wire.ident_of(message), wire.flags_of(message) & 0x7800 | wire.QR, 0, 0, 0, 0)
    upstream = world.upstream(1, behaviours.replying(bare))
    message = wire.query("x.test", wire.SOA, opcode=wire.UPDATE, flags=0)
    assert world.relay(upstream, timeout="10s").ask(transport, message) == bare(message)


def test_own_answers_to_another_edns_version_count_as_badvers(world, transport):
    proxy = world.proxy("[*]\nanswer = refused\n")
    proxy.ask(transport, wire.query("x.test", additional=[wire.opt(1232, version=1)]))
    assert proxy.metrics().sum("dproxy_responses_total", rcode="BADVERS", source="local") == 1


def test_formerr_to_no_question_carries_an_opt(world, transport):
    """RFC 6891 6.1.1."""
    proxy = world.proxy("[*]\nanswer = refused\n")
    reply = proxy.ask(transport, wire.header(counts=(0, 0, 0, 1)) + wire.opt())
    assert wire.rcode_of(reply) == wire.FORMERR and wire.counts_of(reply) == (0, 0, 0, 1)
    reply = proxy.ask(transport, wire.header(counts=(0, 0, 0, 0)))
    assert wire.rcode_of(reply) == wire.FORMERR and wire.counts_of(reply) == (0, 0, 0, 0)


def test_no_name_above_another_route_is_denied(world, transport):
    """RFC 8020: NXDOMAIN holds for all below."""
    upstream = world.upstream(1)
    routes = ("[.corp.test]\nanswer = nxdomain\n[.ads.corp.test *.bad.ads.corp.test]\nanswer = nxdomain\n"
              f"[.a.b.corp.test]\naddress = {upstream}\nhealth = off\n[*.wild.corp.test]\nanswer = refused\n"
              f"[one.exact.other.test]\naddress = {upstream}\nhealth = off\n")
    proxy = world.proxy(routes, norouteanswer="nxdomain")

    def answer(name):
        reply = proxy.ask(transport, name)
        soa = wire.counts_of(reply)[2]
        return wire.rcode_of(reply), soa
    for name in ("corp.test", "b.corp.test", "B.CORP.test", "wild.corp.test", "other.test", "exact.other.test", "test",
                 "."):
        assert answer(name) == (wire.NOERROR, 1), name
    for name in ("ads.corp.test", "bad.ads.corp.test", "x.corp.test", "xb.corp.test", "nowhere.example",
                 "x.other.test"):
        assert answer(name) == (wire.NXDOMAIN, 1), name
    assert proxy.marker("x.a.b.corp.test", transport) == 1


def test_a_name_above_no_pattern_any_more_is_denied(world):
    upstream = world.upstream(1)
    directory = world.routes({"a.prox": "[.corp.test]\nanswer = nxdomain\n",
                              "b.prox": f"[.a.b.corp.test]\naddress = {upstream}\nhealth = off\n"})
    proxy = world.proxy(directory, norouteanswer="nxdomain")
    for name in ("b.corp.test", "test"):
        assert wire.rcode_of(proxy.ask("udp", name)) == wire.NOERROR
        told = proxy.json(f"/explain?name={name}")
        assert told["answer"] == "nodata" and ".a.b.corp.test" in told["remark"]
    arguments = ("explain", "test", "--upstreamlocation", directory, "--norouteanswer", "nxdomain")
    assert "NODATA in place of NXDOMAIN: the pattern .a.b.corp.test" in run(*arguments).stdout
    directory.remove("b.prox")
    for name in ("b.corp.test", "test"):
        wait_until(lambda name=name: wire.rcode_of(proxy.ask("udp", name)) == wire.NXDOMAIN, f"{name} is denied")
        told = proxy.json(f"/explain?name={name}")
        assert told["answer"] == "nxdomain" and "remark" not in told
    assert "NXDOMAIN" in run(*arguments).stdout and "NODATA" not in run(*arguments).stdout
