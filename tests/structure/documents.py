# SPDX-License-Identifier: MIT
"""Rules for Markdown: one title, links that lead somewhere, paths that exist."""

import fnmatch
import os
import re

from project import without_blocks

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MAX_ARCHITECTURE_LINES = 200


def title_faults(project):
    faults = []
    for path in project.documents():
        titles = re.findall(r"^# .+$", without_blocks(project.text(path)), re.MULTILINE)
        if len(titles) != 1:
            faults.append(f"{path}: {len(titles)} titles, one was expected")
        elif not project.lines(path)[0].startswith("# "):
            faults.append(f"{path}: does not begin with its title")
    return faults


def anchors(text):
    """As GitHub makes them of headings."""
    found = set()
    for heading in re.findall(r"^#+ +(.+?)\s*$", without_blocks(text), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.replace(" ", "-"))
    return found


def link_faults(project):
    faults = []
    for path in project.documents():
        for number, line in enumerate(without_blocks(project.text(path)).splitlines(), 1):
            for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                fault = None if re.match(r"[a-z]+:", target) else link_fault(project, path, target)
                if fault:
                    faults.append(f"{path}:{number}: {fault}")
    return faults


def link_fault(project, path, target):
    file, _, anchor = target.partition("#")
    aim = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
    if not exists(project, aim):
        return f"{target}: no such file"
    if anchor and anchor not in anchors(project.text(aim)):
        return f"{target}: no such heading"
    return None


def exists(project, path):
    path = path.rstrip("/")
    return any(name == path or name.startswith(path + "/") or fnmatch.fnmatch(name, path) for name in project.files)


def named_path_faults(project, document):
    """Paths between backticks that begin with one of the project's own folders."""
    folders = {name.split("/")[0] for name in project.files if "/" in name}
    faults = []
    for number, line in enumerate(without_blocks(project.text(document)).splitlines(), 1):
        for word in re.findall(r"`([\w.\-*]+/[\w./\-*]*)`", line):
            if word.split("/")[0] in folders and not exists(project, word):
                faults.append(f"{document}:{number}: {word}: no such file")
    return faults


def architecture_length_faults(project):
    count = len(project.lines("ARCHITECTURE.md"))
    return [f"ARCHITECTURE.md: {count} lines"] if count > MAX_ARCHITECTURE_LINES else []
