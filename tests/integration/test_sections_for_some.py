# SPDX-License-Identifier: MIT
"""Sections for some clients, for some types, and answers of addresses."""
import json

import pytest
from harness import program, wire
from harness.deadline import wait_until
from harness.prox_directory import route

EVERYBODY, OFFICE, FLOOR, V6_TYPES, HOME, STAR = range(1, 7)


@pytest.fixture(scope="module")
def split(shared_world):
    to = {marker: shared_world.upstream(marker) for marker in range(1, 7)}
    return shared_world.proxy({
        "a.prox": route(".split.test", to[EVERYBODY]) + route(".split.test", to[OFFICE], clients="127.1.0.0/16"),
        "b.prox": route(".split.test", to[FLOOR], clients="127.1.2.0/24, ::1") +
                  route(".split.test", to[V6_TYPES], types="AAAA, TYPE65280"),
        "c.prox": route("www.split.test", to[HOME], clients="127.9.0.0/16") + route("only.test", to[HOME],
                                                                                   clients="127.9.0.0/16"),
        "star.prox": route("*", to[STAR]),
    }, metrics_routes=50)


CASES = [
    ("split.test", wire.A, "127.0.0.1", EVERYBODY), ("a.b.split.test", wire.A, "127.0.0.1", EVERYBODY),
    ("split.test", wire.A, "127.1.1.1", OFFICE), ("x.split.test", 15, "127.1.3.1", OFFICE),
    ("split.test", wire.A, "127.1.2.7", FLOOR), ("split.test", wire.A, "::1", FLOOR),
    ("split.test", 28, "127.0.0.1", V6_TYPES), ("split.test", 65280, "127.0.0.1", V6_TYPES),
    # The network counts before the type.
    ("split.test", 28, "127.1.2.7", FLOOR),
    # An exact name for some falls to the wildcard for all others.
    ("www.split.test", wire.A, "127.9.1.1", HOME), ("www.split.test", wire.A, "127.0.0.1", EVERYBODY),
    ("WWW.split.test", wire.A, "127.1.1.1", OFFICE), ("www.split.test", 28, "127.0.0.1", V6_TYPES),
    ("only.test", wire.A, "127.9.1.1", HOME), ("only.test", wire.A, "127.0.0.1", STAR),
]


def ask_from(proxy, source, transport, message):
    family = 6 if ":" in source else 4
    return proxy.ask(transport, message, family, source if family == 4 else None)


@pytest.mark.parametrize("name, rtype, source, marker", CASES)
def test_a_query_goes_by_its_client_and_its_type(split, transport, name, rtype, source, marker):
    assert wire.marker_of(ask_from(split, source, transport, wire.query(name, rtype))) == marker


@pytest.mark.parametrize("name, rtype, source, marker", CASES)
def test_explain_tells_the_same(split, name, rtype, source, marker):
    kind = {wire.A: "A", 15: "MX", 28: "AAAA"}.get(rtype, f"TYPE{rtype}")
    told = split.json(f"/explain?name={name}&type={kind}&client={source}")
    asked = program.run("explain", name, kind, "--client", source, "--format", "json",
                        "--upstreamlocation", str(split.settings["upstreamlocation"]))
    assert json.loads(asked.stdout) == told
    lost = {one["reason"] for one in told["lost"]}
    assert told["result"] == "route" and lost


def test_routes_and_metrics_tell_sections_apart(split):
    ask_from(split, "127.1.1.1", "udp", wire.query("split.test"))
    routes = [one for one in split.json("/routes")["routes"] if one["pattern"] == "split.test"]
    assert [one.get("clients") for one in routes] == [["127.1.0.0/16"], ["::1/128", "127.1.2.0/24"], None, None]
    assert [one.get("types") for one in routes] == [None, None, ["AAAA", "TYPE65280"], None]
    label = "[.split.test] clients=127.1.0.0/16"
    assert routes[0]["route"] == label
    assert split.metrics().sum("dproxy_route_requests_total", route=label) > 0
    assert label in split.get("/")[2]


def test_the_same_clients_and_types_twice_is_a_duplicate(world):
    up, other = world.upstream(1), world.upstream(2)
    text = (route("x.test", up, clients="10.0.0.0/8 127.0.0.0/8", types="A AAAA") +
            route("x.test", other, clients="127.0.0.0/8, 10.0.0.0/8", types="AAAA, A") +
            route("x.test", other, types="A"))
    proxy = world.proxy({"a.prox": text})
    assert proxy.marker("x.test") == 1
    faults = proxy.json("/status")["routes"]["faults"]
    assert len(faults) == 1
    assert "the pattern `x.test` stands already at" in json.dumps(faults[0])
    assert len(proxy.json("/routes")["routes"]) == 2


def test_a_reload_moves_a_client_and_nobody_else(world):
    home, office = world.upstream(1), world.upstream(2)
    routes = world.routes({"a.prox": route("*", home)})
    proxy = world.proxy(routes)
    assert proxy.marker("x.test") == 1
    routes.replace("b.prox", route("x.test", office, clients="127.5.0.0/16"))

    def from_office():
        return wire.marker_of(ask_from(proxy, "127.5.0.1", "udp", wire.query("x.test")))
    wait_until(lambda: from_office() == 2, "the office's own route")
    assert proxy.marker("x.test") == 1
    routes.remove("b.prox")
    wait_until(lambda: from_office() == 1, "the office's route is gone")


ADDRESSES = "192.0.2.10, 2001:db8::10, 192.0.2.11"


@pytest.fixture(scope="module")
def answering(shared_world):
    return shared_world.proxy(
        route(".a.test", answer=ADDRESSES, ttl="5m") + route("*.deep.test", answer="192.0.2.1") +
        route("zero.test", answer="0.0.0.0 ::", ttl="0s") +
        route("many.test", answer=" ".join(f"192.0.2.{n}" for n in range(1, 33))) +
        route("some.test", answer="nxdomain", types="AAAA") + route("some.test", answer="192.0.2.7", types="A"))


def addresses(reply, rtype):
    return [(ttl, data) for section, kind, _, ttl, data, _ in wire.records(reply) if section == 1 and kind == rtype]


@pytest.mark.parametrize("name", ["a.test", "x.y.A.test"])
def test_addresses_are_answered(answering, transport, name):
    reply = answering.ask(transport, wire.query(name))
    assert wire.flags_of(reply) & wire.AA and wire.rcode_of(reply) == wire.NOERROR
    assert sorted(addresses(reply, wire.A)) == [(300, bytes([192, 0, 2, 10])), (300, bytes([192, 0, 2, 11]))]
    reply = answering.ask(transport, wire.query(name, 28, additional=[wire.opt(1232)]))
    assert addresses(reply, 28) == [(300, bytes.fromhex("20010db8000000000000000000000010"))]
    assert wire.opt_of(reply) is not None
    for rtype in (15, 16, 65, wire.ANY):
        reply = answering.ask(transport, wire.query(name, rtype))
        assert wire.counts_of(reply)[:3] == (1, 0, 1) and wire.rcode_of(reply) == wire.NOERROR


def test_the_order_rotates(answering):
    first = {addresses(answering.ask("udp", wire.query("a.test")), wire.A)[0][1][-1] for _ in range(12)}
    assert first == {10, 11}


def test_a_wildcard_answers_each_name_below_and_not_the_name(answering):
    assert addresses(answering.ask("udp", wire.query("x.deep.test")), wire.A) == [(60, bytes([192, 0, 2, 1]))]
    assert wire.rcode_of(answering.ask("udp", wire.query("deep.test"))) == wire.REFUSED
    assert addresses(answering.ask("udp", wire.query("zero.test")), wire.A) == [(0, bytes(4))]


def test_what_does_not_fit_is_cut_and_whole_over_tcp(answering):
    reply = answering.ask("udp", wire.query("many.test"))
    assert wire.flags_of(reply) & wire.TC and wire.counts_of(reply)[1] == 0 and len(reply) <= 512
    assert len(addresses(answering.ask("tcp", wire.query("many.test")), wire.A)) == 32
    big = answering.ask("udp", wire.query("many.test", additional=[wire.opt(1232)]))
    assert len(addresses(big, wire.A)) == 32


def test_nxdomain_for_a_type_is_not_said_of_the_name(answering):
    reply = answering.ask("udp", wire.query("some.test", 28))
    assert wire.rcode_of(reply) == wire.NOERROR and wire.counts_of(reply)[1] == 0
    assert addresses(answering.ask("udp", wire.query("some.test")), wire.A) == [(60, bytes([192, 0, 2, 7]))]


def test_addresses_count_as_answers_not_as_rejections(world):
    proxy = world.proxy(route("a.test", answer="192.0.2.1"))
    proxy.ask("udp", wire.query("a.test"))
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_rejected_total") == 0
    assert metrics.sum("dproxy_responses_total", rcode="NOERROR", source="local") == 1
