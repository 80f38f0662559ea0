# SPDX-License-Identifier: MIT
"""Prometheus, as Debian packages it, finds the pods by the headless Service of the metrics, and scrapes them."""
import json
import urllib.parse

from cluster import wait_until

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: dproxy
    dns_sd_configs:
      - names: [dproxy-metrics.{namespace}.svc.cluster.local]
        type: A
        port: 8080
        refresh_interval: 2s
"""


def test_every_pod_is_scraped(space):
    space.install({"routes": {"a.prox": "[a.test]\n\tanswer = nodata\n"}, "metrics": {"service": {"enabled": True}}})
    space.config_map("prometheus", {"prometheus.yml": CONFIG.format(namespace=space.name)})
    container = {"command": [
        "prometheus", "--config.file=/etc/prometheus-test/prometheus.yml", "--storage.tsdb.path=/tmp/data",
        "--web.listen-address=127.0.0.1:9090"],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/prometheus-test"}]}
    space.tools("client", container=container, volumes=[{"name": "config", "configMap": {"name": "prometheus"}}])

    def query(text):
        url = "http://127.0.0.1:9090/api/v1/query?query=" + urllib.parse.quote(text)
        script = f"import urllib.request; print(urllib.request.urlopen({url!r}, timeout=5).read().decode())"
        found = space.in_tools("python3", "-c", script, check=False)
        return json.loads(found)["data"]["result"] if found.startswith("{") else []

    addresses = sorted(f"{pod['status']['podIP']}:8080" for pod in space.pods())
    wait_until(lambda: sorted(one["metric"]["instance"] for one in query("dproxy_build_info")) == addresses,
               lambda: f"{addresses}, but {query('up')}")
    wait_until(lambda: [one["value"][1] for one in query("dproxy_config_routes")] == ["1"] * len(addresses), "routes")
    assert len({one["metric"]["hash"] for one in query("dproxy_config_info")}) == 1
