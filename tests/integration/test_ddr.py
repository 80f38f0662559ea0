# SPDX-License-Identifier: MIT
"""`ddr_name`: clients that know the plain resolver find out how to ask it encrypted (RFC 9462)."""
import subprocess

import pytest
from harness import wire
from harness.ports import free_port
from harness.program import run
from harness.prox_directory import route

SVCB = 64
NAME = "_dns.resolver.arpa"


@pytest.fixture(scope="module")
def serve(shared_world, pair):
    upstream = shared_world.upstream(1)

    def start(**settings):
        return shared_world.proxy(route("*", upstream), listen_tls=f"127.0.0.1:{free_port()}", tls_cert=pair[0],
                                  tls_key=pair[1], **settings)
    return start


@pytest.fixture(scope="module")
def proxy(serve):
    return serve(ddr_name="dns.example")


def kdig(proxy, *arguments):
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(proxy.port), "+timeout=10", "+retry=0", *arguments],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("way", ["+notcp", "+tcp", "+edns", "+dnssec"])
@pytest.mark.parametrize("name", [NAME, "_DNS.Resolver.Arpa"])
def test_kdig_is_told(proxy, way, name):
    said = kdig(proxy, way, name, "TYPE64")
    assert "status: NOERROR" in said and "Flags: qr aa" in said
    answer, = [line.split() for line in said.splitlines() if line.startswith(NAME + ".")]
    assert answer[1:4] == ["300", "IN", "SVCB"]
    assert answer[4:] == ["1", "dns.example.", "alpn=dot", f"port={proxy.port_of('tls')}"]


def test_https_is_told_with_its_path(serve):
    proxy = serve(ddr_name="dns.example dot=853", listen_https=f"127.0.0.1:{free_port()}", https_path="/resolve")
    answers = [line.split()[4:] for line in kdig(proxy, NAME, "TYPE64").splitlines() if line.startswith(NAME + ".")]
    over_https = ["alpn=h2", f"port={proxy.port_of('https')}"]
    assert sorted(answers)[0] == ["1", "dns.example.", "alpn=dot"]
    assert sorted(answers)[1][:4] == ["2", "dns.example.", *over_https] and "/resolve{?dns}" in sorted(answers)[1][4]


def test_over_tls_as_well(proxy):
    assert wire.counts_of(proxy.ask("tls", wire.query(NAME, SVCB)))[:2] == (1, 1)


@pytest.mark.parametrize("told, wanted", [("dns.example dot=853", ["alpn=dot"]),
                                          ("dns.example dot=8853", ["alpn=dot", "port=8853"])])
def test_the_port_that_clients_see(serve, told, wanted):
    said = kdig(serve(ddr_name=told), NAME, "TYPE64")
    answer, = [line.split() for line in said.splitlines() if line.startswith(NAME)]
    assert answer[4:] == ["1", "dns.example.", *wanted]


@pytest.mark.parametrize("name, rtype", [(NAME, wire.A), (NAME, wire.HTTPS), (NAME, wire.ANY), ("resolver.arpa", SVCB),
                                         ("resolver.arpa", wire.SOA), ("x.resolver.arpa", SVCB),
                                         ("a.b.resolver.arpa", wire.AAAA), (f"x.{NAME}", SVCB)])
def test_all_else_there_is_nodata(proxy, transport, name, rtype):
    reply = proxy.ask(transport, wire.query(name, rtype))
    assert wire.rcode_of(reply) == wire.NOERROR and wire.flags_of(reply) & wire.AA
    assert wire.counts_of(reply) == (1, 0, 1, 0)
    assert wire.records(reply)[0][1] == wire.SOA


def test_names_beside_it_are_routed(proxy, transport):
    for name in ("arpa", "xresolver.arpa", "_dns.resolver.arpa.example"):
        assert wire.marker_of(proxy.ask(transport, wire.query(name))) == 1


def test_without_the_setting_it_is_a_name_like_others(serve, transport):
    assert wire.marker_of(serve().ask(transport, wire.query(NAME, SVCB))) == 1


def test_who_may_not_ask_is_not_told(serve):
    proxy = serve(ddr_name="dns.example", allow="127.0.0.2")
    assert wire.rcode_of(proxy.ask("udp", wire.query(NAME, SVCB))) == wire.REFUSED
    assert wire.counts_of(proxy.ask("udp", wire.query(NAME, SVCB), source="127.0.0.2"))[1] == 1


def test_it_counts_as_an_answer_of_our_own(serve):
    proxy = serve(ddr_name="dns.example")
    proxy.ask("udp", wire.query(NAME, SVCB))
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_responses_total", source="local", rcode="NOERROR") == 1
    assert metrics.sum("dproxy_client_rejected_total") == 0


def test_explain_says_so(proxy):
    done = run("explain", NAME, "SVCB", "--config", proxy.main_file)
    assert "ddr_name" in done.stdout, done.stdout
    assert "ddr_name" not in run("explain", "x.test", "--config", proxy.main_file).stdout
