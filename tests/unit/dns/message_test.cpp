// SPDX-License-Identifier: MIT
#include "dns/message.hpp"

#include <string>

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
using dproxy::test::Packet;

TEST_CASE("the header's fields are read and written", "[dns]") {
    auto bytes = Packet().id(0xabcd).flags(0x2a05).counts(1, 2, 3, 4).bytes();
    CHECK(id_of(bytes) == 0xabcd);
    CHECK_FALSE(is_response(bytes));
    CHECK(is_truncated(bytes));
    CHECK(opcode_of(bytes) == 5);
    CHECK(rcode_of(bytes) == 5);
    CHECK(question_count(bytes) == 1);
    CHECK(answer_count(bytes) == 2);
    CHECK(authority_count(bytes) == 3);
    CHECK(additional_count(bytes) == 4);
    set_id(bytes, 0x0102);
    CHECK(id_of(bytes) == 0x0102);
    CHECK(is_response(Packet().flags(0x8000).bytes()));
}

TEST_CASE("rcodes have names, and numbers where they have none", "[dns]") {
    CHECK(rcode_name(0) == "NOERROR");
    CHECK(rcode_name(3) == "NXDOMAIN");
    CHECK(rcode_name(10) == "NOTZONE");
    CHECK(rcode_name(13) == "RCODE13");
    CHECK(rcode_name(16) == "BADVERS");
    CHECK(rcode_name(255) == "RCODE255");
    for (int rcode = 0; rcode < 256; ++rcode) CHECK(parse_rcode(rcode_name(static_cast<std::uint8_t>(rcode))) == rcode);
    CHECK(parse_rcode("nxDomain") == 3);
    for (const char* text : {"", "NXDOMAI", "NXDOMAINS", "RCODE", "RCODE256", "RCODE-1", "RCODE1x", "RCODE 1", "3"})
        CHECK(parse_rcode(text) == -1);
}

TEST_CASE("types have names, and numbers where they have none", "[dns]") {
    CHECK(type_name(1) == "A");
    CHECK(type_name(28) == "AAAA");
    CHECK(type_name(257) == "CAA");
    CHECK(type_name(32769) == "DLV");
    CHECK(type_name(0) == "TYPE0");
    CHECK(type_name(65280) == "TYPE65280");
    CHECK(type_name(65535) == "TYPE65535");
    for (int type = 0; type < 65536; ++type) {
        const std::string text(type_name(static_cast<std::uint16_t>(type)));
        if (parse_type(text) != type) FAIL(text);
    }
    CHECK(parse_type("aaaa") == 28);
    CHECK(parse_type("type1") == 1);
    for (const char* text : {"", "AAAAA", "TYPE", "TYPE65536", "TYPE-1", "TYPE+1", "TYPE1 ", "1", "TYPE99999999999"})
        CHECK(parse_type(text) == -1);
}
