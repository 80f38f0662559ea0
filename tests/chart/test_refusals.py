# SPDX-License-Identifier: MIT
"""Values that do not go together are refused, by a message that says what to do; as are keys that do not exist."""

import json

import pytest

REFUSED = {
    "readiness later than the drain": (
        {"readinessProbe": {"periodSeconds": 10, "failureThreshold": 3}},
        "readinessProbe: periodSeconds x failureThreshold + 3 s is 33 s, more than settings.drain (5000 ms): clients "
        "with fixed ports would lose queries at each rollout. Probe sooner, or set settings.drain to 33s"),
    "a drain that is too short": (
        {"settings": {"drain": "4999ms"}},
        "readinessProbe: periodSeconds x failureThreshold + 3 s is 5 s, more than settings.drain (4999 ms): clients "
        "with fixed ports would lose queries at each rollout. Probe sooner, or set settings.drain to 5s"),
    "a grace period that is too short": (
        {"settings": {"drain": "1m"}, "preStopSeconds": 10},
        "terminationGracePeriodSeconds is 30: preStopSeconds + settings.drain + 5 s is 75 s, so pods would be killed "
        "while they drain"),
    "a grace period that is one second too short": (
        {"terminationGracePeriodSeconds": 9},
        "terminationGracePeriodSeconds is 9: preStopSeconds + settings.drain + 5 s is 10 s, so pods would be killed "
        "while they drain"),
    "no HTTP side": (
        {"settings": {"admin": "off"}},
        'settings.admin is "off": probes and scrapers reach it by the pod\'s address, such as [::]:8080'),
    "the HTTP side on loopback": (
        {"settings": {"admin": "127.0.0.1:8080"}},
        'settings.admin is "127.0.0.1:8080": probes and scrapers reach it by the pod\'s address, such as [::]:8080'),
    "listen without port": (
        {"settings": {"listen": "0.0.0.0:1053"}},
        "settings.listen needs settings.port too: the port of it that the Service leads to"),
    "a DaemonSet that scales": (
        {"kind": "DaemonSet", "autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": 1}}},
        "autoscaling.enabled: a DaemonSet has a pod on each node and cannot be scaled; use kind: Deployment"),
    "scaling without a measure": (
        {"autoscaling": {"enabled": True}, "resources": {"limits": {"cpu": 1}}},
        "autoscaling.enabled needs resources.requests.cpu: use is measured in percent of it"),
    "scaling upside down": (
        {"autoscaling": {"enabled": True, "minReplicas": 11}, "resources": {"requests": {"cpu": 1}}},
        "autoscaling: minReplicas is 11, more than maxReplicas (10)"),
    "a surge on the node's network": (
        {"hostNetwork": True, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}},
        "updateStrategy.rollingUpdate.maxSurge is 1: with hostNetwork a node has no room for a second pod on the same "
        "ports; use maxSurge: 0, maxUnavailable: 1"),
    "two monitors": (
        {"metrics": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}},
        "metrics: serviceMonitor and podMonitor would scrape each pod twice; enable one"),
    "a ConfigMap by name and with names": (
        {"existingConfigMaps": ["team-a", {"name": "team-a", "names": [".team-a.example"]}]},
        "existingConfigMaps: `team-a` stands twice"),
    "a team in the place of the discovered ones": (
        {"discovery": {"enabled": True}, "existingConfigMaps": [{"name": "discovered", "names": ["a.example"]}]},
        "existingConfigMaps: the name `discovered` is the folder of discovery.enabled"),
    "a ConfigMap in the place of the discovered ones": (
        {"discovery": {"enabled": True}, "existingConfigMaps": ["discovered"]},
        "existingConfigMaps: the name `discovered` is the folder of discovery.enabled"),
    "a Secret in the place of a route file": (
        {"routes": {"a.prox": ""}, "routeSecrets": [{"name": "corp", "files": {"tls.crt": "a.prox"}}]},
        "routeSecrets: the file `a.prox` of the Secret `corp` is there already"),
    "two Secrets for one file": (
        {"routeSecrets": [{"name": "corp", "files": {"tls.crt": "own.crt"}},
                          {"name": "other", "files": {"tls.crt": "own.crt"}}]},
        "routeSecrets: the file `own.crt` of the Secret `other` is there already"),
    "two keys of a Secret for one file": (
        {"existingConfigMaps": [{"name": "team-a", "secrets": [
            {"name": "corp", "files": {"tls.crt": "own.crt", "ca.crt": "own.crt"}}]}]},
        "existingConfigMaps: `team-a`: the file `own.crt` of the Secret `corp` is there already"),
    "discovery by nobody": (
        {"discovery": {"enabled": True}, "serviceAccount": {"create": False}},
        "discovery.enabled needs a ServiceAccount of its own: serviceAccount.create, or the name of one that exists"),
    "an address for two Services": (
        {"service": {"split": True, "clusterIP": "10.96.0.53"}},
        "service.split: two Services cannot have one clusterIP; leave it out"),
    "a node port for two Services": (
        {"service": {"split": True, "type": "NodePort", "nodePorts": {"udp": 30053, "tcp": 30053}}},
        "service.split: two Services cannot share a node port; give nodePorts.udp and nodePorts.tcp two numbers"),
    "two certificates": (
        {"tls": {"existingSecret": "a", "certificate": {"enabled": True}}},
        "tls: existingSecret and certificate.enabled are both given: the certificate is that of one Secret"),
    "a certificate of nobody": (
        {"tls": {"certificate": {"enabled": True, "dnsNames": ["dns.example"]}}},
        "tls.certificate.enabled needs tls.certificate.issuerRef.name: the Issuer or ClusterIssuer of cert-manager"),
    "a certificate for nothing": (
        {"tls": {"certificate": {"enabled": True, "issuerRef": {"name": "a"}}}},
        "tls.certificate.enabled needs tls.certificate.dnsNames (or ipAddresses): what clients verify"),
    "clients with certificates, and none to show them": (
        {"tls": {"clientCA": "a"}},
        "tls.clientCA is given and no certificate: give tls.existingSecret or tls.certificate too"),
    "tickets without TLS": (
        {"tls": {"ticketKeys": "a"}},
        "tls.ticketKeys is given and no certificate: give tls.existingSecret or tls.certificate too"),
    "TLS by settings alone": (
        {"settings": {"listen_tls": "[::]:853"}},
        "settings.listen_tls is given and no Secret, so no Service would lead there: give tls.existingSecret or "
        "tls.certificate instead"),
    "TLS said twice": (
        {"tls": {"existingSecret": "a"}, "settings": {"listen_tls": "[::]:853"}},
        "tls and settings.listen_tls are both given: tls says it for the pods, the Service and the mounts together; "
        "leave the setting out"),
    "a key said twice": (
        {"tls": {"existingSecret": "a"}, "settings": {"tls_key": "/other/tls.key"}},
        "tls and settings.tls_key are both given"),
    "TLS on the port of DNS": (
        {"tls": {"existingSecret": "a", "port": 1053}}, "tls.port is 1053, which is the port of settings.port too"),
    "TLS on the port of HTTP": (
        {"tls": {"existingSecret": "a", "port": 9000}, "settings": {"admin": "[::]:9000"}},
        "tls.port is 9000, which is the port of settings.admin too"),
    "TLS on the Service's port of DNS": (
        {"tls": {"existingSecret": "a"}, "service": {"tlsPort": 53}},
        "service.tlsPort is 53, which is service.port too"),
    "an authority for no name": (
        {"tls": {"existingSecret": "a"}, "tests": {"tls": {"authoritySecret": "a"}}},
        "tests.tls.authoritySecret is given and no tests.tls.name: the name that the certificate must be for"),
    "HTTPS without a certificate": (
        {"https": {"enabled": True}},
        "https.enabled is given and no certificate: give tls.existingSecret or tls.certificate too"),
    "HTTPS by settings": (
        {"tls": {"existingSecret": "a"}, "settings": {"listen_https": "[::]:443"}},
        "settings.listen_https is given, and no Service would lead there: give https.enabled instead"),
    "HTTP by settings": (
        {"settings": {"listen_http": "[::]:80"}},
        "settings.listen_http is given, and no Service would lead there: give http.enabled instead"),
    "an Ingress to nothing": (
        {"http": {"ingress": {"enabled": True}}},
        "http.ingress.enabled needs http.enabled: the Ingress leads to its Service"),
    "proxies of nobody": (
        {"http": {"trustedProxies": ["10.0.0.0/8"]}},
        "http.trustedProxies is given, and neither http.enabled nor https.enabled: nobody would ask for others"),
    "proxies twice": (
        {"http": {"enabled": True, "trustedProxies": ["10.0.0.0/8"]}, "settings": {"trusted_proxies": "10.0.0.0/8"}},
        "http.trustedProxies and settings.trusted_proxies are both given: leave the setting out"),
    "HTTP on the port of DNS": (
        {"http": {"enabled": True, "port": 1053}}, "http.port is 1053, which is the port of settings.port too"),
    "HTTP on the port of HTTPS": (
        {"tls": {"existingSecret": "a"}, "https": {"enabled": True}, "http": {"enabled": True, "port": 1443}},
        "http.port is 1443, which is the port of https.port too"),
    "HTTPS on the port of TLS": (
        {"tls": {"existingSecret": "a"}, "https": {"enabled": True}, "service": {"httpsPort": 853}},
        "service.httpsPort is 853, which is service.tlsPort too"),
    "a file that no dproxy reads": (
        {"routes": {"cryo.conf": "[.cryo.network]\n  answer = nodata\n"}},
        "routes: the name of `cryo.conf` does not end in .prox, and no section names it by `patterns`, so "
        "nothing would read it"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_go_together_is_refused(helm, case):
    values, message = REFUSED[case]
    done = helm.template("-f", "-", stdin=json.dumps(values))
    assert done.returncode != 0
    assert message in done.stderr


# What is just within the limits.
TAKEN = {
    "readiness within the drain": {"readinessProbe": {"periodSeconds": 10, "failureThreshold": 3},
                                   "settings": {"drain": "33s"}, "terminationGracePeriodSeconds": 38},
    "a drain in minutes": {"settings": {"drain": "1m"}, "terminationGracePeriodSeconds": 65},
    "listen with port": {"settings": {"listen": "[::]:5300", "port": 5300}},
    "another ending": {"routes": {"a.routes": ""}, "settings": {"upstreamextension": ".routes"}},
    "a file of the same name beside another ConfigMap": {
        "routeSecrets": [{"name": "corp", "files": {"tls.crt": "own.crt"}}],
        "existingConfigMaps": [{"name": team, "secrets": [{"name": "corp", "files": {"tls.crt": "own.crt"}}]}
                               for team in ("team-a", "team-b")]},
    "no surge on the node's network": {"hostNetwork": True, "updateStrategy": {
        "type": "RollingUpdate", "rollingUpdate": {"maxSurge": "0%", "maxUnavailable": 1}}},
    "settings of TLS beside its Secret": {"tls": {"existingSecret": "a"}, "settings": {
        "tls_min": 1.3, "tls_client_ca": "/own/ca.crt", "tls_ticket_keys": "/own/new.key, /own/old.key"}},
    "TLS off, said twice": {"settings": {"listen_tls": "off"}},
    "values of umbrella charts": {"global": {"any": ["thing"]}, "enabled": True},
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_goes_together_is_taken(helm, case):
    helm.render("-f", "-", stdin=json.dumps(TAKEN[case]))


UNKNOWN = {
    "at the top": {"replicas": 3},
    "below": {"service": {"ports": 53}},
    "a setting": {"settings": {"adress": "192.0.2.1"}},
    "a name of two ConfigMaps": {"existingConfigMaps": ["a", "a"]},
    "a team without names": {"existingConfigMaps": [{"name": "team-a"}]},
    "a team with two names in one": {"existingConfigMaps": [{"name": "team-a", "names": ["a.example, b.example"]}]},
    "a Secret as a whole": {"routeSecrets": [{"name": "corp"}]},
    "a file of a Secret in a folder": {"routeSecrets": [{"name": "corp", "files": {"tls.crt": "corp/tls.crt"}}]},
    "owners that are no pairs": {"settings": {"owners": "team-a"}},
    "a duration without unit": {"settings": {"drain": 5}},
    "a number that is a word": {"settings": {"max_inflight": "many"}},
    "an issuer's field": {"tls": {"certificate": {"issuerRef": {"names": "a"}}}},
    "a certificate's time without unit": {"tls": {"certificate": {"duration": "90"}}},
    "a kind": {"kind": "StatefulSet"},
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_the_schema_refuses(helm, case):
    done = helm.template("-f", "-", stdin=json.dumps(UNKNOWN[case]))
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr


def test_an_older_kubernetes_is_refused(helm):
    done = helm.template("--kube-version", "1.29.9")
    assert done.returncode != 0
    assert "chart requires kubeVersion: >=1.30.0-0 which is incompatible with Kubernetes v1.29.9" in done.stderr


def test_a_prerelease_of_a_distribution_is_taken(helm):
    assert helm.render("--kube-version", "1.30.4-gke.1348000")
