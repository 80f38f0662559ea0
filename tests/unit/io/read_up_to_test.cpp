// SPDX-License-Identifier: MIT
#include "io/read_up_to.hpp"

#include <fcntl.h>

#include "catch.hpp"
#include "config_directory.hpp"
#include "io/fd.hpp"

using namespace dproxy;
using namespace dproxy::io;

TEST_CASE("a file is read to its end, or as far as is wanted", "[read_up_to]") {
    const test::TemporaryDirectory top;
    test::write_file(top / "file", "twelve bytes");
    std::string text = "old";
    const auto read = [&](std::size_t most) {
        const Fd fd(::open((top / "file").c_str(), O_RDONLY | O_CLOEXEC));
        CHECK_FALSE(read_up_to(fd.get(), most, text));
        return text;
    };
    CHECK(read(100) == "twelve bytes");
    CHECK(read(12) == "twelve bytes");
    CHECK(read(6) == "twelve");
    CHECK(read(0).empty());
}

TEST_CASE("what cannot be read says why", "[read_up_to]") {
    const test::TemporaryDirectory top;
    std::string text;
    const Fd fd(::open(top.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK(read_up_to(fd.get(), 10, text) == std::errc::is_a_directory);
    CHECK(text.empty());
}
