# SPDX-License-Identifier: MIT
"""The page of metrics: every series from the start, in a form that Prometheus finds no fault with."""
import re
import shutil
import subprocess
import time

import pytest
from harness.certificates import Certificates
from harness.prox_directory import route

EDGES = {"transport": ("udp", "tcp", "tls", "https", "http"), "family": ("4", "6"),
         "source": ("upstream", "local", "cache", "stale"),
         "side": ("client", "upstream"), "result": ("success", "failure"), "mode": ("inotify", "poll")}
HANDSHAKES = {"ok", "timeout", "closed", "gave_way", "peer_certificate", "no_certificate", "agreement", "malformed",
              "alert", "flood"}
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "other")
TYPES = ("A", "AAAA", "TXT", "MX", "NS", "SOA", "PTR", "SRV", "ANY", "AXFR", "IXFR", "DS", "DNSKEY", "other")
SERIES = {  # name: (type, labels, value from the start where it is not 0)
    "dproxy_build_info": ("gauge", {"version", "revision"}, 1),
    "dproxy_requests_total": ("counter", {"transport", "family", "type"}, 0),
    "dproxy_responses_total": ("counter", {"transport", "rcode", "source"}, 0),
    "dproxy_route_requests_total": ("counter", {"route"}, 0),
    "dproxy_route_responses_total": ("counter", {"route", "rcode"}, 0),
    "dproxy_request_duration_seconds": ("histogram", {"transport"}, 0),
    "dproxy_inflight_requests": ("gauge", set(), 0),
    "dproxy_cache_hits_total": ("counter", {"route"}, 0), "dproxy_cache_misses_total": ("counter", {"route"}, 0),
    "dproxy_cache_stale_total": ("counter", {"route"}, 0), "dproxy_merged_total": ("counter", {"route"}, 0),
    "dproxy_cache_prefetches_total": ("counter", {"route"}, 0), "dproxy_cache_entries": ("gauge", set(), 0),
    "dproxy_cache_bytes": ("gauge", set(), 0), "dproxy_cache_evictions_total": ("counter", {"route"}, 0),
    "dproxy_buffered_bytes": ("gauge", set(), 0), "dproxy_shed_networks": ("gauge", set(), 0),
    "dproxy_dropped_total": ("counter", {"reason"}, 0),
    "dproxy_upstream_requests_total": ("counter", {"upstream", "transport", "reason"}, 0),
    "dproxy_upstream_responses_total": ("counter", {"upstream", "rcode"}, 0),
    "dproxy_upstream_failures_total": ("counter", {"upstream", "reason"}, 0),
    "dproxy_upstream_duration_seconds": ("histogram", {"upstream"}, 0),
    "dproxy_upstream_up": ("gauge", {"upstream"}, 1),
    "dproxy_upstream_inflight": ("gauge", {"upstream"}, 0),
    "dproxy_tcp_connections": ("gauge", {"side"}, 0),
    "dproxy_tls_handshakes_total": ("counter", {"side", "result"}, 0),
    "dproxy_tls_handshakes_under_way": ("gauge", {"side"}, 0),
    "dproxy_tls_resumptions_total": ("counter", {"side"}, 0),
    "dproxy_tls_certificate_valid": ("gauge", {"file"}, 1),
    "dproxy_tls_certificate_expiry_timestamp_seconds": ("gauge", {"file"}, None),
    "dproxy_http_responses_total": ("counter", {"code"}, 0),
    "dproxy_client_rejected_total": ("counter", {"reason"}, 0),
    "dproxy_http_rejected_total": ("counter", {"reason"}, 0),
    "dproxy_config_routes": ("gauge", set(), 2),
    "dproxy_config_file_valid": ("gauge", {"file"}, 1),
    "dproxy_config_reloads_total": ("counter", {"result"}, None),
    "dproxy_config_last_reload_successful": ("gauge", set(), 1),
    "dproxy_config_last_reload_timestamp_seconds": ("gauge", set(), None),
    "dproxy_config_reload_duration_seconds": ("histogram", set(), None),
    "dproxy_config_info": ("gauge", {"hash"}, 1),
    "dproxy_config_watch": ("gauge", {"mode"}, None),
    "dproxy_querylog_dropped_total": ("counter", set(), 0),
    "dproxy_dnstap_dropped_total": ("counter", set(), 0),
    "dproxy_udp_receive_drops_total": ("counter", set(), 0),
    "dproxy_worker_errors_total": ("counter", set(), 0),
}
PROCESS = ("process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_resident_memory_bytes",
           "process_virtual_memory_bytes", "process_start_time_seconds")


@pytest.fixture(scope="module")
def fresh(shared_world, tmp_path_factory):
    """Read once, before any query."""
    text = route("a.test *.a.test", "127.0.0.1:5301", "[::1]:5302") + route("b.test", answer="nodata")
    certificates = Certificates(tmp_path_factory.mktemp("certificates"))
    return shared_world.proxy(text, **certificates.settings())


@pytest.fixture(scope="module")
def first(fresh):
    return fresh.metrics()


@pytest.mark.parametrize("name", SERIES)
def test_every_series_is_there_from_the_start(first, name):
    kind, labels, value = SERIES[name]
    assert first.types.get(name) == kind
    found = [(has, number) for series, has, number in first.samples
             if series in (name, f"{name}_bucket", f"{name}_sum", f"{name}_count")]
    assert found
    for has, number in found:
        assert set(has) - {"le"} == labels
        # New routes are asked about loops at once.
        assert value is None or number == value or has.get("reason") == "probe", (has, number)


def test_every_known_label_value_is_there_from_the_start(first):
    for name, (_, labels, _) in SERIES.items():
        for label in labels & set(EDGES):
            if name != "dproxy_upstream_requests_total":
                series = f"{name}_count" if first.types[name] == "histogram" else name
                is_handshake = (name, label) == ("dproxy_tls_handshakes_total", "result")
                expected = HANDSHAKES if is_handshake else set(EDGES[label])
                assert first.label_values(series, label) == expected, (name, label)
    assert set(RCODES) <= first.label_values("dproxy_responses_total", "rcode")
    assert set(TYPES) <= first.label_values("dproxy_requests_total", "type")
    assert {"first", "retry", "hedge", "probe"} == first.label_values("dproxy_upstream_requests_total", "reason")
    assert len(first.matching("dproxy_requests_total", type="A")) == 2 * len(EDGES["transport"])


def test_routes_and_upstreams_have_their_labels(first):
    routes = first.label_values("dproxy_route_requests_total", "route")
    assert routes >= {"a.test *.a.test", "b.test", "(master)", "(none)"}
    assert first.label_values("dproxy_upstream_up", "upstream") >= {"127.0.0.1:5301", "[::1]:5302"}


def test_the_files_have_theirs(first):
    (file,) = first.label_values("dproxy_config_file_valid", "file")
    assert file.endswith("/test.prox")


def test_nothing_but_what_is_promised(first):
    names = {re.sub("_(bucket|sum|count)$", "", name) for name in first.names() if name not in SERIES}
    assert {name for name in names if name.startswith("dproxy_")} <= set(SERIES)


@pytest.mark.parametrize("name", PROCESS)
def test_the_process_is_described_as_by_every_client_of_prometheus(first, name):
    # A process that only just began may not have used a clock tick of CPU time.
    assert first.one(name) >= 0 if name == "process_cpu_seconds_total" else first.one(name) > 0


def test_the_start_time_is_now(first):
    assert 0 <= time.time() - first.one("process_start_time_seconds") < 3600
    assert 0 <= time.time() - first.one("dproxy_config_last_reload_timestamp_seconds") < 3600


def test_no_series_twice(first):
    seen = [(name, tuple(sorted(labels.items()))) for name, labels, _ in first.samples]
    assert len(seen) == len(set(seen))


def test_histograms_add_up(fresh, shared_world):
    fresh.ask("udp", "b.test")
    metrics = fresh.metrics()
    for transport in ("udp", "tcp"):
        buckets = [(float(has["le"]), value) for name, has, value in metrics.samples
                   if name == "dproxy_request_duration_seconds_bucket" and has["transport"] == transport]
        assert [le for le, _ in buckets] == sorted(le for le, _ in buckets) and buckets[-1][0] == float("inf")
        assert [value for _, value in buckets] == sorted(value for _, value in buckets)
        assert buckets[-1][1] == metrics.one("dproxy_request_duration_seconds_count", transport=transport)


def test_the_content_type_is_that_of_the_text_format(fresh):
    status, headers, _ = fresh.get("/metrics")
    assert status == 200
    content_type = {key.lower(): value for key, value in headers.items()}["content-type"]
    assert re.match(r"text/plain; *version=0\.0\.4", content_type)


def test_a_scraper_that_would_rather_have_openmetrics_gets_the_text_format(fresh):
    accept = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1"
    status, headers, body = fresh.get("/metrics", {"Accept": accept})
    assert status == 200 and "dproxy_build_info" in body
    assert "text/plain" in {key.lower(): value for key, value in headers.items()}["content-type"]


def test_promtool_finds_nothing(fresh):
    if not shutil.which("promtool"):
        pytest.skip("promtool is in Debian's package prometheus")
    checked = subprocess.run(["promtool", "check", "metrics"], input=fresh.metrics().text, text=True,
                             capture_output=True, timeout=60, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_labels_with_odd_characters_are_escaped(world):
    proxy = world.proxy(route(r'"q\"uo\\te.test"', answer="refused") + route(r"a\.b.test", answer="refused"))
    proxy.ask("udp", "x.test")
    assert proxy.metrics().one("dproxy_config_routes") >= 1  # the page was read to its end


def test_beyond_the_limit_of_labels_all_count_as_other(world):
    upstream = world.upstream(1)
    proxy = world.proxy("".join(route(f"r{number}.test", f"127.0.1.{number}:53") for number in range(1, 20))
                        + route("good.test", upstream), metrics_routes=5, metrics_upstreams=5)
    for number in range(3):
        assert proxy.marker("good.test") == 1
    metrics = proxy.metrics()
    assert len(metrics.label_values("dproxy_route_requests_total", "route") - {"(master)", "(none)", "other"}) == 5
    assert len(metrics.label_values("dproxy_upstream_up", "upstream") - {"other"}) == 5
    assert metrics.sum("dproxy_route_requests_total") == 3
    assert metrics.sum("dproxy_upstream_requests_total", reason="first") == 3
