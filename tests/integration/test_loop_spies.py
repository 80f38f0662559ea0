# SPDX-License-Identifier: MIT
"""Who sees loop probes on their way and sends them back can have the names refused that he answers himself, and no
others, for as long as he likes."""
import time

import pytest
from harness import wire
from harness.deadline import wait_until
from harness.forwarder import Forwarder
from harness.prox_directory import route
from harness.spy import Spy

SOON = 60
RECHECKS = 25  # seconds: what is marked is asked about again each 10


@pytest.fixture
def start(world):
    """A program whose one section has patterns of several owners, behind a nameserver that one of them looks into."""

    def begin(spy, patterns, **settings):
        world.upstreams.append(spy)
        files = world.routes({"spy.prox": route(patterns, spy)})
        proxy = world.proxy(files, wait=False, workers=1, **settings)
        proxy.files = files
        spy.target = proxy.port
        proxy.wait_ready()
        return proxy

    return begin


def loops(proxy):
    return sorted(loop["domain"] for loop in proxy.json("/status")["loops"])


def is_refused(proxy, name, transport):
    return wire.rcode_of(proxy.ask(transport, wire.query(name))) == wire.SERVFAIL


def test_a_spy_brings_down_his_own_pattern_only(start):
    spy = Spy(domain=".attacker.test")
    proxy = start(spy, "*.attacker.test attacker.test.net healthy.test *.healthy.test *.own.attacker.test *")
    # He sees what is asked about the names beside his pattern too; they are his.
    wait_until(lambda: set(loops(proxy)) == {"attacker.test", "own.attacker.test"}, lambda: loops(proxy), SOON)
    until = time.monotonic() + RECHECKS
    while time.monotonic() < until:
        for transport in ("udp", "tcp"):
            for name in ("healthy.test", "www.healthy.test", "attacker.test.net", "www.example"):
                assert proxy.marker(name, transport) == 9
            assert is_refused(proxy, "www.attacker.test", transport)
        time.sleep(0.2)
    assert set(loops(proxy)) == {"attacker.test", "own.attacker.test"}


def test_one_probe_sent_back_is_not_enough(start):
    """However often."""
    spy = Spy(most=1, times=500)
    proxy = start(spy, "*.x.test")
    wait_until(lambda: proxy.metrics().one("dproxy_client_rejected_total", reason="loop") > 0, "a probe that came back")
    wait_until(lambda: len(spy.seen) >= 2, "a second probe")
    first, second = (wire.question_name(message) for message in spy.seen[:2])
    assert first != second and first.split(".")[1:] == second.split(".")[1:]
    assert proxy.marker("www.x.test") == 9 and loops(proxy) == []
    assert "loop found" not in proxy.log()


def test_labels_that_are_made_up_or_kept_hide_no_real_one(world, start):
    """Thousands a second, of numbers that never were, of a real one at another place, and of real ones again."""
    spy = Spy(domain=".attacker.test", most=0)
    proxy = start(spy, "*.attacker.test")
    wait_until(lambda: spy.seen, "a probe to look at")
    seen = spy.seen[0]
    label = wire.question_name(seen).split(".")[0]
    made_up = [f"{number:016x}{label[16:]}.attacker.test" for number in range(1500)] + [f"{label}.healthy.test"]
    for name in made_up[:3] + made_up[-1:]:  # relayed like any name: nothing says that they are ours
        reply = spy.ask_back(wire.query(name, wire.HINFO))
        assert wire.rcode_of(reply) == wire.NOERROR and wire.marker_of(reply) == 9 or name.endswith("healthy.test")
    loop = Forwarder(8, ["looping.test"], proxy.port)
    world.upstreams.append(loop)
    with proxy.client("udp") as client:
        proxy.files.write("loop.prox", route("*.looping.test", loop))
        until = time.monotonic() + SOON
        while loops(proxy) != ["looping.test"]:
            assert time.monotonic() < until, "the real loop is hidden"
            for name in made_up[:300]:
                client.send(wire.query(name, wire.HINFO))
            for ident in range(300):
                client.send(wire.with_ident(seen, ident))
            while client.receive(patience=0.01) is not None:
                pass
    assert is_refused(proxy, "www.looping.test", "udp")
    assert proxy.marker("www.attacker.test") == 9
    assert wire.rcode_of(spy.ask_back(seen)) == wire.SERVFAIL, "an old label is still ours, and goes nowhere"
