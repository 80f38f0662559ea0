// SPDX-License-Identifier: MIT
#include "http/base64url.hpp"

#include <string>

#include "catch.hpp"

using namespace dproxy;

namespace {

std::string decoded(std::string_view text) {
    const auto bytes = http::decode_base64url(text);
    return bytes ? std::string(bytes->begin(), bytes->end()) : "malformed";
}

}  // namespace

TEST_CASE("the examples of RFC 4648, without padding", "[base64url]") {
    CHECK(decoded("").empty());
    CHECK(decoded("Zg") == "f");
    CHECK(decoded("Zm8") == "fo");
    CHECK(decoded("Zm9v") == "foo");
    CHECK(decoded("Zm9vYg") == "foob");
    CHECK(decoded("Zm9vYmE") == "fooba");
    CHECK(decoded("Zm9vYmFy") == "foobar");
    CHECK(decoded("_-__") == "\xff\xef\xff");
}

TEST_CASE("another alphabet, padding and blanks are malformed", "[base64url]") {
    for (const char* text : {"Zg==", "Zg=", "+-__", "/-__", "Zm9 v", "Zm9v\n", "Zm9%", "Z", "Zm9vY"}) {
        INFO(text);
        CHECK(decoded(text) == "malformed");
    }
    CHECK(decoded(std::string_view("Zm\0v", 4)) == "malformed");
    CHECK(decoded("Zm\xc3\xa9") == "malformed");
}

TEST_CASE("bits that are left over are zero", "[base64url]") {
    CHECK(decoded("Zh") == "malformed");
    CHECK(decoded("Zm9") == "malformed");
    CHECK(decoded("Zm8") == "fo");
}

TEST_CASE("the size is known before anything is decoded", "[base64url]") {
    for (std::size_t length = 0; length < 40; ++length) {
        const auto bytes = http::decode_base64url(std::string(length, 'A'));
        if (length % 4 != 1) CHECK(bytes.value().size() == http::base64url_bytes(length));
    }
}
