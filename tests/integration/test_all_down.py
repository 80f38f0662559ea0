# SPDX-License-Identifier: MIT
"""All upstreams of a route are down: a few queries find out, all others are answered at once, and nothing grows.

`DPROXY_DOWN_SECONDS=60 DPROXY_DOWN_RATE=50000` is the long form; tests/integration/faults runs it.
"""
import os
import time
from pathlib import Path

from harness import wire
from harness.deadline import wait_until
from harness.load import Load
from harness.upstream import Mortal

SECONDS = float(os.environ.get("DPROXY_DOWN_SECONDS", "4"))
RATE = int(os.environ.get("DPROXY_DOWN_RATE", "1000"))
TRIALS_A_SECOND = 2  # of each upstream, in each worker
GROWTH = 16 << 20  # bytes, generous: a queue for 4 s of this load would be larger in the long form


def resident(proxy):
    return proxy.metrics().one("process_resident_memory_bytes")


def cpu_seconds(proxy):
    fields = Path(f"/proc/{proxy.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_everything_is_answered_at_once_and_service_comes_back(world):
    upstreams = [Mortal(1), Mortal(1)]
    world.upstreams += upstreams
    proxy = world.relay(*upstreams, health="on", timeout="4s", settings={"workers": 1})
    assert proxy.marker("q.z0.test") == 1
    wait_until(lambda: all(len(upstream.probes) >= 2 for upstream in upstreams), "probes that were answered")
    for upstream in upstreams:
        upstream.die()
    wait_until(lambda: all(proxy.metrics().one("dproxy_upstream_up", upstream=str(upstream)) == 0
                           for upstream in upstreams), "two upstreams that are down", 30)

    Load(proxy.port, RATE, 1, 1, 1).result()  # what is allocated once is allocated now
    before, memory, cpu = len(upstreams[0].received) + len(upstreams[1].received), resident(proxy), cpu_seconds(proxy)
    began = time.monotonic()
    load = Load(proxy.port, RATE, SECONDS, 1, 1)
    found = load.result()
    took = time.monotonic() - began
    grown = resident(proxy) - memory
    print(f"{found}, {grown / 1024:.0f} KiB more, {(cpu_seconds(proxy) - cpu) / SECONDS:.2f} CPUs")
    assert found["lost"] == 0 and found["wrong"] == found["sent"] == RATE * SECONDS
    assert grown < GROWTH
    risked = len(upstreams[0].received) + len(upstreams[1].received) - before
    attempts = 2
    assert 1 <= risked <= attempts * len(upstreams) * TRIALS_A_SECOND * (took + 1)
    for transport in ("udp", "tcp"):
        reply = proxy.ask(transport, wire.query("x.test", additional=[wire.opt()]))
        assert wire.rcode_of(reply) == wire.SERVFAIL and wire.extended_errors(reply) == [22]
    assert proxy.get("/readyz")[0] == 200

    upstreams[1].live()
    wait_until(lambda: proxy.marker("x.test") == 1, "an answer")
