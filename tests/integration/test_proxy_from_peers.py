# SPDX-License-Identifier: MIT
"""`proxy_from` behind proxies of others: haproxy in front of TCP and TLS, dnsdist in front of UDP and TCP."""
import shutil
import subprocess

import pytest
from harness import wire
from harness.certificates import Certificates
from harness.client import ask
from harness.deadline import wait_until
from harness.ports import free_port
from harness.prox_directory import route
from harness.proxy_header import read

ASKER = "127.0.0.3"  # another one than the proxies send from


def start(world, program, arguments, port, text):
    """A program of others with its configuration; ready when it answers on the port over TCP."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    assert found, f"{program} is not installed"
    config, log = world.directory / f"{program}.conf", world.directory / f"{program}.log"
    config.write_text(text)
    with log.open("wb") as output:
        process = subprocess.Popen([found, *[str(config) if word == "CONFIG" else word for word in arguments]],
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def stop():
        process.terminate()
        process.wait(30)

    def answers():
        assert process.poll() is None, log.read_text()
        try:
            return ask("tcp", "127.0.0.1", port, wire.query("ready.test"), patience=2) is not None
        except OSError:
            return False
    world.at_end(stop)
    wait_until(answers, lambda: f"an answer through {program}: {log.read_text()}", patience=30)
    return port


@pytest.fixture
def upstream(world):
    return world.upstream(1, proxied=True)


@pytest.fixture
def proxy(world, upstream):
    certificate, key = Certificates(world.directory / "certificates").issue()
    routes = (route("*", upstream, proxy_protocol="v2")
              + route("closed.test", upstream, proxy_protocol="v2", allow="192.0.2.1"))
    return world.proxy(routes, listen_tls=f"127.0.0.1:{free_port()}", tls_cert=certificate, tls_key=key,
                       proxy_from="127.0.0.1")


def haproxy(world, target, way):
    port = free_port()
    return start(world, "haproxy", ["-db", "-f", "CONFIG"], port, f"""
defaults
    mode tcp
    timeout connect 10s
    timeout client 30s
    timeout server 30s
frontend dns
    bind 127.0.0.1:{port}
    default_backend dproxy
backend dproxy
    server one 127.0.0.1:{target} {way}
""")


def dnsdist(world, proxy):
    port = free_port()
    return start(world, "dnsdist", ["--supervised", "--disable-syslog", "-C", "CONFIG"], port, f"""
setLocal("127.0.0.1:{port}")
setACL({{"127.0.0.0/8"}})
setSecurityPollSuffix("")
newServer({{address="127.0.0.1:{proxy.port}", useProxyProtocol=true}})
""")


def kdig(port, *arguments):
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(port), "-b", ASKER, "+timeout=10", "+retry=0", *arguments],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def askers(upstream):
    """Who asked for the tests' names; the wait for readiness asks for another, and so do checks of the proxies' own."""
    asked = [(wire.question_name(exchange.message), read(exchange.header)[0]) for exchange in upstream.received]
    return {header.source[0] for name, header in asked if name.endswith(".test") and name != "ready.test"}


@pytest.mark.parametrize("version", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl-cn"])
def test_haproxy_in_front_of_tcp(world, proxy, upstream, version):
    port = haproxy(world, proxy.port, version)
    assert "192.0.2.1" in kdig(port, "+tcp", "x.test")
    assert "status: REFUSED" in kdig(port, "+tcp", "closed.test")
    assert kdig(port, "+tcp", "+keepopen", *[word for number in range(50) for word in (f"q{number}.test", "A")]).count(
        "status: NOERROR") == 50
    assert askers(upstream) == {ASKER}


@pytest.mark.parametrize("version", ["send-proxy", "send-proxy-v2"])
def test_haproxy_in_front_of_tls(world, proxy, upstream, version):
    """Which it begins by itself, behind the header in clear."""
    port = haproxy(world, proxy.port_of("tls"), f"{version} ssl verify none alpn dot")
    assert "192.0.2.1" in kdig(port, "+tcp", "x.test")
    assert askers(upstream) == {ASKER}
    assert proxy.metrics().sum("dproxy_tls_handshakes_total", side="client", result="ok") >= 1


def test_dnsdist_in_front_of_udp_and_tcp(world, proxy, upstream):
    port = dnsdist(world, proxy)
    for way in ("+notcp", "+tcp"):
        assert "192.0.2.1" in kdig(port, way, "x.test")
        assert "status: REFUSED" in kdig(port, way, "closed.test")
    assert askers(upstream) == {ASKER}
    assert proxy.metrics().sum("dproxy_dropped_total", reason="proxy_header") == 0


def test_dnsperf_through_dnsdist(world, proxy, upstream):
    port = dnsdist(world, proxy)
    queries = world.directory / "queries"
    queries.write_text("".join(f"q{number}.test A\n" for number in range(500)))
    for way in ("udp", "tcp"):
        done = subprocess.run(["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-a", ASKER, "-m", way, "-d", queries,
                               "-n", "4", "-c", "8", "-q", "20", "-t", "10"],
                              capture_output=True, text=True, timeout=120, check=False)
        assert "Queries completed:    2000 (100.00%)" in done.stdout, done.stdout + done.stderr
    assert askers(upstream) == {ASKER}
