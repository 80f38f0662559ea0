# SPDX-License-Identifier: MIT
"""The chart, and what renders it. tests/chart/run says where helm and kubeconform are."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "dproxy"
GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
KUBERNETES = "1.35.0"  # what the templates are told that they are rendered for


def features():
    """The values files of ci/, by the name of their feature."""
    return {path.name.removesuffix("-values.yaml"): path for path in sorted(CHART.glob("ci/*-values.yaml"))}


class Helm:
    """One of the helms. Never talks to a cluster."""

    def __init__(self, program):
        self.program = program

    def run(self, *arguments, stdin=None):
        environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
        return subprocess.run([self.program, *map(str, arguments)], env=environment, input=stdin, text=True,
                              capture_output=True, check=False)

    def template(self, *arguments, stdin=None, chart=CHART):
        return self.run("template", "dproxy", chart, "--namespace", "dns", "--kube-version", KUBERNETES, *arguments,
                        stdin=stdin)

    def render(self, *arguments, stdin=None, chart=CHART):
        done = self.template(*arguments, stdin=stdin, chart=chart)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(params=["HELM", "HELM4"])
def helm(request):
    return Helm(os.environ[request.param])


@pytest.fixture(scope="session")
def helm3():
    return Helm(os.environ["HELM"])


@pytest.fixture(scope="session")
def program():
    """The built dproxy."""
    return os.environ.get("DPROXY_BINARY") or str(ROOT / "build" / "dev" / "dproxy")
