# SPDX-License-Identifier: MIT
"""Rules for scripts and for what runs them."""

import os
import re
import shutil
import subprocess


def bash_scripts(project):
    return [path for path in project.scripts() if project.lines(path)[0] == "#!/bin/bash"]


def script_faults(project):
    faults = []
    for path in bash_scripts(project):
        full = project.root / path
        if not os.access(full, os.X_OK):
            faults.append(f"{path}: not executable")
        if "set -euo pipefail" not in project.lines(path):
            faults.append(f"{path}: no 'set -euo pipefail'")
        faults += command_faults(path, ["bash", "-n", str(full)])
        if shutil.which("shellcheck"):
            faults += command_faults(path, ["shellcheck", str(full)])
    return faults


def command_faults(path, command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [f"{path}: {done.stdout}{done.stderr}"] if done.returncode else []


def workflow_faults(project):
    faults = []
    for path in workflows(project):
        if not re.search(r"^permissions:\n {2}contents: read\n(?! )", project.text(path), re.MULTILINE):
            faults.append(f"{path}: no 'permissions: contents: read' by itself; more is a single job's")
        for number, line in enumerate(project.lines(path), 1):
            used = re.search(r"\buses:\s*(\S+)(.*)", line)
            if used and not re.fullmatch(r"[\w.\-/]+@[0-9a-f]{40}", used.group(1)):
                faults.append(f"{path}:{number}: {used.group(1)}: pinned by a commit, not by a tag")
            elif used and not re.fullmatch(r" {2}# v\d+\.\d+\.\d+", used.group(2)):
                faults.append(f"{path}:{number}: {used.group(1)}: '  # v1.2.3' after it says which version that is")
        if shutil.which("actionlint"):
            faults += command_faults(path, ["actionlint", str(project.root / path)])
    return faults


def workflows(project):
    return [path for path in project.files if re.fullmatch(r"\.github/workflows/.+\.ya?ml", path)]


def quick_suite_faults(project):
    """What .ci/run picks of the integration tests is there: else it would pass without them."""
    picked = re.search(r"^hostile=\(([\w\s]+)\)$", project.text(".ci/run"), re.MULTILINE)
    if not picked:
        return [".ci/run: no list `hostile=(...)` of integration tests"]
    return [f".ci/run: {suite}: no tests/integration/test_{suite}.py" for suite in picked[1].split()
            if f"tests/integration/test_{suite}.py" not in project.files]


def fuzz_target_faults(project):
    """Each fuzz target is fuzzed every night."""
    nightly, built = ".github/workflows/nightly.yml", "tests/fuzz/CMakeLists.txt"
    if built not in project.files:
        return []
    targets = set(re.findall(r"^dproxy_fuzz_target\((\w+) ", project.text(built), re.MULTILINE))
    listed = re.search(r"^ +target: \[(.*)\]$", project.text(nightly), re.MULTILINE)
    missing = targets ^ set(re.findall(r"\w+", listed.group(1)))
    return [f"{nightly}: target: {target}: in one of it and {built}, not in both" for target in sorted(missing)]
