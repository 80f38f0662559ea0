# SPDX-License-Identifier: MIT
"""`dproxy diff`: two directories, or a running instance and a directory."""
import json

import pytest
from harness.ports import free_port
from harness.program import run
from harness.prox_directory import route

OLD = {"a.prox": route(".example.com", "127.0.0.1:5301") + route("www.example.com", "127.0.0.1:5302"),
       "b.prox": route("*.b.example.com", "[::1]:5303") + route("none.test", answer="nxdomain")}
MOVED = {"z.prox": route("none.test", answer="nxdomain") + route("*.example.com example.com", "127.0.0.1:5301"),
         "y.prox": route("www.example.com", "127.0.0.1:5302") + route("*.b.example.com", "[::1]:5303")}
NEW = {"a.prox": route(".example.com", "127.0.0.1:5301") + route("www.example.com", "127.0.0.1:5302", timeout="1s"),
       "b.prox": route("x.b.example.com", "127.0.0.1:5309") + route("none.test", "127.0.0.1:5304")}


@pytest.fixture(scope="module")
def running(shared_world):
    return shared_world.proxy(OLD)


@pytest.fixture(params=["directory", "instance"])
def old(request, running):
    """What stands before NEW on the command line."""
    if request.param == "instance":
        return ["--admin", f"http://127.0.0.1:{running.admin_port}"]
    return [running.settings["upstreamlocation"]]


def test_the_same_routes_elsewhere_are_no_difference(world, old):
    done = run("diff", *old, world.routes(MOVED))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "0 patterns added, 0 removed, 0 changed\n"


def test_each_name_that_goes_elsewhere_is_told(world, old):
    now = world.routes(NEW)
    done = run("diff", *old, now)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [
        ["+", "x.b.example.com"], ["~", "www.example.com"], ["~", "none.test"], ["-", "*.b.example.com"]]
    assert "[::1]:5303 by *.b.example.com -> 127.0.0.1:5309" in lines[0] and lines[0].endswith(f"{now}/b.prox:1")
    assert "timeout_ms default -> 1000" in lines[1] and "answers NXDOMAIN -> 127.0.0.1:5304" in lines[2]
    assert "-> 127.0.0.1:5301 by *.example.com" in lines[3]
    assert lines[-1] == "1 pattern added, 1 removed, 2 changed"


def test_json_and_markdown_tell_the_same(world, old):
    now = world.routes(NEW)
    told = json.loads(run("diff", *old, now, "--format", "json").stdout)
    assert [told[kind] for kind in ("added", "removed", "changed", "unmoved")] == [1, 1, 2, 0]
    assert [change["pattern"] for change in told["changes"]] == [
        "x.b.example.com", "www.example.com", "none.test", "*.b.example.com"]
    assert told["changes"][1]["keys"] == ["timeout_ms"]
    table = run("diff", *old, now, "--format", "markdown").stdout
    assert table.count("\n| ") == 5 and "| removed | `*.b.example.com` |" in table


OFFICE = (route("*.test", "127.0.0.1:5301") + route("*.test", "127.0.0.1:5302", clients="10.0.0.0/8, fd00::/8")
          + route("a.test", answer="192.0.2.1, 2001:db8::1", types="A, AAAA"))


@pytest.mark.parametrize("side", ["directory", "instance"])
def test_sections_for_some_clients_and_types(world, side):
    """The same pattern in several sections: each is compared with the one that the same queries see."""
    before = world.routes({"a.prox": OFFICE}, "before")
    old = [before] if side == "directory" else [
        "--admin", f"http://127.0.0.1:{world.proxy({'a.prox': OFFICE}).admin_port}"]
    same = OFFICE.replace("10.0.0.0/8, fd00::/8", "fd00::/8, 10.0.0.0/8")
    assert run("diff", *old, world.routes({"b.prox": same}, "same")).returncode == 0
    now = OFFICE.replace("5302", "5303").replace("192.0.2.1", "192.0.2.9") + route("b.test", "127.0.0.1:5309")
    done = run("diff", *old, world.routes({"a.prox": now}, "now"))
    assert done.returncode == 1, done.stderr
    told = [line.rpartition("  ")[0] for line in done.stdout.splitlines()[:-1]]
    assert told == [
        "~ a.test (types A, AAAA)  answers 192.0.2.1, 2001:db8::1 -> answers 192.0.2.9, 2001:db8::1",
        "+ b.test  127.0.0.1:5302 by *.test (clients 10.0.0.0/8, fd00::/8), and 127.0.0.1:5301 by *.test"
        " -> 127.0.0.1:5309",
        "~ *.test (clients 10.0.0.0/8, fd00::/8)  127.0.0.1:5302 -> 127.0.0.1:5303"]


def test_a_fault_is_told_as_check_tells_it(world, old):
    directory = world.routes({"bad.prox": "[a.test]\nadress = 127.0.0.1\n"})
    done = run("diff", *old, directory)
    assert done.returncode == 2
    assert done.stderr == run("check", directory).stdout.splitlines(keepends=True)[0]
    assert run("diff", *old, f"{directory}/none").returncode == 2


def test_the_faults_of_a_running_instance(world):
    """What it left out and what it warns of, once where the directory says the same."""
    bad = {"a.prox": route("a.test", "127.0.0.1:5301"), "bad.prox": "[b.test]\nadress = 127.0.0.1\n"}
    proxy = world.proxy(bad)
    old = ["--admin", f"http://127.0.0.1:{proxy.admin_port}"]
    fault = ":2: unknown key `adress`; did you mean `address`?\n"
    now = world.routes({"a.prox": bad["a.prox"]}, "now")
    done = run("diff", *old, now)
    location = proxy.settings["upstreamlocation"]
    assert (done.returncode, done.stderr) == (2, f"{location}/bad.prox{fault}")
    assert done.stdout == "0 patterns added, 0 removed, 0 changed\n"
    assert run("diff", *old, location).stderr == f"{location}/bad.prox{fault}"


@pytest.mark.parametrize("arguments", [("diff",), ("diff", "a"), ("diff", "a", "b", "c"), ("diff", "--admin", "x"),
                                       ("diff", "--admin", "http://127.0.0.1:1", "a", "b"),
                                       ("diff", "a", "b", "--format", "yaml")])
def test_wrong_usage_is_status_2_and_one_line(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_an_instance_that_does_not_run(world):
    done = run("diff", "--admin", f"http://127.0.0.1:{free_port()}", world.routes(OLD))
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1


def test_many_patterns_are_compared(world):
    text = "".join(f"[n{number}.example.com]\nanswer = nxdomain\n" for number in range(20_000))
    files = {f"{file}.prox": text.replace("[n", f"[f{file}n") for file in range(10)}
    old = world.routes(files, "old")
    now = world.routes({**files, "more.prox": route("*.example.com", answer="drop")}, "new")
    assert run("diff", old, old).returncode == 0
    done = run("diff", old, now)
    assert done.returncode == 1 and done.stdout.count("\n") == 2
