# SPDX-License-Identifier: MIT
"""Which upstream gets a name: the most specific pattern, whatever the order of files."""
import pytest
from harness import wire
from harness.prox_directory import route

EXACT, BELOW, DEEP, BOTH, SHARED, STAR, MASTER, INNER, DOTTED = range(1, 10)
CASES = {
    "example.com": EXACT, "EXAMPLE.Com": EXACT, "www.example.com": BELOW, "a.b.c.d.example.com": BELOW,
    "deep.example.com": BELOW, "x.deep.example.com": DEEP, "x.y.DEEP.example.COM": DEEP,
    "inner.deep.example.com": INNER, "x.inner.deep.example.com": DEEP, "both.test": BOTH, "x.y.both.test": BOTH,
    "one.test": SHARED, "two.test": SHARED, "three.two.test": SHARED, "three.one.test": None, "notexample.com": None,
    "com": None, "xboth.test": None, ".": None, "*.example.com": BELOW, "1.0.0.127.in-addr.arpa": None,
}


@pytest.fixture(scope="module")
def upstreams(shared_world):
    return {marker: shared_world.upstream(marker) for marker in range(1, 10)}


def files(to):
    return {
        "a-wild.prox": route("*.example.com", to[BELOW]),
        "b.prox": route("*.deep.example.com", to[DEEP]) + route("Example.COM.", to[EXACT]),
        "both.prox": route(".both.test", to[BOTH]) + route("one.test   two.test *.two.test", to[SHARED]),
        "z-inner.prox": route("inner.deep.example.com", to[INNER]),
        "dotted.prox": route(r"a\.b.dotted.test x\032y.dotted.test", to[DOTTED]),
        "ignored.txt": route("*", to[DOTTED]),
        ".hidden.prox": route("*", to[DOTTED]),
    }


@pytest.fixture(scope="module")
def with_master(shared_world, upstreams):
    return shared_world.proxy(files(upstreams), usemasterupstream="true", masterupstream=upstreams[MASTER])


@pytest.fixture(scope="module")
def with_star(shared_world, upstreams):
    return shared_world.proxy({**files(upstreams), "star.prox": route("*", upstreams[STAR])},
                              usemasterupstream="true", masterupstream=upstreams[MASTER])


@pytest.fixture(scope="module")
def refusing(shared_world, upstreams):
    return shared_world.proxy(files(upstreams))


@pytest.mark.parametrize("name", CASES)
def test_the_most_specific_pattern_wins_then_the_master_upstream(with_master, transport, name):
    reply = with_master.ask(transport, wire.query(name))
    assert wire.marker_of(reply) == (CASES[name] or MASTER)


@pytest.mark.parametrize("name", CASES)
def test_a_star_wins_over_the_master_upstream(with_star, transport, name):
    assert wire.marker_of(with_star.ask(transport, wire.query(name))) == (CASES[name] or STAR)


@pytest.mark.parametrize("label, marker", [(b"a.b", DOTTED), (b"x y", DOTTED), (b"a", None)])
def test_escapes_name_single_bytes(with_master, transport, label, marker):
    owner = bytes([len(label)]) + label + wire.name("dotted.test")
    assert wire.marker_of(with_master.ask(transport, wire.query(owner))) == (marker or MASTER)


@pytest.mark.parametrize("rtype", [wire.A, wire.ANY, 43, 65280, 64])
def test_the_type_plays_no_part(with_master, transport, rtype):
    assert wire.marker_of(with_master.ask(transport, wire.query("example.com", rtype))) == EXACT


@pytest.mark.parametrize("name", ["nowhere.test", "com", "."])
@pytest.mark.parametrize("flags", [0, wire.RD, wire.RD | wire.CD, wire.AD])
def test_no_route_is_refused_with_its_reason(refusing, transport, family, name, flags):
    message = wire.query(name, flags=flags, additional=[wire.opt(4096, dnssec_ok=True)])
    reply = refusing.ask(transport, message, family)
    assert wire.rcode_of(reply) == wire.REFUSED
    assert wire.ident_of(reply) == wire.ident_of(message)
    assert wire.question_of(reply) == wire.question_of(message)
    assert wire.flags_of(reply) & ~15 == wire.QR | flags & (wire.RD | wire.CD)
    assert wire.counts_of(reply) == (1, 0, 0, 1)
    assert wire.extended_errors(reply) == [20]


def test_no_route_without_edns_has_no_opt(refusing, transport):
    reply = refusing.ask(transport, wire.query("nowhere.test"))
    assert wire.rcode_of(reply) == wire.REFUSED
    assert wire.counts_of(reply) == (1, 0, 0, 0)


@pytest.mark.parametrize("answer, rcode", [("refused", wire.REFUSED), ("nxdomain", wire.NXDOMAIN),
                                           ("servfail", wire.SERVFAIL)])
def test_norouteanswer_sets_the_answer(world, transport, answer, rcode):
    proxy = world.proxy(norouteanswer=answer)
    assert wire.rcode_of(proxy.ask(transport, "nowhere.test")) == rcode


def test_norouteanswer_drop_is_silence(world, transport):
    one = world.upstream(1)
    proxy = world.proxy(route("good.test", one), norouteanswer="drop")
    with proxy.client(transport) as client:
        client.send(wire.query("nowhere.test", ident=1))
        client.send(wire.query("good.test", ident=2))
        assert wire.ident_of(client.receive()) == 2
    assert proxy.metrics().sum("dproxy_dropped_total", reason="route_answer") == 1


def test_the_master_upstream_serves_only_the_networks_it_may(world, transport):
    master = world.upstream(1)
    proxy = world.proxy(usemasterupstream="true", masterupstream=master, masterallow="127.0.0.2/32, fc00::/7")
    message = wire.query("x.test", additional=[wire.opt()])
    reply = proxy.ask(transport, message)
    assert (wire.rcode_of(reply), wire.extended_errors(reply)) == (wire.REFUSED, [18])
    assert wire.rcode_of(proxy.ask(transport, message, family=6)) == wire.REFUSED
    assert wire.marker_of(proxy.ask(transport, message, source="127.0.0.2")) == 1
    assert len(master.received) == 1


def test_a_master_upstream_of_several_addresses_fails_over(world, transport, closed_address):
    proxy = world.proxy(usemasterupstream="true", masterupstream=f"{closed_address}, {world.upstream(2)}")
    assert wire.marker_of(proxy.ask(transport, "x.test")) == 2


def test_usemasterupstream_false_leaves_the_master_upstream_alone(world, transport):
    proxy = world.proxy(usemasterupstream="false", masterupstream=world.upstream(1))
    assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.REFUSED


def test_upstreams_of_ipv6_and_a_port_for_all(world, transport, family):
    six, four = world.upstream(1, host="::1"), world.upstream(2)
    proxy = world.proxy(route("six.test", six) + route("four.test", "127.0.0.1", port=four.port)
                        + route("bare.test", "[::1]", port=six.port))
    for name, marker in (("six.test", 1), ("four.test", 2), ("bare.test", 1)):
        assert wire.marker_of(proxy.ask(transport, wire.query(name), family)) == marker


def test_localhost_is_known_without_asking(world, transport):
    upstream = world.upstream(1)
    proxy = world.proxy({"host.prox": route("host.test", "localhost", port=upstream.port)}, bootstrap="127.0.0.1:1")
    assert proxy.marker("host.test", transport) == 1
    (host,) = proxy.json("/status")["hosts"]
    assert (host["state"], host["addresses"]) == ("resolved", ["127.0.0.1"])


def test_the_files_of_the_go_program_work_unchanged(world, transport):
    one, two = world.upstream(1), world.upstream(2)
    text = (f"[*.cryo.network]\n\taddress\t\t= 127.0.0.1\n\tport\t\t= {one.port}\n\n"
            f"[cryo.network]\n\taddress\t\t= 127.0.0.1   # the apex\n\tport\t\t= {two.port}\n")
    proxy = world.proxy({"cryo.network.prox": text.replace("\n", "\r\n")})
    assert wire.marker_of(proxy.ask(transport, "cryo.network")) == 2
    assert wire.marker_of(proxy.ask(transport, "www.cryo.network")) == 1
    assert wire.marker_of(proxy.ask(transport, "a.b.cryo.network")) == 1
