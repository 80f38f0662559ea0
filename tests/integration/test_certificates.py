# SPDX-License-Identifier: MIT
"""Certificates as files: taken live, the last good one kept, what is wrong told with its file."""
import ssl
import threading
import time

import pytest
from harness import wire
from harness.certificates import Certificates
from harness.client import TlsClient
from harness.deadline import wait_until
from harness.ports import free_port
from harness.prox_directory import ConfigMapDirectory
from harness.program import run


DAY = 86400


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path / "certificates")


def shown(proxy, certificates, name):
    """Whether the certificate that is shown is good for the name."""
    context = ssl.create_default_context(cafile=certificates.authority)
    try:
        TlsClient("127.0.0.1", proxy.port_of("tls"), context=context, name=name).close()
    except (ssl.SSLError, OSError):
        return False
    return True


def test_a_new_certificate_is_taken_live_and_connections_stay(world, certificates):
    upstream = world.upstream(1)
    proxy = world.relay(upstream, settings=certificates.settings())
    with proxy.client("tls") as client:
        assert shown(proxy, certificates, "dns.example")
        before = proxy.metrics().sum("dproxy_tls_certificate_expiry_timestamp_seconds")
        assert 29 * DAY < before - time.time() <= 30 * DAY
        certificates.issue(names="DNS:new.example", days=60)
        wait_until(lambda: shown(proxy, certificates, "new.example"), "the new certificate")
        assert not shown(proxy, certificates, "dns.example")
        assert proxy.metrics().sum("dproxy_tls_certificate_expiry_timestamp_seconds") > before + 29 * DAY
        assert client.ask(b"\0\1\1\0\0\1\0\0\0\0\0\0\1x\4test\0\0\20\0\1")


def test_what_does_not_fit_keeps_the_last_good_one_and_is_told(world, certificates):
    proxy = world.relay(world.upstream(1), settings=certificates.settings())
    proxy.settings["tls_key"].write_text("no key")
    proxy.until_metric(0, "dproxy_tls_certificate_valid")
    assert shown(proxy, certificates, "dns.example")
    proxy.until_logged("tls.key")
    status = proxy.json("/status")
    assert status["listen_tls"] == [proxy.settings["listen_tls"]]
    certificate, = status["certificates"]
    assert (certificate["file"], certificate["valid"]) == (str(proxy.settings["tls_cert"]), False)
    assert time.time() < certificate["expires_unix_seconds"] and "tls.key" in status["certificate_faults"][0]
    assert "tls.key" in proxy.get("/")[2]
    assert "no key" not in proxy.log()


def test_without_a_good_one_tls_is_refused_and_all_else_serves(world, certificates):
    settings = certificates.settings()
    settings["tls_cert"].write_text("")
    proxy = world.relay(world.upstream(1), settings=settings)
    assert proxy.marker("x.test") == 1
    assert not shown(proxy, certificates, "dns.example")
    assert proxy.metrics().sum("dproxy_tls_handshakes_total", result="no_certificate") == 1
    certificates.issue()
    wait_until(lambda: shown(proxy, certificates, "dns.example"), "the first certificate")


def test_a_strict_start_wants_a_good_one(world, certificates):
    settings = certificates.settings(strict="true")
    settings["tls_cert"].write_text("")
    proxy = world.proxy("", wait=False, **settings)
    proxy.expected_status = 2
    assert proxy.wait_over() == 2
    assert str(settings["tls_cert"]) in proxy.errors() + proxy.log()


def test_check_reads_them_too(world, certificates):
    settings = certificates.settings()
    flags = [f"--{key}={value}" for key, value in settings.items()]
    good = run("check", *flags, world.routes())
    assert good.returncode == 0, good.stdout
    certificates.issue(days=-1)
    bad = run("check", *flags, world.routes())
    assert bad.returncode == 1
    assert f"{settings['tls_cert']}: expired at 20" in bad.stdout


# A Secret of Kubernetes, mounted: links into `..data`, which is swapped.

def secret(certificates, name):
    certificate, key = certificates.issue(name, f"DNS:{name}.example")
    return {"tls.crt": certificate.read_text(), "tls.key": key.read_text(),
            "ca.crt": certificates.authority.read_text()}


@pytest.fixture(params=[False, True], ids=["swap first", "links first"])
def volume(world, certificates, request):
    return ConfigMapDirectory(world.directory / "secret", secret(certificates, "first"), request.param)


@pytest.fixture
def mounted(world, volume):
    return world.relay(world.upstream(1), settings={
        "listen_tls": f"127.0.0.1:{free_port()}", "tls_cert": f"{volume}/tls.crt", "tls_key": f"{volume}/tls.key"})


def test_a_secret_is_swapped_and_never_mixed(mounted, volume, certificates):
    """The key of one version never meets the certificate of another: nothing is told as a fault."""
    assert shown(mounted, certificates, "first.example")
    versions = {name: secret(certificates, name) for name in ("second", "third")}
    for turn in range(6):
        name = ("second", "third")[turn % 2]
        volume.update(versions[name])
        wait_until(lambda name=name: shown(mounted, certificates, f"{name}.example"), f"the {name} certificate")
    for _ in range(20):
        for name in ("second", "third"):
            volume.update(versions[name])
    volume.update(secret(certificates, "last"))
    wait_until(lambda: shown(mounted, certificates, "last.example"), "the last certificate")
    mounted.until_metric(1, "dproxy_tls_certificate_valid")
    assert " error " not in mounted.log() and mounted.is_ready()


def test_a_secret_that_is_broken_or_empty_keeps_the_last_good_one(mounted, volume, certificates):
    good = secret(certificates, "second")
    mixed = {**good, "tls.key": (volume.path / "tls.key").read_text()}
    for broken in (mixed, {"tls.crt": "", "tls.key": ""}, {}):
        volume.update(broken)
        mounted.until_metric(0, "dproxy_tls_certificate_valid")
        assert shown(mounted, certificates, "first.example")
    volume.update(good)
    wait_until(lambda: shown(mounted, certificates, "second.example"), "the good certificate")
    mounted.until_metric(1, "dproxy_tls_certificate_valid")


class Asking(threading.Thread):
    """Twenty-five queries at a time on one connection, ten times a second at most, until it is told to end."""

    def __init__(self, proxy, over):
        super().__init__()
        self.client, self.over, self.asked, self.lost = proxy.client("tls"), over, 0, 0
        self.start()

    def run(self):
        while not self.over.wait(0.1):
            idents = set(range(self.asked % 60000, self.asked % 60000 + 25))
            for ident in idents:
                self.client.send(wire.query(f"q{ident}.test", ident=ident))
            replies = [self.client.receive() for _ in idents]
            self.asked += 25
            self.lost += len(idents - {wire.ident_of(reply) for reply in replies if reply and wire.marker_of(reply)})
        self.client.close()


def test_connections_lose_nothing_while_the_pair_breaks_and_is_mended(world, certificates):
    """2,000 queries a second on eight connections, as far as the machine keeps up."""
    proxy = world.relay(world.upstream(1), settings=certificates.settings())
    over = threading.Event()
    asking = [Asking(proxy, over) for _ in range(8)]
    try:
        for turn in range(4):
            proxy.settings["tls_cert" if turn % 2 else "tls_key"].write_text("broken")
            proxy.until_metric(0, "dproxy_tls_certificate_valid")
            assert shown(proxy, certificates, "dns.example" if turn == 0 else f"n{turn - 1}.example")
            certificates.issue(names=f"DNS:n{turn}.example")
            wait_until(lambda turn=turn: shown(proxy, certificates, f"n{turn}.example"), "the mended pair")
            proxy.until_metric(1, "dproxy_tls_certificate_valid")
    finally:
        over.set()
        for one in asking:
            one.join()
    assert all(one.asked for one in asking)
    assert [one.lost for one in asking] == [0] * 8
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_requests_total", transport="tls") == sum(one.asked for one in asking)
