# SPDX-License-Identifier: MIT
"""What the tests of the image share. The image itself is built by tests/image/run."""

import pathlib
import re
import sys

import pytest

import engine

sys.path.append(str(pathlib.Path(engine.ROOT, "tests/hardening")))  # reads programs for this as well


@pytest.fixture(scope="session")
def files():
    """What the image holds: path → (tar member, contents)."""
    return {path: (member, contents) for path, member, contents in engine.layers(engine.IMAGE)}


@pytest.fixture(scope="session")
def program(files, tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "dproxy"
    path.write_bytes(files["/usr/bin/dproxy"][1])
    path.chmod(0o755)
    return path


@pytest.fixture(scope="session")
def version():
    text = pathlib.Path(engine.ROOT, "CMakeLists.txt").read_text()
    return re.search(r"^project\(dproxy VERSION ([\d.]+) ", text, re.MULTILINE).group(1)


@pytest.fixture
def routes(tmp_path):
    """A folder with one route that needs no nameserver, readable by every user."""
    folder = tmp_path / "routes"
    folder.mkdir()
    for made in (tmp_path, *tmp_path.parents[:2], folder):
        made.chmod(0o755)
    (folder / "one.prox").write_text("[.example.com]\n\tanswer = nxdomain\n")
    return folder
