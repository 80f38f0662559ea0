# SPDX-License-Identifier: MIT
"""What an ELF program says of how it is hardened, by binutils' readelf and by its own bytes."""

import re
import subprocess

# What a function that may be jumped to begins with, as bytes: amd64's endbr64; arm64's paciasp, which is one as well.
LANDINGS = {"X86-64": bytes.fromhex("f30f1efa"), "AArch64": bytes.fromhex("3f2303d5")}
# What shows a guard: the sentence that it ends a static program with; of another one the symbol of a library.
GUARDS = {
    "the stack protector": ("stack smashing detected", r"__stack_chk_fail"),
    "FORTIFY": ("buffer overflow detected", r"__\w+_chk"),
    "the library's assertions": ("Assertion '", r"_ZSt\d+__glibcxx_assert_fail\w*"),
}


def readelf(program, *options):
    return subprocess.run(["readelf", "--wide", *options, str(program)], capture_output=True, text=True,
                          check=True).stdout


def machine(program):
    found = re.search(r"Machine:.*(X86-64|AArch64)", readelf(program, "--file-header"))
    return found.group(1) if found else None


def properties(path):
    """Of each file in it (an archive has many): what its GNU property note says of control flow."""
    notes = re.split(r"^File: ", readelf(path, "--notes", "--file-header"), flags=re.MULTILINE)
    return [set(re.findall(r"\b(IBT|SHSTK|BTI|PAC)\b", note)) for note in notes if "ELF Header" in note]


def layout_faults(program):
    """Where it may lie, and what of it can be written or run."""
    faults = []
    segments, dynamic = readelf(program, "--segments"), readelf(program, "--dynamic")
    if "DYN (Position-Independent Executable file)" not in readelf(program, "--file-header"):
        faults.append("not position-independent")
    if "GNU_RELRO" not in segments or not re.search(r"FLAGS\).*BIND_NOW|FLAGS_1\).*NOW", dynamic):
        faults.append("relocations stay writable: expected RELRO and BIND_NOW")
    if not re.search(r"GNU_STACK\s.*\sRW\s", segments):
        faults.append("the stack can be executed")
    if re.search(r"^\s+LOAD\s.*\sRWE\s", segments, re.MULTILINE):
        faults.append("a segment can be written and executed")
    if "(TEXTREL)" in dynamic:
        faults.append("relocations in code")
    return faults


def guard_faults(program):
    symbols = readelf(program, "--dyn-syms")
    return [f"nothing of {what}" for what, (sentence, symbol) in GUARDS.items()
            if sentence.encode() not in program.read_bytes() and not re.search(rf"\b{symbol}\b", symbols)]


def landing_faults(program, least):
    """`least` functions of the program itself are marked as ends of jumps."""
    mark = LANDINGS.get(machine(program))
    if mark is None:
        return []
    found = program.read_bytes().count(mark)
    return [] if found >= least else [f"{found} functions can be jumped to, at least {least} were expected"]
