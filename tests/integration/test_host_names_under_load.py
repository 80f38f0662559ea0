# SPDX-License-Identifier: MIT
"""Addresses of host names change all the time while queries flow: none is lost."""
import itertools
import os

from harness.host_names import HostNames
from harness.load import Load, LoadUpstreams
from harness.ports import free_port
from harness.prox_directory import route

SECONDS = float(os.environ.get("DPROXY_NAMES_SECONDS", "14"))
RATE = int(os.environ.get("DPROXY_NAMES_RATE", "2000"))
ZONES = 40
ADDRESSES = ("127.0.0.1", "127.0.0.2")


def test_none_is_lost_while_addresses_change(world):
    port = free_port()
    for address in ADDRESSES:
        world.at_end(LoadUpstreams(address=address, ports=[port]).close)
    names = HostNames(world)
    for zone in range(ZONES):
        # A is asked and answered by one of the two, then by the other, then by both. AAAA moves the turn on as well.
        turns = itertools.cycle([[one] for one in ADDRESSES for _ in range(2)] + [list(ADDRESSES)])
        names.addresses[f"ns{zone}.test"] = lambda turns=turns: next(turns)
    proxy = world.proxy("".join(route(f".z{zone}.test", f"ns{zone}.test:{port}", health="off")
                                for zone in range(ZONES)), bootstrap=names)
    for zone in range(ZONES):
        proxy.until(f"q.z{zone}.test", 1, 30)
    result = Load(proxy.port, RATE, SECONDS, ZONES, 1).result()
    changes = proxy.log().count("host name has other addresses")
    print(f"{result}, {changes} changes of addresses")
    assert result["sent"] == RATE * SECONDS
    assert result["wrong"] == 0 and result["lost"] == 0
    assert changes >= ZONES, "hardly an address changed under load"
    assert all(proxy.metrics().sum("dproxy_upstream_requests_total", upstream=f"{address}:{port}") > RATE
               for address in ADDRESSES)
