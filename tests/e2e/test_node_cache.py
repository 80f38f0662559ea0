# SPDX-License-Identifier: MIT
"""The cache on every node, in front of the cluster's DNS, which goes away for two minutes and comes back."""
import time

import pytest
import yaml
from cluster import ROOT, run, wait_until

AWAY, BEFORE = 120, 10  # seconds
RATE = 500              # queries a second for each of four names


def scale_cluster_dns(replicas):
    run("kubectl", "--namespace", "kube-system", "scale", "deployment/coredns", f"--replicas={replicas}")
    pods = ("kubectl", "--namespace", "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", "-o", "name")
    if replicas == 0:
        wait_until(lambda: not run(*pods).stdout, "an end of the cluster's DNS")
    else:
        run("kubectl", "--namespace", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s")


@pytest.fixture
def services(space):
    """Four names of the cluster, and their addresses."""
    space.tools("client")
    for number in range(4):
        space.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}"},
                     "spec": {"ports": [{"port": 80}]}})
    return {f"s{number}.{space.name}.svc.cluster.local": space.service_ips(f"s{number}") for number in range(4)}


@pytest.fixture
def cluster_dns_comes_back():
    found = run("kubectl", "--namespace", "kube-system", "get", "deployment/coredns", "-o",
                "jsonpath={.spec.replicas}").stdout
    yield int(found)
    scale_cluster_dns(int(found))


def test_what_was_asked_for_is_answered_while_cluster_dns_is_away(space, services, cluster_dns_comes_back):
    values = yaml.safe_load((ROOT / "deploy" / "node-local-cache" / "values.yaml").read_text())
    space.install(values)
    for name, addresses in services.items():
        space.until(name, addresses)
    address = space.service_ips()[0]
    loads = [space.begin_load(address, name, 2 * BEFORE + AWAY, RATE, first_port=40000 + 100 * number)
             for number, name in enumerate(services)]
    kept = [pod["status"]["podIP"] for pod in space.pods()]
    wait_until(lambda: sum(space.metric(pod, "dproxy_cache_hits_total") for pod in kept) > RATE, "answers from memory")
    time.sleep(BEFORE)  # all four have asked by then
    scale_cluster_dns(0)
    never_asked = f"never-asked.{space.name}.svc.cluster.local"
    # By its address, as nobody tells what `dproxy` is now.
    wait_until(lambda: "SERVFAIL" in space.dig(never_asked, address, "+time=6"), "SERVFAIL for what nobody knows")
    assert all(space.short(name, address) == addresses for name, addresses in services.items())
    found = [load() for load in loads]
    print(f"away: {found}")
    assert [(one["lost"], one["failed"]) for one in found] == [(0, 0)] * len(found)
    assert sum(space.metric(pod, "dproxy_cache_stale_total") for pod in kept) > 0

    # Back again: what is new is found, and what has changed, within the TTL.
    name, _ = next(iter(services.items()))
    space.kubectl("delete", "service", "s0")
    space.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s0"}, "spec": {"ports": [{"port": 80}]}})
    scale_cluster_dns(cluster_dns_comes_back)
    space.until(name, space.service_ips("s0"))
    assert not any(space.restarts().values())
