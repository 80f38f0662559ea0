# SPDX-License-Identifier: MIT
"""Each file of src has a test of its own name, `src/dns/name.cpp` has `tests/unit/dns/name_test.cpp`; or it says at its
top which test holds it: `// Held by tests/integration/test_routing.py.`, one or several."""

import re

from functions import definitions
from named_tests import is_run

HELD_BY = re.compile(r"\bHeld by ((?:tests/[\w/]+\.\w+(?:,| and)? ?)+)\.?")
TEST = re.compile(r"tests/(?:unit|simulation)/[\w/]+_test\.cpp|tests/integration/test_\w+\.py|tests/fuzz/\w+_fuzz\.cpp")


def unheld_faults(project):
    faults = []
    for path in project.sources("src"):
        if not needs_a_test(project, path):
            continue
        own = re.sub(r"^src/(.*)\.[ch]pp$", r"tests/unit/\1_test.cpp", path)
        named = holders(project, path)
        if own not in project.files and not named:
            faults.append(f"{path}: neither is there {own}, nor says it which test holds it")
        faults += [f"{path}: held by {test}: {fault}" for test in named if (fault := holder_fault(project, test))]
    return faults


def needs_a_test(project, path):
    """Headers without functions declare; those with a .cpp are held with it."""
    if path.endswith(".cpp"):
        return True
    return path.removesuffix(".hpp") + ".cpp" not in project.files and bool(definitions(project.text(path)))


def holders(project, path):
    """The tests that the comment at the top of the file names."""
    top = re.match(r"(?://.*\n)*", project.text(path)).group(0)
    said = HELD_BY.search(re.sub(r"\s*\n// ?", " ", top))
    return re.findall(r"tests/[\w/]+\.\w+", said.group(1)) if said else []


def holder_fault(project, test):
    if test not in project.files:
        return "no such file"
    if not TEST.fullmatch(test):
        return "no test"
    if test.startswith("tests/integration/") and not is_run(project, test.removeprefix("tests/")):
        return "in no list of tests/integration/CMakeLists.txt"
    return None
