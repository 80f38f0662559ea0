# SPDX-License-Identifier: MIT
"""systemd-resolved asks dproxy over TLS. In a network of its own, as its stub always is 127.0.0.53, and with a /run of
its own, where its state and the socket of the system's bus would be."""
import os
import subprocess
from pathlib import Path

import pytest
from harness import behaviours, wire
from harness.certificates import Certificates
from harness.deadline import wait_until
from harness.own_network import INSIDE, inside_only, outside_only, run_inside
from harness.ports import free_port
from harness.prox_directory import route

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
UNPACKED = Path(os.environ.get("DPROXY_UNPACKED") or CACHE / "dproxy-unpacked")  # by scripts/setup
PROGRAM = next((program for root in (Path("/"), UNPACKED) for folder in ("usr/lib", "lib")
                if (program := root / folder / "systemd/systemd-resolved").exists()), None)

# It gives up root for a user that only its package makes: here that user is root.
ENTER = """set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/resolved.conf.d
cp "$1/resolved.conf" /run/systemd/resolved.conf.d/
mount --bind "$1/passwd" /etc/passwd
shift
exec "$@"
"""


@outside_only
def test_in_a_network_of_its_own(tmp_path):
    if not PROGRAM:
        pytest.skip("no systemd-resolved here: `scripts/setup test` unpacks it")
    own = ["unshare", "--user", "--map-root-user", "--net", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/run"]
    if subprocess.run(own, capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    run_inside(__file__, tmp_path / "inside")


@pytest.fixture(scope="module", autouse=True)
def network():
    """Without an interface that has an address it asks nobody, not even 127.0.0.1."""
    if INSIDE not in os.environ:
        return
    for words in ("link add out0 type veth peer name out1", "link set out1 up", "link set out0 up",
                  "address add 192.0.2.53/24 dev out0"):
        subprocess.run(["ip", *words.split()], check=True)


class Resolved:
    """Started by `start`; what it answers by comes from a dproxy."""

    def __init__(self, directory, server, authority, over_tls):
        (directory / "passwd").write_text("root:x:0:0::/:/bin/sh\nsystemd-resolve:x:0:0::/:/bin/false\n")
        (directory / "resolved.conf").write_text(f"""[Resolve]
DNS=
DNS={server}
FallbackDNS=
Domains=~.
DNSOverTLS={over_tls}
DNSSEC=no
LLMNR=no
MulticastDNS=no
Cache=no
""")
        self.said = directory / "said"
        libraries = ":".join(str(folder) for folder in UNPACKED.glob("usr/lib/*/systemd"))
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", ENTER, "sh", directory, PROGRAM], stdout=output, stderr=output,
                env={**os.environ, "LD_LIBRARY_PATH": libraries, "SSL_CERT_FILE": str(authority),
                     "SYSTEMD_LOG_TARGET": "console"})

    def ask(self, name):
        """What dig says that its stub answered."""
        assert self.process.poll() is None, self.said.read_text()
        done = subprocess.run(["dig", "@127.0.0.53", name, "A", "+tries=1", "+timeout=10"], capture_output=True,
                              text=True, timeout=60, check=False)
        return done.stdout

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def with_edns(exchange):
    """Where an answer has no OPT it gives TLS up, unless `DNSOverTLS=yes` forbids that."""
    exchange.reply(behaviours.answer_to(exchange.message, exchange.marker, additional=wire.opt()))


@pytest.fixture
def proxy(world, certificates):
    certificate, key = certificates.issue()
    return world.proxy(route(".only.example", world.upstream(1, with_edns)), listen_tls=f"127.0.0.1:{free_port()}",
                       tls_cert=certificate, tls_key=key)


@pytest.fixture
def resolved(world, proxy, tmp_path):
    def start(authority, name="dns.example", over_tls="yes"):
        made = Resolved(tmp_path, f"127.0.0.1:{proxy.port_of('tls')}#{name}", authority, over_tls)
        world.at_end(made.stop)
        return made
    return start


def is_answered(said):
    return "status: NOERROR" in said and "192.0.2.1" in said


@inside_only
@pytest.mark.parametrize("over_tls", ["yes", "opportunistic"])
def test_names_that_only_dproxy_knows(proxy, resolved, certificates, over_tls):
    stub = resolved(certificates.authority, over_tls=over_tls)
    wait_until(lambda: is_answered(stub.ask("first.only.example")), lambda: f"an answer: {stub.said.read_text()}")
    for number in range(20):
        said = stub.ask(f"q{number}.only.example")
        assert is_answered(said), said
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_requests_total", transport="tls") >= 21
    assert metrics.sum("dproxy_requests_total") == metrics.sum("dproxy_requests_total", transport="tls")
    assert metrics.sum("dproxy_client_rejected_total") == 0


@inside_only
@pytest.mark.parametrize("authority, name", [("ours", "other.example"), ("another", "dns.example")])
def test_nothing_is_asked_of_whom_it_does_not_believe(proxy, resolved, certificates, tmp_path, authority, name):
    other = Certificates(tmp_path / "another") if authority == "another" else certificates
    stub = resolved(other.authority, name)

    def tried():
        assert not is_answered(stub.ask("x.only.example"))
        return proxy.metrics().sum("dproxy_tls_handshakes_total", side="client") > 0
    wait_until(tried, lambda: f"an attempt: {stub.said.read_text()}")
    assert proxy.metrics().sum("dproxy_requests_total") == 0
