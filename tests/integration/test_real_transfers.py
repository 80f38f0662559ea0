# SPDX-License-Identifier: MIT
"""A zone of 100,000 records between real servers that know each other through dproxy only."""
import os
import re
import signal
import subprocess
import time

import pytest
from harness import wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.nameservers import Nameserver, bind
from harness.nameservers import zone_text as small_zone_text
from harness.primary_secondary import RECORDS, ZONE, Pair, transferred, zone_text
from harness.prox_directory import route
from harness.zone_transfer import transfer_query

CHANGED = RECORDS // 2  # so the differences are as many records as the zone has
ROOM = 64 << 20         # bytes that a relay may grow by, whatever the size of the zone
# A sanitizer keeps what was freed; that is none of what is measured here.
ENVIRONMENT = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}


@pytest.fixture(scope="module")
def pair(shared_world):
    made = Pair(shared_world.directory, lambda port: shared_world.proxy(
        route(f".{ZONE}", f"127.0.0.1:{port}", timeout="30s"), tcp_idle="1m", environment=ENVIRONMENT))
    shared_world.at_end(made.stop)
    return made


def memory(proxy):
    with open(f"/proc/{proxy.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) << 10


def test_the_secondary_has_the_zone_then_its_changes(pair):
    """AXFR first; then NOTIFY and IXFR. All of it is signed, so not one byte was changed."""
    before = memory(pair.to_primary)
    pair.secondary.until_serial(1)
    pair.secondary.until_log(r"AXFR, incoming.*finished")
    assert transferred(pair.secondary.port) == transferred(pair.primary.port)

    pair.primary.write_zone(zone_text(2, CHANGED))
    pair.primary.control("zone-reload", ZONE)
    pair.secondary.until_serial(2)
    pair.secondary.until_log(r"notify, incoming.*serial 2")
    pair.secondary.until_log(r"IXFR, incoming.*finished")
    count, digest = transferred(pair.secondary.port)
    assert count == RECORDS + 5
    assert (count, digest) == transferred(pair.primary.port)

    metrics = pair.to_primary.metrics()
    assert metrics.sum("dproxy_requests_total", type="AXFR") == 1
    assert metrics.sum("dproxy_requests_total", type="IXFR") == 1
    assert metrics.sum("dproxy_responses_total", source="local") == 0
    assert pair.to_secondary.metrics().sum("dproxy_requests_total") >= 1, "the NOTIFY"
    grown = memory(pair.to_primary) - before
    print(f"grown by {grown >> 10} KiB")
    assert grown < ROOM


@pytest.mark.parametrize("what", ["AXFR", "IXFR=1", "IXFR=2", "IXFR=3"])
def test_a_client_gets_what_the_primary_sends(pair, what):
    """All of the zone; its changes; nothing, as the client is up to date, or ahead."""
    pair.secondary.until_serial(2)
    through, direct = transferred(pair.to_primary.port, what), transferred(pair.primary.port, what)
    assert through == direct
    assert through[0] >= 2 * CHANGED if what in ("AXFR", "IXFR=1") else through[0] in (1, 2)


def test_an_unsigned_transfer_is_refused_by_the_primary(pair):
    reply = pair.to_primary.ask("tcp", transfer_query(name=ZONE))
    assert wire.rcode_of(reply) in (wire.REFUSED, 9)


def test_a_slow_reader_costs_no_memory_and_no_other_client(world):
    """The primary is held back by its socket, and others are answered meanwhile."""
    primary = Nameserver(bind, world.directory / "bind", ZONE, zone_text(1))
    world.at_end(primary.stop)
    proxy = world.relay(primary, timeout="1m", settings={"workers": 1, "tcp_idle": "1m"}, environment=ENVIRONMENT)
    assert proxy.marker(f"www.{ZONE}") == 80
    before = highest = memory(proxy)
    taken = held_back = 0
    with TcpClient("127.0.0.1", proxy.port, receive_buffer=4096) as slow:
        slow.send(transfer_query(name=ZONE))
        while taken < 16 << 20:  # of some 23 MB
            piece = slow.socket.recv(4096)
            assert piece, "the transfer ended early"
            taken += len(piece)
            if taken % (1 << 20) < len(piece):
                assert [proxy.marker(f"www.{ZONE}", transport) for transport in ("udp", "tcp")] == [80, 80]
                highest = max(highest, memory(proxy))
                held_back += proxy.metrics().sum("dproxy_inflight_requests")
            time.sleep(0.0005)  # the pace of the reader; nothing is waited for
    print(f"grown by {highest - before >> 10} KiB")
    assert highest - before < ROOM // 4
    assert held_back >= 2, "the whole zone was taken at once"
    proxy.until_metric(0, "dproxy_inflight_requests")  # the client left, and its transfer with it


def kdig(port, *arguments):
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(port), "+tcp", "+timeout=60", *arguments],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "WARNING" not in done.stdout + done.stderr, (done.stdout[-500:], done.stderr)
    return [line for line in done.stdout.splitlines() if line.strip() and not line.startswith(";")]


def test_bind_sends_later_messages_without_a_question(world):
    """AXFR, then the differences after a reload, then nothing new."""
    text = re.sub(r"(?m)^big .*\n", "", small_zone_text("bind.test"))  # more records of a name than BIND takes
    primary = Nameserver(bind, world.directory / "bind", "bind.test", text)
    world.at_end(primary.stop)
    proxy = world.relay(primary, timeout="30s")
    direct = kdig(primary.port, "bind.test", "AXFR")
    assert len(direct) > 20_000
    assert kdig(proxy.port, "bind.test", "AXFR") == direct
    with proxy.client("tcp") as client:
        client.send(transfer_query(name="bind.test"))
        client.receive()
        assert wire.counts_of(client.receive())[0] == 0, "this BIND repeats the question"

    zone_file = world.directory / "bind" / "zone"
    changed = re.sub(r"(?m)^(host\d{1,3}) A 10\.", r"\1 A 11.", zone_file.read_text()).replace(" 7 3600 ", " 8 3600 ")
    zone_file.with_suffix(".new").write_text(changed)
    zone_file.with_suffix(".new").rename(zone_file)
    primary.process.send_signal(signal.SIGHUP)
    wait_until(lambda: " 8 3600 " in " ".join(kdig(primary.port, "+short", "bind.test", "SOA")), "the new version")
    for what, least, most in (("IXFR=7", 2_004, 2_004), ("IXFR=8", 1, 1), ("IXFR=1", 20_000, 30_000)):
        through = kdig(proxy.port, "bind.test", what)
        assert through == kdig(primary.port, "bind.test", what)
        assert least <= len(through) <= most, what
