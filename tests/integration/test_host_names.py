# SPDX-License-Identifier: MIT
"""Host names as upstreams: every address of a name is one, changes are followed, and dproxy itself is left out."""
import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.host_names import (AGAIN_SECONDS, HostNames, host_of, relay, until_host, until_upstreams,
                                upstreams_of)
from harness.ports import can_bind, free_port
from harness.prox_directory import route
from harness.program import run

NOT_READY = 14


def test_every_address_of_a_name_is_an_upstream(world, names, port, transport):
    world.upstream(1, host="127.0.0.1", port=port)
    world.upstream(2, host="127.0.0.2", port=port)
    world.upstream(3, host="::1", port=port)
    names.addresses["ns.cryo.test"] = ["127.0.0.2", "::1", "127.0.0.1"]
    proxy = relay(world, names, "ns.cryo.test", port, policy="round-robin")
    until_host(proxy, "ns.cryo.test", state="resolved", addresses=["127.0.0.1", "127.0.0.2", "::1"],
               found_as="ns.cryo.test")
    labels = [f"127.0.0.1:{port}", f"127.0.0.2:{port}", f"[::1]:{port}"]
    until_upstreams(proxy, *labels)
    assert {proxy.marker("x.test", transport) for _ in range(12)} == {1, 2, 3}
    metrics = proxy.metrics()
    assert set(labels) <= metrics.label_values("dproxy_upstream_up", "upstream")
    assert sum(metrics.sum("dproxy_upstream_requests_total", upstream=label) for label in labels) == 12
    proxy.until_logged("host name resolved")
    page = proxy.get("/")[2]
    assert ">Host names</h2>" in page and "127.0.0.1, 127.0.0.2, ::1" in page


def test_until_a_name_is_resolved_its_queries_are_not_ready(world, names, port, transport):
    world.upstream(1, port=port)
    proxy = relay(world, names, "late.test", port)
    until_host(proxy, "late.test", state="unresolved", fault="the nameservers know no address of it", addresses=[])
    reply = proxy.ask(transport, wire.query("x.test", additional=[wire.opt()]))
    assert wire.rcode_of(reply) == wire.SERVFAIL and wire.extended_errors(reply) == [NOT_READY]
    assert proxy.metrics().one("dproxy_client_rejected_total", reason="not_ready") == 1
    assert proxy.get("/readyz")[0] == 200
    names.addresses["late.test"] = ["127.0.0.1"]
    proxy.until("x.test", 1, AGAIN_SECONDS * 2)


def test_a_name_beside_an_address_does_not_hold_it_up(world, names, port):
    first = world.upstream(1)
    proxy = world.relay(f"never.test:{port}", first, settings={"bootstrap": names})
    assert proxy.marker("x.test") == 1


def test_an_address_that_changes_is_followed_and_its_series_end(world, names, port):
    world.upstream(1, host="127.0.0.1", port=port)
    world.upstream(2, host="127.0.0.2", port=port)
    stays = world.upstream(3, host="127.0.0.3", port=port)
    names.addresses["ns.test"] = ["127.0.0.1", "127.0.0.3"]
    proxy = relay(world, names, "ns.test", port, policy="first")
    proxy.until("x.test", 1)
    for _ in range(3):  # the one that stays is asked too
        proxy.ask("udp", "x.test")
    names.addresses["ns.test"] = ["127.0.0.2", "127.0.0.3"]
    proxy.until("x.test", 2, AGAIN_SECONDS)
    until_upstreams(proxy, f"127.0.0.2:{port}", f"127.0.0.3:{port}")
    wait_until(lambda: not proxy.metrics().matching("dproxy_upstream_up", upstream=f"127.0.0.1:{port}"),
               "an end of the series of what is gone")
    assert proxy.metrics().one("dproxy_upstream_up", upstream=str(stays)) == 1
    proxy.until_logged("host name has other addresses")
    assert proxy.log().count("host name has other addresses") == 1


def test_queries_in_flight_end_with_the_address_they_began_with(world, names, port, transport):
    hold = behaviours.Hold()
    old = world.upstream(1, hold, host="127.0.0.1", port=port)
    world.upstream(2, host="127.0.0.2", port=port)
    names.addresses["ns.test"] = ["127.0.0.1"]
    proxy = relay(world, names, "ns.test", port, timeout="1m", attempts=1)
    until_host(proxy, "ns.test", state="resolved")
    until_upstreams(proxy, old)
    with proxy.client(transport) as client:
        client.send(wire.query("held.test"))
        old.wait_for(1)
        names.addresses["ns.test"] = ["127.0.0.2"]
        proxy.until("x.test", 2, AGAIN_SECONDS)
        hold.release()
        assert wire.marker_of(client.receive()) == 1


def test_a_name_as_the_master_upstream(world, names, port, transport):
    world.upstream(1, port=port)
    names.addresses["master.test"] = ["127.0.0.1"]
    proxy = world.proxy(usemasterupstream="true", masterupstream=f"master.test:{port}", bootstrap=names)
    proxy.until("x.test", 1)
    assert proxy.marker("x.test", transport) == 1


def test_names_come_and_go_with_routes(world, names, port):
    world.upstream(1, port=port)
    names.addresses.update({"a.test": ["127.0.0.1"], "b.test": ["127.0.0.1"]})
    routes = world.routes({"a.prox": route("a.route", f"a.test:{port}")})
    proxy = world.proxy(routes, bootstrap=names)
    proxy.until("a.route", 1)
    routes.write("b.prox", route("b.route", f"b.test:{port}"))
    proxy.until("b.route", 1)
    routes.remove("a.prox")
    wait_until(lambda: [one["host"] for one in proxy.json("/status")["hosts"]] == ["b.test"], "one name")
    before = names.times_asked("a.test")
    names.until_asked_again("b.test")
    assert names.times_asked("a.test") == before


def test_the_verbs_show_names_as_they_are_written(world, names, port):
    text = route("a.route", f"NS.Cryo.test.:{port}", "192.0.2.1")
    directory = world.routes({"a.prox": text})
    assert run("check", directory).returncode == 0
    assert f"ns.cryo.test.:{port}" in run("routes", directory).stdout
    assert f"ns.cryo.test.:{port}" in run("explain", "a.route", "--upstreamlocation", directory).stdout
    proxy = world.proxy(text, bootstrap=names)
    assert proxy.json("/routes")["routes"][0]["upstreams"][0] == f"ns.cryo.test.:{port}"


def test_as_in_a_pod_the_search_list_is_used_and_read_again(world, port, resolv_conf, tmp_path):
    address = "127.0.0.54"
    if not can_bind(2, 2, address, 53) or not can_bind(2, 1, address, 53):
        pytest.skip("port 53 cannot be bound here")
    names = HostNames(world, host=address, port=53)
    world.upstream(1, host="127.0.0.1", port=port)
    world.upstream(2, host="127.0.0.2", port=port)
    names.addresses.update({"ns.cryo.svc.cluster.local": ["127.0.0.1"], "ns.cryo.svc.other.local": ["127.0.0.2"]})
    pod = f"search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver {address}\noptions ndots:5\n"
    proxy = world.proxy(route("short.test", f"ns.cryo:{port}") +
                        route("long.test", f"ns.cryo.svc.cluster.local:{port}") +
                        route("whole.test", f"ns.cryo.svc.cluster.local.:{port}"), wrapper=resolv_conf(pod))
    for name in ("short.test", "long.test", "whole.test"):
        proxy.until(name, 1)
    assert host_of(proxy, "ns.cryo")["found_as"] == "ns.cryo.svc.cluster.local"
    asked = [asked[0] for asked in names.asked if asked[1] == wire.A]
    for candidate in ("ns.cryo.default.svc.cluster.local", "ns.cryo.svc.cluster.local.default.svc.cluster.local",
                      "ns.cryo.svc.cluster.local.svc.cluster.local", "ns.cryo.svc.cluster.local.cluster.local"):
        assert asked.count(candidate) == 1
    (tmp_path / "resolv.conf").write_text(pod.replace("search", "search svc.other.local"))
    proxy.until("short.test", 2, AGAIN_SECONDS)


def test_an_address_that_is_dproxy_itself_is_left_out_and_said(world, transport):
    other = world.upstream(1)
    own = free_port()
    text = route("both.test", f"127.0.0.1:{own}", other) + route("only.test", f"127.0.0.9:{own}, 0.0.0.0:{own}")
    proxy = world.proxy(text, listen=f"0.0.0.0:{own}, [::1]:{own}")
    proxy.port = own
    assert {proxy.marker("both.test", transport) for _ in range(5)} == {1}
    reply = proxy.ask(transport, "only.test")
    assert wire.rcode_of(reply) == wire.SERVFAIL
    assert proxy.metrics().one("dproxy_client_rejected_total", reason="loop") == 1
    left_out = proxy.json("/status")["left_out"]
    assert sorted(one["address"] for one in left_out) == [f"0.0.0.0:{own}", f"127.0.0.1:{own}", f"127.0.0.9:{own}"]
    (first,) = [one for one in left_out if one["address"] == f"127.0.0.1:{own}"]
    assert (first["route"], first["line"]) == ("both.test", 1) and first["file"].endswith("test.prox")
    assert upstreams_of(proxy) == [str(other)]
    proxy.until_logged("an upstream is dproxy itself", 3)
    assert proxy.log().count("an upstream is dproxy itself") == 3
    done = run("check", "--config", proxy.main_file)
    assert done.returncode == 0 and f"test.prox:1: warning: `address`: at 127.0.0.1:{own} dproxy itself" in done.stdout


def test_a_name_that_leads_to_dproxy_itself_is_left_out_and_said(world, names):
    own = free_port()
    world.upstream(1, host="127.0.0.2", port=own)
    names.addresses["self.test"] = ["127.0.0.1", "127.0.0.2"]
    proxy = world.proxy(route("*", f"self.test:{own}"), bootstrap=names, listen=f"127.0.0.1:{own}")
    proxy.port = own
    proxy.until("x.test", 1)
    (left_out,) = proxy.json("/status")["left_out"]
    assert (left_out["address"], left_out["host"], left_out["route"]) == (f"127.0.0.1:{own}", "self.test", "*")
    names.until_asked_again("self.test", 2)
    proxy.until_logged("an upstream is dproxy itself")
    assert proxy.log().count("an upstream is dproxy itself") == 1
    assert not proxy.metrics().matching("dproxy_upstream_up", upstream=f"127.0.0.1:{own}")
