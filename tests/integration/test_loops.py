# SPDX-License-Identifier: MIT
"""Loops through another server, which sends back what is sent to it: found by a probe that comes back, broken by
SERVFAIL."""
import re

import pytest
from harness import behaviours, wire
from harness.client import ask
from harness.deadline import wait_until
from harness.forwarder import Forwarder
from harness.nameservers import Nameserver, unbound_forwarding
from harness.ports import free_port
from harness.prox_directory import route

MANY_CONNECTIONS = {"tcp_connections_per_client": 4000}
SOON = 60  # seconds; what is marked is looked at again each 10 s


@pytest.fixture
def forwarder(world):
    world.upstreams.append(Forwarder())
    return world.upstreams[-1]


def loops(proxy):
    return {(loop["route"], loop["domain"]) for loop in proxy.json("/status")["loops"]}


def until_loops(proxy, *expected):
    wait_until(lambda: loops(proxy) == set(expected), lambda: f"{expected} as loops, but {loops(proxy)}", SOON)


def lines(proxy, message):
    return [line for line in proxy.log().splitlines() if f" {message} " in line]


def ask_edns(proxy, transport, name):
    return proxy.ask(transport, wire.query(name, additional=[wire.opt()]))


def assert_broken(proxy, transport, name):
    reply = ask_edns(proxy, transport, name)
    assert wire.rcode_of(reply) == wire.SERVFAIL and wire.extended_errors(reply) == [0]
    assert b"loop" in reply


def in_front_of_cluster_dns(world, forwarder, **settings):
    """Names without a route go to the forwarder, which shall send `corp.example` back."""
    proxy = world.proxy(route("a.corp.example", world.upstream(1)), usemasterupstream="true",
                        masterupstream=forwarder, **MANY_CONNECTIONS, **settings)
    forwarder.target = proxy.port
    return proxy


def until_asked(upstream, domain):
    """The probe of that domain has come, so that it is not in the way of what comes now."""
    wait_until(lambda: [one for one in upstream.loop_probes if wire.question_name(one.message).endswith(domain)],
               f"a loop probe below {domain}")


def test_a_query_that_goes_in_circles_is_stopped(world, forwarder, transport):
    proxy = in_front_of_cluster_dns(world, forwarder, workers=2)
    until_asked(forwarder, ".corp.example")  # no loop yet
    forwarder.domains = ["corp.example"]
    reply = ask_edns(proxy, transport, "b.corp.example")
    assert wire.rcode_of(reply) == wire.SERVFAIL
    until_loops(proxy, ("(master)", "corp.example"))
    wait_until(lambda: proxy.metrics().one("dproxy_inflight_requests") == 0, "an end of the queries in circles")
    print(f"{len(forwarder.forwarded)} queries came back")
    before = len(forwarder.forwarded)
    for name in ("b.corp.example", "B.Corp.Example", "deep.c.corp.example", "corp.example"):
        assert_broken(proxy, transport, name)
    assert len(forwarder.forwarded) == before
    assert proxy.marker("a.corp.example", transport) == 1 and proxy.marker("www.example", transport) == 9
    assert proxy.metrics().one("dproxy_client_rejected_total", reason="loop") >= 4
    found, = wait_until(lambda: lines(proxy, "loop found"), "a line in the log")
    assert " error " in found and "domain=corp.example" in found and f"upstream={forwarder}" in found

    forwarder.domains = []
    until_loops(proxy)
    assert proxy.marker("b.corp.example", transport) == 9
    assert len(lines(proxy, "loop found")) == len(lines(proxy, "loop ended")) == 1


def test_a_stub_domain_of_the_other_server_is_found_before_anybody_asks(world, forwarder):
    """Cluster DNS forwards a stub domain to us, and we the rest to it."""
    forwarder.domains = ["corp.example"]
    proxy = in_front_of_cluster_dns(world, forwarder)
    until_loops(proxy, ("(master)", "corp.example"))
    before = len(forwarder.forwarded)
    assert_broken(proxy, "udp", "b.corp.example")
    assert len(forwarder.forwarded) == before
    assert proxy.marker("a.corp.example") == 1 and proxy.marker("www.example") == 9


@pytest.mark.parametrize("protocol, health", [("udp", "off"), ("tcp", "on")])
def test_a_route_that_leads_back_is_found_at_start(world, forwarder, protocol, health):
    forwarder.domains = ["x.test"]
    proxy = world.proxy(route("y.test", forwarder) + route("*.x.test", forwarder, protocol=protocol, health=health),
                        wait=False)
    forwarder.target = proxy.port
    proxy.wait_ready()
    until_loops(proxy, ("*.x.test", "x.test"))
    status, = proxy.json("/status")["loops"]
    assert (status["line"], status["whole_pattern"], status["upstream"]) == (4, True, str(forwarder))
    proxy.until_logged("loop found")
    assert re.search(r" error loop found route=\*\.x\.test source=\S+test\.prox:4 domain=x\.test ", proxy.log())
    before = len(forwarder.forwarded)
    for transport in ("udp", "tcp"):
        assert_broken(proxy, transport, "www.x.test")
        assert proxy.marker("y.test", transport) == 9
    assert len(forwarder.forwarded) == before

    forwarder.domains = []
    until_loops(proxy)
    assert proxy.marker("www.x.test") == 9
    assert len(lines(proxy, "loop found")) == len(lines(proxy, "loop ended")) == 1


def test_other_patterns_of_the_section_are_asked_when_one_leads_back(world, forwarder):
    """Long after they appeared, and with nobody asking for their names."""
    proxy = world.proxy(route("*.x.test *.y.test *.z.test", forwarder), **MANY_CONNECTIONS, workers=2)
    forwarder.target = proxy.port

    def looks(domain):
        asked = [wire.question_name(one.message).partition(".")[2] for one in forwarder.loop_probes]
        return asked.count(domain)

    wait_until(lambda: min(map(looks, ("x.test", "y.test", "z.test"))) >= 2, "a second look at each pattern", SOON)
    forwarder.domains = ["x.test"]
    ask_edns(proxy, "udp", "b.x.test")
    until_loops(proxy, ("*.x.test *.y.test *.z.test", "x.test"))
    forwarder.domains = []
    until_loops(proxy)  # later than what was asked on its own
    forwarder.domains = ["x.test", "y.test"]
    ask_edns(proxy, "udp", "c.x.test")
    until_loops(proxy, ("*.x.test *.y.test *.z.test", "x.test"), ("*.x.test *.y.test *.z.test", "y.test"))
    assert proxy.marker("www.z.test") == 9


def test_the_master_upstream_that_leads_back_is_found(world, forwarder):
    forwarder.domains = [""]
    proxy = in_front_of_cluster_dns(world, forwarder)
    until_loops(proxy, ("(master)", "."))
    assert_broken(proxy, "udp", "www.example")
    assert proxy.marker("a.corp.example") == 1


def test_a_route_that_appears_is_asked_and_its_mark_ends_with_it(world, forwarder):
    forwarder.domains = ["x.test"]
    routes = world.routes({"a.prox": route("a.test", forwarder)})
    proxy = world.proxy(routes)
    forwarder.target = proxy.port
    assert proxy.marker("a.test") == 9
    routes.write("x.prox", route(".x.test", forwarder))
    until_loops(proxy, (".x.test", "x.test"))
    routes.write("b.prox", route("b.test", forwarder))
    proxy.until("b.test", 9)
    assert_broken(proxy, "udp", "x.test")
    routes.write("x.prox", route(".x.test", world.upstream(2)))
    proxy.until("x.test", 2)
    until_loops(proxy)
    assert 'reason="the route changed"' in lines(proxy, "loop ended")[0]


def test_a_crowd_that_waits_for_a_slow_upstream_is_no_loop(world, forwarder):
    held = []
    forwarder.behaviour = held.append
    proxy = world.relay(forwarder, patterns="*", timeout="30s", attempts=1, settings={"workers": 1})
    clients = [proxy.client("udp") for _ in range(1000)]
    for client in clients:
        client.send(wire.query("popular.test"))
    until_asked(forwarder, ".popular.test")
    wait_until(lambda: len(held) == 1000, "all queries at the upstream")
    assert loops(proxy) == set() and not lines(proxy, "loop found")
    for exchange in held:
        behaviours.answer(exchange)
    for client in clients:
        assert wire.marker_of(client.receive()) == 9
        client.close()
    assert loops(proxy) == set() and proxy.metrics().one("dproxy_client_rejected_total", reason="loop") == 0


def test_who_may_not_use_the_route_makes_no_loop(world, forwarder):
    """The query that comes back is refused, as it is the forwarder's."""
    forwarder.domains = ["x.test"]
    routes = route(".x.test", forwarder, allow="127.0.0.2") + route(".y.test", forwarder)
    proxy = world.proxy(routes, wait=False)
    forwarder.target = proxy.port
    proxy.wait_ready()
    wait_until(lambda: len(forwarder.forwarded) >= 1, "a probe that is sent back")
    wait_until(lambda: proxy.metrics().one("dproxy_client_rejected_total", reason="loop"), "a probe that came back")
    reply = proxy.ask("udp", wire.query("www.x.test"), source="127.0.0.2")
    assert wire.rcode_of(reply) == wire.REFUSED
    assert loops(proxy) == set()


def test_a_name_that_only_looks_like_a_probe_is_relayed(world, transport):
    upstream = world.upstream(1, behaviour=behaviours.answer)
    proxy = world.relay(upstream)
    for owner in ("0" * 32 + ".x.test", "x.test"):
        reply = proxy.ask(transport, wire.query(owner, wire.HINFO))
        assert wire.rcode_of(reply) == wire.NOERROR and wire.marker_of(reply) == 1
    assert loops(proxy) == set() and proxy.metrics().one("dproxy_client_rejected_total", reason="loop") == 0


def test_loop_probes_are_counted_as_probes_and_their_answers_are_not(world):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, patterns="*.x.test")
    until_asked(upstream, ".x.test")
    message = upstream.loop_probes[0].message
    assert wire.flags_of(message) == wire.RD and wire.counts_of(message) == (1, 0, 0, 0)
    metrics = proxy.metrics()
    assert metrics.one("dproxy_upstream_requests_total", upstream=str(upstream), transport="udp", reason="probe") >= 1
    assert metrics.sum("dproxy_upstream_responses_total", upstream=str(upstream)) == 0
    assert metrics.sum("dproxy_requests_total") == 0 and upstream.received == []


def test_every_upstream_of_a_route_is_asked(world, forwarder):
    """One that sends back is enough."""
    forwarder.domains = ["x.test"]
    good = [world.upstream(marker) for marker in (1, 2)]
    proxy = world.proxy(route("*.x.test", *good, forwarder), wait=False)
    forwarder.target = proxy.port
    proxy.wait_ready()
    until_loops(proxy, ("*.x.test", "x.test"))
    assert proxy.json("/status")["loops"][0]["upstream"] == str(forwarder)
    assert_broken(proxy, "udp", "www.x.test")


def test_unbound_forwards_a_stub_domain_to_us_and_we_the_rest_to_it(world, transport):
    """As cluster DNS does."""
    port = free_port()
    internet = world.upstream(3)
    unbound = Nameserver(unbound_forwarding({"corp.example": port, ".": internet.port}), world.directory / "unbound",
                         "zone.test")
    world.at_end(unbound.stop)
    proxy = world.proxy(route("a.corp.example", world.upstream(1)), usemasterupstream="true", masterupstream=unbound,
                        listen=f"127.0.0.1:{port}")
    proxy.port = port
    until_loops(proxy, ("(master)", "corp.example"))
    assert_broken(proxy, transport, "b.corp.example")
    # Asked by the other way, it ends as well: unbound says SERVFAIL for what we say it for.
    reply = ask(transport, "127.0.0.1", unbound.port, wire.query("c.corp.example"))
    assert wire.rcode_of(reply) == wire.SERVFAIL
    assert proxy.metrics().sum("dproxy_upstream_requests_total", upstream=str(unbound), reason="first") == 0
    for name, marker in {"a.corp.example": 1, "www.zone.test": 80, "www.example": 3}.items():
        assert proxy.marker(name, transport) == marker
        assert wire.marker_of(ask(transport, "127.0.0.1", unbound.port, wire.query(name))) == marker


def test_a_route_to_unbound_that_sends_everything_back(world, transport):
    port = free_port()
    unbound = Nameserver(unbound_forwarding({".": port}), world.directory / "unbound", "zone.test")
    world.at_end(unbound.stop)
    proxy = world.proxy(route("*", unbound) + route("up.test", world.upstream(1)), listen=f"127.0.0.1:{port}")
    proxy.port = port
    until_loops(proxy, ("*", "."))
    assert_broken(proxy, transport, "b.corp.example")
    assert proxy.marker("up.test", transport) == 1
