# SPDX-License-Identifier: MIT
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from project import Project  # noqa: E402  (found by the line above)

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def project():
    return Project(ROOT)


@pytest.fixture(scope="session")
def program():
    """The built dproxy: the one that ctest names, else that of preset dev or release."""
    named = os.environ.get("DPROXY_BINARY")
    if named:
        assert pathlib.Path(named).is_file(), f"DPROXY_BINARY={named} does not exist"
        return named
    for preset in ("dev", "release"):
        built = ROOT / "build" / preset / "dproxy"
        if built.is_file():
            return str(built)
    pytest.skip("dproxy is not built")
