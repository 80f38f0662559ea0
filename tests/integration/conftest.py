# SPDX-License-Identifier: MIT
"""Fixtures: a world for each test, or for a whole file; what the programs said is printed when a test fails."""
import contextlib
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from harness.certificates import Certificates  # noqa: E402
from harness.host_names import HostNames  # noqa: E402
from harness.ports import ClosedPort, free_port  # noqa: E402
from harness.program import BINARY  # noqa: E402
from harness.world import World  # noqa: E402

WORLDS = []


def pytest_generate_tests(metafunc):
    """Every test that takes `transport` runs over both; one that takes `family` over both."""
    if "transport" in metafunc.fixturenames:
        metafunc.parametrize("transport", ["udp", "tcp"])
    if "family" in metafunc.fixturenames:
        metafunc.parametrize("family", [4, 6], ids=["ipv4", "ipv6"])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for world in WORLDS:
            report.sections.append(("what dproxy said", world.report()))


def open_world(directory):
    assert os.access(BINARY, os.X_OK), f"no program at {BINARY}: build it, or name it in DPROXY_BINARY"
    WORLDS.append(World(directory))
    try:
        yield WORLDS[-1]
    finally:
        WORLDS.pop().close()


@pytest.fixture
def world(tmp_path):
    yield from open_world(tmp_path)


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory):
    yield from open_world(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and what it issues."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def pair(certificates):
    """A certificate and its key."""
    return certificates.issue()


@pytest.fixture
def closed_port():
    with contextlib.closing(ClosedPort()) as port:
        yield port


@pytest.fixture
def closed_address(closed_port):
    """Where nobody listens."""
    return str(closed_port)


@pytest.fixture
def names(world):
    """A nameserver for the host names of upstreams."""
    return HostNames(world)


@pytest.fixture
def port():
    """One that is free on every loopback address."""
    return free_port()


@pytest.fixture
def resolv_conf(tmp_path):
    """Runs a command with an /etc/resolv.conf of the test's own, in a user and mount namespace."""
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")

    def wrap(text):
        file = tmp_path / "resolv.conf"
        file.write_text(text)
        return [*unshare, "sh", "-c", f'mount --bind "{file}" /etc/resolv.conf && exec "$@"', "sh"]
    return wrap
