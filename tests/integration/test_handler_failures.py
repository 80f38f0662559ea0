# SPDX-License-Identifier: MIT
"""No memory, no place in an epoll set: what a handler was about is lost, the program goes on, nothing stays behind."""
import mmap
import os
import struct
import subprocess
import threading
import time

import pytest
from harness import wire
from harness.deadline import wait_until
from harness.load import TOOLS
from harness.program import BINARY
from harness.prox_directory import route

PRELOADED = TOOLS / "libfailing_calls.so"
SECONDS = 4


def takes_preloaded_libraries():
    """Not when it is static, and not a sanitizer's, which counts memory by itself."""
    listed = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=False).stdout
    return "libstdc++" in listed and "libasan" not in listed and "libtsan" not in listed \
        and b"__asan_init" not in open(BINARY, "rb").read() and b"__tsan_init" not in open(BINARY, "rb").read()


pytestmark = pytest.mark.skipif(not PRELOADED.exists() or not takes_preloaded_libraries(),
                                reason="needs a program that takes preloaded libraries")


class Failing:
    """One in so many calls of a kind fails in the program, from now on until told otherwise."""

    def __init__(self, directory):
        self.path = directory / "failing"
        self.path.write_bytes(bytes(8))
        with self.path.open("r+b") as file:
            self.rates = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(PRELOADED), "FAILING_CALLS": str(self.path)}

    def one_in(self, memory=0, watches=0):
        self.rates[:] = struct.pack("=2I", memory, watches)


class Disturbance(threading.Thread):
    """Asks over UDP and TCP, large and small, changes routes and reads every page, whatever comes of it."""

    def __init__(self, proxy, routes, text):
        super().__init__(daemon=True)
        self.proxy, self.routes, self.text, self.asked = proxy, routes, text, 0

    def run(self):
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            for transport in ("udp", "tcp"):
                try:
                    with self.proxy.client(transport) as client:
                        for ident in range(20):
                            name = "x" * (ident % 60 + 1) + ".test"
                            client.send(wire.query(name, wire.AXFR if ident == 9 else wire.A, ident=ident))
                        client.receive(0.05)
                        self.asked += 20
                except OSError:
                    pass
            self.routes.write("more.prox", route(f"n{self.asked}.more", *self.text))
            for path in ("/metrics", "/status", "/routes", "/livez"):
                try:
                    self.proxy.get(path)
                except OSError:
                    pass


def descriptors(proxy):
    return len(os.listdir(f"/proc/{proxy.process.pid}/fd"))


@pytest.mark.parametrize("memory", [1, 3, 20, 150])
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_memory_that_cannot_be_had(world, tmp_path, memory, protocol):
    failing = Failing(tmp_path)
    upstreams = [world.upstream(1), world.upstream(1)]
    routes = world.routes({"test.prox": route("*", *upstreams, protocol=protocol, health="on", timeout="1s")})
    proxy = world.proxy(routes, environment=failing.environment, workers=2, tcp_idle="2s")
    assert proxy.marker("x.test") == 1
    failing.one_in(memory=memory)
    disturbances = [Disturbance(proxy, routes, upstreams) for _ in range(3)]
    for one in disturbances:
        one.start()
    for one in disturbances:
        one.join()
    assert not proxy.is_over(), proxy.report()
    failing.one_in()
    until_as_before(proxy, routes, upstreams)
    assert proxy.metrics().sum("dproxy_worker_errors_total") > 0
    assert "a handler failed: its thread goes on" in proxy.log() or memory < 20


def until_as_before(proxy, routes, upstreams):
    """Everything works, and nothing is left of what failed."""
    routes.write("more.prox", route("last.more", answer="nodata"))
    wait_until(lambda: wire.counts_of(proxy.ask("udp", "last.more"))[1] == 0, "the last reload in force", patience=30)
    for transport in ("udp", "tcp"):
        wait_until(lambda: proxy.marker("x.test", transport) == 1, f"an answer over {transport}", patience=30)
        assert all(proxy.marker(f"x{i}.test", transport) == 1 for i in range(50))
    for gauge in ("dproxy_inflight_requests", "dproxy_upstream_inflight"):
        proxy.until_metric(0, gauge)
    wait_until(lambda: proxy.metrics().sum("dproxy_tcp_connections", side="client") == 0, "no client's connection",
               patience=30)
    assert proxy.get("/livez")[0] == 200


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_descriptors_that_cannot_be_watched(world, tmp_path, protocol):
    """ENOSPC of fs.epoll.max_user_watches: no descriptor may be lost by it."""
    failing = Failing(tmp_path)
    upstream = world.upstream(1)
    routes = world.routes({"test.prox": route("*", upstream, protocol=protocol, health="on", timeout="1s")})
    proxy = world.proxy(routes, environment=failing.environment, workers=1, tcp_idle="2s")
    before = descriptors(proxy)
    failing.one_in(watches=1)
    for _ in range(3):
        with proxy.client("udp") as client:
            for ident in range(50):
                client.send(wire.query(f"x{ident}.test", ident=ident))
            assert wire.rcode_of(client.receive()) == wire.SERVFAIL
        for _ in range(50):
            with proxy.client("tcp") as client:
                client.send(wire.query("x.test"))
    assert not proxy.is_over(), proxy.report()
    failing.one_in()
    until_as_before(proxy, routes, [upstream])
    wait_until(lambda: descriptors(proxy) <= before + 20, lambda: f"{before} descriptors, not {descriptors(proxy)}",
               patience=90)
