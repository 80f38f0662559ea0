# SPDX-License-Identifier: MIT
"""Real servers that answer by who asks: what they say through dproxy depends on its client, not on dproxy."""
import pytest
from harness import wire
from harness.client import LOOPBACK
from harness.nameservers import Nameserver, knot
from harness.prox_directory import route

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
@pytest.mark.parametrize("edns", [[], [wire.opt(1232, wire.option(10, bytes(8)))]], ids=["no EDNS", "EDNS"])
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
