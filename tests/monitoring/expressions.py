# SPDX-License-Identifier: MIT
"""Every PromQL expression of the rules and of the dashboard, and what it names."""
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "charts/dproxy/rules/dproxy.yaml"
DASHBOARD = ROOT / "charts/dproxy/dashboards/dproxy.json"
RULE_TESTS = ROOT / "tests/monitoring/alerts_test.yaml"
RUNBOOK = ROOT / "docs/runbook.md"
RUNBOOK_URL = "https://github.com/OWNER/dproxy/blob/main/docs/runbook.md"

SELECTOR = re.compile(r"(?<![\w:])((?:dproxy|process|kube)_\w+)\b(?!\s*=)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
# What Grafana puts in the place of a variable when everything is chosen, as the dashboard says (allValue).
INTERVAL = "$__rate_interval"


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def alerts():
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def records():
    return {rule["record"]: rule for rule in rules() if "record" in rule}


def dashboard():
    return json.loads(DASHBOARD.read_text())


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def variables():
    return {variable["name"]: variable for variable in dashboard()["templating"]["list"]}


def panel_expressions():
    """(title of the panel, expression) of each target."""
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


def with_everything_chosen(expression, interval):
    """A panel's expression as Grafana sends it when each variable stands on All."""
    expression = expression.replace(INTERVAL, interval)
    for name, variable in variables().items():
        if "allValue" in variable:
            expression = expression.replace(f"${name}", variable["allValue"])
    assert "$" not in expression, expression
    return expression


def without_threshold(expression):
    """An alert's expression without the comparison at its end: what it looks at, whatever the value."""
    return re.sub(r"\s*(?:==|>|<)\s*[\d.]+\s*$", "", expression)


def selectors(expression):
    """(metric, [(label, operator, value), ...]) of each selector of a metric that is scraped."""
    return [(name, MATCHER.findall(inside or "")) for name, inside in SELECTOR.findall(expression)]


def grouping_labels(expression):
    """Labels named by by, without, on, group_left."""
    lists = re.findall(r"\b(?:by|without|on|group_left)\s*\(([\w\s,]*)\)", expression)
    return {label for written in lists for label in re.findall(r"\w+", written)}


def all_expressions():
    """(where it stands, expression) of all of them."""
    found = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]
    return found + [(f"panel {title}", expression) for title, expression in panel_expressions()]
