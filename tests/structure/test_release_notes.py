# SPDX-License-Identifier: MIT
"""scripts/release-notes: the changelog's words for a version, if everything is of that version."""
import shutil
import subprocess

import pytest

CHANGES = """# Changelog

## [Unreleased]

- soon

## [0.2.0] - 2026-09-01

### Added

- two

## [0.1.0] - 2026-08-01

- one
"""


@pytest.fixture
def release_notes(project, tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "charts/dproxy").mkdir(parents=True)
    shutil.copy(project.root / "scripts/release-notes", tmp_path / "scripts")

    def run(version, program="0.2.0", chart="0.2.0", application="0.2.0", changes=CHANGES):
        (tmp_path / "CMakeLists.txt").write_text(f"project(dproxy VERSION {program} LANGUAGES CXX)\n")
        (tmp_path / "charts/dproxy/Chart.yaml").write_text(f'version: {chart}\nappVersion: "{application}"\n')
        (tmp_path / "CHANGELOG.md").write_text(changes)
        return subprocess.run([tmp_path / "scripts/release-notes", version], capture_output=True, text=True,
                              check=False)
    return run


def test_the_notes_are_those_of_the_version(release_notes):
    assert release_notes("0.2.0").stdout == "### Added\n\n- two\n"


def test_a_candidate_has_those_of_its_version_or_what_is_unreleased(release_notes):
    assert release_notes("0.2.0-rc.1").stdout == "### Added\n\n- two\n"
    before = CHANGES.replace("## [0.2.0] - 2026-09-01\n", "")
    assert "- soon" in release_notes("0.2.0-rc.1", changes=before).stdout
    assert release_notes("0.2.0", changes=before).returncode == 1


@pytest.mark.parametrize("part", ["program", "chart", "application"])
def test_everything_is_of_one_version(release_notes, part):
    done = release_notes("0.2.0", **{part: "0.1.0"})
    assert (done.returncode, done.stdout) == (1, "") and "0.1.0, not 0.2.0" in done.stderr


@pytest.mark.parametrize("version", ["", "v0.2.0", "0.2", "0.2.0 --all", "latest"])
def test_a_version_looks_like_one(release_notes, version):
    assert release_notes(version).returncode == 2


def test_this_checkout_could_be_released(project):
    version = next(line.split()[2] for line in project.lines("CMakeLists.txt") if line.startswith("project(dproxy"))
    done = subprocess.run([project.root / "scripts/release-notes", f"{version}-rc.1"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
