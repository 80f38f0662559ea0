# SPDX-License-Identifier: MIT
"""What somebody beside the way to an upstream can send without seeing it: ICMP errors and replies at random."""
import random
import socket
import struct
import threading
import time

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.own_network import inside_only, outside_only, run_inside
from harness.prox_directory import route
from harness.upstream import Mortal

FORGED = 66


@outside_only
def test_in_a_network_of_its_own(tmp_path):
    run_inside(__file__, tmp_path / "inner")


class Forger:
    """Calls `forge()` again and again until the test ends."""

    def __init__(self, forge, pause):
        self.forge, self.pause, self.over, self.sent = forge, pause, threading.Event(), 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.over.wait(self.pause):
            self.forge()
            self.sent += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def port_unreachable(source_port, destination_port):
    """About a datagram from dproxy to its upstream (RFC 792)."""
    address = socket.inet_aton("127.0.0.1")
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, socket.IPPROTO_UDP, 0, address, address)
    udp = struct.pack("!HHHH", source_port, destination_port, 20, 0)
    message = struct.pack("!BBHI", 3, 3, 0, 0) + ip + udp
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


@inside_only
@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_forged_icmp_errors_end_no_query(world, attempts):
    """500 a second for each port that is in use, and every port is known."""
    ports, delay = set(), 0.05

    def answer_late(exchange):
        ports.add(exchange.peer[1])
        threading.Timer(delay, behaviours.answer, [exchange]).start()
    upstream = world.upstream(1, answer_late)
    proxy = world.relay(upstream, attempts=attempts, timeout="10s", settings={"workers": 1})
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

    def forge():
        for port in list(ports):
            raw.sendto(port_unreachable(port, upstream.port), ("127.0.0.1", 0))

    def forgeries_arrived():
        return forger.sent > 50 and proxy.metrics().sum("dproxy_upstream_failures_total", reason="refused") > 0

    def ask_300():
        for ident in range(300):
            client.send(wire.query(f"q{ident}.test", ident=ident))
            time.sleep(0.005)
        replies = [client.receive() for _ in range(300)]
        assert all(reply and wire.rcode_of(reply) == wire.NOERROR for reply in replies)
        return forgeries_arrived()
    with Forger(forge, 0.002) as forger, proxy.client("udp") as client:
        wait_until(ask_300, "forgeries that arrive", patience=60)
    raw.close()
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_inflight") == 0


def flood_of_guesses(count):
    """Before it answers by TCP, `count` replies over UDP to the right question, each under an ID at random."""
    def behave(exchange):
        if exchange.transport == "tcp":
            return behaviours.answer(exchange)
        wrong = wire.ident_of(exchange.message)
        for number in range(count):
            ident = random.getrandbits(16)
            if ident != wrong:
                exchange.reply(wire.with_ident(behaviours.answer_to(exchange.message, FORGED), ident))
            if number % 50 == 0:
                time.sleep(0.002)  # what overflows a socket's buffer guesses nothing
        return None
    return behave


def test_a_port_that_is_guessed_at_is_left_and_the_query_asked_over_tcp(world):
    upstream = world.upstream(1, flood_of_guesses(1500))
    proxy = world.relay(upstream, attempts=1, timeout="10s", settings={"workers": 1})
    assert proxy.marker("x.test") == 1
    assert [exchange.transport for exchange in upstream.messages("x.test")] == ["udp", "tcp"]
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_failures_total", upstream=str(upstream), reason="guessed") == 1
    assert metrics.sum("dproxy_dropped_total", reason="reply_unexpected") > 256
    proxy.until_logged("forged replies")
    for number in range(3):
        assert proxy.marker(f"again{number}.test") == 1
    assert proxy.log().count("forged replies") == 1, "once a minute at most"
    upstream.behaviour = behaviours.answer
    assert proxy.marker("after.test") == 1
    assert upstream.messages("after.test")[0].transport == "udp"


@pytest.mark.parametrize("keys, at_once", [({}, 200), ({"merge": "on"}, 1), ({"cache": "on"}, 1)],
                         ids=["alone", "merge", "cache"])
def test_many_same_questions_at_once_are_one_to_guess(world, keys, at_once):
    """Who has dproxy ask the same 200 times has as many IDs to hit (RFC 5452 5), unless they are one question."""
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, attempts=1, timeout="30s", settings={"workers": 1}, **keys)
    with proxy.client("udp") as client:
        for ident in range(200):
            client.send(wire.query("x.test", ident=ident))
        wait_until(lambda: proxy.metrics().sum("dproxy_inflight_requests") == 200, "all in flight")
        wait_until(lambda: len(hold.held) == at_once, "the questions upstream")
        to_guess = {(exchange.peer, wire.ident_of(exchange.message)) for exchange in hold.held}
        assert len(to_guess) == at_once
        peers, idents = ({one[part] for one in to_guess} for part in (0, 1))
        guesses = [ident for ident in random.sample(range(1 << 16), 400) if ident not in idents][:200]
        for number, ident in enumerate(guesses):
            forged = behaviours.answer_to(wire.query("x.test"), FORGED)
            upstream.udp.sendto(wire.with_ident(forged, ident), sorted(peers)[number % len(peers)])
        proxy.until_metric(200, "dproxy_dropped_total", reason="reply_unexpected")
        hold.release()
        replies = [client.receive() for _ in range(200)]
    assert {wire.ident_of(reply) for reply in replies} == set(range(200))
    assert {wire.marker_of(reply) for reply in replies} == {1}
    if keys:
        assert proxy.metrics().sum("dproxy_merged_total") == 199
        assert len(upstream.received) == 1
    if "cache" in keys:
        assert proxy.marker("x.test") == 1 and len(upstream.received) == 1


def forge_until_the_end(flood, exchange):
    try:
        flood(exchange)
    except OSError:
        pass  # the test is over


def test_a_server_without_tcp_is_asked_from_another_port(world):
    upstream = world.upstream(1, transports=("udp",))
    flood, peers = flood_of_guesses(1500), []

    def behave(exchange):
        peers.append(exchange.peer)
        if len(peers) == 1:
            threading.Thread(target=forge_until_the_end, args=[flood, exchange], daemon=True).start()
        else:
            behaviours.answer(exchange)
    upstream.behaviour = behave
    proxy = world.relay(upstream, attempts=1, timeout="10s", settings={"workers": 1})
    assert proxy.marker("x.test") == 1
    assert len(peers) == 2 and peers[0] != peers[1]


def test_late_replies_are_no_guesses(world):
    """A server that answers everything when nobody waits any more."""
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, attempts=1, timeout="200ms", settings={"workers": 1})
    with proxy.client("udp") as client:
        for begin in range(0, 1200, 200):  # no more than a socket has room for
            for ident in range(begin, begin + 200):
                client.send(wire.query(f"q{ident}.test", ident=ident))
            for _ in range(200):
                assert wire.rcode_of(client.receive()) == wire.SERVFAIL
    hold.release()
    # Some of the sockets are closed by then.
    wait_until(lambda: proxy.metrics().sum("dproxy_dropped_total", reason="reply_unexpected") > 300, "late replies")
    assert proxy.metrics().sum("dproxy_upstream_failures_total", reason="guessed") == 0


def test_replies_to_nobody_are_no_sign_of_life(world):
    """Random messages that look like replies do not keep a dead upstream up, nor first in line."""
    dead = Mortal(1)
    world.upstreams.append(dead)
    proxy = world.proxy(route("*", dead, world.upstream(2), policy="first", health="on", timeout="2s"),
                        workers=1)
    assert proxy.marker("x.test") == 1
    ports = {exchange.peer for exchange in dead.received}
    dead.die()

    def forge():
        ports.update(exchange.peer for exchange in list(dead.received))
        message = behaviours.answer_to(wire.query("x.test"), FORGED)
        for peer in list(ports):
            dead.udp.sendto(wire.with_ident(message, random.getrandbits(16)), peer)
    with Forger(forge, 0.002):
        def is_down():
            proxy.ask("udp", "x.test")
            return proxy.metrics().sum("dproxy_upstream_up", upstream=str(dead)) == 0
        wait_until(is_down, "a dead upstream that is known to be", patience=30)
        before = len(dead.received)
        for number in range(10):
            assert proxy.marker(f"y{number}.test") == 2
        assert len(dead.received) - before <= 1


def test_a_late_reply_to_a_question_that_was_asked_is_a_sign_of_life(world):
    hold = behaviours.Hold()
    late = world.upstream(1, hold)
    proxy = world.relay(late, world.upstream(2), policy="first", timeout="8s", health="passive",
                        settings={"workers": 1})
    for number in range(4):
        assert proxy.marker(f"q{number}.test") == 2
    hold.release()
    wait_until(lambda: proxy.marker("x.test") == 1, "the first upstream as the first again")
