# SPDX-License-Identifier: MIT
"""The log: one line an event, as text or JSON, and nothing of a query's content in it."""
import json
import re
import subprocess

import pytest
from harness import wire
from harness.deadline import wait_until
from harness.prox_directory import route

TEXT_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d) (debug|info|warning|error) \S")


def a_life(world, **settings):
    """Start, query, good reload, broken file, end: everything a log tells."""
    upstream = world.upstream(1)
    proxy = world.proxy({"a.prox": route("a.test", upstream), "b.prox": route("b.test", upstream)}, **settings)
    routes = proxy.settings["upstreamlocation"]
    assert proxy.marker("a.test") == 1
    routes.remove("b.prox")
    routes.write("a.prox", route("a.test", upstream, timeout="7s") + route("c.test", upstream))
    proxy.until("c.test", 1)
    proxy.until("b.test", None)
    routes.write("d.prox", '[d.test]\nkey"with\x1b[31m = "odd" \x07 characters\n')
    wait_until(lambda: proxy.metrics().matching("dproxy_config_file_valid") and
               0 in proxy.metrics().matching("dproxy_config_file_valid"), "the fault")
    assert proxy.stop() == 0
    return proxy


def test_text_is_one_line_an_event(world):
    proxy = a_life(world)
    lines = proxy.log().splitlines()
    assert len(lines) >= 4
    for line in lines:
        assert TEXT_LINE.match(line), line
        assert line.isprintable(), line
    assert proxy.errors() == ""


def test_json_is_one_object_an_event(world):
    proxy = a_life(world, logformat="json")
    events = [json.loads(line) for line in proxy.log().splitlines()]
    assert len(events) >= 4
    for event in events:
        assert event["level"] in ("debug", "info", "warning", "error")
        assert event["message"] and re.match(r"\d{4}-\d\d-\d\dT", event["time"])
    reloads = [event for event in events if "added" in event]
    told = {key: " ".join(str(event[key]) for event in reloads) for key in ("added", "changed", "removed")}
    assert "c.test" in told["added"] and "a.test" in told["changed"] and "b.test" in told["removed"]
    fault = next(event for event in events if event["level"] == "error")
    assert fault["file"].endswith("d.prox") and int(fault["line"]) == 2


def test_a_reload_in_text_names_what_was_added_changed_and_removed(world):
    reloads = [line for line in a_life(world).log().splitlines() if "added=" in line]
    assert reloads and all("changed=" in line and "removed=" in line for line in reloads)
    joined = "\n".join(reloads)
    assert re.search(r'added="?[^"=]*c\.test', joined) and re.search(r'changed="?[^"=]*a\.test', joined)
    assert re.search(r'removed="?[^"=]*b\.test', joined)


@pytest.mark.parametrize("level, there, not_there", [("error", "error", "info|warning|debug"),
                                                     ("warning", "error", "info|debug"), ("info", "info", "debug")])
def test_the_level_is_obeyed(world, level, there, not_there):
    log = a_life(world, loglevel=level).log()
    assert re.search(rf"^\S+ {there} ", log, re.M)
    assert not re.search(rf"^\S+ ({not_there}) ", log, re.M)


def test_a_loglevel_of_the_go_program(world):
    assert re.search(r"^\S+ info ", a_life(world, loglevel="cluster").log(), re.M)


def test_queries_and_clients_are_not_logged(world, transport):
    proxy = world.relay(world.upstream(1))
    for _ in range(5):
        assert wire.marker_of(proxy.ask(transport, "secret-name.test")) == 1
    assert proxy.stop() == 0
    assert "secret-name" not in proxy.log()


def test_start_says_where_it_listens_and_what_it_has_read(world):
    proxy = world.proxy({"a.prox": route("a.test", "127.0.0.1")})
    log = wait_until(lambda: proxy.log() if "127.0.0.1:" in proxy.log() else None, "the start in the log")
    assert f"127.0.0.1:{proxy.port}" in log and f"[::1]:{proxy.port}" in log
    assert f"127.0.0.1:{proxy.admin_port}" in log
    assert re.search(r"routes=1\b", log)


def test_a_reader_of_the_log_that_stops_does_not_stop_the_program(world):
    """A full pipe: the program goes on."""
    upstream = world.upstream(1)
    proxy = world.proxy(route("a.test", upstream), wait=False)
    assert proxy.stop() in (0, -15)
    proxy.process = subprocess.Popen(proxy.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                     env=proxy.environment)
    proxy.wait_ready()
    routes = proxy.settings["upstreamlocation"]
    for turn in range(60):
        routes.write("b.prox", "".join(route(f"{'x' * 60}{number}.{turn}.test", upstream) for number in range(50)))
        proxy.until(f"{'x' * 60}0.{turn}.test", 1)
    assert proxy.marker("a.test") == 1 and proxy.get("/livez")[0] == 200
    proxy.process.stdout.close()
    assert proxy.marker("a.test") == 1
