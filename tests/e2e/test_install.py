# SPDX-License-Identifier: MIT
"""Installed, upgraded, asked by `helm test`; over both families, with metrics on both."""
import os
import time

import pytest
from cluster import run, wait_until

ROUTES = {"up.prox": "[.one.test]\n\taddress = one:5353\n[.here.test]\n\tanswer = nodata\n"}


@pytest.mark.parametrize("helm", ["HELM", "HELM4"])
def test_a_release_is_installed_tested_and_upgraded(space, helm):
    space.nameserver("one", "one.test", "192.0.2.1")
    space.tools("client")
    began = time.monotonic()
    space.install({"routes": ROUTES, "check": {"enabled": True}}, helm)
    space.until("www.one.test", ["192.0.2.1"])
    print(f"{helm}: {time.monotonic() - began:.1f} s from helm install to the first answer of a client")
    done = run(os.environ[helm], "test", "dproxy", "--namespace", space.name, "--logs")
    assert "Succeeded" in done.stdout
    before = {one["metadata"]["name"] for one in space.pods()}
    space.install({"routes": ROUTES, "settings": {"loglevel": "debug"}, "replicaCount": 3,
                   "tests": {"name": "www.one.test", "type": "A", "expect": "NOERROR"}}, helm, verb="upgrade")
    wait_until(lambda: len(space.pods()) == 3 and not before & {one["metadata"]["name"] for one in space.pods()},
               "three new pods")
    run(os.environ[helm], "test", "dproxy", "--namespace", space.name, "--logs")
    assert space.short("www.one.test", "dproxy", "+tcp") == ["192.0.2.1"]


def test_a_faulty_route_stops_an_upgrade_with_file_and_line(space):
    space.tools("client")
    space.install({"routes": ROUTES, "check": {"enabled": True}})
    pods = {one["metadata"]["name"] for one in space.pods()}
    with pytest.raises(AssertionError) as fault:
        space.install({"routes": {"up.prox": "[.one.test]\n\tadress = 192.0.2.1\n"}, "check": {"enabled": True}},
                      "HELM4", verb="upgrade")
    assert "up.prox:2: unknown key `adress`" in str(fault.value)
    assert {one["metadata"]["name"] for one in space.pods()} == pods


def test_both_families_answer_and_tell(space):
    space.tools("client")
    space.install({"routes": ROUTES, "service": {"ipFamilyPolicy": "PreferDualStack"}})
    for address in space.service_ips():
        for transport in ("+notcp", "+tcp"):
            wait_until(lambda address=address, transport=transport: "status: NOERROR"
                       in space.dig("x.here.test SOA", address, transport), f"an answer of {address}, {transport}")
    for pod in space.pods():
        addresses = [one["ip"] for one in pod["status"]["podIPs"]]
        for address in addresses:
            assert "dproxy_build_info" in space.metrics(address)
            host = f"[{address}]" if ":" in address else address
            script = f"import urllib.request as r; print(r.urlopen('http://{host}:8080/readyz', timeout=5).status)"
            assert space.in_tools("python3", "-c", script).strip() == "200"
