# SPDX-License-Identifier: MIT
"""Upstreams that are Services: headless, scaled, without endpoints; and cluster DNS before and behind dproxy."""
from cluster import IMAGE, ROOT, TOOLS, cluster_dns, run, wait_until

import yaml


def ready_addresses(space, name):
    return sorted(one["status"]["podIP"] for one in space.pods(f"app.kubernetes.io/name={name}")
                  if all(status["ready"] for status in one["status"].get("containerStatuses", [{"ready": False}])))


def test_the_pods_of_a_headless_service_are_followed(space):
    space.nameserver("many", "many.test", "self", replicas=2, headless=True)
    space.tools("client")
    space.install({"routes": {"up.prox": "[.many.test]\n\taddress = many:5353\n\tpolicy = round-robin\n"},
                   "replicaCount": 1})

    def answers():
        return sorted({address for number in range(12) for address in space.short(f"n{number}.many.test")})

    for replicas in (2, 4, 1):
        space.kubectl("scale", "deployment/many", f"--replicas={replicas}")
        space.kubectl("rollout", "status", "deployment/many", "--timeout=120s")
        wait_until(lambda replicas=replicas: len(ready_addresses(space, "many")) == replicas, f"{replicas} pods")
        wait_until(lambda: answers() == ready_addresses(space, "many"),
                   lambda: f"{ready_addresses(space, 'many')}, but {answers()}")


def test_a_service_that_loses_its_endpoints_is_served_again(space):
    space.nameserver("one", "one.test", "192.0.2.1")
    space.tools("client")
    space.install({"routes": {"up.prox": "[.one.test]\n\taddress = one:5353\n\ttimeout = 1s\n"}})
    space.until("www.one.test", ["192.0.2.1"])
    restarts = space.restarts()
    space.kubectl("scale", "deployment/one", "--replicas=0")
    wait_until(lambda: "status: SERVFAIL" in space.dig("www.one.test"), "a SERVFAIL")
    space.kubectl("scale", "deployment/one", "--replicas=1")
    space.kubectl("rollout", "status", "deployment/one", "--timeout=120s")
    space.until("www.one.test", ["192.0.2.1"], patience=20)
    assert space.restarts() == restarts


def test_the_sidecar_answers_its_own_pod(space):
    space.nameserver("private", "private.example", "192.0.2.7")
    address = space.service_ips("private")[0]
    objects = [one for one in yaml.safe_load_all((ROOT / "deploy" / "sidecar" / "sidecar.yaml").read_text()) if one]
    for one in objects:
        if one["kind"] == "ConfigMap":
            one["data"] = {"private.prox": f"[.private.example]\n\taddress = {address}:5353\n"}
            continue
        pod = one["spec"]["template"]["spec"]
        pod["dnsConfig"]["searches"][0] = f"{space.name}.svc.cluster.local"
        sidecar = pod["initContainers"][0]
        sidecar["image"] = IMAGE
        for variable in sidecar["env"]:
            if variable["name"] in ("DPROXY_MASTERUPSTREAM", "DPROXY_BOOTSTRAP"):
                variable["value"] = cluster_dns()
        pod["containers"][0].update(name="tools", image=TOOLS, imagePullPolicy="IfNotPresent")
    space.apply(*objects)
    space.kubectl("rollout", "status", "deployment/app", "--timeout=120s")
    for name, expected in (("www.private.example", "192.0.2.7"), ("private", address), ("kubernetes.default", None)):
        found = space.in_tools("getent", "ahostsv4", name, name="app").split()
        assert found and (expected is None or found[0] == expected), (name, found)


def test_cluster_dns_before_and_behind_makes_no_loop(space):
    """A CoreDNS forwards a stub domain to dproxy; dproxy forwards the rest to that CoreDNS."""
    space.nameserver("one", "a.corp.example", "192.0.2.1")
    space.tools("client")
    corefile = ("corp.example:1053 {\n  forward . DPROXY:53\n}\n.:1053 {\n  template IN ANY other.example {\n"
                "    rcode NXDOMAIN\n  }\n  forward . " + cluster_dns() + "\n}\n")
    space.install({"routes": {"up.prox": "[.a.corp.example]\n\taddress = one:5353\n"}, "replicaCount": 1,
                   "settings": {"usemasterupstream": True, "masterupstream": "coredns:53"}})
    space.config_map("coredns", {"Corefile": corefile.replace("DPROXY", space.service_ips()[0])})
    image = run("kubectl", "--namespace", "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", "-o",
                "jsonpath={.items[0].spec.containers[0].image}", check=False).stdout or "localhost/coredns:1.14.3"
    container = {"name": "coredns", "image": image, "imagePullPolicy": "IfNotPresent",
                 "args": ["-conf", "/etc/coredns/Corefile"],
                 "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
                                     "runAsUser": 65532},
                 "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}]}
    space.tools("coredns", containers=[container], volumes=[{"name": "config", "configMap": {"name": "coredns"}}])
    space.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "coredns"},
                 "spec": {"selector": {"app.kubernetes.io/name": "coredns"},
                          "ports": [{"name": "dns", "port": 53, "targetPort": 1053, "protocol": "UDP"},
                                    {"name": "dns-tcp", "port": 53, "targetPort": 1053, "protocol": "TCP"}]}})
    space.until("www.a.corp.example", ["192.0.2.1"], "coredns")
    wait_until(lambda: "status: NXDOMAIN" in space.dig("x.other.example"), "an answer by the CoreDNS")
    pod = space.pods()[0]["status"]["podIP"]
    wait_until(lambda: "status: SERVFAIL" in space.dig("b.corp.example", "coredns"), "a SERVFAIL")
    wait_until(lambda: space.metric(pod, 'dproxy_client_rejected_total{reason="loop"}') > 0, "a loop that was found")
    before = space.metric(pod, "dproxy_requests_total")
    wait_until(lambda: "status: SERVFAIL" in space.dig("b.corp.example", "coredns"), "a SERVFAIL")
    assert space.metric(pod, "dproxy_requests_total") - before < 500, "the query still goes round"
    assert space.short("www.a.corp.example", "coredns") == ["192.0.2.1"]
