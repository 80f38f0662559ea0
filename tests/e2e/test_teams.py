# SPDX-License-Identifier: MIT
"""ConfigMaps of several teams: who may name what, lists, sections for some clients; waited for, and compared before."""
import json
import re
import subprocess

import pytest
from cluster import IMAGE, run, wait_until

TEAMS = [{"name": "team-a", "names": [".team-a.example"]}, "team-b"]
TEAM_A = {"a.prox": "[.team-a.example]\n\tanswer = nodata\n"
                    "[block.team-a.example]\n\tanswer = nxdomain\n\tpatterns = block.txt\n",
          "block.txt": "# what nobody should ask for\n.ads.team-a.example\n"}
TEAM_B = {"b.prox": "[.b.example]\n\tanswer = nodata\n[www.team-a.example]\n\tanswer = refused\n"}


@pytest.fixture
def checkout(tmp_path):
    """A directory of routes on this machine, and the program of the image, which reads it as /new."""
    tmp_path.chmod(0o755)

    def write(**folders):
        for folder, files in folders.items():
            made = tmp_path / folder.replace("_", "-")
            made.mkdir(exist_ok=True)
            for name, text in files.items():
                (made / name).write_text(text)

    def dproxy(*arguments):
        return run("docker", "run", "--rm", "--network", "host", "--volume", f"{tmp_path}:/new:ro", IMAGE, *arguments,
                   check=False)

    return write, dproxy


def hash_of(dproxy, file):
    report = json.loads(dproxy("check", "--format", "json", "/new").stdout)
    return next(one["hash"] for one in report["files"] if one["file"] == f"/new/{file}")


def wait_for_file(space, pod, file, content):
    return run("kubectl", "--namespace", space.name, "exec", pod["metadata"]["name"], "--", "dproxy", "wait", "--file",
               file, "--hash", content, "--for", "90s", check=False)


def test_a_team_names_what_is_its_own_and_waits_until_every_pod_has_it(space, checkout):
    write, dproxy = checkout
    space.tools("client")
    write(team_a=TEAM_A, team_b=TEAM_B)
    space.install({"replicaCount": 2, "existingConfigMaps": TEAMS})
    wait_until(lambda: "status: REFUSED" in space.dig("www.team-a.example"), "an answer by the Service")
    space.config_map("team-a", TEAM_A)
    space.config_map("team-b", TEAM_B)
    pods = space.pods()
    assert len(pods) == 2
    for pod in pods:
        done = wait_for_file(space, pod, "team-a/a.prox", hash_of(dproxy, "team-a/a.prox"))
        assert done.returncode == 0, done
        done = wait_for_file(space, pod, "team-b/b.prox", hash_of(dproxy, "team-b/b.prox"))
        assert done.returncode == 1 and "www.team-a.example" in done.stdout, done
    for name, expected in (("www.team-a.example", "NOERROR"), ("x.ads.team-a.example", "NXDOMAIN"),
                           ("b.example", "NOERROR")):
        assert f"status: {expected}" in space.dig(name)

    # The list alone changes, and with it the hash of the file that names it.
    longer = {**TEAM_A, "block.txt": TEAM_A["block.txt"] + ".tracker.team-a.example\n"}
    before = hash_of(dproxy, "team-a/a.prox")
    write(team_a=longer)
    after = hash_of(dproxy, "team-a/a.prox")
    assert before != after
    space.config_map("team-a", longer)
    for pod in pods:
        done = wait_for_file(space, pod, "team-a/a.prox", after)
        assert done.returncode == 0, done
    assert "status: NXDOMAIN" in space.dig("tracker.team-a.example")
    assert set(space.restarts().values()) == {0}


def test_the_office_sees_another_answer(space):
    for name in ("office", "client"):
        space.tools(name)
    office = space.pods("app.kubernetes.io/name=office")[0]["status"]["podIP"]
    space.install({"routes": {"a.prox": f"[.split.example]\n\tanswer = nxdomain\n"
                                        f"[.split.example]\n\tanswer = 192.0.2.10\n\tclients = {office}\n"}})
    space.until("www.split.example", ["192.0.2.10"], name="office")
    assert "status: NXDOMAIN" in space.dig("www.split.example")
    told = json.loads(space.kubectl("exec", "deployment/dproxy", "--", "dproxy", "explain", "www.split.example",
                                    "--client", office, "--format", "json"))
    assert "192.0.2.10" in json.dumps(told)


def test_a_pull_request_is_compared_with_what_runs(space, checkout):
    write, dproxy = checkout
    space.config_map("team-a", TEAM_A)
    space.config_map("team-b", TEAM_B)
    space.install({"existingConfigMaps": TEAMS})
    write(team_a={**TEAM_A, "block.txt": TEAM_A["block.txt"] + ".tracker.team-a.example\n"},
          team_b={"b.prox": "[.b.example]\n\tanswer = nodata\n"})
    forward = subprocess.Popen(["kubectl", "--namespace", space.name, "port-forward", "deployment/dproxy", ":8080"],
                               stdout=subprocess.PIPE, text=True)
    try:
        port = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())[1]
        done = dproxy("diff", "--admin", f"http://127.0.0.1:{port}", "/new")
    finally:
        forward.terminate()
        forward.wait()
    told = [line.split()[:2] for line in done.stdout.splitlines()]
    assert told[:2] == [["+", "tracker.team-a.example"], ["+", "*.tracker.team-a.example"]], done
    # What runs left a section of team-b out: told by the name that its file has there.
    assert done.returncode == 2 and "/etc/dproxy/routes/team-b/b.prox:3: " in done.stderr, done
