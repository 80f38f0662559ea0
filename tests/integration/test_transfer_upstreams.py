# SPDX-License-Identifier: MIT
"""Whom a zone transfer asks, how many there may be, and what ends one: policy, health, limits, reload, lost clients."""
import socket
import struct

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.prox_directory import route
from harness.zone_transfer import expect, messages_of, sending, transfer_query, zone

MOST_AT_A_TIME = 256  # of one worker
FORGET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends a reset


class Zones:
    """Nameservers that send a zone of two messages; how often each was asked for one."""

    def __init__(self, world, count):
        self.servers = [world.upstream(number + 1, sending(zone(2))) for number in range(count)]

    def counts(self):
        return [len(server.received) for server in self.servers]


def transfer(proxy, name="zone.test"):
    query = transfer_query(name=name)
    with proxy.client("tcp") as client:
        client.send(query)
        expect(client, query, zone(2))


def test_round_robin_goes_round(world):
    zones = Zones(world, 3)
    proxy = world.relay(*zones.servers, policy="round-robin", settings={"workers": 1})
    for _ in range(9):
        transfer(proxy)
    assert zones.counts() == [3, 3, 3]


def test_first_is_the_first(world):
    zones = Zones(world, 3)
    proxy = world.relay(*zones.servers, policy="first")
    for _ in range(4):
        transfer(proxy)
    assert zones.counts() == [4, 0, 0]


def test_a_zone_keeps_its_upstream(world):
    zones = Zones(world, 3)
    proxy = world.relay(*zones.servers, policy="hash")
    names = [f"zone{number}.test" for number in range(20)]
    for name in names:
        transfer(proxy, name)
    once = zones.counts()
    assert sum(once) == 20 and min(once) > 0
    for name in names:
        transfer(proxy, name.upper())
    assert zones.counts() == [2 * count for count in once]


def test_a_transfer_under_way_counts_as_outstanding(world):
    hold = behaviours.Hold()
    busy, free = world.upstream(1, hold), world.upstream(2, hold)
    proxy = world.relay(busy, free, settings={"workers": 1}, timeout="1m")
    with proxy.client("tcp") as client:
        client.send(transfer_query())
        wait_until(lambda: hold.held, "the transfer")
        other = free if busy.received else busy
        other.behaviour = behaviours.answer
        assert [proxy.marker("x.test", "tcp") for _ in range(6)] == [other.marker] * 6


def test_an_upstream_that_is_down_is_not_asked(world, closed_address):
    zones = Zones(world, 1)
    proxy = world.relay(closed_address, *zones.servers, policy="first", health="on", timeout="10s")
    wait_until(lambda: proxy.metrics().one("dproxy_upstream_up", upstream=closed_address) == 0, "a dead upstream")
    before = proxy.metrics().sum("dproxy_upstream_requests_total", upstream=closed_address, reason="first")
    for _ in range(5):
        transfer(proxy)
    assert zones.counts() == [5]
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_requests_total", upstream=closed_address, reason="first") == before
    assert metrics.sum("dproxy_upstream_responses_total", upstream=str(zones.servers[0]), rcode="NOERROR") >= 5


def test_with_all_down_the_answer_comes_at_once_and_the_connection_ends_well(world, closed_address):
    """Nobody to be asked: what was answered on the spot is not waited for when the client has closed its side."""
    proxy = world.relay(closed_address, health="on", timeout="1m")
    wait_until(lambda: proxy.metrics().one("dproxy_upstream_up", upstream=closed_address) == 0, "a dead upstream")
    with proxy.client("tcp") as client:
        for ident in range(4):
            client.send(transfer_query(ident=ident) if ident % 2 else wire.query("x.test", ident=ident))
        client.socket.shutdown(socket.SHUT_WR)
        replies = [client.receive() for _ in range(4)]
        assert {wire.ident_of(reply): wire.rcode_of(reply) for reply in replies} == dict.fromkeys(range(4), 2)
        assert client.is_closed()
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")
    assert proxy.metrics().sum("dproxy_inflight_requests") == 0


def test_a_silent_upstream_leaves_time_for_the_next(world):
    silent = world.upstream(1, behaviours.silence)
    zones = Zones(world, 1)
    proxy = world.relay(silent, *zones.servers, policy="first", timeout="6s")
    transfer(proxy)
    assert len(silent.received) == 1
    assert proxy.metrics().sum("dproxy_upstream_failures_total", upstream=str(silent), reason="timeout") == 1


def test_the_only_upstream_has_all_the_time_for_its_first_message(world):
    """Asking it again would make it begin anew."""
    only = world.upstream(1, behaviours.silence)
    proxy = world.relay(only, timeout="600ms", attempts=5)
    assert wire.rcode_of(proxy.ask("tcp", transfer_query())) == wire.SERVFAIL
    assert len(only.received) == 1


NO_BEGINNING = {
    "another record first": behaviours.answer,
    "closed": behaviours.close_at_once,
    "an empty message": lambda exchange: exchange.send_bytes(b"\0\0"),
}


@pytest.mark.parametrize("behave", NO_BEGINNING.values(), ids=NO_BEGINNING)
def test_what_is_no_beginning_of_a_zone_moves_on(world, behave):
    zones = Zones(world, 1)
    proxy = world.relay(world.upstream(1, behave), *zones.servers, policy="first", timeout="10s")
    transfer(proxy)


def test_a_named_rcode_moves_on(world):
    refusing, zones = world.upstream(1, behaviours.with_rcode(wire.REFUSED)), Zones(world, 1)
    proxy = world.relay(refusing, *zones.servers, policy="first", fallback_on="refused")
    transfer(proxy)
    assert len(refusing.received) == 1


@pytest.mark.parametrize("second", [behaviours.with_rcode(wire.SERVFAIL), behaviours.close_at_once],
                         ids=["servfail", "closed"])
def test_when_nobody_has_the_zone_the_first_reply_is_the_answer(world, second):
    proxy = world.relay(world.upstream(1, behaviours.with_rcode(wire.REFUSED)), world.upstream(2, second),
                        policy="first", fallback_on="refused servfail", timeout="10s")
    assert wire.rcode_of(proxy.ask("tcp", transfer_query())) == wire.REFUSED


def test_no_more_transfers_at_a_time_than_the_limit(world):
    hold = behaviours.Hold(sending(zone(2)))
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, timeout="1m", settings={"workers": 1, "tcp_inflight": 1000})
    with proxy.client("tcp") as client:
        for ident in range(MOST_AT_A_TIME + 3):
            client.send(transfer_query(ident=ident))
        refused = [client.receive() for _ in range(3)]
        assert [wire.ident_of(reply) for reply in refused] == [MOST_AT_A_TIME + number for number in range(3)]
        assert {wire.rcode_of(reply) for reply in refused} == {wire.SERVFAIL}
        assert proxy.metrics().sum("dproxy_client_rejected_total", reason="transfer_limit") == 3
        assert proxy.metrics().sum("dproxy_inflight_requests") == MOST_AT_A_TIME
        assert wire.rcode_of(proxy.ask("udp", wire.query("x.test", opcode=3)[:12])) == wire.NOTIMP
        hold.release()
        finished = [client.receive() for _ in range(2 * MOST_AT_A_TIME)]
        assert {wire.ident_of(message) for message in finished} == set(range(MOST_AT_A_TIME))
        query = transfer_query()
        client.send(query)
        expect(client, query, zone(2))


def test_who_holds_all_transfers_gives_way_to_others_and_not_to_himself(world):
    hold = behaviours.Hold(sending(zone(2)))
    silent, quick = world.upstream(1, hold), world.upstream(2, sending(zone(3)))
    proxy = world.proxy(route(".zone.test", silent, timeout="1m") + route(".quick.test", quick), workers=1,
                        tcp_inflight=1000)
    with proxy.client("tcp", source="127.1.0.1") as greedy:
        for ident in range(MOST_AT_A_TIME):
            greedy.send(transfer_query(ident=ident))
        wait_until(lambda: proxy.metrics().sum("dproxy_inflight_requests") == MOST_AT_A_TIME, "all are taken")
        with proxy.client("tcp", source="127.2.0.1") as innocent:
            query = wire.query("quick.test", wire.AXFR)
            innocent.send(query)
            expect(innocent, query, zone(3))
        lost = greedy.receive()
        assert (wire.ident_of(lost), wire.rcode_of(lost)) == (0, wire.SERVFAIL)
        for ident in (300, 301):
            greedy.send(transfer_query(ident=ident))
        answered = greedy.receive()  # one place was free again
        assert (wire.ident_of(answered), wire.rcode_of(answered)) == (301, wire.SERVFAIL)
        assert proxy.metrics().sum("dproxy_client_rejected_total", reason="transfer_limit") == 2
        hold.release()


@pytest.mark.parametrize("where", ["route", "program"])
def test_transfers_count_as_queries_in_flight(world, where):
    hold = behaviours.Hold(sending(zone(2)))
    upstream = world.upstream(1, hold)
    settings, keys = {"workers": 1}, {"timeout": "1m"}
    (keys if where == "route" else settings)["max_inflight"] = 2
    proxy = world.relay(upstream, settings=settings, **keys)
    reason = "route_inflight_limit" if where == "route" else "inflight_limit"
    with proxy.client("tcp") as client:
        for ident in range(2):
            client.send(transfer_query(ident=ident))
        upstream.wait_for(2)
        for number, transport in enumerate(("udp", "tcp"), 1):
            assert wire.rcode_of(proxy.ask(transport, "x.test")) == wire.SERVFAIL
            assert proxy.metrics().sum("dproxy_client_rejected_total", reason=reason) == number
        assert wire.rcode_of(proxy.ask("tcp", transfer_query())) == wire.SERVFAIL
        hold.release()
        assert sorted(wire.ident_of(client.receive()) for _ in range(4)) == [0, 0, 1, 1]
    upstream.behaviour = behaviours.answer
    assert [proxy.marker("x.test", transport) for transport in ("udp", "tcp")] == [1, 1]


def test_a_reload_leaves_a_transfer_alone(world):
    held = []
    old = world.upstream(1, lambda exchange: (held.append if wire.question_type(exchange.message) == wire.AXFR
                                              else behaviours.answer)(exchange))
    new = world.upstream(2)
    routes = world.routes({"a.prox": route("*", old, timeout="1m")})
    proxy = world.proxy(routes)
    with proxy.client("tcp") as client:
        query = transfer_query()
        client.send(query)
        wait_until(lambda: held, "the transfer")
        messages, wanted = messages_of(held[0].message, zone(4)), messages_of(query, zone(4))
        for message in messages[:2]:
            held[0].reply(message)
        assert [client.receive() for _ in range(2)] == wanted[:2]
        routes.replace("a.prox", route("*", new))
        proxy.until("x.test", 2)
        for message in messages[2:]:
            held[0].reply(message)
        assert [client.receive() for _ in range(2)] == wanted[2:]
        new.behaviour = sending(zone(2))
        client.send(query)
        expect(client, query, zone(2))
    wait_until(held[0].connection.closed_by_peer.is_set, "the end of the old upstream's connection")


def vanish(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, FORGET)
    client.close()


@pytest.mark.parametrize("begun", [False, True], ids=["before the first message", "between messages"])
@pytest.mark.parametrize("how", ["reset", "half-closed, then reset", "reset while nothing is read from it"])
def test_a_client_that_vanishes_ends_its_upstream_connection_at_once(world, how, begun):
    """The upstream is silent and its time is long: only the reset can end it."""
    held = []
    proxy = world.relay(world.upstream(1, held.append), timeout="1m",
                        settings={"tcp_inflight": 1 if "nothing" in how else 100})
    client = proxy.client("tcp")
    client.send(transfer_query())
    wait_until(lambda: held, "the transfer")
    if begun:
        held[0].reply(messages_of(held[0].message, zone(3))[0])
        assert client.receive() is not None
    if "half-closed" in how:
        client.socket.shutdown(socket.SHUT_WR)
    vanish(client)
    wait_until(held[0].connection.closed_by_peer.is_set, "the end of the upstream's connection")
    proxy.until_metric(0, "dproxy_inflight_requests")
    proxy.until_metric(0, "dproxy_tcp_connections", side="client")


def test_a_client_that_half_closes_gets_the_whole_zone(world):
    hold = behaviours.Hold(sending(zone(60, size=60000)))
    proxy = world.relay(world.upstream(1, hold))
    with proxy.client("tcp") as client:
        query = transfer_query()
        client.send(query)
        client.socket.shutdown(socket.SHUT_WR)
        wait_until(lambda: hold.held, "the transfer")
        hold.release()
        expect(client, query, zone(60, size=60000))
        assert client.is_closed()
