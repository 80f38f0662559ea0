# SPDX-License-Identifier: MIT
"""deploy/compose.yaml: dproxy, three nameservers and Prometheus on a private network; then the nameservers are
paused, killed and cut off, and a route is edited. Grafana's image cannot be made here: what is mounted into it is held
by test_grafana_is_given_what_it_reads."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import dns.edns
import dns.rcode
import pytest

import engine

PROJECT = "dproxy-compose-test"
COMPOSE = engine.ROOT / "deploy/compose.yaml"
PROMETHEUS = "dproxy-test-prometheus"
SERVICES = ["dproxy", "cryo", "cryodns", "nsproxy", "prometheus"]
ADDRESS = {"cryo": "172.31.43.213", "cryodns": "172.31.43.212", "nsproxy": "172.31.43.214"}
ROUTE_TIMEOUT = 4  # seconds: the default, until the client has its answer
AT_ONCE = 50  # queries in a row, of which none may be lost


def compose_command():
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    return ["docker", "compose"] if plugin else ["docker-compose"]


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as reserved:
        reserved.bind(("127.0.0.1", 0))
        return reserved.getsockname()[1]


class Example:
    """The running example. Its routes are a copy, so that they can be edited."""

    def __init__(self, routes):
        self.routes = routes
        self.port = free_port(socket.SOCK_DGRAM)
        self.admin = free_port(socket.SOCK_STREAM)
        self.prometheus = free_port(socket.SOCK_STREAM)
        self.environment = {**os.environ, "IMAGE": engine.IMAGE, "ROUTES": str(routes), "PORT": str(self.port),
                            "ADMIN_PORT": str(self.admin), "PROMETHEUS_PORT": str(self.prometheus),
                            "PROMETHEUS_IMAGE": PROMETHEUS}

    def compose(self, *words):
        done = subprocess.run([*compose_command(), "--project-name", PROJECT, "--file", str(COMPOSE), *words],
                              env=self.environment, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def container(self, service):
        return self.compose("ps", "--quiet", service).strip()

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=engine.BOUND) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, ""

    def up(self, service):
        """Whether the first upstream of a nameserver is held to be up, by dproxy itself."""
        wanted = f'dproxy_upstream_up{{upstream="{ADDRESS[service]}:'
        values = [line.rsplit(" ", 1)[1] for line in self.get("/metrics")[1].splitlines() if line.startswith(wanted)]
        assert values, f"no dproxy_upstream_up of {service}"
        return all(value == "1" for value in values)

    def answers(self, name, tcp=False):
        answer = engine.ask(self.port, name, tcp=tcp)
        return answer.rcode() == dns.rcode.NOERROR and len(answer.answer) > 0

    def refuses(self, name):
        """SERVFAIL with its reason, within the route's time: not silence."""
        begin = time.monotonic()
        answer = engine.ask(self.port, name, timeout=engine.BOUND)
        reasons = [option.code for option in answer.options if option.otype == dns.edns.EDE]
        return answer.rcode() == dns.rcode.SERVFAIL and reasons and time.monotonic() - begin

    def all_others_are_well(self, but):
        for name, servers in {"www.cryo.network": {"cryo"}, "www.unixvoid.com": {"cryodns", "nsproxy"},
                              "node1.nsproxy.unixvoid.com": {"nsproxy"}}.items():
            if servers - {but}:
                for tcp in (False, True):
                    assert all(self.answers(name, tcp) for _ in range(AT_ONCE)), (name, tcp)
        assert self.get("/readyz")[0] == 200
        assert self.get("/livez")[0] == 200


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compose")
    routes = folder / "routes"
    shutil.copytree(engine.ROOT / "deploy/compose/routes", routes)
    for made in (folder.parent, folder, routes):
        made.chmod(0o755)
    engine.docker("build", "--tag", PROMETHEUS, str(engine.ROOT / "tests/image/prometheus"))
    made = Example(routes)
    try:
        made.compose("build", "cryo")
        made.compose("up", "--detach", "--no-build", *SERVICES)
        engine.until("dproxy healthy", lambda: engine.inspect(made.container("dproxy"))["State"]["Health"]["Status"]
                     == "healthy")
        for name in ("www.cryo.network", "www.unixvoid.com", "node1.nsproxy.unixvoid.com"):
            engine.until(name, lambda name=name: made.answers(name))
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "30")


def test_all_answer(example):
    example.all_others_are_well(but=None)
    assert engine.ask(example.port, "example.com").rcode() == dns.rcode.REFUSED
    for service in ADDRESS:
        engine.until(f"{service} up", lambda service=service: example.up(service))


@pytest.mark.parametrize("service", ["cryo", "cryodns", "nsproxy"])
def test_paused(example, service):
    away_and_back(example, service, lambda container: engine.docker("pause", container),
                  lambda container: engine.docker("unpause", container))


@pytest.mark.parametrize("service", ["cryo", "cryodns"])
def test_killed(example, service):
    away_and_back(example, service, lambda container: engine.docker("kill", container),
                  lambda container: engine.docker("start", container))


@pytest.mark.parametrize("service", ["cryo", "nsproxy"])
def test_cut_off(example, service):
    network = f"{PROJECT}_nameservers"
    away_and_back(example, service, lambda container: engine.docker("network", "disconnect", network, container),
                  lambda container: engine.docker("network", "connect", "--ip", ADDRESS[service], network, container))


ALONE = {"cryo": "www.cryo.network", "nsproxy": "node1.nsproxy.unixvoid.com"}  # names that one nameserver alone has


def away_and_back(example, service, take_away, bring_back):
    container = example.container(service)
    take_away(container)
    try:
        example.all_others_are_well(but=service)
        if service in ALONE:
            taken = example.refuses(ALONE[service])
            assert taken, "not SERVFAIL with its reason"
            assert taken < ROUTE_TIMEOUT + engine.BOUND
        engine.until(f"{service} known to be down", lambda: not example.up(service))
        example.all_others_are_well(but=service)
    finally:
        bring_back(container)
    engine.until(f"{service} known to be up", lambda: example.up(service))
    example.all_others_are_well(but=None)


def test_a_route_is_edited(example):
    file = example.routes / "unixvoid.com.prox"
    before = file.read_text()
    file.write_text(before + "\n[new.example]\n\tanswer = nxdomain\n")
    engine.until("the new route", lambda: engine.ask(example.port, "new.example").rcode() == dns.rcode.NXDOMAIN)
    file.write_text(before + "\n[new.example]\n\tadress = 192.0.2.1\n")
    engine.until("the fault in /metrics", lambda: any(
        line.startswith("dproxy_config_file_valid") and line.endswith("} 0")
        for line in example.get("/metrics")[1].splitlines()))
    assert engine.ask(example.port, "new.example").rcode() == dns.rcode.NXDOMAIN
    example.all_others_are_well(but=None)
    file.write_text(before)
    engine.until("no route again", lambda: engine.ask(example.port, "new.example").rcode() == dns.rcode.REFUSED)


def test_prometheus_scrapes_it(example):
    def value(expression):
        query = urllib.parse.urlencode({"query": expression})
        url = f"http://127.0.0.1:{example.prometheus}/api/v1/query?{query}"
        try:
            with urllib.request.urlopen(url, timeout=engine.BOUND) as answer:
                found = json.load(answer)["data"]["result"]
        except OSError:
            return None
        return float(found[0]["value"][1]) if found else None

    engine.until("up", lambda: value('up{job="dproxy"}') == 1)
    engine.until("queries counted", lambda: (value("sum(dproxy_requests_total)") or 0) > 0)


def test_grafana_is_given_what_it_reads(example):
    found = json.loads(json.dumps(yaml_of(example)))
    volumes = found["services"]["grafana"]["volumes"]
    assert any("/etc/grafana/provisioning/datasources" in str(volume) for volume in volumes)
    assert any("/etc/grafana/provisioning/dashboards" in str(volume) for volume in volumes)
    for kind in ("datasources", "dashboards"):
        assert list((engine.ROOT / "deploy/compose/grafana" / kind).glob("*.yaml")), kind
    provider = (engine.ROOT / "deploy/compose/grafana/dashboards/dproxy.yaml").read_text()
    assert "path: /var/lib/grafana/dashboards" in provider
    assert any("/var/lib/grafana/dashboards" in str(volume) for volume in volumes)


def yaml_of(example):
    import yaml

    return yaml.safe_load(example.compose("config"))
