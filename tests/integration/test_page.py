# SPDX-License-Identifier: MIT
"""The page at / as somebody uses it who is in doubt: search, explain, faults, reloads, the last ten minutes."""
import urllib.parse

import pytest
from harness.deadline import wait_until
from harness.page import page
from harness.ports import ClosedPort
from harness.prox_directory import route

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onfocus=alert(1) autofocus='", "\x1b[31m",
           "\u202etxt.example", "&lt;b&gt;", "%00", "a" * 2000, "\u00e9.test", "a..b"]


def asked(proxy, **parameters):
    return page(proxy, "/?" + urllib.parse.urlencode(parameters))


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    files = {"a.prox": route("www.a.test", upstream) + route(".a.test", upstream, protocol="tcp", timeout="2s"),
             "b.prox": route("b.test", answer="nodata"), "c.prox": "[c.test]\n    adress = 192.0.2.1  # a slip\n"}
    return shared_world.proxy(files, usemasterupstream="true", masterupstream=upstream)


# Search.

@pytest.mark.parametrize(("wanted", "found"), [
    ("a.test", ["www.a.test", ".a.test"]), ("A.TEST", ["www.a.test", ".a.test"]), (" b.test ", ["b.test"]),
    ("www", ["www.a.test"]), ("nowhere", [])])
def test_routes_are_found_by_a_part_of_their_names(proxy, wanted, found):
    shown = asked(proxy, search=wanted)
    assert [row[0] for row in shown.rows if len(row) == 5 and row[0] != "Route"] == found
    assert f"{len(found)} route{'s' if len(found) != 1 else ''} of 3" in shown.text


def test_routes_are_found_by_an_upstream(proxy, upstream):
    rows = [row for row in asked(proxy, search=str(upstream)).rows if row[0] != "Route"]
    assert [row[0] for row in rows] == ["www.a.test", ".a.test"]
    assert all(row[1] == str(upstream) and "/a.prox:" in row[2] for row in rows)


def test_nothing_searched_is_the_whole_page(proxy):
    for query in ("?search=", "?search=%20", "?name=", "?other=1"):
        assert "Upstreams" in [heading for _, heading in page(proxy, "/" + query).headings], query


def test_a_hundred_thousand_routes_are_searched_in_little_memory_and_hold_nobody_up(world):
    files = {f"{number}.prox": "".join(f"[*.n{number}-{at}.large.test]\nanswer = refused\n" for at in range(20_000))
             for number in range(5)}
    proxy = world.proxy(files)
    assert len(proxy.get("/")[2]) < 1_000_000
    before = proxy.metrics().one("process_resident_memory_bytes")
    shown = asked(proxy, search="n4-19999.")
    assert [row[0] for row in shown.rows if row[0] != "Route"] == ["*.n4-19999.large.test"]
    assert "1 route of 100000" in shown.text
    body = proxy.get("/?search=large")[2]
    assert len(body) < 200_000 and "there are more" in body
    for _ in range(20):
        assert "0 routes of 100000" in proxy.get("/?search=nowhere")[2]
        assert proxy.get("/livez")[0] == 200
    grown = proxy.metrics().one("process_resident_memory_bytes") - before
    assert grown < 32 << 20, f"{grown / 2 ** 20:.0f} MiB for some searches"


# A name.

def test_a_name_is_explained_in_words(proxy, upstream):
    shown = asked(proxy, name="www.a.test", type="MX", client="192.0.2.1")
    assert "www.a.test MX for 192.0.2.1 is routed by www.a.test" in shown.text
    assert shown.row("section")[1].startswith("[www.a.test] in ") and shown.row("section")[1].endswith("/a.prox:1")
    assert shown.row("now")[1] == str(upstream)
    assert shown.row("*.a.test")[2] == "an exact name wins over a wildcard"
    values = [attributes.get("value") for tag, attributes, _ in shown.elements if tag == "input"]
    assert values == ["", "www.a.test", "MX", "192.0.2.1"]


@pytest.mark.parametrize(("name", "verdict"), [
    ("x.y.a.test", "is routed by *.a.test"), ("b.test", "is routed by b.test"),
    ("else.test", "has no route and goes to the master upstream")])
def test_every_kind_of_end_is_told(proxy, name, verdict):
    assert f"{name} {verdict}" in asked(proxy, name=name).text


@pytest.mark.parametrize("parameters", [
    {"name": "a..b"}, {"name": "x" * 64 + ".test"}, {"name": "a.test", "type": "NONSENSE"},
    {"name": "a.test", "client": "nobody"}])
def test_what_cannot_be_read_is_told_where_it_was_asked(proxy, parameters):
    shown = asked(proxy, **parameters)
    assert "That cannot be read" in shown.text and ("expected" in shown.text or "cannot be read:" in shown.text)


def test_an_upstream_that_is_down_is_told_with_the_name(world):
    dead = ClosedPort()
    proxy = world.proxy(route("dead.test", dead, health="on", timeout="300ms"))
    wait_until(lambda: f"{dead} (down)" in asked(proxy, name="dead.test").row("now")[1], "the upstream to be down")
    dead.close()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_asked_is_text(proxy, text):
    for parameters in ({"search": text}, {"name": text}, {"name": "a.test", "type": text},
                       {"name": "a.test", "client": text}):
        shown = asked(proxy, **parameters)
        assert not shown.tags & {"script", "img", "b"}, parameters
        assert not [name for name, _ in shown.attributes if name.startswith("on") or name == "autofocus"], parameters
        body = proxy.get("/?" + urllib.parse.urlencode(parameters))[2]
        assert "\x1b" not in body and "\u202e" not in body and len(body) < 100_000


# Faults and reloads.

def test_a_fault_shows_the_line_itself(proxy):
    (fault,) = [row for row in page(proxy).rows if row[2:3] == ["error"]]
    assert fault[0].endswith("/c.prox") and fault[1] == "2" and "address" in fault[3]
    assert fault[4] == "adress = 192.0.2.1 # a slip".replace("1 #", "1  #")


def test_what_a_link_leads_to_outside_is_not_shown(world):
    routes = world.routes({"a.prox": route("a.test", answer="nodata")})
    outside = world.directory / "secret"
    outside.write_text("[x.test]\n    password = hunter2\n")
    (routes.path / "x.prox").symlink_to(outside)
    proxy = world.proxy(routes)
    assert "hunter2" not in proxy.get("/")[2]
    assert any("not shown" in row[3] for row in page(proxy).rows if row[2:3] == ["error"])


def test_reloads_are_told_with_what_they_changed(world, upstream):
    routes = world.routes({"a.prox": route("a.test", upstream) + route("b.test", upstream)})
    proxy = world.proxy(routes)

    def changes():
        return [row[1] for row in page(proxy).rows if row[0].endswith(" UTC")]
    assert changes() == ["read at the start"]
    routes.replace("a.prox", route("a.test", answer="nodata") + route("<b>.test *.new.test", upstream))
    wait_until(lambda: len(changes()) > 1, "a reload on the page")
    routes.replace("a.prox", route("a.test", upstream) + route("new.test", upstream))
    wait_until(lambda: any("added new.test" in change for change in changes()), "another reload on the page")
    assert changes()[-1] == "read at the start"
    assert any("removed b.test" in change for change in changes())


def test_of_many_reloads_the_last_are_told(world, upstream):
    routes = world.routes({"a.prox": ""})
    proxy = world.proxy(routes)
    for number in range(24):
        routes.replace("a.prox", route(f"n{number}.test", upstream))
        proxy.until(f"n{number}.test", 1)
    wait_until(lambda: "added n23.test" in proxy.get("/")[2], "the last reload on the page")
    rows = [row for row in page(proxy).rows if row[0].endswith(" UTC")]
    assert len(rows) == 20 and "read at the start" not in [row[1] for row in rows]


# The last ten minutes.

def test_the_last_ten_minutes_are_drawn_and_told(world, upstream):
    proxy = world.proxy(route("busy.test", upstream) + route("quiet.test", upstream))

    def is_told():
        for _ in range(5):
            proxy.ask("udp", "busy.test")
        shown = page(proxy)
        busy = [row for row in shown.rows if row[0] == "busy.test" and len(row) == 4]
        share = shown.row(str(upstream))[3]
        return busy and "a second now" in busy[0][1] and "99 of 100" in busy[0][2] and share == "100 %"
    wait_until(is_told, "a busy route on the page", pause=0.2)
    shown = page(proxy)
    assert not [row for row in shown.rows if row[0] == "quiet.test" and len(row) == 4]
    pictures = [attributes for tag, attributes, _ in shown.elements if tag == "svg"]
    assert len(pictures) == 6 and all(one["role"] == "img" and one["aria-label"] for one in pictures)


def test_it_comes_again_by_itself_only_when_asked_to(proxy):
    def refresh(path):
        return [attributes["content"] for tag, attributes, _ in page(proxy, path).elements
                if tag == "meta" and attributes.get("http-equiv") == "refresh"]
    assert refresh("/") == refresh("/?search=a&refresh=10") == []
    assert refresh("/?refresh=10") == refresh("/?refresh=99999") == ["10"]
