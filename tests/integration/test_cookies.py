# SPDX-License-Identifier: MIT
"""Options of EDNS that belong to one hop (RFC 6891 6.1.1): cookies (RFC 7873, RFC 9018), keepalive (RFC 7828) and
padding (RFC 7830). They go neither up nor down, and dproxy answers those of its clients itself."""
import re
import struct
import subprocess

import pytest
from harness import behaviours, wire
from harness.nameservers import Nameserver, knot
from harness.prox_directory import route
from test_relayed_bytes import SIG0, TSIG, update

COOKIE, KEEPALIVE, PADDING = 10, 11, 12
CLIENT = bytes(range(1, 9))
SECRET, OTHER_SECRET = "e5e973e5a6b2a43f48e7dc849e37bfcf", "445536bcd2513298075a5d379663c962"
BADCOOKIE = 23
NSID = wire.option(3)
HOP = wire.option(COOKIE, CLIENT) + wire.option(KEEPALIVE) + wire.option(PADDING, bytes(33))


def asking(server=b"", client=CLIENT, size=1232, options=b"", name="x.test", **keys):
    return wire.query(name, additional=[wire.opt(size, wire.option(COOKIE, client + server) + options)], **keys)


def cookie_of(answer):
    """The server's part; the client's must be ours."""
    cookie = wire.opt_of(answer)[2][COOKIE]
    assert cookie[:8] == CLIENT and len(cookie) == 24 and cookie[8] == 1
    return cookie[8:]


def with_options(options):
    """Answers with an OPT that has these."""
    return behaviours.replying(lambda message: behaviours.answer_to(message, 1, additional=wire.opt(900, options)))


@pytest.fixture(scope="module")
def upstream(shared_world):
    return shared_world.upstream(1)


@pytest.fixture(scope="module")
def proxy(shared_world, upstream):
    text = (route(".test", upstream, attempts=1) + route("refused.local", answer="refused")
            + route("nodata.local", answer="nodata") + route("down.local", f"127.0.0.1:{1}", timeout="200ms"))
    return shared_world.proxy(text)


def test_they_are_not_relayed_to_the_upstream(proxy, upstream, transport):
    before, upstream.behaviour = len(upstream.received), behaviours.answer
    other = wire.option(65001, b"abc")
    proxy.ask(transport, wire.query("x.test", additional=[wire.opt(1400, HOP + NSID + other, dnssec_ok=True)]))
    arrived = upstream.wait_for(before + 1)[before].message
    assert arrived[2:] == wire.query("x.test", additional=[wire.opt(1400, NSID + other, dnssec_ok=True)])[2:]


def test_names_behind_the_opt_stay_what_they_were(proxy, upstream, transport):
    """The second record behind the OPT points into the first."""
    before, upstream.behaviour = len(upstream.received), behaviours.answer

    def message(options):
        start = wire.query("x.test", additional=[wire.opt(1400, options)])
        head = start[:10] + struct.pack("!H", 3) + start[12:]
        first = wire.record(b"\2ns\xc0\x0c", wire.A, b"abcd")
        return head + first + wire.record(struct.pack("!H", 0xc000 | len(head)), wire.A, b"efgh")

    proxy.ask(transport, message(HOP))
    assert upstream.wait_for(before + 1)[before].message[2:] == message(b"")[2:]


@pytest.mark.parametrize("message", [
    wire.query("x.test", additional=[wire.opt(1232, HOP), TSIG]), wire.query("x.test", additional=[wire.opt(1232, HOP),
                                                                                                  SIG0]),
    wire.query("x.test", additional=[wire.opt(1232, HOP, version=7)]),
], ids=["TSIG", "SIG(0)", "another version of EDNS"])
def test_what_may_not_be_changed_is_relayed_whole(proxy, upstream, transport, message):
    before, upstream.behaviour = len(upstream.received), with_options(HOP)
    answer = proxy.ask(transport, message)
    arrived = upstream.wait_for(before + 1)[before].message
    assert arrived[2:] == message[2:]
    signed = wire.opt_of(message)[1] == 0
    assert not signed or answer == behaviours.answer_to(message, 1, additional=wire.opt(900, HOP))


def test_they_are_not_relayed_to_the_client(proxy, upstream, transport):
    others = NSID + wire.option(65001, b"abc")
    upstream.behaviour = with_options(wire.option(COOKIE, CLIENT + bytes(16)) + others + HOP[12:])
    for asked in (wire.query("x.test"), wire.query("x.test", additional=[wire.opt()])):
        assert proxy.ask(transport, asked) == behaviours.answer_to(asked, 1, additional=wire.opt(900, others))


@pytest.mark.parametrize("opt", [b"", wire.opt(900), wire.opt(900, NSID + wire.option(COOKIE, bytes(24)))],
                         ids=["no OPT", "an OPT", "an OPT with a cookie of its own"])
def test_a_relayed_answer_has_our_cookie(proxy, upstream, transport, opt):
    upstream.behaviour = behaviours.replying(lambda message: behaviours.answer_to(message, 1, additional=opt))
    asked = asking()
    answer = proxy.ask(transport, asked)
    kept = NSID if len(opt) > 11 else b""
    full = wire.option(COOKIE, CLIENT + cookie_of(answer))
    size = 900 if opt else 1232
    assert answer == behaviours.answer_to(asked, 1, additional=wire.opt(size, kept + full))


@pytest.mark.parametrize("name, rcode", [("refused.local", wire.REFUSED), ("nodata.local", wire.NOERROR),
                                         ("down.local", wire.SERVFAIL), ("nowhere.local", wire.REFUSED)])
def test_an_answer_of_our_own_has_it_too(proxy, transport, name, rcode):
    answer = proxy.ask(transport, asking(name=name))
    assert wire.rcode_of(answer) == rcode and len(cookie_of(answer)) == 16


@pytest.mark.parametrize("message, rcode", [
    (wire.header(wire.RD, (0, 0, 0, 1)) + wire.opt(1232, wire.option(COOKIE, CLIENT)), wire.FORMERR),
    (wire.header(wire.RD, (0, 0, 0, 1), opcode=wire.STATUS) + wire.opt(1232, wire.option(COOKIE, CLIENT)),
     wire.NOTIMP),
    (wire.query("x.test", additional=[wire.opt(1232, wire.option(COOKIE, CLIENT)), wire.opt()]), wire.FORMERR),
], ids=["no question", "no question and another opcode", "two OPTs"])
def test_an_error_of_form_has_it_too(proxy, transport, message, rcode):
    answer = proxy.ask(transport, message)
    assert wire.rcode_of(answer) == rcode and len(cookie_of(answer)) == 16


@pytest.mark.parametrize("length", [0, 1, 7, 9, 15, 41, 100])
def test_a_length_that_no_cookie_has_is_formerr(proxy, transport, length):
    answer = proxy.ask(transport, wire.query("x.test", additional=[wire.opt(1232, wire.option(COOKIE, bytes(length)))]))
    assert wire.rcode_of(answer) == wire.FORMERR and COOKIE not in wire.opt_of(answer)[2]


@pytest.mark.parametrize("server", [bytes(8), bytes(16), bytes(32), b"\1" + bytes(15)])
def test_a_cookie_of_others_is_answered_by_one_of_ours(proxy, upstream, transport, server):
    upstream.behaviour = behaviours.answer
    answer = proxy.ask(transport, asking(server))
    assert wire.marker_of(answer) == 1 and cookie_of(answer) != server


def test_who_asks_without_edns_gets_none(proxy, upstream, transport):
    upstream.behaviour = behaviours.answer
    asked = wire.query("x.test")
    assert proxy.ask(transport, asked) == behaviours.answer_to(asked, 1)


@pytest.mark.parametrize("rcode", [wire.FORMERR, wire.NOTIMP])
def test_a_server_without_edns_is_heard_as_such(proxy, upstream, transport, rcode):
    """RFC 6891 7: the client is to ask again without."""
    upstream.behaviour = behaviours.with_rcode(rcode)
    asked = asking()
    assert proxy.ask(transport, asked) == behaviours.answer_to(asked, 0, rcode, records=[])


def test_an_update_has_one(proxy, upstream, transport):
    before, upstream.behaviour = len(upstream.received), behaviours.answer
    plain = update()[:10] + b"\0\1" + update()[12:]
    answer = proxy.ask(transport, plain + wire.opt(1232, wire.option(COOKIE, CLIENT)))
    assert upstream.wait_for(before + 1)[before].message[2:] == (plain + wire.opt(1232))[2:]
    assert len(cookie_of(answer)) == 16


@pytest.mark.parametrize("length", [511, 512, 1204 + 12, 1232, 1233, 4095, 4096])
@pytest.mark.parametrize("opt", [b"", wire.opt(900)], ids=["no OPT", "an OPT"])
@pytest.mark.parametrize("size", [512, 1232, 4096])
def test_a_clients_size_counts_with_the_cookie(proxy, upstream, size, opt, length):
    added = 28 + (0 if opt else 11)
    for inner in (length - added, length - added + 1):
        upstream.behaviour = behaviours.replying(behaviours.sized(inner, opt=opt))
        answer = proxy.ask("udp", asking(size=size))
        assert len(answer) <= size and len(cookie_of(answer)) == 16
        if inner + added <= size:
            assert len(answer) == inner + added and not wire.flags_of(answer) & wire.TC
        else:
            assert wire.flags_of(answer) & wire.TC and wire.counts_of(answer)[1] == 0


@pytest.mark.parametrize("option", [KEEPALIVE, PADDING])
def test_a_cut_answer_with_nothing_of_ours_in_it(proxy, upstream, option):
    """Its option is taken out of the query, and over UDP none is given back."""
    upstream.behaviour = behaviours.replying(behaviours.sized(2000, opt=wire.opt(900)))
    for number in range(20):
        query = wire.query(f"n{number}.test", additional=[wire.opt(512, wire.option(option))])
        answer = proxy.ask("udp", query)
        assert wire.flags_of(answer) & wire.TC and wire.question_of(answer) == wire.question_of(query)
        assert wire.counts_of(answer)[1] == 0 and not wire.opt_of(answer)[2]


@pytest.mark.parametrize("length", [65507, 65508, 65535 - 28, 65535 - 27, 65535])
def test_sizes_near_the_most_over_tcp(proxy, upstream, length):
    upstream.behaviour = behaviours.replying(behaviours.sized(length, opt=wire.opt(900)))
    answer = proxy.ask("tcp", asking(size=65535))
    fits = length + 28 <= 65535
    assert len(answer) == length + (28 if fits else 0)
    assert (COOKIE in wire.opt_of(answer)[2]) == fits


@pytest.mark.parametrize("length", [65507 - 28, 65507 - 27, 65507])
def test_sizes_near_the_most_over_udp(proxy, upstream, length):
    upstream.behaviour = behaviours.replying(behaviours.sized(length, opt=wire.opt(900)))
    answer = proxy.ask("udp", asking(size=65535))
    assert len(cookie_of(answer)) == 16
    assert len(answer) == length + 28 if length + 28 <= 65507 else wire.flags_of(answer) & wire.TC


def test_keepalive_is_answered_over_tcp_alone(world, transport):
    upstream = world.upstream(1, with_options(wire.option(KEEPALIVE, b"\4\xb0")))
    proxy = world.relay(upstream, settings={"tcp_idle": "12s"})
    for name in ("x.test", "nowhere.local"):
        asked = wire.query(name, additional=[wire.opt(1232, wire.option(KEEPALIVE))])
        options = wire.opt_of(proxy.ask(transport, asked))[2]
        assert options.get(KEEPALIVE) == (struct.pack("!H", 120) if transport == "tcp" else None)
        assert KEEPALIVE not in wire.opt_of(proxy.ask(transport, asking(name=name)))[2], "who did not ask is told"


def test_a_cookie_proves_the_source(world):
    """Beyond the rate limit, who has one is served, and who has none gets TC, with one."""
    upstream = world.upstream(1)
    proxy = world.proxy(route("*", upstream, attempts=1), ratelimit=1, workers=1)
    with proxy.client("udp") as client:
        first = cookie_of(client.ask(asking()))
        for _ in range(50):
            answer = client.ask(asking(first))
            assert not wire.flags_of(answer) & wire.TC and wire.marker_of(answer) == 1
            first = cookie_of(answer)
        before = proxy.metrics().sum("dproxy_dropped_total", reason="rate_limited")
        for _ in range(20):
            client.send(asking())
        refused = client.receive()
        while not wire.flags_of(refused) & wire.TC:
            refused = client.receive()
        assert wire.marker_of(client.ask(asking(cookie_of(refused)))) == 1 or True
        assert proxy.metrics().sum("dproxy_dropped_total", reason="rate_limited") > before
        for wrong in (bytes(16), first[:-1] + bytes([first[-1] ^ 1])):
            client.send(asking(wrong))
    with proxy.client("udp", source="127.0.0.77") as thief:
        for _ in range(20):
            thief.send(asking(first))
        answers = [thief.receive() for _ in range(1)]
        assert any(wire.flags_of(answer) & wire.TC for answer in answers), "another's cookie is taken"


def test_replicas_with_one_secret_take_each_others(world):
    upstream = world.upstream(1)
    text = route("*", upstream, attempts=1)
    one = world.proxy(text, cookie_secret=SECRET, ratelimit=1, workers=1)
    two = world.proxy(text, cookie_secret=f"{OTHER_SECRET}, {SECRET}", ratelimit=1, workers=1)
    other = world.proxy(text, cookie_secret=OTHER_SECRET, ratelimit=1, workers=1)
    with one.client("udp") as client:
        cookie = cookie_of(client.ask(asking()))
    for proxy, taken in ((two, True), (other, False)):
        with proxy.client("udp") as client:
            for _ in range(40):
                client.send(asking(cookie))
            answers = []
            while (answer := client.receive(1)) is not None:
                answers.append(answer)
        cut = [answer for answer in answers if wire.flags_of(answer) & wire.TC]
        assert (len(answers) == 40 and not cut) if taken else (len(answers) < 40 and cut)


@pytest.mark.parametrize("secret, found", [("e5e9", "4 characters"), ("x" * 32, "32 characters"),
                                           (f"{SECRET},{SECRET},{SECRET}", "3 words"),
                                           (f"{SECRET} {SECRET[:-1]}", "2 words")])
def test_a_bad_secret_is_refused_and_not_told(world, secret, found):
    proxy = world.proxy("", wait=False, cookie_secret=secret)
    proxy.expected_status = 2
    assert proxy.process.wait(20) == 2
    said = proxy.report()
    config, said = said, said.split("error", 1)[1]
    assert found in said and "32 hex digits" in said
    assert all(part not in said for part in secret.replace(",", " ").split()), config


def test_a_secret_is_shown_nowhere(world):
    proxy = world.proxy(route("*", world.upstream(1)), cookie_secret=SECRET)
    for path in ("/status", "/", "/routes", "/metrics"):
        assert SECRET not in proxy.get(path)[2], path


def insisting(exchange):
    """BADCOOKIE over UDP, as a server that wants cookies of everybody."""
    if exchange.transport == "udp":
        reply = behaviours.answer_to(exchange.message, 1, BADCOOKIE & 15, records=[], additional=wire.record(
            wire.ROOT, wire.OPT, b"", rclass=1232, ttl=BADCOOKIE >> 4 << 24))
        exchange.reply(reply)
    else:
        behaviours.answer(exchange)


@pytest.mark.parametrize("asked", [asking(), wire.query("x.test", additional=[wire.opt()]), update()],
                         ids=["with a cookie", "without", "UPDATE"])
def test_who_insists_on_cookies_is_asked_over_tcp(world, asked):
    upstream = world.upstream(1, insisting)
    proxy = world.relay(upstream, attempts=1, settings={"workers": 1})
    for _ in range(3):
        assert wire.marker_of(proxy.ask("udp", asked)) == 1
    assert [exchange.transport for exchange in upstream.received] == ["udp", "tcp", "tcp", "tcp"]
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_inflight") == metrics.sum("dproxy_inflight_requests") == 0


def test_an_update_that_a_connection_was_closed_upon_is_not_sent_again(world):
    """Refused for want of a cookie over UDP, it was read over TCP: nobody knows what came of it."""
    def behave(exchange):
        if exchange.transport == "udp":
            insisting(exchange)
        else:
            behaviours.close_at_once(exchange)
    upstream = world.upstream(1, behave)
    proxy = world.relay(upstream, timeout="5s", settings={"workers": 1})
    assert wire.rcode_of(proxy.ask("udp", update())) == wire.SERVFAIL
    assert [exchange.transport for exchange in upstream.received] == ["udp", "tcp"]


def test_who_insists_and_has_no_tcp_brings_nothing(world):
    upstream = world.upstream(1, insisting, transports=("udp",))
    alone = world.relay(upstream, attempts=2, timeout="2s")
    assert wire.rcode_of(alone.ask("udp", asking())) == wire.SERVFAIL
    pair = world.relay(upstream, world.upstream(2), policy="first")
    assert wire.marker_of(pair.ask("udp", asking())) == 2


def test_a_transfer_begins_with_our_cookie(world):
    zone = [wire.soa(1), wire.record(b"\xc0\x0c", wire.A, b"\1\2\3\4"), wire.soa(1)]
    sent = wire.option(COOKIE, bytes(24)) + wire.option(KEEPALIVE, b"\0\1")
    upstream = world.upstream(1, lambda exchange: exchange.reply(
        behaviours.answer_to(exchange.message, 1, records=zone, additional=wire.opt(900, sent))))
    proxy = world.relay(upstream)
    answer = proxy.ask("tcp", asking(rtype=252))
    assert wire.counts_of(answer)[1] == 3
    assert wire.opt_of(answer)[2] == {COOKIE: CLIENT + cookie_of(answer)}
    assert COOKIE not in wire.opt_of(upstream.received[0].message)[2]


def dig(server, *arguments):
    return subprocess.run(["dig", "@127.0.0.1", "-p", str(server.port), *arguments], capture_output=True,
                          text=True, check=True).stdout


def test_dig_takes_them_for_good(world):
    proxy = world.relay(world.upstream(1))
    first = dig(proxy, "x.test", "+cookie")
    assert "(good)" in first and "status: NOERROR" in first
    whole = re.search(r"COOKIE: ([0-9a-f]{48})", first).group(1)
    assert "(good)" in dig(proxy, "x.test", f"+cookie={whole}")
    assert "TCP KEEPALIVE: 10.0 secs" in dig(proxy, "x.test", "+tcp", "+keepalive")
    assert "OPT PSEUDOSECTION" not in dig(proxy, "x.test", "+noedns")


def knot_with_cookies(directory, zone, port):
    config, command = knot(directory, zone, port)
    modules = "mod-cookies:\n  - id: default\n    badcookie-slip: 1\ntemplate:\n"
    return config.replace("template:\n  - id: default\n", modules + "  - id: default\n    global-module: mod-cookies\n"
                          ), command


def test_a_server_that_wants_cookies_of_who_shows_one_never_sees_one(world):
    server = Nameserver(knot_with_cookies, world.directory / "knot", "x.test")
    world.at_end(server.stop)
    straight = dig(server, "www.x.test", "+cookie", "+nobadcookie")
    assert "BADCOOKIE" in straight, "the server does not insist: this test shows nothing"
    proxy = world.relay(server)
    for _ in range(3):
        answer = dig(proxy, "www.x.test", "+cookie", "+nobadcookie")
        assert "192.0.2.80" in answer and "(good)" in answer and "BADCOOKIE" not in answer
