# SPDX-License-Identifier: MIT
"""What stands in deploy/ for Kubernetes: the sidecar, the DaemonSet, and the manifests for kustomize."""

import json
import os
import re
import subprocess

import pytest
import yaml

from conftest import CHART, ROOT

KUSTOMIZE = ROOT / "deploy" / "kustomize"
DAEMONSETS = ("daemonset", "node-local-cache")
SIDECAR = ROOT / "deploy" / "sidecar" / "sidecar.yaml"
ENCRYPTED = ROOT / "deploy" / "sidecar" / "encrypted.yaml"
HEAD = "# Rendered from charts/dproxy by tests/chart/run --update. Change it by patches in kustomization.yaml.\n"


def for_kustomize(text):
    """The default manifests, less what speaks of Helm: its labels, the source of each document, the tests."""
    kept = [one for one in re.split(r"(?m)^---\n", text) if one.strip() and "/templates/tests/" not in one]
    text = HEAD + "---\n" + "---\n".join(kept)
    text = re.sub(r"(?m)^# Source: .*\n", "", text)
    text = re.sub(r"(?m)^ +helm\.sh/chart: .*\n", "", text)
    return re.sub(r"(?m)^( +app\.kubernetes\.io/managed-by: )Helm$", r"\1kustomize", text)


def test_the_manifests_for_kustomize_are_the_charts(helm):
    expected = for_kustomize(helm.render())
    path = KUSTOMIZE / "dproxy.yaml"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(expected)
    assert path.read_text() == expected, "tests/chart/run --update writes it"
    assert "elm" not in re.sub(r"(?m)#.*$", "", expected)


def test_the_kustomization_names_what_is_there():
    kustomization = yaml.safe_load((KUSTOMIZE / "kustomization.yaml").read_text())
    for name in kustomization["resources"] + kustomization["configMapGenerator"][0]["files"]:
        assert (KUSTOMIZE / name).is_file(), name
    made = [one for one in yaml.safe_load_all((KUSTOMIZE / "dproxy.yaml").read_text())]
    maps = [one["metadata"] for one in made if one["kind"] == "ConfigMap"]
    generated = kustomization["configMapGenerator"][0]
    assert [(one["name"], one["namespace"]) for one in maps] == [(generated["name"], generated["namespace"])]
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert kustomization["images"] == [{"name": "ghcr.io/OWNER/dproxy", "newTag": version}]


@pytest.mark.parametrize("folder", DAEMONSETS)
def test_the_daemonset_answers_its_own_node(helm, folder):
    made = [one for one in yaml.safe_load_all(helm.render("-f", ROOT / "deploy" / folder / "values.yaml")) if one]
    kinds = {one["kind"]: one for one in made}
    assert "Deployment" not in kinds and "PodDisruptionBudget" not in kinds
    assert kinds["DaemonSet"]["spec"]["updateStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert kinds["Service"]["spec"]["internalTrafficPolicy"] == "Local"


def sidecar():
    deployment = next(one for one in yaml.safe_load_all(SIDECAR.read_text()) if one["kind"] == "Deployment")
    spec = deployment["spec"]["template"]["spec"]
    return spec, spec["initContainers"][0]


def test_the_sidecar_is_the_pods_first_and_only_nameserver():
    spec, container = sidecar()
    settings = {one["name"]: one["value"] for one in container["env"]}
    assert container["restartPolicy"] == "Always"
    assert spec["dnsPolicy"] == "None" and spec["dnsConfig"]["nameservers"] == ["127.0.0.1"]
    assert settings["DPROXY_LISTEN"] == "127.0.0.1:53"
    assert settings["DPROXY_MASTERUPSTREAM"] == settings["DPROXY_BOOTSTRAP"] != "system"
    assert spec["securityContext"]["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "53"}]
    assert container["image"].endswith(":" + yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"])


@pytest.mark.parametrize("file", [SIDECAR, ENCRYPTED], ids=lambda file: file.stem)
def test_the_settings_and_routes_of_the_sidecar_are_good(program, tmp_path, file):
    _, container = sidecar()
    environment = {one["name"]: one["value"] for one in container["env"]}
    routes = next(one for one in yaml.safe_load_all(file.read_text()) if one["kind"] == "ConfigMap")
    assert routes["metadata"]["name"] == sidecar()[0]["volumes"][0]["configMap"]["name"]
    for name, text in routes["data"].items():
        (tmp_path / name).write_text(text)
    done = subprocess.run([program, "check", str(tmp_path)], cwd=tmp_path, env=environment, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_cache_on_every_node_keeps_what_it_learns(program, tmp_path):
    routes = yaml.safe_load((ROOT / "deploy" / "node-local-cache" / "values.yaml").read_text())["routes"]
    (tmp_path / "cluster.prox").write_text(routes["cluster.prox"])
    done = subprocess.run([program, "explain", "kubernetes.default.svc.cluster.local", "--upstreamlocation", tmp_path,
                           "--format", "json"], env={}, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert (told["cache"], told["cache_stale"], told["cache_stale_after"]) == ("on", "60m", "500ms")


@pytest.mark.parametrize("folder", DAEMONSETS)
def test_the_routes_for_kustomize_and_the_daemonset_are_good(program, tmp_path, folder):
    values = yaml.safe_load((ROOT / "deploy" / folder / "values.yaml").read_text())
    for name, text in values["routes"].items():
        (tmp_path / name).write_text(text)
    for folder in (tmp_path, KUSTOMIZE / "routes"):
        done = subprocess.run([program, "check", str(folder)], cwd=tmp_path, env={}, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stdout + done.stderr
