# SPDX-License-Identifier: MIT
"""`protocol = https` towards programs of others, unbound, BIND and dnsdist, and towards another dproxy."""
import pytest
from harness import wire
from harness.deadline import wait_until
from harness.encrypted_nameservers import (EncryptedServer, dnsdist, expect_answers, expect_large_answers,
                                           expect_many_at_a_time)
from harness.nameservers import bind, unbound
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
    return dnsdist(f'addDOHLocal("127.0.0.1:{https_port}", "{pair[0]}", "{pair[1]}", "/dns-query")')


MAKERS = {"unbound": unbound_over_https, "bind": bind_over_https, "dnsdist": dnsdist_over_https}


@pytest.fixture(scope="module")
def servers(shared_world, certificates):
    return {which: EncryptedServer(shared_world, certificates, which, make) for which, make in MAKERS.items()}


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
    expect_answers(proxy, server, transport)


def test_large_answers(proxy, server):
    expect_large_answers(proxy, server)


def test_many_at_a_time(proxy, server):
    expect_many_at_a_time(proxy, server)


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
