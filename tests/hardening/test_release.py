# SPDX-License-Identifier: MIT
"""The release program is hardened as cmake/hardening.cmake says. DPROXY_BINARY: the program, in its build folder."""

import os
import pathlib

import pytest

import hardened

PROGRAM = pathlib.Path(os.environ.get("DPROXY_BINARY", pathlib.Path(__file__).parents[2] / "build/release/dproxy"))
EXPECTED = {"X86-64": {"IBT", "SHSTK"}, "AArch64": {"BTI", "PAC"}}


def test_layout():
    assert not hardened.layout_faults(PROGRAM)


def test_guards():
    assert not hardened.guard_faults(PROGRAM)


def test_functions_say_that_they_can_be_jumped_to():
    assert not hardened.landing_faults(PROGRAM, least=1000)


def test_every_object_keeps_to_the_control_flow():
    """The program's own note is what all objects have in common, and Debian's crt1.o, crti.o and libinih.a have none;
    so those that are compiled here are looked at, each."""
    expected = EXPECTED.get(hardened.machine(PROGRAM))
    if expected is None:
        pytest.skip("not known for this machine")
    archives = sorted(PROGRAM.parent.glob("**/libdproxy_*.a"))
    assert archives
    for archive in archives:
        found = hardened.properties(archive)
        assert found and all(expected <= each for each in found), archive


def test_returns_are_checked_where_the_system_does():
    """A shadow stack needs calls and returns that pair; those few objects have them, and the linker is told so."""
    if hardened.machine(PROGRAM) == "X86-64":
        assert any("SHSTK" in each for each in hardened.properties(PROGRAM))
