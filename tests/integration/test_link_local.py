# SPDX-License-Identifier: MIT
"""Link-local addresses with their zone, `fe80::1%eth0`, wherever addresses stand. In a network of its own."""
import os
import signal
import socket
import subprocess

import pytest
from harness import wire
from harness.deadline import wait_until
from harness.host_names import HostNames, until_host
from harness.own_network import inside_only, outside_only, run_inside
from harness.ports import free_port
from harness.prox_directory import route
from harness.program import run

ADDRESS = "fe80::53"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


@outside_only
def test_in_a_network_of_its_own(tmp_path):
    run_inside(__file__, tmp_path / "inside")


@pytest.fixture(scope="module")
def zone():
    """An interface with a link-local address that reaches itself."""
    ip("link", "add", "zone0", "type", "veth", "peer", "name", "other0")
    ip("link", "set", "other0", "up")
    ip("link", "set", "zone0", "up")
    ip("-6", "addr", "add", f"{ADDRESS}/64", "dev", "zone0", "nodad")
    yield "zone0"
    ip("link", "delete", "zone0")


@inside_only
@pytest.mark.parametrize("form", ["{address}%{name}", "[{address}%{name}]:{port}", "{address}%{number}"])
def test_an_upstream(world, zone, transport, form):
    number, port = socket.if_nametoindex(zone), free_port()
    world.upstream(1, host=f"{ADDRESS}%{zone}", port=port)
    written = form.format(address=ADDRESS, name=zone, number=number, port=port)
    proxy = world.proxy(f"[*]\naddress = {written}\nport = {port}\n")
    assert proxy.marker("x.test", transport) == 1
    label = f"[{written.strip('[').split(']')[0]}]:{port}"
    assert [one["address"] for one in proxy.json("/status")["upstreams"]] == [label]
    assert proxy.metrics().one("dproxy_upstream_up", upstream=label) == 1


@inside_only
def test_the_master_upstream_and_bootstrap(world, zone, transport):
    port, names = free_port(), HostNames(world, host=f"{ADDRESS}%{zone}")
    names.addresses["ns.test"] = ["127.0.0.1"]
    world.upstream(1, port=port)
    world.upstream(2, host=f"{ADDRESS}%{zone}", port=port)
    proxy = world.proxy(route("a.test", f"ns.test:{port}"), bootstrap=f"[{ADDRESS}%{zone}]:{names.server.port}",
                        usemasterupstream="true", masterupstream=f"[{ADDRESS}%{zone}]:{port}")
    until_host(proxy, "ns.test", state="resolved")
    proxy.until("a.test", 1)
    assert proxy.marker("b.test", transport) == 2


@inside_only
def test_the_nameserver_of_resolv_conf(world, zone, resolv_conf, transport):
    if os.geteuid() != 0:
        pytest.skip("port 53 cannot be bound here")
    world.upstream(1, host=f"{ADDRESS}%{zone}", port=53)
    proxy = world.proxy("", wrapper=resolv_conf(f"nameserver {ADDRESS}%{zone}\n"), usemasterupstream="true",
                        masterupstream="system")
    assert proxy.marker("x.test", transport) == 1


@inside_only
def test_listening_and_the_http_side(world, zone, transport):
    port, admin = free_port(), free_port()
    own = f"[{ADDRESS}%{zone}]"
    other = world.upstream(1)
    proxy = world.proxy(route("a.test", other) + route("own.test", f"{own}:{port}"), wait=False,
                        listen=f"127.0.0.1:{port}, {own}:{port}", admin=f"{own}:{admin}")
    proxy.port = port
    wait_until(lambda: run("healthcheck", f"http://{own}:{admin}").returncode == 0, "a program that is ready")
    assert run("healthcheck", "--admin", f"{own}:{admin}").returncode == 0
    tcp = ["--tcp"] if transport == "tcp" else []
    assert run("ask", "a.test", f"@{own}:{port}", "--expect", "NOERROR", *tcp).returncode == 0
    reply = proxy.ask(transport, wire.query("own.test", additional=[wire.opt()]))
    assert wire.rcode_of(reply) == wire.SERVFAIL
    proxy.until_logged("an upstream is dproxy itself")


@inside_only
def test_an_interface_that_is_not_there_is_a_fault_until_it_is(world, tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "a.prox").write_text("[a.test]\n# here\naddress = fe80::1%nosuch0\n")
    done = run("check", tmp_path / "r")
    assert done.returncode == 1 and "a.prox:3: `address`: `fe80::1%nosuch0`: there is no interface `nosuch0`" in (
        done.stdout + done.stderr)
    for key in ("listen", "admin", "masterupstream", "bootstrap"):
        done = run("serve", f"--{key}", "fe80::1%nosuch0")
        assert done.returncode == 2 and f"--{key}: " in done.stderr and "`nosuch0`" in done.stderr
    ip("link", "add", "later0", "type", "veth", "peer", "name", "later1")
    try:
        proxy = world.proxy(f"[a.test]\naddress = {ADDRESS}%late0\n")
        assert proxy.json("/status")["routes"]["faults"][0]["line"] == 2
        ip("link", "set", "later0", "name", "late0")
        proxy.signal(signal.SIGHUP)
        wait_until(lambda: not proxy.json("/status")["routes"]["faults"], "a route that is good now")
    finally:
        ip("link", "delete", "later1")


@inside_only
def test_a_loopback_without_ipv4(world):
    """What finds this machine's dproxy by itself finds it on the other family."""
    port, admin = free_port(), free_port()
    proxy = world.proxy(route("*", "192.0.2.1"), wait=False, listen=f"[::1]:{port}", admin=f"[::]:{admin}")
    try:
        ip("addr", "del", "127.0.0.1/8", "dev", "lo")
        assert wait_until(lambda: run("healthcheck", f"localhost:{admin}").returncode == 0, "a program that is ready")
        assert run("healthcheck", "--config", proxy.main_file).returncode == 0
        assert run("routes", "--admin", f"http://localhost:{admin}").returncode == 0
        refused = run("ask", "x.test", "--port", port)
        assert "[::1]" in refused.stdout + refused.stderr or refused.returncode == 0
    finally:
        ip("addr", "add", "127.0.0.1/8", "dev", "lo")
