# SPDX-License-Identifier: MIT
"""A dnstap reader that is named by a host name: it is found when the name is, followed when it moves, and looked for at
each of its addresses. Names are resolved as those of upstreams are."""
import contextlib
import socket

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.dnstap import Capture, all_captured, asked_until_lost, large, names_of, until_read
from harness.host_names import HostNames, host_of, until_host, upstreams_of
from harness.ports import can_bind
from harness.prox_directory import route

NAME = "reader.test"
DROPPED = "dproxy_dnstap_dropped_total"


def tapping(world, names, port, name=NAME, routes=None, behaviour=behaviours.answer):
    routes = routes or route("*", world.upstream(1, behaviour))
    return world.proxy(routes, dnstap=f"tcp:{name}:{port}", bootstrap=names, workers=1)


def capture(world, port, address="127.0.0.1"):
    return Capture(world, f"tcp:{address}:{port}", address)


def until_it_listens(address, port):
    def try_it():
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((address, port), 60):
            return True
    wait_until(try_it, "a reader that listens")


def asked(proxy, name):
    assert wire.marker_of(proxy.ask("udp", name)) == 1


def test_a_reader_is_found_by_its_name_and_is_no_upstream(world, names, port):
    names.addresses[NAME] = ["127.0.0.1"]
    reader = capture(world, port)
    proxy = tapping(world, names, port)
    until_read(proxy)
    asked(proxy, "x.test")
    assert f'reader=tcp:{NAME}:{port} address=127.0.0.1:{port}' in proxy.log()
    found = host_of(proxy, NAME)
    assert (found["state"], found["addresses"]) == ("resolved", ["127.0.0.1"])
    upstream = str(world.upstreams[0])
    assert upstreams_of(proxy) == [upstream]
    assert f"127.0.0.1:{port}" not in proxy.metrics().label_values("dproxy_upstream_up", "upstream")
    assert names_of(all_captured(proxy, reader)) == ["x.test"]


def test_localhost_is_known_without_asking(world, names, port):
    reader = capture(world, port)
    proxy = tapping(world, names, port, "localhost")
    until_read(proxy)
    asked(proxy, "x.test")
    assert names_of(all_captured(proxy, reader)) == ["x.test"]
    assert not names.asked


def test_a_name_that_appears_later_is_told_once_and_what_has_room_waits(world, names, port):
    reader = capture(world, port)
    proxy = tapping(world, names, port)
    proxy.until_logged(f'dnstap has no reader yet reader=tcp:{NAME}:{port} '
                       'reason="the nameservers know no address of it"')
    for number in range(20):
        asked(proxy, f"n{number}.test")
    names.until_asked_again(NAME)
    names.addresses[NAME] = ["127.0.0.1"]
    until_read(proxy)
    assert proxy.log().count("no reader yet") == 1
    assert names_of(all_captured(proxy, reader)) == [f"n{number}.test" for number in range(20)]


def test_without_an_address_messages_are_lost_and_counted_and_no_query(world, names, port):
    proxy = tapping(world, names, port, behaviour=behaviours.replying(large))
    asked_until_lost(proxy, DROPPED)
    assert proxy.metrics().one(DROPPED) > 0
    assert proxy.log().count("no reader yet") == 1


def test_a_reader_that_moves_is_followed_and_nothing_is_lost(world, names, port):
    names.addresses[NAME] = ["127.0.0.1"]
    old, new = capture(world, port), capture(world, port, "127.0.0.2")
    proxy = tapping(world, names, port)
    until_read(proxy)
    asked(proxy, "before.test")
    names.addresses[NAME] = ["127.0.0.2"]
    until_read(proxy, 2)
    asked(proxy, "after.test")
    assert f'dnstap leaves its reader: its name leads elsewhere reader=tcp:{NAME}:{port} address=127.0.0.1:{port}\n' \
        in proxy.log()
    assert "has lost its reader" not in proxy.log()
    of_new, of_old = names_of(all_captured(proxy, new)), names_of(old.stop())
    assert of_old + of_new == ["before.test", "after.test"] and of_new


def test_a_connection_stays_while_its_address_does_and_where_the_name_ends(world, names, port):
    names.addresses[NAME] = ["127.0.0.2"]
    reader, other = capture(world, port, "127.0.0.2"), capture(world, port)
    proxy = tapping(world, names, port)
    until_read(proxy)
    names.addresses[NAME] = ["127.0.0.1", "127.0.0.2"]
    until_host(proxy, NAME, addresses=["127.0.0.1", "127.0.0.2"])
    del names.addresses[NAME]
    until_host(proxy, NAME, state="kept")
    names.until_asked_again(NAME)  # which takes longer than until the writer looks
    asked(proxy, "x.test")
    assert proxy.log().count("dnstap ") == 1
    assert names_of(all_captured(proxy, reader)) == ["x.test"]
    assert not other.stop()


@pytest.mark.parametrize("alive", ["127.0.0.1", "127.0.0.2"])
def test_of_two_addresses_one_is_dead(world, names, port, alive):
    names.addresses[NAME] = ["127.0.0.1", "127.0.0.2"]
    reader = capture(world, port, alive)
    until_it_listens(alive, port)
    proxy = tapping(world, names, port)
    until_read(proxy)
    asked(proxy, "x.test")
    assert "no reader yet" not in proxy.log()
    assert names_of(all_captured(proxy, reader)) == ["x.test"]


def test_where_a_reader_dies_the_next_address_has_its_turn(world, names, port):
    names.addresses[NAME] = ["127.0.0.1", "127.0.0.2"]
    first, second = capture(world, port), capture(world, port, "127.0.0.2")
    until_it_listens("127.0.0.1", port)
    proxy = tapping(world, names, port)
    until_read(proxy)
    first.kill()
    proxy.until_logged("dnstap has lost its reader")
    until_read(proxy, 2)
    asked(proxy, "x.test")
    assert names_of(all_captured(proxy, second)) == ["x.test"]


def test_a_name_that_routes_have_too_stays_when_they_go(world, names, port):
    names.addresses[NAME] = ["127.0.0.1"]
    routes = world.routes({"a.prox": route("a.route", f"{NAME}:{port}"), "b.prox": route("*", world.upstream(1))})
    proxy = tapping(world, names, port, routes=routes)
    until_host(proxy, NAME, state="resolved")
    assert [one["host"] for one in proxy.json("/status")["hosts"]] == [NAME]
    routes.remove("a.prox")
    wait_until(lambda: upstreams_of(proxy) == [str(world.upstreams[0])], "one upstream")
    reader = capture(world, port)
    until_read(proxy)
    asked(proxy, "x.test")
    assert names_of(all_captured(proxy, reader)) == ["x.test"]


def test_as_in_a_pod_the_search_list_is_used(world, port, resolv_conf):
    address = "127.0.0.54"
    if not can_bind(2, 2, address, 53) or not can_bind(2, 1, address, 53):
        pytest.skip("port 53 cannot be bound here")
    names = HostNames(world, host=address, port=53)
    names.addresses["collector.monitoring.svc.cluster.local"] = ["127.0.0.1"]
    reader = capture(world, port)
    pod = f"search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver {address}\noptions ndots:5\n"
    proxy = world.proxy(route("*", world.upstream(1)), dnstap=f"tcp:collector.monitoring:{port}", workers=1,
                        wrapper=resolv_conf(pod))
    until_read(proxy)
    asked(proxy, "x.test")
    assert host_of(proxy, "collector.monitoring")["found_as"] == "collector.monitoring.svc.cluster.local"
    assert names_of(all_captured(proxy, reader)) == ["x.test"]
