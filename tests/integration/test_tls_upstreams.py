# SPDX-License-Identifier: MIT
"""`protocol = tls`: upstreams that are asked over TLS, and what of them is believed."""
import ssl

import pytest
from harness import behaviours, wire
from harness.certificates import Certificates, pin_of
from harness.deadline import wait_until
from harness.health import encryption_fault
from harness.program import run
from harness.prox_directory import ConfigMapDirectory, route
from harness.tls_upstream import TlsUpstream, server_context

NAME = "dns.example"


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """Another authority."""
    return Certificates(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def server(world, certificates):
    """Starts one that shows this pair."""
    def start(pair=None, marker=1, **keys):
        context = keys.pop("context", None) or server_context(*(pair or certificates.issue()), **{
            key: keys.pop(key) for key in ("protocols", "version") if key in keys})
        world.upstreams.append(TlsUpstream(marker, context, **keys))
        return world.upstreams[-1]
    return start


@pytest.fixture
def relay(world, certificates):
    """A program with one route over TLS; the authority's file stands beside it."""
    def start(*upstreams, settings=None, files=None, **keys):
        wanted = {"protocol": "tls", "tls_ca": "ca.pem", "tls_name": NAME, **keys}
        text = route("*", *upstreams, **{key: value for key, value in wanted.items() if value is not None})
        routes = {"test.prox": text, "ca.pem": certificates.authority.read_text(), **(files or {})}
        return world.proxy(routes, workers=1, **(settings or {}))
    return start


def until_searched(*upstreams):
    """What is counted from now on has nothing of the search for loops, which goes encrypted as well."""
    wait_until(lambda: all(upstream.loop_probes for upstream in upstreams), "the search for loops")


def handshakes(proxy, result):
    return proxy.metrics().sum("dproxy_tls_handshakes_total", side="upstream", result=result)


def failures(proxy, reason):
    return proxy.metrics().sum("dproxy_upstream_failures_total", reason=reason)


def is_answered(reply):
    return wire.rcode_of(reply) == wire.NOERROR and wire.marker_of(reply) == 1


def is_refused(proxy, transport="udp"):
    return wire.rcode_of(proxy.ask(transport, "x.test")) == wire.SERVFAIL


# What is believed.

def test_queries_go_encrypted_and_are_answered(relay, server, transport):
    upstream = server()
    proxy = relay(upstream)
    until_searched(upstream)
    for number in range(20):
        assert proxy.marker(f"q{number}.test", transport) == 1
    assert len(upstream.received) == 20 and len(upstream.sessions) == 1, "one connection for all"
    assert upstream.sessions[0].socket.selected_alpn_protocol() == "dot"
    metrics = proxy.metrics()
    assert metrics.sum("dproxy_upstream_requests_total", transport="tls", reason="first") == 20
    assert metrics.sum("dproxy_upstream_requests_total", transport="tls", reason="probe") == 1
    assert metrics.sum("dproxy_upstream_requests_total") == 21
    assert handshakes(proxy, "ok") == 2


def test_the_first_connection_is_there_before_the_first_client(relay, server):
    upstream = server()
    proxy = relay(upstream)
    until_searched(upstream)
    wait_until(lambda: upstream.sessions, "a connection")
    assert not upstream.received
    assert proxy.marker("x.test") == 1 and len(upstream.sessions) == 1


@pytest.mark.parametrize("said, shown, reason", [
    ({}, {}, None),
    ({"tls_name": None}, {}, None),  # 127.0.0.1 is in the certificate
    ({"tls_name": None}, {"names": "DNS:127.0.0.1"}, "name"),
    ({"tls_name": "other.example"}, {}, "name"),
    ({"tls_name": "a.wild.example"}, {"names": "DNS:*.wild.example"}, None),
    ({"tls_name": "a.b.wild.example"}, {"names": "DNS:*.wild.example"}, "name"),
    ({}, {"names": None, "subject": f"/CN={NAME}"}, "name"),
    ({}, {"days": -1}, "expired"),
])
def test_certificates_are_verified(relay, server, certificates, said, shown, reason):
    upstream = server(certificates.issue("shown", **shown))
    proxy = relay(upstream, **said)
    if reason is None:
        assert is_answered(proxy.ask("udp", "x.test"))
        return
    assert is_refused(proxy) and not upstream.received
    assert failures(proxy, "tls") >= 1 and handshakes(proxy, "peer_certificate") >= 1
    told = encryption_fault(proxy)
    assert told.startswith(f"{reason}: "), told
    proxy.until_logged(f'reason="{told}"')


def test_one_that_is_not_yet_valid(relay, server, certificates):
    proxy = relay(server(certificates.issue_early("early")))
    assert is_refused(proxy)
    assert "not_yet_valid: " in encryption_fault(proxy)


def test_one_that_signed_itself(relay, server, stranger):
    proxy = relay(server((stranger.authority, stranger.directory / "authority.key")))
    assert is_refused(proxy)
    assert "authority" in encryption_fault(proxy)


def test_one_of_another_authority(relay, server, stranger):
    proxy = relay(server(stranger.issue()))
    assert is_refused(proxy) and failures(proxy, "tls") >= 1


def test_a_nul_within_a_name(relay, server, certificates):
    """`dns.example<NUL>.evil.example` is not `dns.example`."""
    name = NAME.encode() + b"\0.evil.example"
    proxy = relay(server(certificates.issue_der("nul", bytes([0x30, len(name) + 2, 0x82, len(name)]) + name)))
    assert is_refused(proxy) and handshakes(proxy, "peer_certificate") >= 1


def test_without_verification_anybody_is_believed_and_it_is_told(relay, server, stranger):
    proxy = relay(server(stranger.issue(names="DNS:whoever")), tls_verify="off", tls_ca=None)
    assert is_answered(proxy.ask("udp", "x.test"))
    proxy.until_logged("whoever stands between is believed as well")


@pytest.mark.parametrize("verify", ["on", "off"])
@pytest.mark.parametrize("of", ["own", "authority", "other"])
def test_pins(relay, server, certificates, stranger, verify, of):
    """Beside the authority, and alone where nothing else is verified; the authority's own key counts with it."""
    pair = certificates.issue()
    files = {"own": pair[0], "authority": certificates.authority, "other": stranger.authority}
    keys = {"tls_verify": "off", "tls_ca": None} if verify == "off" else {}
    proxy = relay(server(pair), tls_pin=f"sha256/{pin_of(files[of])}", **keys)
    if of == "own" or (of == "authority" and verify == "on"):
        assert is_answered(proxy.ask("udp", "x.test"))
    else:
        assert is_refused(proxy)
        assert "pin" in encryption_fault(proxy)


def test_an_old_version(relay, server):
    upstream = server(version=ssl.TLSVersion.TLSv1_1)
    proxy = relay(upstream)
    assert is_refused(proxy)
    assert handshakes(proxy, "agreement") + handshakes(proxy, "alert") >= 1
    assert "version" in encryption_fault(proxy)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed(relay, server, version):
    upstream = server(version=version)
    proxy = relay(upstream, attempts=1, timeout="20s")  # one that is made again has a connection of its own
    until_searched(upstream)
    before = proxy.metrics().sum("dproxy_tls_resumptions_total", side="upstream")
    for number in range(4):
        assert proxy.marker(f"q{number}.test") == 1
        upstream.sessions[-1].close()
        wait_until(lambda: proxy.metrics().sum("dproxy_tcp_connections", side="upstream") == 0, "the end of it")
    assert [session.is_resumed for session in upstream.sessions] == [False, True, True, True]
    proxy.until_metric(before + 3, "dproxy_tls_resumptions_total", side="upstream")


# What goes wrong.

def test_no_tls_there_is_no_reason_to_go_in_the_clear(relay, world):
    """A server without TLS: nothing of the query is ever shown to it."""
    plain = world.upstream(1)
    seen = []
    plain.on_accept = lambda connection: seen.append(connection.socket.recv(65536)) or False
    proxy = relay(plain)
    assert is_refused(proxy) and is_refused(proxy, "tcp")
    assert seen and not any(b"\x01x\x04test" in octets for octets in seen) and not plain.received


def test_silence_in_the_handshake(relay, world):
    plain = world.upstream(1)
    plain.on_accept = lambda connection: connection.closed_by_peer.wait(60) and False
    proxy = relay(plain, timeout="400ms")
    assert is_refused(proxy)
    assert failures(proxy, "timeout") >= 1
    wait_until(lambda: handshakes(proxy, "timeout") >= 1, "the end of the handshake", patience=40)


def test_the_next_one_is_asked(relay, server, stranger):
    bad, good = server(stranger.issue(), marker=2), server(marker=1)
    proxy = relay(bad, good, policy="first")
    for number in range(10):
        assert proxy.marker(f"q{number}.test") == 1
    assert not bad.received
    assert bad.hopeless < 10, "what is known to fail is not tried for each query"


def test_a_server_that_closes_in_the_midst_of_an_answer(relay, server):
    upstream = server()

    def close_within(exchange):
        exchange.send_bytes(b"\x00\x50" + exchange.message)
        exchange.close()
    upstream.behaviour = behaviours.Script(close_within, behaviours.answer)
    proxy = relay(upstream)
    assert proxy.marker("x.test") == 1
    assert failures(proxy, "closed") == 1


def test_a_server_that_closes_idle_connections(relay, server):
    upstream = server(behaviour=behaviours.close_after_answer)
    proxy = relay(upstream)
    for number in range(20):
        assert proxy.marker(f"q{number}.test") == 1


def test_queries_of_many_clients_share_a_connection(relay, server):
    upstream = server(behaviour=behaviours.Hold())
    proxy = relay(upstream)
    until_searched(upstream)
    clients = [proxy.client("udp") for _ in range(10)]
    for number, one in enumerate(clients):
        one.send(wire.query(f"q{number}.test"))
    upstream.wait_for(10)
    assert len(upstream.sessions) == 1
    upstream.behaviour.release(reverse=True)
    for number, one in enumerate(clients):
        reply = one.receive()
        assert wire.question_name(reply) == f"q{number}.test" and is_answered(reply)
        one.close()


def test_a_dark_connection_is_left(relay, server):
    """Two that time out with nothing read between: the next query goes by another connection."""
    upstream = server()
    dark = []

    def answer_on_others(exchange):
        if not dark:
            dark.append(exchange.connection)
        if exchange.connection not in dark:
            behaviours.answer(exchange)
    upstream.behaviour = answer_on_others
    proxy = relay(upstream, timeout="300ms", attempts=1)
    until_searched(upstream)
    wait_until(lambda: proxy.marker("x.test") == 1, "an answer by another connection")
    assert len(upstream.sessions) == 2 and failures(proxy, "timeout") <= 3


# What goes over it.

def test_queries_with_edns_are_padded_to_128(relay, server):
    upstream = server()
    proxy = relay(upstream)
    for name in ("a.test", "a-longer-name." * 5 + "test"):
        assert is_answered(proxy.ask("udp", wire.query(name, additional=[wire.opt()])))
        assert is_answered(proxy.ask("tcp", wire.query(name)))
    lengths = [len(exchange.message) for exchange in upstream.received]
    assert lengths[0] == 128 and lengths[2] == 128
    assert lengths[1] < 128 and lengths[3] < 128, "without EDNS there is no padding"
    assert 12 in wire.opt_of(upstream.received[0].message)[2]


def test_zone_transfers_go_encrypted(relay, server):
    upstream = server()
    upstream.behaviour = behaviours.replying(
        lambda message: behaviours.answer_to(message, 1, records=[wire.soa(1), wire.soa(1)]))
    proxy = relay(upstream)
    reply = proxy.ask("tcp", wire.query("zone.test", wire.AXFR))
    assert wire.rcode_of(reply) == wire.NOERROR
    assert [session.socket.version() for session in upstream.sessions] == ["TLSv1.3"] * len(upstream.sessions)
    assert proxy.metrics().sum("dproxy_upstream_requests_total", transport="tls", reason="first") == 1


# Health.

def test_probes_go_encrypted_and_find_what_is_wrong(world, relay, server, certificates, stranger):
    upstream = server(stranger.issue())
    proxy = relay(upstream, health="on")
    wait_until(lambda: not proxy.json("/status")["upstreams"][0]["up"], "the upstream down", patience=40)
    assert not upstream.probes and "authority" in encryption_fault(proxy)
    upstream.context = server_context(*certificates.issue())
    wait_until(lambda: proxy.json("/status")["upstreams"][0]["up"], "the upstream up", patience=40)
    wait_until(lambda: upstream.probes, "a probe")
    wait_until(lambda: "encryption_fault" not in proxy.json("/status")["upstreams"][0], "no fault any more")
    assert proxy.metrics().sum("dproxy_upstream_requests_total", transport="tls", reason="probe") >= 1


# What we show.

@pytest.fixture
def asking(server, certificates):
    """One that asks who we are."""
    context = server_context(*certificates.issue())
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates.authority)
    return server(context=context)


def test_a_certificate_of_our_own(relay, asking, certificates):
    upstream = asking
    own = certificates.issue("own", names=None, subject="/CN=a proxy")
    files = {"own.crt": own[0].read_text(), "own.key": own[1].read_text()}
    assert is_refused(relay(upstream))
    proxy = relay(upstream, tls_cert="own.crt", tls_key="own.key", files=files)
    assert is_answered(proxy.ask("udp", "x.test"))
    assert upstream.sessions[-1].shown == "a proxy"


def test_a_certificate_of_a_secret_beside_the_routes(world, asking, certificates):
    """In one projected volume: the Secret comes late, and is renewed together with its key."""
    keys = {"protocol": "tls", "tls_ca": "ca.pem", "tls_name": NAME, "tls_cert": "own.crt", "tls_key": "own.key"}
    config_map = {"test.prox": route("*", asking, **keys), "other.prox": route("here.test", answer="192.0.2.9"),
                  "ca.pem": certificates.authority.read_text()}
    volume = ConfigMapDirectory(world.directory / "volume", config_map)
    proxy = world.proxy(volume, workers=1)
    assert proxy.marker("here.test") == 9, "a route file that is whole"
    assert "own.crt" in str(proxy.json("/status")["routes"]["faults"]) and not asking.sessions
    for who in ("first", "second", "third"):
        own = certificates.issue(who, names=None, subject=f"/CN={who}")
        volume.update({**config_map, "own.crt": own[0].read_text(), "own.key": own[1].read_text()})
        proxy.until("x.test", 1)
        wait_until(lambda who=who: is_answered(proxy.ask("udp", "y.test")) and asking.sessions[-1].shown == who,
                   f"the certificate of {who} shown")
        assert not proxy.json("/status")["routes"]["faults"]
    assert "does not fit" not in proxy.log()


# Files beside the routes.

def test_a_changed_authority_is_taken(relay, server, certificates, stranger):
    upstream = server(stranger.issue())
    proxy = relay(upstream)
    assert is_refused(proxy)
    proxy.settings["upstreamlocation"].replace("ca.pem", stranger.authority.read_text())
    proxy.until("y.test", 1)


def test_a_broken_authority_keeps_the_last_good_one(relay, server, certificates):
    upstream = server()
    proxy = relay(upstream)
    assert is_answered(proxy.ask("udp", "x.test"))
    routes = proxy.settings["upstreamlocation"]
    routes.write("ca.pem", "nothing of the kind")
    wait_until(lambda: proxy.json("/status")["routes"]["faults"], "a fault")
    fault = proxy.json("/status")["routes"]["faults"][0]
    assert fault["file"].endswith("test.prox") and fault["line"] and "`tls_ca`: ca.pem" in fault["message"], fault
    assert "nothing of the kind" not in proxy.log()
    assert is_answered(proxy.ask("udp", "y.test"))
    routes.remove("ca.pem")
    wait_until(lambda: "is not there" in str(proxy.json("/status")["routes"]["faults"]), "another fault")
    assert is_answered(proxy.ask("udp", "z.test"))
    routes.write("ca.pem", certificates.authority.read_text())
    wait_until(lambda: not proxy.json("/status")["routes"]["faults"], "no fault")


def test_names_of_files_and_keys_are_checked(world, certificates):
    own = certificates.issue("own")
    other = certificates.issue("other")
    directory = world.routes({"ca.pem": certificates.authority.read_text(), "own.crt": own[0].read_text(),
                              "own.key": own[1].read_text(), "other.key": other[1].read_text()})
    for keys, said in (
            ({"tls_ca": "../ca.pem"}, "without a path"), ({"tls_ca": "gone.pem"}, "`gone.pem` is not there"),
            ({"tls_ca": "own.key"}, "expected a CERTIFICATE"), ({"tls_cert": "own.crt"}, "stands without `tls_key`"),
            ({"tls_key": "own.key"}, "stands without `tls_cert`"),
            ({"tls_cert": "own.crt", "tls_key": "other.key"}, "`tls_cert`: "),
            ({"tls_pin": "sha256/short"}, "`sha256/short` was found"), ({"tls_pin": ""}, "nothing was found"),
            ({"tls_ca": "ca.pem", "tls_verify": "off"}, "beside `tls_verify = off`")):
        directory.write("a.prox", route("a.test", "127.0.0.1", protocol="tls", **{"tls_ca": "ca.pem", **keys}))
        done = run("check", directory)
        assert done.returncode == 1 and said in done.stdout, (keys, done.stdout)
        assert own[1].read_text().splitlines()[1] not in done.stdout
