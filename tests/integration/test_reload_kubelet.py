# SPDX-License-Identifier: MIT
"""ConfigMaps as the kubelet mounts and swaps them, in the order of newer versions and of older ones."""
import os
import shutil

import pytest
from harness import wire
from harness.prox_directory import ConfigMapDirectory, route


@pytest.fixture(scope="module")
def upstreams(shared_world):
    return {marker: shared_world.upstream(marker) for marker in (1, 2, 3)}


@pytest.fixture(params=[False, True], ids=["swap first", "links first"])
def links_first(request):
    return request.param


@pytest.fixture
def volume(world, upstreams, links_first):
    return ConfigMapDirectory(world.directory / "volume", {
        "a.prox": route("a.test", upstreams[1]), "b.prox": route("b.test", upstreams[2])}, links_first)


@pytest.fixture
def proxy(world, volume):
    started = world.proxy(upstreamlocation=volume)
    assert (started.marker("a.test"), started.marker("b.test")) == (1, 2)
    return started


def test_each_route_is_read_once(proxy):
    """`..data` and the links beside it are the same files: no duplicates, no faults."""
    metrics = proxy.metrics()
    assert metrics.one("dproxy_config_routes") == 2
    assert sorted(metrics.matching("dproxy_config_file_valid")) == [1, 1]


def test_changed_added_and_removed_in_one_swap(proxy, volume, upstreams):
    volume.update({"b.prox": route("b.test", upstreams[3]), "c.prox": route("c.test", upstreams[1])})
    proxy.until("c.test", 1)
    assert (proxy.marker("a.test"), proxy.marker("b.test")) == (None, 3)
    assert proxy.metrics().one("dproxy_config_last_reload_successful") == 1


def test_many_swaps(proxy, volume, upstreams):
    for turn in range(12):
        marker = turn % 3 + 1
        volume.update({"a.prox": route("a.test", upstreams[marker]),
                       f"n{turn}.prox": route(f"n{turn}.test", upstreams[2])})
        proxy.until(f"n{turn}.test", 2)
        assert proxy.marker("a.test") == marker
        assert turn == 0 or proxy.marker(f"n{turn - 1}.test") is None
    assert proxy.metrics().one("dproxy_config_reloads_total", result="failure") == 0


def test_a_burst_of_swaps_ends_with_the_last(proxy, volume, upstreams):
    for turn in range(100):
        volume.update({"a.prox": route("a.test", upstreams[turn % 2 + 1])})
    volume.update({"a.prox": route("a.test", upstreams[3])})
    proxy.until("a.test", 3)
    assert proxy.marker("b.test") is None


def test_an_empty_config_map_removes_its_routes(proxy, volume, upstreams):
    volume.update({})
    proxy.until("a.test", None)
    assert wire.rcode_of(proxy.ask("udp", "b.test")) == wire.REFUSED
    volume.update({"a.prox": route("a.test", upstreams[3])})
    proxy.until("a.test", 3)


def test_a_broken_file_keeps_its_routes_through_a_swap(proxy, volume, upstreams):
    volume.update({"a.prox": "[a.test]\naddres = 127.0.0.1\n", "b.prox": route("b.test", upstreams[3])})
    proxy.until("b.test", 3)
    assert proxy.marker("a.test") == 1
    assert proxy.metrics().one("dproxy_config_last_reload_successful") == 0


def test_config_maps_side_by_side(world, upstreams, links_first):
    """Each mounted in a subdirectory of its own, as the chart does it, and one at the top."""
    top = ConfigMapDirectory(world.directory / "routes", {"top.prox": route("top.test", upstreams[1])}, links_first)
    teams = {}
    for team in ("team-a", "team-b"):
        files = {"routes.prox": route(f"{team}.test", upstreams[2])}
        teams[team] = ConfigMapDirectory(top.path / team, files, links_first)
    proxy = world.proxy(upstreamlocation=top)
    for name, marker in (("top.test", 1), ("team-a.test", 2), ("team-b.test", 2)):
        assert proxy.marker(name) == marker
    teams["team-b"].update({"routes.prox": route("team-b.test", upstreams[3])})
    proxy.until("team-b.test", 3)
    assert (proxy.marker("top.test"), proxy.marker("team-a.test")) == (1, 2)
    top.update({"top.prox": route("top.test", upstreams[3])})
    proxy.until("top.test", 3)
    assert (proxy.marker("team-a.test"), proxy.marker("team-b.test")) == (2, 3)
    teams["team-a"].update({})
    proxy.until("team-a.test", None)
    labels = proxy.metrics().label_values("dproxy_config_file_valid", "file")
    assert len(labels) == 2 and any("team-b" in label for label in labels)


def test_a_plain_directory_that_becomes_a_config_map(world, upstreams, links_first):
    routes = world.routes({"a.prox": route("a.test", upstreams[1])})
    proxy = world.proxy(routes)
    assert proxy.marker("a.test") == 1
    routes.remove("a.prox")
    ConfigMapDirectory(routes.path, {"a.prox": route("a.test", upstreams[2])}, links_first)
    proxy.until("a.test", 2)


def test_a_volume_that_is_rebuilt(proxy, volume, upstreams, links_first):
    """The whole directory goes and returns: its routes stay while it is gone."""
    shutil.rmtree(volume.path)
    assert proxy.marker("a.test") == 1
    ConfigMapDirectory(volume.path, {"a.prox": route("a.test", upstreams[3])}, links_first)
    proxy.until("a.test", 3)


def test_the_data_link_moved_by_hand(proxy, volume, upstreams):
    """`kubectl cp` and scripts are less careful than the kubelet: the link is gone for a moment."""
    (volume.path / "..new").mkdir()
    (volume.path / "..new" / "a.prox").write_text(route("a.test", upstreams[3]))
    os.unlink(volume.path / "..data")
    os.symlink("..new", volume.path / "..data")
    proxy.until("a.test", 3)
