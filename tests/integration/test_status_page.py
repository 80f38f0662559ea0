# SPDX-License-Identifier: MIT
"""The page at /, for people: what is on it, that nothing on it is code, and that it stays small."""
import contextlib
import re

import pytest
from harness.deadline import wait_until
from harness.page import page
from harness.ports import ClosedPort
from harness.prox_directory import route

ROWS = 200  # max_page_rows of the program


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def dead():
    with contextlib.closing(ClosedPort()) as port:
        yield str(port)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream, dead):
    files = {"a.prox": route("www.a.test", upstream) + route("*.a.test", dead, health="on", timeout="300ms"),
             "b.prox": route("b.test", answer="nodata"),
             "<img src=x onerror=alert(1)>.prox": "[c.test]\n\t<script>alert(1)</script> = \"&amp;'\n"}
    started = shared_world.proxy(files, usemasterupstream="true", masterupstream=upstream)
    for name in ("www.a.test", "x.a.test", "b.test"):
        started.ask("udp", name)
    wait_until(lambda: "(down)" in started.get("/")[2], "the upstream that is down")
    return started


def test_routes_say_where_they_go(proxy, upstream, dead):
    shown = page(proxy)
    _, goes_to, file, queries, failed = shown.row("www.a.test", 5)
    assert (goes_to, queries, failed) == (str(upstream), "1", "0") and file.endswith("/a.prox:1")
    assert shown.row("*.a.test", 5)[1] == f"{dead} (down)"
    assert shown.row("*.a.test", 5)[3:] == ["1", "1"]
    assert shown.row("b.test", 5)[1] == "answers nodata"
    assert shown.row("(master)", 5)[1] == str(upstream)


def test_upstreams_say_how_they_are_those_that_are_down_first(proxy, upstream, dead):
    rows = page(proxy).rows
    states = [(row[0], row[2].split(" for ")[0]) for row in rows if len(row) == 8]
    assert states == [("Address", "State"), (dead, "down"), (str(upstream), "up")]
    assert "refused" in page(proxy).row(dead)[7]


def test_traffic_and_faults_are_told(proxy):
    shown = page(proxy)
    assert ["answers", "SERVFAIL, dproxy's own", "1"] in shown.rows
    assert ["refused or answered here", "no_upstream", "1"] in shown.rows
    (fault,) = [row for row in shown.rows if len(row) == 5 and row[2] == "error"]
    assert fault[1] == "2" and "<script>alert(1)</script>" in fault[3]
    assert fault[4] == "<script>alert(1)</script> = \"&amp;'"
    (file,) = [row for row in shown.rows if "onerror" in row[0] and len(row) == 2]
    assert file[1] == "has a fault, and there is no good version of it"
    assert "ready" in shown.text and f"127.0.0.1:{proxy.port}" in shown.text and "3 routes of 3 files" in shown.text


def test_what_comes_from_files_is_text(proxy):
    shown = page(proxy)
    assert not shown.tags & {"script", "img", "iframe", "object"}
    assert not [name for name, _ in shown.attributes if name.startswith("on")]
    assert "<script" not in proxy.get("/")[2]


def test_nothing_comes_from_elsewhere(proxy):
    shown = page(proxy)
    sources = [value for name, value in shown.attributes if name in ("href", "src", "action")]
    assert sources and all(re.fullmatch(r"data:,|#[a-z]+|\?(refresh=10)?|[a-z]+(\?name=www\.example\.com)?", value)
                           for value in sources)
    policy = [value for name, value in shown.attributes if name == "content" and "default-src" in value]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"]
    assert "@import" not in proxy.get("/")[2] and "url(" not in proxy.get("/")[2]


def test_every_other_page_is_linked(proxy):
    links = {value for name, value in page(proxy).attributes
             if name == "href" and not value.startswith(("data:", "#", "?"))}
    assert links == {"status", "files", "routes", "history", "explain?name=www.example.com", "metrics", "livez",
                     "readyz"}
    for path in links:
        assert proxy.get(f"/{path}")[0] == 200, path


def test_the_page_stays_small_whatever_the_files_hold(world):
    """Tables are cut, and so are long names, many upstreams of a route and many faults."""
    many = ", ".join(f"127.1.{number}.1" for number in range(64))
    files = {f"f{number:03}.prox": "" for number in range(300)}
    files["big.prox"] = "".join(f"[r{number}.test]\n address={many}\n health=off\n" for number in range(900))
    patterns = " ".join(f"x{number}.long.test" for number in range(200))
    files["aaa.prox"] = f"[{patterns}]\n address = 127.0.0.1\n health = off\n"
    files["broken.prox"] = "".join(f"[b{number}.test]\n zzz{number}{'z' * 500} = 1\n" for number in range(400))
    proxy = world.proxy(files)
    body = proxy.get("/")[2]
    assert len(body) < 1_000_000
    shown = page(proxy)
    headings = sorted(shown.heading_rows())
    assert len(headings) >= 5
    for begin, end in zip(headings, headings[1:] + [len(shown.rows)]):
        assert end - begin - 1 <= ROWS
    assert re.search(r"and 7\d\d more, in /routes", shown.text)
    assert "and 56 more" in shown.row("r0.test", 5)[1]
    assert any(row[0].endswith("...") and len(row[0]) == 303 for row in shown.rows)
