# SPDX-License-Identifier: MIT
"""The files of a project, as the rules read them."""

import pathlib
import re
import subprocess

SOURCE_ENDINGS = (".cpp", ".hpp")
SCRIPT_ENDINGS = (".py", ".cmake", ".sh")


class Project:
    """A checkout. Paths are relative to its root, with slashes, as text."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(path for path in self._listed() if (self.root / path).is_file())

    def _listed(self):
        if (self.root / ".git").exists():
            command = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            listing = subprocess.run(command, capture_output=True, check=False)
            if listing.returncode == 0:
                return {name for name in listing.stdout.decode().split("\0") if name}
        skipped = {".git", "build", "__pycache__", ".pytest_cache"}
        found = (path.relative_to(self.root) for path in self.root.rglob("*"))
        return {str(path) for path in found if not skipped & set(path.parts)}

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        return self.text(path).splitlines()

    def is_text(self, path):
        return b"\0" not in (self.root / path).read_bytes()[:8192]

    def sources(self, *folders):
        """C++ files, of the named top folders or of the whole project."""
        return [path for path in self.files if path.endswith(SOURCE_ENDINGS) and in_folder(path, folders)]

    def scripts(self):
        """Executable text: everything that begins with #!."""
        return [path for path in self.files if self.text(path).startswith("#!")]

    def code(self):
        """All that people write in a programming language, build files among it."""
        endings = SOURCE_ENDINGS + SCRIPT_ENDINGS
        named = [path for path in self.files if path.endswith(endings) or path.endswith("CMakeLists.txt")]
        return sorted(set(named) | set(self.scripts()))

    def documents(self):
        return [path for path in self.files if path.endswith(".md")]


def in_folder(path, folders):
    return not folders or path.split("/")[0] in folders


def section(text, title):
    """What stands under a Markdown heading, down to the next one of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\s*$", text, re.MULTILINE)
    if not found:
        raise LookupError(f"no heading '{title}'")
    rest = text[found.end():]
    end = re.search(rf"^#{{1,{len(found.group(1))}}} ", rest, re.MULTILINE)
    return rest[:end.start()] if end else rest


def table(text):
    """The rows of every Markdown table in the text: lists of cells, without headings."""
    rows = []
    heading = True
    for line in text.splitlines():
        if not line.startswith("|"):
            heading = True
        elif re.fullmatch(r"[|:\- ]+", line):
            heading = False
        elif not heading:
            rows.append([cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def quoted(cell):
    """What stands between backticks in a cell, in order."""
    return re.findall(r"`([^`]+)`", cell)


def code_blocks(text):
    """(language, first line number, text) of every fenced block."""
    blocks = []
    language, begin, held = None, 0, []
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r"\s*```(.*)$", line)
        if fence and language is None:
            language, begin, held = fence.group(1).strip(), number + 1, []
        elif fence:
            blocks.append((language, begin, "\n".join(held) + "\n"))
            language = None
        elif language is not None:
            held.append(line)
    return blocks


def without_blocks(text):
    """The text with the inside of fenced blocks blanked, its line numbers kept."""
    kept, inside = [], False
    for line in text.splitlines():
        fence = re.match(r"\s*```", line)
        kept.append("" if inside or fence else line)
        if fence:
            inside = not inside
    return "\n".join(kept)
