# SPDX-License-Identifier: MIT
"""HTTP/2 as h2spec finds it, whole and strict, with TLS and without."""
import os
import shutil
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import pytest
from harness import wire
from harness.certificates import Certificates
from harness.http2 import in_target
from harness.ports import free_port
from harness.prox_directory import route

PACKAGE, VERSION = "github.com/summerwind/h2spec/cmd/h2spec", "v2.2.1+incompatible"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dproxy-h2spec" / VERSION

# Where h2spec goes by RFC 7540, or cannot know what else is spoken here.
DIFFERENT = {
    # RFC 9113 5.3.1 has taken priorities away; they are counted, and otherwise play no part.
    "http2/5.3.1": "Sends PRIORITY frame that depend on itself",
}
WITHOUT_TLS = {
    # What does not begin as HTTP/2 does is HTTP/1.1 there, and this is answered 400 as such.
    "http2/3.5": "Sends invalid connection preface",
}


@pytest.fixture(scope="module")
def h2spec():
    """The program: from PATH, else built by Go, once."""
    found = shutil.which("h2spec") or (CACHE / "h2spec" if (CACHE / "h2spec").exists() else None)
    if found:
        return found
    if not shutil.which("go"):
        pytest.skip("no h2spec here, and no Go to build it")
    done = subprocess.run(["go", "install", f"{PACKAGE}@{VERSION}"], capture_output=True, text=True, timeout=900,
                          env={**os.environ, "GOBIN": str(CACHE), "CGO_ENABLED": "0"}, check=False)
    if done.returncode:
        pytest.skip(f"Go could not build h2spec: {done.stderr[-500:]}")
    return CACHE / "h2spec"


@pytest.mark.parametrize("way", ["https", "http"])
def test_h2spec(world, h2spec, tmp_path, way):
    certificate, key = Certificates(tmp_path / "certificates").issue()
    proxy = world.proxy(route("*", world.upstream(1)), tls_cert=certificate, tls_key=key,
                        tcp_connections_per_client=1000, **{f"listen_{way}": f"127.0.0.1:{free_port()}"})
    command = [h2spec, "--strict", "--host", "127.0.0.1", "--port", str(proxy.port_of(way)), "--timeout", "5",
               "--path", in_target(wire.query("x.test")), "--junit-report", tmp_path / "report",
               *(["--tls", "--insecure"] if way == "https" else [])]
    said = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False).stdout
    cases = list(xml.etree.ElementTree.parse(tmp_path / "report").iter("testcase"))
    assert len(cases) > 140, said
    failed = {case.get("package"): case.get("classname") for case in cases
              if case.find("failure") is not None or case.find("error") is not None}
    assert failed == {**DIFFERENT, **(WITHOUT_TLS if way == "http" else {})}, said
