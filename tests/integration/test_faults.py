# SPDX-License-Identifier: MIT
"""Two real nameservers behind one route, and a fault in one of them while queries flow: none fails.

What is decided is the number of failed queries; the times are printed. `DPROXY_FAULT_SECONDS=30 DPROXY_FAULT_RATE=2000`
is the long form; tests/integration/faults runs it and prints the table.
"""
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from harness import behaviours, wire
from harness.load import Load
from harness.nameservers import Nameserver, knot

SECONDS = float(os.environ.get("DPROXY_FAULT_SECONDS", "4"))
RATE = int(os.environ.get("DPROXY_FAULT_RATE", "250"))
ZONE = "z0.test"  # of the load client's names, qN.z0.test
MARKER = 1
RECORDS = f"""$ORIGIN {ZONE}.
$TTL 300
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
www A 192.0.2.80
* A 192.0.2.{MARKER}
"""


class Pace:
    """Does things at their time while the load runs, in order; the pace is all that the clock decides."""

    def __init__(self):
        self.began = time.monotonic()

    def until(self, share):
        time.sleep(max(0.0, self.began + share * SECONDS - time.monotonic()))


@pytest.fixture
def servers(world, tmp_path):
    made = [Nameserver(knot, tmp_path / name, ZONE, RECORDS) for name in ("one", "two")]
    for server in made:
        world.at_end(server.stop)
        world.at_end(lambda process=server.process: process.send_signal(signal.SIGCONT))
    return made


def measure(name, proxy, disturb):
    """The counts and times of a run of load during which `disturb(pace)` does its harm."""
    load = Load(proxy.port, RATE, SECONDS, 1, 1)
    disturb(Pace())
    found = load.result()
    failed = found["wrong"] + found["lost"]
    print(f"| {name} | {found['sent']} | {failed} | {found['p50'] / 1000:.1f} | {found['p99'] / 1000:.1f} | "
          f"{found['p999'] / 1000:.1f} | {found['max'] / 1000:.0f} |")
    assert found["sent"] == RATE * SECONDS
    return failed


def kill(server, number=signal.SIGKILL):
    return lambda pace: (pace.until(0.25), server.process.send_signal(number))


def flap(server):
    def disturb(pace):
        for second in range(1, int(SECONDS)):
            pace.until(second / SECONDS)
            server.process.send_signal(signal.SIGSTOP if second % 2 else signal.SIGCONT)
    return disturb


def nothing(_):
    pass


@pytest.mark.parametrize("policy", ["least-outstanding", "first"])
@pytest.mark.parametrize("fault", ["none", "killed", "stopped", "flapping"])
def test_no_query_fails_when_one_of_two_servers(world, servers, fault, policy):
    disturb = {"none": nothing, "killed": kill(servers[0]), "stopped": kill(servers[0], signal.SIGSTOP),
               "flapping": flap(servers[0])}[fault]
    proxy = world.relay(*servers, health="on", policy=policy, timeout="10s")
    assert measure(f"{fault}, policy {policy}", proxy, disturb) == 0


def slow(exchange):
    timer = threading.Timer(0.3, behaviours.answer, [exchange])
    timer.daemon = True
    timer.start()


def garbage(exchange):
    """Random bytes, with the ID, with QR and without a question that could match."""
    made = bytearray(random.randbytes(random.choice((12, 40, 300))))
    made[:2] = exchange.message[:2]
    made[2] |= 0x80
    made[12:13] = b"\x07"
    exchange.reply(bytes(made))


BAD_SERVERS = {
    "slow by 300 ms": (slow, {}),
    "answering SERVFAIL, fallback_on = servfail": (behaviours.with_rcode(wire.SERVFAIL), {"fallback_on": "servfail"}),
    "answering garbage": (garbage, {}),
    "silent": (behaviours.silence, {}),
}


@pytest.mark.parametrize("fault", BAD_SERVERS)
def test_no_query_fails_with_a_server_that_is(world, servers, fault):
    behaviour, keys = BAD_SERVERS[fault]
    bad = world.upstream(MARKER, behaviour)
    proxy = world.relay(bad, servers[1], health="on", timeout="10s", **keys)
    assert measure(fault, proxy, nothing) == 0


LOSSY = "DPROXY_LOSSY_NETWORK"
IN_A_NETWORK = """set -e
ip link set lo up
nft add table inet loss
nft add chain inet loss in '{ type filter hook input priority 0; }'
exec "$@"
"""


@pytest.mark.skipif(LOSSY in os.environ, reason="runs the two below in a network of their own")
def test_a_lossy_network(tmp_path):
    command = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", IN_A_NETWORK, "sh",
               sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-s", f"--basetemp={tmp_path / 'inner'}",
               "-k", "loses_a_fifth", __file__]
    done = subprocess.run(command, env={**os.environ, LOSSY: "1"}, capture_output=True, text=True, check=False)
    print("\n".join(line.lstrip(".") for line in done.stdout.splitlines() if line.lstrip(".").startswith("|")))
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(LOSSY not in os.environ, reason="test_a_lossy_network runs it")
@pytest.mark.parametrize("lossy, attempts, most_failed", [(1, 3, 0), (2, 5, 0.02)])
def test_one_that_loses_a_fifth(world, servers, lossy, attempts, most_failed):
    """Each datagram to and from it is lost with 20 %: an attempt fails with 36 %, five with 0.6 %."""
    for server in servers[:lossy]:
        for end in ("dport", "sport"):
            subprocess.run(["nft", "add", "rule", "inet", "loss", "in", "udp", end, str(server.port),
                            "numgen", "random", "mod", "100", "<", "20", "drop"], check=True)
    proxy = world.relay(*servers, health="on", attempts=attempts, timeout="10s")
    failed = measure(f"{lossy} of 2 lossy by 20 %, attempts = {attempts}", proxy, nothing)
    assert failed <= most_failed * RATE * SECONDS
