# SPDX-License-Identifier: MIT
"""Rules, dashboard and runbook fit each other, and the metrics that the program has."""
import os
import re
import shutil
import signal
import subprocess
import urllib.request

import pytest
import yaml

import expressions
from expressions import alerts, dashboard, panels, records, selectors, variables

# Labels that a scrape adds, and those that rules make themselves.
TARGET_LABELS = {"cluster", "namespace", "job", "pod", "instance"}
MADE_LABELS = {"limit", "workload"}
KUBE_LABELS = {"kube_pod_container_status_ready": {"container"}, "kube_pod_owner": {"owner_kind", "owner_name"},
               "kube_pod_container_status_restarts_total": {"container"}}
ANNOTATIONS = {"summary", "description", "runbook_url"}


def promtool(*arguments):
    assert shutil.which("promtool"), "promtool is in Debian's package prometheus: scripts/setup installs it"
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False,
                          cwd=expressions.RULE_TESTS.parent)
    return done.returncode, done.stdout + done.stderr


def test_promtool_takes_the_rules():
    status, said = promtool("check", "rules", expressions.RULES)
    assert status == 0, said


def test_alerts_fire_and_stay_silent_as_their_tests_say():
    status, said = promtool("test", "rules", expressions.RULE_TESTS.name)
    assert status == 0, said


@pytest.mark.parametrize("name", alerts())
def test_each_alert_is_tested_firing_and_silent(name):
    cases = [case for test in yaml.safe_load(expressions.RULE_TESTS.read_text())["tests"]
             for case in test.get("alert_rule_test", []) if case["alertname"] == name]
    assert any(case.get("exp_alerts") for case in cases)
    assert any(not case.get("exp_alerts") for case in cases)


@pytest.mark.parametrize("wrong", ["> 1e9", ">= 0"])
def test_the_tests_notice_another_threshold(wrong, tmp_path):
    """Of every alert: none may pass its tests with a threshold that is out of reach, or that all reach."""
    text, held = expressions.RULES.read_text(), []
    for name, rule in alerts().items():
        found = re.search(r"(?:==|[<>]) [\d.]+\s*$", rule["expr"])
        if found:
            held.append(name)
            threshold = found.group(0).strip()
            at = text.rindex(threshold, 0, text.index("for: ", text.index(f"- alert: {name}\n")))
            text = text[:at] + wrong + text[at + len(threshold):]
    assert set(alerts()) - set(held) == {"DproxyAbsent"}  # what is absent has no threshold
    (tmp_path / "rules.yaml").write_text(text)
    tests = expressions.RULE_TESTS.read_text().replace("../../charts/dproxy/rules/dproxy.yaml", "rules.yaml")
    (tmp_path / "tests.yaml").write_text(tests)
    status, said = promtool("test", "rules", tmp_path / "tests.yaml")
    assert status != 0
    assert set(re.findall(r"alertname: ?\"?(\w+)", said)) >= set(held), said


@pytest.mark.parametrize("name", alerts())
def test_each_alert_says_what_people_need(name):
    rule = alerts()[name]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert re.fullmatch(r"\d+m", rule["for"])
    assert set(rule["annotations"]) == ANNOTATIONS
    assert rule["annotations"]["runbook_url"] == f"{expressions.RUNBOOK_URL}#{name.lower()}"
    assert "{{ $value" in rule["annotations"]["description"]


def test_each_alert_has_its_heading_and_the_reverse():
    headings = re.findall(r"^## (.+)$", expressions.RUNBOOK.read_text(), re.MULTILINE)
    assert headings == list(alerts())


@pytest.mark.parametrize("name", alerts())
def test_each_heading_says_meaning_check_and_remedy(name):
    text = expressions.RUNBOOK.read_text().split(f"## {name}\n")[1].split("\n## ")[0]
    assert text.strip().startswith(alerts()[name]["labels"]["severity"].capitalize() + ".")
    assert re.search(r"^\*\*Check\.\*\* .*^\*\*Remedy\.\*\* ", text, re.MULTILINE | re.DOTALL)


def test_the_dashboard_can_be_provisioned():
    text, made = expressions.DASHBOARD.read_text(), dashboard()
    assert "__inputs" not in text and "__requires" not in text and "${DS_" not in text
    assert made["uid"] == "dproxy" and made["id"] is None
    assert made["templating"]["list"][0]["type"] == "datasource"
    for panel in panels():
        for source in [panel["datasource"], *(target["datasource"] for target in panel["targets"])]:
            assert source == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
    numbers = [panel["id"] for panel in made["panels"]]
    assert len(numbers) == len(set(numbers))


def test_the_dashboard_has_the_promised_rows():
    rows = [panel["title"] for panel in dashboard()["panels"] if panel["type"] == "row"]
    assert rows == ["Now", "Traffic", "Routes", "Upstreams", "Latency", "Encrypted", "Kept answers", "Reloads",
                    "Resources"]


def test_variables_that_kubernetes_alone_has_take_series_without_them():
    assert list(variables()) == ["datasource", "namespace", "job", "pod", "instance", "route"]
    for name in ("namespace", "pod"):
        assert variables()[name]["allValue"] == ".*"  # ".+" would ask for the label
        assert variables()[name]["current"]["value"] == ["$__all"]


def test_panels_do_not_overlap():
    taken = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not taken & cells and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The series that the program has before any query: name to {label: values}."""
    folder = tmp_path_factory.mktemp("running")
    (folder / "routes").mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=test", "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
                   capture_output=True, check=True)
    (folder / "routes" / "one.prox").write_text("[a.test]\n\taddress = 127.0.0.1:9\n\thealth = off\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DPROXY_")}
    process = subprocess.Popen(
        [os.environ["DPROXY_BINARY"], "--upstreamlocation", "routes", "--listen", "127.0.0.1:0", "--admin",
         "127.0.0.1:0", "--drain", "0s", "--listen_tls", "127.0.0.1:0", "--tls_cert", "tls.crt", "--tls_key",
         "tls.key"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        while "admin side listens" not in (line := process.stdout.readline()):
            assert line, "ended instead of serving"
        address = re.search(r"127\.0\.0\.1:\d+", line).group()
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as answer:
            page = answer.read().decode()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    found = {}
    for name, written in re.findall(r"^(\w+)(?:\{(.*)\})? ", page, re.MULTILINE):
        labels = found.setdefault(name, {})
        for label, value in re.findall(r'(\w+)="([^"]*)"', written):
            labels.setdefault(label, set()).add(value)
    return found


@pytest.mark.parametrize("where, expression", expressions.all_expressions())
def test_what_an_expression_names_exists(exported, where, expression):
    assert selectors(expression) or re.search(r"\w+:dproxy_\w+", expression), where
    for name, matchers in selectors(expression):
        known = KUBE_LABELS.get(name) if name.startswith("kube_") else exported.get(name)
        assert known is not None, f"{where}: {name}"
        for label, operator, value in matchers:
            if label in TARGET_LABELS:
                continue
            assert label in known, f"{where}: {name} has no label {label}"
            if name.startswith("kube_") or "$" in value or label in ("upstream", "route", "file"):
                continue
            values = value.split("|") if operator in ("=~", "!~") else [value]
            assert set(values) <= known[label], f"{where}: {name} has no {label} of {value}"
    for name in re.findall(r"\b\w+:dproxy_[\w:]+", expression):
        assert name in records(), f"{where}: {name}"
    labels = {label for known in (*exported.values(), *KUBE_LABELS.values()) for label in known}
    assert expressions.grouping_labels(expression) <= labels | TARGET_LABELS | MADE_LABELS, where
