# SPDX-License-Identifier: MIT
"""Every expression of the rules and of the dashboard gives data: a real Prometheus with the real rules scrapes
programs under load, some of whose upstreams are down and whose files are partly broken, with the labels of Kubernetes
and without."""
import http.server
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from harness import behaviours, wire
from harness.certificates import Certificates
from harness.deadline import wait_until
from harness.ports import ClosedPort, free_port
from harness.prox_directory import route

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "monitoring"))
import expressions  # noqa: E402

CONFIG = """
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: ["{rules}"]
scrape_configs:
  - job_name: dproxy
    static_configs:
      - targets: ["127.0.0.1:{good}", "127.0.0.1:{other}"]
  - job_name: dns/dproxy
    static_configs:
      - targets: ["127.0.0.1:{restarted}"]
        labels: {{namespace: dns, pod: dproxy-7c9b-x1}}
  - job_name: kube-state-metrics
    honor_labels: true
    static_configs:
      - targets: ["127.0.0.1:{kube}"]
"""
# As kube-state-metrics says of a Deployment that is not ready.
KUBE = """
kube_pod_owner{namespace="dns",pod="dproxy-7c9b-x1",owner_kind="ReplicaSet",owner_name="dproxy-7c9b"} 1
kube_pod_container_status_ready{namespace="dns",pod="dproxy-7c9b-x1",container="dproxy"} 0
kube_pod_container_status_restarts_total{namespace="dns",pod="dproxy-7c9b-x1",container="dproxy"} 3
"""
INTERVAL = "10s"
# What Prometheus has to find by itself; it is pending then. The others need a state that takes long to come about.
MATCHING = ["DproxyNoPodReady", "DproxyUpstreamDown", "DproxyRouteDown", "DproxyRouteFileBroken", "DproxyReloadFailing",
            "DproxyRoutesDiffer", "DproxyCertificateExpires", "DproxyCertificateExpiresSoon", "DproxyCertificateBroken",
            "DproxyServfailShare", "DproxyWatchPolling"]


class KubeStateMetrics:
    """Serves the page above."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(KUBE.lstrip().encode())

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server.server_address[1]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Prometheus:
    def __init__(self, directory, config):
        directory.mkdir()
        self.port = free_port()
        (directory / "config.yml").write_text(config)
        with (directory / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={directory}/config.yml", f"--storage.tsdb.path={directory}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log)

    def close(self):
        self.process.terminate()
        self.process.wait(30)

    def get(self, path, **parameters):
        """What it answers, or None while it does not."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?" + urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as refused:
            if refused.code == 503:  # it is still starting
                return None
            raise AssertionError(f"{parameters}: {refused.read().decode()}") from refused
        except OSError:
            return None

    def result(self, expression):
        return (self.get("query", query=expression) or {}).get("result")

    def until_result(self, expression):
        return wait_until(lambda: self.result(expression), f"a result of {expression}", patience=60, pause=0.2)

    def matching(self):
        """Alerts whose expression gives something now, pending or firing."""
        return {alert["labels"]["alertname"] for alert in (self.get("alerts") or {}).get("alerts", [])}


class Traffic:
    """Queries of all sorts, over all transports, something to be dropped, and reloads, until it is closed."""

    def __init__(self, proxies):
        self.proxies, self.over = proxies, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        names = ["www.up.test", "www.down.test", "local.test", "nowhere.example", "www.servfail.test",
                 "www.kept.test"]
        number = 0
        while not self.over.is_set():
            for proxy in self.proxies:
                for transport in ("udp", "tcp", "tls"):
                    for name in names:
                        proxy.ask(transport, name)
                with proxy.client("udp") as client:
                    client.send(wire.query("www.up.test", flags=wire.QR))
            number += 1
            self.proxies[0].settings["upstreamlocation"].replace("changing.prox", f"# {number}\n")
            self.over.wait(0.05)

    def close(self):
        self.over.set()
        self.thread.join(60)


@pytest.fixture(scope="module")
def routes(shared_world):
    up = shared_world.upstream(1)
    failing = shared_world.upstream(2, behaviour=behaviours.with_rcode(2))
    closed = ClosedPort()
    shared_world.at_end(closed.close)
    dead = str(closed)
    text = (route(".up.test", up) + route(".down.test", dead, health="on", timeout="300ms")
            + route(".servfail.test", failing) + route("local.test", answer="nodata")
            + route(".kept.test", up, cache="on"))
    return {"good.prox": text, "broken.prox": route("broken.test", up, port="none")}


@pytest.fixture(scope="module")
def without_inotify():
    unshare = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    return [*unshare, "sh", "-c", 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"', "sh"]


@pytest.fixture(scope="module")
def proxies(shared_world, routes, without_inotify):
    """A good one, whose certificate ends soon; one that differs from it, polls, and whose certificate has ended; a
    third that starts anew under its port."""
    ending, over = (Certificates(shared_world.directory / name) for name in ("ending", "over"))
    settings_of_good, settings_of_other = ending.settings(), over.settings()
    ending.issue(days=2)
    over.issue(days=-1)
    good = shared_world.proxy(routes, **settings_of_good)
    other = shared_world.proxy({**routes, "more.prox": route("more.test", answer="nodata")},
                               wrapper=without_inotify, **settings_of_other)
    third = shared_world.proxy(routes)
    return good, other, third


@pytest.fixture(scope="module")
def prometheus(shared_world, proxies):
    good, other, third = proxies
    kube = KubeStateMetrics()
    shared_world.at_end(kube.close)
    server = Prometheus(shared_world.directory / "prometheus", CONFIG.format(
        rules=expressions.RULES, good=good.admin_port, other=other.admin_port, restarted=third.admin_port,
        kube=kube.port))
    shared_world.at_end(server.close)
    traffic = Traffic([good, other])
    server.until_result('dproxy_upstream_up == 0')
    for expression in ('up{job="dproxy"} == 1', 'up{namespace="dns"} == 1', 'up{job="kube-state-metrics"} == 1'):
        server.until_result(expression)
    yield server
    traffic.close()


def test_prometheus_takes_every_rule(prometheus):
    def states():
        groups = (prometheus.get("rules") or {"groups": []})["groups"]
        found = [(rule["name"], rule["health"], rule.get("lastError")) for group in groups for rule in group["rules"]]
        return found if found and all(health != "unknown" for _, health, _ in found) else None

    told = wait_until(states, "every rule evaluated", patience=60, pause=0.2)
    assert [rule for rule in told if rule[1] != "ok"] == []
    assert len(told) == len(expressions.rules())


@pytest.mark.parametrize("name", expressions.records())
def test_every_record_has_data(prometheus, name):
    assert prometheus.until_result(name)


@pytest.mark.parametrize("name", [name for name in expressions.alerts() if name != "DproxyAbsent"])
def test_every_alert_looks_at_something(prometheus, name):
    assert prometheus.until_result(expressions.without_threshold(expressions.alerts()[name]["expr"]))


def numbers(result):
    return [sample for sample in result or [] if sample["value"][1] != "NaN"]


@pytest.mark.parametrize("title, expression", expressions.panel_expressions())
def test_every_panel_has_data(prometheus, title, expression):
    expression = expressions.with_everything_chosen(expression, INTERVAL)
    wait_until(lambda: numbers(prometheus.result(expression)), f"data for {title}: {expression}", 60, 0.2)


@pytest.mark.parametrize("chosen", ["dns", ""])
def test_a_namespace_can_be_chosen_and_be_missing(prometheus, chosen):
    expression = expressions.panel_expressions()[0][1].replace("$namespace", chosen)
    (found,) = prometheus.until_result(expressions.with_everything_chosen(expression, INTERVAL))
    assert float(found["value"][1]) == (1 if chosen else 2)


@pytest.mark.parametrize("name", MATCHING)
def test_an_alert_finds_its_state(prometheus, name):
    wait_until(lambda: name in prometheus.matching(), lambda: f"{name}, only {prometheus.matching()}", 60, 0.2)


def test_a_restart_is_counted(prometheus, proxies):
    third = proxies[2]
    before = prometheus.until_result("process_start_time_seconds{namespace=\"dns\"}")[0]["value"][1]
    third.stop()
    prometheus.until_result('up{namespace="dns"} == 0')
    third.start()
    prometheus.until_result(f'process_start_time_seconds{{namespace="dns"}} != {before}')
    prometheus.until_result("instance:dproxy_restarts:changes30m >= 1")


def test_what_is_gone_is_absent(prometheus, proxies):
    proxies[2].stop()
    wait_until(lambda: "DproxyAbsent" in prometheus.matching(), "DproxyAbsent", 60, 0.2)
    (found,) = [alert for alert in prometheus.get("alerts")["alerts"]
                if alert["labels"]["alertname"] == "DproxyAbsent"]
    assert found["labels"]["job"] == "dns/dproxy" and found["labels"]["namespace"] == "dns"
