# SPDX-License-Identifier: MIT
"""`dproxy ask --tls` and `--https`: what answers, and of what does not, why."""
import socket
import threading

import pytest
from harness import behaviours
from harness.encrypted_nameservers import EncryptedServer
from harness.https_upstream import HttpsUpstream
from harness.ports import free_port
from harness.program import run
from harness.prox_directory import route
from harness.tls_upstream import TlsUpstream, server_context
from test_https_real_upstreams import unbound_over_https
from test_tls_real_upstreams import unbound_over_tls

NAME = "dns.example"


@pytest.fixture(params=["tls", "https"])
def by(request):
    return request.param


@pytest.fixture(scope="module")
def proxy(shared_world, certificates):
    settings = certificates.settings(listen_https=f"127.0.0.1:{free_port()}", https_path="/own")
    return shared_world.proxy(route(".a.test", shared_world.upstream(7)), **settings)


@pytest.fixture
def server(world, certificates):
    """Of the transport; `pair`: the certificate that it shows."""
    def start(by, pair=None, protocols=None, **keys):
        kind = HttpsUpstream if by == "https" else TlsUpstream
        own = protocols if protocols is not None else (("h2",) if by == "https" else ("dot",))
        context = server_context(*(pair or certificates.issue()), protocols=own)
        world.upstreams.append(kind(1, context, **keys))
        return world.upstreams[-1]
    return start


def ask(by, server, *arguments, name=NAME):
    named = ("--name", name) if name else ()
    return run("ask", "www.a.test", f"@{server}", f"--{by}", *named, *arguments)


def expect_fault(done, *said):
    assert done.returncode == 1 and done.stdout == "", done
    assert len(done.stderr.strip().splitlines()) == 1
    for part in said:
        assert part in done.stderr, done.stderr


def test_its_own_listeners_are_found_by_the_configuration(proxy, certificates, by):
    done = run("ask", "www.a.test", f"--{by}", "--ca", str(certificates.authority), "--config", proxy.main_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "NOERROR" in done.stdout and "192.0.2.7" in done.stdout


def test_expect_goes_with_it(proxy, certificates, by):
    at, ca = f"127.0.0.1:{proxy.port_of(by)}", str(certificates.authority)
    path = ("--path", "/own") if by == "https" else ()
    assert ask(by, at, "--ca", ca, *path, "--expect", "NOERROR").returncode == 0
    assert ask(by, at, "--ca", ca, *path, "--expect", "NXDOMAIN").returncode == 1


def test_an_address_is_what_the_certificate_must_be_for(server, certificates, by):
    upstream = server(by)
    assert ask(by, upstream, "--ca", str(certificates.authority), name=None).returncode == 0
    other = server(by, certificates.issue("no-address", "DNS:dns.example"))
    done = ask(by, other, "--ca", str(certificates.authority), name=None)
    expect_fault(done, "certificate", "expected one for `127.0.0.1` (--name)")


def test_a_host_is_what_the_certificate_must_be_for(server, certificates, by):
    pair = certificates.issue("localhost", "DNS:localhost")
    upstream = server(by, pair)
    port = str(upstream).rsplit(":", 1)[1]
    assert ask(by, f"localhost:{port}", "--ca", str(certificates.authority), name=None).returncode == 0


def test_another_name_is_refused(server, certificates, by):
    done = ask(by, server(by), "--ca", str(certificates.authority), name="other.example")
    expect_fault(done, "certificate", "expected one for `other.example`")


def test_an_unknown_authority_is_refused(server, certificates, by):
    expect_fault(ask(by, server(by)), "certificate", "an authority of the system")
    pair = certificates.issue("not-an-authority")
    expect_fault(ask(by, server(by), "--ca", str(pair[0])), "certificate", str(pair[0]))


def test_an_expired_certificate_is_refused(server, certificates, by):
    upstream = server(by, certificates.issue("expired", days=-1))
    expect_fault(ask(by, upstream, "--ca", str(certificates.authority)), "expired", "valid now")


def test_insecure_takes_any_and_says_so(server, certificates, by):
    upstream = server(by, certificates.issue("expired", "DNS:other.example", days=-1))
    done = ask(by, upstream, "--insecure", name=None)
    assert done.returncode == 0 and "192.0.2.1" in done.stdout
    assert done.stderr == "warning: --insecure: any certificate is taken\n"


def test_a_file_that_is_none_is_a_fault_of_usage(server, certificates, by, tmp_path):
    (tmp_path / "empty.pem").write_text("nothing\n")
    for file in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        done = ask(by, "127.0.0.1:1", "--ca", str(file))
        assert done.returncode == 2 and file.name in done.stderr


def talker(greeting, closes=False):
    """Takes one connection, says something and waits for its end."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with listener, connection:
            connection.sendall(greeting)
            if not closes:
                connection.settimeout(20)
                while connection.recv(4096):
                    pass
    threading.Thread(target=serve, daemon=True).start()
    return f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_speaks_no_tls(certificates, by):
    expect_fault(ask(by, talker(b"220 welcome\r\n"), "--ca", str(certificates.authority)), "not TLS")


def test_one_that_closes_within_the_handshake(certificates, by):
    expect_fault(ask(by, talker(b"", closes=True), "--ca", str(certificates.authority)), "connection")


def test_one_that_is_silent(certificates, by):
    expect_fault(ask(by, talker(b""), "--ca", str(certificates.authority)), "TLS handshake was not over in time")


def test_one_that_is_silent_after_the_handshake(server, certificates, by):
    upstream = server(by, behaviour=lambda exchange: None)
    expect_fault(ask(by, upstream, "--ca", str(certificates.authority)), "no answer in time")


def test_nobody_there(certificates, by):
    expect_fault(ask(by, f"127.0.0.1:{free_port()}", "--ca", str(certificates.authority)), "refused")


def test_http_status_is_told(proxy, server, certificates):
    at, ca = f"127.0.0.1:{proxy.port_of('https')}", str(certificates.authority)
    expect_fault(ask("https", at, "--ca", ca, "--path", "/other"), "HTTP status 404 was found; expected 200")
    upstream = server("https", behaviour=lambda exchange: exchange.connection.respond(
        exchange.stream, b"", status=415))
    expect_fault(ask("https", upstream, "--ca", ca), "HTTP status 415")


def test_http_2_is_needed(server, certificates):
    upstream = server("https", protocols=())
    expect_fault(ask("https", upstream, "--ca", str(certificates.authority)), "HTTP/2 is not spoken there")


def test_an_answer_to_something_else_is_none(server, certificates, by):
    upstream = server(by, behaviour=behaviours.replying(lambda message: behaviours.answer_to(
        message[:12] + b"\x05other\x04test\0" + message[-15:], 1)))
    done = ask(by, upstream, "--ca", str(certificates.authority))
    assert done.returncode == 1


@pytest.mark.parametrize("way, make", [("tls", unbound_over_tls), ("https", unbound_over_https)])
def test_unbound_answers(shared_world, certificates, way, make):
    there = EncryptedServer(shared_world, certificates, f"unbound-{way}", make)
    done = run("ask", f"host1.{there.zone}", f"@{there}", f"--{way}", "--name", NAME,
               "--ca", str(certificates.authority), "--expect", "NOERROR")
    assert done.returncode == 0 and "10.0.0.1" in done.stdout
