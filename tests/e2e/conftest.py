# SPDX-License-Identifier: MIT
"""A namespace for each test; what was going on in it is printed when the test fails."""
import itertools
import os

import pytest
from cluster import Namespace, run

NUMBERS = itertools.count(1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    space = getattr(item, "funcargs", {}).get("space")
    if report.failed and space:
        for what in (["get", "pods,services,endpoints", "-o", "wide"], ["get", "events", "--sort-by=.lastTimestamp"],
                     ["logs", "-l", "app.kubernetes.io/name=dproxy", "--tail=60", "--prefix", "--all-containers"]):
            report.sections.append((" ".join(what), space.kubectl(*what, check=False)[-6000:]))


@pytest.fixture
def space():
    made = Namespace(f"dproxy-e2e-{os.getpid() % 1000}-{next(NUMBERS)}")
    yield made
    for helm in ("HELM",):
        run(os.environ[helm], "uninstall", "dproxy", "--namespace", made.name, check=False)
    made.delete()
