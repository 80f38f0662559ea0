# SPDX-License-Identifier: MIT
"""Descriptors: those that are closed at the start, and those that run out."""
import os
import re
import resource
import socket
import time

import pytest
from harness import wire
from harness.client import LOOPBACK, framed
from harness.deadline import wait_until
from harness.program import BINARY
from harness.prox_directory import route


@pytest.mark.parametrize("closed", ["0", "1", "2", "0 1", "1 2", "0 1 2"])
def test_standard_descriptors_that_are_closed_are_opened_first(world, transport, closed):
    """Nothing of the program's own has their numbers: what is written to them goes nowhere else."""
    script = 'exec "$@" ' + " ".join(f"{number}>&-" for number in closed.split())
    upstream = world.upstream(1)
    proxy = world.proxy(route("*", upstream), wrapper=("sh", "-c", script, "sh"))
    for number in closed.split():
        assert os.readlink(f"/proc/{proxy.process.pid}/fd/{number}") == "/dev/null"
    assert all(proxy.marker(f"x{i}.test", transport) == 1 for i in range(20))


class Crowd:
    """As many TCP connections of clients as they may have, each from an address with its share, some with queries."""

    def __init__(self, proxy, count, each=60):
        self.sockets = []
        for number in range(count):
            one = socket.socket()
            one.settimeout(5)
            one.bind((f"127.0.3.{1 + number // each}", 0))
            try:
                one.connect((LOOPBACK[4], proxy.port))
                one.sendall(framed(wire.query(f"x{number}.test")))
            except OSError:
                pass
            self.sockets.append(one)

    def close(self):
        for one in self.sockets:
            one.close()


def cpu_seconds(proxy):
    return proxy.metrics().sum("process_cpu_seconds_total")


@pytest.mark.parametrize("hard", [1024, 4096])
def test_clients_have_what_is_left_of_the_descriptors(world, hard):
    """Within all defaults they cannot take what routes, probes, reloads and the HTTP side need."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    first, later = world.upstream(1), world.upstream(2)
    routes = world.routes({"test.prox": route("*", first, health="on")})
    proxy = world.proxy(routes, wrapper=("prlimit", f"--nofile={min(hard, 512)}:{hard}"), tcp_idle="1m", workers=2)
    assert proxy.metrics().sum("process_max_fds") == hard
    proxy.until_logged("too few open files")
    said = re.search(r"too few open files.* tcp_connections=4096 at_most=(\d+) open_files=(\d+) raise_to=", proxy.log())
    assert said and int(said[2]) == hard and hard // 5 < int(said[1]) < hard, proxy.log()
    crowd = Crowd(proxy, 4096)
    world.at_end(crowd.close)
    wait_until(lambda: proxy.metrics().sum("dproxy_client_rejected_total", reason="tcp_connections") > 0 or
               proxy.metrics().sum("dproxy_tcp_connections", side="client") >= int(said[1]) - 10, "a full house")
    assert proxy.metrics().sum("dproxy_tcp_connections", side="client") <= int(said[1])
    # A route that nobody asked before needs sockets; so do probes, and a reload needs files.
    routes.write("later.prox", route("*.later", later, health="on") + route("*.tcp", later, protocol="tcp"))
    proxy.until("x.later", 2)
    proxy.until("x.tcp", 2)
    assert all(proxy.marker(f"x{i}.later") == 2 for i in range(50))
    for _ in range(20):
        assert proxy.get("/livez")[0] == 200
    assert proxy.metrics().sum("dproxy_upstream_up") >= 2
    used = cpu_seconds(proxy)
    time.sleep(2)
    assert cpu_seconds(proxy) - used < 1, "it spins"
    crowd.close()
    wait_until(lambda: proxy.marker("x.test", "tcp") == 1, "a place for a new client")


@pytest.mark.skipif("san" in BINARY, reason="UndefinedBehaviorSanitizer looks at memory through a pipe of its own")
def test_no_descriptor_is_left_at_all(world):
    """Less than the limits foresee, by prlimit from outside: no spinning, and all is well when they are back."""
    proxy = world.relay(world.upstream(1), settings={"workers": 1, "tcp_idle": "1m"})
    assert proxy.marker("x.test") == 1
    in_use = len(os.listdir(f"/proc/{proxy.process.pid}/fd"))
    before = resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (in_use + 1, before[1]))
    crowd = Crowd(proxy, 300)
    world.at_end(crowd.close)
    used = ticks(proxy)
    time.sleep(2)
    assert ticks(proxy) - used < os.sysconf("SC_CLK_TCK") // 2, "it spins"
    assert proxy.marker("x.test") == 1
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, before)
    crowd.close()
    wait_until(lambda: proxy.marker("x.test", "tcp") == 1, "an answer over TCP")
    assert proxy.get("/livez")[0] == 200


def ticks(proxy):
    """CPU time of the process, as /proc has it: the HTTP side has no descriptor for an answer."""
    with open(f"/proc/{proxy.process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
