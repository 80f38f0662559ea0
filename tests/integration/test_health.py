# SPDX-License-Identifier: MIT
"""Upstreams that die and come back: found by probes, or by what clients meet; and who may take one down."""
import time

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.health import changes, is_up, until_changes, until_up
from harness.prox_directory import route
from harness.upstream import Mortal

SHARE_AGAIN_SECONDS = 6
TIMEOUTS_TO_DOWN = 5  # of `passive`


@pytest.fixture
def mortal(world):
    world.upstreams.append(Mortal(1))
    return world.upstreams[-1]


def die(mortal):
    """It has answered a probe before: else its silence would prove nothing."""
    wait_until(lambda: len(mortal.probes) >= 2, "a probe that was answered")
    mortal.die()


def status_of(proxy, upstream):
    return next(one for one in proxy.json("/status")["upstreams"] if one["address"] == str(upstream))


def failures(proxy, upstream, reason):
    return proxy.metrics().one("dproxy_upstream_failures_total", upstream=str(upstream), reason=reason)


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_a_silent_upstream_goes_down_and_is_back_soon(world, mortal, protocol):
    proxy = world.relay(mortal, health="on", protocol=protocol)
    wait_until(lambda: mortal.probes, "a probe")
    assert is_up(proxy, mortal) == 1 and {probe.transport for probe in mortal.probes} == {protocol}
    mortal.die()
    until_up(proxy, mortal, 0)
    until_changes(proxy, mortal, ["down"])
    proxy.until_logged('reason="probes failed: timeout"')
    assert proxy.get("/readyz")[0] == proxy.get("/livez")[0] == 200
    status = status_of(proxy, mortal)
    assert (status["up"], status["health"]) == (False, "on") and status["state_since_seconds"] <= 60
    assert failures(proxy, mortal, "timeout") >= 3

    mortal.live()
    began = time.monotonic()
    wait_until(lambda: is_up(proxy, mortal), "an upstream that is up again", SHARE_AGAIN_SECONDS)
    print(f"up again after {time.monotonic() - began:.2f} s")
    assert proxy.marker("x.test") == 1
    until_changes(proxy, mortal, ["down", "up"])
    assert status_of(proxy, mortal)["up"] is True


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_an_upstream_where_nobody_listens_goes_down_and_is_found_when_it_comes(world, closed_port, closed_address,
                                                                              protocol):
    proxy = world.relay(closed_address, health="on", protocol=protocol)
    until_up(proxy, closed_address, 0)
    assert failures(proxy, closed_address, "refused") >= 3 and failures(proxy, closed_address, "timeout") == 0
    closed_port.close()
    world.upstream(1, port=closed_port.port)
    wait_until(lambda: is_up(proxy, closed_address), "an upstream that is up", SHARE_AGAIN_SECONDS)
    assert proxy.marker("x.test") == 1


def test_a_probe_asks_for_the_root_from_a_fresh_port_with_a_fresh_id(world, mortal):
    world.relay(mortal, health="on")
    first, second, third = wait_until(lambda: len(mortal.probes) >= 3 and mortal.probes[:3], "three probes")
    probes = [probe.message for probe in (first, second, third)]
    for message in probes:
        assert message[2:] == wire.query("", wire.NS, flags=0)[2:]
    assert len({wire.ident_of(message) for message in probes}) > 1
    assert len({probe.peer for probe in (first, second, third)}) > 1


def test_probes_are_counted_and_their_answers_are_not(world, mortal):
    proxy = world.relay(mortal, health="on")
    wait_until(lambda: len(mortal.probes) >= 2, "two probes")
    metrics = proxy.metrics()
    assert metrics.one("dproxy_upstream_requests_total", upstream=str(mortal), transport="udp", reason="probe") >= 2
    assert metrics.sum("dproxy_upstream_requests_total", upstream=str(mortal), reason="first") == 0
    assert metrics.sum("dproxy_upstream_responses_total", upstream=str(mortal)) == 0
    assert metrics.one("dproxy_upstream_duration_seconds_count", upstream=str(mortal)) == 0
    assert metrics.sum("dproxy_upstream_inflight", upstream=str(mortal)) == 0
    assert status_of(proxy, mortal)["failures"] == {}


@pytest.mark.parametrize("rcode", [wire.SERVFAIL, wire.REFUSED, wire.FORMERR])
def test_an_error_is_an_answer_to_a_probe(world, mortal, rcode):
    mortal._take = lambda exchange: (mortal.probes.append(exchange),
                                     exchange.reply(behaviours.bare_header(rcode)(exchange.message)))
    proxy = world.relay(mortal, health="on")
    wait_until(lambda: len(mortal.probes) >= 5, "five probes")  # three that failed would be enough
    assert is_up(proxy, mortal) == 1 and changes(proxy, mortal) == []


def test_a_reply_with_another_id_is_no_answer_to_a_probe(world, mortal):
    proxy = world.relay(mortal, health="on")
    wait_until(lambda: len(mortal.probes) >= 2, "a probe that was answered")

    def other_id(exchange):
        message = bytearray(behaviours.answer_to(exchange.message, 1))
        message[0] ^= 1
        mortal.probes.append(exchange)
        exchange.reply(bytes(message))
    mortal._take = other_id
    until_up(proxy, mortal, 0)


def test_a_client_that_asks_for_dead_names_takes_nothing_down(world, mortal):
    """The upstream lives, but says nothing to what this client asks."""
    mortal.behaviour = behaviours.silence
    proxy = world.relay(mortal, health="on", timeout="100ms")
    before = len(mortal.probes)
    while len(mortal.probes) < before + 6 or failures(proxy, mortal, "timeout") < 4 * TIMEOUTS_TO_DOWN:
        assert wire.rcode_of(proxy.ask("udp", "dead.test")) == wire.SERVFAIL
    assert is_up(proxy, mortal) == 1 and changes(proxy, mortal) == []
    assert status_of(proxy, mortal)["up"] is True


def test_failed_probes_take_nothing_down_that_answers_clients(world, mortal):
    mortal.answers_probes = False
    proxy = world.relay(mortal, health="on")
    while failures(proxy, mortal, "timeout") < 5:
        assert proxy.marker("x.test") == 1
    assert is_up(proxy, mortal) == 1 and changes(proxy, mortal) == []


def test_passive_learns_from_queries_only(world, mortal):
    proxy = world.relay(mortal, health="passive", timeout="200ms", attempts=1)
    assert proxy.marker("x.test") == 1 and status_of(proxy, mortal)["health"] == "passive"
    mortal.die()

    def ask_until(value):
        def asked():
            proxy.ask("udp", "x.test")
            return is_up(proxy, mortal) == value
        wait_until(asked, f"an upstream whose state is {value}")

    ask_until(0)
    assert failures(proxy, mortal, "timeout") >= TIMEOUTS_TO_DOWN
    until_changes(proxy, mortal, ["down"])
    mortal.live()
    ask_until(1)
    until_changes(proxy, mortal, ["down", "up"])
    assert proxy.marker("x.test") == 1 and mortal.probes == []


def test_off_is_always_up(world, mortal):
    mortal.die()
    proxy = world.relay(mortal, health="off", timeout="100ms", attempts=1)
    while failures(proxy, mortal, "timeout") < 3 * TIMEOUTS_TO_DOWN:
        proxy.ask("udp", "x.test")
    assert is_up(proxy, mortal) == 1 and mortal.probes == []
    status = status_of(proxy, mortal)
    assert (status["up"], status["health"]) == (True, "off")


def test_the_most_watchful_of_the_routes_to_one_upstream_counts(world, mortal):
    proxy = world.proxy(route("a.test", mortal, health="off") + route("b.test", mortal, health="on"))
    wait_until(lambda: mortal.probes, "a probe")
    assert status_of(proxy, mortal)["health"] == "on" and len(proxy.json("/status")["upstreams"]) == 1


def test_who_is_silent_is_asked_last_before_it_is_down(world, mortal):
    """Three attempts in a row are enough; with probes, nothing else is risked."""
    alive = world.upstream(2)
    proxy = world.relay(mortal, alive, policy="first", health="on", timeout="20s", settings={"workers": 1})
    assert [proxy.marker("x.test") for _ in range(5)] == [1] * 5
    die(mortal)
    before = len(mortal.received)
    assert [proxy.marker("x.test") for _ in range(40)] == [2] * 40
    assert len(mortal.received) - before <= 4
    mortal.live()
    proxy.until("x.test", 1, SHARE_AGAIN_SECONDS)


def test_garbage_is_silence(world, mortal):
    """Messages that answer nothing keep no upstream up, whatever their ID."""
    def garbage(exchange):
        made = bytearray(exchange.message[:12] + b"\x03bad" + bytes(20))
        made[2] |= 0x80
        exchange.reply(bytes(made))
    mortal.die()
    mortal.behaviour = garbage
    alive = world.upstream(2)
    proxy = world.relay(mortal, alive, health="on", timeout="20s")

    def asked():
        assert proxy.marker("x.test") == 2
        return is_up(proxy, mortal) == 0
    wait_until(asked, "an upstream that is down")
    assert failures(proxy, mortal, "mismatch") > 0


def test_what_is_down_is_asked_no_more_while_another_is_up(world, mortal):
    alive = world.upstream(2)
    proxy = world.relay(mortal, alive, policy="first", health="on")
    assert proxy.marker("x.test") == 1
    die(mortal)
    until_up(proxy, mortal, 0)
    before = len(mortal.received)
    assert [proxy.marker("x.test") for _ in range(20)] == [2] * 20 and len(mortal.received) == before
    mortal.live()
    proxy.until("x.test", 1, SHARE_AGAIN_SECONDS)


def test_the_judgement_stays_over_a_reload_and_ends_with_the_upstream(world, mortal):
    other = world.upstream(2)
    routes = world.routes({"a.prox": route("a.test", mortal, health="on")})
    proxy = world.proxy(routes)
    die(mortal)
    until_up(proxy, mortal, 0)
    routes.write("b.prox", route("b.test", other, health="on"))
    proxy.until("b.test", 2)
    probes = len(mortal.probes)
    wait_until(lambda: len(mortal.probes) > probes, "another probe of what is down")
    assert is_up(proxy, mortal) == 0 and changes(proxy, mortal) == ["down"]
    wait_until(lambda: other.probes, "a probe of the new upstream")

    routes.remove("a.prox")
    wait_until(lambda: not proxy.metrics().matching("dproxy_upstream_up", upstream=str(mortal)), "an end of its series")
    probes, after = len(mortal.probes), len(other.probes)
    wait_until(lambda: len(other.probes) > after + 2, "more probes of the upstream that stayed")
    assert len(mortal.probes) == probes

    routes.write("a.prox", route("a.test", mortal, health="on"))
    until_up(proxy, mortal, 1)  # known for the first time, once more


def test_health_off_by_a_reload_ends_the_judgement(world, mortal):
    routes = world.routes({"a.prox": route("a.test", mortal, health="on")})
    proxy = world.proxy(routes)
    die(mortal)
    until_up(proxy, mortal, 0)
    routes.write("a.prox", route("a.test", mortal, health="off"))
    until_up(proxy, mortal, 1)
    until_changes(proxy, mortal, ["down", "up"])


def test_the_master_upstream_is_probed(world, mortal):
    proxy = world.proxy(usemasterupstream="true", masterupstream=mortal)
    wait_until(lambda: mortal.probes, "a probe")
    die(mortal)
    until_up(proxy, mortal, 0)
