# SPDX-License-Identifier: MIT
"""The query log: a line for each query that is answered, by whatever it came and from wherever the answer is; of one
in N where so few are wanted; and whoever does not read it loses lines, never an answer."""
import json
import re
import subprocess
import threading

import pytest
from harness import behaviours, wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.ports import free_port
from harness.prox_directory import route
from harness.zone_transfer import expect, sending, transfer_query, zone

JSON = {"logformat": "json", "querylog": "on"}
WAYS = ("udp", "tcp", "tls", "https", "http")
NOT_AUTHORITATIVE, PROHIBITED, NO_REACHABLE_AUTHORITY, STALE = 20, 18, 22, 3
DROPPED = "dproxy_querylog_dropped_total"


def lines(proxy):
    """Of the query log, whole ones, of JSON."""
    whole = proxy.log().rpartition("\n")[0]
    return [event for event in map(json.loads, whole.splitlines()) if event["message"] == "query"]


def told(proxy, count):
    """So many lines, and no more."""
    wait_until(lambda: len(lines(proxy)) >= count, lambda: f"{count} lines of the query log, only {lines(proxy)}")
    found = lines(proxy)
    assert len(found) == count, found
    return found


def told_once(proxy):
    return told(proxy, 1)[0]


def at_end(proxy):
    """All that there are, when it has ended."""
    assert proxy.stop() == 0
    return lines(proxy)


def edns(name, rtype=wire.A):
    return wire.query(name, rtype, additional=[wire.opt()])


# What a line says.

@pytest.mark.parametrize("way", WAYS)
def test_a_query_by_each_transport(world, pair, way):
    upstream = world.upstream(1)
    listen = {f"listen_{name}": f"127.0.0.1:{free_port()}" for name in WAYS[2:]}
    proxy = world.proxy(route(".x.test", upstream), **listen, tls_cert=pair[0], tls_key=pair[1], **JSON)
    reply = proxy.ask(way, wire.query("a.X.test", wire.AAAA), source="127.0.0.5")
    line = told_once(proxy)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert 0 < line["taken_ms"] < 60_000
    assert line == {"time": line["time"], "level": "info", "message": "query", "client": "127.0.0.5", "transport": way,
                    "name": "a.X.test", "type": "AAAA", "route": ".x.test", "upstream": str(upstream), "attempts": 1,
                    "taken_ms": line["taken_ms"], "rcode": "NOERROR", "bytes": len(reply), "source": "upstream"}


def test_a_client_over_ipv6_and_a_line_of_text(world):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, settings={"querylog": "on"})
    assert proxy.ask("udp", "x.test", family=6)
    log = wait_until(lambda: proxy.log() if " query " in proxy.log() else None, "the line")
    line = next(line for line in log.splitlines() if " query " in line)
    assert re.fullmatch(r"\S+Z info query client=::1 transport=udp name=x\.test type=A route=\* "
                        rf"upstream={upstream} attempts=1 taken_ms=[0-9.]+ rcode=NOERROR bytes=\d+ "
                        r"source=upstream", line)


def test_answers_of_our_own(world):
    sections = [route(".addresses.test", answer="192.0.2.1"), route("gone.test", answer="nxdomain"),
                route("others.test", "192.0.2.1", allow="192.0.2.0/24"), route("silent.test", answer="drop")]
    proxy = world.proxy("".join(sections), **JSON, workers=1)
    proxy.ask("udp", "a.addresses.test")
    proxy.ask("udp", edns("gone.test"))
    proxy.ask("udp", edns("others.test"))
    proxy.ask("udp", edns("elsewhere.test"))
    proxy.ask("udp", "elsewhere.test")  # which the client is not told, as it has no EDNS
    proxy.ask("udp", wire.header(counts=(0, 0, 0, 0)))
    with proxy.client("udp") as client:
        client.send(wire.query("silent.test"))
        assert wire.rcode_of(client.ask(wire.query("gone.test"))) == wire.NXDOMAIN
    found = told(proxy, 7)
    said = [(line.get("name"), line["route"], line["rcode"], line.get("ede")) for line in found]
    assert said == [
        ("a.addresses.test", ".addresses.test", "NOERROR", None), ("gone.test", "gone.test", "NXDOMAIN", None),
        ("others.test", "others.test", "REFUSED", PROHIBITED),
        ("elsewhere.test", "(none)", "REFUSED", NOT_AUTHORITATIVE),
        ("elsewhere.test", "(none)", "REFUSED", NOT_AUTHORITATIVE), (None, "(none)", "FORMERR", None),
        ("gone.test", "gone.test", "NXDOMAIN", None)]
    assert all(line["source"] == "local" and line["attempts"] == 0 and "upstream" not in line for line in found)
    assert "type" not in found[5]


def test_the_master_upstream(world):
    upstream = world.upstream(1)
    proxy = world.proxy({}, usemasterupstream=True, masterupstream=upstream, **JSON)
    proxy.ask("udp", "x.test")
    line = told_once(proxy)
    assert (line["route"], line["upstream"]) == ("(master)", str(upstream))


def test_silence_is_told_with_whom_was_asked_how_often_and_why(world):
    silent = world.upstream(1, behaviours.silence)
    proxy = world.relay(silent, settings=JSON, timeout="400ms", attempts=2)
    proxy.ask("udp", "x.test")
    line = told_once(proxy)
    assert (line["rcode"], line["source"], line["ede"]) == ("SERVFAIL", "local", NO_REACHABLE_AUTHORITY)
    assert (line["upstream"], line["attempts"]) == (str(silent), 2)
    assert line["taken_ms"] >= 400


def test_of_several_upstreams_the_one_that_answered_is_told(world):
    failing, good = world.upstream(1, behaviours.with_rcode(wire.SERVFAIL)), world.upstream(2)
    proxy = world.relay(failing, good, settings=JSON, policy="first", fallback_on="servfail")
    proxy.ask("udp", "x.test")
    line = told_once(proxy)
    assert (line["upstream"], line["attempts"], line["rcode"]) == (str(good), 2, "NOERROR")


def test_of_several_that_failed_the_one_whose_answer_it_is(world):
    first = world.upstream(1, behaviours.with_rcode(wire.SERVFAIL))
    second = world.upstream(2, behaviours.with_rcode(wire.REFUSED))
    proxy = world.relay(first, second, settings=JSON, policy="first", fallback_on="servfail, refused")
    proxy.ask("udp", "x.test")
    line = told_once(proxy)
    assert (line["upstream"], line["attempts"]) == (str(first), 2)
    assert (line["rcode"], line["source"]) == ("SERVFAIL", "upstream")


def test_an_upstreams_own_error(world):
    """Without the question, and with a reason of its own."""
    upstream = world.upstream(1, behaviours.replying(behaviours.bare_header(wire.REFUSED)))
    proxy = world.relay(upstream, settings=JSON)
    proxy.ask("udp", "x.test")
    line = told_once(proxy)
    assert (line["name"], line["type"], line["rcode"], line["source"]) == ("x.test", "A", "REFUSED", "upstream")
    assert "ede" not in line
    blocked = wire.opt(options=wire.option(15, b"\0\x0f"))
    upstream.behaviour = behaviours.replying(lambda message: behaviours.answer_to(message, 1, 5, additional=blocked))
    proxy.ask("udp", edns("y.test"))
    assert told(proxy, 2)[1]["ede"] == 15


def test_kept_answers(world):
    def brief(message):
        return behaviours.answer_to(message, 1, records=[wire.record(b"\xc0\x0c", wire.A, b"\xc0\0\2\1", ttl=1)])
    upstream = world.upstream(1, behaviours.replying(brief))
    proxy = world.relay(upstream, settings=JSON, cache="on", cache_stale="1h", cache_stale_after="0s")
    proxy.ask("udp", "x.test")
    assert told(proxy, 1)[0]["source"] == "upstream"
    count = 1

    def is_stale():
        nonlocal count
        proxy.ask("udp", edns("x.test"))
        count += 1
        return told(proxy, count)[-1]["source"] == "stale"
    upstream.behaviour = behaviours.silence
    wait_until(is_stale, "a stale answer", pause=0.2)
    kept = [line for line in lines(proxy) if line["source"] in ("cache", "stale")]
    assert len(kept) == count - 1 and kept[-1]["ede"] == STALE
    assert all("upstream" not in line and line["attempts"] == 0 and line["route"] == "*" for line in kept)


def test_queries_that_were_asked_as_one_have_a_line_each(world):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, settings={**JSON, "workers": 1}, merge="on", timeout="50s", attempts=1)
    with proxy.client("udp") as one, proxy.client("udp") as other:
        one.send(wire.query("x.test"))
        wait_until(lambda: hold.held, "the question")
        other.send(wire.query("x.test"))
        wait_until(lambda: proxy.metrics().sum("dproxy_merged_total") == 1, "one that waits for the other")
        hold.release()
        assert one.receive() and other.receive()
    found = told(proxy, 2)
    assert sorted(line["attempts"] for line in found) == [0, 1]
    assert {line["upstream"] for line in found} == {str(upstream)}


def test_a_zone_transfer_has_one_line_at_its_first_message(world):
    groups = zone(20)
    upstream = world.upstream(1, sending(groups))
    proxy = world.relay(upstream, settings=JSON)
    with proxy.client("tcp") as client:
        query = transfer_query()
        client.send(query)
        expect(client, query, groups)
    line = at_end(proxy)[0]
    assert len(lines(proxy)) == 1
    assert (line["name"], line["type"], line["transport"], line["rcode"]) == ("zone.test", "AXFR", "tcp", "NOERROR")
    assert (line["upstream"], line["attempts"], line["source"]) == (str(upstream), 1, "upstream")


def test_a_zone_transfer_that_nobody_answers(world, closed_address):
    proxy = world.relay(closed_address, settings=JSON, attempts=2)
    with TcpClient("127.0.0.1", proxy.port) as client:
        assert wire.rcode_of(client.ask(transfer_query())) == wire.SERVFAIL
    line = told_once(proxy)
    assert (line["rcode"], line["source"]) == ("SERVFAIL", "local")
    assert (line["upstream"], line["attempts"]) == (closed_address, 2)


HOSTILE = [b"\x06\n\nb.x\r\0", b"\x05\x1b[31m\x04test\0", b'\x03a"b\x04test\0', b"\x0fx rcode=REFUSED\0",
           b"\x02\0\xff\0", b"\x03\xe2\x80\xae\0", b"\x02\\n\0", b"\x03a.b\0", wire.long_name(255, "test")]


@pytest.mark.parametrize("logformat", ["text", "json"])
def test_whatever_is_asked_for_stays_on_its_line(world, logformat):
    proxy = world.relay(world.upstream(1), settings={"querylog": "on", "logformat": logformat})
    for name in HOSTILE:
        assert wire.rcode_of(proxy.ask("udp", wire.query(name))) == wire.NOERROR
    proxy.stop()
    mark = {"json": '"message":"query","client"', "text": " info query client="}[logformat]
    events = [line for line in proxy.log().splitlines() if mark in line]
    assert len(events) == len(HOSTILE)
    assert all(line.isprintable() and line.isascii() for line in events), events
    if logformat == "json":
        assert [json.loads(line)["rcode"] for line in events] == ["NOERROR"] * len(HOSTILE)
    else:
        assert all(line.count(" rcode=NOERROR bytes=") == 1 for line in events)


def test_a_section_with_very_many_patterns_is_named_by_the_first(world):
    patterns = " ".join(f"name{number}.test" for number in range(200))
    proxy = world.relay(world.upstream(1), patterns=patterns, settings=JSON)
    proxy.ask("udp", "name199.test")
    shown = told_once(proxy)["route"]
    assert len(shown) == 255 and shown == patterns[:252] + "..."


# Which queries have a line.

def test_every_answer_that_is_counted_has_a_line(world):
    """And what is dropped has none."""
    proxy = world.proxy({"a.prox": route("a.test", world.upstream(1)) + route("b.test", answer="nodata") +
                                   route("c.test", answer="drop") +
                                   route("d.test", world.upstream(2, behaviours.silence), timeout="100ms")}, **JSON)
    with proxy.client("udp") as client:
        for number in range(300):
            name = f"{'abcde'[number % 5]}.test"
            client.send(wire.query(name, ident=number))
            assert name == "c.test" or wire.ident_of(client.receive()) == number
        client.send(b"short")
        assert client.ask(wire.query("b.test"))
    counted = proxy.metrics().sum("dproxy_responses_total")
    assert counted == 241
    assert len(at_end(proxy)) == counted


def test_beyond_the_rate_only_what_is_answered_has_a_line(world):
    proxy = world.relay(world.upstream(1), settings={**JSON, "ratelimit": 1, "workers": 1})
    with proxy.client("udp") as client:
        for number in range(50):
            client.send(wire.query(f"n{number}.test"))
        wait_until(lambda: proxy.metrics().sum("dproxy_requests_total") == 50, "all to be read")
    counted = wait_until(lambda: proxy.metrics().sum("dproxy_responses_total"), "answers")
    assert proxy.metrics().sum("dproxy_dropped_total", reason="rate_limited") > 0
    found = at_end(proxy)
    assert counted <= len(found) < 50


@pytest.mark.parametrize("querylog, wanted", [("1/10", 20), ("1/200", 1), ("1/201", None), ("1/1", 200), ("off", 0)])
def test_one_query_in_so_many(world, querylog, wanted):
    proxy = world.relay(world.upstream(1), settings={**JSON, "querylog": querylog, "workers": 1})
    with proxy.client("udp") as client:
        for number in range(200):
            assert client.ask(wire.query(f"n{number}.test"))
    found = at_end(proxy)
    assert len(found) == wanted if wanted is not None else len(found) <= 1
    assert len({line["name"] for line in found}) == len(found)


def test_a_route_says_otherwise(world):
    upstream = world.upstream(1)
    files = {"a.prox": route("on.test", upstream, querylog="on") + route("off.test", upstream, querylog="off") +
                       route("some.test", upstream, querylog="1/5") + route("usual.test", upstream)}
    for setting, wanted in (("off", {"on.test": 10, "some.test": 2}),
                            ("1/2", {"on.test": 10, "some.test": 2, "usual.test": 5}),
                            ("on", {"on.test": 10, "some.test": 2, "usual.test": 10, "none.test": 10})):
        proxy = world.proxy(files, **{**JSON, "querylog": setting, "workers": 1})
        names = ["on.test", "off.test", "some.test", "usual.test"] + (["none.test"] if setting == "on" else [])
        for _ in range(10):
            for name in names:
                assert proxy.ask("udp", name)
        found = [line["name"] for line in at_end(proxy)]
        assert {name: found.count(name) for name in set(found)} == wanted


def test_each_route_may_say_another_fraction(world):
    upstream = world.upstream(1)
    fractions = [*range(30, 0, -1)]
    text = "".join(route(f"n{one_in}.test", upstream, querylog=f"1/{one_in}") for one_in in fractions)
    proxy = world.proxy({"a.prox": text}, workers=1, logformat="json")
    for turn in range(30):
        for one_in in fractions:
            if turn < one_in:
                assert proxy.ask("udp", f"n{one_in}.test")
    assert sorted(line["name"] for line in at_end(proxy)) == sorted(f"n{one_in}.test" for one_in in fractions)


def test_a_route_is_logged_and_not_logged_while_the_program_runs(world):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, settings={"logformat": "json"})
    routes = proxy.settings["upstreamlocation"]

    def change(marker, **keys):
        routes.replace("test.prox", route("*", upstream, **keys) + route("now.test", answer=f"192.0.2.{marker}"))
        proxy.until("now.test", marker)
    proxy.ask("udp", "before.test")
    for turn in range(1, 4):
        change(2 * turn, querylog="on")
        for _ in range(5):
            proxy.ask("udp", f"on{turn}.test")
        wait_until(lambda: sum(line["name"] == f"on{turn}.test" for line in lines(proxy)) == 5, "the lines")
        change(2 * turn + 1)
        proxy.ask("udp", f"off{turn}.test")
    # By the route for all names, before it has its own.
    assert {line["name"] for line in at_end(proxy)} - {"now.test"} == {"on1.test", "on2.test", "on3.test"}
    assert proxy.log().count("before.test") == 0


def test_a_query_that_outlives_its_route(world):
    hold = behaviours.Hold()
    proxy = world.relay(world.upstream(1, hold), patterns="x.test", settings=JSON, timeout="50s", attempts=1)
    with proxy.client("udp") as client:
        client.send(wire.query("x.test"))
        wait_until(lambda: hold.held, "the question")
        proxy.settings["upstreamlocation"].replace("test.prox", route("y.test", answer="nodata"))
        wait_until(lambda: wire.rcode_of(proxy.ask("udp", "y.test")) == wire.NOERROR, "the other route")
        wait_until(proxy.is_in_force, "every worker going by it")
        hold.release()
        assert client.receive()
    assert [line["route"] for line in at_end(proxy) if line["name"] == "x.test"] == ["(removed)"]


def test_the_level_of_the_log_does_not_matter(world):
    proxy = world.relay(world.upstream(1), settings={**JSON, "loglevel": "error"})
    proxy.ask("udp", "x.test")
    assert told_once(proxy)["level"] == "info"


# Nobody reads it.

def started_again(proxy, stdout):
    assert proxy.stop() in (0, -15)
    proxy.process = subprocess.Popen(proxy.command, stdout=stdout, stderr=subprocess.DEVNULL, env=proxy.environment)
    return proxy.wait_ready()


def asked_until_lines_are_lost(proxy):
    """Every query is answered meanwhile."""
    asked = 0
    with proxy.client("udp") as client:
        while proxy.metrics().one(DROPPED) == 0:
            for _ in range(100):
                assert wire.marker_of(client.ask(wire.query(f"n{asked}.test"))) == 1
                asked += 1
            assert asked < 100_000, "no line was lost"
    assert proxy.get("/livez")[0] == 200
    return asked


def test_a_reader_that_stops_costs_lines_and_no_query_and_may_come_back(world):
    proxy = started_again(world.relay(world.upstream(1), settings=JSON), subprocess.PIPE)
    asked = asked_until_lines_are_lost(proxy)
    read = []
    reader = threading.Thread(target=lambda: read.extend(proxy.process.stdout))
    reader.start()

    def is_told():
        proxy.ask("udp", "again.test")
        return any(b"again.test" in line for line in read)
    wait_until(is_told, "a line of a query that came later")
    again = proxy.metrics().sum("dproxy_responses_total") - asked
    lost = proxy.metrics().one(DROPPED)
    assert proxy.stop() == 0
    reader.join()
    proxy.process.stdout.close()
    events = [json.loads(line) for line in read]  # none is torn
    assert sum(event["message"] == "query" for event in events) + lost == asked + again


def test_a_full_disk_costs_lines_and_no_query(world):
    proxy = world.relay(world.upstream(1), settings=JSON)
    with open("/dev/full", "wb") as full:
        started_again(proxy, full)
    asked = asked_until_lines_are_lost(proxy)
    wait_until(lambda: proxy.metrics().one(DROPPED) == asked, "all to be counted")


def test_nothing_of_it_is_in_the_metrics(world):
    proxy = world.relay(world.upstream(1), settings=JSON)
    proxy.ask("udp", "secret-name.test", source="127.0.0.77")
    told_once(proxy)
    assert "secret-name" not in proxy.metrics().text and "127.0.0.77" not in proxy.metrics().text
    assert proxy.metrics().one(DROPPED) == 0
