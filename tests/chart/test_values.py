# SPDX-License-Identifier: MIT
"""Values are documented, and the schema knows them and the program's settings. Needs no helm."""

import json
import os
import re
import subprocess

import pytest
import yaml

import values_table
from conftest import CHART, ROOT

TEXT = (CHART / "values.yaml").read_text()
VALUES = yaml.safe_load(TEXT)
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
PATHS = [path for path, _ in values_table.documented(TEXT)]
FOR_UMBRELLA_CHARTS = {"global", "enabled"}


def leaves(values, path=()):
    """Paths down to what is documented; a map whose keys are documented one by one is gone into."""
    for key, value in values.items():
        here = (*path, key)
        if here in PATHS or not isinstance(value, dict):
            yield here
        else:
            yield from leaves(value, here)


def subschema(path):
    schema = SCHEMA
    for key in path:
        schema = resolved(resolved(schema)["properties"][key])
    return schema


def resolved(schema):
    return SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def test_every_value_is_documented():
    assert list(leaves(VALUES)) == [path for path in PATHS if not is_parent(path)]


def is_parent(path):
    return any(other[:len(path)] == path and other != path for other in PATHS)


def test_the_readme_has_the_table_of_values():
    readme = CHART / "README.md"
    expected = values_table.with_table(readme.read_text(), TEXT, VALUES)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        readme.write_text(expected)
    assert readme.read_text() == expected, "tests/chart/run --update writes it"


def test_the_schema_has_each_value_and_no_other():
    assert set(SCHEMA["properties"]) == set(VALUES) | FOR_UMBRELLA_CHARTS
    for path in PATHS:
        parent = resolved(subschema(path[:-1]))
        assert path[-1] in parent["properties"], ".".join(path)
        assert parent["additionalProperties"] is False, ".".join(path[:-1])


def test_the_schema_has_no_key_that_is_not_in_the_values():
    def compare(schema, values, path):
        for key, inner in schema.get("properties", {}).items():
            if path + (key,) in {(name,) for name in FOR_UMBRELLA_CHARTS} or path in (("settings",), ("resources",)):
                continue
            assert key in values, ".".join(path + (key,))
            if "properties" in resolved(inner):
                compare(resolved(inner), values[key], path + (key,))
    compare(SCHEMA, VALUES, ())


def test_settings_are_those_of_the_program(program):
    helped = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    offered = re.findall(r"^  ([a-z_]+) {2,}\S", helped[helped.index("Settings"):], re.MULTILINE)
    assert list(subschema(("settings",))["properties"]) == offered


# One value for each setting that the schema takes: the program takes it too, as the environment that the chart makes.
SETTINGS = {
    "port": 1053, "listen": "0.0.0.0:1053, [::]:1053", "listen_tls": "0.0.0.0:1853",
    "listen_https": "0.0.0.0:1443", "listen_http": "0.0.0.0:1080", "https_path": "/dns-query",
    "trusted_proxies": "10.0.0.0/8, fd00::/8", "tls_cert": "tls.crt, other.crt",
    "tls_key": "tls.key, other.key", "tls_client_ca": "ca.crt", "tls_min": "1.3", "tls_ticket_keys": "ticket.key",
    "ddr_name": "dns.example.net dot=853", "proxy_from": "10.0.5.0/24, fd00:5::/64",
    "upstreamlocation": "routes", "upstreamextension": ".prox",
    "owners": "team-a=.team-a.example, team-b=b.example",
    "usemasterupstream": True, "masterupstream": "192.0.2.1:53", "masterallow": "10.0.0.0/8",
    "norouteanswer": "nxdomain", "admin": "[::]:9000", "admin_hosts": "a.example, b.example", "workers": "auto",
    "loglevel": "cluster", "logformat": "json", "querylog": "1/1000",
    "dnstap": "unix:/run/dnstap/dnstap.sock", "drain": "250ms",
    "strict": False, "allow": "all", "ratelimit": 1000000, "tcp_connections": 1000000,
    "tcp_connections_per_client": 1000000, "tcp_idle": "1m", "tcp_queries": 1000000000, "tcp_inflight": 10000,
    "max_inflight": 10000000, "max_buffered": "64MiB", "cache_size": "32MiB",
    "cookie_secret": "e5e973e5a6b2a43f48e7dc849e37bfcf, 445536BCD2513298075A5D379663C962",
    "metrics_routes": 60000, "metrics_upstreams": 0, "bootstrap": "192.0.2.1",
}


def test_a_value_of_each_setting_stands_below():
    assert list(SETTINGS) == list(subschema(("settings",))["properties"])


# What these are good for only together with others.
NEEDED = {
    "listen_tls": {"tls_cert": "tls.crt", "tls_key": "tls.key"},
    "listen_https": {"tls_cert": "tls.crt", "tls_key": "tls.key"},
    "tls_cert": {"tls_key": SETTINGS["tls_key"]},
    "tls_key": {"tls_cert": SETTINGS["tls_cert"]},
    "ddr_name": {"listen_tls": "0.0.0.0:1853", "tls_cert": "tls.crt", "tls_key": "tls.key"},
}


def certify(folder, name):
    """NAME.crt and NAME.key, signed by itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "30", "-subj", "/CN=test", "-addext", "subjectAltName=DNS:dns.example", "-keyout",
                    folder / f"{name}.key", "-out", folder / f"{name}.crt"], capture_output=True, check=True)


@pytest.mark.parametrize("key", SETTINGS)
def test_the_program_takes_what_the_schema_takes(program, tmp_path, key):
    (tmp_path / "routes").mkdir()
    if key in NEEDED:
        certify(tmp_path, "tls")
        certify(tmp_path, "other")
    value = json.dumps(SETTINGS[key]).strip('"')
    environment = {"DPROXY_UPSTREAMLOCATION": "routes", "DPROXY_MASTERUPSTREAM": "192.0.2.1",
                   f"DPROXY_{key.upper()}": value,
                   **{f"DPROXY_{other.upper()}": needed for other, needed in NEEDED.get(key, {}).items()}}
    done = subprocess.run([program, "check"], cwd=tmp_path, env=environment, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_chart_has_the_programs_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = re.search(r"^project\(dproxy VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE).group(1)
    assert (chart["version"], chart["appVersion"]) == (version, version)
