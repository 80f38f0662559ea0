// SPDX-License-Identifier: MIT
#include "io/unfinished_file.hpp"

#include "catch.hpp"
#include "config_directory.hpp"

using dproxy::io::is_unfinished_file;
using namespace dproxy::test;

TEST_CASE("a file without content is still to be filled", "[unfinished_file]") {
    const TemporaryDirectory top;
    const std::string path = (top / "a.prox").string();
    write_file(path, "");
    CHECK(is_unfinished_file(path));
    write_file(path, "x");
    CHECK_FALSE(is_unfinished_file(path));
}

TEST_CASE("links, directories and what is gone are not waited for", "[unfinished_file]") {
    const TemporaryDirectory top;
    write_file(top / "empty", "");
    fs::create_symlink("empty", top / "link");
    fs::create_symlink("nowhere", top / "broken");
    fs::create_directory(top / "directory");
    CHECK_FALSE(is_unfinished_file((top / "link").string()));
    CHECK_FALSE(is_unfinished_file((top / "broken").string()));
    CHECK_FALSE(is_unfinished_file((top / "directory").string()));
    CHECK_FALSE(is_unfinished_file((top / "gone").string()));
    // A second name of a file is as complete as the first: nobody will close it.
    fs::create_hard_link(top / "empty", top / "second");
    CHECK_FALSE(is_unfinished_file((top / "second").string()));
}
