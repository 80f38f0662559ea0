# SPDX-License-Identifier: MIT
"""docs/kubernetes.md, followed from top to bottom by somebody who types what stands there.

What a reader has and the test has not is put in its place: the published chart and image, and the nameserver of
`cryo.network`. Files are the blocks whose first line is a comment with a name; commands are the indented lines.
"""
import os
import re
import shlex
import shutil

import pytest
from cluster import IMAGE, ROOT, TOOLS, run

DOCUMENT = ROOT / "docs" / "kubernetes.md"
PUBLISHED = "ghcr.io/OWNER/dproxy"
NAMESERVERS = "172.31.43.213, 172.31.43.214"
CLUSTER_DNS = "10.96.0.10"
FILE = re.compile(r"[#;] ([\w./-]+\.(?:yaml|prox))$")
FIRST_WORDS = ("kubectl", "helm", "docker", "curl", "printf", "kill", "rm", "openssl", "!", "ADDRESS=$(kubectl")
LOOKS_ONLY = re.compile(r"kubectl --namespace \S+ (exec|get|logs) ")
PATIENCE = 180  # seconds of a reader: the kubelet writes within a minute, CoreDNS looks each half


def steps(text):
    """What a reader does, in order: (`file`, name, its text) or (`commands`, where, lines)."""
    block, fence, heading, found = [], None, "", []
    for line in [*text.splitlines(), ""]:
        if fence is None and line.startswith("    ") and line[4:5] not in ("", " "):
            block.append(line[4:])
            continue
        if fence is None and block:
            found.append(("commands", heading, block))
            block = []
        if line.startswith("```"):
            name = FILE.match(block[0]) if fence and block else None
            if name:
                found.append(("file", name[1], "\n".join(block) + "\n"))
            block, fence = [], None if fence else line
        elif fence:
            block.append(line)
        elif line.startswith("## "):
            heading = line[3:]
    return [step for step in found if step[0] == "file" or not step[2][0].startswith("/etc/dproxy/")]


def script(lines):
    """Stops at the first line that fails, one that begins with `!` too; one that only looks is tried again."""
    text = "set -o pipefail\n"
    for line in lines:
        patience = PATIENCE if LOOKS_ONLY.match(line) else 0
        said = shlex.quote(f"failed: {line}")
        text += (f"end=$((SECONDS + {patience}))\nuntil {{ {line}\n}}\ndo\n"
                 f"  [ $SECONDS -lt $end ] || {{ echo {said} >&2; exit 1; }}\n  sleep 1\ndone\n")
    return text


def put_in_place(text, nameserver, cluster_dns):
    repository, tag = IMAGE.rsplit(":", 1)
    for published, here in (("oci://ghcr.io/OWNER/charts/dproxy", "charts/dproxy"), (f"{PUBLISHED}:0.1.0", IMAGE),
                            (PUBLISHED, repository), ("newTag: 0.1.0", f"newTag: {tag}"),
                            ("debian:trixie-slim", TOOLS), (NAMESERVERS, nameserver),
                            (NAMESERVERS.split(",", maxsplit=1)[0], nameserver), (CLUSTER_DNS, cluster_dns)):
        text = text.replace(published, here)
    return text


@pytest.fixture
def reader(space, tmp_path):
    """A clone of the repository with all put in place; what is changed outside of it is taken back."""
    space.nameserver("cryo", "cryo.network", "192.0.2.1", port=8053)
    places = (space.service_ips("cryo")[0],
              run("kubectl", "--namespace", "kube-system", "get", "service", "kube-dns", "-o",
                  "jsonpath={.spec.clusterIP}").stdout)
    for part in ("charts", "deploy"):
        shutil.copytree(ROOT / part, tmp_path / part)
    for path in [*tmp_path.glob("charts/dproxy/values.yaml"), *tmp_path.glob("deploy/*/*.yaml")]:
        path.write_text(put_in_place(path.read_text(), *places))
    chart = tmp_path / "charts" / "dproxy" / "Chart.yaml"
    chart.write_text(re.sub(r"(?m)^appVersion: .*", f"appVersion: {IMAGE.rsplit(':', 1)[1]!r}", chart.read_text()))
    sidecar = tmp_path / "deploy" / "sidecar" / "sidecar.yaml"
    sidecar.write_text(sidecar.read_text().replace("default.svc", "dns.svc"))
    corefile = run("kubectl", "--namespace", "kube-system", "get", "configmap", "coredns", "-o",
                   "jsonpath={.data.Corefile}").stdout
    yield tmp_path, put_in_place(DOCUMENT.read_text(), *places)
    run("kubectl", "delete", "namespace", "dns", "--ignore-not-found", check=False)
    (tmp_path / "Corefile").write_text(corefile)
    made = run("kubectl", "--namespace", "kube-system", "create", "configmap", "coredns",
               f"--from-file={tmp_path / 'Corefile'}", "--dry-run=client", "-o", "yaml").stdout
    run("kubectl", "apply", "-f", "-", stdin=made)


def test_the_document_is_followed(reader, monkeypatch):
    folder, text = reader
    (folder / "bin").mkdir()
    (folder / "bin" / "helm").symlink_to(shutil.which(os.environ["HELM4"]))
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    for what, where, content in steps(text):
        if what == "file":
            path = folder / where
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
            continue
        assert all(line.split(" ")[0] in FIRST_WORDS for line in content), f"{where}: no commands: {content}"
        print(f"--- {where}\n" + "\n".join(f"$ {line}" for line in content))
        print(run("bash", "-c", f"cd {folder}\n{script(content)}", patience=600).stdout)
