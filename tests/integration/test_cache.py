# SPDX-License-Identifier: MIT
"""`cache = on`: answers that are kept for others who ask the same."""
import os
import struct

import pytest
from harness import behaviours, wire
from harness.deadline import wait_until
from harness.prox_directory import route

NSID, CLIENT_SUBNET, COOKIE = 3, 8, 10


def answering(ttl=60, rcode=wire.NOERROR, soa=None, flags=0, additional=b"", records=None):
    """An A record of that TTL, or nothing but a SOA."""
    def make(message):
        if soa is not None:
            return behaviours.answer_to(message, 1, rcode, flags, records=[])[:8] + struct.pack("!2H", 1, 0) + \
                wire.question_of(message) + wire.soa(1, owner=b"\x04test\x00", ttl=soa)
        made = records or [wire.record(b"\xc0\x0c", wire.A, bytes([192, 0, 2, 1]), ttl=ttl)]
        return behaviours.answer_to(message, 1, rcode, flags, records=made, additional=additional)
    return behaviours.replying(make)


@pytest.fixture
def asked(world):
    """A program with a cache before one upstream, and how often that was asked."""
    def start(behaviour=None, settings=None, **keys):
        upstream = world.upstream(1, behaviour or behaviours.answer)
        proxy = world.relay(upstream, settings=settings or {}, cache="on", **keys)
        return proxy, upstream
    return start


METRICS = {"hits": "dproxy_cache_hits_total", "misses": "dproxy_cache_misses_total",
           "stale": "dproxy_cache_stale_total", "prefetches": "dproxy_cache_prefetches_total"}


def events(proxy, event):
    return proxy.metrics().sum(METRICS[event])


def ttl_of(reply):
    return next(record[3] for record in wire.records(reply))


def test_the_second_asker_is_answered_from_memory(asked, transport):
    proxy, upstream = asked()
    first = proxy.ask(transport, "www.x.test")
    for number in range(5):
        reply = proxy.ask(transport, wire.query("wWw.X.tesT", ident=number + 1))
        assert wire.ident_of(reply) == number + 1
        assert wire.question_of(reply) == wire.question("wWw.X.tesT")
        assert reply[2:12] == first[2:12] and wire.marker_of(reply) == 1 and 0 < ttl_of(reply) <= 60
    assert len(upstream.messages("www.x.test")) == 1
    assert (events(proxy, "misses"), events(proxy, "hits")) == (1, 5)
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_responses_total", source="cache") == 5
    assert metrics.sum("dproxy_responses_total", source="upstream") == 1
    wait_until(lambda: proxy.metrics().sum("dproxy_cache_entries") == 1, "one entry")
    assert 0 < proxy.metrics().sum("dproxy_cache_bytes") < 1000


def test_all_transports_and_workers_find_what_one_learnt(asked):
    proxy, upstream = asked(settings={"workers": 4})
    proxy.ask("udp", "x.test")
    for number in range(40):
        assert proxy.marker("x.test", ("udp", "tcp")[number % 2]) == 1
    assert len(upstream.messages("x.test")) == 1


@pytest.mark.parametrize("first, second", [
    (wire.query("x.test"), wire.query("x.test", wire.AAAA)),
    (wire.query("x.test"), wire.query("y.test")),
    (wire.query("x.test"), wire.query("x.test", flags=0)),
    (wire.query("x.test"), wire.query("x.test", flags=wire.RD | wire.CD)),
    (wire.query("x.test"), wire.query("x.test", additional=[wire.opt(dnssec_ok=True)])),
], ids=["type", "name", "RD", "CD", "DO"])
def test_other_questions_are_asked(asked, first, second):
    proxy, upstream = asked()
    proxy.ask("udp", first)
    proxy.ask("udp", second)
    proxy.ask("udp", first)
    proxy.ask("udp", second)
    assert len(upstream.received) == 2


@pytest.mark.parametrize("additional", [
    wire.opt(options=wire.option(CLIENT_SUBNET, bytes([0, 1, 24, 0, 192, 0, 2]))), wire.opt(options=wire.option(NSID)),
    wire.opt(options=wire.option(65001, b"x")), wire.opt(version=0, options=wire.option(65002)),
], ids=["subnet", "NSID", "other", "another"])
def test_who_asks_for_more_is_neither_answered_from_memory_nor_kept(asked, additional):
    proxy, upstream = asked()
    for _ in range(2):
        proxy.ask("udp", wire.query("x.test", additional=[additional]))
    proxy.ask("udp", "x.test")
    assert len(upstream.received) == 3


def test_a_cookie_is_our_own_business(asked):
    proxy, upstream = asked()
    query = wire.query("x.test", additional=[wire.opt(options=wire.option(COOKIE, os.urandom(8)))])
    for _ in range(3):
        reply = proxy.ask("udp", query)
        assert wire.marker_of(reply) == 1 and wire.opt_of(reply)[2][COOKIE]
    assert len(upstream.received) == 1


def test_who_sends_no_opt_gets_none_and_who_sends_one_gets_one(asked):
    proxy, _ = asked()
    for _ in range(2):
        assert wire.opt_of(proxy.ask("udp", "x.test")) is None
        assert wire.opt_of(proxy.ask("udp", wire.query("x.test", additional=[wire.opt()]))) is not None


@pytest.mark.parametrize("behaviour, kept", [
    (answering(ttl=60), True), (answering(ttl=0), False), (answering(ttl=0x80000001), False),
    (answering(soa=60), True), (answering(soa=60, rcode=wire.NXDOMAIN), True), (answering(soa=0), False),
    (behaviours.with_rcode(wire.NXDOMAIN), False), (behaviours.with_rcode(wire.NOERROR), False),
    (behaviours.with_rcode(wire.REFUSED), False),
    (answering(flags=wire.TC), False),
    (answering(additional=wire.opt(options=wire.option(CLIENT_SUBNET, bytes([0, 1, 24, 24, 192, 0, 2])))), False),
], ids=["answer", "0", "highest bit", "NODATA", "NXDOMAIN", "SOA of 0", "NXDOMAIN without SOA", "NODATA without SOA",
        "REFUSED", "TC", "subnet"])
def test_what_is_kept(asked, behaviour, kept):
    proxy, upstream = asked(behaviour)
    for _ in range(3):
        proxy.ask("udp", wire.query("x.test", additional=[wire.opt()]))
    assert len(upstream.received) == (1 if kept else 3)


def test_an_answer_goes_when_its_time_is_over(asked):
    proxy, upstream = asked(answering(ttl=1))
    proxy.ask("udp", "x.test")
    wait_until(lambda: proxy.ask("udp", "x.test") and len(upstream.received) >= 2, "another question")


def test_the_route_bounds_the_time(asked):
    proxy, upstream = asked(answering(ttl=0), cache_ttl="100s-1h")
    proxy.ask("udp", "x.test")
    assert 90 < ttl_of(proxy.ask("udp", "x.test")) <= 100
    upstream.behaviour = answering(ttl=100_000)
    proxy.ask("udp", "y.test")
    assert 3590 < ttl_of(proxy.ask("udp", "y.test")) <= 3600
    assert len(upstream.received) == 2


def test_a_failure_is_kept_for_a_moment_to_spare_the_upstream(asked):
    proxy, upstream = asked(behaviours.with_rcode(wire.SERVFAIL))
    with proxy.client("udp") as client:
        for _ in range(20):
            assert wire.rcode_of(client.ask(wire.query("x.test"))) == wire.SERVFAIL
    assert len(upstream.received) < 20
    upstream.behaviour = behaviours.answer
    proxy.until("x.test", 1)


def test_large_answers_are_cut_for_who_takes_no_more(asked):
    proxy, upstream = asked(behaviours.replying(behaviours.sized(3000)))
    assert len(proxy.ask("tcp", wire.query("x.test", wire.TXT))) == 3000
    assert len(proxy.ask("tcp", wire.query("x.test", wire.TXT))) == 3000
    for size in (None, 512, 1232):
        query = wire.query("x.test", wire.TXT, additional=[wire.opt(size)] if size else ())
        cut = proxy.ask("udp", query)
        assert wire.flags_of(cut) & wire.TC and len(cut) <= (size or 512)
    assert len(upstream.received) == 1


@pytest.mark.parametrize("protocol, most", [("udp", 4096), ("tcp", 1232)])
def test_answers_from_memory_have_the_bounds_of_relayed_ones(asked, protocol, most):
    """What came by a stream goes out over UDP at 1,232 bytes at most, from memory or not (RFC 9715)."""
    proxy, upstream = asked(behaviours.replying(behaviours.sized(3000)), protocol=protocol)
    for _ in range(3):
        reply = proxy.ask("udp", wire.query("x.test", wire.TXT, additional=[wire.opt(4096)]))
        assert bool(wire.flags_of(reply) & wire.TC) == (most < 3000) and len(reply) <= most
    assert len(upstream.received) == 1


def test_access_is_asked_before_memory(world):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, cache="on", allow="127.0.0.2")
    assert proxy.ask("udp", wire.query("x.test"), source="127.0.0.2")
    assert wire.rcode_of(proxy.ask("udp", "x.test")) == wire.REFUSED


def test_a_changed_route_forgets_its_own(world):
    first, second = world.upstream(1), world.upstream(2)
    routes = world.routes({"a.prox": route("a.test", first, cache="on"), "b.prox": route("b.test", first, cache="on")})
    proxy = world.proxy(routes)
    assert (proxy.marker("a.test"), proxy.marker("b.test")) == (1, 1)
    routes.replace("a.prox", route("a.test", second, cache="on"))
    proxy.until("a.test", 2)
    assert proxy.marker("b.test") == 1 and len(first.messages("b.test")) == 1 and len(second.messages("a.test")) == 1


def test_each_network_has_its_own_where_the_upstream_is_told(world):
    upstream = world.upstream(1, answering(additional=wire.opt()))
    proxy = world.relay(upstream, cache="on", client_subnet="add")
    for source in ("127.0.0.1", "127.0.0.9", "127.0.1.1", "127.0.1.2"):
        reply = proxy.ask("udp", wire.query("x.test", additional=[wire.opt()]), source=source)
        assert wire.marker_of(reply) == 1 and CLIENT_SUBNET not in wire.opt_of(reply)[2]
    assert len(upstream.received) == 2


def test_what_is_asked_often_is_asked_again_before_its_end(asked):
    proxy, upstream = asked(answering(ttl=10), cache_prefetch=3, settings={"workers": 1})
    proxy.ask("udp", "x.test")
    with proxy.client("udp") as client:
        def asked_again():
            reply = client.ask(wire.query("x.test"))
            return reply and len(upstream.received) == 2
        wait_until(asked_again, "a question in advance", patience=60)
    assert events(proxy, "prefetches") == 1 and events(proxy, "misses") == 1
    assert proxy.metrics().sum("dproxy_responses_total", source="upstream") == 1


@pytest.mark.parametrize("key", ["cache", "merge"])
def test_a_reply_that_was_kept_for_want_of_a_better_one_ends_where_it_ends(world, key, transport):
    """What lay between neighbours is taken out of it once, and the answer is as long as what is left."""
    extra = wire.opt(options=wire.option(NSID, b"one") + wire.option(11, b"\0\x64"))

    def refuse(exchange):
        exchange.reply(behaviours.answer_to(exchange.message, 1, wire.REFUSED, additional=extra, records=[]))
    proxy = world.relay(world.upstream(1, refuse), world.upstream(2, refuse), fallback_on="refused",
                        client_subnet="add", **{key: "on"})
    for ident in (1, 2):
        asked = wire.query("x.test", ident=ident, additional=[wire.opt()])
        reply = proxy.ask(transport, asked)
        assert wire.ident_of(reply) == ident and wire.rcode_of(reply) == wire.REFUSED
        assert len(reply) == len(asked) + len(wire.option(NSID, b"one")), reply.hex()
        assert wire.opt_of(reply)[2] == {NSID: b"one"}


def test_memory_is_bounded_and_evictions_are_counted(asked):
    proxy, upstream = asked(settings={"workers": 1, "cache_size": "1MiB"})
    with proxy.client("udp") as client:
        for number in range(9000):
            client.ask(wire.query(f"n{number}.{'x' * 60}.{'y' * 60}.test"))  # each takes a quarter of a kilobyte
    wait_until(lambda: proxy.metrics().sum("dproxy_cache_evictions_total") > 1000, "evictions")
    evictions = proxy.metrics().sum("dproxy_cache_evictions_total")
    assert proxy.metrics().sum("dproxy_cache_evictions_total", route="*") == evictions
    assert proxy.metrics().sum("dproxy_cache_bytes") <= 1 << 20
    # Some twice, where the machine was slow.
    assert len({wire.question_name(one.message) for one in upstream.received}) == 9000

    # What is left of a route as it was is nobody's any more: that it goes is no loss.
    proxy.settings["upstreamlocation"].replace("test.prox", route("*", upstream, cache="on", cache_ttl="0s-2h") +
                                               route("now.test", answer="192.0.2.7"))
    proxy.until("now.test", 7)
    wait_until(proxy.is_in_force, "every worker going by it")
    evictions = proxy.metrics().sum("dproxy_cache_evictions_total")
    with proxy.client("udp") as client:
        for number in range(100):
            client.ask(wire.query(f"m{number}.{'x' * 60}.{'y' * 60}.test"))
    assert proxy.metrics().sum("dproxy_cache_evictions_total", route="*") == evictions


def test_explain_tells_it(world):
    proxy = world.relay(world.upstream(1), cache="on", cache_stale="90s", cache_prefetch=5)
    told = proxy.json("/explain?name=x.test")
    assert (told["cache"], told["cache_ttl"]) == ("on", "0s-1d")
    assert (told["cache_stale"], told["cache_prefetch"]) == ("90s", "5")


def test_the_status_and_the_page_tell_of_what_is_kept(world):
    upstream = world.upstream(1)
    proxy = world.proxy(route("x.test", upstream, cache="on") + route("y.test", upstream), cache_size=1 << 20)
    assert proxy.json("/status")["cache"]["size"] <= 1 << 20
    for _ in range(3):
        proxy.ask("udp", "x.test")
        proxy.ask("udp", "y.test")
    wait_until(lambda: proxy.json("/status")["cache"]["entries"] == 1, "one entry")
    told = proxy.json("/status")["cache"]
    assert (told["hits"], told["misses"], told["stale"], told["merged"], told["evictions"]) == (2, 1, 0, 0, 0)
    assert 0 < told["bytes"] < 1000
    assert ">Kept answers</h2>" in proxy.get("/")[2]
    assert ">Kept answers</h2>" not in world.proxy(route("y.test", upstream)).get("/")[2]
