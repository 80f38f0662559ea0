// SPDX-License-Identifier: MIT
#include "cache/question_key.hpp"

#include "catch.hpp"
#include "kept.hpp"

using namespace dproxy;
using test::Asked;
using test::Packet;
namespace qtype = test::qtype;

namespace {

Packet query(std::string_view name = "www.example.test", std::uint16_t type = qtype::a) {
    return Packet::query(name, type);
}

bool same(const Asked& one, const Asked& other) {
    REQUIRE(one.key);
    REQUIRE(other.key);
    const bool is_same = cache::is_same_question(*one.key, *other.key);
    CHECK(is_same == (one.key->hash == other.key->hash));
    return is_same;
}

bool is_for_others(const Packet& packet) { return Asked(packet).key.has_value(); }

}  // namespace

TEST_CASE("case, ID, and the size of EDNS make no difference", "[question_key]") {
    const Asked plain(query().id(1));
    CHECK(same(plain, Asked(query("WWW.eXample.TEST").id(2))));
    CHECK(same(plain, Asked(query().edns(4096))));
    CHECK(same(Asked(query().edns(512)), Asked(query().edns(1232))));
}

TEST_CASE("what an answer may depend on makes a difference", "[question_key]") {
    const Asked plain(query());
    CHECK_FALSE(same(plain, Asked(query("ww.example.test"))));
    CHECK_FALSE(same(plain, Asked(query("www.example.test", qtype::aaaa))));
    CHECK_FALSE(same(plain, Asked(Packet::query("www.example.test", qtype::a, 3))));
    CHECK_FALSE(same(plain, Asked(query(), 2)));
    CHECK_FALSE(same(plain, Asked(query(), 1, {4, 24, 192, 0, 2})));
    CHECK_FALSE(same(Asked(query(), 1, {4, 24, 192, 0, 2}), Asked(query(), 1, {4, 24, 192, 0, 3})));
    CHECK_FALSE(same(plain, Asked(query().flags(0x0000))));                     // RD
    CHECK_FALSE(same(plain, Asked(query().set(0x0020))));                       // AD
    CHECK_FALSE(same(plain, Asked(query().set(0x0010))));                       // CD
    CHECK_FALSE(same(plain, Asked(query().edns(1232, {}, 0x8000))));            // DO
}

TEST_CASE("what asks for more than an answer is not for others", "[question_key]") {
    CHECK(is_for_others(query()));
    CHECK_FALSE(is_for_others(query().edns(1232, test::option(8, {0, 1, 24, 0, 192, 0, 2}))));  // client subnet
    CHECK_FALSE(is_for_others(query().edns(1232, test::option(3, {}))));                        // NSID
    CHECK_FALSE(is_for_others(query().edns(1232, test::option(65001, {1}))));
    CHECK_FALSE(is_for_others(query().edns(1232, {}, 0x00010000)));                             // version 1
    CHECK_FALSE(is_for_others(query().edns(1232, {}, 0x4000)));                                 // a flag beside DO
    CHECK_FALSE(is_for_others(query().additional(test::record(test::name("k"), qtype::tsig, {0}, 0, 255))));
}

TEST_CASE("other forms of a message are not for others", "[question_key]") {
    CHECK_FALSE(is_for_others(query().opcode(4)));
    CHECK_FALSE(is_for_others(query().set(0x0400)));  // AA
    CHECK_FALSE(is_for_others(query().set(0x0200)));  // TC
    CHECK_FALSE(is_for_others(query().set(0x0040)));  // Z
    CHECK_FALSE(is_for_others(query().trailing({0})));
    CHECK_FALSE(is_for_others(query().answer("a.test", qtype::a, {1, 2, 3, 4})));
    CHECK_FALSE(is_for_others(query().additional(test::record(test::name("a.test"), qtype::a, {1, 2, 3, 4}))));
    CHECK_FALSE(is_for_others(Packet().flags(0x8180).question("a.test", qtype::a)));
    for (const unsigned type : {0u, 41u, 128u, 249u, 250u, 251u, 252u, 253u, 254u, 255u}) {
        INFO(type);
        CHECK_FALSE(is_for_others(query("a.test", static_cast<std::uint16_t>(type))));
    }
    for (const unsigned type : {1u, 65u, 127u, 256u, 257u, 65280u}) {
        CHECK(is_for_others(query("a.test", static_cast<std::uint16_t>(type))));
    }
    for (const unsigned qclass : {0u, 254u, 255u}) {
        CHECK_FALSE(is_for_others(Packet::query("a.test", 1, static_cast<std::uint16_t>(qclass))));
    }
}
