# SPDX-License-Identifier: MIT
"""Attackers hold every TCP connection that there is, as cheaply as they can; an innocent is served all the same."""
import resource
import socket
import threading
import time

import pytest
from harness import behaviours, wire

INNOCENT = "127.0.99.1"
CONNECTIONS, OF_ONE = 512, 32


@pytest.fixture(autouse=True)
def descriptors():
    """For both ends of all connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Holder(threading.Thread):
    """Keeps `count` connections open from the given sources, and opens another for each that is closed."""

    def __init__(self, proxy, count, sources, tickle, host="127.0.0.1"):
        super().__init__(daemon=True)
        self.proxy, self.count, self.sources, self.tickle, self.host = proxy, count, sources, tickle, host
        self.over, self.open, self.opened = threading.Event(), [], 0

    def connect(self):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        one = socket.socket(family, socket.SOCK_STREAM)
        try:
            one.bind((self.sources[self.opened % len(self.sources)], 0))
            one.settimeout(2)
            one.connect((self.host, self.proxy.port))
            one.setblocking(False)
            self.open.append(one)
        except OSError:
            one.close()
        self.opened += 1

    def run(self):
        due = 0.0
        while not self.over.is_set():
            for _ in range(min(64, self.count - len(self.open))):
                self.connect()
            if time.monotonic() > due:
                due = time.monotonic() + self.tickle
                self.open = [one for one in self.open if self.send_a_byte(one)]
            time.sleep(0.01)
        for one in self.open:
            one.close()

    @staticmethod
    def send_a_byte(one):
        try:
            one.send(b"\0")
            return one.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            one.close()
            return False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def answered(proxy, count):
    """Each query on a connection of its own."""
    good = 0
    for number in range(count):
        try:
            reply = proxy.ask("tcp", wire.query(f"q{number}.test"), source=INNOCENT)
            good += bool(reply) and wire.rcode_of(reply) == wire.NOERROR
        except OSError:
            pass
        time.sleep(0.02)
    return good


SOURCES = {
    "many addresses": [f"127.0.{number}.1" for number in range(1, 1 + CONNECTIONS // OF_ONE)],
    "outside allow": [f"127.1.{number}.1" for number in range(1, 60)],
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("attack", SOURCES)
def test_an_innocent_is_served_while_all_connections_are_held(world, attack, workers):
    settings = {"tcp_connections": CONNECTIONS, "tcp_connections_per_client": OF_ONE, "tcp_idle": "2s",
                "workers": workers, "allow": "127.0.0.0/16" if attack == "outside allow" else "all"}
    proxy = world.relay(world.upstream(1), settings=settings)
    with Holder(proxy, CONNECTIONS, SOURCES[attack], 1.6) as holder:
        end = time.monotonic() + 20
        while holder.opened < CONNECTIONS and time.monotonic() < end:
            time.sleep(0.05)
        good = answered(proxy, 200)
    print(f"| {attack}, {workers} workers: {good} of 200 answered, {holder.opened} connections made")
    assert good >= 198
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")


def test_a_network_of_ipv6_is_one_client(world):
    """[::1] is all the loopback has; its /64 counts as one, and IPv4 clients have their share beside it."""
    settings = {"tcp_connections": 64, "tcp_connections_per_client": 16, "workers": 1}
    proxy = world.relay(world.upstream(1), settings=settings)
    with Holder(proxy, 64, ["::1"], 1.6, host="::1") as holder:
        end = time.monotonic() + 20
        while holder.opened < 64 and time.monotonic() < end:
            time.sleep(0.05)
        assert answered(proxy, 50) == 50
        assert proxy.metrics().sum("dproxy_tcp_connections", side="client") <= 16


def test_who_waits_for_an_answer_gives_way_last(world):
    hold = behaviours.Hold()
    proxy = world.relay(world.upstream(1, hold), timeout="20s",
                        settings={"tcp_connections": 8, "tcp_connections_per_client": 8, "workers": 1})
    waiting = [proxy.client("tcp", source="127.0.5.1") for _ in range(2)]
    for client in waiting:
        client.send(wire.query("x.test"))
    idle = [proxy.client("tcp", source="127.0.5.1") for _ in range(6)]
    proxy.until_metric(8, "dproxy_tcp_connections", side="client")
    newcomers = [proxy.client("tcp", source=f"127.0.6.{number}") for number in range(1, 5)]
    for client in newcomers:
        client.send(wire.query("y.test"))
    proxy.until_metric(4, "dproxy_client_rejected_total", reason="tcp_connections")
    assert sum(client.is_closed(patience=1) for client in idle) == 4
    hold.release()
    assert all(wire.marker_of(client.receive()) == 1 for client in waiting + newcomers)
    for client in waiting + newcomers + idle:
        client.close()
