# SPDX-License-Identifier: MIT
"""A real Prometheus scrapes the page, in every format it may ask for."""
import json
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest
from harness.deadline import wait_until
from harness.ports import free_port
from harness.prox_directory import route

CONFIG = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: dproxy
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""


@pytest.fixture(scope="module")
def proxy(shared_world):
    text = route(".a.test", shared_world.upstream(1)) + route("b.test", answer="nodata")
    return shared_world.proxy(text)


@pytest.fixture(scope="module")
def ask_prometheus(shared_world, proxy):
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not installed")
    directory, port = shared_world.directory / "prometheus", free_port()
    directory.mkdir()
    (directory / "config.yml").write_text(CONFIG.format(port=proxy.admin_port))
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={directory}/config.yml", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def stop():
        process.terminate()
        process.wait(30)

    shared_world.at_end(stop)

    def query(expression):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return json.load(response)["data"]["result"]
        except OSError:
            return []
    return query


def until_result(ask_prometheus, expression):
    return wait_until(lambda: ask_prometheus(expression), f"a result of {expression}", patience=60, pause=0.2)


def test_the_target_is_up(ask_prometheus):
    until_result(ask_prometheus, 'up{job="dproxy"} == 1')


def test_series_arrive_with_their_labels_and_types(ask_prometheus, proxy):
    assert proxy.marker("www.a.test") == 1
    (found,) = until_result(ask_prometheus, 'dproxy_route_requests_total{route=".a.test"} >= 1')
    assert found["metric"]["job"] == "dproxy"
    until_result(ask_prometheus, "dproxy_build_info")
    until_result(ask_prometheus, "process_open_fds > 0")


def test_a_quantile_of_the_histogram_is_a_number(ask_prometheus, proxy):
    for _ in range(5):
        assert proxy.marker("www.a.test") == 1
    (found,) = until_result(ask_prometheus,
                            'histogram_quantile(0.5, dproxy_request_duration_seconds_bucket{transport="udp"}) > 0')
    assert 0 < float(found["value"][1]) < 10


def test_no_sample_was_dropped(ask_prometheus):
    until_result(ask_prometheus, 'scrape_samples_scraped{job="dproxy"} > 100')
    assert not ask_prometheus('scrape_samples_scraped{job="dproxy"} - scrape_samples_post_metric_relabeling != 0')
