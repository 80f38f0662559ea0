# SPDX-License-Identifier: MIT
"""State by file: what stands in each, what every worker goes by, and how somebody waits for it."""
import json
import re
import subprocess

import pytest
from harness.deadline import wait_until
from harness.program import BINARY, ENVIRONMENT, run
from harness.prox_directory import ConfigMapDirectory, route


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture
def routes(world, upstream):
    return world.routes({"a.prox": route("a.test", upstream), "b.prox": route("b.test c.test", upstream)})


@pytest.fixture
def proxy(world, routes):
    return world.proxy(upstreamlocation=routes, workers="2")


def files_of(proxy, name=""):
    return proxy.json("/files" + (f"?file={name}" if name else ""))["files"]


def hash_by_check(directory, name):
    told = json.loads(run("check", directory, "--format", "json").stdout)
    return next(file["hash"] for file in told["files"] if file["file"].endswith("/" + name))


def wait(proxy, name, content, patience="30s"):
    return run("wait", "--file", name, "--hash", content, "--admin", f"127.0.0.1:{proxy.admin_port}", "--for", patience)


def test_each_file_has_its_hash_and_the_time_it_came_into_force(proxy, routes):
    told = files_of(proxy)
    assert [file["file"] for file in told] == [f"{routes}/a.prox", f"{routes}/b.prox"]
    for file, name in zip(told, ("a.prox", "b.prox")):
        assert file["hash"] == file["hash_in_force"] == hash_by_check(routes, name)
        assert file["valid"] and file["in_force"] and file["routes"] == 1 and file["faults"] == []
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", file["since"])
    status = proxy.json("/status")["routes"]["files"]
    assert [file["hash"] for file in status] == [file["hash"] for file in told]
    assert [file["since"] for file in status] == [file["since"] for file in told]


def test_a_change_of_one_file_leaves_the_time_of_the_other(proxy, routes, upstream):
    before = files_of(proxy)
    routes.write("b.prox", route("d.test", upstream))
    assert wait(proxy, "b.prox", hash_by_check(routes, "b.prox")).returncode == 0
    after = files_of(proxy)
    assert after[0] == before[0]
    assert after[1]["since"] > before[1]["since"] and after[1]["hash"] != before[1]["hash"]
    assert proxy.marker("d.test") == 1


def test_a_fault_keeps_the_older_content_in_force(proxy, routes, upstream):
    good = files_of(proxy, "a.prox")[0]
    routes.write("a.prox", "[a.test]\nadress = 127.0.0.1\n")
    waited = wait(proxy, "a.prox", hash_by_check(routes, "a.prox"))
    assert waited.returncode == 1 and waited.stdout.startswith(f"{routes}/a.prox:2: unknown key `adress`"), waited
    told, = files_of(proxy, "a.prox")
    assert not told["valid"] and told["in_force"]
    assert (told["hash_in_force"], told["since"]) == (good["hash"], good["since"])
    assert [fault["line"] for fault in told["faults"]] == [2]
    assert wait(proxy, "a.prox", good["hash"]).returncode == 0  # what is in force is in force


def test_a_section_that_is_left_out_is_a_fault_of_its_file(proxy, routes, upstream):
    routes.write("b.prox", route("a.test", upstream))
    waited = wait(proxy, "b.prox", hash_by_check(routes, "b.prox"))
    assert waited.returncode == 1 and "stands already" in waited.stdout, waited


def test_what_does_not_come_ends_with_three(proxy, routes):
    never = "0" * 16
    over = wait(proxy, "a.prox", never, "300ms")
    assert over.returncode == 3 and "is in force since" in over.stderr, over
    nothing = wait(proxy, "z.prox", never, "1ms")
    assert nothing.returncode == 3 and "no file is called `z.prox`" in nothing.stderr, nothing
    proxy.stop()
    gone = wait(proxy, "a.prox", never, "1ms")
    assert gone.returncode == 3 and f":{proxy.admin_port}" in gone.stderr, gone


@pytest.mark.parametrize("arguments", [(), ("--file", "a"), ("--file", "a", "--hash", "xyz"),
                                       ("--file", "a", "--hash", "0" * 16, "--for", "1x"),
                                       ("--file", "a", "--hash", "0" * 16, "--admin", "ftp://x")])
def test_usage_ends_with_two(arguments):
    done = run("wait", *arguments)
    assert done.returncode == 2 and done.stderr


def test_wait_begins_before_the_content_is_there(proxy, routes, upstream, tmp_path):
    text = route("a.test e.test", upstream)
    (tmp_path / "a.prox").write_text(text)
    command = [BINARY, "wait", "--file", f"{routes}/a.prox", "--hash", hash_by_check(tmp_path, "a.prox"), "--admin",
               f"127.0.0.1:{proxy.admin_port}"]
    waiting = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    routes.write("a.prox", text)
    told, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0 and "in force since" in told
    assert proxy.marker("e.test") == 1


def test_files_of_a_configmap_are_named_by_their_last_components(world, upstream):
    top = world.directory / "top"
    top.mkdir()
    for team in ("team-a", "team-b"):
        ConfigMapDirectory(top / team, {"x.prox": route(f"{team}.test", upstream)})
    proxy = world.proxy(upstreamlocation=top)
    assert [file["file"] for file in files_of(proxy, "x.prox")] == [f"{top}/team-a/x.prox", f"{top}/team-b/x.prox"]
    content, = {file["hash"] for file in files_of(proxy, "team-b/x.prox")}
    assert wait(proxy, "team-b/x.prox", content).returncode == 0
    ambiguous = wait(proxy, "x.prox", content)
    assert ambiguous.returncode == 2 and "several files" in ambiguous.stderr


def test_a_removed_file_is_gone(proxy, routes):
    routes.remove("b.prox")
    wait_until(lambda: len(files_of(proxy)) == 1, "one file less")
    assert files_of(proxy, "b.prox") == []
