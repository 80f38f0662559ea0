# SPDX-License-Identifier: MIT
"""Pods come, go, stop and die under 2,000 queries a second from fixed client ports: what is lost, and why."""
import threading
import time

import pytest
from cluster import on_node, run, wait_until

RATE = 2000
ROUTES = {"a.prox": "[.a.test]\n\tanswer = nodata\n"}


@pytest.fixture
def served(space):
    space.tools("client")
    space.install({"routes": ROUTES})
    wait_until(lambda: "status: NOERROR" in space.dig("x.a.test"), "an answer")
    return space


def program_on_node(pod):
    """The process of that pod's dproxy, as the node sees it: the one whose cgroup names the pod."""
    uid = pod["metadata"]["uid"]
    for pid in on_node("pgrep", "-x", "dproxy").split():
        groups = on_node("cat", f"/proc/{pid}/cgroup", check=False)
        if uid in groups or uid.replace("-", "_") in groups:
            return pid
    raise AssertionError(f"no process of the pod {pod['metadata']['name']} on the node")


def restart(space):
    space.kubectl("rollout", "restart", "deployment/dproxy")
    space.kubectl("rollout", "status", "deployment/dproxy", "--timeout=120s")


def delete_one(space):
    space.kubectl("delete", "pod", space.pods()[0]["metadata"]["name"])
    space.kubectl("rollout", "status", "deployment/dproxy", "--timeout=120s")


def upgrade(space):
    space.install({"routes": ROUTES, "settings": {"loglevel": "debug"}}, verb="upgrade")


@pytest.mark.parametrize("change", [restart, delete_one, upgrade], ids=["rollout restart", "delete pod", "upgrade"])
def test_no_query_is_lost_when_pods_are_replaced(served, change):
    old = {pod["metadata"]["name"] for pod in served.pods()}
    seconds = 45
    load = served.begin_load(served.service_ips()[0], "x.a.test", seconds, RATE)
    began = time.monotonic()
    time.sleep(3)
    change(served)
    gone = {pod["metadata"]["name"] for pod in served.get("pods", "-l", "app.kubernetes.io/name=dproxy")["items"]}
    if change is not delete_one:
        wait_until(lambda: not old & {pod["metadata"]["name"] for pod in served.get(
            "pods", "-l", "app.kubernetes.io/name=dproxy")["items"]}, "an end of the old pods")
    took = time.monotonic() - began
    found = load()
    lost_at = sorted({round(at) for at in found.pop("lost_at")})
    print(f"{change.__name__}: {found}, lost in the seconds {lost_at}; the change took {took:.0f} s; pods {len(gone)}")
    assert took < seconds, "the load was over before the change"
    assert found["lost"] == 0 and found["failed"] == 0


def test_a_stopped_program_is_found_and_replaced(served):
    pod = served.pods()[0]
    restarts = served.restarts()[pod["metadata"]["name"]]
    began = time.monotonic()
    on_node("kill", "-STOP", program_on_node(pod))
    wait_until(lambda: served.restarts().get(pod["metadata"]["name"], 0) > restarts, "a restart", 90)
    mended = wait_until(lambda: all(one["ready"] for one in next(
        other for other in served.pods() if other["metadata"]["name"] == pod["metadata"]["name"]
    )["status"]["containerStatuses"]) and time.monotonic() - began, "a pod that is ready again", 60)
    print(f"a stopped program was restarted and ready after {mended:.0f} s")


def test_a_killed_program_costs_the_other_pod_nothing(served):
    """Queries that were on their way to the one that is killed are lost; the other's are not."""
    killed, other = served.pods()
    pid = program_on_node(killed)
    address = other["status"]["podIP"]
    direct = served.begin_load(address, "x.a.test", 20, RATE, port=1053)
    service = served.begin_load(served.service_ips()[0], "x.a.test", 20, 500, first_port=45000)
    threading.Timer(4, on_node, ["kill", "-KILL", pid]).start()
    found, through = direct(), service()
    print(f"SIGKILL: the other pod {found['lost']} of {found['sent']} lost; through the Service {through['lost']} of "
          f"{through['sent']}, {through['refused']} refused")
    assert found["lost"] == 0 and found["failed"] == 0
    wait_until(lambda: served.restarts()[killed["metadata"]["name"]] > 0, "a restart")
    assert run("kubectl", "--namespace", served.name, "get", "pod", killed["metadata"]["name"]).returncode == 0
