# SPDX-License-Identifier: MIT
"""Rules and dashboard reach the cluster whole."""

import json

import pytest
import yaml

from conftest import CHART, features


def rules_file():
    return yaml.safe_load((CHART / "rules" / "dproxy.yaml").read_text())["groups"]


def rendered(helm, values, kind):
    text = helm.render("-f", "-", stdin=json.dumps(values))
    return [one for one in yaml.safe_load_all(text) if one and one["kind"] == kind]


def rule_groups(helm, **values):
    (rule,) = rendered(helm, {"metrics": {"prometheusRule": {"enabled": True, **values}}}, "PrometheusRule")
    return rule["spec"]["groups"]


def test_all_rules_are_in_the_prometheus_rule(helm):
    assert rule_groups(helm) == rules_file()


def test_disabled_alerts_are_left_out_and_others_stay(helm):
    alerts = [rule["alert"] for group in rules_file() for rule in group["rules"] if "alert" in rule]
    expected = [{**group, "rules": [rule for rule in group["rules"] if rule.get("alert") not in alerts[:2]]}
                for group in rules_file()]
    assert rule_groups(helm, disabled=alerts[:2]) == [group for group in expected if group["rules"]]


def test_an_alert_that_does_not_exist_cannot_be_disabled(helm):
    done = helm.template("--set", "metrics.prometheusRule.enabled=true",
                         "--set", "metrics.prometheusRule.disabled={Nothing}")
    assert done.returncode != 0
    assert "metrics.prometheusRule.disabled: there is no alert Nothing" in done.stderr


def test_rules_of_ones_own_are_a_group_beside_them(helm):
    own = [{"alert": "DproxyBusy", "expr": "dproxy_inflight_requests > 1000"}]
    assert rule_groups(helm, extraRules=own) == [*rules_file(), {"name": "dproxy-extra", "rules": own}]


def test_the_dashboard_is_the_file(helm):
    maps = rendered(helm, {"metrics": {"dashboard": {"enabled": True}}}, "ConfigMap")
    data = next(one["data"] for one in maps if one["metadata"]["name"] == "dproxy-dashboard")
    assert list(data) == ["dproxy.json"]
    assert json.loads(data["dproxy.json"]) == json.loads((CHART / "dashboards" / "dproxy.json").read_text())


@pytest.mark.parametrize("feature", ["service-monitor", "pod-monitor"])
def test_a_monitor_selects_what_the_chart_makes(helm, feature):
    made = [one for one in yaml.safe_load_all(helm.render("-f", features()[feature])) if one]
    monitor = next(one for one in made if one["kind"].endswith("Monitor"))
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    if feature == "service-monitor":
        selected = [one["metadata"]["name"] for one in made
                    if one["kind"] == "Service" and wanted <= one["metadata"]["labels"].items()]
        assert selected == ["dproxy-metrics"]
    else:
        pod = next(one for one in made if one["kind"] == "Deployment")["spec"]["template"]
        assert wanted <= pod["metadata"]["labels"].items()
