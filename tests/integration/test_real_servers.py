# SPDX-License-Identifier: MIT
"""Knot, NSD and Unbound as upstreams, asked through dproxy by dig and kdig: the answers must be those of the server.

Beside them one with the habits of those that the Go program served, as far as it answers at all.
"""
import re
import shutil
import subprocess

import pytest
from harness import wire
from harness.nameservers import BIG, SERVERS, Nameserver, dnsmasq, dnsmasq_alone
from harness.prox_directory import route
from harness.seed_server import SeedServer

SEED = "seed"
FAMILY = {"ipv4": "127.0.0.1", "ipv6": "::1"}


@pytest.fixture(scope="module")
def servers(shared_world):
    running = {}
    for name, make in SERVERS.items():
        running[name] = Nameserver(make, shared_world.directory / name, f"{name}.test")
        shared_world.at_end(running[name].stop)
    running[SEED] = SeedServer(f"{SEED}.test", aaaa=True)
    shared_world.upstreams.append(running[SEED])
    return running


@pytest.fixture(scope="module")
def proxy(shared_world, servers):
    text = route(".knot.test", servers["knot"]) + route(".nsd.test", f"[::1]:{servers['nsd'].port}") + route(
        ".unbound.test", servers["unbound"]) + route(f".{SEED}.test", servers[SEED], health="on")
    return shared_world.proxy(text)


@pytest.fixture(params=SERVERS)
def server(request, servers):
    return servers[request.param]


@pytest.fixture(params=[*SERVERS, SEED])
def any_server(request, servers):
    return servers[request.param]


def tool(program, port, host, *arguments):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    command = [program, *(["-r"] if program == "dig" else []), f"@{host}", "-p", str(port), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def essence(output):
    """What the server said: no times, IDs, cookies and addresses, records in any order."""
    lines = [line for line in output.splitlines() if line.strip() and not re.search(
        r"Query time|Time |WHEN|SERVER|From |Received|MSG SIZE|cmd:|DiG|COOKIE|global options|Warning|XFR size|"
        r"NSID", line)]
    return sorted(re.sub(r"\bid: \d+|, ERROR.*|RRSIG\s.*", "", line) for line in lines)


QUESTIONS = ["www.{} A", "WwW.{} AAAA", "{} SOA", "{} NS", "{} TXT", "alias.{} A", "_dns._udp.{} SRV", "x.wild.{} A",
             "nothing.{} A", "www.{} MX", "{} TYPE65280", "{} ANY", "{} DNSKEY", "host777.{} A"]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("how", [[], ["+dnssec"], ["+tcp"], ["+tcp", "+dnssec"], ["+noedns"],
                                 ["+bufsize=512", "+cdflag"], ["+nocookie", "+norecurse", "+adflag"]], ids=" ".join)
def test_dig_gets_what_the_server_says(proxy, server, question, how):
    arguments = [*how, *question.format(server.zone).split()]
    direct = tool("dig", server.port, "127.0.0.1", *arguments)
    through = tool("dig", proxy.port, "127.0.0.1", *arguments)
    assert essence(through) == essence(direct)
    assert "status: NOERROR" in through or "status: NXDOMAIN" in through or "status: NOTIMP" in through


@pytest.mark.parametrize("host", FAMILY.values(), ids=FAMILY)
@pytest.mark.parametrize("program", ["dig", "kdig"])
@pytest.mark.parametrize("how", ["+notcp", "+tcp"])
def test_both_families_and_both_tools(proxy, any_server, host, program, how):
    assert "192.0.2.80" in tool(program, proxy.port, host, how, f"www.{any_server.zone}", "A")


@pytest.mark.parametrize("question", ["www.{} A", "WwW.{} AAAA", "alias.{} A", "alias.{} CNAME", "host777.{} A"])
@pytest.mark.parametrize("how", [["+nocookie"], ["+nocookie", "+tcp"], ["+noedns"]], ids=" ".join)
def test_dig_gets_what_a_server_of_the_go_program_says(proxy, servers, question, how):
    arguments = [*how, *question.format(servers[SEED].zone).split()]
    direct = tool("dig", servers[SEED].port, "127.0.0.1", *arguments)
    through = tool("dig", proxy.port, "127.0.0.1", *arguments)
    assert essence(through) == essence(direct) and "status: NOERROR" in through
    # It knows no EDNS; a client's cookie is answered all the same, as by all others behind this address.
    assert "(good)" in tool("dig", proxy.port, "127.0.0.1", *question.format(servers[SEED].zone).split())


def test_a_signed_answer_has_its_signatures(proxy):
    answer = tool("kdig", proxy.port, "127.0.0.1", "+dnssec", "www.knot.test", "A")
    assert "RRSIG" in answer and "192.0.2.80" in answer


@pytest.mark.parametrize("host", FAMILY.values(), ids=FAMILY)
def test_an_answer_beyond_a_datagram_is_fetched_by_tcp(proxy, server, host):
    answer = tool("dig", proxy.port, host, f"big.{server.zone}", "TXT")
    assert "retrying in TCP mode" in answer and answer.count("\tTXT\t") == BIG
    medium = tool("dig", proxy.port, host, "+ignore", "+bufsize=512", f"medium.{server.zone}", "TXT")
    assert re.search(r"flags:.* tc\b", medium)


@pytest.mark.parametrize("name", ["knot", "nsd"])
@pytest.mark.parametrize("host", FAMILY.values(), ids=FAMILY)
def test_a_zone_is_transferred_whole(proxy, servers, name, host):
    server = servers[name]
    through = tool("kdig", proxy.port, host, "+tcp", server.zone, "AXFR")
    direct = tool("kdig", server.port, host, "+tcp", server.zone, "AXFR")
    assert through.count("host19999.") >= 1 and through.count("SOA") >= 2
    assert essence(through) == essence(direct)


def test_an_ixfr_is_transferred(proxy, servers):
    for serial in (7, 6):
        through = tool("kdig", proxy.port, "127.0.0.1", "+tcp", "knot.test", f"IXFR={serial}")
        assert "SOA" in through


def test_a_transfer_that_is_refused(proxy):
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(proxy.port), "+tcp", "unbound.test", "AXFR"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert "REFUSED" in done.stdout + done.stderr or "refused" in done.stdout + done.stderr or "SOA" in done.stdout


def test_many_questions_on_one_connection(proxy, any_server):
    """+keepopen: one client connection for all; the server's connection is kept, too."""
    questions = [word for number in range(200) for word in (f"host{number}.{any_server.zone}", "A")]
    answers = tool("dig", proxy.port, "127.0.0.1", "+tcp", "+keepopen", "+noall", "+answer", *questions)
    assert [f"10.0.0.{number}" in answers for number in range(200)] == [True] * 200
    assert len(answers.strip().splitlines()) == 200


def test_an_unknown_class_and_an_unknown_opcode(proxy, server):
    assert "status:" in tool("dig", proxy.port, "127.0.0.1", f"www.{server.zone}", "CH", "TXT")
    assert "status:" in tool("dig", proxy.port, "127.0.0.1", "+opcode=STATUS", f"www.{server.zone}")


def test_an_update_is_relayed(proxy):
    if not shutil.which("knsupdate"):
        pytest.skip("knsupdate is not installed")
    script = f"server 127.0.0.1 {proxy.port}\nzone knot.test\nadd new.knot.test 60 A 192.0.2.5\nsend\n"
    done = subprocess.run(["knsupdate", "-v"], input=script, capture_output=True, text=True, timeout=60, check=False)
    assert re.search("REFUSED|NOTAUTH|denied|not authoritative", done.stdout + done.stderr, re.I), done


# How many queries at once: it closes a connection after a hundred.
@pytest.mark.parametrize("make, count", [(dnsmasq, 400), (dnsmasq_alone, 90)])
def test_dnsmasq_is_asked_over_few_connections(world, transport, make, count):
    """Each of its connections is a process, of which there are at most twenty; or there is only one at a time."""
    server = Nameserver(make, world.directory / "dnsmasq", "dnsmasq.test")
    world.at_end(server.stop)
    proxy = world.relay(server, protocol="tcp", timeout="20s", settings={"workers": 1, "tcp_inflight": 1000})
    for _ in range(3 if make is dnsmasq else 1):
        with proxy.client(transport) as client:
            for ident in range(count):
                client.send(wire.query(f"host{ident}.{server.zone}", ident=ident))
            replies = [client.receive() for _ in range(count)]
        assert [wire.rcode_of(reply) for reply in replies] == [wire.NOERROR] * count
        assert {wire.ident_of(reply): wire.records(reply)[0][4] for reply in replies} == {
            ident: bytes([10, 0, ident // 256, ident % 256]) for ident in range(count)}
        assert proxy.metrics().sum("dproxy_tcp_connections", side="upstream") <= 2 * (count // 16 + 1)
