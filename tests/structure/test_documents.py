# SPDX-License-Identifier: MIT
"""What the documents say is what the program does: route files, settings, metrics, endpoints, keys."""

import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

import pytest

from project import code_blocks, quoted, section, table

OPERATIONS = "docs/operations.md"
CONFIGURATION = "docs/configuration.md"
START_SECONDS = 60  # a bound for broken programs, not a measure

# One value that stands for the key.
ROUTE_VALUES = {
    "address": "192.0.2.1", "port": "5300", "protocol": "tcp", "policy": "first", "timeout": "2s", "attempts": "3",
    "fallback_on": "none", "hedge": "p95", "max_inflight": "100", "health": "passive",
    "probe": "example.com SOA", "answer": "nodata", "allow": "10.0.0.0/8",
    "client_subnet": "add", "proxy_protocol": "v2", "querylog": "1/100", "tls_verify": "on", "patterns": "block.txt",
    "clients": "10.0.0.0/8", "types": "A AAAA", "ttl": "30s",
    "tls_name": "ns.example", "https_path": "/dns", "tls_ca": "tls.crt", "tls_cert": "tls.crt", "tls_key": "tls.key",
    "tls_pin": "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "cache": "on", "merge": "on", "cache_ttl": "5s-1h", "cache_negative": "1m", "cache_stale": "1d",
    "cache_stale_after": "500ms", "cache_prefetch": "5",
}
# Where a change of each key's value, all of its values and a line of its own are.
TESTS_OF_ROUTE_KEYS = ("tests/unit/route_files/route_keys_test.cpp", "tests/integration/test_reload_keys.py",
                       "tests/fuzz/seeds/prox_file/all_keys.prox")


def environment():
    """Without variables that would be settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DPROXY_")}


def run(program, *arguments, cwd):
    return subprocess.run([program, *arguments], cwd=cwd, env=environment(), capture_output=True, text=True,
                          check=False, timeout=START_SECONDS)


def check(program, folder, text):
    (folder / "routes").mkdir(exist_ok=True)
    (folder / "routes" / "block.prox").write_text(text)
    (folder / "routes" / "block.txt").write_text(".ads.example\n")  # a list that examples name
    return run(program, "check", "routes", cwd=folder)


def blocks(language):
    from conftest import ROOT
    from project import Project

    project = Project(ROOT)
    found = []
    for path in project.documents():
        for name, line, text in code_blocks(project.text(path)):
            if name == language:
                found.append(pytest.param(text, id=f"{path}:{line}"))
    return found


@pytest.mark.parametrize("text", blocks("prox"))
def test_route_files_are_accepted(program, tmp_path, text):
    done = check(program, tmp_path, text)
    assert (done.returncode, "error" in done.stderr) == (0, False), done.stdout + done.stderr


@pytest.mark.parametrize("text", blocks("prox-broken"))
def test_broken_route_files_are_refused(program, tmp_path, text):
    done = check(program, tmp_path, text)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^routes/block\.prox:\d+: ", done.stdout + done.stderr, re.MULTILINE)


def make_certificate(folder):
    """tls.crt and tls.key, good for a day."""
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-days", "1", "-subj", "/CN=documents", "-keyout", folder / "tls.key",
                           "-out", folder / "tls.crt"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("text", blocks("ini"))
def test_main_files_are_accepted(program, tmp_path, text):
    if "/etc/dproxy/tls/" in text:
        make_certificate(tmp_path)
    (tmp_path / "main").write_text(text.replace("/etc/dproxy/tls/", f"{tmp_path}/"))
    (tmp_path / "routes").mkdir()
    done = run(program, "check", "--config", "main", "--upstreamlocation", "routes", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_set_up_is_accepted(program, project):
    done = run(program, "check", "--config", "deploy/examples/dproxy.conf", cwd=project.root)
    assert done.returncode == 0, done.stdout + done.stderr


def test_settings_are_documented(program, project, tmp_path):
    helped = run(program, "--help", cwd=tmp_path).stdout
    offered = re.findall(r"^  ([a-z_]+) {2,}\S", helped[helped.index("Settings"):], re.MULTILINE)
    rows = table(section(project.text(CONFIGURATION), "Table of settings"))
    assert [key for row in rows for key in quoted(row[0])] == offered


def documented_route_keys(project):
    return [quoted(row[0])[0] for row in table(section(project.text(CONFIGURATION), "Keys of a route"))]


def test_route_keys_are_documented(program, project, tmp_path):
    done = check(program, tmp_path, "[example.com]\n\taddress = 192.0.2.1\n\tzzzzzzzzzzzz = 1\n")
    listed = re.search(r"unknown key `zzzzzzzzzzzz`; expected one of (.*)", done.stdout + done.stderr)
    assert listed, done.stdout + done.stderr
    assert sorted(quoted(listed.group(1))) == sorted(documented_route_keys(project))


@pytest.mark.parametrize("key", sorted(ROUTE_VALUES))
def test_route_keys_are_accepted(program, project, tmp_path, key):
    assert key in documented_route_keys(project)
    lines = [] if key in ("address", "answer") else ["\taddress = 192.0.2.1"]
    if key == "ttl":
        lines = ["\tanswer = 192.0.2.1"]
    if key.startswith("tls_"):
        make_certificate(tmp_path)
        (tmp_path / "routes").mkdir()
        for name in ("tls.crt", "tls.key"):
            (tmp_path / name).rename(tmp_path / "routes" / name)
        lines += ["\tprotocol = tls"]
        lines += {"tls_cert": ["\ttls_key = tls.key"], "tls_key": ["\ttls_cert = tls.crt"]}.get(key, [])
    if key == "https_path":
        lines += ["\tprotocol = https"]
    if key.startswith("cache_"):
        lines.append("\tcache = on")
    done = check(program, tmp_path, "\n".join(["[example.com]", *lines, f"\t{key} = {ROUTE_VALUES[key]}", ""]))
    assert done.returncode == 0, done.stdout + done.stderr


def test_route_keys_are_tested(project):
    for key in documented_route_keys(project):
        assert key in ROUTE_VALUES, f"`{key}` has no value here"
        for path in TESTS_OF_ROUTE_KEYS:
            if key.startswith("tls_"):
                path = path.replace("route_keys_test", "tls_draft_test")
            if key == "merge" or key.startswith("cache"):
                path = path.replace("route_keys_test", "keeping_keys_test")
            assert re.search(rf"\b{key}\b", project.text(path)), f"{path} knows nothing of `{key}`"


@pytest.fixture(scope="module")
def running(program, tmp_path_factory):
    """The HTTP address of a started dproxy with one route."""
    folder = tmp_path_factory.mktemp("running")
    make_certificate(folder)
    (folder / "routes").mkdir()
    (folder / "routes" / "one.prox").write_text("[.example.com]\n\taddress = 127.0.0.1:9\n")
    arguments = ["--upstreamlocation", "routes", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--drain", "0s",
                 "--logformat", "json", "--listen_tls", "127.0.0.1:0", "--tls_cert", "tls.crt", "--tls_key", "tls.key"]
    process = subprocess.Popen([program, *arguments], cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        yield address_in_log(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=START_SECONDS)
    assert process.returncode == 0


def address_in_log(process):
    found = None
    for line in process.stdout:
        event = json.loads(line)
        found = event["address"] if "admin" in json.dumps(event) and "address" in event else found
        if "listen" in event:
            break
    assert found, "the log names no HTTP address"
    return f"http://{found}"


def get(url, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=START_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def test_endpoints_are_documented(running, project):
    """`/path`, or with another method than GET: `POST /path`."""
    rows = [quoted(row[0])[0].rpartition(" ") for row in table(section(project.text(OPERATIONS), "Endpoints"))]
    documented = [path for _, _, path in rows]
    for method, _, path in rows:
        assert get(running + path, method or "GET")[0] == 200, path
    status, listing = get(running + "/there-is-no-such-page")
    assert status == 404
    assert sorted(re.findall(r"^/\S*$", listing, re.MULTILINE)) == sorted(path.split("?")[0] for path in documented)


def documented_metrics(project):
    text = section(project.text(OPERATIONS), "Metrics")
    text = text[:text.index("### ")]
    return {quoted(row[0])[0]: (row[1], set(quoted(row[2]))) for row in table(text)}


def exported_metrics(page):
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))
    labels = {name: set() for name in kinds}
    for name, written in re.findall(r"^(\w+)(?:\{(.*)\})? ", page, re.MULTILINE):
        base = re.sub(r"_(?:bucket|sum|count)$", "", name)
        family = name if name in kinds else base
        labels[family] |= set(re.findall(r'(\w+)="', written)) - {"le"}
    return {name: (kinds[name], labels[name]) for name in kinds}


def test_metrics_are_documented(running, project):
    assert documented_metrics(project) == exported_metrics(get(running + "/metrics")[1])


def test_counters_and_gauges_are_tested(project):
    """Each by a test that does more than to know its name."""
    tests = [project.text(path) for path in project.files
             if re.fullmatch(r"tests/integration/test_\w+\.py", path) and not path.endswith("test_metrics.py")]
    for name, (kind, _) in documented_metrics(project).items():
        is_own = name.startswith("dproxy_") and kind != "histogram"
        assert not is_own or any(name in text for text in tests), f"{name}: no test shows that it counts"


@pytest.mark.parametrize("heading, metric", [
    ("Reasons of drops", "dproxy_dropped_total"),
    ("Reasons of rejections", "dproxy_client_rejected_total"),
    ("Reasons of failures", "dproxy_upstream_failures_total"),
])
def test_reasons_are_documented(running, project, heading, metric):
    documented = [quoted(row[0])[0] for row in table(section(project.text(OPERATIONS), heading))]
    page = get(running + "/metrics")[1]
    exported = re.findall(rf'^{metric}\{{[^}}]*reason="(\w+)"', page, re.MULTILINE)
    assert sorted(documented) == sorted(set(exported))


def test_metrics_named_in_the_text_exist(running, project):
    exported = exported_metrics(get(running + "/metrics")[1])
    for path in project.documents():
        for name in re.findall(r"\bdproxy_[a-z_]+(?=[`{ ])", project.text(path)):
            assert name in exported, f"{path}: {name}"
