# SPDX-License-Identifier: MIT
"""What holds for every feature, and what a golden file says too quietly."""

import json
import re
import shutil

import pytest
import yaml

from conftest import CHART, features


def objects(text):
    return [one for one in yaml.safe_load_all(text) if one]


def pods(manifests):
    """(name, pod specification, labels) of all that makes pods."""
    for one in manifests:
        if one["kind"] == "Pod":
            yield one["metadata"]["name"], one["spec"], one["metadata"]["labels"]
        elif "template" in one.get("spec", {}):
            template = one["spec"]["template"]
            yield one["metadata"]["name"], template["spec"], template["metadata"]["labels"]


@pytest.fixture(params=features(), scope="module")
def rendered(request, helm3):
    return objects(helm3.render("-f", features()[request.param]))


def test_every_pod_is_within_the_restricted_standard(rendered):
    for name, spec, _ in pods(rendered):
        assert spec["enableServiceLinks"] is False, name
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostPID", "hostIPC"} & set(spec), name
        for container in spec.get("initContainers", []) + spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert all(port.get("hostPort") is None for port in container.get("ports", [])), name
        for volume in spec.get("volumes", []):
            assert set(volume) & {"configMap", "secret", "projected", "emptyDir"}, volume


def test_nobody_has_rights_or_a_token_without_discovery(helm3):
    for feature in features():
        text = helm3.render("-f", features()[feature])
        assert ("kind: Role" in text) == feature.startswith("discovery"), feature
        assert ("serviceAccountToken:" in text) == feature.startswith("discovery"), feature


def test_only_the_sidecar_of_discovery_has_the_token(helm3):
    (_, spec, _), *_ = pods(objects(helm3.render("-f", features()["discovery"])))
    for container in spec["initContainers"] + spec["containers"]:
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert ("discovery-token" in mounted) == container["name"].startswith("discovery"), container["name"]


def test_pods_of_tests_and_hooks_are_no_endpoints(rendered):
    selector = next(one for one in rendered if one["kind"] == "Service")["spec"]["selector"]
    for name, _, labels in pods(rendered):
        selected = all(labels.get(key) == value for key, value in selector.items())
        assert selected == (not name.endswith(("-test-udp", "-test-tcp", "-test-tls", "-test-https", "-check"))), name


def test_nothing_restarts_the_pods_when_routes_change(helm3):
    def pod_template(routes):
        text = helm3.render("-f", "-", stdin=json.dumps({"routes": routes}))
        return next(one for one in objects(text) if one["kind"] == "Deployment")
    assert pod_template({}) == pod_template({"a.prox": "[.a.example]\n  answer = nodata\n"})


def test_the_ports_of_the_service_depend_on_its_own_keys_alone(helm3):
    """Helm 3 merges them by number, so what may change with an upgrade must not change them."""
    def ports(values):
        return next(one["spec"]["ports"] for one in objects(helm3.render("-f", "-", stdin=json.dumps(values)))
                    if one["kind"] == "Service")
    usual = ports({})
    assert [(port["port"], port["protocol"]) for port in usual] == [(53, "UDP"), (53, "TCP")]
    for values in ({"settings": {"port": 5300}}, {"service": {"type": "LoadBalancer"}}, {"kind": "DaemonSet"},
                   {"service": {"type": "NodePort", "ipFamilyPolicy": "PreferDualStack"}}, {"hostNetwork": True}):
        assert ports(values) == usual


@pytest.mark.parametrize("arguments", [
    ("-f", "-"), ("--set", "settings.max_inflight=2000000"), ("--set-json", "settings.max_inflight=2000000"),
    ("--set-string", "settings.max_inflight=2000000")], ids=["file", "set", "set-json", "set-string"])
def test_large_numbers_keep_their_digits(helm, arguments):
    text = helm.render(*arguments, stdin="settings: {max_inflight: 2000000}")
    assert 'name: DPROXY_MAX_INFLIGHT\n              value: "2000000"\n' in text


def test_what_is_said_of_tls_is_what_is_mounted_and_where_the_service_leads(helm3):
    made = {one["kind"]: one for one in objects(helm3.render("-f", features()["tls"]))}
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    said = {one["name"]: one["value"] for one in container["env"] if "TLS" in one["name"]}
    folders = {mount["mountPath"] for mount in container["volumeMounts"] if mount["readOnly"]}
    files = {said[f"DPROXY_TLS_{name}"] for name in ("CERT", "KEY", "CLIENT_CA", "TICKET_KEYS")}
    assert {file.rsplit("/", 1)[0] for file in files} == folders - {"/etc/dproxy/routes"}
    assert all("subPath" not in mount for mount in container["volumeMounts"])
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert said["DPROXY_LISTEN_TLS"] == f"0.0.0.0:{ports['dns-over-tls']}, [::]:{ports['dns-over-tls']}"
    assert [port["name"] for port in made["Service"]["spec"]["ports"]] == ["dns", "dns-tcp", "dns-over-tls"]
    admitted = made["NetworkPolicy"]["spec"]["ingress"][0]["ports"]
    assert {"port": ports["dns-over-tls"], "protocol": "TCP"} in admitted


def test_files_of_secrets_lie_in_one_volume_with_the_routes_that_name_them(helm3):
    values = {**yaml.safe_load(features()["route-secrets"].read_text()), "check": {"enabled": True}}
    made = {one["kind"]: one for one in objects(helm3.render("-f", "-", stdin=json.dumps(values)))
            if one["kind"] in ("Deployment", "Job")}
    named = {word.split()[-1] for word in re.findall(r"tls_(?:ca|cert|key) .*", values["routes"]["corp.prox"])}
    for kind, routes in (("Deployment", "dproxy"), ("Job", "dproxy-check")):
        volumes = {one["name"]: one for one in made[kind]["spec"]["template"]["spec"]["volumes"]}
        config_map, *secrets = volumes["routes"]["projected"]["sources"]
        assert config_map == {"configMap": {"name": routes}}
        assert all(source["secret"]["optional"] for source in secrets)
        assert {item["path"] for source in secrets for item in source["secret"]["items"]} == named
        (teams,) = [one["projected"]["sources"] for name, one in volumes.items() if name.startswith("routes-")]
        assert teams[0] == {"configMap": {"name": "team-a", "optional": True}} and len(teams) == 2


def test_https_is_listened_on_admitted_and_where_the_service_leads(helm3):
    made = {one["kind"]: one for one in objects(helm3.render("-f", features()["https"]))}
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    said = {one["name"]: one["value"] for one in container["env"]}
    port = {port["name"]: port["containerPort"] for port in container["ports"]}["dns-over-https"]
    assert said["DPROXY_LISTEN_HTTPS"] == f"0.0.0.0:{port}, [::]:{port}"
    assert said["DPROXY_TLS_CERT"] == "/etc/dproxy/tls/tls.crt"
    (leads,) = [one for one in made["Service"]["spec"]["ports"] if one["name"] == "dns-over-https"]
    assert (leads["port"], leads["targetPort"], leads["nodePort"]) == (4430, "dns-over-https", 30443)
    assert {"port": port, "protocol": "TCP"} in made["NetworkPolicy"]["spec"]["ingress"][0]["ports"]


def test_the_ingress_leads_to_the_port_that_believes_it(helm3):
    rendered = objects(helm3.render("-f", features()["ingress"]))
    made = {one["kind"]: one for one in rendered}
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    said = {one["name"]: one["value"] for one in container["env"]}
    port = {port["name"]: port["containerPort"] for port in container["ports"]}["dns-over-http"]
    assert said["DPROXY_LISTEN_HTTP"] == f"0.0.0.0:{port}, [::]:{port}"
    assert said["DPROXY_TRUSTED_PROXIES"] == "10.244.0.0/16, fd00:10:244::/56"
    (rule,) = made["Ingress"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert path["path"] == said["DPROXY_HTTPS_PATH"] and path["pathType"] == "Exact"
    service = path["backend"]["service"]
    (leads,) = [one for one in rendered if one["kind"] == "Service" and one["metadata"]["name"] == service["name"]]
    assert leads["spec"]["type"] == "ClusterIP"
    (opens,) = leads["spec"]["ports"]
    assert (opens["name"], opens["targetPort"]) == (service["port"]["name"], "dns-over-http")
    usual = next(one for one in rendered if one["kind"] == "Service" and one is not leads)
    assert "dns-over-http" not in json.dumps(usual["spec"])
    (admitted,) = [one for one in made["NetworkPolicy"]["spec"]["ingress"] if one["ports"][0]["port"] == port]
    assert admitted["from"][0]["namespaceSelector"]


def test_the_certificate_is_the_one_that_is_mounted(helm3):
    made = {one["kind"]: one for one in objects(helm3.render("-f", features()["tls-certificate"]))}
    volumes = made["Deployment"]["spec"]["template"]["spec"]["volumes"]
    secret = made["Certificate"]["spec"]["secretName"]
    assert {"name": "tls", "secret": {"secretName": secret, "optional": True}} in volumes


@pytest.mark.parametrize("resources, workers", [
    ({}, "2"), ({"requests": {"cpu": "100m"}}, "1"), ({"requests": {"cpu": "1001m"}}, "2"),
    ({"requests": {"cpu": 4}}, "4"),
    ({"requests": {"cpu": "500m"}, "limits": {"cpu": "2500m"}}, "3"), ({"limits": {"cpu": "0.5"}}, "1"),
    ({"limits": {"memory": "1Gi"}}, "2")])
def test_workers_follow_the_cpus(helm3, resources, workers):
    text = helm3.render("-f", "-", stdin=json.dumps({"resources": resources}))
    assert re.findall(r'name: DPROXY_WORKERS\n +value: "(\d+)"', text) == [workers]
    text = helm3.render("-f", "-", stdin=json.dumps({"resources": resources, "settings": {"workers": 7}}))
    assert re.findall(r'name: DPROXY_WORKERS\n +value: "(\d+)"', text) == ["7"]


def test_as_a_part_of_an_umbrella_chart(helm, tmp_path):
    chart = tmp_path / "umbrella"
    (chart / "charts").mkdir(parents=True)
    (chart / "charts" / "dproxy").symlink_to(CHART)
    (chart / "Chart.yaml").write_text(
        "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n"
        "  - {name: dproxy, version: '>=0.0.0-0', condition: dproxy.enabled}\n")
    (chart / "values.yaml").write_text("global: {site: one}\ndproxy: {enabled: true, replicaCount: 5}\n")
    text = helm.render(chart=chart)
    assert "  name: dproxy\n" in text and "replicas: 5" in text
    assert helm.render("--set", "dproxy.enabled=false", chart=chart).strip() == ""


def notes(helm, values, folder):
    """What NOTES.txt says: helm prints it for a cluster alone, so it is rendered as a part of another object."""
    chart = folder / "dproxy"
    shutil.copytree(CHART, chart)
    shutil.copy(CHART / "templates" / "NOTES.txt", chart / "notes")
    (chart / "templates" / "notes.yaml").write_text('kind: Notes\ntext: {{ tpl (.Files.Get "notes") . | toJson }}\n')
    made = objects(helm.render("-f", "-", stdin=json.dumps(values), chart=chart))
    return next(one["text"] for one in made if one["kind"] == "Notes")


@pytest.mark.parametrize("values, warned", [
    ({}, ["there are no routes"]),
    ({"routes": {"a.prox": ""}}, []),
    ({"existingConfigMaps": ["a"]}, []),
    ({"existingConfigMaps": ["a"], "service": {"type": "LoadBalancer"}}, ["`settings.allow` is not given"]),
    ({"existingConfigMaps": ["a"], "service": {"type": "LoadBalancer"}, "settings": {"allow": "all"}}, []),
])
def test_notes_warn(helm, tmp_path, values, warned):
    text = notes(helm, values, tmp_path)
    assert "helm test dproxy -n dns" in text
    assert text.count("WARNING") == len(warned)
    assert all(what in text for what in warned)
