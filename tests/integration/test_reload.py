# SPDX-License-Identifier: MIT
"""Routes that change in a plain directory are live within a second."""
import os
import shutil
import signal
import subprocess

import pytest
from harness import wire
from harness.deadline import wait_until
from harness.prox_directory import route


@pytest.fixture(scope="module")
def upstreams(shared_world):
    return {marker: shared_world.upstream(marker) for marker in (1, 2, 3)}


@pytest.fixture
def routes(world, upstreams):
    return world.routes({"a.prox": route("a.test", upstreams[1]), "b.prox": route("*.b.test", upstreams[2])})


@pytest.fixture
def proxy(world, routes):
    started = world.proxy(routes)
    assert started.marker("a.test") == 1 and started.marker("x.b.test") == 2
    return started


def until_log(proxy, *words):
    """A line of the log that holds all the words."""
    return wait_until(lambda: next((line for line in proxy.log().splitlines() if all(word in line for word in words)),
                                   None), f"a line with {words} in the log")


@pytest.mark.parametrize("how", ["write", "replace"])
def test_an_edited_file(proxy, routes, upstreams, how):
    getattr(routes, how)("a.prox", route("a.test", upstreams[3]))
    proxy.until("a.test", 3)
    assert proxy.marker("x.b.test") == 2
    assert "a.test" in until_log(proxy, "changed", "a.test")


@pytest.mark.parametrize("how", ["write", "replace"])
def test_a_new_file(proxy, routes, upstreams, how):
    assert proxy.marker("new.test") is None
    getattr(routes, how)("new.prox", route("new.test", upstreams[3]))
    proxy.until("new.test", 3)
    until_log(proxy, "added", "new.test")


def test_a_removed_file(proxy, routes):
    routes.remove("a.prox")
    proxy.until("a.test", None)
    assert wire.rcode_of(proxy.ask("udp", "a.test")) == wire.REFUSED
    assert proxy.marker("x.b.test") == 2
    until_log(proxy, "removed", "a.test")


def test_a_file_that_is_renamed_in_and_out(proxy, routes):
    (routes.path / "a.prox").rename(routes.path / "a.prox.off")
    proxy.until("a.test", None)
    (routes.path / "a.prox.off").rename(routes.path / "z.prox")
    proxy.until("a.test", 1)


def test_a_file_that_is_copied_and_moved_from_elsewhere(proxy, routes, upstreams, tmp_path):
    (tmp_path / "new").write_text(route("new.test", upstreams[3]))
    shutil.copy(tmp_path / "new", routes.path / "new.prox")
    proxy.until("new.test", 3)
    (tmp_path / "new").write_text(route("new.test", upstreams[1]))
    os.replace(tmp_path / "new", routes.path / "new.prox")
    proxy.until("new.test", 1)


def test_links_and_hard_links(proxy, routes, upstreams, tmp_path):
    (tmp_path / "elsewhere").write_text(route("linked.test", upstreams[3]))
    (routes.path / "link.prox").symlink_to(tmp_path / "elsewhere")
    proxy.until("linked.test", 3)
    (tmp_path / "other").write_text(route("linked.test", upstreams[1]))
    (routes.path / "link.tmp").symlink_to(tmp_path / "other")
    os.replace(routes.path / "link.tmp", routes.path / "link.prox")
    proxy.until("linked.test", 1)


def test_a_route_that_moves_to_another_file(proxy, routes, upstreams):
    routes.write("c.prox", route("a.test", upstreams[3]))
    routes.remove("a.prox")
    proxy.until("a.test", 3)


def test_a_subdirectory_that_appears_changes_and_goes(proxy, routes, upstreams):
    routes.write("team/t.prox", route("team.test", upstreams[3]))
    proxy.until("team.test", 3)
    routes.write("team/t.prox", route("team.test", upstreams[1]))
    proxy.until("team.test", 1)
    routes.write("team/u.prox", route("more.test", upstreams[2]))
    proxy.until("more.test", 2)
    shutil.rmtree(routes.path / "team")
    proxy.until("team.test", None)
    proxy.until("more.test", None)
    assert proxy.marker("a.test") == 1


def test_a_subdirectory_of_a_subdirectory_is_not_read(proxy, routes, upstreams):
    routes.write("team/deep/t.prox", route("deep.test", upstreams[3]))
    routes.write("team/t.prox", route("team.test", upstreams[3]))
    proxy.until("team.test", 3)
    assert proxy.marker("deep.test") is None


def test_two_directories(world, upstreams):
    first = world.routes({"a.prox": route("a.test", upstreams[1])}, "first")
    second = world.routes({"b.prox": route("b.test", upstreams[2])}, "second")
    proxy = world.proxy(upstreamlocation=f"{first}, {second}")
    assert (proxy.marker("a.test"), proxy.marker("b.test")) == (1, 2)
    second.write("b.prox", route("b.test", upstreams[3]))
    proxy.until("b.test", 3)
    first.remove("a.prox")
    proxy.until("a.test", None)
    assert proxy.marker("b.test") == 3


def test_a_directory_that_is_missing_at_the_start_is_watched_for(world, upstreams):
    missing = world.directory / "later" / "routes"
    proxy = world.proxy(upstreamlocation=missing)
    proxy.until_logged(str(missing))
    missing.mkdir(parents=True)
    (missing / "a.prox").write_text(route("a.test", upstreams[1]))
    proxy.until("a.test", 1)


def test_sighup_reads_again_and_changes_nothing(proxy, routes, upstreams):
    hash_before = proxy.metrics().label_values("dproxy_config_info", "hash")
    proxy.signal(signal.SIGHUP)
    until_log(proxy, "SIGHUP")
    routes.write("new.prox", route("new.test", upstreams[3]))
    proxy.signal(signal.SIGHUP)
    proxy.until("new.test", 3)
    assert (proxy.marker("a.test"), proxy.marker("x.b.test")) == (1, 2)
    assert proxy.metrics().label_values("dproxy_config_info", "hash") != hash_before


def test_another_extension(world, upstreams):
    routes = world.routes({"a.dns": route("a.test", upstreams[1]), "b.prox": route("b.test", upstreams[2])})
    proxy = world.proxy(routes, upstreamextension=".dns")
    assert (proxy.marker("a.test"), proxy.marker("b.test")) == (1, None)
    routes.write("c.dns", route("c.test", upstreams[3]))
    proxy.until("c.test", 3)


def test_metrics_of_a_reload(proxy, routes, upstreams):
    before = proxy.metrics()
    assert before.one("dproxy_config_routes") == 2
    routes.write("new.prox", route("new.test", upstreams[3]))
    proxy.until("new.test", 3)
    proxy.until_metric(3, "dproxy_config_routes")
    after = proxy.metrics()
    assert after.one("dproxy_config_reloads_total", result="success") > before.one("dproxy_config_reloads_total",
                                                                                 result="success")
    assert after.one("dproxy_config_reloads_total", result="failure") == 0
    assert after.one("dproxy_config_last_reload_successful") == 1
    assert (after.one("dproxy_config_last_reload_timestamp_seconds")
            > before.one("dproxy_config_last_reload_timestamp_seconds"))
    assert after.label_values("dproxy_config_info", "hash") != before.label_values("dproxy_config_info", "hash")
    assert len(after.matching("dproxy_config_file_valid")) == 3


def test_what_stays_keeps_its_counters_and_what_goes_ends(proxy, routes, upstreams):
    for _ in range(5):
        proxy.marker("a.test")
    routes.remove("b.prox")
    proxy.until("x.b.test", None)
    proxy.until_metric(1, "dproxy_config_routes")
    metrics = proxy.metrics()
    assert metrics.one("dproxy_route_requests_total", route="a.test") == 6
    assert "*.b.test" not in metrics.label_values("dproxy_route_requests_total", "route")
    assert str(upstreams[2]) not in metrics.label_values("dproxy_upstream_requests_total", "upstream")
    assert metrics.sum("dproxy_upstream_requests_total", upstream=str(upstreams[1]), reason="first") == 6


def test_the_same_text_again_is_no_change(proxy, routes, upstreams):
    hash_before = proxy.metrics().label_values("dproxy_config_info", "hash")
    routes.write("a.prox", route("a.test", upstreams[1]))
    routes.replace("b.prox", route("*.b.test", upstreams[2]))
    routes.write("last.prox", route("last.test", upstreams[3]))
    proxy.until("last.test", 3)
    reloads = [line for line in proxy.log().splitlines() if "a.test" in line and "changed" in line]
    assert not [line for line in reloads if "changed=\"a.test" in line or "changed=a.test" in line], reloads
    routes.remove("last.prox")
    proxy.until("last.test", None)
    wait_until(lambda: proxy.metrics().label_values("dproxy_config_info", "hash") == hash_before, "the former hash")


def test_the_listening_sockets_stay(proxy, routes, upstreams):
    """A TCP connection lives through a reload, and is served by the new routes."""
    with proxy.client("tcp") as client:
        assert wire.marker_of(client.ask(wire.query("a.test"))) == 1
        routes.write("a.prox", route("a.test", upstreams[3]))
        proxy.until("a.test", 3)
        assert wire.marker_of(client.ask(wire.query("a.test"))) == 3


def test_what_an_editor_does(proxy, routes, upstreams):
    """sed -i and vi: a new file beside it, renamed over the old one, a backup left."""
    subprocess.run(["sed", "-i.bak", f"s/{upstreams[1].port}/{upstreams[3].port}/", routes.path / "a.prox"], check=True)
    proxy.until("a.test", 3)
