# SPDX-License-Identifier: MIT
"""What nameservers say of host names, or fail to say: dproxy is never worse off than before."""
import subprocess

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.host_names import (AAAA, AGAIN_SECONDS, CNAME, HostNames, address_record, host_of, relay, until_host,
                                until_upstreams)
from harness.nameservers import Nameserver, knot
from harness.prox_directory import route


@pytest.mark.parametrize("trouble", ["silence", "servfail", "nxdomain", "empty"])
def test_the_last_good_addresses_stay_when_resolution_fails(world, names, port, trouble):
    world.upstream(1, host="127.0.0.1", port=port)
    world.upstream(2, host="127.0.0.2", port=port)
    names.addresses["ns.test"] = ["127.0.0.1"]
    proxy = relay(world, names, "ns.test", port)
    proxy.until("x.test", 1)
    names.react = {"silence": behaviours.silence, "servfail": behaviours.with_rcode(wire.SERVFAIL),
                   "nxdomain": behaviours.with_rcode(wire.NXDOMAIN),
                   "empty": behaviours.with_rcode(wire.NOERROR)}[trouble]
    until_host(proxy, "ns.test", state="kept", addresses=["127.0.0.1"])
    assert host_of(proxy, "ns.test")["fault"] and proxy.marker("x.test") == 1
    names.until_asked_again("ns.test")
    proxy.until_logged("host name not resolved")
    assert proxy.log().count("host name not resolved") == 1
    names.addresses["ns.test"], names.react = ["127.0.0.2"], None
    proxy.until("x.test", 2, AGAIN_SECONDS * 2)
    assert "fault" not in host_of(proxy, "ns.test")


@pytest.mark.parametrize("trouble", ["silence", "servfail", "nobody"])
def test_the_next_nameserver_is_asked(world, names, port, trouble, closed_address):
    world.upstream(1, port=port)
    first = HostNames(world)
    first.react = behaviours.silence if trouble == "silence" else behaviours.with_rcode(wire.SERVFAIL)
    names.addresses["ns.test"] = ["127.0.0.1"]
    bootstrap = f"{closed_address if trouble == 'nobody' else first}, {names}"
    proxy = world.relay(f"ns.test:{port}", settings={"bootstrap": bootstrap})
    proxy.until("x.test", 1, AGAIN_SECONDS)


@pytest.mark.parametrize("dropped", [wire.A, AAAA])
def test_a_family_is_used_when_it_is_known_whatever_becomes_of_the_other(world, names, port, dropped):
    """For as long as the nameserver drops the other one: first found, changed, and found in the search list."""
    one, two = (["::1", "127.0.0.9"], ["127.0.0.1"])[dropped == AAAA], ["127.0.0.2"] if dropped == AAAA else ["::1"]
    known = [address for address in one if (":" in address) == (dropped == wire.A)]
    world.upstream(1, host=known[0], port=port)
    names.addresses["ns.test"] = one + ["127.0.0.9", "::2"]
    names.react = lambda exchange: wire.question_type(exchange.message) == dropped or names.answer(exchange)
    proxy = relay(world, names, "ns.test", port)
    proxy.until("x.test", 1, 3)
    if dropped == wire.A:
        return
    world.upstream(2, host=two[0], port=port)
    names.addresses["ns.test"] = two
    proxy.until("x.test", 2, 15)


def test_names_whose_aaaa_is_dropped_do_not_hold_each_other_up(world, names, port):
    world.upstream(1, port=port)
    hosts = [f"ns{number}.test" for number in range(100)]
    names.addresses.update({host: ["127.0.0.1"] for host in hosts})
    names.react = lambda exchange: wire.question_type(exchange.message) == AAAA or names.answer(exchange)
    text = "".join(route(f"x{number}.test", f"{host}:{port}") for number, host in enumerate(hosts))
    proxy = world.proxy(text, bootstrap=names)
    wait_until(lambda: {one["state"] for one in proxy.json("/status")["hosts"]} == {"resolved"}, "all names")


def test_what_is_cut_comes_over_tcp(world, names, port):
    world.upstream(1, port=port)
    names.addresses["ns.test"] = ["127.0.0.1"]

    def cut_over_udp(exchange):
        flags = wire.TC if exchange.transport == "udp" else 0
        exchange.reply(names.reply_to(exchange.message, flags))
    names.react = cut_over_udp
    proxy = relay(world, names, "ns.test", port)
    proxy.until("x.test", 1)
    assert {asked[2] for asked in names.asked} == {"udp", "tcp"}


def test_aliases_are_followed_in_the_answer(world, names, port):
    world.upstream(1, port=port)

    def alias(exchange):
        records = [wire.record(b"\xc0\x0c", CNAME, wire.name("real.test"))]
        if wire.question_type(exchange.message) == wire.A:
            records.append(address_record("real.test", "127.0.0.1", 1))
        exchange.reply(behaviours.answer_to(exchange.message, 0, records=records))
    names.react = alias
    proxy = relay(world, names, "ns.test", port)
    proxy.until("x.test", 1)


def test_only_the_answer_to_the_question_is_taken(world, names, port):
    """Forgeries first; each would lead to a stranger."""
    stranger = world.upstream(9, host="127.0.0.9", port=port)
    world.upstream(1, port=port)
    names.addresses["ns.test"] = ["127.0.0.1"]

    def forged(message, change):
        records = [address_record(b"\xc0\x0c", "127.0.0.9", 300)]
        lie = bytearray(behaviours.answer_to(message, 0, records=records))
        change(lie)
        return bytes(lie)

    def other_id(lie):
        lie[0] ^= 1

    def no_response(lie):
        lie[2] &= 0x7F

    def other_name(lie):
        lie[13] ^= 1

    def other_type(lie):
        lie[wire.question_end(lie) - 3] ^= 3

    def lie_first(exchange):
        if wire.question_type(exchange.message) == wire.A:
            for change in (other_id, no_response, other_name, other_type):
                exchange.reply(forged(exchange.message, change))
            exchange.reply(b"\0" * 5)
            exchange.reply_from_another_port(forged(exchange.message, lambda lie: None))
        names.answer(exchange)
    names.react = lie_first
    proxy = relay(world, names, "ns.test", port)
    proxy.until("x.test", 1)
    until_upstreams(proxy, f"127.0.0.1:{port}")
    assert not stranger.received


def test_questions_have_random_ids_and_ports(world, names, port):
    proxy = world.relay(*(f"n{number}.test:{port}" for number in range(12)), settings={"bootstrap": names})
    wait_until(lambda: all(names.times_asked(f"n{number}.test") >= 2 for number in range(12)), "all questions")
    asked = names.server.received[:24]
    assert len({wire.ident_of(exchange.message) for exchange in asked}) > 12
    assert len({exchange.peer[1] for exchange in asked}) > 12
    assert {wire.question_type(exchange.message) for exchange in asked} == {wire.A, AAAA}
    assert proxy.get("/readyz")[0] == 200


def knotc(server, *arguments):
    done = subprocess.run(["knotc", "-s", f"{server.log.parent}/knot.sock", *arguments], capture_output=True, text=True,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, timeout=60, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)


def set_records(server, *changes):
    """Each a (verb, owner, rest) of a transaction."""
    zone = f"{server.zone}."
    knotc(server, "zone-begin", zone)
    for verb, *rest in changes:
        knotc(server, verb, zone, *rest)
    knotc(server, "zone-commit", zone)


def test_behind_knot_pods_come_and_go(world, port):
    """An authoritative server whose zone changes, dies and comes back."""
    for marker in (1, 2, 3):
        world.upstream(marker, host=f"127.0.0.{marker}", port=port)
    server = Nameserver(knot, world.directory / "knot", "cluster.test")
    world.at_end(lambda: server.stop())  # pylint: disable=unnecessary-lambda
    set_records(server, ("zone-set", "pods", "5", "A", "127.0.0.1"), ("zone-set", "pods", "5", "A", "127.0.0.2"),
                ("zone-set", "short", "5", "CNAME", "pods.cluster.test."))
    proxy = world.proxy(route("a.test", f"pods.cluster.test:{port}", policy="round-robin") +
                        route("b.test", f"short.cluster.test:{port}", policy="round-robin"), bootstrap=server)
    for name in ("a.test", "b.test"):
        proxy.until(name, 1)
        assert {proxy.marker(name) for _ in range(8)} == {1, 2}
    set_records(server, ("zone-unset", "pods", "A", "127.0.0.1"), ("zone-set", "pods", "5", "A", "127.0.0.3"))
    for name in ("a.test", "b.test"):
        proxy.until(name, 3, AGAIN_SECONDS)
        assert {proxy.marker(name) for _ in range(8)} == {2, 3}
    set_records(server, ("zone-unset", "pods", "A"))
    until_host(proxy, "pods.cluster.test", state="kept", addresses=["127.0.0.2", "127.0.0.3"])
    server.stop()
    wait_until(lambda: host_of(proxy, "pods.cluster.test")["fault"] == "no nameserver answered", "a silent server", 60)
    assert {proxy.marker("a.test") for _ in range(8)} == {2, 3}
