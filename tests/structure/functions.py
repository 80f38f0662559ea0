# SPDX-License-Identifier: MIT
"""Finds function definitions in C++ text by its braces: at namespace and class level only, so that a lambda
counts with the function that it stands in."""

import re

TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<raw>R"(?P<delimiter>[^()\s\\]{0,16})\(.*?\)(?P=delimiter)")
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<number>\b\d[\w']*)
  | (?P<character>'(?:\\.|[^'\\\n])+')
  | (?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
LABELS = re.compile(r"^(?:\s*(?:public|private|protected)\s*:)+")
SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b|\bextern\s*$")


def blanked(text):
    """The text with comments, literals and directives made blank; line breaks stay."""

    def blank(found):
        held = re.sub(r"[^\n]", " ", found.group(0))
        return "0" + held[1:] if found.lastgroup in ("number",) else held

    return TOKEN.sub(blank, text)


def definitions(text):
    """(first line, last line, head) of each function."""
    clean = blanked(text)
    found = []
    scopes = []  # one entry a brace: "scope", "other", or (first line, head) of a function
    begin = 0    # where the current head begins
    for at, char in enumerate(clean):
        if char in ";}":
            if char == "}" and scopes:
                closed = scopes.pop()
                if isinstance(closed, tuple):
                    found.append((closed[0], clean.count("\n", 0, at) + 1, closed[1]))
            begin = at + 1
        elif char == "{":
            head = clean[begin:at]
            scopes.append(kind_of(head, scopes, clean, begin))
            begin = at + 1
    return found


def without_templates(head):
    """The head with what stands between angle brackets made blank."""
    before = None
    while before != head:
        before = head
        head = re.sub(r"<[^<>]*>", lambda found: " " * len(found.group(0)), head)
    return head


def kind_of(head, scopes, clean, begin):
    if any(scope != "scope" for scope in scopes):
        return "other"
    begin += len(head)
    head = LABELS.sub("", head)
    begin -= len(head)
    keyword = SCOPE.search(head)
    parenthesis = without_templates(head).find("(")
    if keyword and (parenthesis < 0 or keyword.start() < parenthesis):
        return "scope"
    if parenthesis < 0 or "=" in without_templates(head)[:parenthesis].replace("operator=", ""):
        return "other"
    first = begin + len(head) - len(head.lstrip())
    return (clean.count("\n", 0, first) + 1, " ".join(head.split()))
