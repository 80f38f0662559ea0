# SPDX-License-Identifier: MIT
"""`protocol = https` towards programs of others, unbound, BIND and dnsdist, and towards another dproxy."""
import pytest
from harness import wire
from harness.deadline import wait_until
from harness.nameservers import BIG, Nameserver, bind, unbound
from harness.ports import free_port
from harness.prox_directory import route

NAME = "dns.example"


def unbound_over_https(pair, https_port):
    def make(directory, zone, port):
        config, command = unbound(directory, zone, port)
        return config.replace("server:\n", f"""server:
    interface: 127.0.0.1@{https_port}
    https-port: {https_port}
    tls-service-pem: "{pair[0]}"
    tls-service-key: "{pair[1]}"
""", 1), command
    return make


def bind_over_https(pair, https_port):
    def make(directory, zone, port):
        config, command = bind(directory, zone, port)
        listen = (f"max-records-per-type 0;\n    listen-on port {https_port} tls own http default {{ 127.0.0.1; }};\n"
                  "    listen-on port")
        return (f'tls own {{ cert-file "{pair[0]}"; key-file "{pair[1]}"; }};\n'
                + config.replace("listen-on port", listen, 1)), command
    return make


def dnsdist_over_https(pair, https_port):
    """In front of an unbound."""
    def make(directory, zone, port):
        behind = Nameserver(unbound, directory / "behind", zone)
        make.behind = behind
        return f"""
setLocal("127.0.0.1:{port}")
addDOHLocal("127.0.0.1:{https_port}", "{pair[0]}", "{pair[1]}", "/dns-query")
setSecurityPollSuffix("")
newServer({{address="{behind}"}})
getServer(0):setUp()
setACL({{"127.0.0.0/8"}})
""", ["dnsdist", "--supervised", "--disable-syslog", "-C", f"{directory}/config"]
    return make


MAKERS = {"unbound": unbound_over_https, "bind": bind_over_https, "dnsdist": dnsdist_over_https}


class Server:
    def __init__(self, world, certificates, which):
        self.pair, self.port, self.zone = certificates.issue(which), free_port(), f"{which}.test"
        made = MAKERS[which](self.pair, self.port)
        self.plain = Nameserver(made, world.directory / which, self.zone)
        if hasattr(made, "behind"):
            world.at_end(made.behind.stop)
        world.at_end(self.plain.stop)

    def __str__(self):
        return f"127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def servers(shared_world, certificates):
    return {which: Server(shared_world, certificates, which) for which in MAKERS}


def over_https(zone, server, **keys):
    return route(zone, server, protocol="https", tls_ca="ca.pem", tls_name=NAME, **keys)


@pytest.fixture(scope="module")
def proxy(shared_world, servers, certificates):
    text = "".join(over_https(f".{server.zone}", server) for server in servers.values())
    return shared_world.proxy({"a.prox": text, "ca.pem": certificates.authority.read_text()})


@pytest.fixture(params=MAKERS)
def server(request, servers):
    return servers[request.param]


def test_queries_are_answered(proxy, server, transport):
    for number in range(200):
        reply = proxy.ask(transport, wire.query(f"host{number}.{server.zone}", additional=[wire.opt()]))
        assert wire.rcode_of(reply) == wire.NOERROR
        assert [data for section, rtype, _, _, data, _ in wire.records(reply) if section == 1 and rtype == wire.A] == [
            bytes([10, 0, number // 256, number % 256])]
    assert wire.rcode_of(proxy.ask(transport, f"nothing.{server.zone}")) == wire.NXDOMAIN


def test_large_answers(proxy, server):
    reply = proxy.ask("tcp", wire.query(f"big.{server.zone}", wire.TXT))
    assert wire.counts_of(reply)[1] == BIG
    cut = proxy.ask("udp", wire.query(f"big.{server.zone}", wire.TXT))
    assert wire.flags_of(cut) & wire.TC


def test_many_at_a_time(proxy, server):
    with proxy.client("tcp") as one:
        for number in range(100):
            one.send(wire.query(f"host{number}.{server.zone}", ident=number))
        replies = [one.receive() for _ in range(100)]
    assert sorted(wire.ident_of(reply) for reply in replies) == list(range(100))
    assert {wire.rcode_of(reply) for reply in replies} == {wire.NOERROR}


def test_probes_find_them_up(world, server, certificates):
    proxy = world.proxy({"a.prox": over_https("*", server, health="on"),
                         "ca.pem": certificates.authority.read_text()}, workers=1)
    wait_until(lambda: proxy.metrics().sum("dproxy_upstream_requests_total", transport="https", reason="probe") >= 3,
               "a few probes", patience=60)
    assert proxy.json("/status")["upstreams"][0]["up"]
    assert proxy.metrics().sum("dproxy_upstream_failures_total") == 0


def test_a_dproxy_behind_a_dproxy(world, servers, certificates, transport):
    """And by another path."""
    pair, port = certificates.issue("behind"), free_port()
    behind = world.relay(servers["unbound"].plain, settings={
        "listen_https": f"127.0.0.1:{port}", "https_path": "/other", "tls_cert": pair[0], "tls_key": pair[1]})
    proxy = world.proxy({"a.prox": over_https("*", f"127.0.0.1:{port}", https_path="/other"),
                         "ca.pem": certificates.authority.read_text()}, workers=1)
    for number in range(50):
        reply = proxy.ask(transport, f"host{number}.{servers['unbound'].zone}")
        assert wire.rcode_of(reply) == wire.NOERROR and wire.marker_of(reply) == number
    assert behind.metrics().sum("dproxy_requests_total", transport="https") >= 50
    assert proxy.metrics().sum("dproxy_upstream_failures_total") == 0
