# SPDX-License-Identifier: MIT
"""What dproxy says of an upstream's health."""
from .deadline import wait_until


def until_up(proxy, upstream, value):
    proxy.until_metric(value, "dproxy_upstream_up", upstream=str(upstream))


def encryption_fault(proxy):
    """Why the first upstream cannot be asked encrypted: told by the prober, which is told of it by the workers."""
    return wait_until(lambda: proxy.json("/status")["upstreams"][0].get("encryption_fault"), "an encryption_fault")


def is_up(proxy, upstream):
    return proxy.metrics().one("dproxy_upstream_up", upstream=str(upstream))


def changes(proxy, upstream):
    """What the log says of it: `down` and `up`, in order."""
    return ["down" if " upstream down " in line else "up" for line in proxy.log().splitlines()
            if (" upstream down " in line or " upstream up " in line) and f"upstream={upstream} " in line]


def until_changes(proxy, upstream, expected):
    wait_until(lambda: changes(proxy, upstream) == expected,
               lambda: f"{expected} in the log, but {changes(proxy, upstream)}")
