// SPDX-License-Identifier: MIT
#include "http/response_head.hpp"

#include <string>

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy;
using http::Refusal;
using http::ResponseHead;
using http::Status;
using test::Packet;
namespace qtype = test::qtype;

namespace {

std::string text(const ResponseHead& head) {
    std::string text(head.status_text());
    for (const auto& field : head.fields()) text.append("\n").append(field.name).append(": ").append(field.value);
    return text;
}

std::string max_age(const test::Octets& message) {
    const ResponseHead head{dns::Bytes(message)};
    for (const auto& field : head.fields())
        if (field.name == "cache-control") return std::string(field.value);
    return "none";
}

}  // namespace

TEST_CASE("an answer says how long it may be kept, and that anybody may ask", "[response_head]") {
    const auto message = Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}, 77).bytes();
    CHECK(text(ResponseHead{dns::Bytes(message)}) ==
          "200\ncontent-type: application/dns-message\naccess-control-allow-origin: *\ncontent-length: " +
              std::to_string(message.size()) + "\ncache-control: max-age=77");
}

TEST_CASE("what may not be kept says so", "[response_head]") {
    CHECK(max_age(Packet::reply("a.test", qtype::a).rcode(2)) == "max-age=0");
    CHECK(max_age(Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}, 0x7fffffff)) ==
          "max-age=2147483647");
}

TEST_CASE("a refusal has no body", "[response_head]") {
    CHECK(text(ResponseHead(Refusal{Status::not_found, false})) ==
          "404\naccess-control-allow-origin: *\ncontent-length: 0");
    CHECK(text(ResponseHead(Refusal{Status::method_not_allowed, false})) ==
          "405\naccess-control-allow-origin: *\nallow: GET, POST, OPTIONS\ncontent-length: 0");
}

TEST_CASE("a preflight is told what may be done", "[response_head]") {
    CHECK(text(ResponseHead(Refusal{Status::no_content, true})) ==
          "204\naccess-control-allow-origin: *\naccess-control-allow-methods: GET, POST\n"
          "access-control-allow-headers: content-type, accept\naccess-control-max-age: 86400\n"
          "allow: GET, POST, OPTIONS");
}
