# SPDX-License-Identifier: MIT
"""`protocol = tls` towards programs of others: unbound, BIND, dnsdist and Knot Resolver."""
import shutil
import subprocess

import pytest
from harness import wire
from harness.certificates import pin_of
from harness.deadline import wait_until
from harness.encrypted_nameservers import (EncryptedServer, before_an_unbound, dnsdist, expect_answers,
                                           expect_large_answers, expect_many_at_a_time)
from harness.health import encryption_fault
from harness.nameservers import bind, unbound
from harness.prox_directory import route

NAME = "dns.example"


def unbound_over_tls(pair, tls_port):
    def make(directory, zone, port):
        config, command = unbound(directory, zone, port)
        return config.replace("server:\n", f"""server:
    interface: 127.0.0.1@{tls_port}
    tls-port: {tls_port}
    tls-service-pem: "{pair[0]}"
    tls-service-key: "{pair[1]}"
""", 1), command
    return make


def bind_over_tls(pair, tls_port):
    def make(directory, zone, port):
        config, command = bind(directory, zone, port)
        listen = f"max-records-per-type 0;\n    listen-on port {tls_port} tls own {{ 127.0.0.1; }};\n    listen-on port"
        return (f'tls own {{ cert-file "{pair[0]}"; key-file "{pair[1]}"; }};\n'
                + config.replace("listen-on port", listen, 1)), command
    return make


def dnsdist_over_tls(pair, tls_port):
    return dnsdist(f'addTLSLocal("127.0.0.1:{tls_port}", "{pair[0]}", "{pair[1]}", {{provider="openssl"}})')


def knot_resolver_over_tls(pair, tls_port):
    """What looks after keys and the root is turned off: there is no way to them."""
    return before_an_unbound(lambda directory, port, behind: (f"""
net.listen("127.0.0.1", {port}, {{kind = "dns"}})
net.listen("127.0.0.1", {tls_port}, {{kind = "tls"}})
net.tls("{pair[0]}", "{pair[1]}")
cache.open(20 * MB, "lmdb://{directory}/cache")
trust_anchors.remove(".")
modules.unload("ta_signal_query")
modules.unload("priming")
modules.unload("detect_time_skew")
policy.add(policy.all(policy.STUB("{str(behind).replace(":", "@")}")))
""", ["kresd", "--noninteractive", "-c", f"{directory}/config", str(directory)]))


MAKERS = {"unbound": unbound_over_tls, "bind": bind_over_tls, "dnsdist": dnsdist_over_tls,
          "knot-resolver": knot_resolver_over_tls}


@pytest.fixture(scope="module")
def servers(shared_world, certificates):
    return {which: EncryptedServer(shared_world, certificates, which, make) for which, make in MAKERS.items()}


@pytest.fixture(scope="module")
def proxy(shared_world, servers, certificates):
    text = "".join(route(f".{server.zone}", server, protocol="tls", tls_ca="ca.pem", tls_name=NAME)
                   for server in servers.values())
    return shared_world.proxy({"a.prox": text, "ca.pem": certificates.authority.read_text()})


@pytest.fixture(params=MAKERS)
def server(request, servers):
    return servers[request.param]


def test_queries_are_answered(proxy, server, transport):
    expect_answers(proxy, server, transport)


def test_large_answers(proxy, server):
    expect_large_answers(proxy, server)


def test_many_at_a_time(proxy, server):
    expect_many_at_a_time(proxy, server)


def test_a_zone_is_transferred(proxy, servers):
    if not shutil.which("kdig"):
        pytest.skip("kdig is not installed")
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(proxy.port), "+tcp", servers["bind"].zone, "AXFR"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.count("host19999.") >= 1 and done.stdout.count("SOA") >= 2, done.stdout[-2000:] + done.stderr


def test_a_kept_connection_that_the_server_closed_costs_no_query(world, server, certificates):
    """And the next one goes on from its session."""
    proxy = world.proxy({"a.prox": route("*", server, protocol="tls", tls_ca="ca.pem", tls_name=NAME),
                         "ca.pem": certificates.authority.read_text()}, workers=1)
    for _ in range(3):
        assert wire.rcode_of(proxy.ask("udp", f"www.{server.zone}")) == wire.NOERROR
        subprocess.run(["ss", "-K", "dst", "127.0.0.1", "dport", "=", str(server.port)], capture_output=True,
                       check=False)  # where the kernel can, else the connection just stays
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_tls_handshakes_total", side="upstream", result="ok") >= 1
    assert metrics.sum("dproxy_upstream_failures_total", reason="tls") == 0


def test_another_name_is_not_believed(world, server, certificates):
    proxy = world.proxy({"a.prox": route("*", server, protocol="tls", tls_ca="ca.pem", tls_name="other.example"),
                         "ca.pem": certificates.authority.read_text()}, workers=1)
    assert wire.rcode_of(proxy.ask("udp", f"www.{server.zone}")) == wire.SERVFAIL
    assert encryption_fault(proxy).startswith("name: ")


def test_a_pin_alone(world, server):
    proxy = world.relay(server, protocol="tls", tls_verify="off", tls_pin=f"sha256/{pin_of(server.pair[0])}")
    assert wire.rcode_of(proxy.ask("udp", f"www.{server.zone}")) == wire.NOERROR
    assert wire.rcode_of(proxy.ask("tcp", f"www.{server.zone}")) == wire.NOERROR


def test_probes_find_them_up(world, server, certificates):
    proxy = world.proxy({"a.prox": route("*", server, protocol="tls", tls_ca="ca.pem", tls_name=NAME, health="on"),
                         "ca.pem": certificates.authority.read_text()}, workers=1)
    wait_until(lambda: proxy.metrics().sum("dproxy_tls_resumptions_total", side="upstream") >= 1, "a probe resumed",
               patience=60)
    assert proxy.json("/status")["upstreams"][0]["up"]
    assert proxy.metrics().sum("dproxy_upstream_failures_total") == 0
