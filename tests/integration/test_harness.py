# SPDX-License-Identifier: MIT
"""The harness against itself: a test that trusts it must be able to."""
import subprocess
import sys

import pytest
from harness import behaviours, wire
from harness.client import ask, client
from harness.metrics import Metrics
from harness.prox_directory import ConfigMapDirectory
from harness.upstream import Upstream


@pytest.fixture
def upstream(request):
    made = []

    def make(*arguments, **keys):
        made.append(Upstream(*arguments, **keys))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_upstream_answers_with_its_marker_and_keeps_what_came(upstream, transport, host):
    one = upstream(7, host=host)
    message = wire.query("WWW.example.com", ident=0x1234, additional=[wire.opt()])
    reply = ask(transport, host, one.port, message)
    assert wire.marker_of(reply) == 7
    assert wire.ident_of(reply) == 0x1234
    assert wire.question_of(reply) == wire.question("WWW.example.com")
    assert [exchange.message for exchange in one.wait_for(1)] == [message]


def test_a_silent_upstream_gives_none(upstream, transport):
    assert ask(transport, "127.0.0.1", upstream(1, behaviours.silence).port, wire.query("x.test"), patience=0.1) is None


def test_held_messages_are_let_go_in_reverse(upstream, transport):
    hold = behaviours.Hold()
    one = upstream(3, hold)
    with client(transport, "127.0.0.1", one.port) as asker:
        for number in range(5):
            asker.send(wire.query(f"q{number}.test", ident=number))
        one.wait_for(5)
        hold.release(reverse=True)
        assert [wire.ident_of(asker.receive()) for _ in range(5)] == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("length", [60, 512, 513, 4000, 60000, 65500])
def test_a_reply_has_the_size_that_was_asked_for(upstream, length):
    one = upstream(1, behaviours.replying(behaviours.sized(length)))
    assert len(ask("tcp", "127.0.0.1", one.port, wire.query("x.test"))) == length


def test_an_answer_from_another_port_is_not_taken(upstream):
    one = upstream(1, lambda exchange: exchange.reply_from_another_port(
        behaviours.answer_to(exchange.message, 1)))
    assert ask("udp", "127.0.0.1", one.port, wire.query("x.test"), patience=0.2) is None


def test_a_closed_connection_is_seen(upstream):
    one = upstream(1, behaviours.close_after_answer)
    with client("tcp", "127.0.0.1", one.port) as asker:
        assert wire.marker_of(asker.ask(wire.query("x.test"))) == 1
        assert asker.is_closed()


def test_probes_are_kept_apart(upstream):
    one = upstream()
    ask("udp", "127.0.0.1", one.port, wire.query(".", wire.NS))
    ask("udp", "127.0.0.1", one.port, wire.query("01234567" * 4 + ".example.com", wire.HINFO))
    ask("udp", "127.0.0.1", one.port, wire.query("abc.example.com", wire.HINFO))
    ask("udp", "127.0.0.1", one.port, wire.query(".", wire.SOA))
    assert (len(one.probes), len(one.loop_probes), len(one.received)) == (1, 1, 2)


@pytest.mark.parametrize("links_first", [False, True])
def test_a_config_map_shows_exactly_its_files(tmp_path, links_first):
    volume = ConfigMapDirectory(tmp_path / "volume", {"a.prox": "1", "b.prox": "2"}, links_first)
    volume.update({"b.prox": "3", "c.prox": "4"})
    seen = {path.name: path.read_text() for path in volume.path.iterdir() if not path.name.startswith("..")}
    assert seen == {"b.prox": "3", "c.prox": "4"}


@pytest.mark.parametrize("length", [255, 256, 100, 78, 79])
def test_long_names_have_the_length_that_was_asked_for(length):
    made = wire.long_name(length)
    assert len(made) == length
    assert wire.read_name(made + b"", 0)[1] == length


def test_the_text_format_is_read():
    read = Metrics('# TYPE a counter\na{x="1",y="q\\"z"} 3\na{x="2"} 4 1700000000\nb 0.5\n')
    assert read.sum("a") == 7 and read.one("a", x="1", y='q"z') == 3 and read.one("b") == 0.5
    assert read.types == {"a": "counter"}


def test_a_message_is_read_as_it_was_built():
    message = wire.query("a.test", additional=[wire.opt(4096, wire.option(15, b"\0\x14no route"), dnssec_ok=True)])
    assert wire.extended_errors(message) == [20]
    assert wire.opt_of(message)[:2] == (4096, 0x8000)


def test_two_processes_give_out_different_ports():
    program = ("import sys; from harness.ports import free_port; "
               "print(*[free_port() for _ in range(200)], flush=True); sys.stdin.read()")
    others = [subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True) for _ in range(4)]
    given = [int(port) for one in others for port in one.stdout.readline().split()]
    for one in others:
        one.communicate("")
    assert len(given) == len(set(given)) == 800
