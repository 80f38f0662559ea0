# SPDX-License-Identifier: MIT
"""DNS over TLS with programs of others: kdig, openssl's client, and resolvers that forward to dproxy."""
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from harness import client, wire
from harness.certificates import Certificates, openssl, pin_of
from harness.client import TlsClient
from harness.deadline import wait_until
from harness.nameservers import unbound
from harness.ports import free_port
from harness.prox_directory import route

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Another authority."""
    return Certificates(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def serve(world, pair):
    """A program that answers everything, with these settings on top."""
    upstream = world.upstream(1)

    def start(**settings):
        wanted = {"listen_tls": f"127.0.0.1:{free_port()}", "tls_cert": pair[0], "tls_key": pair[1], **settings}
        return world.proxy(route("*", upstream), **wanted)
    return start


@pytest.fixture(scope="module")
def proxy(shared_world, pair):
    return shared_world.proxy(route("*", shared_world.upstream(1)), listen_tls=f"127.0.0.1:{free_port()}",
                              tls_cert=pair[0], tls_key=pair[1])


# kdig.

def kdig(proxy, *arguments):
    command = ["kdig", "@127.0.0.1", "-p", str(proxy.port_of("tls")), "+tls", "+timeout=10", "+retry=0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name, authority, good", [("dns.example", "ours", True), ("other.example", "ours", False),
                                                   ("dns.example", "another", False)])
def test_kdig_verifies_by_authority_and_name(proxy, certificates, stranger, name, authority, good):
    file = (certificates if authority == "ours" else stranger).authority
    said = kdig(proxy, f"+tls-ca={file}", f"+tls-hostname={name}", "x.test", "A")
    assert ("192.0.2.1" in said) == good, said


def test_kdig_verifies_by_pin(proxy, certificates, pair):
    assert "192.0.2.1" in kdig(proxy, f"+tls-pin={pin_of(pair[0])}", "x.test")
    assert "192.0.2.1" not in kdig(proxy, f"+tls-pin={pin_of(certificates.authority)}", "x.test")


def test_kdig_asks_many_things_on_one_connection(proxy):
    before = proxy.metrics().sum("dproxy_tls_handshakes_total", result="ok")
    said = kdig(proxy, "+keepopen", *[word for number in range(50) for word in (f"q{number}.test", "A")])
    assert said.count("status: NOERROR") == 50, said
    assert proxy.metrics().sum("dproxy_tls_handshakes_total", result="ok") == before + 1


def test_kdig_pads_and_has_a_cookie(proxy):
    said = kdig(proxy, "+padding", "+alignment", "+cookie", "x.test")
    assert "192.0.2.1" in said and "status: NOERROR" in said


# openssl's client.

def s_client(proxy, *arguments, said_to_it=""):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port_of('tls')}", *map(str, arguments)]
    done = subprocess.run(command, input=said_to_it, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def is_agreed(said):
    assert "Cipher is " in said, said
    return "Cipher is (NONE)" not in said


OLD = ("-cipher", "ALL:@SECLEVEL=0")  # without which the client itself would not


@pytest.mark.parametrize("least, version, good", [
    ("1.2", "-tls1_1", False), ("1.2", "-tls1", False), ("1.2", "-tls1_2", True), ("1.2", "-tls1_3", True),
    ("1.3", "-tls1_2", False), ("1.3", "-tls1_3", True)])
def test_versions(serve, least, version, good):
    proxy = serve(tls_min=least)
    said = s_client(proxy, version, *(OLD if version in ("-tls1", "-tls1_1") else ()))
    assert is_agreed(said) == good
    proxy.until_metric(1, "dproxy_tls_handshakes_total", side="client", result="ok" if good else "agreement")


def test_certificates_are_chosen_by_name(serve, certificates):
    shown = {name: certificates.issue(name, f"DNS:{names}", subject=f"/CN={name}") for name, names in (
        ("first", "first.example"), ("second", "second.example"), ("wild", "*.wild.example"))}
    proxy = serve(tls_cert=", ".join(str(pair[0]) for pair in shown.values()),
                  tls_key=", ".join(str(pair[1]) for pair in shown.values()))
    for name, wanted in (("first.example", "first"), ("second.example", "second"), ("SECOND.Example", "second"),
                         ("a.wild.example", "wild"), ("wild.example", "first"), ("a.b.wild.example", "first"),
                         ("stranger.example", "first")):
        assert f"subject=CN = {wanted}\n" in s_client(proxy, "-servername", name), name
    assert "subject=CN = first\n" in s_client(proxy, "-noservername")


@pytest.mark.parametrize("offered, chosen", [("dot", "dot"), ("h2,dot", "dot"), ("h2", None), ("do,dotx", None)])
def test_alpn(serve, offered, chosen):
    proxy = serve()
    said = s_client(proxy, "-alpn", offered)
    assert is_agreed(said) == (chosen is not None)
    if chosen:
        assert f"ALPN protocol: {chosen}\n" in said
    proxy.until_metric(1, "dproxy_tls_handshakes_total", result="ok" if chosen else "agreement")
    assert "No ALPN negotiated" in s_client(proxy)


def test_nobody_renegotiates(serve):
    said = s_client(serve(), "-tls1_2", said_to_it="R\n")
    assert "RENEGOTIATING" in said and "no renegotiation" in said
    assert said.count("verify return:") <= 3, "there was another handshake"


def test_neither_compression_nor_early_data(serve, world):
    proxy = serve()
    assert "Compression: NONE" in s_client(proxy, "-tls1_2", "-comp")
    with TlsClient("127.0.0.1", proxy.port_of("tls")) as one:
        one.ask(wire.query("x.test"))
        assert one.socket.compression() is None
    session = world.directory / "session"
    with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port_of('tls')}", "-tls1_3",
                           "-sess_out", session], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as first:
        wait_until(session.exists, "a ticket")
        said = first.communicate("Q\n")[0]
    assert "Max Early Data: 0" in said
    assert "Early data was not sent" in s_client(proxy, "-tls1_3", "-sess_in", session)


def accepted_ciphers(proxy):
    """Those of TLS 1.2 that it agrees to, of all that this OpenSSL has, each offered alone."""
    listed = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
                            capture_output=True, text=True, check=True).stdout.strip().split(":")
    taken = set()
    for cipher in (one for one in listed if not one.startswith("TLS_")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{cipher}:@SECLEVEL=0")
        try:
            with TlsClient("127.0.0.1", proxy.port_of("tls"), context=context) as one:
                taken.add(one.socket.cipher()[0])
        except (ssl.SSLError, OSError):
            pass
    assert len(listed) > 50
    return taken


def test_ciphers(serve, certificates):
    """ECDHE with AEAD and nothing else, with keys of both kinds (RFC 9325 4.2)."""
    curve, rsa = certificates.issue("curve"), certificates.issue("rsa", key=("rsa:2048",))
    proxy = serve(tls_cert=f"{curve[0]}, {rsa[0]}", tls_key=f"{curve[1]}, {rsa[1]}")
    assert accepted_ciphers(proxy) == {f"ECDHE-{key}-{cipher}" for key in ("ECDSA", "RSA") for cipher in (
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")}
    suites = {suite: is_agreed(s_client(proxy, "-tls1_3", "-ciphersuites", suite)) for suite in (
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256")}
    assert [suite for suite, agreed in suites.items() if not agreed] == ["TLS_AES_128_CCM_SHA256",
                                                                         "TLS_AES_128_CCM_8_SHA256"]


# Tickets.

def believing(version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


class Resuming(TlsClient):
    """One that has the session of an earlier connection."""

    def __init__(self, proxy, context, session):
        super(TlsClient, self).__init__("127.0.0.1", proxy.port_of("tls"))
        self.socket = context.wrap_socket(self.socket, session=session)


def is_resumed(first, second, version):
    context = believing(version)
    with TlsClient("127.0.0.1", first.port_of("tls"), context=context) as one:
        assert one.ask(wire.query("x.test"))
        session = one.socket.session
    with Resuming(second, context, session) as one:
        assert wire.marker_of(one.ask(wire.query("y.test"))) == 1
        return one.socket.session_reused


@pytest.fixture(scope="module")
def ticket_keys(tmp_path_factory):
    files = [tmp_path_factory.mktemp("tickets") / name for name in ("old", "new")]
    for file in files:
        openssl("rand", "-out", file, "80")
    return files


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_goes_on_with_a_replica(serve, ticket_keys, version):
    old, new = ticket_keys
    first, second, next_one, alone = (serve(tls_ticket_keys=old), serve(tls_ticket_keys=old),
                                          serve(tls_ticket_keys=f"{new}, {old}"), serve())
    assert is_resumed(first, first, version) and is_resumed(first, second, version)
    assert is_resumed(second, next_one, version)
    assert not is_resumed(next_one, first, version), "its tickets are sealed by a key that the other does not have"
    assert not is_resumed(first, alone, version) and not is_resumed(alone, first, version)
    assert second.metrics().sum("dproxy_tls_resumptions_total", side="client") == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ticket_stands_for_no_client_certificate(serve, certificates, ticket_keys, version):
    """Where clients must show one, the ticket of a replica that asks for none is of no use."""
    free = serve(tls_ticket_keys=ticket_keys[0])
    strict = serve(tls_ticket_keys=ticket_keys[0], tls_client_ca=certificates.authority)
    context = believing(version)
    with TlsClient("127.0.0.1", free.port_of("tls"), context=context) as one:
        assert one.ask(wire.query("x.test"))
        session = one.socket.session
    with pytest.raises((ssl.SSLError, OSError, AssertionError)):
        with Resuming(strict, context, session) as one:
            one.send(wire.query("x.test"))
            assert one.receive()
    assert strict.metrics().sum("dproxy_requests_total", transport="tls") == 0


# Certificates of clients.

@pytest.mark.parametrize("version", VERSIONS)
def test_certificates_of_clients(serve, certificates, stranger, version):
    proxy = serve(tls_client_ca=certificates.authority)
    served = {}
    for who, issuer in (("with", certificates), ("without", None), ("of another", stranger)):
        context = believing(version)
        if issuer:
            context.load_cert_chain(*issuer.issue("client", names=None, subject="/CN=a client"))
        try:
            with TlsClient("127.0.0.1", proxy.port_of("tls"), context=context) as one:
                one.send(wire.query("x.test"))
                served[who] = one.receive() is not None
        except (ssl.SSLError, OSError):
            served[who] = False
    assert served == {"with": True, "without": False, "of another": False}
    proxy.until_metric(2, "dproxy_tls_handshakes_total", side="client", result="peer_certificate")
    assert proxy.metrics().sum("dproxy_requests_total", transport="tls") == 1


# Resolvers that forward to dproxy.

def unbound_config(directory, port, target, authority, name):
    config, command = unbound(directory, "unused.invalid", port)
    (directory / "zone").write_text("@ 60 SOA ns admin 1 60 60 60 60\n")
    return config + f"""
server:
    do-not-query-localhost: no
    tls-cert-bundle: "{authority}"
forward-zone:
    name: "test."
    forward-tls-upstream: yes
    forward-addr: 127.0.0.1@{target}#{name}
""", command


def stubby_config(directory, port, target, authority, name):
    return f"""resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list:
  - GETDNS_TRANSPORT_TLS
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
tls_ca_file: "{authority}"
tls_query_padding_blocksize: 128
edns_client_subnet_private: 1
idle_timeout: 10000
appdata_dir: "{directory}"
listen_addresses:
  - 127.0.0.1@{port}
upstream_recursive_servers:
  - address_data: 127.0.0.1
    tls_port: {target}
    tls_auth_name: "{name}"
""", ["stubby", "-C", f"{directory}/config.yml"]


@pytest.fixture
def forwarding(world):
    """Starts a resolver; what it answers by comes from dproxy over TLS."""
    def start(make, *told):
        directory, port = world.directory / make.__name__, free_port()
        directory.mkdir()
        config, command = make(directory, port, *told)
        Path(command[-1]).write_text(config)
        program = shutil.which(command[0]) or shutil.which(command[0], path="/usr/sbin:/sbin")
        assert program, f"{command[0]} is not installed"
        with (directory / "said").open("wb") as output:
            process = subprocess.Popen([program, *command[1:]], stdout=output, stderr=output, cwd=directory)
        world.at_end(process.wait)
        world.at_end(process.terminate)  # which comes before

        def ask(name):
            assert process.poll() is None, (directory / "said").read_text()
            return client.ask("udp", "127.0.0.1", port, wire.query(name), patience=2)
        return ask
    return start


@pytest.mark.parametrize("make", [unbound_config, stubby_config], ids=["unbound", "stubby"])
def test_a_resolver_forwards_over_tls(serve, certificates, forwarding, make):
    proxy = serve()
    ask = forwarding(make, proxy.port_of("tls"), certificates.authority, "dns.example")
    wait_until(lambda: (reply := ask("first.test")) and wire.marker_of(reply) == 1, "an answer through both", 60)
    for number in range(20):
        assert wire.marker_of(ask(f"q{number}.test")) == 1
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_requests_total", transport="tls") >= 21
    assert metrics.sum("dproxy_requests_total") == metrics.sum("dproxy_requests_total", transport="tls")


@pytest.mark.parametrize("make", [unbound_config, stubby_config], ids=["unbound", "stubby"])
def test_a_resolver_that_expects_another_name_asks_nothing(serve, certificates, forwarding, make):
    proxy = serve()
    ask = forwarding(make, proxy.port_of("tls"), certificates.authority, "other.example")

    def tried():
        reply = ask("x.test")
        assert reply is None or wire.marker_of(reply) is None
        return proxy.metrics().sum("dproxy_tls_handshakes_total", side="client") > 0
    wait_until(tried, "an attempt", 60)
    assert proxy.metrics().sum("dproxy_requests_total", transport="tls") == 0
