# SPDX-License-Identifier: MIT
"""AXFR and IXFR over TCP: many messages for one query, on an upstream connection of their own."""
import socket
import struct
import time

import pytest
from harness import behaviours, wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.zone_transfer import expect, messages_of, sending, transfer_query, zone


@pytest.mark.parametrize("later_question", [True, False], ids=["with questions", "first question only"])
@pytest.mark.parametrize("count", [1, 2, 50])
def test_axfr_comes_through_whole(world, family, count, later_question):
    groups = zone(count)
    upstream = world.upstream(1, sending(groups, later_question=later_question))
    proxy = world.relay(upstream, timeout="2s")
    with proxy.client("tcp", family) as client:
        query = transfer_query()
        client.send(query)
        expect(client, query, groups, later_question=later_question)
        upstream.behaviour = behaviours.answer
        assert wire.marker_of(client.ask(wire.query("after.test"))) == 1, "the connection is of no more use"
    assert upstream.received[0].message[2:] == query[2:]


def test_a_large_axfr(world):
    groups = zone(200, size=60000)
    proxy = world.relay(world.upstream(1, sending(groups)))
    with proxy.client("tcp") as client:
        query = transfer_query()
        client.send(query)
        expect(client, query, groups)


IXFRS = {
    "up to date": [[wire.soa(10)]],
    "differences": [[wire.soa(10), wire.soa(8), wire.record(b"\xc0\x0c", wire.A, b"old!")],
                    [wire.soa(9), wire.record(b"\xc0\x0c", wire.A, b"mid!"), wire.soa(9)],
                    [wire.soa(10), wire.record(b"\xc0\x0c", wire.A, b"new!")], [wire.soa(10)]],
    "differences, one record a message": [[record] for record in (
        wire.soa(10), wire.soa(9), wire.record(b"\xc0\x0c", wire.A, b"old!"), wire.soa(10),
        wire.record(b"\xc0\x0c", wire.A, b"new!"), wire.soa(10))],
    "the whole zone": zone(5),
}


@pytest.mark.parametrize("later_question", [True, False], ids=["with questions", "first question only"])
@pytest.mark.parametrize("groups", IXFRS.values(), ids=IXFRS)
def test_ixfr_comes_through_whole(world, groups, later_question):
    upstream = world.upstream(1, sending(groups, later_question=later_question))
    proxy = world.relay(upstream, timeout="2s")
    with proxy.client("tcp") as client:
        query = transfer_query(wire.IXFR, serial=10 if len(groups) == 1 else 8)
        client.send(query)
        expect(client, query, groups, later_question=later_question)
        upstream.behaviour = behaviours.answer
        assert wire.marker_of(client.ask(wire.query("after.test"))) == 1


def test_a_transfer_has_a_connection_of_its_own(world):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, settings={"workers": 1})
    assert proxy.marker("x.test", "tcp") == 1
    upstream.behaviour = sending(zone(3))
    with proxy.client("tcp") as client:
        query = transfer_query()
        client.send(query)
        expect(client, query, zone(3))
    assert upstream.received[0].connection is not upstream.received[1].connection
    upstream.behaviour = behaviours.answer
    assert proxy.marker("y.test", "tcp") == 1
    assert upstream.received[2].connection is not upstream.received[1].connection


@pytest.mark.parametrize("rtype", [wire.AXFR, wire.IXFR])
@pytest.mark.parametrize("rcode", [wire.REFUSED, wire.SERVFAIL, 9])
def test_an_error_ends_a_transfer(world, rtype, rcode):
    upstream = world.upstream(1, behaviours.with_rcode(rcode))
    proxy = world.relay(upstream)
    with proxy.client("tcp") as client:
        assert wire.rcode_of(client.ask(transfer_query(rtype, serial=None))) == rcode
        upstream.behaviour = behaviours.answer
        assert wire.marker_of(client.ask(wire.query("after.test"))) == 1


def test_an_error_in_the_middle_ends_a_transfer(world):
    def behave(exchange):
        exchange.reply(messages_of(exchange.message, zone(3))[0])
        behaviours.with_rcode(wire.SERVFAIL)(exchange)

    upstream = world.upstream(1, behave)
    with world.relay(upstream).client("tcp") as client:
        client.send(transfer_query())
        assert wire.rcode_of(client.receive()) == wire.NOERROR
        assert wire.rcode_of(client.receive()) == wire.SERVFAIL


def test_what_follows_the_closing_soa_is_not_relayed(world):
    def behave(exchange):
        for message in [*messages_of(exchange.message, zone(2)), behaviours.answer_to(exchange.message, 66)]:
            exchange.reply(message)

    upstream = world.upstream(1, behave)
    with world.relay(upstream).client("tcp") as client:
        query = transfer_query(ident=1)
        client.send(query)
        expect(client, query, zone(2))
        upstream.behaviour = behaviours.answer
        reply = client.ask(wire.query("after.test", ident=2))
        assert (wire.ident_of(reply), wire.marker_of(reply)) == (2, 1)


def test_an_upstream_that_closes_in_the_middle_closes_the_client(world):
    def behave(exchange):
        exchange.reply(messages_of(exchange.message, zone(3))[0])
        exchange.close()

    with world.relay(world.upstream(1, behave), world.upstream(2), policy="first").client("tcp") as client:
        client.send(transfer_query())
        assert client.receive() is not None
        assert client.is_closed()


def test_an_upstream_that_stops_in_the_middle_closes_the_client(world):
    def behave(exchange):
        exchange.reply(messages_of(exchange.message, zone(3))[0])

    with world.relay(world.upstream(1, behave), timeout="500ms").client("tcp") as client:
        client.send(transfer_query())
        assert client.receive() is not None
        assert client.is_closed()


def test_a_transfer_may_last_longer_than_the_timeout(world):
    """The timeout counts between messages."""
    held = []
    proxy = world.relay(world.upstream(1, held.append), timeout="3s")
    with proxy.client("tcp") as client:
        client.send(transfer_query())
        wait_until(lambda: held, "the query")
        for number, message in enumerate(messages_of(held[0].message, zone(6))):
            time.sleep(0.7)  # the pace of the upstream, four seconds in all; nothing is waited for
            held[0].reply(message)
            assert client.receive() is not None, f"message {number}"


def test_no_first_message_is_servfail_in_time(world):
    proxy = world.relay(world.upstream(1, behaviours.silence), timeout="400ms")
    assert wire.rcode_of(proxy.ask("tcp", transfer_query())) == wire.SERVFAIL


def test_before_the_first_message_the_second_upstream_is_asked(world, closed_address):
    proxy = world.relay(closed_address, world.upstream(2, sending(zone(2))), policy="first")
    with proxy.client("tcp") as client:
        query = transfer_query()
        client.send(query)
        expect(client, query, zone(2))


@pytest.mark.parametrize("reset", [False, True], ids=["close", "reset"])
def test_a_client_that_leaves_ends_the_transfer(world, reset):
    held = []
    client = world.relay(world.upstream(1, held.append), timeout="30s").client("tcp")
    client.send(transfer_query())
    wait_until(lambda: held, "the query")
    first = messages_of(held[0].message, zone(3))[0]
    held[0].reply(first)
    assert client.receive() is not None
    if reset:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    wait_until(lambda: held[0].reply(first) or held[0].connection.closed_by_peer.is_set(),
               "the end of the upstream's connection")


def test_a_client_that_leaves_a_transfer_that_stands_still_ends_it_in_time(world):
    """A close looks like a half close until something is sent; the timeout between messages bounds it."""
    upstream = world.upstream(1, lambda exchange: exchange.reply(messages_of(exchange.message, zone(3))[0]))
    client = world.relay(upstream, timeout="1s").client("tcp")
    client.send(transfer_query())
    assert client.receive() is not None
    client.close()
    wait_until(upstream.received[0].connection.closed_by_peer.is_set, "the end of the upstream's connection")


def test_nothing_more_is_read_while_the_client_does_not_read(world):
    """An endless zone to a client that takes nothing: the upstream must be stopped by its socket."""
    sent = []

    def endless(exchange):
        first = messages_of(exchange.message, zone(2, size=60000))[0]
        exchange.connection.socket.settimeout(1)
        try:
            while len(sent) < 2000:  # 120 MB
                exchange.connection.socket.sendall(len(first).to_bytes(2, "big") + first)
                sent.append(1)
        except OSError:
            pass

    upstream = world.upstream(1, endless)
    proxy = world.relay(upstream, timeout="2s", settings={"tcp_idle": "3s"})
    with TcpClient("127.0.0.1", proxy.port, receive_buffer=4096) as client:
        client.send(transfer_query())
        wait_until(upstream.received.__len__, "the query")
        wait_until(upstream.received[0].connection.closed_by_peer.is_set, "the end of the transfer", patience=30)
    assert len(sent) < 1000, "the program took the whole zone"
    assert wire.rcode_of(proxy.ask("tcp", wire.query("x.test", opcode=3)[:12])) == wire.NOTIMP


def test_a_transfer_and_ordinary_queries_share_a_client_connection(world):
    held = []

    def behave(exchange):
        (held.append if wire.question_type(exchange.message) == wire.AXFR else behaviours.answer)(exchange)

    proxy = world.relay(world.upstream(1, behave))
    with proxy.client("tcp") as client:
        query = transfer_query(ident=1)
        client.send(query)
        wait_until(lambda: held, "the transfer's query")
        assert wire.marker_of(client.ask(wire.query("x.test", ident=2))) == 1
        for message in messages_of(held[0].message, zone(3)):
            held[0].reply(message)
        expect(client, query, zone(3))


@pytest.mark.parametrize("rtype", [wire.AXFR, wire.IXFR])
def test_over_udp_a_transfer_is_a_query_like_any_other(world, rtype):
    upstream = world.upstream(1, behaviours.replying(
        lambda message: behaviours.answer_to(message, 0, records=[wire.soa(10)])))
    reply = world.relay(upstream).ask("udp", transfer_query(rtype))
    assert wire.counts_of(reply) == (1, 1, 0, 0)
    assert upstream.received[0].transport == "udp"
