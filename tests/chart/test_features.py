# SPDX-License-Identifier: MIT
"""Every value is set by a feature's file in ci/, and makes a difference there: so a template reads it."""

import copy
import json

import pytest
import yaml

import values_table
from conftest import CHART, features

PATHS = [path for path, _ in values_table.documented((CHART / "values.yaml").read_text())]


def values_of(feature):
    return yaml.safe_load(features()[feature].read_text()) or {}


def is_set(values, path):
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True


def without(values, path):
    rest = copy.deepcopy(values)
    values_table.value_at(rest, path[:-1]).pop(path[-1])
    return rest


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_a_template_reads_the_value(helm3, path):
    setting = [feature for feature in features() if is_set(values_of(feature), path)]
    assert setting, "no file of ci/ sets it"
    for feature in setting:
        rest = helm3.template("-f", "-", stdin=json.dumps(without(values_of(feature), path)))
        if rest.stdout != helm3.render("-f", features()[feature]):
            return
    pytest.fail(f"nothing changes without it, in {', '.join(setting)}")
