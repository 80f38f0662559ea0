# SPDX-License-Identifier: MIT
"""SIGTERM: not ready at once, queries answered through the drain, those in flight finished, status 0."""
import re
import signal
import time

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until


@pytest.fixture(params=[signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def number(request):
    return request.param


def until_draining(proxy):
    return wait_until(lambda: next((got for got in [proxy.get("/readyz")] if got[0] == 503), None), "a 503 of /readyz")


def test_not_ready_at_once_and_answering_through_the_drain(world, transport, number):
    proxy = world.relay(world.upstream(1), settings={"drain": "2s"})
    with proxy.client(transport) as client:
        assert client.ask(wire.query("x.test")) is not None
        began = time.monotonic()
        proxy.signal(number)
        _, _, body = until_draining(proxy)
        assert re.search("drain", body, re.I)
        assert proxy.get("/livez")[0] == 200
        answered = 0
        while time.monotonic() - began < 1.5:
            assert wire.marker_of(client.ask(wire.query("x.test"))) == 1
            assert proxy.marker("y.test", transport) == 1
            answered += 1
    assert answered
    assert proxy.wait_over() == 0
    assert time.monotonic() - began > 1.8, "it ended before the drain"


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
    proxy = world.relay(world.upstream(1), settings={"drain": "500ms"})
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


def test_the_port_is_free_again_at_once(world, transport):
    upstream = world.upstream(1)
    proxy = world.relay(upstream)
    assert proxy.marker("x.test", transport) == 1
    assert proxy.stop() == 0
    proxy.start()
    assert proxy.marker("x.test", transport) == 1
