# SPDX-License-Identifier: MIT
"""Every manifest is one that Kubernetes, the Prometheus operator and cert-manager know, with no field too many:
kubeconform."""

import os
import subprocess

import pytest

from conftest import ROOT, features

# The oldest that Chart.yaml takes, one between, and the newest.
RELEASES = ["1.30.14", "1.33.5", "1.35.4"]
SCHEMAS = os.environ.get("SCHEMAS") or "default"
MONITOR_SCHEMAS = os.environ.get("MONITOR_SCHEMAS") or (
    "https://raw.githubusercontent.com/datreeio/CRDs-catalog/main/"
    "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json")
EXAMPLES = sorted(path.relative_to(ROOT) for folder in ("sidecar", "kustomize")
                  for path in (ROOT / "deploy" / folder).glob("*.yaml") if path.name != "kustomization.yaml")


def conform(text, release):
    return subprocess.run(
        [os.environ["KUBECONFORM"], "-strict", "-summary", "-kubernetes-version", release,
         "-schema-location", SCHEMAS.replace("%VERSION%", release), "-schema-location", MONITOR_SCHEMAS, "-"],
        input=text, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("feature", features())
def test_manifests_conform(helm3, feature, release):
    done = conform(helm3.render("--kube-version", release, "-f", features()[feature]), release)
    assert done.returncode == 0 and "Skipped: 0" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("folder", ["daemonset", "node-local-cache"])
def test_the_daemonset_example_conforms(helm3, release, folder):
    values = ROOT / "deploy" / folder / "values.yaml"
    done = conform(helm3.render("--kube-version", release, "-f", values), release)
    assert done.returncode == 0 and "Skipped: 0" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("path", EXAMPLES, ids=str)
def test_examples_conform(path, release):
    done = conform((ROOT / path).read_text(), release)
    assert done.returncode == 0 and "Skipped: 0" in done.stdout, done.stdout + done.stderr


def test_a_field_too_many_is_noticed(helm3):
    text = helm3.render().replace("  minReadySeconds: 5\n", "  minReadySeconds: 5\n  minimumReadySeconds: 5\n")
    assert conform(text, RELEASES[-1]).returncode != 0


def test_a_monitor_with_a_field_too_many_is_noticed(helm3):
    text = helm3.render("--set", "metrics.podMonitor.enabled=true").replace("  podMetricsEndpoints:", "  podEndpoints:")
    assert conform(text, RELEASES[-1]).returncode != 0
