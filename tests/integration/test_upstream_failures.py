# SPDX-License-Identifier: MIT
"""Upstreams that say nothing, refuse, or fail half-way: there is always an answer, and it comes in time."""
import time

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until

EDNS = [wire.opt()]


def expect_servfail(reply, *errors):
    assert reply is not None, "no answer at all"
    assert wire.rcode_of(reply) == wire.SERVFAIL
    assert wire.flags_of(reply) & (wire.AA | wire.RA | wire.TC) == 0
    assert set(wire.extended_errors(reply)) & set(errors), wire.extended_errors(reply)


def test_a_silent_upstream_is_servfail_when_the_timeout_ends(world, transport, family):
    silent = world.upstream(1, behaviours.silence)
    proxy = world.relay(silent, timeout="400ms")
    message = wire.query("Silent.test", flags=wire.RD | wire.CD, additional=EDNS)
    began = time.monotonic()
    reply = proxy.ask(transport, message, family)
    assert time.monotonic() - began > 0.35, "the answer came before the timeout"
    expect_servfail(reply, 22)
    assert wire.ident_of(reply) == wire.ident_of(message)
    assert wire.question_of(reply) == wire.question_of(message)
    assert wire.flags_of(reply) & (wire.RD | wire.CD) == wire.RD | wire.CD
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_failures_total", upstream=str(silent), reason="timeout") > 0
    assert metrics.sum("dproxy_responses_total", rcode="SERVFAIL", source="local") == 1
    assert metrics.sum("dproxy_inflight_requests") == 0


def test_servfail_without_edns_has_no_opt(world, transport):
    reply = world.relay(world.upstream(1, behaviours.silence), timeout="300ms").ask(transport, "x.test")
    assert wire.rcode_of(reply) == wire.SERVFAIL and wire.counts_of(reply) == (1, 0, 0, 0)


def test_an_upstream_that_refuses_tcp_connections_is_servfail_at_once(world, closed_address):
    proxy = world.relay(closed_address, timeout="30s")
    expect_servfail(proxy.ask("tcp", wire.query("x.test", additional=EDNS)), 23)  # the client waits 15 s
    assert proxy.metrics().sum("dproxy_upstream_failures_total", upstream=closed_address, reason="refused") > 0


def test_an_icmp_error_is_a_hint_and_a_reply_is_still_waited_for(world, closed_address):
    """Anybody can forge one (RFC 5927): the next attempt leaves at once, and SERVFAIL comes with the timeout."""
    proxy = world.relay(closed_address, timeout="1s", attempts=3)
    began = time.monotonic()
    expect_servfail(proxy.ask("udp", wire.query("x.test", additional=EDNS)), 23)
    assert time.monotonic() - began > 0.95
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_failures_total", upstream=closed_address, reason="refused") == 3
    assert metrics.sum("dproxy_upstream_requests_total", upstream=closed_address, reason="retry") == 2
    assert metrics.sum("dproxy_upstream_inflight") == 0


@pytest.mark.parametrize("first", ["silent", "refusing"])
def test_the_second_upstream_answers_for_the_first(world, transport, first, closed_address):
    address = world.upstream(1, behaviours.silence) if first == "silent" else closed_address
    proxy = world.relay(address, world.upstream(2), policy="first", timeout="6s")
    assert wire.marker_of(proxy.ask(transport, "x.test")) == 2
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_requests_total", upstream=str(address), reason="first") == 1
    assert metrics.sum("dproxy_upstream_requests_total", reason="retry") == 1


def test_one_attempt_is_one_attempt(world, transport):
    silent, other = world.upstream(1, behaviours.silence), world.upstream(2)
    proxy = world.relay(silent, other, policy="first", timeout="400ms", attempts=1)
    assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.SERVFAIL
    assert (len(silent.received), len(other.received)) == (1, 0)


def test_three_attempts_reach_the_third(world, transport, closed_address):
    silent = world.upstream(1, behaviours.silence)
    proxy = world.relay(silent, closed_address, world.upstream(3), policy="first", timeout="6s", attempts=3)
    assert wire.marker_of(proxy.ask(transport, "x.test")) == 3


def test_no_more_attempts_than_asked_for(world, transport):
    silent = [world.upstream(marker, behaviours.silence) for marker in (1, 2, 3)]
    proxy = world.relay(*silent, policy="first", timeout="600ms", attempts=2)
    assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.SERVFAIL
    assert [len(one.received) for one in silent] == [1, 1, 0]


def test_a_lost_datagram_is_mended_from_another_socket(world):
    """One upstream only: the retry goes to it again."""
    upstream = world.upstream(1, behaviours.Script(behaviours.silence, behaviours.answer))
    proxy = world.relay(upstream, timeout="6s")
    assert proxy.marker("x.test") == 1
    first, second = upstream.wait_for(2)
    assert first.peer != second.peer
    assert first.message[2:] == second.message[2:]


def test_a_reply_that_comes_after_the_retry_is_still_good(world):
    hold = behaviours.Hold()
    slow, silent = world.upstream(1, hold), world.upstream(2, behaviours.silence)
    proxy = world.relay(slow, silent, policy="first", timeout="8s")
    with proxy.client("udp") as client:
        client.send(wire.query("x.test"))
        silent.wait_for(1)
        hold.release()
        assert wire.marker_of(client.receive()) == 1


def test_who_was_slow_is_asked_before_a_third_attempt_at_who_loses(world):
    """One upstream pauses, so it is asked after the others; the other one loses what it is asked."""
    def loses_some(exchange):
        if not wire.question_name(exchange.message).startswith("lost"):
            behaviours.answer(exchange)

    def lost_at(one):
        return len({wire.question_name(exchange.message) for exchange in one.held} & set(names))

    hold, names = behaviours.Hold(), [f"lost{number}.test" for number in range(10)]
    paused, lossy = world.upstream(1, hold), world.upstream(2, loses_some)
    proxy = world.relay(paused, lossy, policy="first", health="passive", attempts=3, timeout="12s",
                        settings={"workers": 1})
    for number in range(3):  # out of time, one after the other
        assert proxy.marker(f"q{number}.test") == 2
    with proxy.client("udp") as client:
        for ident, name in enumerate(names):
            client.send(wire.query(name, ident=ident))
        # And it answers others meanwhile.
        wait_until(lambda: proxy.marker("good.test") == 2 and lost_at(hold) == 10, "all queries at who was slow")
        hold.release()
        replies = [client.receive() for _ in range(10)]
    assert {wire.ident_of(reply) for reply in replies} == set(range(10))
    assert {wire.marker_of(reply) for reply in replies} == {1}


@pytest.mark.parametrize("opcode", [wire.UPDATE, wire.NOTIFY, wire.STATUS])
def test_only_queries_are_sent_twice(world, transport, opcode):
    silent, other = world.upstream(1, behaviours.silence), world.upstream(2)
    proxy = world.relay(silent, other, policy="first", timeout="500ms")
    reply = proxy.ask(transport, wire.query("x.test", wire.SOA, opcode=opcode, flags=0))
    assert wire.rcode_of(reply) == wire.SERVFAIL and wire.opcode_of(reply) == opcode
    assert (len(silent.received), len(other.received)) == (1, 0)


def test_many_waiting_queries_all_get_their_servfail(world):
    silent = world.upstream(1, behaviours.silence)
    proxy = world.relay(silent, timeout="1s")
    with proxy.client("udp") as one, proxy.client("udp") as other:  # a socket has not room for all answers
        for number in range(500):
            (one if number < 250 else other).send(wire.query(f"q{number}.test", ident=number))
        replies = [client.receive() for client in (one, other) for _ in range(250)]
    assert {wire.ident_of(reply) for reply in replies} == set(range(500))
    assert all(wire.question_name(reply) == f"q{wire.ident_of(reply)}.test" for reply in replies)
    assert {wire.rcode_of(reply) for reply in replies} == {wire.SERVFAIL}


def test_an_upstream_that_comes_back_is_used_again(world, transport):
    upstream = world.upstream(1, behaviours.silence)
    proxy = world.relay(upstream, timeout="300ms")
    assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.SERVFAIL
    upstream.behaviour = behaviours.answer
    assert wire.marker_of(proxy.ask(transport, "x.test")) == 1


def test_an_upstream_that_starts_late_is_used(world, transport):
    first = world.upstream(1)
    first.close()
    proxy = world.relay(first, timeout="2s")
    assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.SERVFAIL
    world.upstream(2, port=first.port)
    assert wire.marker_of(proxy.ask(transport, "x.test")) == 2


def test_a_dead_upstream_takes_nothing_from_the_others(world, transport):
    hold = behaviours.Hold()
    dead, alive = world.upstream(1, hold), world.upstream(2)
    proxy = world.proxy({"a.prox": f"[dead.test]\naddress = {dead}\ntimeout = 1m\nhealth = off\n"
                                   f"[alive.test]\naddress = {alive}\nhealth = off\n"})
    with proxy.client(transport) as client:
        for _ in range(50):
            client.send(wire.query("dead.test"))
        client.send(wire.query("alive.test", ident=77))
        first = client.receive()
        assert wire.ident_of(first) == 77 and wire.marker_of(first) == 2
    hold.release()


HALVES = {
    "closes at once": behaviours.close_at_once,
    "closes after a length": lambda exchange: (exchange.send_bytes(b"\0"), exchange.close()),
    "closes in the message": lambda exchange: (exchange.send_bytes(b"\0\x40" + bytes(20)), exchange.close()),
    "sends an empty message and closes": lambda exchange: (exchange.send_bytes(b"\0\0"), exchange.close()),
    "sends garbage and closes": lambda exchange: (exchange.send_bytes(b"\0\x20" + b"\xff" * 32), exchange.close()),
}


@pytest.mark.parametrize("behave", HALVES.values(), ids=HALVES)
def test_a_tcp_upstream_that_closes_is_followed_by_the_second(world, behave):
    broken = world.upstream(1, behave)
    proxy = world.relay(broken, world.upstream(2), policy="first", timeout="10s")
    assert wire.marker_of(proxy.ask("tcp", "x.test")) == 2


@pytest.mark.parametrize("behave", HALVES.values(), ids=HALVES)
def test_a_tcp_upstream_that_always_closes_is_servfail(world, behave):
    proxy = world.relay(world.upstream(1, behave), timeout="2s")
    expect_servfail(proxy.ask("tcp", wire.query("x.test", additional=EDNS)), 22, 23)


def test_a_tcp_upstream_that_accepts_and_hangs_up_is_servfail(world):
    upstream = world.upstream(1)
    upstream.on_accept = lambda connection: False
    proxy = world.relay(upstream, timeout="2s")
    expect_servfail(proxy.ask("tcp", wire.query("x.test", additional=EDNS)), 22, 23)


def test_half_a_reply_and_then_silence_is_servfail_in_time(world):
    upstream = world.upstream(1, lambda exchange: exchange.send_bytes(b"\0\x40" + bytes(20)))
    proxy = world.relay(upstream, timeout="600ms")
    expect_servfail(proxy.ask("tcp", wire.query("x.test", additional=EDNS)), 22)
