# SPDX-License-Identifier: MIT
"""Routes change all the time while queries flow: none is lost, none goes to the wrong upstream.

`DPROXY_RELOAD_SECONDS=60 DPROXY_RELOAD_RATE=20000` is the long form; reload_under_load runs it.
"""
import os
import time

from harness.load import Load, LoadUpstreams
from harness.prox_directory import route

SECONDS = float(os.environ.get("DPROXY_RELOAD_SECONDS", "5"))
RATE = int(os.environ.get("DPROXY_RELOAD_RATE", "4000"))
INTERVAL = 0.1
ZONES, UPSTREAMS = 300, 3


def stable_routes(ports):
    """The zones that are asked: half of them by exact names and wildcards, half by one section each."""
    lines = []
    for zone in range(ZONES):
        pattern = f".z{zone}.test" if zone % 2 else f"z{zone}.test *.z{zone}.test"
        lines.append(route(pattern, f"127.0.0.1:{ports[zone % UPSTREAMS]}"))
    return "".join(lines)


def churning_routes(ports, step):
    """Others that come, change their upstream, and go."""
    return "".join(route(f"*.churn{number}.test", f"127.0.0.1:{ports[(number + step) % UPSTREAMS]}")
                   for number in range(step % 7, step % 7 + 20))


def test_none_is_lost_or_misrouted(world):
    upstreams = LoadUpstreams(UPSTREAMS)
    world.at_end(upstreams.close)
    directory = world.directory / "routes"
    directory.mkdir()

    def write(step):
        # As editors do, and in the one file that holds the stable routes too: the whole table is built anew.
        temporary = directory / ".new"
        temporary.write_text(stable_routes(upstreams.ports) + churning_routes(upstreams.ports, step))
        temporary.rename(directory / "all.prox")

    write(0)
    proxy = world.proxy(directory)
    before = proxy.metrics().one("dproxy_config_reloads_total", result="success")
    load = Load(proxy.port, RATE, SECONDS, ZONES, UPSTREAMS)
    step = 0
    while not load.is_over():
        step += 1
        write(step)
        time.sleep(INTERVAL)  # the pace of the reloads, nothing is decided by it
    result = load.result()
    reloads = proxy.metrics().one("dproxy_config_reloads_total", result="success") - before
    print(f"{result}, {reloads:.0f} reloads in {SECONDS:.0f} s")
    assert result["sent"] == RATE * SECONDS
    assert result["wrong"] == 0
    assert result["lost"] == 0
    assert reloads >= min(5, SECONDS), "hardly a reload happened under load"
