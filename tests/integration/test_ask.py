# SPDX-License-Identifier: MIT
"""`dproxy ask`: one query, for images without dig."""
import time

import pytest
from harness import behaviours, wire
from harness.ports import free_port
from harness.program import run
from harness.prox_directory import route


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(7)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    return shared_world.proxy(route(".a.test", upstream) + route("no.test", answer="nxdomain")
                              + route("drop.test", answer="drop"))


@pytest.fixture(params=[(), ("--tcp",)], ids=["udp", "tcp"])
def by(request):
    return request.param


def at(proxy, host="127.0.0.1"):
    return f"@[{host}]:{proxy.port}" if ":" in host else f"@{host}:{proxy.port}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_answer_is_status_0_and_printed(proxy, by, host):
    done = run("ask", "www.a.test", at(proxy, host), *by)
    assert (done.returncode, done.stderr) == (0, "")
    assert "NOERROR" in done.stdout and "192.0.2.7" in done.stdout and "www.a.test" in done.stdout


def test_the_type_goes_with_the_question(proxy, upstream, by):
    assert run("ask", "www.a.test", "TXT", at(proxy), *by).returncode == 0
    assert wire.question_type(upstream.received[-1].message) == wire.TXT
    assert run("ask", "www.a.test", "TYPE65280", at(proxy), *by).returncode == 0
    assert wire.question_type(upstream.received[-1].message) == 65280


@pytest.mark.parametrize("name, expected, status", [
    ("a.test", "NOERROR", 0), ("a.test", "noerror", 0), ("a.test", "REFUSED", 1), ("no.test", "NXDOMAIN", 0),
    ("no.test", "NOERROR", 1), ("other.test", "REFUSED", 0)])
def test_expect(proxy, by, name, expected, status):
    assert run("ask", name, at(proxy), "--expect", expected, *by).returncode == status


def test_an_error_that_nobody_expected_otherwise_is_an_answer(proxy, by):
    done = run("ask", "other.test", at(proxy), *by)
    assert done.returncode == 0 and "REFUSED" in done.stdout


def test_nobody_there_is_status_1_and_one_line(by):
    done = run("ask", "a.test", f"@127.0.0.1:{free_port()}", *by)
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1


def test_a_host_is_asked_by_its_name(proxy, by):
    done = run("ask", "www.a.test", f"@localhost:{proxy.port}", *by)
    assert done.returncode == 0 and "192.0.2.7" in done.stdout


def test_silence_is_status_1_in_a_bounded_time(proxy, by):
    began = time.monotonic()
    assert run("ask", "drop.test", at(proxy), *by).returncode == 1
    assert time.monotonic() - began < 30


def test_without_an_address_the_instance_of_this_configuration_is_asked(proxy):
    done = run("ask", "a.test", "--config", proxy.main_file)
    assert done.returncode == 0 and "192.0.2.7" in done.stdout


def test_a_reply_to_another_question_is_not_taken(proxy, upstream, world):
    liar = world.upstream(9, lambda exchange: (
        exchange.reply(behaviours.answer_to(wire.query("other.test", ident=wire.ident_of(exchange.message)), 66)),
        behaviours.answer(exchange)))
    done = run("ask", "a.test", f"@{liar}")
    assert done.returncode == 0 and "192.0.2.9" in done.stdout


@pytest.mark.parametrize("length", [1000, 20000])
def test_a_long_answer_is_printed(world, by, length):
    long = world.upstream(1, behaviours.replying(behaviours.sized(length)))
    assert run("ask", "a.test", "TXT", f"@{long}", *by).returncode == 0


def test_an_answer_that_does_not_walk_does_no_harm(world, by):
    broken = world.upstream(1, behaviours.replying(
        lambda message: behaviours.answer_to(message, 1)[:6] + b"\0\x09\0\x09\0\x09" + wire.question_of(message)))
    assert run("ask", "a.test", f"@{broken}", *by).returncode in (0, 1)


def test_control_characters_of_an_answer_do_not_reach_the_terminal(world, by):
    evil = world.upstream(1, behaviours.replying(lambda message: behaviours.answer_to(message, 1, records=[
        wire.record(b"\xc0\x0c", wire.TXT, b"\x08\x1b[31m\x07\n\r!")])))
    done = run("ask", "a.test", "TXT", f"@{evil}", *by)
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout
