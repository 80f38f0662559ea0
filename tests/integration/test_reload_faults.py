# SPDX-License-Identifier: MIT
"""A file with a fault keeps its last good routes, the others go live, and the fault is told once, with its place."""
import json
import re

import pytest
from harness.deadline import wait_until
from harness.prox_directory import route

BROKEN = {
    "no address": ("[a.test]\nport = 53\n", 1, "address"),
    "unknown key": ("[a.test]\naddress = 127.0.0.1\nadress = 127.0.0.1\n", 3, "adress"),
    "a key twice": ("[a.test]\naddress = 127.0.0.1\naddress = 127.0.0.2\n", 3, "address"),
    "a bad port": ("# one\n# two\n[a.test]\naddress = 127.0.0.1\nport = 70000\n", 5, "70000"),
    "a bad address": ("[a.test]\naddress = 127.0.0.1.1:::\n", 2, "address"),
    "a bad duration": ("[a.test]\naddress = 127.0.0.1\ntimeout = 4\n", 3, "timeout"),
    "no section": ("address = 127.0.0.1\n", 1, "section"),
    "an open bracket": ("[a.test\naddress = 127.0.0.1\n", 1, "]"),
    "a name that is not ASCII": ("[bücher.test]\naddress = 127.0.0.1\n", 1, "xn--"),
    "a label of 64": ("[" + "x" * 64 + ".test]\naddress = 127.0.0.1\n", 1, "63"),
    "a star in the middle": ("[a.*.test]\naddress = 127.0.0.1\n", 1, "*"),
    "a line of 5,000 bytes": ("[a.test]\naddress = 127.0.0.1\n# " + "x" * 5000 + "\n", 3, "4096"),
}


@pytest.fixture(scope="module")
def upstreams(shared_world):
    return {marker: shared_world.upstream(marker) for marker in (1, 2, 3)}


@pytest.fixture
def routes(world, upstreams):
    return world.routes({"a.prox": route("a.test", upstreams[1]), "b.prox": route("b.test", upstreams[2])})


@pytest.fixture
def proxy(world, routes):
    return world.proxy(routes)


def fault_lines(proxy, file="a.prox"):
    return [line for line in proxy.log().splitlines() if file in line and " error " in line]


def until_valid(proxy, file, value):
    wait_until(lambda: validity(proxy).get(file) == value, lambda: f"{file} as {value}: {validity(proxy)}")


def validity(proxy):
    return {labels["file"].rsplit("/", 1)[1]: value for name, labels, value in proxy.metrics().samples
            if name == "dproxy_config_file_valid"}


@pytest.mark.parametrize("text, line, word", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_keeps_its_last_good_routes(proxy, routes, upstreams, text, line, word):
    routes.write("a.prox", text)
    until_valid(proxy, "a.prox", 0)
    assert proxy.marker("a.test") == 1
    assert validity(proxy) == {"a.prox": 0, "b.prox": 1}
    faults = proxy.json("/status")["routes"]["faults"]
    assert [(fault["file"].rsplit("/", 1)[1], fault["line"]) for fault in faults] == [("a.prox", line)], faults
    assert word in faults[0]["message"]
    (said,) = wait_until(lambda: fault_lines(proxy), "the fault in the log")
    assert f"line={line}" in said and word in said
    assert proxy.metrics().one("dproxy_config_last_reload_successful") == 0
    assert proxy.metrics().one("dproxy_config_reloads_total", result="failure") == 1


def test_other_files_go_live_and_the_fault_is_told_once(proxy, routes, upstreams):
    routes.write("a.prox", "[a.test]\nadress = x\n")
    until_valid(proxy, "a.prox", 0)
    for turn in range(3):
        routes.write("b.prox", route("b.test", upstreams[turn % 2 * 2 + 1]))
        proxy.until("b.test", turn % 2 * 2 + 1)
    assert proxy.marker("a.test") == 1
    assert len(fault_lines(proxy)) == len(set(fault_lines(proxy))) <= 2
    assert proxy.get("/readyz")[0] == 200


def test_a_mended_file_is_live_and_valid_again(proxy, routes, upstreams):
    routes.write("a.prox", "[a.test]\n")
    until_valid(proxy, "a.prox", 0)
    routes.write("a.prox", route("a.test", upstreams[3]))
    proxy.until("a.test", 3)
    until_valid(proxy, "a.prox", 1)
    assert proxy.json("/status")["routes"]["faults"] == []
    assert proxy.metrics().one("dproxy_config_last_reload_successful") == 1


def test_a_broken_file_that_is_removed_is_gone(proxy, routes):
    routes.write("a.prox", "[a.test]\n")
    until_valid(proxy, "a.prox", 0)
    routes.remove("a.prox")
    proxy.until("a.test", None)
    wait_until(lambda: validity(proxy) == {"b.prox": 1}, "the end of the series")
    assert proxy.json("/status")["routes"]["faults"] == []


def test_all_faults_of_a_file_are_told(proxy, routes):
    routes.write("a.prox", "[a.test]\nadress = x\nport = 99999\n[b.test]\ntimeout = soon\n")
    until_valid(proxy, "a.prox", 0)
    lines = {fault["line"] for fault in proxy.json("/status")["routes"]["faults"]}
    assert {2, 3, 5} <= lines


def test_a_broken_file_at_the_start_is_left_out(world, upstreams):
    proxy = world.proxy({"a.prox": "[a.test]\n", "b.prox": route("b.test", upstreams[2])})
    assert (proxy.marker("a.test"), proxy.marker("b.test")) == (None, 2)
    assert validity(proxy) == {"a.prox": 0, "b.prox": 1}
    assert fault_lines(proxy)


def test_strict_refuses_a_broken_file_at_the_start(world, upstreams):
    proxy = world.proxy({"a.prox": "[a.test]\n", "b.prox": route("b.test", upstreams[2])}, wait=False, strict="true")
    proxy.expected_status = 2
    assert proxy.wait_over() == 2
    said = proxy.errors().strip().splitlines()
    assert len(said) == 1 and "a.prox:1" in said[0]


def test_strict_is_no_reason_to_stop_later(world, upstreams):
    proxy = world.proxy({"a.prox": route("a.test", upstreams[1])}, strict="true")
    routes = proxy.settings["upstreamlocation"]
    routes.write("a.prox", "[a.test]\n")
    until_valid(proxy, "a.prox", 0)
    assert proxy.marker("a.test") == 1


def test_a_pattern_twice_is_a_fault_of_the_later_section(proxy, routes, upstreams):
    routes.write("c.prox", route("A.test.", upstreams[3]) + route("c.test", upstreams[3]))
    proxy.until("c.test", 3)
    assert proxy.marker("a.test") == 1
    assert validity(proxy) == {"a.prox": 1, "b.prox": 1, "c.prox": 0}
    (fault,) = proxy.json("/status")["routes"]["faults"]
    assert "a.prox" in fault["message"] and fault["file"].endswith("c.prox") and fault["line"] == 1


def test_a_duplicate_takes_over_when_the_first_goes(proxy, routes, upstreams):
    routes.write("c.prox", route("a.test", upstreams[3]) + route("c.test", upstreams[3]))
    proxy.until("c.test", 3)
    routes.remove("a.prox")
    proxy.until("a.test", 3)
    until_valid(proxy, "c.prox", 1)


def test_a_section_that_becomes_a_duplicate_leaves_its_last_good_version_too(proxy, routes, upstreams):
    """A restart must give the same table."""
    routes.write("0.prox", route("a.test", upstreams[3]))
    proxy.until("a.test", 3)
    assert validity(proxy) == {"0.prox": 1, "a.prox": 0, "b.prox": 1}


def test_a_pattern_twice_in_one_file(proxy, routes, upstreams):
    later = route("x.test C.TEST", upstreams[1])
    routes.write("c.prox", route("c.test", upstreams[3]) + later + route("y.test", upstreams[2]))
    proxy.until("y.test", 2)
    assert proxy.marker("c.test") == 3


def test_a_broken_file_counts_with_its_last_good_routes(proxy, routes, upstreams):
    routes.write("a.prox", "[a.test]\n")
    until_valid(proxy, "a.prox", 0)
    routes.write("c.prox", route("a.test", upstreams[3]) + route("c.test", upstreams[3]))
    proxy.until("c.test", 3)
    assert proxy.marker("a.test") == 1


def test_an_unreadable_file_and_a_link_to_nowhere_keep_their_routes(proxy, routes, upstreams):
    (routes.path / "a.prox").unlink()
    (routes.path / "a.prox").symlink_to("/nowhere/at/all")
    routes.write("c.prox", route("c.test", upstreams[3]))
    proxy.until("c.test", 3)
    until_valid(proxy, "a.prox", 0)
    assert proxy.marker("a.test") == 1


def test_a_directory_in_place_of_a_file_does_no_harm(proxy, routes, upstreams):
    (routes.path / "d.prox").mkdir()
    routes.write("c.prox", route("c.test", upstreams[3]))
    proxy.until("c.test", 3)
    assert (proxy.marker("a.test"), proxy.marker("b.test")) == (1, 2)


def test_a_file_over_a_mebibyte_is_a_fault(proxy, routes):
    routes.write("a.prox", "# padding\n" * 110000)
    until_valid(proxy, "a.prox", 0)
    assert proxy.marker("a.test") == 1


def test_the_status_is_json(proxy):
    assert json.loads(proxy.get("/status")[2])["routes"]["count"] == 2


def test_a_flood_of_faults_is_told_to_a_limit(world, upstreams):
    """A copied file, and 100 files of nothing but faults: a few lines in the log, and a small /status."""
    many = "".join(route(f"n{number}.test", upstreams[1]) for number in range(2000))
    files = {f"broken{number}.prox": "nonsense\n" * 300 for number in range(40)}
    proxy = world.proxy({"a.prox": many, "b.prox": many, **files})
    status = proxy.json("/status")
    assert len(status["routes"]["faults"]) == 1001 and len(proxy.get("/status")[2]) < 500_000
    assert proxy.log().count("route file") <= 1001
    assert status["routes"]["faults"][-1]["message"].startswith("and ")
    assert proxy.marker("n1999.test") == 1


def test_lists_of_the_status_are_bounded(world):
    text = "".join(f"[n{number}.test]\naddress = 127.{number // 60000}.{number // 250 % 250}.{number % 250}\n"
                   "health = off\n" for number in range(1, 3001))
    files = {f"f{number:04}.prox": f"[f{number}.test]\nanswer = nodata\n" for number in range(1200)}
    files["f1199.prox"] = "[broken"
    proxy = world.proxy({"a.prox": text, **files})
    status = proxy.json("/status")
    assert len(status["upstreams"]) == 1000 and status["upstreams_more"] == 2000
    assert len(status["routes"]["files"]) == 1000 and status["routes"]["files_more"] == 201
    assert not status["routes"]["files"][0]["valid"] and status["routes"]["files"][1]["valid"]
    assert "hosts_more" not in status
    assert not re.search(r"[0-9]E[-+0-9]", proxy.get("/status")[2])
