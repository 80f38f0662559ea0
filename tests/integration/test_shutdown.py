# SPDX-License-Identifier: MIT
"""SIGTERM: not ready at once, queries answered through the drain, those in flight finished, status 0."""
import re
import signal
import time

import pytest
from harness import behaviours, wire
from harness.client import LOOPBACK, TcpClient
from harness.deadline import wait_until


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def number(request):
    return request.param


def until_draining(proxy):
    return wait_until(lambda: next((got for got in [proxy.get("/readyz")] if got[0] == 503), None), "a 503 of /readyz")


def test_not_ready_at_once_and_answering_through_the_drain(world, transport, number):
    # On a busy machine a short one may be over before anybody asks.
    assert any(answered_in_drain(world, transport, number, drain) for drain in (2, 10, 40))


def answered_in_drain(world, transport, number, drain):
    """How often, until half of it was over."""
    proxy = world.relay(world.upstream(1), settings={"drain": f"{drain}s"})
    answered = 0
    with proxy.client(transport) as client:
        assert client.ask(wire.query("x.test")) is not None
        began = time.monotonic()
        proxy.signal(number)
        try:
            _, _, body = until_draining(proxy)
            assert re.search("drain", body, re.I)
            assert proxy.get("/livez")[0] == 200
            while time.monotonic() - began < drain / 2:
                for reply in (client.ask(wire.query("x.test")), proxy.ask(transport, "y.test")):
                    assert wire.marker_of(reply or wire.query("none")) == 1
                answered += 1
        except (OSError, AssertionError):
            assert time.monotonic() - began > drain, "no answer in the drain"
    assert proxy.wait_over() == 0
    assert time.monotonic() - began > drain - 0.2, "it ended before the drain"
    return answered


def test_queries_in_flight_are_finished(world, transport):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, timeout="20s", settings={"drain": "0s"})
    with proxy.client(transport) as client:
        for ident in range(10):
            client.send(wire.query("x.test", ident=ident))
        upstream.wait_for(10)
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: "drain" in proxy.log() or "stop" in proxy.log(), "a word about the end in the log")
        hold.release()
        replies = [client.receive() for _ in range(10)]
    assert {wire.ident_of(reply) for reply in replies} == set(range(10))
    assert {wire.marker_of(reply) for reply in replies} == {1}
    assert proxy.wait_over() == 0


def test_queries_that_nobody_answers_get_their_servfail_before_the_end(world, transport):
    upstream = world.upstream(1, behaviours.silence)
    proxy = world.relay(upstream, timeout="1s", settings={"drain": "0s"})
    with proxy.client(transport) as client:
        client.send(wire.query("x.test"))
        upstream.wait_for(1)
        proxy.signal(signal.SIGTERM)
        assert wire.rcode_of(client.receive()) == wire.SERVFAIL
    assert proxy.wait_over() == 0


def test_a_second_signal_ends_it_at_once(world):
    upstream = world.upstream(1, behaviours.silence)
    proxy = world.relay(upstream, timeout="20s", settings={"drain": "1m"})
    with proxy.client("udp") as client:
        client.send(wire.query("x.test"))
        upstream.wait_for(1)
        proxy.signal(signal.SIGTERM)
        until_draining(proxy)
        proxy.signal(signal.SIGTERM)
        assert proxy.wait_over(patience=15) == 0


def test_no_query_is_lost_while_it_ends(world):
    """Every query that was sent before the sockets closed has its answer."""
    proxy = world.relay(world.upstream(1), settings={"drain": "1s"})
    sent = answered = 0
    with proxy.client("udp") as client:
        proxy.signal(signal.SIGTERM)
        while not proxy.is_over():
            try:
                client.send(wire.query("x.test", ident=sent % 65536))
            except ConnectionRefusedError:
                break
            sent += 1
            if client.receive(patience=2) is None:
                break
            answered += 1
    assert proxy.wait_over() == 0
    assert answered > 10 and sent - answered <= 1


def large_answers(world, count, source=None, **keys):
    """A program whose clients have each asked for 64 KiB over TCP, and read nothing of it."""
    proxy = world.relay(world.upstream(1, behaviours.replying(behaviours.sized(65000))), attempts=1, **keys)
    clients = []
    for number in range(count):
        address = f"127.0.1.{1 + number // 50}"
        clients.append(TcpClient(LOOPBACK[4], proxy.port, address, receive_buffer=2048))
        world.at_end(clients[-1].close)
        clients[-1].send(wire.query("large.test", wire.TXT))
        if len(clients) % 25 == 0:  # no more at a time than the upstream's connections have room for
            proxy.until_metric(len(clients), "dproxy_responses_total", transport="tcp", rcode="NOERROR")
    proxy.until_metric(count, "dproxy_responses_total", transport="tcp", rcode="NOERROR")
    return proxy, clients


@pytest.mark.parametrize("count", [1, 200])
def test_slow_readers_get_their_answers_whole(world, count):
    """What a client has yet to take, in the program or in the kernel's buffers, is waited for."""
    proxy, clients = large_answers(world, count, timeout="30s", settings={"drain": "0s", "tcp_idle": "1m"})
    proxy.signal(signal.SIGTERM)
    proxy.until_logged("draining")
    time.sleep(1)  # longer than it takes to end where nobody waits
    assert not proxy.is_over()
    for client in clients:
        assert len(client.receive()) == 65000
    assert all(client.is_closed() for client in clients)
    assert proxy.wait_over() == 0


def test_who_takes_nothing_does_not_hold_it_up_for_longer_than_a_query(world):
    proxy, clients = large_answers(world, 5, timeout="2s", settings={"drain": "0s", "tcp_idle": "1m"})
    began = time.monotonic()
    proxy.signal(signal.SIGTERM)
    assert proxy.wait_over(patience=40) == 0  # and not after tcp_idle
    assert time.monotonic() - began > 1.8
    assert len(clients) == 5


def test_an_idle_client_connection_does_not_hold_it_up(world):
    proxy = world.relay(world.upstream(1), settings={"tcp_idle": "1m", "drain": "0s"})
    with proxy.client("tcp") as client:
        assert client.ask(wire.query("x.test")) is not None
        proxy.signal(signal.SIGTERM)
        assert proxy.wait_over(patience=20) == 0
        assert client.is_closed()


def test_a_transfer_is_cut(world):
    def endless(exchange):
        exchange.reply(behaviours.answer_to(exchange.message, 1, records=[wire.soa(1)]))

    upstream = world.upstream(1, endless)
    proxy = world.relay(upstream, timeout="20s", settings={"drain": "0s"})
    with proxy.client("tcp") as client:
        client.send(wire.query("zone.test", wire.AXFR))
        assert client.receive() is not None
        proxy.signal(signal.SIGTERM)
        assert proxy.wait_over(patience=15) == 0


def test_sighup_does_not_end_it(world):
    proxy = world.relay(world.upstream(1))
    for _ in range(5):
        proxy.signal(signal.SIGHUP)
        assert proxy.marker("x.test") == 1


STRAY = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO)


@pytest.mark.parametrize("stray", STRAY, ids=lambda stray: stray.name)
def test_a_signal_that_means_nothing_does_not_end_it(world, stray):
    proxy = world.relay(world.upstream(1))
    for _ in range(3):
        proxy.signal(stray)
        assert proxy.marker("x.test") == 1


def test_no_signal_but_those_that_end_it_ends_it_before_it_serves(world):
    text = "".join(f"[n{number}.test]\naddress = 127.0.0.1\n" for number in range(20000))
    proxy = world.proxy({f"f{number}.prox": text.replace("[n", f"[f{number}n") for number in range(4)}, wait=False)

    def ignores(number):
        with open(f"/proc/{proxy.process.pid}/status", encoding="ascii") as status:
            mask = next(line for line in status if line.startswith("SigIgn:"))
        return int(mask.split()[1], 16) >> (number - 1) & 1

    wait_until(lambda: ignores(signal.SIGUSR1), "the program to begin")
    for stray in (signal.SIGHUP, *STRAY):
        proxy.signal(stray)

    def is_ready():
        try:
            return proxy.get("/readyz")[0] == 200
        except OSError:
            return False
    wait_until(is_ready, "a program that serves", patience=120)  # with very many routes


def test_the_port_is_free_again_at_once(world, transport):
    upstream = world.upstream(1)
    proxy = world.relay(upstream)
    assert proxy.marker("x.test", transport) == 1
    assert proxy.stop() == 0
    proxy.start()
    assert proxy.marker("x.test", transport) == 1
