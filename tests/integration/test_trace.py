# SPDX-License-Identifier: MIT
"""`dproxy trace` and `POST /trace`: each step of the next queries for a name or below it, as they are taken."""
import json
import re
import subprocess
import threading

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.program import BINARY, ENVIRONMENT, run
from harness.prox_directory import route

LINE = re.compile(r"(\S+Z)  #(\d+) +\+([0-9.]+) ms  (\w+) +(.*)")


class Trace:
    """The verb as a process, and the lines that it has said."""

    def __init__(self, world, proxy, name, *words):
        self.process = subprocess.Popen([BINARY, "trace", name, "--admin", f"127.0.0.1:{proxy.admin_port}", *words],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        world.at_end(self.end)
        self.first = self.process.stderr.readline()
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.reader.start()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def steps(self):
        return [LINE.fullmatch(line.rstrip("\n")).groups() for line in list(self.lines)]

    def until_answered(self, count=1):
        """(step, text) of each, once so many queries are answered."""
        wait_until(lambda: sum(step == "answered" for _, _, _, step, _ in self.steps()) >= count,
                   lambda: f"{count} answers in the trace, only {self.lines}")
        return [(step, text) for _, _, _, step, text in self.steps()]


@pytest.fixture
def traced(world):
    def start(proxy, name="x.test", *words):
        trace = Trace(world, proxy, name, *(words or ("--for", "5m")))
        assert trace.first.startswith(f"tracing `{name}` and all below it for "), trace.first
        return trace
    return start


def texts(steps, step):
    return [text for one, text in steps if one == step]


def test_the_steps_of_a_query(world, traced, transport):
    upstream = world.upstream(1)
    proxy = world.proxy(route(".x.test", upstream) + route("*.test", upstream))
    trace = traced(proxy)
    reply = proxy.ask(transport, wire.query("www.X.test", wire.AAAA), source="127.0.0.5")
    proxy.ask(transport, "y.test")
    steps = trace.until_answered()
    assert [step for step, _ in steps] == ["asked", "routed", "chosen", "sent", "reply", "answered"]
    asked, routed, chosen, sent, came, answered = (text for _, text in steps)
    assert re.fullmatch(rf"for www\.X\.test AAAA by 127\.0\.0\.5:\d+ over {transport}, 28 bytes", asked)
    assert routed == "by [.x.test]; not by *.test of [*.test]"
    assert chosen.startswith(f"{upstream}, the first attempt")
    assert sent.startswith(f"to {upstream} over ")
    assert re.fullmatch(rf"NOERROR from {upstream}, \d+ bytes, after [0-9.]+ ms", came)
    assert re.fullmatch(rf"NOERROR, {len(reply)} bytes, from upstream, after [0-9.]+ ms", answered)
    times = [float(since) for _, _, since, _, _ in trace.steps()]
    assert times == sorted(times) and times[0] == 0
    assert {number for _, number, _, _, _ in trace.steps()} in ({"1"}, {"2"})


def test_silence_and_another_upstream(world, traced):
    silent, good = world.upstream(1, behaviours.silence), world.upstream(2)
    proxy = world.relay(silent, good, policy="first", attempts=2, timeout="6s")
    trace = traced(proxy)
    assert wire.marker_of(proxy.ask("udp", "x.test")) == 2
    steps = trace.until_answered()
    assert texts(steps, "overdue")[0] == f"{silent} has not replied in its time"
    first, second = texts(steps, "chosen")[:2]
    assert first.startswith(f"{silent}, the first attempt, by policy first of 2, of which 2 are up")
    assert second.startswith(f"{good}, a further attempt, by policy first of 2")


def test_replies_that_are_kept_while_a_better_one_is_hoped_for(world, traced):
    failing = world.upstream(1, behaviours.with_rcode(wire.SERVFAIL))
    other = world.upstream(2, behaviours.with_rcode(wire.REFUSED))
    proxy = world.relay(failing, other, policy="first", fallback_on="servfail, refused")
    trace = traced(proxy)
    assert wire.rcode_of(proxy.ask("udp", "x.test")) == wire.SERVFAIL
    steps = trace.until_answered()
    assert [text.split(",")[0] for text in texts(steps, "reply")] == [
        f"SERVFAIL from {failing}", f"REFUSED from {other}"]
    assert texts(steps, "kept") == ["the reply, while another upstream is asked for a better one (fallback_on)",
                                    "the reply is good enough, as there was no better one"]


def test_failures_and_nobody_left(world, traced, closed_address):
    proxy = world.relay(closed_address, protocol="tcp", attempts=2, health="off")
    trace = traced(proxy)
    assert wire.rcode_of(proxy.ask("udp", "x.test")) == wire.SERVFAIL
    steps = trace.until_answered()
    assert texts(steps, "failed") and all(text.startswith(closed_address + ": ") for text in texts(steps, "failed"))
    assert re.fullmatch(r"SERVFAIL, \d+ bytes, from local, after [0-9.]+ ms.*", texts(steps, "answered")[0])


def test_a_reply_that_is_cut_says_so(world, traced):
    def cut(message):
        return behaviours.answer_to(message, 1, flags=wire.TC)
    proxy = world.relay(world.upstream(1, behaviours.replying(cut)))
    trace = traced(proxy)
    assert proxy.ask("udp", "x.test")
    steps = trace.until_answered()
    assert texts(steps, "reply")[0].endswith(", cut") and texts(steps, "answered")[0].endswith(", cut")


def test_kept_answers(world, traced):
    proxy = world.relay(world.upstream(1), cache="on", settings={"workers": 1})
    trace = traced(proxy)
    for _ in range(2):
        assert proxy.ask("udp", "x.test")
    steps = trace.until_answered(2)
    assert texts(steps, "memory") == ["nothing is kept for it"]
    assert ["from cache" in text for text in texts(steps, "answered")] == [False, True]
    assert len(texts(steps, "sent")) == 1


def test_queries_that_wait_for_the_same_reply(world, traced):
    hold = behaviours.Hold()
    proxy = world.relay(world.upstream(1, hold), settings={"workers": 1}, merge="on", timeout="50s", attempts=1)
    trace = traced(proxy)
    with proxy.client("udp") as one, proxy.client("udp") as other:
        one.send(wire.query("x.test"))
        wait_until(lambda: hold.held, "the question")
        other.send(wire.query("x.test"))
        wait_until(lambda: proxy.metrics().sum("dproxy_merged_total") == 1, "one that waits for the other")
        hold.release()
        assert one.receive() and other.receive()
    steps = trace.until_answered(2)
    assert texts(steps, "memory") == ["another asks the same: it waits for that reply"]
    assert {number for _, number, _, step, _ in trace.steps() if step == "answered"} == {"1", "2"}


def test_answers_of_our_own(world, traced):
    proxy = world.proxy(route("a.x.test", answer="192.0.2.1"), workers=1)
    trace = traced(proxy)
    proxy.ask("udp", "a.x.test")
    proxy.ask("udp", wire.query("b.x.test", additional=[wire.opt()]))
    steps = trace.until_answered(2)
    assert [step for step, _ in steps] == ["asked", "routed", "answered"] * 2
    assert texts(steps, "routed") == ["by [a.x.test]", "no pattern takes it"]
    assert texts(steps, "answered")[1].endswith("Extended DNS Error 20")


def test_the_master_upstream(world, traced):
    proxy = world.proxy({}, usemasterupstream=True, masterupstream=world.upstream(1))
    trace = traced(proxy)
    assert proxy.ask("udp", "x.test")
    assert texts(trace.until_answered(), "routed") == ["no pattern takes it: to the master upstream"]


def test_the_end_comes_by_itself(world):
    proxy = world.relay(world.upstream(1))
    done = run("trace", "x.test", "--for", "1s", "--admin", f"127.0.0.1:{proxy.admin_port}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "tracing `x.test` and all below it for 1s\n")
    proxy.ask("udp", "x.test")
    assert json.loads(proxy.get("/trace/steps", method="POST")[2]) == {
        "trace": 1, "is_over": True, "lost": 0, "steps": []}


def test_another_trace_takes_its_place(world, traced):
    proxy = world.relay(world.upstream(1), settings={"workers": 1})
    first = traced(proxy)
    second = traced(proxy, "y.test")
    assert first.process.wait(60) == 1
    assert first.process.stderr.read() == "another trace has taken the place of this one\n"
    for name in ("x.test", "y.test"):
        assert proxy.ask("udp", name)
    assert [text.split()[1] for text in texts(second.until_answered(), "asked")] == ["y.test"]


def test_a_trace_has_an_end_of_queries_and_of_memory(world):
    """Whoever does not fetch the steps loses them, and no query waits."""
    proxy = world.relay(world.upstream(1), settings={"workers": 1})
    assert proxy.get("/trace?name=test&for=5m", method="POST")[0] == 200
    for number in range(1500):
        assert proxy.ask("udp", f"n{number}.test")
    told, lost, numbers = 0, 0, set()
    while True:
        answer = json.loads(proxy.get("/trace/steps", method="POST")[2])
        if not answer["steps"]:
            break
        told, lost = told + len(answer["steps"]), answer["lost"]
        numbers |= {step["query"] for step in answer["steps"]}
    assert told + lost == 1000 * 6 and lost > 0 and max(numbers) <= 1000


def test_hostile_names_stay_on_their_line(world, traced):
    proxy = world.relay(world.upstream(1))
    trace = traced(proxy, "test")
    for name in (b"\x06\n\nb.x\r\4test\0", b"\x05\x1b[31m\x04test\0", wire.long_name(255, "test")):
        assert proxy.ask("udp", wire.query(name))
    trace.until_answered(3)
    assert all(line.rstrip("\n").isprintable() and line.isascii() for line in trace.lines)


@pytest.mark.parametrize("target, status, said", [
    ("/trace", 400, "The parameter name"), ("/trace?name=", 400, "The parameter name"),
    ("/trace?name=a..b", 400, "cannot be read"), ("/trace?name=a.test&for=11m", 400, "for: "),
    ("/trace?name=a.test&for=500ms", 400, "for: "), ("/trace?name=a.test&x=y", 400, "The parameter name"),
    ("/trace/steps", 400, "There is no trace"),
])
def test_what_cannot_be_understood_begins_nothing(world, target, status, said):
    proxy = world.relay(world.upstream(1))
    answer = proxy.get(target, method="POST")
    assert (answer[0], said in answer[2]) == (status, True), answer
    assert proxy.get("/trace/steps", method="POST")[0] == 400


@pytest.mark.parametrize("path", ["/trace?name=x.test", "/trace/steps"])
def test_it_is_for_programs_of_the_same_machine_only(world, path):
    proxy = world.relay(world.upstream(1))
    assert proxy.get(path)[0] == 405
    assert proxy.get(path, method="POST", headers={"Origin": "http://evil.test"})[0] == 403
    assert proxy.get(path, method="POST", headers={"X-Forwarded-For": "192.0.2.1"})[0] == 403


def test_faults_of_the_verb(closed_address):
    nobody = run("trace", "x.test", "--admin", closed_address)
    assert nobody.returncode == 1 and "connecting" in nobody.stderr
    assert run("trace", "a..b").returncode == 2
