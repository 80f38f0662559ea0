# SPDX-License-Identifier: MIT
"""Several upstreams in a route: who is asked first, and what a reply that `fallback_on` names leads to."""
import collections

import pytest
from harness import behaviours, wire

SPREADING = ["least-outstanding", "round-robin", "random", "hash"]
QUERIES = 200
PATIENT = {"attempts": 1, "timeout": "15s"}  # where a slow answer must not lead to another upstream


def markers(proxy, transport, names):
    with proxy.client(transport) as client:
        return [wire.marker_of(client.ask(wire.query(name))) for name in names]


def names(count=QUERIES):
    return [f"n{number}.test" for number in range(count)]


@pytest.mark.parametrize("policy", SPREADING)
def test_all_upstreams_have_a_share(world, transport, policy):
    proxy = world.relay(*[world.upstream(number) for number in (1, 2, 3)], policy=policy)
    shares = collections.Counter(markers(proxy, transport, names()))
    assert set(shares) == {1, 2, 3}
    assert min(shares.values()) > QUERIES // 8


def test_the_default_is_least_outstanding(world, transport):
    proxy = world.relay(world.upstream(1), world.upstream(2), **PATIENT)
    shares = collections.Counter(markers(proxy, transport, names()))
    assert shares == {1: QUERIES // 2, 2: QUERIES // 2}


def test_first_is_the_first(world, transport):
    proxy = world.relay(world.upstream(1), world.upstream(2), policy="first", **PATIENT)
    assert set(markers(proxy, transport, names(50))) == {1}


def test_a_name_keeps_its_upstream(world, transport):
    proxy = world.relay(*[world.upstream(number) for number in (1, 2, 3)], policy="hash", **PATIENT)
    once = markers(proxy, transport, names(50))
    assert markers(proxy, transport, [name.upper() for name in names(50)]) == once


@pytest.mark.parametrize("policy", [*SPREADING, "first"])
def test_no_query_fails_with_one_upstream_closed(world, closed_address, transport, policy):
    proxy = world.relay(closed_address, world.upstream(2), policy=policy)
    assert set(markers(proxy, transport, names(100))) == {2}


@pytest.mark.parametrize("policy", ["least-outstanding", "first"])
def test_no_query_fails_with_one_upstream_silent(world, transport, policy):
    proxy = world.relay(world.upstream(1, behaviours.silence), world.upstream(2), policy=policy, timeout="8s")
    assert set(markers(proxy, transport, names(4))) == {2}


def refusing(rcode):
    def behave(exchange):
        message = bytearray(exchange.message)
        message[2] |= 0x80
        message[3] = message[3] & 0xf0 | rcode
        exchange.reply(bytes(message))
    return behave


RCODES = {"servfail": wire.SERVFAIL, "refused": wire.REFUSED, "nxdomain": wire.NXDOMAIN}


@pytest.mark.parametrize("word, rcode", RCODES.items())
def test_a_named_rcode_moves_on(world, transport, word, rcode):
    first = world.upstream(1, refusing(rcode))
    proxy = world.relay(first, world.upstream(2), policy="first", fallback_on=word)
    assert wire.marker_of(proxy.ask(transport, "x.test")) == 2
    assert len(first.received) == 1


@pytest.mark.parametrize("word, rcode", RCODES.items())
def test_another_rcode_does_not(world, transport, word, rcode):
    others = " ".join(other for other in RCODES if other != word)
    second = world.upstream(2)
    proxy = world.relay(world.upstream(1, refusing(rcode)), second, policy="first", fallback_on=others)
    assert wire.rcode_of(proxy.ask(transport, "x.test")) == rcode
    assert not second.received


def test_when_all_say_so_the_first_reply_is_the_answer(world, transport):
    proxy = world.relay(world.upstream(1, refusing(wire.REFUSED)), world.upstream(2, refusing(wire.SERVFAIL)),
                        policy="first", fallback_on="servfail refused", attempts=5)
    assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.REFUSED


def test_one_upstream_is_not_asked_again(world, transport):
    only = world.upstream(1, refusing(wire.SERVFAIL))
    proxy = world.relay(only, fallback_on="servfail", attempts=3)
    assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.SERVFAIL
    assert len(only.received) == 1
