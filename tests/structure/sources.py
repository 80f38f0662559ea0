# SPDX-License-Identifier: MIT
"""Rules of form: size, names, white space, licence, and that every file is built."""

import re

from functions import definitions
from layers import includes

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_LINE_LENGTH = 120
FORBIDDEN_WORDS = {"util", "utils", "common", "manager", "helper", "helpers"}
LICENCE = "SPDX-License-Identifier: MIT"
# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.$}{-])/(?:" + "|".join(("work", "home", "root")) + r")/")
# a()->b and *a(); a().b lives on as long as the walk, and whether a().b() is a part of a() its text does not say.
WALK_IN_A_CALL = re.compile(r".*\)->|\*[^()]*\(")
ABSENT_DOCUMENT = re.compile(r"\b" + "DES" + r"IGN\b")


def file_length_faults(project):
    counted = ((path, len(project.lines(path))) for path in project.sources("src", "tests"))
    return [f"{path}: {count} lines, at most {MAX_FILE_LINES}" for path, count in counted if count > MAX_FILE_LINES]


def function_length_faults(project):
    faults = []
    for path in project.sources("src", "tests"):
        for first, last, head in definitions(project.text(path)):
            length = last - first + 1
            if length > MAX_FUNCTION_LINES:
                faults.append(f"{path}:{first}: {length} lines, at most {MAX_FUNCTION_LINES}: {head[:70]}")
    return faults


def name_faults(project):
    faults = []
    for path in project.files:
        if FORBIDDEN_WORDS & set(re.split(r"[/_.\-]", path.lower())):
            faults.append(f"{path}: a name that says nothing (one of {', '.join(sorted(FORBIDDEN_WORDS))})")
    declared = re.compile(r"^\s*(?:inline )?(?:namespace|class|struct|enum class)\s+([\w:]+)")
    for path in project.sources():
        for number, line in enumerate(project.lines(path), 1):
            found = declared.match(line)
            if found and FORBIDDEN_WORDS & set(words_of(found.group(1))):
                faults.append(f"{path}:{number}: {found.group(1)}: a name that says nothing")
        if not re.fullmatch(r"[a-z0-9_]+\.[ch]pp", path.split("/")[-1]):
            faults.append(f"{path}: file names are in snake_case")
    return faults


def words_of(name):
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+", name)]


def licence_faults(project):
    return [f"{path}: no '{LICENCE}' in its first two lines" for path in project.code()
            if not any(LICENCE in line for line in project.lines(path)[:2])]


def white_space_faults(project):
    faults = []
    for path in project.code():
        if project.text(path) and not project.text(path).endswith("\n"):
            faults.append(f"{path}: no line break at its end")
        for number, line in enumerate(project.lines(path), 1):
            if "\t" in line:
                faults.append(f"{path}:{number}: a tab")
            if line != line.rstrip():
                faults.append(f"{path}:{number}: blanks at the end")
            if len(line) > MAX_LINE_LENGTH:
                faults.append(f"{path}:{number}: {len(line)} characters, at most {MAX_LINE_LENGTH}")
    for path in project.documents():
        for number, line in enumerate(project.lines(path), 1):
            if line != line.rstrip():
                faults.append(f"{path}:{number}: blanks at the end")
    return faults


def header_faults(project):
    """Each header guards itself, and its .cpp includes it before all others."""
    faults = []
    sources = project.sources("src")
    for path in sources:
        if path.endswith(".hpp") and "#pragma once" not in project.lines(path):
            faults.append(f"{path}: no #pragma once")
        own = path.removeprefix("src/").removesuffix(".cpp") + ".hpp"
        if path.endswith(".cpp") and f"src/{own}" in sources:
            first = next(includes(project, path), (1, None, None))
            if first[1] != own:
                faults.append(f'{path}:{first[0]}: its own "{own}" comes first')
    return faults


def dangling_range_faults(project):
    """A range-for keeps what its range expression gives, not what was called on the way to it: of
    `for (x : made()->parts)` the object that made() gave is gone before the first x (mended in C++23, P2718)."""
    faults = []
    for path in project.sources():
        for number, line in enumerate(project.lines(path), 1):
            if WALK_IN_A_CALL.match(range_expression(line)):
                faults.append(f"{path}:{number}: walks in what a call gave, which is gone by then; name it first")
    return faults


def range_expression(line):
    """What a range-for on this line walks in, or nothing."""
    head = re.search(r"\bfor \((?:[^;:]|::)+[^:]:(?!:) *", line)
    rest = line[head.end():] if head else ""
    depth = 1
    for at, character in enumerate(rest):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return rest[:at]
    return rest


def unbuilt_faults(project):
    """Each .cpp is named by a CMakeLists.txt beside or above it; each header is included by something."""
    faults = []
    included = {own or system for path in project.sources() for _, own, system in includes(project, path)}
    for path in project.sources("src", "tests", "cmake"):
        if path.endswith(".cpp") and not is_listed(project, path):
            faults.append(f"{path}: in no CMakeLists.txt")
        if path.endswith(".hpp") and not any(path.endswith("/" + header) for header in included):
            faults.append(f"{path}: included by nothing")
    return faults


def is_listed(project, path):
    parts = path.split("/")
    for depth in range(len(parts) - 1, -1, -1):
        folder = "/".join(parts[:depth])
        name = "/".join(parts[depth:])
        for build_file in build_files(project, folder):
            pattern = rf"(?<![\w/.]){re.escape(name)}(?![\w.])"
            if re.search(pattern, project.text(build_file).replace("${CMAKE_SOURCE_DIR}/", "")):
                return True
    return False


def build_files(project, folder):
    at = f"{folder}/" if folder else ""
    return [path for path in project.files
            if path == f"{at}CMakeLists.txt" or (not folder and re.fullmatch(r"cmake/\w+\.cmake", path))]


def machine_path_faults(project):
    faults = []
    for path in project.files:
        if not project.is_text(path):
            continue
        for number, line in enumerate(project.lines(path), 1):
            found = MACHINE_PATH.search(line)
            if found:
                faults.append(f"{path}:{number}: {found.group(0)}: a path of one machine")
    return faults


def absent_document_faults(project):
    """A text refers the reader to what the project holds."""
    return [f"{path}:{number}: cites a document that is not in the project"
            for path in project.files if project.is_text(path)
            for number, line in enumerate(project.lines(path), 1) if ABSENT_DOCUMENT.search(line)]
