# SPDX-License-Identifier: MIT
"""/history: queries, failures and latency of the last two hours. A look that came late on a busy machine leaves a
second unknown, so these tests ask until something was seen, and hold that never more is told than was asked."""
import re
import signal
import socket
import time

import pytest
from harness.deadline import wait_until
from harness.prox_directory import route

MEMBERS = {"queries", "failures", "p50_ms", "p99_ms"}


@pytest.fixture
def upstream(world):
    return world.upstream(1)


def told_of(history, kind, label):
    return next((one for one in history[f"{kind}s"] if one[kind] == label), None)


def counted(series, member="queries"):
    return sum(value or 0 for value in series["seconds"][member])


class Asker:
    """Asks a name until the history says so of something."""

    def __init__(self, proxy, name):
        self.proxy, self.name, self.asked = proxy, name, 0

    def until(self, found, what, patience=60):
        def try_again():
            self.proxy.ask("udp", self.name)
            self.asked += 1
            return found(self.proxy.json("/history"))
        return wait_until(try_again, what, patience=patience, pause=0.2)


def test_queries_are_told_in_total_and_by_route_and_upstream(world, upstream):
    proxy = world.proxy(route("a.test", upstream) + route("b.test", upstream))
    asker = Asker(proxy, "a.test")

    def found(history):
        series = [history["total"], told_of(history, "route", "a.test"), told_of(history, "upstream", str(upstream))]
        return history if all(one and counted(one) for one in series) else None
    history = asker.until(found, "queries in the history")
    for series in (history["total"], told_of(history, "route", "a.test"), told_of(history, "upstream", str(upstream))):
        for length in ("seconds", "tens"):
            assert set(series[length]) == MEMBERS
            assert len({len(values) for values in series[length].values()}) == 1
        assert counted(series) <= asker.asked
        assert any(value and 0 < value < 60_000 for value in series["seconds"]["p50_ms"])
    assert told_of(history, "route", "b.test") is None  # nobody asked for it
    assert history["routes_left_out"] == history["upstreams_left_out"] == 0
    for end in ("seconds_until", "tens_until"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", history[end])


def test_failures_are_told_where_they_are(world, closed_address):
    proxy = world.proxy(route("dead.test", closed_address, timeout="300ms"))

    def found(history):
        series = [(history["total"], "failures"), (told_of(history, "route", "dead.test"), "failures"),
                  (told_of(history, "upstream", str(closed_address)), "failures")]
        return all(one and counted(one, member) for one, member in series)
    Asker(proxy, "dead.test").until(found, "failures in the history")


def test_tens_are_of_ten_seconds_that_are_known(world, upstream):
    proxy = world.proxy(route("a.test", upstream))
    history = Asker(proxy, "a.test").until(
        lambda told: told if any(told["total"]["tens"]["queries"]) else None, "ten seconds that are known",
        patience=300)
    assert all(value is None or value >= 0 for value in history["total"]["tens"]["queries"])


def test_a_process_that_was_stopped_has_a_gap(world, upstream):
    proxy = world.proxy(route("a.test", upstream))
    asker = Asker(proxy, "a.test")
    asker.until(lambda history: counted(history["total"]), "queries in the history")
    proxy.signal(signal.SIGSTOP)
    until = time.monotonic() + 4
    wait_until(lambda: time.monotonic() > until, "some seconds to pass")
    proxy.signal(signal.SIGCONT)

    def has_gap(history):
        queries = history["total"]["seconds"]["queries"]
        return queries if queries.count(None) >= 2 and queries[-1] is not None else None
    asker.until(has_gap, "a gap in the history")
    assert counted(proxy.json("/history")["total"]) <= asker.asked


def test_a_route_that_goes_takes_its_history_with_it(world, upstream):
    routes = world.routes({"a.prox": route("a.test", upstream), "b.prox": route("b.test", upstream)})
    proxy = world.proxy(routes)
    for name in ("a.test", "b.test"):
        Asker(proxy, name).until(lambda history: told_of(history, "route", name), f"{name} in the history")
    routes.remove("a.prox")
    proxy.until("a.test", None)
    wait_until(lambda: told_of(proxy.json("/history"), "route", "a.test") is None, "an end of its history")
    assert told_of(proxy.json("/history"), "route", "b.test")


def test_of_many_routes_those_left_out_are_counted(world, upstream):
    names = [f"n{number}.test" for number in range(90)]
    proxy = world.proxy("".join(route(name, upstream) for name in names))

    def ask_all():
        for name in names:
            proxy.ask("udp", name)
        history = proxy.json("/history")
        return history if history["routes_left_out"] >= 30 else None
    history = wait_until(ask_all, "routes that are left out")
    assert len(history["routes"]) + history["routes_left_out"] == len(names)
    slow = socket.create_connection(("127.0.0.1", proxy.admin_port), timeout=20)
    slow.sendall(b"GET /history HTTP/1.1\r\nHost: localhost\r\n\r\n")  # and reads nothing
    assert proxy.get("/livez")[0] == proxy.get("/history")[0] == 200
    slow.close()
