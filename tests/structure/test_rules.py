# SPDX-License-Identifier: MIT
"""The project keeps its rules. Each fault is one line: file:line: what, and what was expected."""

import re

import pytest

import automation
import documents
import held_files
import layers
import limits
import named_tests
import packaging
import sources
import standard_headers

RULES = [
    layers.include_faults,
    layers.unused_links,
    layers.purity_faults,
    sources.file_length_faults,
    sources.function_length_faults,
    sources.name_faults,
    sources.licence_faults,
    sources.white_space_faults,
    sources.header_faults,
    standard_headers.missing_header_faults,
    sources.dangling_range_faults,
    sources.unbuilt_faults,
    held_files.unheld_faults,
    sources.machine_path_faults,
    sources.absent_document_faults,
    documents.title_faults,
    documents.link_faults,
    documents.architecture_length_faults,
    named_tests.security_test_faults,
    automation.script_faults,
    automation.workflow_faults,
    packaging.dockerfile_faults,
    packaging.unit_faults,
    packaging.unit_limit_faults,
    automation.fuzz_target_faults,
    automation.quick_suite_faults,
    limits.undocumented_limit_faults,
    limits.limit_row_faults,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(project, rule):
    faults = rule(project)
    if faults:
        pytest.fail("\n".join([f"{len(faults)} faults", *faults]), pytrace=False)


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_paths_named_in_documents_exist(project, document):
    assert documents.named_path_faults(project, document) == []


def test_the_table_of_folders_is_the_documented_one(project):
    assert layers.documented_layers(project.text("ARCHITECTURE.md")) == layers.layers_of(project)


def test_there_is_something_to_hold(project):
    assert len(project.sources("src")) > 20
    assert len(project.sources("tests")) > 5
    assert automation.bash_scripts(project)
    assert len(named_tests.rows(project)) > 40


def test_the_headers_that_are_compiled_once_are_known(project):
    compiled_once = set(re.findall(r"<([\w/.]+)>", project.text("cmake/precompiled.cmake")))
    known = set(standard_headers.NAMES) | set(standard_headers.ASIO.values()) | {"boost/asio/io_context.hpp"}
    assert compiled_once and compiled_once <= known
