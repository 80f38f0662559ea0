# SPDX-License-Identifier: MIT
"""List files that sections name by `patterns`: more patterns, live like a route file."""
import json
import os

import pytest
from harness.deadline import wait_until
from harness.program import run
from harness.prox_directory import ConfigMapDirectory, route

BLOCKED = {"answer": "nxdomain", "patterns": "block.txt"}


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture
def routes(world, upstream):
    return world.routes({"a.prox": route("block.test", **BLOCKED) + route("*", upstream),
                         "block.txt": "# a list\none.test\n*.two.test   # and below\n"})


@pytest.fixture
def proxy(world, routes):
    return world.proxy(upstreamlocation=routes)


def rcode(proxy, name, transport="udp"):
    return proxy.ask(transport, name)[3] & 15


def faults(proxy):
    return [f"{fault['file'].rsplit('/', 1)[1]}:{fault['line']}" for fault in proxy.json("/status")["routes"]["faults"]]


@pytest.mark.parametrize("name, blocked", [("block.test", True), ("one.test", True), ("x.two.test", True),
                                           ("ONE.test", True), ("two.test", False), ("x.one.test", False)])
def test_names_of_a_list_are_those_of_its_section(proxy, transport, name, blocked):
    if name == "two.test":  # above a pattern that answers nxdomain itself: no such exception
        blocked = False
    assert (rcode(proxy, name, transport) == 3) == blocked


def test_a_list_that_changes_alone_is_live(proxy, routes):
    routes.write("block.txt", "three.test\n")
    wait_until(lambda: rcode(proxy, "three.test") == 3, "the new list")
    assert proxy.marker("one.test") == 1
    routes.replace("block.txt", "four.test\n")
    wait_until(lambda: rcode(proxy, "four.test") == 3, "the list that took its place")
    wait_until(lambda: '"block.test"' in proxy.log() or "block.test" in proxy.log(), "the section in the log")


def test_broken_lines_are_told_and_the_others_live(proxy, routes):
    routes.write("block.txt", "one.test\nbro..ken\n0.0.0.0 ads.test\nfive.test\n")
    wait_until(lambda: rcode(proxy, "five.test") == 3, "the rest of the list")
    assert faults(proxy) == ["block.txt:2", "block.txt:3"]
    assert proxy.metrics().one("dproxy_config_last_reload_successful") == 0
    told, = proxy.json("/files?file=a.prox")["files"]
    assert not told["valid"] and told["hash"] == told["hash_in_force"] and told["lists"] == [f"{routes}/block.txt"]
    assert [fault["line"] for fault in told["faults"]] == [2, 3]
    checked = run("check", routes)
    assert checked.returncode == 1 and f"{routes}/block.txt:3: " in checked.stdout


def test_a_list_that_is_gone_keeps_the_routes(proxy, routes):
    routes.remove("block.txt")
    wait_until(lambda: faults(proxy) == ["a.prox:3"], "the fault")
    assert rcode(proxy, "one.test") == 3
    os.mkfifo(f"{routes}/block.txt")
    wait_until(lambda: "FIFO" in json.dumps(proxy.json("/status")["routes"]["faults"]), "the next fault")
    assert rcode(proxy, "one.test") == 3
    routes.remove("block.txt")
    routes.write("block.txt", "six.test\n")
    wait_until(lambda: rcode(proxy, "six.test") == 3, "the list that is back")
    assert faults(proxy) == [] and proxy.marker("one.test") == 1


def test_wait_waits_for_the_list_too(proxy, routes):
    def content():
        return json.loads(run("check", routes, "--format", "json").stdout)["files"][0]["hash"]
    before = content()
    routes.write("block.txt", "seven.test\n")
    assert content() != before
    waited = run("wait", "--file", "a.prox", "--hash", content(), "--admin", f"127.0.0.1:{proxy.admin_port}")
    assert waited.returncode == 0, waited
    assert rcode(proxy, "seven.test") == 3


def test_explain_and_routes_name_the_line_of_the_list(proxy, routes):
    told = proxy.json("/explain?name=x.two.test")
    assert (told["route"], told["pattern"], told["line"]) == ("block.test", "*.two.test", 1)
    assert (told["list"], told["list_line"]) == (f"{routes}/block.txt", 3)
    listed = {entry["pattern"]: entry for entry in proxy.json("/routes")["routes"]}
    assert listed["one.test"]["list_line"] == 2 and "list" not in listed["block.test"]
    assert f"{routes}/block.txt:3" in run("explain", "x.two.test", "--upstreamlocation", routes).stdout
    assert f"{routes}/block.txt:2" in run("routes", routes).stdout


def test_a_section_is_left_out_for_a_name_of_another(proxy, routes):
    routes.write("b.prox", route("one.test", answer="refused") + route("other.test", answer="refused"))
    wait_until(lambda: rcode(proxy, "other.test") == 5, "the new file")
    assert faults(proxy) == ["b.prox:1"]
    assert f"({routes}/block.txt:2)" in proxy.json("/status")["routes"]["faults"][0]["message"]
    assert rcode(proxy, "one.test") == 3


@pytest.mark.parametrize("links_first", [False, True], ids=["swap first", "links first"])
def test_a_configmap_with_its_list_is_one_version(world, upstream, links_first):
    def version(number):
        return {"a.prox": route(f"v{number}.test", upstream, patterns="names.txt"),
                "names.txt": f"n{number}.test\nboth.test\n"}
    volume = ConfigMapDirectory(world.directory / "volume", version(0), links_first)
    proxy = world.proxy(upstreamlocation=volume)
    for number in range(1, 8):
        volume.update(version(number))
        proxy.until(f"n{number}.test", 1)
        assert proxy.marker(f"v{number}.test") == proxy.marker("both.test") == 1
        assert proxy.marker(f"n{number - 1}.test") is None
    assert faults(proxy) == []


def test_a_large_list(world, upstream):
    names = "".join(f"n{number}.test\n" for number in range(200_000))
    routes = world.routes({"a.prox": route("block.test", **BLOCKED) + route("*", upstream), "block.txt": names})
    proxy = world.proxy(upstreamlocation=routes)
    assert rcode(proxy, "n199999.test") == 3 and proxy.marker("n200000.test") == 1
    assert proxy.metrics().one("dproxy_config_routes") == 2
    routes.replace("block.txt", names + "last.test\n")
    wait_until(lambda: rcode(proxy, "last.test") == 3, "the larger list", patience=30)
    assert [line for line in proxy.log().splitlines() if "n7.test" in line] == []


def test_a_file_that_is_no_list_is_refused(proxy, routes):
    routes.write("block.txt", "0.0.0.0 ads.test\n" * 20_000)
    wait_until(lambda: "a.prox:3" in faults(proxy), "the fault")
    assert rcode(proxy, "one.test") == 3
    assert len(faults(proxy)) == 102


@pytest.mark.parametrize("name", ["../a.txt", "/etc/hostname", ".hidden", "b.prox", "..data/x"])
def test_a_list_lies_beside_its_file(world, name):
    checked = run("check", world.routes({"a.prox": route("a.test", answer="refused", patterns=name)}))
    assert checked.returncode == 1 and "a.prox:3: `patterns`" in checked.stdout
