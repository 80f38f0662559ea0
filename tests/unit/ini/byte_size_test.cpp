// SPDX-License-Identifier: MIT
#include "ini/byte_size.hpp"

#include "catch.hpp"

using namespace dproxy::config;

TEST_CASE("amounts of memory are read with and without a unit", "[byte_size]") {
    constexpr std::uint64_t most = std::uint64_t{1} << 40;
    const auto read = [](std::string_view text) { return parse_byte_size(text, 0, most); };
    CHECK(*read("0") == 0);
    CHECK(*read("1000") == 1000);
    CHECK(*read("4KiB") == 4096);
    CHECK(*read("64MiB") == 64u << 20);
    CHECK(*read("64 mib") == 64u << 20);
    CHECK(*read("2GIB") == std::uint64_t{2} << 30);
    CHECK(*read("1024GiB") == most);
    for (const auto text : {"", "MiB", "-1", "1.5MiB", "64M", "64MB", "64MiBs", "0x10", " 5"}) {
        INFO(text);
        CHECK(read(text).fault.find("not an amount of memory") != std::string::npos);
    }
    for (const auto text : {"1025GiB", "99999999999999999999", "18446744073709551615GiB", "1099511627777"}) {
        INFO(text);
        CHECK(read(text).fault.find("out of range; expected 0 to 1024GiB") != std::string::npos);
    }
    CHECK(parse_byte_size("1023KiB", 1u << 20, most).fault.find("expected 1MiB to 1024GiB") != std::string::npos);
}

TEST_CASE("amounts of memory are written in the largest unit that fits", "[byte_size]") {
    CHECK(byte_size_text(0) == "0");
    CHECK(byte_size_text(1000) == "1000");
    CHECK(byte_size_text(1024) == "1KiB");
    CHECK(byte_size_text(1536) == "1536");
    CHECK(byte_size_text(64u << 20) == "64MiB");
    CHECK(byte_size_text((64u << 20) + 1024) == "65537KiB");
}
