// SPDX-License-Identifier: MIT
#include "server/cgroup.hpp"

#include "catch.hpp"
#include "config_directory.hpp"

using namespace dproxy::server;
using dproxy::test::TemporaryDirectory;
using dproxy::test::write_file;

TEST_CASE("the text of a file is read whole, and is empty where it cannot be read", "[cgroup]") {
    const TemporaryDirectory top;
    write_file(top / "a", std::string("max\n\0x", 6));
    CHECK(text_of_file((top / "a").string()) == std::string("max\n\0x", 6));
    write_file(top / "a", "");
    CHECK(text_of_file((top / "a").string()).empty());
    CHECK(text_of_file((top / "gone").string()).empty());
    CHECK(text_of_file(top.text()).empty());
}

TEST_CASE("a file that no level has is in no list", "[cgroup]") {
    CHECK(cgroup_texts("no.such.file", "no/such.file").empty());
}

TEST_CASE("the level above all others is the last of the list", "[cgroup]") {
    const std::string above_all = text_of_file("/sys/fs/cgroup/cgroup.controllers");
    const auto texts = cgroup_texts("cgroup.controllers", "no/such.file");
    if (above_all.empty()) return;  // version 1, or none at all
    REQUIRE_FALSE(texts.empty());
    CHECK(texts.back() == above_all);
}

TEST_CASE("where version 2 has no such file, that of version 1 is read", "[cgroup]") {
    // Any file of the mount will do to stand for it.
    const std::string of_version_1 = text_of_file("/sys/fs/cgroup/cgroup.procs");
    const auto texts = cgroup_texts("no.such.file", "cgroup.procs");
    if (of_version_1.empty()) return;
    CHECK(texts.size() == 1);
}
