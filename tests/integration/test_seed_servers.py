# SPDX-License-Identifier: MIT
"""Servers that answer A and CNAME and are silent to everything else, to probes as well: they serve all that they
answer, at any rhythm, with nothing set."""
import re
from pathlib import Path

import pytest
from harness import wire
from harness.deadline import wait_until
from harness.prox_directory import route
from harness.seed_server import SeedServer

EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"
BURST = 20
ROUNDS = 21


@pytest.fixture
def seed(world):
    world.upstreams.append(SeedServer("seed.test"))
    return world.upstreams[-1]


def ask_at_once(proxy, transport, *queries):
    """The rcode of each, in order."""
    with proxy.client(transport) as client:
        for ident, query in enumerate(queries):
            client.send(wire.with_ident(query, ident))
        replies = [client.receive() for _ in queries]
    rcodes = {wire.ident_of(reply): wire.rcode_of(reply) for reply in replies if reply}
    return [rcodes.get(ident) for ident in range(len(queries))]


def burst(proxy, transport):
    return ask_at_once(proxy, transport, *[wire.query(f"host{number}.seed.test") for number in range(BURST)])


def nothing_happened(proxy, *servers):
    assert not re.search("upstream (down|up)|error", proxy.log()), proxy.log()
    for server in servers:
        assert proxy.metrics().one("dproxy_upstream_up", upstream=str(server)) == 1
        assert not getattr(server, "crashed", False)


def quiet(seed, probes=4):
    """As long as many probes take: three without an answer were enough once."""
    before = len(seed.probes)
    wait_until(lambda: len(seed.probes) >= before + probes, f"{probes} more probes")


def test_a_burst_is_answered_whole_after_any_quiet(world, seed, transport):
    proxy = world.relay(seed, health="on")
    assert burst(proxy, transport) == [wire.NOERROR] * BURST
    quiet(seed)
    assert burst(proxy, transport) == [wire.NOERROR] * BURST
    nothing_happened(proxy, seed)


def test_the_first_burst_of_its_life_comes_late(world, seed, transport):
    proxy = world.relay(seed, health="on")
    quiet(seed)
    assert burst(proxy, transport) == [wire.NOERROR] * BURST
    nothing_happened(proxy, seed)


def test_pairs_of_aaaa_and_a(world, seed, transport):
    """What every stub asks, one pair after the other, and after some quiet."""
    proxy = world.relay(seed, health="on", timeout="300ms")
    for number in range(ROUNDS):
        if number % 7 == 6:
            quiet(seed, probes=2)
        pair = [wire.query("www.seed.test", rtype) for rtype in (wire.AAAA, wire.A)]
        assert ask_at_once(proxy, transport, *pair) == [wire.SERVFAIL, wire.NOERROR]
    nothing_happened(proxy, seed)


def test_many_questions_that_it_never_answers_take_nothing_from_the_others(world, seed, transport):
    proxy = world.relay(seed, health="on", timeout="1s", settings={"workers": 2})
    assert burst(proxy, transport) == [wire.NOERROR] * BURST
    for rtype in (wire.AAAA, wire.TXT, wire.SOA, wire.HTTPS):
        silent = [wire.query(f"host{number}.seed.test", rtype) for number in range(BURST)]
        for _ in range(2):
            assert ask_at_once(proxy, transport, *silent) == [wire.SERVFAIL] * BURST
        assert burst(proxy, transport) == [wire.NOERROR] * BURST
    nothing_happened(proxy, seed)


def test_single_queries_of_either_kind(world, seed):
    proxy = world.relay(seed, health="on", timeout="300ms")
    for _ in range(4):
        for rtype, rcode in ((wire.AAAA, wire.SERVFAIL), (wire.A, wire.NOERROR), (wire.MX, wire.SERVFAIL),
                             (wire.CNAME, wire.SERVFAIL)):
            assert wire.rcode_of(proxy.ask("udp", wire.query("www.seed.test", rtype))) == rcode
    alias = proxy.ask("udp", wire.query("alias.seed.test"))
    assert [found[1] for found in wire.records(alias)] == [wire.CNAME, wire.A]
    nothing_happened(proxy, seed)


def test_a_connection_is_left_before_the_server_ends(world, seed):
    """It reads 128 queries of a connection, and no more of anything."""
    proxy = world.relay(seed, health="on", protocol="tcp", settings={"workers": 1, "tcp_inflight": 1000})
    for _ in range(20):
        assert burst(proxy, "tcp") == [wire.NOERROR] * BURST
    nothing_happened(proxy, seed)
    assert max(seed.begun.values()) < 128


def test_it_is_found_to_be_gone_and_to_be_back(world, seed):
    port = seed.port
    proxy = world.relay(seed, health="on", timeout="500ms", attempts=1)
    assert burst(proxy, "udp") == [wire.NOERROR] * BURST
    seed.crashed = True

    def goes():
        ask_at_once(proxy, "udp", *[wire.query(f"host{number}.seed.test") for number in range(5)])
        return proxy.metrics().one("dproxy_upstream_up", upstream=str(seed)) == 0
    wait_until(goes, "an upstream that is down")
    seed.crashed = False
    assert burst(proxy, "udp") == [wire.NOERROR] * BURST
    proxy.until_metric(1, "dproxy_upstream_up", upstream=f"127.0.0.1:{port}")


def test_beside_a_server_that_answers_all(world, seed):
    other = world.upstream(2)
    proxy = world.relay(seed, other, health="on", policy="first")
    for _ in range(3):
        quiet(seed, probes=2)
        assert [proxy.marker("www.seed.test") for _ in range(BURST)] == [80] * BURST
        assert ask_at_once(proxy, "udp", *[wire.query(f"host{number}.seed.test", wire.AAAA)
                                           for number in range(BURST)]) == [wire.NOERROR] * BURST
    nothing_happened(proxy, seed, other)


def example_records(file):
    """Of a zone file of the example, what such a server has."""
    zone, records = file.name.removesuffix(".zone"), {}
    for owner, rtype, data in re.findall(r"^(\S+)\s+(A|AAAA|CNAME)\s+(\S+)$", file.read_text(), re.M):
        name = zone if owner == "@" else f"{owner}.{zone}"
        records.setdefault(name, {})[rtype] = f"{data}.{zone}" if rtype == "CNAME" else data
    return records


# As the Go program's own were: one wildcard a file, indented by tabs.
OLD_STYLE = {
    "cryo.network.prox": "[*.cryo.network]\n\taddress\t\t= 127.0.0.1\n\tport\t\t= 8053\n",
    "cryo.prox": "[cryo.network]\n\taddress\t\t= 127.0.0.1\n\tport\t\t= 8053\n",
    "nsproxy.prox": "[*.nsproxy.unixvoid.com]\n\taddress\t\t= 127.0.0.1\n\tport\t\t= 8055\n",
    "unixvoid.com.prox": "[*.unixvoid.com]\n\taddress\t\t= 127.0.0.1\n\tport\t\t= 8054\n",
}


@pytest.mark.parametrize("files", ["examples", "old"])
def test_the_example_in_front_of_such_servers(world, files):
    ports, questions = {}, []
    for zone, port, aaaa in (("cryo.network", 8053, False), ("unixvoid.com", 8054, True),
                             ("nsproxy.unixvoid.com", 8055, False)):
        server = SeedServer(zone, aaaa, example_records(EXAMPLES / "zones" / f"{zone}.zone"))
        world.upstreams.append(server)
        ports[str(port)] = str(server.port)
        questions += [(name, server) for name in server.records
                      if "nsproxy.unixvoid.com" not in name or zone == "nsproxy.unixvoid.com"]
    texts = OLD_STYLE if files == "old" else {file.name: file.read_text() for file in EXAMPLES.glob("*.prox")}
    # The very files, but for the ports: those of the example may be taken here.
    proxy = world.proxy({name: re.sub(r"(?<==)(\s*)(805\d)\b", lambda found: found[1] + ports[found[2]], text)
                         for name, text in texts.items()})
    for name, server in questions:
        if files == "old" and name == server.zone and name != "cryo.network":
            continue  # a wildcard does not match it
        for transport in ("udp", "tcp"):
            assert wire.rcode_of(proxy.ask(transport, name)) == wire.NOERROR, name
        assert server.messages(name)
    servers = list(world.upstreams)
    quiet(servers[0])
    for transport in ("udp", "tcp"):
        names = [wire.query(name) for name in ("www.cryo.network", "www.unixvoid.com", "node1.nsproxy.unixvoid.com")]
        assert ask_at_once(proxy, transport, *names * 7) == [wire.NOERROR] * 21
    nothing_happened(proxy, *servers)


def test_a_probe_that_it_does_answer(world, seed):
    """`probe` makes its health known as that of any other server."""
    proxy = world.relay(seed, health="on", probe='"www.seed.test A"')
    wait_until(lambda: len(seed.messages("www.seed.test")) >= 2 and not seed.probes, "two probes")
    seed.crashed = True
    proxy.until_metric(0, "dproxy_upstream_up", upstream=str(seed))
    seed.crashed = False
    proxy.until_metric(1, "dproxy_upstream_up", upstream=str(seed))
    assert burst(proxy, "udp") == [wire.NOERROR] * BURST


def test_routes_keep_their_servers_apart(world, seed):
    other = SeedServer("other.test", aaaa=True)
    world.upstreams.append(other)
    proxy = world.proxy(route(".seed.test", seed, health="on") + route(".other.test", other, health="on"))
    quiet(seed)
    pair = [wire.query(f"www.{zone}", rtype) for zone, rtype in (("seed.test", wire.A), ("other.test", wire.AAAA))]
    assert ask_at_once(proxy, "udp", *pair) == [wire.NOERROR] * 2
    nothing_happened(proxy, seed, other)
