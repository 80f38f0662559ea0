# SPDX-License-Identifier: MIT
"""Each feature's manifests are the ones that were looked at: golden/FEATURE.yaml for ci/FEATURE-values.yaml, less
what is as in golden/default.yaml. tests/chart/run --update writes them anew."""

import os
import re

import pytest

from conftest import GOLDEN, features

UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
# What the chart reads from dashboards/ and rules/ is theirs to test; test_monitoring.py holds that it arrives whole.
OWN_GROUP = "    - name: dproxy-extra"
FILES = re.compile(r"^(  [\w.-]+\.json: \|-\n)(?:    .*\n|\n)+", re.MULTILINE)
GROUPS = re.compile(rf"^(spec:\n  groups:\n)(?:    .*\n)*?(?={OWN_GROUP})", re.MULTILINE)


def documents(text):
    """Of a rendered chart, `---` and its source in front of each."""
    return re.split(r"(?m)^(?=---\n# Source: )", text)[1:]


def differing(text, default):
    """What a feature changes: documents as they are in the default set-up are left out."""
    here, there = documents(text), documents(default)
    gone = sorted({source(one) for one in there} - {source(one) for one in here})
    return "".join([f"# Not there: {name}\n" for name in gone] + [one for one in here if one not in there])


def source(document):
    return document.splitlines()[1].removeprefix("# Source: ")


def without_file_content(text):
    text = FILES.sub(r"\1    (a file of dashboards/)\n", text)
    return GROUPS.sub(r"\1    # the groups of rules/, and:\n", text)


@pytest.mark.parametrize("feature", features())
def test_manifests_are_as_they_were_looked_at(helm, feature):
    text = without_file_content(helm.render("-f", features()[feature]))
    if feature != "default":
        text = differing(text, helm.render())
    golden = GOLDEN / f"{feature}.yaml"
    if UPDATE:
        golden.write_text(text)
    assert golden.exists(), f"{golden.name} is missing: tests/chart/run --update writes it"
    assert text == golden.read_text()


def test_every_golden_file_has_its_feature():
    assert sorted(path.stem for path in GOLDEN.glob("*.yaml")) == sorted(features())


@pytest.mark.parametrize("feature", features())
def test_the_linter_is_content(helm, feature):
    from conftest import CHART, KUBERNETES

    done = helm.run("lint", "--strict", "--kube-version", KUBERNETES, "-f", features()[feature], CHART)
    assert done.returncode == 0, done.stdout + done.stderr
