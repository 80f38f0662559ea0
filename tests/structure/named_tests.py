# SPDX-License-Identifier: MIT
"""Rules for docs/security-tests.md: each fault has a test that there is, or a sentence why it cannot occur."""

import re

from project import quoted, table

DOCUMENT = "docs/security-tests.md"
CANNOT = "Cannot occur: "
COLUMNS = 4


def rows(project):
    """(line number, cells) of each fault."""
    found = []
    for number, line in enumerate(project.lines(DOCUMENT), 1):
        cells = table("|\n|---|\n" + line + "\n") if line.startswith("| ") else []
        if cells and cells[0][0] != "fault":
            found.append((number, cells[0]))
    return found


def security_test_faults(project):
    if DOCUMENT not in project.files:
        return []
    faults = []
    for number, cells in rows(project):
        at = f"{DOCUMENT}:{number}"
        if len(cells) != COLUMNS or not all(cells):
            faults.append(f"{at}: {len(cells)} cells, {COLUMNS} were expected, none of them empty")
            continue
        named = [name for name in quoted(cells[3]) if ".py" in name or ".cpp" in name]
        if not named and not re.fullmatch(re.escape(CANNOT) + r".+\.", cells[3]):
            faults.append(f"{at}: neither a test nor '{CANNOT}' and a sentence")
        faults += [f"{at}: {name}: {fault}" for name in named if (fault := named_test_fault(project, name))]
    return faults


def named_test_fault(project, name):
    """`FILE::TEST` below tests/: a function of Python, or the title of a TEST_CASE. Fuzz targets are named by file."""
    file, _, test = name.partition("::")
    path = f"tests/{file}"
    if path not in project.files:
        return "no such file"
    if file.startswith("integration/") and not is_run(project, file):
        return "in no list of tests/integration/CMakeLists.txt"
    if file.startswith("fuzz/") and not test:
        return None
    if file.endswith(".py"):
        there = re.search(rf"^def {re.escape(test)}\(", project.text(path), re.MULTILINE)
    else:
        there = re.search(rf'TEST_CASE(?:_METHOD)?\((?:\w+, )?"{re.escape(test)}"', project.text(path))
    return None if there and test else "no such test"


def is_run(project, file):
    theme = re.fullmatch(r"integration/test_(\w+)\.py", file)
    build_file = "tests/integration/CMakeLists.txt"
    listed = re.findall(r"foreach\(theme([^)]*)\)", project.text(build_file))
    return bool(theme) and theme.group(1) in listed[0].split()
