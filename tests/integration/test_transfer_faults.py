# SPDX-License-Identifier: MIT
"""Zone transfers that left connections stuck elsewhere: of who is current, of who names no SOA that can be read, and
with empty messages."""
import struct
import threading

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.zone_transfer import expect, messages_of, sending, transfer_query, zone

CURRENT = 10  # the serial of the zones here


def no_connection_is_left(proxy, upstream):
    proxy.until_metric(0, "dproxy_tcp_connections", side="upstream")
    proxy.until_metric(0, "dproxy_inflight_queries")
    for connection in upstream.connections:
        wait_until(connection.closed_by_peer.is_set, "a closed connection")


def test_transfers_of_a_current_zone_leave_no_connection(world):
    """More of them than there may be at one time."""
    upstream = world.upstream(1, sending([[wire.soa(CURRENT)]]))
    proxy = world.relay(upstream, settings={"workers": 1}, timeout="30s")
    with proxy.client("tcp") as client:
        for ident in range(300):
            query = transfer_query(wire.IXFR, ident, serial=CURRENT)
            client.send(query)
            expect(client, query, [[wire.soa(CURRENT)]])
    no_connection_is_left(proxy, upstream)
    assert proxy.metrics().sum("dproxy_client_rejected_total", reason="transfer_limit") == 0


def asking_with(data):
    return wire.header(0, (1, 0, 1, 0), 7) + wire.question("zone.test", wire.IXFR) + wire.record(
        b"\xc0\x0c", wire.SOA, data)


NAMES = wire.name("ns.test") + wire.name("admin.test")
UNREADABLE = {
    "no SOA": wire.query("zone.test", wire.IXFR, ident=7, flags=0),
    "an empty one": asking_with(b""),
    "names alone": asking_with(NAMES),
    "a byte too few": asking_with(NAMES + bytes(19)),
    "a byte too many": asking_with(NAMES + bytes(21)),
    "a name without an end": asking_with(b"\x3fabc"),
    "a label of a kind that is none": asking_with(b"\x41" + bytes(30)),
}


@pytest.mark.parametrize("says", ["an error", "one SOA", "nothing"])
@pytest.mark.parametrize("query", UNREADABLE.values(), ids=UNREADABLE)
def test_an_ixfr_whose_soa_cannot_be_read_ends_in_time(world, query, says):
    """Where nobody knows that no more will come, the route's timeout ends it, for client and upstream."""
    behave = {"an error": behaviours.with_rcode(wire.FORMERR), "one SOA": sending([[wire.soa(CURRENT)]]),
              "nothing": behaviours.silence}[says]
    upstream = world.upstream(1, behave)
    proxy = world.relay(upstream, settings={"workers": 1}, timeout="300ms", attempts=1)
    with proxy.client("tcp") as client:
        reply = client.ask(query)
        expected = {"an error": wire.FORMERR, "one SOA": wire.NOERROR, "nothing": wire.SERVFAIL}[says]
        assert wire.rcode_of(reply) == expected
        if says == "one SOA":
            assert client.is_closed()
        no_connection_is_left(proxy, upstream)
    upstream.behaviour = behaviours.answer
    assert proxy.marker("x.test", "tcp") == 1


def empty(query, question=True):
    reply = behaviours.answer_to(query, 0, flags=wire.AA, records=[])
    return reply if question else reply[:4] + bytes(8)


@pytest.mark.parametrize("rtype", [wire.AXFR, wire.IXFR])
def test_an_empty_first_message_is_all_there_is(world, rtype):
    upstream = world.upstream(1, behaviours.replying(empty))
    proxy = world.relay(upstream, settings={"workers": 1}, timeout="30s")
    with proxy.client("tcp") as client:
        query = transfer_query(rtype, serial=None if rtype == wire.AXFR else 1)
        assert client.ask(query) == empty(query)
        no_connection_is_left(proxy, upstream)
        upstream.behaviour = behaviours.answer
        assert wire.marker_of(client.ask(wire.query("after.test"))) == 1


@pytest.mark.parametrize("question", [True, False], ids=["with question", "header alone"])
def test_empty_messages_between_others_come_through(world, question):
    def behave(exchange):
        for message in messages_of(exchange.message, zone(3)):
            exchange.reply(message)
            if message is not messages_of(exchange.message, zone(3))[-1]:
                exchange.reply(empty(exchange.message, question))

    upstream = world.upstream(1, behave)
    proxy = world.relay(upstream, settings={"workers": 1}, timeout="30s")
    with proxy.client("tcp") as client:
        query = transfer_query()
        client.send(query)
        for wanted in messages_of(query, zone(3)):
            assert client.receive() == wanted
            if wanted != messages_of(query, zone(3))[-1]:
                assert client.receive() == empty(query, question)
        no_connection_is_left(proxy, upstream)


def test_who_sends_nothing_but_empty_messages_sends_no_zone(world):
    """They are no progress: the route's timeout runs on, and the client is told that the zone is not whole."""
    stop = threading.Event()
    world.at_end(stop.set)

    def behave(exchange):
        exchange.reply(messages_of(exchange.message, zone(2))[0])

        def run():
            while not stop.wait(0.05) and not exchange.connection.closed_by_peer.is_set():
                exchange.reply(empty(exchange.message))
        threading.Thread(target=run, daemon=True).start()

    upstream = world.upstream(1, behave)
    proxy = world.relay(upstream, settings={"workers": 1}, timeout="700ms")
    with proxy.client("tcp") as client:
        client.send(transfer_query())
        assert client.receive() is not None
        count = 0
        while client.receive() is not None:
            count += 1
            assert count < 1000, "an endless transfer of nothing"
        no_connection_is_left(proxy, upstream)


def test_a_message_without_a_byte_ends_a_transfer(world):
    def behave(exchange):
        exchange.reply(messages_of(exchange.message, zone(2))[0])
        exchange.send_bytes(struct.pack("!H", 0))

    upstream = world.upstream(1, behave)
    proxy = world.relay(upstream, settings={"workers": 1}, timeout="30s")
    with proxy.client("tcp") as client:
        client.send(transfer_query())
        while client.receive(30.0) is not None:  # perhaps the first one: what ends badly is cut at once
            pass
        no_connection_is_left(proxy, upstream)
