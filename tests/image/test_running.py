# SPDX-License-Identifier: MIT
"""The image at work, as locked up as a cluster would have it: read-only, no capability, no new privilege."""

import json
import re
import socket
import subprocess
import time
import urllib.request

import dns.message
import dns.rcode
import pytest

import engine

FIRST_ANSWER_SECONDS = 0.05
STARTS = 20
ANSWER_BIT = 0x80  # QR, in the third byte of a message


@pytest.fixture
def running(routes):
    with engine.container("--volume", f"{routes}:/etc/dproxy/routes:ro", "--env", "DPROXY_DRAIN=0s") as made:
        made.until_healthy()
        yield made


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_it_answers(running, tcp):
    port = running.port("1053/tcp" if tcp else "1053/udp")
    assert engine.ask(port, "www.example.com", tcp=tcp).rcode() == dns.rcode.NXDOMAIN
    assert engine.ask(port, "elsewhere.example", tcp=tcp).rcode() == dns.rcode.REFUSED


def test_a_route_is_live_when_its_file_is_changed(running, routes):
    port = running.port("1053/udp")
    (routes / "two.prox").write_text("[new.example]\n\taddress = nonsense nonsense\n")
    (routes / "two.prox").write_text("[new.example]\n\tanswer = nodata\n")
    engine.until("the new route", lambda: engine.ask(port, "new.example").rcode() == dns.rcode.NOERROR)


def test_its_pages(running, version):
    page = f"http://127.0.0.1:{running.port('8080/tcp')}"
    assert urllib.request.urlopen(page + "/readyz", timeout=engine.BOUND).status == 200
    metrics = urllib.request.urlopen(page + "/metrics", timeout=engine.BOUND).read().decode()
    label = engine.inspect(engine.IMAGE, "image")["Config"]["Labels"]["org.opencontainers.image.revision"]
    built = re.search(r'^dproxy_build_info\{(.*)\} 1$', metrics, re.MULTILINE).group(1)
    assert f'version="{version}"' in built
    assert f'revision="{label}"' in built


def test_verbs_work_inside(running):
    assert running.run("healthcheck") == "ready"
    assert "NXDOMAIN" in running.run("ask", "www.example.com", "@127.0.0.1:1053", "--expect", "NXDOMAIN")
    assert ".example.com" in running.run("explain", "www.example.com")
    assert json.loads(running.run("routes", "--format", "json"))


def test_it_stops_at_once_with_status_0(running):
    engine.docker("stop", "--time", "30", running.id)
    assert engine.inspect(running.id)["State"]["ExitCode"] == 0, running.log()


@pytest.mark.parametrize("user", ["1000650000:0", "12345:12345"])
def test_any_user_will_do(routes, user):
    with engine.container("--volume", f"{routes}:/etc/dproxy/routes:ro", user=user) as made:
        made.until_healthy()
        assert engine.ask(made.port("1053/udp"), "www.example.com").rcode() == dns.rcode.NXDOMAIN


def test_it_runs_with_nothing_mounted():
    with engine.container("--memory", "128m") as made:
        made.until_healthy()
        assert engine.ask(made.port("1053/udp"), "www.example.com").rcode() == dns.rcode.REFUSED


def test_a_service_of_the_same_name_does_not_matter(routes):
    injected = {"DPROXY_PORT": "tcp://10.96.0.1:53", "DPROXY_SERVICE_HOST": "10.96.0.1", "DPROXY_SERVICE_PORT": "53",
                "DPROXY_SERVICE_PORT_DNS": "53", "DPROXY_PORT_53_TCP_ADDR": "10.96.0.1"}
    options = [word for name, value in injected.items() for word in ("--env", f"{name}={value}")]
    with engine.container("--volume", f"{routes}:/etc/dproxy/routes:ro", *options) as made:
        made.until_healthy()
        assert engine.ask(made.port("1053/udp"), "www.example.com").rcode() == dns.rcode.NXDOMAIN


def test_it_is_unhealthy_when_nothing_answers():
    quickly = ["--health-interval", "1s", "--health-retries", "2", "--health-start-period", "1s"]
    with engine.container(*quickly, "--env", "DPROXY_ADMIN=off") as made:
        engine.until("unhealthy", lambda: made.health() == "unhealthy" or made.must_run())


def test_a_mistake_ends_it_with_status_2():
    with engine.container(arguments=["--port", "99999"]) as made:
        engine.until("its end", lambda: not engine.inspect(made.id)["State"]["Running"])
        assert engine.inspect(made.id)["State"]["ExitCode"] == 2
        assert "port" in made.log()


def seconds_until_answer(program, routes):
    """From the program's start to its first answer over UDP, asked every half millisecond."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    question = dns.message.make_query("www.example.com", "A").to_wire()
    begin = time.monotonic()
    process = subprocess.Popen([program, "--upstreamlocation", routes, "--listen", f"127.0.0.1:{port}", "--admin",
                                "127.0.0.1:0", "--drain", "0s"], stdout=subprocess.DEVNULL, env={})
    try:
        while time.monotonic() < begin + engine.BOUND:
            assert process.poll() is None, "it ended"
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.connect(("127.0.0.1", port))
                client.settimeout(0.0005)
                try:
                    client.send(question)
                    if client.recv(512)[2] & ANSWER_BIT:  # a socket that got the same port hears its own question
                        return time.monotonic() - begin
                except OSError:
                    time.sleep(0.0002)
    finally:
        process.terminate()
        process.wait(engine.BOUND)
    raise AssertionError("no answer")


def test_the_first_answer_comes_soon(program, routes):
    """The best of several starts: what else the machine does must not decide."""
    taken = sorted(seconds_until_answer(program, routes) for _ in range(STARTS))
    print(f"first answer after {taken[0] * 1000:.1f} ms, median {taken[len(taken) // 2] * 1000:.1f} ms")
    assert taken[0] < FIRST_ANSWER_SECONDS
