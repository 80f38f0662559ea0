# SPDX-License-Identifier: MIT
"""ConfigMaps that are edited, broken, come late and go: live, without a restart."""
import subprocess

from cluster import SECURITY, TOOLS, wait_until


def answer(name, marker):
    return f"[{name}]\n\tanswer = {marker}\n"


def status(space, name, expected, patience=120):
    wait_until(lambda: f"status: {expected}" in space.dig(name), lambda: f"{expected}: {space.dig(name)}", patience)


def test_an_edit_is_live_without_a_restart(space):
    space.nameserver("one", "one.test", "192.0.2.1")
    space.nameserver("two", "one.test", "192.0.2.2")
    space.tools("client")
    watcher = {"name": "watch", "image": TOOLS, "imagePullPolicy": "IfNotPresent", "command": ["sleep", "infinity"],
               "securityContext": SECURITY,
               "volumeMounts": [{"name": "routes", "mountPath": "/routes", "readOnly": True}]}
    values = {"routes": {"up.prox": "[.one.test]\n\taddress = one:5353\n"}, "extraContainers": [watcher]}
    space.install(values)
    space.until("www.one.test", ["192.0.2.1"])
    pods, restarts = space.pods(), space.restarts()
    watches = [subprocess.Popen(["kubectl", "--namespace", space.name, "exec", pod["metadata"]["name"], "-c", "watch",
                                 "--", "watch", "/routes", "www.one.test", "192.0.2.2"],
                                stdout=subprocess.PIPE, text=True)
               for pod in pods]
    for watch in watches:
        assert watch.stdout.readline() == "watching\n"
    space.config_map("dproxy", {"up.prox": "[.one.test]\n\taddress = two:5353\n"})
    taken = [int(watch.communicate(timeout=180)[0]) for watch in watches]
    print(f"live {taken} ms after the kubelet's write")
    space.until("www.one.test", ["192.0.2.2"])
    assert space.restarts() == restarts


def test_a_broken_file_is_told_and_changes_nothing(space):
    space.tools("client")
    good = {"a.prox": answer("a.test", "nodata"), "b.prox": answer("b.test", "nodata")}
    space.install({"routes": good})
    status(space, "a.test", "NOERROR")
    restarts = space.restarts()
    broken = {"a.prox": "[a.test]\n\tanswer = perhaps\n", "c.prox": answer("c.test", "nodata")}
    space.config_map("dproxy", {**good, **broken})
    status(space, "c.test", "NOERROR")
    for pod in space.pods():
        address = pod["status"]["podIP"]
        wait_until(lambda address=address: 'dproxy_config_file_valid{file="/etc/dproxy/routes/a.prox"} 0'
                   in space.metrics(address), "a file that is not valid")
    for name in ("a.test", "b.test"):
        assert "status: NOERROR" in space.dig(name)
    assert space.restarts() == restarts and all(
        one["ready"] for pod in space.pods() for one in pod["status"]["containerStatuses"])
    said = space.kubectl("logs", "deployment/dproxy")
    assert "a.prox" in said and "perhaps" in said


def test_a_second_teams_config_map_comes_changes_and_goes(space):
    space.tools("client")
    space.install({"routes": {"a.prox": answer("a.test", "nodata")}, "existingConfigMaps": ["team-b"]})
    assert "status: REFUSED" in space.dig("b.test")
    restarts = space.restarts()
    space.config_map("team-b", {"b.prox": answer("b.test", "nodata")})
    status(space, "b.test", "NOERROR")
    space.config_map("team-b", {"b.prox": answer("b.test", "nxdomain")})
    status(space, "b.test", "NXDOMAIN")
    space.kubectl("delete", "configmap", "team-b")
    status(space, "b.test", "REFUSED")
    assert "status: NOERROR" in space.dig("a.test")
    assert space.restarts() == restarts
