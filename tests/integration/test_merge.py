# SPDX-License-Identifier: MIT
"""The same question many times at one time is asked once."""
import pytest
from harness import behaviours, wire
from harness.deadline import wait_until

ONE_WORKER = {"workers": 1}  # each merges its own


@pytest.fixture(params=["merge", "cache"])
def merging(world, request):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, settings=ONE_WORKER, timeout="30s", attempts=1, **{request.param: "on"})
    return proxy, upstream, hold


def merged(proxy):
    return proxy.metrics().sum("dproxy_merged_total")


def ask_at_once(proxy, clients, messages):
    for client, message in zip(clients, messages):
        client.send(message)
    wait_until(lambda: proxy.metrics().sum("dproxy_inflight_requests") == len(messages), "all in flight")


def test_each_asker_gets_its_own_answer(merging):
    proxy, upstream, hold = merging
    names = ["x.test", "X.test", "x.TEST", "x.tEst"]
    clients = [proxy.client("udp") for _ in range(8)]
    messages = [wire.query(names[number % 4], ident=100 + number) for number in range(8)]
    ask_at_once(proxy, clients, messages)
    wait_until(lambda: len(hold.held) == 1, "a question")
    assert merged(proxy) == 7
    hold.release()
    for client, message in zip(clients, messages):
        reply = client.receive()
        assert wire.ident_of(reply) == wire.ident_of(message)
        assert wire.question_of(reply) == wire.question_of(message) and wire.marker_of(reply) == 1
    assert len(upstream.received) == 1
    proxy.until_metric(0, "dproxy_inflight_requests")


def test_other_questions_are_asked_by_themselves(merging):
    proxy, _, hold = merging
    messages = [wire.query("x.test"), wire.query("y.test"), wire.query("x.test", wire.AAAA),
                wire.query("x.test", flags=0), wire.query("x.test", additional=[wire.opt(dnssec_ok=True)])]
    clients = [proxy.client("udp") for _ in messages]
    ask_at_once(proxy, clients, messages)
    wait_until(lambda: len(hold.held) == len(messages), "each of them")
    assert merged(proxy) == 0
    hold.release()


def test_a_client_that_goes_takes_nothing_from_the_others(merging):
    proxy, _, hold = merging
    leader, follower = proxy.client("tcp"), proxy.client("tcp")
    ask_at_once(proxy, [leader, follower], [wire.query("x.test"), wire.query("x.test")])
    leader.close()
    hold.release()
    assert wire.marker_of(follower.receive()) == 1


def test_failures_are_shared_too(world):
    upstream = world.upstream(1, behaviours.silence)
    proxy = world.relay(upstream, settings=ONE_WORKER, merge="on", timeout="1s", attempts=1)
    clients = [proxy.client("udp") for _ in range(3)]
    ask_at_once(proxy, clients, [wire.query("x.test", ident=number) for number in range(1, 4)])
    for client in clients:
        assert wire.rcode_of(client.receive()) == wire.SERVFAIL
    assert len(upstream.received) == 1
    proxy.until_metric(0, "dproxy_inflight_requests")


def test_a_cut_reply_is_not_for_who_takes_more(world):
    """The upstream cuts to what it is told, and who takes more asks again."""
    def cut_for_who_has_no_edns(message):
        opt = wire.opt() if wire.opt_of(message) else b""
        return behaviours.answer_to(message, 1, flags=0 if opt else wire.TC, additional=opt)
    hold = behaviours.Hold(then=behaviours.replying(cut_for_who_has_no_edns))
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, settings=ONE_WORKER, cache="on", timeout="30s", attempts=1)
    small, large = proxy.client("udp"), proxy.client("udp")
    ask_at_once(proxy, [small, large], [wire.query("x.test"), wire.query("x.test", additional=[wire.opt()])])
    assert merged(proxy) == 1
    hold.release()
    assert wire.flags_of(small.receive()) & wire.TC
    whole = large.receive()
    assert not wire.flags_of(whole) & wire.TC and wire.marker_of(whole) == 1
    assert len(upstream.received) == 2


@pytest.mark.parametrize("first_has_opt", [True, False])
def test_who_sends_no_opt_gets_none_and_who_sends_one_gets_one(world, transport, first_has_opt):
    def with_an_opt_for_who_has_one(message):
        opt = wire.opt() if wire.opt_of(message) else b""
        return behaviours.answer_to(message, 1, additional=opt)
    hold = behaviours.Hold(then=behaviours.replying(with_an_opt_for_who_has_one))
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, settings=ONE_WORKER, cache="on", timeout="30s", attempts=1)
    messages = [wire.query("x.test"), wire.query("x.test", additional=[wire.opt()])]
    clients = [proxy.client(transport) for _ in messages]
    order = [1, 0] if first_has_opt else [0, 1]
    ask_at_once(proxy, [clients[number] for number in order], [messages[number] for number in order])
    assert merged(proxy) == 1
    hold.release()
    plain, extended = [client.receive() for client in clients]
    assert wire.opt_of(plain) is None and wire.opt_of(extended) is not None
    assert len(upstream.received) == 1


def test_who_sends_no_opt_hears_nothing_of_its_refusal(world):
    """A server that knows no EDNS refuses the first, and is asked again for the other."""
    def without_edns(message):
        if wire.opt_of(message):
            return behaviours.answer_to(message, 0, wire.FORMERR, records=[])
        return behaviours.answer_to(message, 1)
    hold = behaviours.Hold(then=behaviours.replying(without_edns))
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, settings=ONE_WORKER, cache="on", timeout="30s", attempts=1)
    extended, plain = proxy.client("udp"), proxy.client("udp")
    ask_at_once(proxy, [extended, plain], [wire.query("x.test", additional=[wire.opt()]), wire.query("x.test")])
    assert merged(proxy) == 1
    hold.release()
    assert wire.rcode_of(extended.receive()) == wire.FORMERR
    assert wire.marker_of(plain.receive()) == 1
    assert len(upstream.received) == 2


def test_clients_that_the_upstream_tells_apart_are_not_merged(world):
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, settings=ONE_WORKER, merge="on", client_subnet="add", timeout="30s", attempts=1)
    clients = [proxy.client("udp", source=source) for source in ("127.0.0.1", "127.0.1.1")]
    ask_at_once(proxy, clients, [wire.query("x.test"), wire.query("x.test")])
    wait_until(lambda: len(hold.held) == 2, "both")
    hold.release()


def test_who_gives_way_leaves_the_others_asking(world):
    """A follower takes the place of a leader that is ended at a limit."""
    hold = behaviours.Hold()
    upstream = world.upstream(1, hold)
    proxy = world.relay(upstream, settings={**ONE_WORKER, "max_inflight": 10}, merge="on", timeout="30s", attempts=1)
    greedy = [proxy.client("udp", source="127.0.0.9") for _ in range(9)]
    messages = [wire.query("x.test")] + [wire.query(f"n{number}.test") for number in range(8)]
    other = proxy.client("udp", source="127.0.5.5")
    ask_at_once(proxy, [*greedy, other], [*messages, wire.query("x.test")])
    assert merged(proxy) == 1
    more = proxy.client("udp", source="127.0.6.6")
    more.send(wire.query("more.test"))
    assert wire.rcode_of(greedy[0].receive()) == wire.SERVFAIL
    hold.release()
    assert wire.marker_of(other.receive()) == 1
    assert wire.marker_of(more.receive()) == 1
