# SPDX-License-Identifier: MIT
"""Teams that share one dproxy: each directory names its own."""
import json

import pytest
from harness.deadline import wait_until
from harness.program import run
from harness.prox_directory import ConfigMapDirectory, route

OWNERS = "team-a=.a.test, team-b=.b.test, *=.shared.test"


@pytest.fixture
def upstreams(world):
    return [world.upstream(marker) for marker in (1, 2, 3)]


@pytest.fixture
def top(world, upstreams):
    top = world.directory / "routes"
    top.mkdir()
    world.volumes = {
        "team-a": ConfigMapDirectory(top / "team-a", {"x.prox": route("www.a.test", upstreams[0])}),
        "team-b": ConfigMapDirectory(top / "team-b", {"x.prox": route("www.b.test", upstreams[1])})}
    return top


def faults(proxy):
    return [fault["message"] for fault in proxy.json("/status")["routes"]["faults"]]


def test_a_team_cannot_take_what_another_owns(world, top, upstreams):
    proxy = world.proxy(upstreamlocation=top, owners=OWNERS)
    assert (proxy.marker("www.a.test"), proxy.marker("www.b.test")) == (1, 2)
    # The ConfigMap that comes first in the order of names wins a pattern that stands twice: not so a foreign one.
    world.volumes["team-a"].update({"x.prox": route("www.a.test", upstreams[0]) + route("www.b.test", upstreams[0]) +
                                    route("new.a.test", upstreams[0]) + route("a.shared.test", upstreams[0])})
    proxy.until("new.a.test", 1)
    assert (proxy.marker("www.b.test"), proxy.marker("a.shared.test")) == (2, 1)
    assert faults(proxy) == ["the pattern `www.b.test` is owned by `team-b`, as `.b.test`; this section is left out"]
    told, = proxy.json("/files?file=team-a/x.prox")["files"]
    assert not told["valid"] and told["routes"] == 3 and told["faults"][0]["line"] == 4
    assert proxy.metrics().one("dproxy_config_last_reload_successful") == 0
    world.volumes["team-a"].update({"x.prox": route("www.a.test", upstreams[0])})
    wait_until(lambda: faults(proxy) == [], "no faults")


def test_check_explain_and_diff_go_by_it(world, top, upstreams):
    world.volumes["team-b"].update({"x.prox": route("www.a.test", upstreams[1]) + route("www.b.test", upstreams[1])})
    assert run("check", top).returncode == 1  # for the pattern that stands twice
    checked = run("check", top, "--owners", OWNERS)
    assert checked.returncode == 1 and "is owned by `team-a`" in checked.stdout and "1 error" in checked.stdout
    explained = run("explain", "www.a.test", "--upstreamlocation", top, "--owners", OWNERS, "--format", "json")
    assert json.loads(explained.stdout)["file"].endswith("/team-a/x.prox")


@pytest.mark.parametrize("owners", ["team-a", "team-a=a..test", "a/b=x.test", "=x.test"])
def test_what_is_no_pair_is_a_start_up_error(world, owners):
    done = run("serve", "--owners", owners, "--listen", "127.0.0.1:0")
    assert done.returncode == 2 and "owners" in done.stderr
