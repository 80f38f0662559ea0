// SPDX-License-Identifier: MIT
#include "route_files/content_hash.hpp"

#include <set>
#include <string>

#include "catch.hpp"

using dproxy::config::ContentHash;
using dproxy::config::hash_of;

TEST_CASE("equal content has the same hash, other content another one") {
    std::set<ContentHash> seen;
    std::string text;
    for (int length = 0; length < 200; ++length) {
        CHECK(hash_of(text) == hash_of(std::string(text)));
        CHECK(seen.insert(hash_of(text)).second);
        text += '\0';
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string other = text;
            other[at] = static_cast<char>(1 << bit);
            CHECK(seen.insert(hash_of(other)).second);
        }
    }
}

TEST_CASE("where one part of the content ends and the next begins makes a difference") {
    ContentHash one;
    one.add("ab");
    one.add("c");
    ContentHash other;
    other.add("a");
    other.add("bc");
    CHECK(one != other);
}

TEST_CASE("a hash is shown as 16 hexadecimal digits") {
    CHECK((ContentHash{0x0123456789abcdef, 7}.to_string() == "0123456789abcdef"));
    CHECK(hash_of("x").to_string().size() == 16);
}
