# SPDX-License-Identifier: MIT
"""At a limit the client network that holds most gives way: who asks for dead names takes little from the others."""
import threading
import time

import pytest
from harness import behaviours, wire
from harness.client import TcpClient, framed
from harness.deadline import wait_until
from harness.program import BINARY

GREEDY, INNOCENT = "127.0.1.1", "127.0.2.1"
INNOCENT_QUERIES = 160
SANITIZED = "san" in BINARY  # many times slower, and its memory is not the program's


def dead_names_are_dropped(exchange):
    if not wire.question_name(exchange.message).startswith("dead"):
        behaviours.answer(exchange)


class Greedy(threading.Thread):
    """So many queries a second for names that nobody answers, from one network, over UDP or 40 TCP connections."""

    def __init__(self, proxy, rate, transport):
        super().__init__(daemon=True)
        self.proxy, self.rate, self.transport, self.over, self.sent = proxy, rate, transport, threading.Event(), 0

    def run(self):
        part = max(1, self.rate // 50)
        count = 1 if self.transport == "udp" else 40
        clients = [self.proxy.client(self.transport, source=GREEDY) for _ in range(count)]
        began = time.monotonic()
        while not self.over.is_set():
            for _ in range(part):
                client = clients[self.sent % len(clients)]
                try:
                    client.send(wire.query(f"dead{self.sent}.test", ident=self.sent & 0xffff))
                except OSError:
                    clients[self.sent % len(clients)] = self.proxy.client(self.transport, source=GREEDY)
                self.sent += 1
            time.sleep(max(0.0, began + self.sent / self.rate - time.monotonic()))
        for client in clients:
            client.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def lost_of_an_innocent(proxy, transport, count):
    """Twenty queries a second, one after the other as they are due; how many brought no good answer."""
    lost, began = 0, time.monotonic()
    with proxy.client(transport, source=INNOCENT) as client:
        for ident in range(count):
            client.send(wire.query(f"good{ident}.test", ident=ident))
            reply = client.receive(6)
            lost += reply is None or wire.rcode_of(reply) != wire.NOERROR
            time.sleep(max(0.0, began + ident / 20 - time.monotonic()))
    return lost


@pytest.mark.parametrize("rate, over, keys", [(3500, "udp", {}), (800, "tcp", {}), (200, "udp", {"protocol": "tcp"}),
                                                   (1500, "udp", {"protocol": "tcp"})])
def test_one_client_does_not_starve_a_route(world, rate, over, keys):
    if SANITIZED and rate > 500:
        pytest.skip("so many would be more than can be answered")
    for part in (1, 2, 4):
        lost, unread = of_an_innocent(world, rate // part, over, {"max_inflight": 10000 // part, **keys})
        if lost <= INNOCENT_QUERIES // 100 or not unread:
            break
        # More than this machine can answer at this moment: what was not read says nothing about the limit.
    assert lost <= INNOCENT_QUERIES // 100


def of_an_innocent(world, rate, over, keys):
    """How many queries of one client were lost beside the greedy one, and whether queries were left unread."""
    upstream = world.upstream(1, dead_names_are_dropped)
    proxy = world.relay(upstream, settings={"workers": 1, "tcp_inflight": 1000}, **keys)
    with Greedy(proxy, rate, over) as greedy:
        wait_until(lambda: greedy.sent > rate * 4, "a full house", patience=60)
        lost = sum(lost_of_an_innocent(proxy, transport, INNOCENT_QUERIES // 2) for transport in ("udp", "tcp"))
        metrics = proxy.metrics()
    unread = metrics.sum("dproxy_udp_receive_drops_total") + metrics.sum("dproxy_shed_networks")
    print(f"| {rate}/s of dead names over {over}, {keys}: {lost} of {INNOCENT_QUERIES} lost")
    proxy.until_metric(0, "dproxy_inflight_requests")
    proxy.until_metric(0, "dproxy_upstream_inflight")
    return lost, unread


def test_the_oldest_of_who_has_most_give_way(world):
    hold = behaviours.Hold()
    proxy = world.relay(world.upstream(1, hold), max_inflight=20, timeout="50s", settings={"workers": 1})
    with proxy.client("udp", source=GREEDY) as greedy, proxy.client("udp", source=INNOCENT) as innocent:
        for ident in range(19):
            greedy.send(wire.query(f"q{ident}.test", ident=ident))
            # Each by itself, as what comes in one turn is of one age.
            wait_until(lambda: len(hold.held) > ident, "a query that waits")
            time.sleep(0.002)
        for ident in range(4):
            innocent.send(wire.query(f"i{ident}.test", ident=ident))
            wait_until(lambda: hold.held[-1:] and wire.question_name(hold.held[-1].message) == f"i{ident}.test", "it")
        assert {wire.ident_of(greedy.receive()) for _ in range(3)} == {0, 1, 2}
        hold.release()
        assert all(wire.marker_of(innocent.receive()) == 1 for _ in range(4))
        assert all(wire.marker_of(greedy.receive()) == 1 for _ in range(16))
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_client_rejected_total", reason="route_inflight_limit") == 3
    assert metrics.sum("dproxy_inflight_requests") == 0


def resident(proxy):
    with open(f"/proc/{proxy.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


MIB = 1 << 20


@pytest.fixture
def silent(world):
    return world.upstream(1, behaviours.silence)


def large_queries(proxy, _):
    """64 connections with 100 queries of 65,000 bytes each."""
    message = framed(wire.query("x.test", additional=[wire.opt(4096, wire.option(65001, bytes(64000)))]))
    return [flood(TcpClient("127.0.0.1", proxy.port), message * 100) for _ in range(64)]


def parts_of_messages(proxy, _):
    """All connections that there may be, each with a message that is all there but for its last byte."""
    message = framed(wire.query("x.test", additional=[wire.opt(4096, wire.option(65001, bytes(64000)))]))[:-1]
    clients = []
    for number in range(2000):
        clients.append(flood(TcpClient("127.0.0.1", proxy.port, source=f"127.0.{3 + number // 50}.1"), message))
    return clients


def answers_unread(proxy, upstream):
    """Large answers that nobody takes."""
    upstream.behaviour = behaviours.replying(behaviours.sized(60000))
    clients = []
    for number in range(60):
        clients.append(TcpClient("127.0.0.1", proxy.port, source=f"127.0.{3 + number}.1", receive_buffer=4096))
        flood(clients[-1], b"".join(framed(wire.query(f"q{number}.test")) for number in range(90)))
    return clients


def small_queries(proxy, _):
    """100,000 small queries to a server that says nothing."""
    clients = [proxy.client("udp", source=f"127.0.{3 + number}.1") for number in range(10)]
    for number in range(100_000):
        clients[number % 10].send(wire.query(f"q{number}.test"))
        if number % 500 == 0:
            time.sleep(0.01)
    return clients


def flood(client, octets):
    """As far as the other side takes it."""
    client.socket.setblocking(False)
    try:
        while octets:
            octets = octets[client.socket.send(octets):]
    except OSError:
        pass
    return client


@pytest.mark.parametrize("attack", [large_queries, parts_of_messages, answers_unread, small_queries],
                         ids=lambda attack: attack.__name__)
@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps what is given back")
def test_memory_stays_within_its_budget_and_goes_back(world, silent, attack):
    proxy = world.relay(silent, timeout="3s", settings={"tcp_idle": "20s", "workers": 2, "max_inflight": 200000},
                        max_inflight=200000)
    assert proxy.ask("udp", "warm.test")
    idle, most = resident(proxy), 0
    over = threading.Event()

    def watch():
        nonlocal most
        while not over.wait(0.02):
            most = max(most, resident(proxy))
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    clients = attack(proxy, silent)
    time.sleep(4)
    silent.behaviour = behaviours.answer
    reply = proxy.ask("udp", "innocent.test")
    assert reply and wire.rcode_of(reply) == wire.NOERROR
    over.set()
    watcher.join()
    held = proxy.metrics().sum("dproxy_buffered_bytes")
    for client in clients:
        client.close()
    print(f"| {attack.__name__}: idle {idle // MIB} MiB, most {most // MIB} MiB, buffered {held / MIB:.0f} MiB")
    assert most < idle + 96 * MIB
    wait_until(lambda: resident(proxy) < idle + 16 * MIB,
               lambda: f"memory that goes back: idle {idle // MIB}, now {resident(proxy) // MIB} MiB", patience=40)
    print(f"| after it: {resident(proxy) // MIB} MiB")
    proxy.until_metric(0, "dproxy_inflight_requests")
