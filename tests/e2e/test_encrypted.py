# SPDX-License-Identifier: MIT
"""Over TLS and HTTPS through the Service, a Secret that is renewed under load, behind a proxy that ends TLS, and from a
sidecar that encrypts towards an outside resolver."""
import base64
import hashlib
import json
import ssl
import subprocess
import time

import pytest
import yaml
from cluster import IMAGE, ROOT, TOOLS, cluster_dns, run, wait_until

NAME = "dns.example.com"


def examples(file):
    return [one for one in yaml.safe_load_all((ROOT / "deploy" / "sidecar" / file).read_text()) if one]


class Pair:
    """A self-signed certificate and its key, as the Secret has them."""

    def __init__(self, directory, name=NAME):
        self.certificate, self.key = directory / "tls.crt", directory / "tls.key"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", self.key,
            "-out", self.certificate)

    @property
    def fingerprint(self):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate.read_text())).hexdigest()

    def secret(self, name):
        data = {file.name: base64.b64encode(file.read_bytes()).decode() for file in (self.certificate, self.key)}
        return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": name},
                "data": data}


@pytest.fixture
def new_pair(tmp_path_factory):
    return lambda name=NAME: Pair(tmp_path_factory.mktemp("pair"), name)


@pytest.fixture
def served(space, new_pair):
    """dproxy over TLS and HTTPS, with a nameserver behind it; and a client that has the certificate."""
    space.nameserver("one", "one.test", "192.0.2.1")
    pair = new_pair()
    space.apply(pair.secret("dns-tls"))
    space.tools("client", container={"volumeMounts": [{"name": "tls", "mountPath": "/etc/tls"}]},
                volumes=[{"name": "tls", "secret": {"secretName": "dns-tls"}}])
    space.install({"routes": {"up.prox": "[.one.test]\n\taddress = one:5353\n"}, "tls": {"existingSecret": "dns-tls"},
                   "https": {"enabled": True}})
    space.until("www.one.test", ["192.0.2.1"])
    return pair


def answers(space, *options, server="dproxy"):
    return space.in_tools("kdig", f"@{server}", "www.one.test", "+short", "+retry=0", "+time=3", *options,
                          check=False).split()


def test_services_answer_over_tls_and_https(space, served):
    verified = ("+tls-ca=/etc/tls/tls.crt", f"+tls-host={NAME}")
    for address in space.service_ips():
        for way in ("+tls", "+https", "+https-get"):
            wait_until(lambda address=address, way=way: answers(space, way, *verified, server=address)
                       == ["192.0.2.1"], f"an answer of {address} over {way}")
    assert not answers(space, "+tls", "+tls-ca=/etc/tls/tls.crt", "+tls-host=other.example"), "verified as another"
    url = f"https://{NAME}/dns-query?dns=AAABAAABAAAAAAAAA3d3dwNvbmUEdGVzdAAAAQAB"
    told = space.in_tools("curl", "-sS", "--http2", "--cacert", "/etc/tls/tls.crt", "--resolve",
                          f"{NAME}:443:{space.service_ips()[0]}", "-o", "/dev/null", "-w",
                          "%{http_code} %{http_version} %{content_type}", url)
    assert told.split() == ["200", "2", "application/dns-message"]


def test_a_secret_is_renewed_under_load(space, served, new_pair):
    seconds = 40
    address = space.service_ips()[0]
    plain = space.begin_load(address, "www.one.test", seconds, 2000)
    over_tls = subprocess.Popen(["kubectl", "--namespace", space.name, "exec", "deployment/client", "-c", "tools", "--",
                                 "load-tls", address, "853", "200", str(seconds), "www.one.test"],
                                stdout=subprocess.PIPE, text=True)
    time.sleep(5)
    renewed = new_pair()
    space.apply(renewed.secret("dns-tls"))
    applied = time.time()
    found, encrypted = plain(), json.loads(over_tls.communicate(timeout=seconds + 60)[0])
    certificates = encrypted.pop("certificates")
    assert set(certificates) == {served.fingerprint, renewed.fingerprint}
    print(f"renewed: met {certificates[renewed.fingerprint] - applied:.1f} s after it was applied; {encrypted}; "
          f"over UDP {found['sent']} sent, {found['lost']} lost")
    assert (found["lost"], found["failed"]) == (0, 0)
    assert (encrypted["failed"], encrypted["reopened"]) == (0, 0) and encrypted["answered"] == encrypted["sent"]
    assert not any(space.restarts().values())


def test_a_broken_secret_leaves_the_last_good_one(space, served, new_pair):
    other = new_pair().secret("dns-tls")
    other["data"]["tls.key"] = base64.b64encode(b"no key at all\n").decode()
    space.apply(other)
    wait_until(lambda: all(space.metric(pod["status"]["podIP"], "dproxy_tls_certificate_valid") == 0
                           for pod in space.pods()), "a metric that tells of it")
    assert "tls.key" in space.kubectl("logs", "-l", "app.kubernetes.io/name=dproxy", "--tail=100")
    assert answers(space, "+tls") == answers(space, "+https") == ["192.0.2.1"]


def test_behind_a_proxy_that_ends_tls(space, new_pair):
    """It names the client: a route for some goes by that name."""
    space.nameserver("one", "one.test", "192.0.2.1")
    space.apply(new_pair().secret("dns-tls"))
    mounted = {"volumeMounts": [{"name": "tls", "mountPath": "/etc/tls"}]}
    volumes = [{"name": "tls", "secret": {"secretName": "dns-tls"}}]
    space.tools("client", container=mounted, volumes=volumes)
    client = space.pods("app.kubernetes.io/name=client")[0]["status"]["podIP"]
    space.install({"routes": {"up.prox": f"[.one.test]\n\taddress = one:5353\n\tclients = {client}/32\n"},
                   "http": {"enabled": True, "trustedProxies": ["10.0.0.0/8", "fd00::/8"]}})
    space.tools("ingress", ("ingress", "dproxy-http"), container=mounted, volumes=volumes)
    space.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "ingress"},
                 "spec": {"selector": {"app.kubernetes.io/name": "ingress"},
                          "ports": [{"name": "https", "port": 443, "targetPort": 8443}]}})
    for way in ("+https", "+https-get"):
        wait_until(lambda way=way: answers(space, way, server="ingress") == ["192.0.2.1"],
                   f"an answer through nginx, {way}")
    # The proxy itself is nobody that the route is for.
    assert "REFUSED" in space.in_tools("kdig", "@dproxy", "www.one.test", "+retry=0", name="ingress", check=False)


def test_the_sidecar_encrypts_towards_an_outside_resolver(space, new_pair):
    pair = new_pair("resolver.example")
    space.apply(pair.secret("resolver-tls"))
    script = ("setLocal('127.0.0.1:5399')\naddTLSLocal('0.0.0.0:8853', '/etc/tls/tls.crt', '/etc/tls/tls.key')\n"
              "addAction(AllRule(), SpoofAction('192.0.2.9'))\n")
    space.config_map("resolver", {"dnsdist.conf": script})
    space.tools("resolver", ("dnsdist", "--supervised", "-C", "/etc/resolver/dnsdist.conf"),
                container={"volumeMounts": [{"name": "tls", "mountPath": "/etc/tls"},
                                            {"name": "config", "mountPath": "/etc/resolver"}]},
                volumes=[{"name": "tls", "secret": {"secretName": "resolver-tls"}},
                         {"name": "config", "configMap": {"name": "resolver"}}])
    address = wait_until(lambda: next(iter(space.pods("app.kubernetes.io/name=resolver")), {})
                         .get("status", {}).get("podIP"), "an address")
    deployment, = (one for one in examples("sidecar.yaml") if one["kind"] == "Deployment")
    routes, = examples("encrypted.yaml")
    assert "tls_name = dns.quad9.net" in routes["data"]["outside.prox"]
    routes["data"] = {
        "cluster.prox": routes["data"]["cluster.prox"].replace("10.96.0.10", cluster_dns()),
        "outside.prox": f"[*]\n\taddress = {address}:8853\n\tprotocol = tls\n\ttls_name = resolver.example\n"
                        "\ttls_ca = resolver.crt\n",
        "resolver.crt": pair.certificate.read_text()}
    pod = deployment["spec"]["template"]["spec"]
    pod["initContainers"][0]["image"] = IMAGE
    pod["containers"][0].update(name="tools", image=TOOLS, imagePullPolicy="IfNotPresent")
    objects = [routes, deployment]
    space.apply(*objects)
    space.kubectl("rollout", "status", "deployment/app", "--timeout=120s")
    found = space.in_tools("getent", "ahostsv4", "www.outside.example", name="app").split()
    assert found and found[0] == "192.0.2.9"
    assert space.in_tools("getent", "ahostsv4", "kubernetes.default.svc.cluster.local", name="app").split()
