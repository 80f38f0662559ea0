# SPDX-License-Identifier: MIT
"""Each rule finds a fault that is planted for it, and passes the same file without it."""

import pathlib

import pytest

import automation
import documents
import functions
import held_files
import layers
import limits
import named_tests
import packaging
import sources
import standard_headers
from project import Project, table

HEAD = "// SPDX-License-Identifier: MIT\n"
LONG_BODY = "".join(f"    call({number});\n" for number in range(60))
UNIT = "[Service]\nExecStart=dproxy --config a\n"
LOCKED = UNIT + pathlib.Path(__file__).parents[2].joinpath("deploy/systemd/dproxy.service").read_text().partition(
    "LimitNOFILE=65536\n")[2]
JOB = "jobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@"
WORKFLOW = "on: push\npermissions:\n  contents: read\n" + JOB
PIN = "a" * 40 + "  # v4.2.2\n"

FOLDERS = {"net": "", "dns": "USES net", "ini": "", "telemetry": "PACKAGES dproxy_spdlog"}

# Rule, file, what is well, what is not.
PLANTED = [
    (layers.include_faults, "src/dns/a.cpp", '#include "net/b.hpp"\n', '#include "routing/b.hpp"\n'),
    (layers.include_faults, "src/ini/a.cpp", "#include <ini.h>\n", "#include <boost/asio/io_context.hpp>\n"),
    (layers.include_faults, "src/dns/a.cpp", "#include <vector>\n", "#include <absl/strings.h>\n"),
    (layers.include_faults, "src/telemetry/a.cpp", "#include <spdlog/spdlog.h>\n", "#include <boost/json.hpp>\n"),
    (layers.include_faults, "src/telemetry/a.hpp", "#include <string>\n", "#include <spdlog/spdlog.h>\n"),
    (layers.include_faults, "src/net/a.cpp", '#include "net/b.hpp"\n', '#include "b.hpp"\n'),
    (layers.include_faults, "src/other/a.cpp", None, "\n"),
    (layers.purity_faults, "src/routing/a.cpp", "plan(now);\n", "plan(std::chrono::steady_clock::now());\n"),
    (sources.file_length_faults, "src/dns/a.cpp", "\n" * 399, "\n" * 400),
    (sources.function_length_faults, "src/dns/a.cpp", "void f() {\n    g();\n}\n", "void f() {\n" + LONG_BODY + "}\n"),
    (sources.name_faults, "src/dns/name.cpp", "namespace dproxy::dns {\n", "namespace dproxy::util {\n"),
    (sources.name_faults, "src/dns/name.cpp", "class Name {\n", "class NameManager {\n"),
    (sources.name_faults, "src/dns/name_helper.cpp", None, "\n"),
    (sources.name_faults, "src/dns/BadName.cpp", None, "\n"),
    (sources.white_space_faults, "src/dns/a.cpp", "int a;\n", "\tint a;\n"),
    (sources.white_space_faults, "src/dns/a.cpp", "int a;\n", "int a; \n"),
    (sources.white_space_faults, "src/dns/a.cpp", "int a;\n", "int a;"),
    (sources.white_space_faults, "src/dns/a.cpp", "// " + "x" * 117 + "\n", "// " + "x" * 118 + "\n"),
    (sources.header_faults, "src/dns/a.hpp", "#pragma once\n", "\n"),
    (standard_headers.missing_header_faults, "src/dns/a.cpp", "#include <map>\nstd::map<int, int> a;\n",
     "#include <boost/any.hpp>\nstd::map<int, int> a;\n"),
    (standard_headers.missing_header_faults, "src/dns/a.cpp", "// std::vector\n", "std::vector<int> a;  // <vector>\n"),
    (standard_headers.missing_header_faults, "src/io/a.cpp", "#include <boost/asio/post.hpp>\nasio::post(io, a);\n",
     "#include <boost/asio/write.hpp>\nasio::post(io, a);\n"),
    (sources.dangling_range_faults, "src/dns/a.cpp", "for (int x : a.b()) {}\n", "for (int x : a.b()->c) {}\n"),
    (sources.dangling_range_faults, "src/dns/a.cpp", "for (int x : a) b().c();\n", "for (int x : a(b)->c()) {}\n"),
    (sources.dangling_range_faults, "src/dns/a.cpp", "for (int x : *a) {}\n", "for (int x : *a()) {}\n"),
    (sources.machine_path_faults, "docs/a.md", "see /etc/dproxy/\n", "see /" + "home/someone/\n"),
    (sources.absent_document_faults, "src/dns/a.cpp", "// See RFC 1035.\n", "// See DES" + "IGN 3.3.\n"),
    (documents.title_faults, "docs/a.md", "", "# Another\n"),
    (documents.link_faults, "docs/a.md", "[a](a.md#title)\n", "[a](b.md)\n"),
    (documents.link_faults, "docs/a.md", "[a](#title)\n", "[a](#elsewhere)\n"),
    (packaging.dockerfile_faults, "Dockerfile", "FROM scratch\n", "# syntax=docker/dockerfile:1\n"),
    (packaging.dockerfile_faults, "Dockerfile", "FROM debian:trixie-slim AS build\n", "FROM alpine\n"),
    (packaging.dockerfile_faults, "Dockerfile", "RUN a\n", "ENV HTTP_PROXY=a\n"),
    (packaging.dockerfile_faults, "Dockerfile", "RUN a\n", "RUN curl https://mirror.example/\n"),
    (packaging.dockerfile_faults, "Dockerfile", "ARG VERSION=1.2.3\n", "ARG VERSION=1.2.4\n"),
    (packaging.unit_faults, "a.service", LOCKED, UNIT),
    (packaging.unit_faults, "a.service", LOCKED, LOCKED.replace("DynamicUser=yes", "DynamicUser=perhaps")),
    (limits.undocumented_limit_faults, "src/relay/a.hpp", HEAD + "inline constexpr std::size_t max_streams = 4;\n",
     HEAD + "inline constexpr std::size_t max_nothing = 4;\n"),
    (packaging.unit_limit_faults, "a.service", LOCKED, LOCKED.replace("MemoryMax=1G", "MemoryMax=255M")),
    (packaging.unit_limit_faults, "a.service", LOCKED, LOCKED.replace("TasksMax=1100", "")),
    (automation.quick_suite_faults, ".ci/run", "hostile=(\n)\n", "hostile=(\n    nothing)\n"),
    (automation.workflow_faults, ".github/workflows/a.yml", WORKFLOW + PIN, WORKFLOW + "v4\n"),
    (automation.workflow_faults, ".github/workflows/a.yml", WORKFLOW + PIN, WORKFLOW + "a" * 40 + "\n"),
    (automation.workflow_faults, ".github/workflows/a.yml", WORKFLOW + PIN, "on: push\n" + JOB + PIN),
    (automation.workflow_faults, ".github/workflows/a.yml", None,
     WORKFLOW.replace("read\n", "read\n  packages: write\n") + PIN),
]


def planted(tmp_path, path, body):
    head = HEAD if path.endswith(("pp",)) else "# Title\n" if path.endswith(".md") else ""
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(head + body)
    for folder, uses in FOLDERS.items():
        (tmp_path / "src" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / folder / "CMakeLists.txt").write_text(
            f"dproxy_folder({folder}\n    SOURCES a.cpp\n    {uses})\n")
    (tmp_path / "CMakeLists.txt").write_text("project(dproxy VERSION 1.2.3 LANGUAGES CXX)\n")
    return Project(tmp_path)


def test_a_link_that_nothing_needs_is_found(tmp_path):
    assert layers.unused_links(planted(tmp_path, "src/dns/a.cpp", '#include "net/b.hpp"\n')) == []
    assert layers.unused_links(planted(tmp_path, "src/dns/a.cpp", "\n")) == [
        "src/dns/CMakeLists.txt: net is linked, and nothing of it is included"]


@pytest.mark.parametrize("rule, path, good, bad", PLANTED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_fault_is_found(tmp_path, rule, path, good, bad):
    if good is not None:
        assert rule(planted(tmp_path, path, good)) == []
    faults = rule(planted(tmp_path, path, bad))
    assert len(faults) == 1
    assert faults[0].startswith(path)


def test_a_file_without_licence_is_found(tmp_path):
    (tmp_path / "a.py").write_text("import os\n")
    assert len(sources.licence_faults(Project(tmp_path))) == 1


def test_a_source_that_is_not_built_is_found(tmp_path):
    (tmp_path / "src/dns").mkdir(parents=True)
    (tmp_path / "src/dns/CMakeLists.txt").write_text("dproxy_folder(dns SOURCES name.cpp my_query.cpp)\n")
    for name in ("name.cpp", "query.cpp", "unused.hpp"):
        (tmp_path / "src/dns" / name).write_text(HEAD)
    faults = sources.unbuilt_faults(Project(tmp_path))
    assert [fault.split(":")[0] for fault in faults] == ["src/dns/query.cpp", "src/dns/unused.hpp"]


def test_a_broken_script_is_found(tmp_path):
    script = tmp_path / "run"
    script.write_text("#!/bin/bash\n# SPDX-License-Identifier: MIT\nset -euo pipefail\nif true; then\n")
    faults = automation.script_faults(Project(tmp_path))
    assert any("not executable" in fault for fault in faults)
    assert any("syntax error" in fault for fault in faults)


def test_a_path_that_does_not_exist_is_found(tmp_path):
    planted(tmp_path, "src/dns/name.cpp", "")
    here = planted(tmp_path, "a.md", "`src/dns/name.cpp` and `src/dns/` and `src/gone/` and `other/thing`\n")
    assert documents.named_path_faults(here, "a.md") == ["a.md:2: src/gone/: no such file"]


def test_functions_are_told_from_other_braces():
    text = """
namespace a {
// void comment() {
constexpr std::array<int, 2> numbers{1, 2};
enum class Colour : int { red, green };
const char* text = "void f() {";
const char* raw = R"(void g() { )";
constexpr std::array<int, static_cast<int>(Colour::red)> none{
};
constexpr int big = 1'000'000;
class Thing : public Other<int(int)> {
public:
    explicit Thing(int value) : value_{value} {}
    bool operator==(const Thing&) const = default;
    int twice() const {
        auto inner = [&](int x) {
            return x;
        };
        return inner(value_);
    }
private:
    int value_{0};
};
template <typename T>
T most(struct Pair p)
{
    if (p.a) { return '{'; }
    return T{};
}
}
"""
    found = [(last - first + 1, head.split("(")[0].split()[-1]) for first, last, head in functions.definitions(text)]
    assert found == [(1, "Thing"), (6, "twice"), (6, "most")]


def test_tables_are_read():
    assert table("| a | b |\n|---|---|\n| `x` | 1 \\| 2 |\n\ntext\n") == [["`x`", "1 | 2"]]


def test_a_fuzz_target_that_no_night_knows_is_found(tmp_path):
    planted(tmp_path, ".github/workflows/nightly.yml", "      matrix:\n        target: [name, old]\n")
    here = planted(tmp_path, "tests/fuzz/CMakeLists.txt",
                   "".join(f"dproxy_fuzz_target({name} SOURCES a.cpp USES dns)\n" for name in ("name", "query")))
    assert [fault.split(": ")[2] for fault in automation.fuzz_target_faults(here)] == ["old", "query"]


@pytest.mark.parametrize("cell, faults", [
    ("`integration/test_a.py::test_it`", []),
    ("`integration/test_a.py::test_it`, `unit/dns/name_test.cpp::a title, it is`", []),
    ("`unit/dns/name_test.cpp::with a fixture`, `fuzz/name_fuzz.cpp`", []),
    ("Cannot occur: there is no such thing.", []),
    ("", ["4 cells, 4 were expected, none of them empty"]),
    ("not looked at", ["neither a test nor 'Cannot occur: ' and a sentence"]),
    ("`integration/test_a.py::test_other`", ["integration/test_a.py::test_other: no such test"]),
    ("`integration/test_a.py`", ["integration/test_a.py: no such test"]),
    ("`integration/test_gone.py::test_it`", ["integration/test_gone.py::test_it: no such file"]),
    ("`integration/test_unlisted.py::test_it`",
     ["integration/test_unlisted.py::test_it: in no list of tests/integration/CMakeLists.txt"]),
    ("`unit/dns/name_test.cpp::a title`", ["unit/dns/name_test.cpp::a title: no such test"]),
    ("`unit/dns/name_test.cpp::a title, it is`, `fuzz/gone_fuzz.cpp`", ["fuzz/gone_fuzz.cpp: no such file"]),
])
def test_a_security_test_that_does_not_exist_is_found(tmp_path, cell, faults):
    planted(tmp_path, "tests/integration/CMakeLists.txt", "foreach(theme\n        a b)\n")
    for file in ("a", "unlisted"):
        planted(tmp_path, f"tests/integration/test_{file}.py", "def test_it(world):\n    pass\n")
    planted(tmp_path, "tests/fuzz/name_fuzz.cpp", "")
    planted(tmp_path, "tests/unit/dns/name_test.cpp",
            'TEST_CASE("a title, it is", "[dns]") {\n}\nTEST_CASE_METHOD(Fixture, "with a fixture") {\n}\n')
    here = planted(tmp_path, "docs/security-tests.md",
                   f"| fault | whose | what dproxy does | test |\n|---|---|---|---|\n| a | b | c | {cell} |\n")
    assert named_tests.security_test_faults(here) == [f"docs/security-tests.md:4: {fault}" for fault in faults]


@pytest.mark.parametrize("path, top, fault", [
    ("src/dns/name.cpp", "", None),
    ("src/dns/other.cpp", "", "neither is there tests/unit/dns/other_test.cpp, nor says it which test holds it"),
    ("src/dns/types.hpp", "struct Type {\n    int number = 0;\n};\n", None),
    ("src/dns/types.hpp", "inline int twice(int number) { return 2 * number; }\n",
     "neither is there tests/unit/dns/types_test.cpp, nor says it which test holds it"),
    ("src/dns/name.hpp", "inline int twice(int number) { return 2 * number; }\n", None),
    ("src/dns/other.cpp", "// Of names.\n// Held by tests/unit/dns/name_test.cpp.\n", None),
    ("src/dns/other.cpp", "// Held by tests/unit/dns/name_test.cpp,\n// tests/integration/test_a.py.\n", None),
    ("src/dns/other.cpp", "\n// Held by tests/unit/dns/name_test.cpp.\n",
     "neither is there tests/unit/dns/other_test.cpp, nor says it which test holds it"),
    ("src/dns/other.cpp", "// Held by tests/unit/dns/gone_test.cpp.\n",
     "held by tests/unit/dns/gone_test.cpp: no such file"),
    ("src/dns/name.cpp", "// Held by tests/integration/test_a.py and tests/gone_test.cpp.\n",
     "held by tests/gone_test.cpp: no such file"),
    ("src/dns/other.cpp", "// Held by tests/integration/CMakeLists.txt.\n",
     "held by tests/integration/CMakeLists.txt: no test"),
    ("src/dns/other.cpp", "// Held by tests/integration/test_unlisted.py.\n",
     "held by tests/integration/test_unlisted.py: in no list of tests/integration/CMakeLists.txt"),
])
def test_a_file_that_no_test_holds_is_found(tmp_path, path, top, fault):
    planted(tmp_path, "src/dns/name.cpp", "")
    planted(tmp_path, "tests/unit/dns/name_test.cpp", "")
    planted(tmp_path, "tests/integration/CMakeLists.txt", "foreach(theme\n        a b)\n")
    for file in ("a", "unlisted"):
        planted(tmp_path, f"tests/integration/test_{file}.py", "")
    assert held_files.unheld_faults(planted(tmp_path, path, top)) == ([f"{path}: {fault}"] if fault else [])
