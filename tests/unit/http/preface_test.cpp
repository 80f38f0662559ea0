// SPDX-License-Identifier: MIT
#include "http/preface.hpp"

#include <string>

#include "catch.hpp"

using namespace dproxy;
using http::Protocol;

namespace {

Protocol protocol(const std::string& text) {
    return http::protocol_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

TEST_CASE("HTTP/2 is known by its whole preface", "[preface]") {
    const std::string preface(http::http2_preface);
    CHECK(preface.size() == 24);
    for (std::size_t length = 0; length < preface.size(); ++length)
        CHECK(protocol(preface.substr(0, length)) == Protocol::unknown);
    CHECK(protocol(preface) == Protocol::http2);
    CHECK(protocol(preface + "more") == Protocol::http2);
}

TEST_CASE("all else is HTTP/1.1, from the first byte that differs", "[preface]") {
    CHECK(protocol("G") == Protocol::http1);
    CHECK(protocol("POST /dns-query HTTP/1.1\r\n") == Protocol::http1);
    CHECK(protocol("PRI * HTTP/2.0\r\n\r\nSMX") == Protocol::http1);
    CHECK(protocol(std::string("\x16\x03\x01", 3)) == Protocol::http1);
}
