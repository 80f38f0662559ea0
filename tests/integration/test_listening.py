# SPDX-License-Identifier: MIT
"""Where the program listens, from where it answers, and what it says when it cannot."""
import socket

import pytest
from harness import behaviours, wire
from harness.client import ask
from harness.ports import free_port
from harness.program import run
from harness.prox_directory import route


@pytest.fixture(scope="module")
def everywhere(shared_world):
    """No `listen`: every address of both families on `port`."""
    port = free_port()
    proxy = shared_world.proxy(route("*", shared_world.upstream(1)), listen=None, port=port)
    proxy.port = port
    return proxy


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "127.9.8.7", "::1"])
def test_answers_leave_from_the_address_that_was_asked(everywhere, transport, address):
    """The client's socket is connected: it sees nothing from another address."""
    assert wire.marker_of(ask(transport, address, everywhere.port, wire.query("x.test"))) == 1


@pytest.mark.parametrize("address", ["127.0.0.2", "::1"])
def test_own_answers_leave_from_the_address_that_was_asked(everywhere, transport, address):
    message = wire.query("x.test", opcode=3)[:12]
    assert wire.rcode_of(ask(transport, address, everywhere.port, message)) == wire.NOTIMP


def test_an_ipv4_client_is_ipv4_in_the_metrics(everywhere, transport):
    before = everywhere.metrics()
    ask(transport, "127.0.0.1", everywhere.port, wire.query("x.test"))
    ask(transport, "::1", everywhere.port, wire.query("x.test"))
    after = everywhere.metrics()
    for family in ("4", "6"):
        labels = {"transport": transport, "family": family}
        assert (after.sum("dproxy_requests_total", **labels)
                == before.sum("dproxy_requests_total", **labels) + 1)


def test_several_addresses_and_ports(world, transport):
    first, second = free_port(), free_port()
    proxy = world.proxy(route("*", world.upstream(1)), listen=f"127.0.0.1:{first}, 127.0.0.5:{second} [::1]:{second}")
    for address, port in (("127.0.0.1", first), ("127.0.0.5", second), ("::1", second)):
        assert wire.marker_of(ask(transport, address, port, wire.query("x.test"))) == 1
    assert proxy.process.poll() is None


def test_an_address_without_a_port_takes_the_port_of_the_settings(world, transport):
    port = free_port()
    world.proxy(route("*", world.upstream(1)), listen="127.0.0.1", port=port)
    assert wire.marker_of(ask(transport, "127.0.0.1", port, wire.query("x.test"))) == 1


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_address_in_use_is_a_start_up_error(world, kind, address):
    port = free_port()
    text = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as taken:
        taken.bind((address, port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        done = run("--listen", text, "--admin", "off", "--upstreamlocation", world.routes())
    expect_one_line(done, text)


def expect_one_line(done, *words):
    assert done.returncode == 2, done
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_an_address_in_use_by_another_dproxy_is_a_start_up_error(world):
    first = world.proxy(route("*", world.upstream(1)))
    done = run("--listen", f"127.0.0.1:{first.port}", "--admin", "off", "--upstreamlocation", world.routes())
    expect_one_line(done, f"127.0.0.1:{first.port}")
    assert first.marker("x.test") == 1


def test_the_wildcard_in_use_by_another_dproxy_is_a_start_up_error(everywhere, world):
    done = run("--port", everywhere.port, "--admin", "off", "--upstreamlocation", world.routes())
    expect_one_line(done, str(everywhere.port))


def test_the_admin_address_in_use_is_a_start_up_error(world):
    first = world.proxy()
    done = run("--listen", f"127.0.0.1:{free_port()}", "--admin", f"127.0.0.1:{first.admin_port}",
               "--upstreamlocation", world.routes())
    expect_one_line(done, f"127.0.0.1:{first.admin_port}")


def test_an_address_of_another_host_is_a_start_up_error(world):
    done = run("--listen", "192.0.2.53:5353", "--admin", "off", "--upstreamlocation", world.routes())
    expect_one_line(done, "192.0.2.53:5353")


def test_admin_off_opens_nothing(world, transport):
    proxy = world.proxy(route("*", world.upstream(1)), wait=False, admin="off")
    while not proxy.is_over():
        try:
            reply = ask(transport, "127.0.0.1", proxy.port, wire.query("x.test"), patience=0.1)
        except ConnectionRefusedError:
            continue
        if reply:
            break
    assert wire.marker_of(reply) == 1
    with pytest.raises(OSError):
        proxy.get("/livez")


def test_admin_over_ipv6(world):
    proxy = world.proxy(wait=False, admin=None, arguments=["--admin", f"[::1]:{free_port()}"])
    proxy.admin_port = int(proxy.command[-1].rsplit(":", 1)[1])
    get, proxy.get = proxy.get, lambda path, **keys: get(path, host="::1", **keys)
    proxy.wait_ready()
    assert proxy.get("/livez")[0] == 200


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_workers_answers(world, transport, workers):
    proxy = world.proxy(route("*", world.upstream(1)), workers=workers)
    for _ in range(30):
        assert proxy.marker("x.test", transport) == 1


def test_clients_of_ipv6_and_upstreams_of_ipv4_and_the_other_way_round(world, transport):
    four, six = world.upstream(4), world.upstream(6, host="::1")
    proxy = world.proxy(route("four.test", four) + route("six.test", six))
    assert wire.marker_of(proxy.ask(transport, "four.test", family=6)) == 4
    assert wire.marker_of(proxy.ask(transport, "six.test", family=4)) == 6


def test_a_second_upstream_of_the_other_family(world, transport, closed_address):
    proxy = world.relay(closed_address, world.upstream(6, behaviours.answer, host="::1"), policy="first")
    assert wire.marker_of(proxy.ask(transport, "x.test")) == 6
