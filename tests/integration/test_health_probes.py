# SPDX-License-Identifier: MIT
"""The route key `probe`: what upstreams are asked."""
import pytest
from harness import wire
from harness.deadline import wait_until
from harness.prox_directory import route
from harness.upstream import Upstream, asked


class Asked(Upstream):
    """Notes what it is asked, and answers."""

    def __init__(self, *arguments, **keys):
        self.questions = []
        super().__init__(*arguments, **keys)

    def _take(self, exchange):
        self.questions.append((exchange.transport, asked(exchange.message)))
        super()._take(exchange)

    def until_asked(self, rtype, name, transport="udp"):
        wait_until(lambda: (transport, (rtype, name)) in self.questions,
                   lambda: f"{name} in {self.questions[-5:]}")


@pytest.fixture
def upstream(world):
    world.upstreams.append(Asked(1))
    return world.upstreams[-1]


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_the_name_and_type_of_the_route_are_asked(world, upstream, protocol):
    proxy = world.relay(upstream, health="on", protocol=protocol, probe="Status.Example.com SOA")
    upstream.until_asked(wire.SOA, "status.example.com", protocol)
    assert not upstream.probes
    assert proxy.json("/explain?name=x.test")["probe"] == "status.example.com SOA"


def test_a_reload_changes_the_question_and_begins_anew(world, upstream):
    routes = world.routes({"a.prox": route("*", upstream, health="on")})
    proxy = world.proxy(routes)
    wait_until(lambda: upstream.probes, "a probe")
    routes.write("a.prox", route("*", upstream, health="on", probe="x.test TYPE65280"))
    upstream.until_asked(65280, "x.test")
    routes.write("a.prox", route("*", upstream, health="on"))
    before = len(upstream.probes)
    wait_until(lambda: len(upstream.probes) > before, "a probe as before")
    assert proxy.metrics().one("dproxy_upstream_up", upstream=str(upstream)) == 1


def test_of_several_routes_the_first_that_says_a_question_counts(world, upstream):
    routes = world.routes({"a.prox": route("a.test", upstream, health="on"),
                           "b.prox": route("b.test", upstream, health="on", probe="b.test A"),
                           "c.prox": route("c.test", upstream, health="on", probe="c.test A")})
    world.proxy(routes)
    upstream.until_asked(wire.A, "b.test")
    routes.remove("b.prox")
    upstream.until_asked(wire.A, "c.test")
    assert ("udp", (wire.A, "c.test")) not in upstream.questions[:upstream.questions.index(("udp", (wire.A, "b.test")))]
