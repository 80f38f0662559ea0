# SPDX-License-Identifier: MIT
"""`client_subnet = add`: the upstream is told the client's network, and the client sees nothing of it."""
import struct

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.prox_directory import route
from test_relayed_bytes import NSID, SIG0, TSIG, update

SUBNET = {4: wire.option(8, b"\0\1\x18\0\x7f\0\0"), 6: wire.option(8, b"\0\2\x38\0" + bytes(7))}
OWN_SUBNET = wire.option(8, b"\0\1\x10\0\xc6\x33")
ADDRESS = wire.record(b"\xc0\x0c", wire.A, b"abcd")


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    return shared_world.relay(upstream, client_subnet="add", attempts=1)  # a retry could come late, into the next test


@pytest.fixture(scope="module")
def over_tcp(shared_world, upstream):
    return shared_world.relay(upstream, protocol="tcp", client_subnet="add", attempts=1)


def without_edns(added, name="x.test", **keys):
    return wire.query(name, ident=7, additional=[wire.opt(512, added)] if added else [], **keys)


def with_edns(added, **keys):
    return wire.query("x.test", ident=7, additional=[wire.opt(1400, NSID + added, dnssec_ok=True)], **keys)


def large(added):
    return wire.query("x.test", ident=7, additional=[wire.opt(65535, wire.option(65001, bytes(60000)) + added)])


def just_stored_in_place(added):
    """In flight it needs the last byte of what is kept without an allocation, or one more."""
    return wire.query("x.test", ident=7, additional=[wire.opt(4096, wire.option(65001, bytes(453)) + added)])


CHANGED = {
    "no EDNS": without_edns,
    "case of the name": lambda added: without_edns(added, "wWw.ExAmPlE.tEsT"),
    "name of 255": lambda added: without_edns(added, wire.long_name(255)),
    "bytes after the question": lambda added: without_edns(added, trailing=b"\0\1 and more"),
    "EDNS": with_edns,
    "bytes after an OPT": lambda added: with_edns(added, trailing=bytes(30)),
    "flags": lambda added: with_edns(added, flags=wire.CD | wire.AD | wire.Z),
    "type and class": lambda added: with_edns(added, rtype=65280, rclass=3),
    "an empty OPT": lambda added: wire.query("x.test", ident=7, additional=[wire.opt(100, added)]),
    "a record before the OPT": lambda added: wire.query("x.test", ident=7, additional=[ADDRESS, wire.opt(1400, added)]),
    "large": large,
    "as large as is kept in place": just_stored_in_place,
}

UNCHANGED = {
    "the client's own": wire.query("x.test", additional=[wire.opt(1232, OWN_SUBNET)]),
    "the client's own, that asks for privacy": wire.query("x.test", additional=[
        wire.opt(1232, wire.option(8, b"\0\1\0\0") + NSID)]),
    "TSIG": wire.query("x.test", additional=[TSIG]),
    "EDNS and TSIG": wire.query("x.test", additional=[wire.opt(), TSIG]),
    "SIG(0)": wire.query("x.test", additional=[SIG0]),
    "UPDATE": update(),
    "NOTIFY": wire.header(wire.AA, (1, 1, 0, 0), opcode=wire.NOTIFY) + wire.question("x.test", wire.SOA) + wire.soa(7),
    "STATUS": wire.query("x.test", opcode=wire.STATUS),
    "another EDNS version": wire.query("x.test", additional=[wire.opt(version=7)]),
    "a record behind the OPT": wire.query("x.test", additional=[wire.opt(), ADDRESS]),
}


def mirrored(message):
    """An answer with the OPT that came, as servers send the client's network back with a scope."""
    opts = [whole for _, rtype, _, _, _, whole in wire.records(message) if rtype == wire.OPT]
    return behaviours.answer_to(message, 1, additional=b"".join(opts))


@pytest.mark.parametrize("make", CHANGED.values(), ids=CHANGED)
def test_the_upstream_is_told_the_network_and_the_client_sees_nothing_of_it(proxy, upstream, transport, family, make):
    before, upstream.behaviour = len(upstream.received), behaviours.replying(mirrored)
    answer = proxy.ask(transport, make(b""), family)
    arrived = upstream.wait_for(before + 1)[before]
    assert arrived.message[2:] == make(SUBNET[family])[2:]
    assert arrived.transport == transport
    assert answer == mirrored(make(b""))


@pytest.mark.parametrize("message", UNCHANGED.values(), ids=UNCHANGED)
def test_what_must_not_change_goes_up_to_the_bit(proxy, upstream, transport, family, message):
    before = len(upstream.received)
    upstream.behaviour = behaviours.replying(
        lambda message: behaviours.answer_to(message, 1, additional=wire.opt(1232, SUBNET[4])))
    answer = proxy.ask(transport, message, family)
    arrived = upstream.wait_for(before + 1)[before]
    assert arrived.message[2:] == message[2:]
    assert answer == behaviours.answer_to(message, 1, additional=wire.opt(1232, SUBNET[4])), "what came back is theirs"


@pytest.mark.parametrize("rtype", [wire.AXFR, wire.IXFR])
def test_a_transfer_is_left_alone(proxy, upstream, transport, rtype):
    message, before = wire.query("x.test", rtype), len(upstream.received)
    upstream.behaviour = behaviours.with_rcode(wire.REFUSED)
    assert wire.rcode_of(proxy.ask(transport, message)) == wire.REFUSED
    assert upstream.wait_for(before + 1)[before].message[2:] == message[2:]


def test_a_message_that_could_not_grow_is_left_alone(proxy, upstream):
    message = wire.query("x.test", additional=[wire.opt(options=wire.option(65001, bytes(65535 - 39)))])
    assert len(message) == 65535
    before, upstream.behaviour = len(upstream.received), behaviours.answer
    assert wire.marker_of(proxy.ask("tcp", message)) == 1
    assert upstream.wait_for(before + 1)[before].message[2:] == message[2:]


def test_a_udp_client_whose_route_is_tcp(over_tcp, upstream, family):
    before, upstream.behaviour = len(upstream.received), behaviours.replying(mirrored)
    assert over_tcp.ask("udp", without_edns(b""), family) == mirrored(without_edns(b""))
    arrived = upstream.wait_for(before + 1)[before]
    assert arrived.transport == "tcp" and arrived.message[2:] == without_edns(SUBNET[family])[2:]


SCOPED = wire.option(8, b"\0\1\x18\x18\x7f\0\0")  # as a server gives it back
OTHER_SUBNET = wire.option(8, b"\0\1\x20\x20\x01\x02\x03\x04")
BEHIND = wire.record(b"\xc0\x0c", wire.A, b"wxyz")
REPLIES = {  # what the upstream sends behind header and question, and what is left of it, by EDNS of the client
    "nothing to take out": ((1, 0, 0), ADDRESS, ADDRESS, ADDRESS, 0),
    "the option alone": ((1, 0, 1), ADDRESS + wire.opt(1232, SCOPED), ADDRESS, ADDRESS + wire.opt(1232), 1),
    "between others": ((0, 0, 1), wire.opt(900, NSID + SCOPED + wire.option(3, b"server"), dnssec_ok=True), b"",
                       wire.opt(900, NSID + wire.option(3, b"server"), dnssec_ok=True), 1),
    "another network, and twice": ((0, 0, 1), wire.opt(900, SCOPED + OTHER_SUBNET), b"", wire.opt(900), 1),
    "records behind": ((0, 0, 2), wire.opt(900, SCOPED) + BEHIND, BEHIND, wire.opt(900) + BEHIND, 1),
    "bytes behind": ((0, 0, 1), wire.opt(900, SCOPED) + b"tail", b"tail", wire.opt(900) + b"tail", 1),
}


def reply(message, counts, rest, flags=0):
    return struct.pack("!6H", wire.ident_of(message), wire.flags_of(message) & wire.RD | wire.QR | flags, 1,
                       *counts) + wire.question_of(message) + rest


@pytest.mark.parametrize("counts, sent, bare, kept, opts", REPLIES.values(), ids=REPLIES)
def test_what_was_added_is_taken_out_of_the_reply(proxy, upstream, transport, counts, sent, bare, kept, opts):
    upstream.behaviour = behaviours.replying(lambda message: reply(message, counts, sent))
    without, having = without_edns(b""), with_edns(b"")
    assert proxy.ask(transport, without) == reply(without, (counts[0], counts[1], counts[2] - opts), bare)
    assert proxy.ask(transport, having) == reply(having, counts, kept)


def test_a_reply_that_does_not_walk_is_left_as_it_is(proxy, upstream, transport):
    def make(message):
        return reply(message, (9, 9, 9), wire.opt(900, SCOPED))

    upstream.behaviour = behaviours.replying(make)
    assert proxy.ask(transport, without_edns(b"")) == make(without_edns(b""))


def test_a_reply_in_another_case_is_taken(proxy, upstream, transport):
    def make(message):
        return mirrored(message[:12] + message[12:].replace(b"MiXed", b"mIxED"))

    upstream.behaviour = behaviours.replying(make)
    assert proxy.ask(transport, without_edns(b"", "MiXed.test")) == make(without_edns(b"", "MiXed.test"))


ADDED_OPT = wire.opt(1400, SCOPED)


@pytest.mark.parametrize("length, whole", [(100, True), (512, True), (513, False), (5000, False)])
@pytest.mark.parametrize("relayed", ["udp to udp", "udp to tcp"])
def test_the_size_of_a_client_without_edns_is_judged_without_what_was_added(proxy, over_tcp, upstream, relayed, length,
                                                                             whole):
    def make(message):
        return behaviours.sized(length + len(ADDED_OPT), opt=ADDED_OPT)(message)

    upstream.behaviour = behaviours.replying(make)
    message = without_edns(b"")
    answer = (proxy if relayed == "udp to udp" else over_tcp).ask("udp", message)
    expected = make(message)[:length]
    expected = expected[:10] + b"\0\0" + expected[12:]
    if whole:
        assert answer == expected
    else:
        head = struct.pack("!6H", 7, wire.flags_of(expected) | wire.TC, 1, 0, 0, 0)
        assert answer == head + wire.question_of(message)


@pytest.mark.parametrize("length, whole", [(1400, True), (1401, False), (30000, False)])
def test_the_size_of_a_client_with_edns_is_judged_without_what_was_added(proxy, upstream, length, whole):
    cleaned = wire.opt(1400)

    def make(message):
        return behaviours.sized(length + len(SCOPED), opt=ADDED_OPT)(message)

    upstream.behaviour = behaviours.replying(make)
    answer = proxy.ask("udp", with_edns(b""))
    if whole:
        assert answer == make(with_edns(b""))[:length - len(cleaned)] + cleaned
    else:
        assert wire.flags_of(answer) & wire.TC and wire.opt_of(answer) == (1400, 0, {})
        assert wire.counts_of(answer) == (1, 0, 0, 1)


def test_over_tcp_nothing_is_cut(proxy, upstream, family):
    upstream.behaviour = behaviours.replying(
        lambda message: behaviours.sized(65535 - 200 + len(ADDED_OPT), opt=ADDED_OPT)(message))
    answer = proxy.ask("tcp", without_edns(b""), family)
    assert len(answer) == 65535 - 200 and wire.opt_of(answer) is None


def test_a_reply_that_was_kept_while_a_better_one_was_hoped_for(world, transport):
    first = world.upstream(1, behaviours.replying(lambda message: reply(message, (0, 0, 1), ADDED_OPT, 2)))
    second = world.upstream(2, behaviours.silence)
    proxy = world.relay(first, second, client_subnet="add", fallback_on="servfail", policy="first", timeout="1s",
                        health="off")
    assert proxy.ask(transport, without_edns(b"")) == reply(without_edns(b""), (0, 0, 0), b"", 2)
    assert proxy.ask(transport, with_edns(b"")) == reply(with_edns(b""), (0, 0, 1), wire.opt(1400), 2)
    assert second.received[0].message[2:] == first.received[0].message[2:] == without_edns(SUBNET[4])[2:]


def test_a_retry_carries_the_same_and_a_late_reply_is_cleaned(world, transport):
    hold = behaviours.Hold(behaviours.replying(mirrored))
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, client_subnet="add", timeout="30s", health="off")
    with proxy.client(transport) as client:
        client.send(without_edns(b""))
        wait_until(lambda: len(hold.held) == 2, "the second attempt")
        assert [held.message[2:] for held in hold.held] == [without_edns(SUBNET[4])[2:]] * 2
        hold.release(1)
        assert client.receive() == mirrored(without_edns(b""))
        hold.release()


def test_an_own_answer_knows_no_more_than_the_client_sent(world, transport):
    proxy = world.relay(world.upstream(1, behaviours.silence), client_subnet="add", timeout="200ms", health="off")
    answer = proxy.ask(transport, without_edns(b""))
    assert wire.rcode_of(answer) == wire.SERVFAIL and wire.opt_of(answer) is None
    assert answer[12:] == without_edns(b"")[12:]


def test_a_route_without_the_key_to_the_same_upstream_adds_nothing(world, transport):
    upstream = world.upstream(1)
    proxy = world.proxy(route("with.test", upstream, client_subnet="add") + route("without.test", upstream))
    for name, expected in (("with.test", 1), ("without.test", 0)):
        assert proxy.marker(name, transport) == 1
        assert wire.counts_of(upstream.messages(name)[0].message)[3] == expected
