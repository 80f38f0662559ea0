# SPDX-License-Identifier: MIT
"""The watch itself: bursts of events, files that are being written, directories that vanish, no inotify left."""
import shutil
import signal
import subprocess

import pytest
from harness.deadline import wait_until
from harness.prox_directory import route


@pytest.fixture(scope="module")
def upstreams(shared_world):
    return {marker: shared_world.upstream(marker) for marker in (1, 2, 3)}


@pytest.fixture
def routes(world, upstreams):
    return world.routes({"a.prox": route("a.test", upstreams[1])})


@pytest.fixture
def without_inotify():
    """The limit is per user; in a user namespace of its own it is set to none."""
    wrapper = ["unshare", "--user", "--map-root-user", "sh", "-c",
               'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', "sh"]
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces with limits of their own here")
    return wrapper


def watch_mode(proxy):
    metrics = proxy.metrics()
    return {mode: metrics.one("dproxy_config_watch", mode=mode) for mode in ("inotify", "poll")}


def test_inotify_is_used(world, routes):
    assert watch_mode(world.proxy(routes)) == {"inotify": 1, "poll": 0}


def test_without_inotify_it_starts_says_so_and_looks_every_two_seconds(world, routes, upstreams, without_inotify):
    proxy = world.proxy(routes, wrapper=without_inotify)
    assert proxy.marker("a.test") == 1
    assert watch_mode(proxy) == {"inotify": 0, "poll": 1}
    proxy.until_logged("inotify")
    assert proxy.get("/readyz")[0] == 200
    routes.write("b.prox", route("b.test", upstreams[2]))
    proxy.until("b.test", 2)
    routes.replace("a.prox", route("a.test", upstreams[3]))
    proxy.until("a.test", 3)
    routes.remove("b.prox")
    proxy.until("b.test", None)
    routes.write("team/t.prox", route("team.test", upstreams[2]))
    proxy.until("team.test", 2)


def test_without_inotify_sighup_reads_at_once(world, routes, upstreams, without_inotify):
    proxy = world.proxy(routes, wrapper=without_inotify)
    routes.write("b.prox", route("b.test", upstreams[2]))
    proxy.signal(signal.SIGHUP)
    proxy.until("b.test", 2)


def test_thousands_of_events(world, routes, upstreams):
    proxy = world.proxy(routes)
    for turn in range(5000):
        (routes.path / f"x{turn % 50}.tmp").write_text("no route")
        if turn % 10 == 0:
            routes.replace("a.prox", route("a.test", upstreams[turn // 10 % 2 + 1]))
    routes.replace("a.prox", route("a.test", upstreams[3]))
    proxy.until("a.test", 3)
    reloads = proxy.metrics().sum("dproxy_config_reloads_total")
    print(f"{reloads:.0f} reloads of 501 changes")
    assert reloads < 400, "each event is a reload"


def test_events_that_never_pause_do_not_hold_up_a_change(world, routes, upstreams):
    """The quiet time is 50 ms, but never more than half a second in all."""
    proxy = world.proxy(routes)
    noise = subprocess.Popen(["sh", "-c", "while :; do echo x > noise.tmp; done"], cwd=routes.path)
    try:
        routes.replace("a.prox", route("a.test", upstreams[3]))
        proxy.until("a.test", 3)
    finally:
        noise.kill()
        noise.wait()


def test_a_thousand_files(world, upstreams):
    files = {f"f{number}.prox": route(f"f{number}.test", upstreams[number % 3 + 1]) for number in range(1000)}
    routes = world.routes(files)
    proxy = world.proxy(routes)
    assert [proxy.marker(f"f{number}.test") for number in (0, 499, 998)] == [1, 2, 3]
    assert proxy.metrics().one("dproxy_config_routes") == 1000
    for number in range(0, 1000, 2):
        routes.remove(f"f{number}.prox")
    proxy.until("f998.test", None)
    proxy.until_metric(500, "dproxy_config_routes")
    assert proxy.marker("f499.test") == 2


def test_a_file_that_is_being_written_keeps_its_routes(world, routes, upstreams):
    """Truncated and half written, not yet closed: plain cp and editors in place do so."""
    proxy = world.proxy(routes)
    with open(routes.path / "a.prox", "w", encoding="ascii") as file:
        file.write("[a.test]\n")
        file.flush()
        routes.write("b.prox", route("b.test", upstreams[2]))
        proxy.until("b.test", 2)
        assert proxy.marker("a.test") == 1
        file.write(f"address = {upstreams[3]}\nhealth = off\n")
    proxy.until("a.test", 3)
    assert proxy.metrics().one("dproxy_config_reloads_total", result="failure") == 0


def test_a_file_that_is_never_closed_is_read_in_the_end(world, routes, upstreams):
    proxy = world.proxy(routes)
    with open(routes.path / "a.prox", "w", encoding="ascii") as file:
        file.write(route("a.test", upstreams[3]))
        file.flush()
        proxy.until("a.test", 3)


def test_a_directory_that_vanishes_keeps_its_routes_and_may_return(world, routes, upstreams):
    proxy = world.proxy(routes)
    shutil.rmtree(routes.path)
    wait_until(lambda: watch_mode(proxy)["poll"] == 1 or str(routes) in proxy.log(), "a word about the directory")
    assert proxy.marker("a.test") == 1
    routes.path.mkdir()
    routes.write("a.prox", route("a.test", upstreams[2]))
    proxy.until("a.test", 2)
    routes.write("a.prox", route("a.test", upstreams[3]))
    proxy.until("a.test", 3)


def test_a_directory_that_is_moved_away_and_replaced(world, routes, upstreams):
    proxy = world.proxy(routes)
    other = world.routes({"a.prox": route("a.test", upstreams[2])}, "other")
    routes.path.rename(routes.path.with_name("old"))
    other.path.rename(routes.path)
    proxy.until("a.test", 2)


def test_a_directory_by_a_link_that_moves(world, upstreams):
    """As release tools do it: `current` points to a directory, then to another."""
    world.routes({"a.prox": route("a.test", upstreams[1])}, "v1")
    world.routes({"a.prox": route("a.test", upstreams[2])}, "v2")
    current = world.directory / "current"
    current.symlink_to("v1")
    proxy = world.proxy(upstreamlocation=current)
    assert proxy.marker("a.test") == 1
    (world.directory / "next").symlink_to("v2")
    (world.directory / "next").rename(current)
    proxy.until("a.test", 2)


def test_one_inotify_instance_however_many_directories(world, upstreams):
    names = [world.routes({"r.prox": route(f"d{number}.test", upstreams[1])}, f"d{number}") for number in range(20)]
    proxy = world.proxy(upstreamlocation=", ".join(map(str, names)))
    assert proxy.marker("d19.test") == 1
    watching = subprocess.run(["sh", "-c", f"ls -l /proc/{proxy.process.pid}/fd | grep -c anon_inode:inotify"],
                              capture_output=True, text=True, check=False).stdout.strip()
    assert watching == "1"


def test_a_file_behind_a_link_is_live_as_soon_as_one_in_place(world, routes, upstreams, tmp_path):
    """Without events it would take 30 s."""
    (tmp_path / "v1").mkdir()
    (tmp_path / "v2").mkdir()
    (tmp_path / "v1" / "file").write_text(route("x.test", upstreams[1]))
    (tmp_path / "v2" / "file").write_text(route("x.test", upstreams[3]))
    (tmp_path / "current").symlink_to("v1")
    (routes.path / "x.prox").symlink_to(tmp_path / "current" / "file")
    proxy = world.proxy(routes)
    assert proxy.marker("x.test") == 1
    (tmp_path / "v1" / "file").write_text(route("x.test", upstreams[2]))
    proxy.until("x.test", 2)
    (tmp_path / "next").symlink_to("v2")
    (tmp_path / "next").rename(tmp_path / "current")
    proxy.until("x.test", 3)
    (tmp_path / "v2" / "beside").write_text(route("x.test", upstreams[1]))
    (tmp_path / "v2" / "beside").rename(tmp_path / "v2" / "file")
    proxy.until("x.test", 1)
    (tmp_path / "v2").rename(tmp_path / "v0")
    (tmp_path / "v1").rename(tmp_path / "v2")
    proxy.until("x.test", 2)
    assert watch_mode(proxy) == {"inotify": 1, "poll": 0}
