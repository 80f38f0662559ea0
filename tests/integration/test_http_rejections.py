# SPDX-License-Identifier: MIT
"""What the HTTP side refuses is counted by its reason. Limits of half a minute and more: tests/unit/admin."""
import contextlib
import socket

import pytest
from harness.deadline import wait_until

HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
REFUSED = {
    "header_size": b"GET /" + b"x" * 9000 + HOST + b"\r\n",
    "body": b"GET /status" + HOST + b"Content-Length: 1\r\n\r\nx",
    "method": b"DELETE /status" + HOST + b"\r\n",
    "not_local": b"POST /flush" + HOST + b"Origin: http://localhost\r\n\r\n",
    "malformed": b"nonsense\r\n\r\n",
    "host": b"GET /status HTTP/1.1\r\nHost: rebind.test\r\n\r\n",
}
REASONS = {*REFUSED, "connections", "connections_per_client", "idle", "request_timeout", "response_timeout",
           "response_bytes", "failed"}


@pytest.fixture(scope="module")
def proxy(shared_world):
    return shared_world.proxy()


def counts(proxy):
    metrics = proxy.metrics()
    return {reason: metrics.one("dproxy_http_rejected_total", reason=reason) for reason in REASONS}


def grown(before, after):
    return {reason: after[reason] - before[reason] for reason in REASONS if after[reason] != before[reason]}


def test_every_reason_is_there_from_the_start(proxy):
    assert proxy.metrics().label_values("dproxy_http_rejected_total", "reason") == REASONS


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refused_request_is_counted_once(proxy, reason):
    before = counts(proxy)
    with socket.create_connection(("127.0.0.1", proxy.admin_port), timeout=20) as client:
        client.sendall(REFUSED[reason])
        assert client.recv(65536).startswith(b"HTTP/1.1 4")
    assert grown(before, counts(proxy)) == {reason: 1}


def test_who_does_not_end_its_request_is_counted(proxy):
    before = counts(proxy)
    with socket.create_connection(("127.0.0.1", proxy.admin_port), timeout=60) as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost:")
        assert client.recv(1) == b""
    wait_until(lambda: counts(proxy) != before, "nothing was counted")
    assert grown(before, counts(proxy)) == {"request_timeout": 1}


@pytest.mark.parametrize("reason, clients, each", [("connections_per_client", 1, 70), ("connections", 7, 50)])
def test_connections_that_gave_way_are_counted(proxy, reason, clients, each):
    before = counts(proxy)
    with contextlib.ExitStack() as held:
        for number in range(clients * each):
            source = (f"127.0.2.{number % clients + 1}", 0)
            held.enter_context(socket.create_connection(("127.0.0.1", proxy.admin_port), 20, source_address=source))
            if number % 50 == 0:  # the server keeps step: no connection is lost on its way
                assert proxy.get("/livez")[0] == 200
        wait_until(lambda: counts(proxy)[reason] - before[reason] >= 6, "too few gave way")
    assert set(grown(before, counts(proxy))) == {reason}
