# SPDX-License-Identifier: MIT
"""Readers of dnstap that are late, leave, die, stall or want something else: what they miss is counted, and no query
waits for them."""
import signal
import threading

import pytest
from harness import behaviours, wire
from harness.dnstap import (Capture, OwnReader, all_captured, asked_until_lost, large, names_of, tcp_place,
                            unix_place, until_read)
from harness.load import Load, LoadUpstreams
from harness.prox_directory import route

DROPPED = "dproxy_dnstap_dropped_total"
MESSAGES = 4  # of a query that one upstream answers


def tapping(world, place, behaviour=behaviours.answer):
    return world.proxy(route("*", world.upstream(1, behaviour)), dnstap=place, workers=1)


@pytest.mark.parametrize("place_of", [unix_place, lambda world: tcp_place()], ids=["unix", "tcp"])
def test_a_reader_that_comes_late_is_told_of_what_was_before(world, place_of):
    place = place_of(world)
    proxy = tapping(world, place)
    proxy.until_logged("dnstap has no reader yet")
    for number in range(50):
        assert proxy.ask("udp", f"n{number}.test")
    capture = Capture(world, place)
    until_read(proxy)
    assert proxy.metrics().one(DROPPED) == 0
    assert proxy.log().count("no reader yet") == 1
    frames = all_captured(proxy, capture)
    assert len(frames) == 50 * MESSAGES and names_of(frames) == [f"n{number}.test" for number in range(50)]


@pytest.mark.parametrize("place_of", [unix_place, lambda world: tcp_place()], ids=["unix", "tcp"])
def test_a_reader_that_is_started_again_goes_on(world, place_of):
    place = place_of(world)
    first = Capture(world, place, "first")
    proxy = tapping(world, place)
    until_read(proxy)
    assert proxy.ask("udp", "before.test")
    first.process.send_signal(signal.SIGTERM)
    proxy.until_logged("dnstap has lost its reader")
    first.kill()
    for number in range(20):
        assert proxy.ask("udp", f"between{number}.test")
    second = Capture(world, place, "second")
    until_read(proxy, 2)
    assert proxy.ask("udp", "after.test")
    frames = all_captured(proxy, second)
    assert names_of(frames)[-21:] == [f"between{number}.test" for number in range(20)] + ["after.test"]
    # Of what was before, each message is with one of the two, or was lost between them.
    assert 21 * MESSAGES <= len(frames) <= 22 * MESSAGES


def test_a_reader_that_dies_costs_no_query(world):
    place = unix_place(world)
    proxy = tapping(world, place)
    for turn in range(1, 4):
        capture = Capture(world, place)
        until_read(proxy, turn)
        assert proxy.ask("udp", f"n{turn}.test")
        capture.kill()
        proxy.until_logged("dnstap has lost its reader", turn)
        assert proxy.ask("udp", f"m{turn}.test")


@pytest.fixture
def own_reader(world):
    reader = OwnReader(world.directory / "dnstap.sock")
    world.at_end(reader.close)
    return reader


def test_a_reader_that_stalls_costs_messages_and_no_query_and_may_go_on(world, own_reader):
    proxy = tapping(world, unix_place(world), behaviours.replying(large))
    own_reader.accept()
    asked = asked_until_lost(proxy, DROPPED)
    taken = []

    def take():
        taken.extend(own_reader.frames())
        if "again.test" not in names_of(taken, "CLIENT_RESPONSE"):  # it was left meanwhile
            own_reader.accept()
            taken.extend(own_reader.frames())
    reading = threading.Thread(target=take)
    reading.start()
    until_asked = 0
    while "again.test" not in names_of(list(taken), "CLIENT_RESPONSE") and until_asked < 100:
        assert proxy.ask("udp", "again.test")
        until_asked += 1
    lost = proxy.metrics().one(DROPPED)
    assert proxy.stop() == 0
    reading.join()
    told = len(taken)
    assert 0 < lost and told <= (asked + until_asked) * MESSAGES <= told + lost
    assert all(len(one.message) > 30_000 for one in taken
               if one.kind == "CLIENT_RESPONSE" and wire.question_name(one.message).startswith("n"))


def test_a_reader_that_stalls_for_long_is_left_and_may_come_back(world, own_reader):
    proxy = tapping(world, unix_place(world), behaviours.replying(large))
    own_reader.accept()
    asked_until_lost(proxy, DROPPED)
    proxy.until_logged('reason="it takes nothing"')
    own_reader.leave()
    own_reader.accept()
    until_read(proxy, 2)
    taken = []
    reading = threading.Thread(target=lambda: taken.extend(own_reader.frames()))
    reading.start()
    assert proxy.stop() == 0
    reading.join()
    assert taken


def test_a_reader_that_stalls_does_not_hold_up_the_end(world, own_reader):
    proxy = tapping(world, unix_place(world), behaviours.replying(large))
    own_reader.accept()
    asked_until_lost(proxy, DROPPED)
    assert proxy.stop() == 0


def test_a_reader_that_says_nothing_does_not_hold_up_the_end(world, own_reader):
    proxy = tapping(world, unix_place(world))
    own_reader.accept(agrees=False)
    assert proxy.ask("udp", "x.test")
    assert proxy.stop() == 0


def test_no_reader_at_all_does_not_hold_up_the_end(world):
    proxy = tapping(world, unix_place(world))
    assert proxy.ask("udp", "x.test")
    assert proxy.stop() == 0
    assert "has no reader yet" in proxy.log()


def test_a_reader_of_other_frames_is_told_of_in_the_log(world):
    place = unix_place(world)
    proxy = tapping(world, place)
    proxy.until_logged("dnstap has no reader yet")
    assert proxy.ask("udp", "x.test")
    assert proxy.stop() == 0


def test_what_has_no_room_until_a_reader_comes_is_counted_message_by_message(world):
    place = unix_place(world)
    proxy = tapping(world, place, behaviours.replying(large))
    asked = asked_until_lost(proxy, DROPPED)
    lost = proxy.metrics().one(DROPPED)
    capture = Capture(world, place)
    until_read(proxy)
    assert len(all_captured(proxy, capture)) + lost == asked * MESSAGES


def test_under_load_what_is_not_told_is_counted(world):
    upstream = LoadUpstreams(1)
    world.at_end(upstream.close)
    place = unix_place(world)
    capture = Capture(world, place)
    proxy = world.proxy(route(".z0.test", f"127.0.0.1:{upstream.ports[0]}", attempts=1), dnstap=place, workers=2)
    until_read(proxy)
    result = Load(proxy.port, 5000, 5, 1, 1).result()
    proxy.until_metric(0, "dproxy_inflight_requests")
    metrics = proxy.metrics()
    counted = (metrics.sum("dproxy_requests_total") + metrics.sum("dproxy_responses_total") +
               metrics.sum("dproxy_upstream_requests_total", reason="first") +
               metrics.sum("dproxy_responses_total", source="upstream"))
    frames = all_captured(proxy, capture)
    assert len(frames) + metrics.one(DROPPED) == counted >= result["answered"] * MESSAGES
    assert all(one.zone == b"\2z0\4test\0" for one in frames)
