# SPDX-License-Identifier: MIT
"""An upgrade that would lose a protocol of the Service is refused. The Service in the cluster is given here as it would
be looked up there."""

import json
import shutil

import pytest

from conftest import CHART

BOTH = [{"port": 53, "protocol": "UDP", "nodePort": 31000}, {"port": 53, "protocol": "TCP", "nodePort": 32000}]
UDP, TCP = [BOTH[0]], [BOTH[1]]
MOVED = [{"port": 5353, "protocol": "UDP"}, {"port": 5353, "protocol": "TCP"}]
FIXED = [{**port, "nodePort": 30053} for port in BOTH]
TLS = [{"port": 853, "protocol": "TCP", "nodePort": 30853}]
FREE = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]

CASES = {
    "nothing there": ([], BOTH, True),
    "the same": (BOTH, BOTH, True),
    "the same in another order": (BOTH, BOTH[::-1], True),
    "node ports are given up": (BOTH, FREE, True),
    "another port": (BOTH, MOVED, False),
    "other node ports": (BOTH, FIXED, False),
    "node ports where there were none": (FREE, FIXED, False),
    "to two Services": (BOTH, UDP, False),
    "from two Services": (UDP, BOTH, False),
    "another port of one of two Services": (UDP, MOVED[:1], True),
    "another node port of one of two Services": (TCP, FIXED[1:], True),
    "both in place of one elsewhere": (MOVED[:1], BOTH, False),
    "TLS comes": (BOTH, BOTH + TLS, True),
    "TLS goes": (BOTH + TLS, BOTH, True),
    "TLS moves": (BOTH + TLS, [*BOTH, {**TLS[0], "port": 8853}], True),
    "another node port of TLS": (BOTH + TLS, [*BOTH, {**TLS[0], "nodePort": 30854}], True),
    "TLS comes to one of two Services": (TCP, TCP + TLS, True),
    "another port beside TLS": (BOTH + TLS, MOVED + TLS, False),
    "TLS comes and both move": (BOTH, MOVED + TLS, False),
    "TLS comes to the number of UDP": (UDP, [*UDP, {"port": 53, "protocol": "TCP"}], False),
}


def render(helm, folder, *, live, ports, version):
    """The template that judges, in a copy of the chart in which it is called with this."""
    chart = folder / "dproxy"
    shutil.copytree(CHART, chart)
    question = {"live": live, "ports": ports, "name": "dproxy", "helm": version}
    (chart / "question.json").write_text(json.dumps(question))
    (chart / "templates" / "question.yaml").write_text(
        '{{ include "dproxy.keepBothProtocols" (.Files.Get "question.json" | fromJson) }}\n')
    return helm.template(chart=chart)


def service(ports, operation):
    fields = [{"manager": "kube-controller-manager", "operation": "Update"},
              {"manager": "helm", "operation": operation}]
    return {"metadata": {"managedFields": fields}, "spec": {"ports": ports}} if ports else {}


@pytest.mark.parametrize("version, operation, merged", [
    ("v3.20.2", "Update", True), ("v3.20.2", "Apply", True), ("v4.1.4", "Update", True), ("v4.1.4", "Apply", False)])
@pytest.mark.parametrize("case", CASES)
def test_a_change_that_would_lose_a_protocol_is_refused(helm3, tmp_path, case, version, operation, merged):
    live, ports, good = CASES[case]
    done = render(helm3, tmp_path, live=service(live, operation), ports=ports, version=version)
    assert (done.returncode == 0) == (good or not merged), done.stderr
    if done.returncode:
        assert "the ports of Service dproxy change (" in done.stderr
        assert "or use helm 4: first `helm upgrade --server-side=true --force-conflicts`" in done.stderr
