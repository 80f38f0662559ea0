# SPDX-License-Identifier: MIT
"""Every key of a route, changed while the program runs: the new value holds, for upstreams that stay as well."""
import re
import ssl
from pathlib import Path

import pytest
from harness import behaviours, wire
from harness.certificates import Certificates, pin_of
from harness.deadline import wait_until
from harness.https_upstream import HttpsUpstream
from harness.prox_directory import route
from harness.tls_upstream import TlsUpstream, server_context
from harness.upstream import Mortal, Upstream

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
CASES = {}


def case(key):
    def note(check):
        CASES[key] = check
        return check
    return note


class Running:
    """A program with one route `*`, whose keys a test changes."""

    def __init__(self, world, *upstreams, settings=None, **keys):
        self.routes = world.routes({"a.prox": route("*", *upstreams, **keys)})
        self.upstreams = upstreams
        self.proxy = world.proxy(self.routes, workers=1, **(settings or {}))

    def change(self, *upstreams, **keys):
        """And waits until every worker goes by it."""
        def reloads():
            return self.proxy.metrics().sum("dproxy_config_reloads_total", result="success")
        before = reloads()
        self.routes.replace("a.prox", route("*", *(upstreams or self.upstreams), **keys))
        wait_until(lambda: reloads() > before and self.proxy.is_in_force(), "a reload")

    def until(self, condition, what):
        wait_until(condition, what)


def rcode(proxy, name="x.test", transport="udp"):
    return wire.rcode_of(proxy.ask(transport, name))


@case("address")
def address(world):
    first, second = world.upstream(1), world.upstream(2)
    running = Running(world, first)
    assert running.proxy.marker("x.test") == 1
    running.change(second)
    running.proxy.until("x.test", 2)


@case("port")
def port(world):
    first, second = world.upstream(1), world.upstream(2)
    running = Running(world, "127.0.0.1", port=first.port)
    assert running.proxy.marker("x.test") == 1
    running.change(port=second.port)
    running.proxy.until("x.test", 2)


@case("patterns")
def patterns(world):
    running = Running(world, world.upstream(1))
    running.routes.write("one.txt", "one.test\n")
    running.routes.write("two.txt", "two.test\n")
    running.routes.write("b.prox", route("list.test", answer="refused", patterns="one.txt"))
    wait_until(lambda: rcode(running.proxy, "one.test") == 5, "the list")
    running.routes.replace("b.prox", route("list.test", answer="refused", patterns="two.txt"))
    wait_until(lambda: rcode(running.proxy, "two.test") == 5, "the other list")
    assert rcode(running.proxy, "one.test") == 0


@case("protocol")
def protocol(world):
    upstream = world.upstream(1)
    running = Running(world, upstream)
    running.proxy.marker("x.test")
    running.change(protocol="tcp")
    running.until(lambda: running.proxy.marker("x.test") and upstream.received[-1].transport == "tcp", "TCP")


@case("policy")
def policy(world):
    running = Running(world, world.upstream(1), world.upstream(2), policy="first")
    assert {running.proxy.marker(f"x{i}.test") for i in range(10)} == {1}
    running.change(policy="round-robin")
    running.until(lambda: {running.proxy.marker(f"x{i}.test") for i in range(4)} == {1, 2}, "turns")


@case("timeout")
def timeout(world):
    running = Running(world, world.upstream(1, behaviours.silence), timeout="1m")
    running.change(timeout="200ms")
    running.until(lambda: rcode(running.proxy) == wire.SERVFAIL, "an end")


@case("attempts")
def attempts(world):
    upstream = world.upstream(1, behaviours.silence)
    running = Running(world, upstream, timeout="1s", attempts=1)
    rcode(running.proxy, "one.test")
    running.change(attempts=3, timeout="1s")
    rcode(running.proxy, "three.test")
    assert (len(upstream.messages("one.test")), len(upstream.messages("three.test"))) == (1, 3)


@case("fallback_on")
def fallback_on(world):
    failing = world.upstream(1, behaviours.with_rcode(wire.SERVFAIL))
    running = Running(world, failing, world.upstream(2), policy="first")
    assert rcode(running.proxy) == wire.SERVFAIL
    running.change(policy="first", fallback_on="servfail")
    running.proxy.until("x.test", 2)
    running.change(policy="first")
    running.until(lambda: rcode(running.proxy) == wire.SERVFAIL, "no fall back")


@case("hedge")
def hedge(world):
    slow = world.upstream(1)
    running = Running(world, slow, world.upstream(2), policy="first", timeout="20s")
    running.proxy.marker("x.test")
    running.change(policy="first", timeout="20s", hedge="5ms")
    for number in range(25):
        running.proxy.marker(f"x{number}.test")
    slow.behaviour = behaviours.silence
    assert running.proxy.marker("slow.test") == 2
    assert running.proxy.metrics().sum("dproxy_upstream_requests_total", reason="hedge") == 1


@case("max_inflight")
def max_inflight(world):
    """What began before the reload counts: queries, and a zone transfer."""
    hold = behaviours.Hold()
    running = Running(world, world.upstream(1, hold), timeout="50s", attempts=1)
    with running.proxy.client("udp") as client, running.proxy.client("tcp") as transfer:
        for ident in range(3):
            client.send(wire.query(f"q{ident}.test", ident=ident))
        transfer.send(wire.query("x.test", wire.AXFR))
        wait_until(lambda: len(hold.held) == 4, "four in flight")
        running.change(max_inflight=4, timeout="50s", attempts=1)
        client.send(wire.query("q4.test", ident=4))  # the fifth: one of those that began before gives way
        assert wire.rcode_of(client.receive()) == wire.SERVFAIL
        assert running.proxy.metrics().sum("dproxy_client_rejected_total", reason="route_inflight_limit") == 1
        wait_until(lambda: len(hold.held) == 5, "the one that did not")
        hold.release()
        assert all(wire.marker_of(client.receive()) == 1 for _ in range(3))
        assert running.proxy.marker("x.test") == 1


@case("health")
def health(world):
    """The first upstream is down by probes when its routes begin to trust it, and has its queries at once."""
    for mode in ("passive", "off"):
        first = Mortal(1)
        world.upstreams.append(first)
        running = Running(world, first, world.upstream(2), policy="first", health="on")
        assert running.proxy.marker("x.test") == 1
        first.die()
        down = {"name": "dproxy_upstream_up", "upstream": str(first)}
        wait_until(lambda: running.proxy.metrics().one(**down) == 0, "a dead upstream")
        running.change(policy="first", health=mode)
        first.behaviour = behaviours.answer  # probes are still not answered
        running.proxy.until("x.test", 1)
        wait_until(lambda: running.proxy.metrics().one(**down) == 1, "an upstream that lives")
        assert {running.proxy.marker(f"x{i}.test") for i in range(5)} == {1}


@case("probe")
def probe(world):
    upstream = world.upstream(1)
    running = Running(world, upstream, health="on")
    running.until(lambda: upstream.probes, "a probe")
    running.change(health="on", probe="probed.test TXT")
    running.until(lambda: upstream.messages("probed.test"), "another question")


@case("answer")
def answer(world):
    upstream = world.upstream(1)
    running = Running(world, upstream)
    assert running.proxy.marker("x.test") == 1
    running.routes.replace("a.prox", "[*]\nanswer = nxdomain\n")
    running.until(lambda: rcode(running.proxy) == wire.NXDOMAIN, "an answer of its own")
    running.routes.replace("a.prox", "[*]\nanswer = 192.0.2.1\n")
    running.until(lambda: wire.counts_of(running.proxy.ask("udp", "x.test"))[1] == 1, "addresses of its own")
    running.routes.replace("a.prox", route("*", upstream))
    running.proxy.until("x.test", 1)


@case("ttl")
def ttl(world):
    running = Running(world, answer="192.0.2.1")

    def told():
        return [record[3] for record in wire.records(running.proxy.ask("udp", "x.test")) if record[0] == 1]
    assert told() == [60]
    running.change(answer="192.0.2.1", ttl="5s")
    running.until(lambda: told() == [5], "the other TTL")


@case("clients")
def clients(world):
    running = Running(world, world.upstream(1))
    assert running.proxy.marker("x.test") == 1
    running.change(clients="127.5.0.0/16")
    running.until(lambda: rcode(running.proxy) == wire.REFUSED, "a route that is for others")
    assert wire.marker_of(running.proxy.ask("udp", wire.query("x.test"), 4, "127.5.0.1")) == 1


@case("types")
def types(world):
    running = Running(world, world.upstream(1))
    assert running.proxy.marker("x.test") == 1
    running.change(types="AAAA")
    running.until(lambda: rcode(running.proxy) == wire.REFUSED, "a route that is for another type")
    assert wire.marker_of(running.proxy.ask("udp", wire.query("x.test", 28))) == 1


@case("allow")
def allow(world):
    running = Running(world, world.upstream(1))
    assert running.proxy.marker("x.test") == 1
    running.change(allow="192.0.2.0/24")
    running.until(lambda: rcode(running.proxy) == wire.REFUSED, "a refusal")
    running.change(allow="127.0.0.0/8")
    running.proxy.until("x.test", 1)


@case("client_subnet")
def client_subnet(world):
    upstream = world.upstream(1)
    running = Running(world, upstream)
    running.proxy.marker("x.test")
    running.change(client_subnet="add")
    subnet = wire.option(8, b"\0\1\x18\0\x7f\0\0")
    running.until(lambda: running.proxy.marker("x.test") and subnet in upstream.received[-1].message, "the network")


@case("proxy_protocol")
def proxy_protocol(world):
    bare, proxied = world.upstream(1), Upstream(2, proxied=True)
    world.upstreams.append(proxied)
    running = Running(world, bare)
    running.proxy.marker("x.test")
    running.change(proxied, proxy_protocol="v2")
    running.proxy.until("x.test", 2)
    assert proxied.received[-1].header
    running.change(bare)
    running.proxy.until("x.test", 1)


class Encrypted(Running):
    """The same over TLS; the upstream's certificate is for `dns.example`."""

    def __init__(self, world, kind=TlsUpstream, protocol="tls", alpn="dot", **keys):
        self.certificates = Certificates(world.directory / "certificates")
        self.upstream = kind(1, server_context(*self.certificates.issue(), protocols=(alpn,)))
        world.upstreams.append(self.upstream)
        self.files = world.routes({"ca.pem": self.certificates.authority.read_text()}, "routes")
        self.keys = {"protocol": protocol, "tls_ca": "ca.pem", "tls_name": "dns.example"}
        super().__init__(world, self.upstream, **{**self.keys, **keys})

    def change(self, *upstreams, **keys):
        super().change(*upstreams, **{key: value for key, value in {**self.keys, **keys}.items() if value is not None})

    def until_answered(self, answered=True):
        self.until(lambda: (rcode(self.proxy) == wire.NOERROR) == answered, f"an answer: {answered}")


@case("https_path")
def https_path(world):
    running = Encrypted(world, HttpsUpstream, "https", "h2")

    def path():
        assert rcode(running.proxy) == wire.NOERROR
        return running.upstream.received[-1].fields[":path"]
    assert path() == "/dns-query"
    running.change(https_path="/other")
    running.until(lambda: path() == "/other", "the other path")


@case("tls_name")
def tls_name(world):
    running = Encrypted(world, tls_name="other.example")
    assert rcode(running.proxy) == wire.SERVFAIL
    running.change(tls_name="dns.example")
    running.until_answered()
    running.change(tls_name="other.example")
    running.until_answered(False)


@case("tls_ca")
def tls_ca(world):
    running = Encrypted(world)
    assert rcode(running.proxy) == wire.NOERROR
    stranger = Certificates(world.directory / "stranger")
    running.files.write("other.pem", stranger.authority.read_text())
    running.change(tls_ca="other.pem")
    running.until_answered(False)


@case("tls_verify")
def tls_verify(world):
    running = Encrypted(world, tls_name="other.example")
    assert rcode(running.proxy) == wire.SERVFAIL
    running.change(tls_verify="off", tls_ca=None)
    running.until_answered()


@case("tls_pin")
def tls_pin(world):
    running = Encrypted(world, tls_pin="sha256/" + "A" * 43 + "=")
    assert rcode(running.proxy) == wire.SERVFAIL
    running.change(tls_pin="sha256/" + pin_of(running.certificates.authority))
    running.until_answered()


@case("tls_cert")
def tls_cert(world):
    running = Encrypted(world)
    running.upstream.context.verify_mode = ssl.CERT_REQUIRED
    running.upstream.context.load_verify_locations(running.certificates.authority)
    for name in ("one", "two"):
        for file in running.certificates.issue(name, names=None, subject=f"/CN={name}"):
            running.files.write(file.name, file.read_text())
    for name in ("one", "two"):
        running.change(tls_cert=f"{name}.crt", tls_key=f"{name}.key")
        running.until_answered()
        running.until(lambda name=name: shown_to(running.upstream) == name, f"{name} as what is shown")


def shown_to(upstream):
    return upstream.sessions and upstream.sessions[-1].shown


CASES["tls_key"] = tls_cert  # which changes both


@case("querylog")
def querylog(world):
    running = Running(world, world.upstream(1))
    running.proxy.ask("udp", "not.test")
    running.change(querylog="on")
    running.proxy.ask("udp", "logged.test")
    running.until(lambda: " name=logged.test " in running.proxy.log(), "a line")
    running.change(querylog="off")
    running.proxy.ask("udp", "nor.test")
    assert running.proxy.stop() == 0
    assert re.findall(r" query .* name=(\S+) ", running.proxy.log()) == ["logged.test"]


def asked_twice(running, upstream, name):
    """How often the upstream was asked when a client asked twice."""
    for _ in range(2):
        running.proxy.ask("udp", name)
    return len(upstream.messages(name))


@case("cache")
def cache(world):
    upstream = world.upstream(1)
    running = Running(world, upstream)
    assert asked_twice(running, upstream, "a.test") == 2
    running.change(cache="on")
    assert asked_twice(running, upstream, "b.test") == 1
    running.change()
    assert asked_twice(running, upstream, "c.test") == 2


def ttl_of_the_second(running, name):
    running.proxy.ask("udp", name)
    return wire.records(running.proxy.ask("udp", name))[0][3]


@case("cache_ttl")
def cache_ttl(world):
    running = Running(world, world.upstream(1), cache="on")
    assert ttl_of_the_second(running, "a.test") <= 60
    running.change(cache="on", cache_ttl="1h-2h")
    assert ttl_of_the_second(running, "b.test") > 60


@case("cache_negative")
def cache_negative(world):
    upstream = world.upstream(1, behaviours.replying(lambda message: behaviours.answer_to(
        message, 1, wire.NXDOMAIN, records=[])[:8] + b"\0\1\0\0" + wire.question_of(message) + wire.soa(1, ttl=60)))
    running = Running(world, upstream, cache="on")
    assert asked_twice(running, upstream, "a.test") == 1
    running.change(cache="on", cache_negative="0s")
    assert asked_twice(running, upstream, "b.test") == 2


def brief(message):
    return behaviours.answer_to(message, 1, records=[wire.record(b"\xc0\x0c", wire.A, bytes([192, 0, 2, 1]), ttl=1)])


@case("cache_stale")
def cache_stale(world):
    upstream = world.upstream(1, behaviours.replying(brief))
    running = Running(world, upstream, cache="on")
    running.change(cache="on", cache_stale="1h")
    running.proxy.ask("udp", "x.test")
    upstream.behaviour = behaviours.with_rcode(5)
    running.until(lambda: running.proxy.marker("x.test") == 1 and
                  running.proxy.metrics().sum("dproxy_cache_stale_total") > 0, "a stale answer")


@case("cache_stale_after")
def cache_stale_after(world):
    upstream = world.upstream(1, behaviours.replying(brief))
    running = Running(world, upstream, cache="on", cache_stale="1h", cache_stale_after="10s", timeout="1m")
    running.change(cache="on", cache_stale="1h", cache_stale_after="0s", timeout="1m")
    running.proxy.ask("udp", "x.test")
    upstream.behaviour = behaviours.silence
    running.until(lambda: running.proxy.marker("x.test") == 1 and
                  running.proxy.metrics().sum("dproxy_cache_stale_total") > 0, "a stale answer at once")


@case("cache_prefetch")
def cache_prefetch(world):
    upstream = world.upstream(1, behaviours.replying(lambda message: behaviours.answer_to(
        message, 1, records=[wire.record(b"\xc0\x0c", wire.A, bytes([192, 0, 2, 1]), ttl=10)])))
    running = Running(world, upstream, cache="on")
    running.change(cache="on", cache_prefetch=1)

    def prefetched():
        running.proxy.ask("udp", "x.test")
        return running.proxy.metrics().sum("dproxy_cache_prefetches_total") > 0
    wait_until(prefetched, "a question in advance", patience=60, pause=0.1)


@case("merge")
def merge(world):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    running = Running(world, upstream, timeout="50s", attempts=1)
    running.change(timeout="50s", attempts=1, merge="on")
    with running.proxy.client("udp") as one, running.proxy.client("udp") as other:
        one.send(wire.query("x.test"))
        other.send(wire.query("x.test"))
        running.until(lambda: running.proxy.metrics().sum("dproxy_merged_total") == 1, "one that waits for the other")
        hold.release()
        assert wire.marker_of(one.receive()) == wire.marker_of(other.receive()) == 1
    assert len(upstream.messages("x.test")) == 1


@pytest.mark.parametrize("key", CASES)
def test_a_key_that_changes(world, key):
    CASES[key](world)


def test_every_key_has_a_case():
    table = DOCUMENT.read_text().split("| key | meaning | default |")[1].split("\n\n")[0]
    keys = {key for line in table.splitlines() if "not built yet" not in line or "`protocol`" in line
            for key in re.findall(r"^\| `(\w+)`", line)}
    assert len(keys) > 10
    assert keys - set(CASES) == set(), "keys of routes that no test changes live"
