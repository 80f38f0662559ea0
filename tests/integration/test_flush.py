# SPDX-License-Identifier: MIT
"""`dproxy flush` and `POST /flush`: kept answers that an operator has forgotten."""
import json
import threading

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.program import run
from harness.prox_directory import route


@pytest.fixture
def upstream(world):
    return world.upstream(1)


@pytest.fixture
def proxy(world, upstream):
    return world.relay(upstream, cache="on", settings={"workers": 2})


def flush(proxy, *words, admin=None):
    return run("flush", *words, "--admin", admin or f"127.0.0.1:{proxy.admin_port}")


def times_asked(upstream, name):
    return len(upstream.messages(name))


def test_a_name_is_forgotten_with_all_below_it(proxy, upstream, transport):
    for name in ("a.x.test", "www.a.x.test", "b.x.test", "xa.x.test"):
        proxy.ask(transport, name)
    done = flush(proxy, "A.x.TEST")
    assert (done.returncode, done.stdout, done.stderr) == (0, "forgot 2 answers at and below `A.x.TEST`\n", "")
    for name, times in (("a.x.test", 2), ("www.a.x.test", 2), ("b.x.test", 1), ("xa.x.test", 1)):
        assert wire.marker_of(proxy.ask(transport, name)) == 1
        assert times_asked(upstream, name) == times, name
    assert "kept answers forgotten" in proxy.log() and "name=a.x.test" in proxy.log()


def test_without_a_name_all_is_forgotten(proxy, upstream):
    for number in range(50):
        proxy.ask("udp", f"n{number}.test")
    assert flush(proxy).stdout == "forgot 50 answers\n"
    assert flush(proxy).stdout == "forgot 0 answers\n"
    assert flush(proxy, ".").stdout == "forgot 0 answers at and below `.`\n"
    proxy.ask("udp", "n7.test")
    assert times_asked(upstream, "n7.test") == 2


def test_the_answer_tells_programs_what_was_forgotten(proxy):
    proxy.ask("udp", "x.test")
    status, headers, body = proxy.get("/flush?name=%58.test", method="POST")
    assert status == 200 and headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"name": "x.test", "forgotten": 1}


def test_what_was_asked_for_before_is_not_kept_when_it_comes(world):
    """The reply may be what was to be forgotten."""
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, cache="on", timeout="30s", attempts=1)
    client = proxy.client("udp")
    client.send(wire.query("x.test"))
    wait_until(lambda: len(hold.held) == 1, "the question upstream")
    assert flush(proxy, "x.test").returncode == 0
    hold.release()
    assert client.receive()
    assert wire.marker_of(proxy.ask("udp", "x.test")) == 1
    assert times_asked(upstream, "x.test") == 2


def test_stale_answers_are_forgotten_too(world, upstream):
    proxy = world.relay(upstream, cache="on", cache_ttl="0s-1s", cache_stale="1h")
    proxy.ask("udp", "x.test")
    upstream.behaviour = behaviours.with_rcode(wire.SERVFAIL)

    def is_stale():
        proxy.ask("udp", "x.test")
        return proxy.metrics().sum("dproxy_cache_stale_total") > 0
    wait_until(is_stale, "a stale answer")
    assert flush(proxy, "test").stdout == "forgot 1 answer at and below `test`\n"
    assert wire.rcode_of(proxy.ask("udp", "x.test")) == wire.SERVFAIL


@pytest.mark.parametrize("target, status, said", [
    ("/flush?name=", 400, "leave it out"), ("/flush?nmae=x.test", 400, "One parameter"),
    ("/flush?name=x.test&name=y.test", 400, "One parameter"), ("/flush?name=a..b", 400, "cannot be read"),
    ("/flush?name=" + "a" * 64, 400, "63 bytes"), ("/flush?name=" + "a." * 200, 400, "255 bytes"),
    ("/flush?name=%", 400, "hexadecimal"), ("/flush?name=%FF", 400, "cannot be read"),
    ("/flush?name=%3Cscript%3E..", 400, "cannot be read"), ("/flush?name=" + "a" * 9000, 431, "too long"),
    ("/flush/", 405, "GET and HEAD"), ("/%66lush", 405, "GET and HEAD"), ("/status", 405, "GET and HEAD"),
])
def test_what_cannot_be_understood_forgets_nothing(proxy, upstream, target, status, said):
    proxy.ask("udp", "x.test")
    answer = proxy.get(target, method="POST")
    assert (answer[0], said in answer[2]) == (status, True), answer
    proxy.ask("udp", "x.test")
    assert times_asked(upstream, "x.test") == 1


@pytest.mark.parametrize("method, headers, status", [
    ("GET", {}, 405), ("HEAD", {}, 405), ("DELETE", {}, 405), ("POST", {"Origin": "http://evil.test"}, 403),
    ("POST", {"Origin": "null"}, 403), ("POST", {"X-Forwarded-For": "192.0.2.1"}, 403),
    ("POST", {"Host": "rebind.test"}, 421), ("POST", {"Content-Length": "5"}, 413),
])
def test_what_is_not_for_others_forgets_nothing(proxy, upstream, method, headers, status):
    proxy.ask("udp", "x.test")
    answer = proxy.get("/flush", method=method, headers=headers)
    assert answer[0] == status
    assert status != 405 or answer[1]["Allow"] == "POST"
    proxy.ask("udp", "x.test")
    assert times_asked(upstream, "x.test") == 1


def test_an_instance_without_a_cache_forgets_nothing_and_says_so(world):
    proxy = world.proxy(route("x.test", world.upstream(1)))
    assert flush(proxy).stdout == "forgot 0 answers\n"


def test_who_cannot_be_asked_is_told(proxy, closed_address):
    done = flush(proxy, admin=closed_address)
    assert done.returncode == 1 and "connecting" in done.stderr and done.stdout == ""
    assert flush(proxy, "a..b").returncode == 2


def test_queries_go_on_while_much_is_forgotten(proxy):
    """Each gets its answer, kept or not."""
    ended = threading.Event()

    def forget():
        for _ in range(30):
            flush(proxy, "n3.test")
            proxy.get("/flush", method="POST")
        ended.set()

    thread = threading.Thread(target=forget)
    thread.start()
    number = 0
    while not ended.is_set():
        number += 1
        assert wire.marker_of(proxy.ask("udp", f"n{number % 10}.test")) == 1
    thread.join()
