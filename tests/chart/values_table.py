# SPDX-License-Identifier: MIT
"""The table of values in the chart's README.md, made of the comments in values.yaml."""

import json
import re

BEGIN = "<!-- values: written by tests/chart/run --update -->"
END = "<!-- end of values -->"


def documented(text):
    """(path, description) of each key below a comment that begins with `# --`, in order."""
    found, path, comment = [], [], None
    for line in text.splitlines():
        begin = re.match(r"\s*# -- (.*)", line)
        more = re.match(r"\s*# (.*)", line)
        key = re.match(r"( *)([A-Za-z]\w*):", line)
        if begin:
            comment = begin.group(1)
        elif more and comment is not None:
            comment += " " + more.group(1)
        elif key:
            path = path[:len(key.group(1)) // 2] + [key.group(2)]
            if comment is not None:
                found.append((tuple(path), comment))
            comment = None
        elif not line.strip():
            comment = None
    return found


def value_at(values, path):
    for key in path:
        values = values[key]
    return values


def table(text, values):
    rows = ["| value | meaning | default |", "|---|---|---|"]
    for path, description in documented(text):
        default = json.dumps(value_at(values, path))
        cells = [f"`{'.'.join(path)}`", description, f"`{default}`"]
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def with_table(readme, text, values):
    """The README with its table made anew."""
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{table(text, values)}\n{END}{after}"
