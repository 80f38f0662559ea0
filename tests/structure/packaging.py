# SPDX-License-Identifier: MIT
"""Rules for what dproxy is shipped with: Dockerfiles, the systemd unit."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

BASES = re.compile(r"FROM (?:--platform=\S+ )?(debian:trixie-slim|scratch)(?: AS \w+)?")
MAX_EXPOSURE = 2.0  # of 10, as systemd-analyze counts it; 1.7 is what the network and port 53 cost

# The least that a unit has to give: four times max_buffered, so that `auto` is 64 MiB; all workers that can be set.
UNIT_LIMITS = {"MemoryMax": 256 << 20, "TasksMax": 1044}


def project_version(project):
    return re.search(r"^project\(dproxy VERSION ([\d.]+) ", project.text("CMakeLists.txt"), re.MULTILINE).group(1)


def dockerfile_faults(project):
    """Nothing that a stranger could not build: no front end to be pulled, no other base, no host of a mirror."""
    faults = []
    for path in project.files:
        if path.split("/")[-1] != "Dockerfile":
            continue
        for number, line in enumerate(project.lines(path), 1):
            if re.match(r"#\s*syntax\s*=", line, re.IGNORECASE):
                faults.append(f"{path}:{number}: a syntax line; the builder's own front end is enough")
            if line.startswith("FROM") and not BASES.fullmatch(line):
                faults.append(f"{path}:{number}: {line}: expected debian:trixie-slim or scratch")
            if re.search(r"https?://(?!github\.com/OWNER/)|_proxy\b", line, re.IGNORECASE):
                faults.append(f"{path}:{number}: a host or proxy; how packages are reached is the builder's affair")
            stated = re.fullmatch(r"ARG VERSION=(.*)", line)
            if stated and stated.group(1) != project_version(project):
                faults.append(f"{path}:{number}: {line}: CMakeLists.txt says {project_version(project)}")
    return faults


def unit_faults(project):
    """What systemd itself says of the units, with a program that is there."""
    faults = []
    for path in project.files:
        if path.endswith(".service"):
            with tempfile.TemporaryDirectory() as folder:
                faults += verified(path, project.text(path), pathlib.Path(folder, path.split("/")[-1]))
    return faults


def unit_limit_faults(project):
    faults = []
    for path in project.files:
        for name, least in UNIT_LIMITS.items() if path.endswith(".service") else ():
            found = re.search(rf"^{name}=(\d+)([KMG]?)$", project.text(path), re.MULTILINE)
            if not found or int(found.group(1)) << " KMG".index(found.group(2) or " ") * 10 < least:
                faults.append(f"{path}: {found.group(0) if found else name + ' is missing'}: expected {least} at least")
    return faults


def verified(path, text, unit):
    """The first fault alone: what cannot be read is not measured."""
    unit.write_text(re.sub(r"^ExecStart=dproxy ", f"ExecStart={shutil.which('true')} ", text, flags=re.MULTILINE))
    for command in (["verify"], ["security", "--offline=true", f"--threshold={int(MAX_EXPOSURE * 10)}"]):
        done = subprocess.run(["systemd-analyze", *command, str(unit)], capture_output=True, text=True, check=False,
                              env={**os.environ, "SYSTEMD_PAGER": "cat"})
        said = [line for line in (done.stderr + done.stdout).splitlines() if unit.name in line]
        if done.returncode or (command[0] == "verify" and said):
            return [f"{path}: systemd-analyze {command[0]}: {'; '.join(said) or done.returncode}"]
    return []
