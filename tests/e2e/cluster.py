# SPDX-License-Identifier: MIT
"""The cluster, by kubectl and helm; and what the tests start in it."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "dproxy"
IMAGE = os.environ.get("IMAGE", "dproxy:e2e")
TOOLS = os.environ.get("TOOLS_IMAGE", "dproxy-e2e-tools:1")
SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD_SECURITY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def run(*command, stdin=None, check=True, patience=180):
    done = subprocess.run(list(map(str, command)), input=stdin, capture_output=True, text=True, check=False,
                          timeout=patience)
    assert not check or done.returncode == 0, f"{shlex.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done


def wait_until(condition, what, patience=120.0, pause=0.2):
    end = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"within {patience:.0f} s there was never {what() if callable(what) else what}"
        time.sleep(pause)


class Namespace:
    """One for each test, under the restricted standard; gone afterwards."""

    def __init__(self, name):
        self.name = name
        run("kubectl", "delete", "namespace", name, "--ignore-not-found", "--wait=true")
        self.apply({"apiVersion": "v1", "kind": "Namespace",
                    "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})

    def kubectl(self, *arguments, **keys):
        return run("kubectl", "--namespace", self.name, *arguments, **keys).stdout

    def apply(self, *objects):
        text = "---\n".join(yaml.safe_dump(one) for one in objects)
        run("kubectl", *([] if objects[0]["kind"] == "Namespace" else ["--namespace", self.name]), "apply", "-f", "-",
            stdin=text)

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def config_map(self, name, files):
        """Made or changed, as `kubectl apply` does it."""
        self.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": files})

    def install(self, values, helm="HELM", release="dproxy", verb="install", extra=()):
        """The chart with the image under test; waits until the pods are ready."""
        repository, tag = IMAGE.rsplit(":", 1)
        values = {"image": {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"}, **values}
        run(os.environ[helm], verb, release, CHART, "--namespace", self.name, "--wait", "--timeout", "120s", "-f", "-",
            *extra, stdin=json.dumps(values))

    def pods(self, selector="app.kubernetes.io/name=dproxy"):
        return [one for one in self.get("pods", "-l", selector)["items"]
                if "deletionTimestamp" not in one["metadata"]]

    def restarts(self, selector="app.kubernetes.io/name=dproxy"):
        return {one["metadata"]["name"]: sum(status["restartCount"] for status in one["status"]["containerStatuses"])
                for one in self.pods(selector)}

    def service_ips(self, name="dproxy"):
        return self.get("service", name)["spec"]["clusterIPs"]

    def tools(self, name, command=("sleep", "infinity"), replicas=1, container=None, **spec):
        """Pods of the tools' image, ready; `container` says what is other about theirs."""
        labels = {"app.kubernetes.io/name": name}
        container = {"name": "tools", "image": TOOLS, "imagePullPolicy": "IfNotPresent", "command": list(command),
                     "securityContext": SECURITY, **{key: value for key, value in (container or {}).items() if value}}
        pod = {"securityContext": POD_SECURITY, "terminationGracePeriodSeconds": 1, "enableServiceLinks": False,
               "automountServiceAccountToken": False, "containers": [container], **spec}
        self.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
                    "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                             "template": {"metadata": {"labels": labels}, "spec": pod}}})
        self.kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s")

    def nameserver(self, name, zone, address, replicas=1, headless=False, port=5353):
        """Knot with one zone, behind a Service of that name."""
        self.tools(name, ("serve", zone, address), replicas)
        spec = {"selector": {"app.kubernetes.io/name": name}, "ports": [
            {"name": f"dns-{protocol.lower()}", "port": port, "targetPort": 5353, "protocol": protocol}
            for protocol in ("UDP", "TCP")]}
        if headless:
            spec["clusterIP"] = "None"
        self.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})

    def in_tools(self, *command, name="client", check=True, patience=180):
        return self.kubectl("exec", f"deployment/{name}", "-c", "tools", "--", *command, check=check, patience=patience)

    def dig(self, question, server="dproxy", *options, name="client"):
        return self.in_tools("dig", f"@{server}", *question.split(), "+tries=1", "+time=2", *options, name=name,
                             check=False)

    def short(self, question, server="dproxy", *options, name="client"):
        return self.dig(question, server, "+short", *options, name=name).split()

    def until(self, question, expected, server="dproxy", patience=120.0, name="client"):
        wait_until(lambda: self.short(question, server, name=name) == expected,
                   lambda: f"{expected} for {question}, but {self.dig(question, server, name=name)}", patience)

    def metrics(self, pod_ip, name="client"):
        url = f"http://[{pod_ip}]:8080/metrics" if ":" in pod_ip else f"http://{pod_ip}:8080/metrics"
        script = f"import urllib.request; print(urllib.request.urlopen({url!r}, timeout=5).read().decode())"
        return self.in_tools("python3", "-c", script, name=name)

    def metric(self, pod_ip, series):
        return sum(float(line.rsplit(" ", 1)[1]) for line in self.metrics(pod_ip).splitlines()
                   if re.match(re.escape(series) + r"[ {]" if "{" not in series else re.escape(series), line))

    def begin_load(self, server, name, seconds, rate, port=53, first_port=40000):
        """In the background; call the result for the numbers."""
        command = ["kubectl", "--namespace", self.name, "exec", "deployment/client", "-c", "tools", "--", "load",
                   server, str(port), str(rate), str(seconds), name, str(first_port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        return lambda: json.loads(process.communicate(timeout=seconds + 60)[0])

    def delete(self):
        run("kubectl", "delete", "namespace", self.name, "--wait=false")


def on_node(*command, check=True):
    return run(*shlex.split(os.environ["NODE"]), *command, check=check).stdout


def cluster_dns():
    """The address of the cluster's DNS Service."""
    return run("kubectl", "--namespace", "kube-system", "get", "service", "kube-dns", "-o",
               "jsonpath={.spec.clusterIP}").stdout.strip()
