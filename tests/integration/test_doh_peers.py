# SPDX-License-Identifier: MIT
"""DNS over HTTPS with programs of others: kdig, curl, browsers' secure DNS, and proxies before `listen_http`."""
import base64
import http.server
import json
import os
import shutil
import subprocess
import threading

import pytest
from harness import wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.http2 import in_target
from harness.ports import free_port
from harness.prox_directory import route

NAME = "only.dproxy.test"  # which nobody else knows


@pytest.fixture(scope="module")
def settings(pair):
    listen = {f"listen_{way}": f"127.0.0.1:{free_port()}" for way in ("https", "http")}
    return {**listen, "tls_cert": pair[0], "tls_key": pair[1]}


@pytest.fixture(scope="module")
def proxy(shared_world, settings):
    return shared_world.proxy(route("*", shared_world.upstream(1)) + f"[{NAME}]\nanswer = 127.0.0.1\n", **settings)


def run(*command, patience=60, **more):
    return subprocess.run([*map(str, command)], capture_output=True, timeout=patience, check=False, **more)


# kdig.

@pytest.mark.parametrize("method", ["+https", "+https-get"])
def test_kdig(proxy, certificates, method):
    done = run("kdig", "@127.0.0.1", "-p", proxy.port_of("https"), method, "+timeout=10", "+retry=0",
               f"+tls-ca={certificates.authority}", "+tls-hostname=dns.example", NAME)
    said = done.stdout.decode()
    assert "status: NOERROR" in said and "127.0.0.1" in said and "HTTP/2" in said, said + done.stderr.decode()


# curl.

def curl(*arguments):
    return run("curl", "--silent", "--show-error", "--max-time", "20", *arguments)


@pytest.mark.parametrize(("version", "expected"), [("--http2", "2"), ("--http1.1", "1.1")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_curl_over_https(proxy, certificates, tmp_path, version, expected, method):
    check_curl(["--cacert", certificates.authority, version], f"https://127.0.0.1:{proxy.port_of('https')}",
               method, expected, tmp_path)


@pytest.mark.parametrize(("version", "expected"), [("--http2-prior-knowledge", "2"), ("--http1.1", "1.1")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_curl_over_http(proxy, tmp_path, version, expected, method):
    check_curl([version], f"http://127.0.0.1:{proxy.port_of('http')}", method, expected, tmp_path)


def check_curl(options, server, method, version, directory):
    question = directory / "question"
    question.write_bytes(wire.query(NAME))
    what = [f"{server}{in_target(wire.query(NAME))}"] if method == "GET" else [
        f"{server}/dns-query", "--header", "content-type: application/dns-message", "--data-binary", f"@{question}"]
    done = curl(*options, "--output", directory / "answer",
                "--write-out", "%{http_code} %{http_version} %{content_type}", *what)
    assert done.stdout.decode() == f"200 {version} application/dns-message", done.stderr
    answer = (directory / "answer").read_bytes()
    assert wire.rcode_of(answer) == wire.NOERROR and bytes([127, 0, 0, 1]) in answer


@pytest.fixture
def page():
    """A web server, for whoever finds it by NAME."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<title>found</title><p>a page that only dproxy leads to"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{NAME}:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_curl_finds_a_page_by_a_name_that_only_dproxy_knows(proxy, certificates, page):
    resolver = f"https://127.0.0.1:{proxy.port_of('https')}/dns-query"
    done = curl("--cacert", certificates.authority, "--doh-url", resolver, page)
    assert b"only dproxy leads to" in done.stdout, done.stderr


def key_of(certificate):
    """What Chromium calls a key by: the SHA-256 of its SPKI."""
    key = run("openssl", "x509", "-in", certificate, "-noout", "-pubkey").stdout
    der = run("openssl", "pkey", "-pubin", "-outform", "der", input=key).stdout
    return base64.b64encode(run("openssl", "dgst", "-sha256", "-binary", input=der).stdout).decode()


@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium here: `apt-get install chromium` brings it")
def test_chromium_finds_a_page_by_secure_dns(proxy, pair, page, tmp_path):
    profile = tmp_path / "profile"
    profile.mkdir()
    template = f"https://127.0.0.1:{proxy.port_of('https')}/dns-query"
    (profile / "Local State").write_text(json.dumps({"dns_over_https": {"mode": "secure", "templates": template}}))
    before = proxy.metrics().sum("dproxy_requests_total", transport="https")
    done = run("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--no-first-run", "--disable-background-networking", f"--user-data-dir={profile}",
               f"--ignore-certificate-errors-spki-list={key_of(pair[0])}", "--timeout=30000", "--dump-dom", page,
               patience=120, env={**os.environ, "HOME": str(tmp_path)})
    assert b"only dproxy leads to" in done.stdout, done.stderr[-3000:]
    assert proxy.metrics().sum("dproxy_requests_total", transport="https") > before


# Proxies that end TLS.

def nginx(directory, listen, backend, pair):
    return f"""
daemon off; master_process off; pid {directory}/pid; error_log {directory}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/b; proxy_temp_path {directory}/p; fastcgi_temp_path {directory}/f;
    uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
    upstream dproxy {{ server 127.0.0.1:{backend}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{listen} ssl http2;
        ssl_certificate {pair[0]}; ssl_certificate_key {pair[1]};
        location = /dns-query {{
            proxy_pass http://dproxy;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
""", ["nginx", "-c", f"{directory}/config", "-e", f"{directory}/errors", "-p", directory]


def haproxy(directory, listen, backend, pair, protocol):
    both = directory / "both.pem"
    both.write_bytes(pair[0].read_bytes() + pair[1].read_bytes())
    return f"""
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend tls
    bind 127.0.0.1:{listen} ssl crt {both} alpn h2,http/1.1
    option forwardfor
    default_backend dproxy
backend dproxy
    server one 127.0.0.1:{backend} {protocol}
""", ["haproxy", "-f", f"{directory}/config"]


PROXIES = {
    "nginx": nginx,
    "haproxy": lambda *given: haproxy(*given, ""),
    "haproxy, h2c": lambda *given: haproxy(*given, "proto h2"),
}


@pytest.mark.parametrize("kind", PROXIES)
def test_proxies_before_listen_http(world, certificates, pair, tmp_path, kind):
    program = kind.partition(",")[0]
    if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
        pytest.skip(f"no {program} here")
    proxy = world.proxy(route(".test", world.upstream(1)) + route(".test", world.upstream(2), clients="127.0.0.3"),
                        listen_http=f"127.0.0.1:{free_port()}", trusted_proxies="127.0.0.1")
    port = free_port()
    directory = tmp_path / program
    directory.mkdir()
    config, command = PROXIES[kind](directory, port, proxy.port_of("http"), pair)
    (directory / "config").write_text(config)
    with (directory / "said").open("wb") as said:
        process = subprocess.Popen([*map(str, command)], stdout=said, stderr=said,
                                   env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    try:
        wait_until(lambda: process.poll() is not None or answers(port), "a proxy that listens")
        assert process.poll() is None, (directory / "said").read_text()
        markers = {}
        for source in ("127.0.0.2", "127.0.0.3"):
            for version in ("--http2", "--http1.1"):
                done = curl("--cacert", certificates.authority, version, "--interface", source,
                            "--output", tmp_path / "answer", "--write-out", "%{http_code}",
                            f"https://127.0.0.1:{port}{in_target(wire.query('x.test'))}")
                assert done.stdout == b"200", done.stderr
                markers[source, version] = wire.marker_of((tmp_path / "answer").read_bytes())
        assert markers == {("127.0.0.2", "--http2"): 1, ("127.0.0.2", "--http1.1"): 1,
                           ("127.0.0.3", "--http2"): 2, ("127.0.0.3", "--http1.1"): 2}
    finally:
        process.terminate()
        process.wait(20)
    assert proxy.metrics().sum("dproxy_requests_total", transport="http") == 4


def answers(port):
    try:
        TcpClient("127.0.0.1", port).close()
        return True
    except OSError:
        return False
