# SPDX-License-Identifier: MIT
"""Real servers that answer by who asks: what they say through dproxy depends on its client, not on dproxy."""
import ipaddress

import pytest
from harness import wire
from harness.client import LOOPBACK
from harness.deadline import wait_until
from harness.nameservers import BIG, Nameserver, knot, unbound
from harness.prox_directory import route
from harness.proxy_header import local_header

BY_NETWORK = """\
www.{zone}:
  - net: 127.0.0.0/24
    A: 192.0.2.80
  - net: 127.7.5.0/24
    A: 192.0.2.75
  - net: 127.7.6.0/24
    A: 192.0.2.76
  - net: ::/56
    A: 192.0.2.6
"""
SOURCES = {"127.0.0.1": 80, "127.7.5.1": 75, "127.7.6.200": 76, "::1": 6}


def knot_by_network(directory, zone, port):
    """Its module geoip answers by EDNS Client Subnet where there is one, else by the address that asks."""
    config, command = knot(directory, zone, port)
    (directory / "networks").write_text(BY_NETWORK.format(zone=zone))
    config = config.replace("\nlog:", "\n    edns-client-subnet: on\nlog:", 1)
    module = f'mod-geoip:\n  - id: net\n    config-file: "{directory}/networks"\n    mode: subnet\n'
    config = config.replace("\ntemplate:", f"\n{module}template:", 1).replace(
        "    dnssec-signing: on\n    dnssec-policy: quick\n", "    module: mod-geoip/net\n")
    return config, command


@pytest.fixture(scope="module")
def by_network(shared_world):
    server = Nameserver(knot_by_network, shared_world.directory / "geo", "geo.test")
    shared_world.at_end(server.stop)
    return server


@pytest.fixture(scope="module")
def told_networks(shared_world, by_network):
    return shared_world.proxy(route(".geo.test", by_network, client_subnet="add"))


def ask_from(proxy, source, transport, message):
    return proxy.ask(transport, message, 6 if ":" in source else 4, source if source != LOOPBACK[6] else None)


@pytest.mark.parametrize("source, expected", SOURCES.items(), ids=SOURCES)
@pytest.mark.parametrize("edns", [[], [wire.opt(1232, wire.option(3, bytes(8)))]], ids=["no EDNS", "EDNS"])
def test_knot_answers_by_the_clients_network(told_networks, transport, source, expected, edns):
    answer = ask_from(told_networks, source, transport, wire.query("www.geo.test", additional=edns))
    assert wire.marker_of(answer) == expected
    found = wire.opt_of(answer)
    assert (found is not None) == bool(edns)
    assert not edns or 8 not in found[2]


def test_knot_answers_by_the_network_that_the_client_names(told_networks, transport):
    own = wire.option(8, b"\0\1\x18\0\x7f\7\5")
    answer = told_networks.ask(transport, wire.query("www.geo.test", additional=[wire.opt(1232, own)]))
    assert wire.marker_of(answer) == 75 and 8 in wire.opt_of(answer)[2]


def test_without_the_key_it_is_dproxy_who_asks(world, by_network, transport):
    proxy = world.proxy(route(".geo.test", by_network))
    assert wire.marker_of(ask_from(proxy, "127.7.5.1", transport, wire.query("www.geo.test"))) == 80


DNSDIST = """\
setLocal("127.0.0.1:{port}")
addLocal("[::1]:{port}")
setACL({{"0.0.0.0/0", "::/0"}})
setProxyProtocolACL({{"127.0.0.0/8", "::1/128"}})
setSecurityPollSuffix("")
setServFailWhenNoServer(true)
addAction("www.{zone}", SpoofAction("192.0.2.80"))
addAction(AllRule(), LuaAction(function(question)
    local name = question.qname:toString()
    local address = name:find("asked") and question.localaddr or question.remoteaddr
    local port = address:getPort()
    if name:find("^port") then
        return DNSAction.Spoof, "10.0." .. math.floor(port / 256) .. "." .. port % 256
    end
    return DNSAction.Spoof, address:toString()
end))
"""


def dnsdist(directory, zone, port):
    """Tells in its answer who asked and what was asked, as the PROXY header says it."""
    return DNSDIST.format(zone=zone, port=port), ["dnsdist", "--supervised", "--disable-syslog", "-C",
                                                  f"{directory}/config"]


def unbound_by_address(directory, zone, port):
    config, command = unbound(directory, zone, port)
    views = "".join(f'view:\n    name: "{name}"\n    view-first: yes\n'
                    f'    local-data: "where.{zone}. A 192.0.2.{marker}"\n' for name, _, marker in VIEWS)
    of_networks = "".join(f"    access-control-view: {network} {name}\n" for name, network, _ in VIEWS)
    config = config.replace("\nremote-control:", f"\n    proxy-protocol-port: {port}\n{of_networks}remote-control:", 1)
    return config + views, command


def knot_by_address(directory, zone, port):
    """Takes PROXY headers over UDP only, and only those that name a client: not those of probes."""
    config, command = knot_by_network(directory, zone, port)
    return config.replace("edns-client-subnet: on", 'proxy-allowlist: [ 127.0.0.0/8, "::1" ]'), command


VIEWS = [("here", "127.0.0.0/24", 80), ("five", "127.7.5.0/24", 75), ("six", "127.7.6.0/24", 76), ("v6", "::1", 6)]
PROTOCOLS = ["udp", "tcp"]


@pytest.fixture(scope="module")
def told_addresses(shared_world):
    """By protocol of the route: one program before dnsdist, unbound and knot."""
    servers = {}
    for name, make in (("dnsdist", dnsdist), ("unbound", unbound_by_address), ("knot", knot_by_address)):
        preface = b"" if name == "knot" else local_header()
        servers[name] = Nameserver(make, shared_world.directory / f"told-{name}", f"{name}.test", preface=preface)
        shared_world.at_end(servers[name].stop)
    return {protocol: shared_world.proxy("".join(
        route(f".{name}.test", server, proxy_protocol="v2", health="passive" if name == "knot" else "on",
              protocol="udp" if name == "knot" else protocol)
        for name, server in servers.items())) for protocol in PROTOCOLS}


AAAA = 28


def address_in(answer):
    """The address in the first record of an answer."""
    return next(str(ipaddress.ip_address(data)) for section, rtype, _, _, data, _ in wire.records(answer)
                if section == 1 and rtype in (wire.A, AAAA))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("source", SOURCES)
def test_dnsdist_sees_the_client_and_what_it_asked(told_addresses, transport, protocol, source):
    proxy, family = told_addresses[protocol], 6 if ":" in source else 4
    rtype = AAAA if family == 6 else wire.A
    with proxy.client(transport, family, source) as client:
        asks, asked = (address_in(client.ask(wire.query(f"{name}.dnsdist.test", rtype))) for name in ("asks", "asked"))
        assert (asks, asked) == (source, LOOPBACK[family])
        ports = [ipaddress.ip_address(address_in(client.ask(wire.query(f"port-{name}.dnsdist.test"))))
                 for name in ("asks", "asked")]
        assert [int(port) & 0xFFFF for port in ports] == [client.socket.getsockname()[1], proxy.port]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("source, expected", SOURCES.items(), ids=SOURCES)
def test_unbound_goes_by_the_client(told_addresses, transport, protocol, source, expected):
    answer = ask_from(told_addresses[protocol], source, transport, wire.query("where.unbound.test"))
    assert wire.marker_of(answer) == expected
    whole = ask_from(told_addresses[protocol], source, "tcp", wire.query("big.unbound.test", wire.TXT))
    assert wire.counts_of(whole)[1] == BIG


@pytest.mark.parametrize("source, expected", SOURCES.items(), ids=SOURCES)
def test_knot_goes_by_the_client_over_udp(told_addresses, source, expected):
    answer = ask_from(told_addresses["udp"], source, "udp", wire.query("www.knot.test"))
    assert wire.marker_of(answer) == expected


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_probes_of_these_servers_are_answered(told_addresses, protocol):
    """Five in a row; three without an answer would have taken an upstream down."""
    metrics = told_addresses[protocol].metrics
    begun = metrics().sum("dproxy_upstream_requests_total", reason="probe")
    wait_until(lambda: metrics().sum("dproxy_upstream_requests_total", reason="probe") >= begun + 10, "ten probes",
               patience=60)
    assert all(one["up"] and not one["failures"] for one in told_addresses[protocol].json("/status")["upstreams"])
