// SPDX-License-Identifier: MIT
#include "dns/record_text.hpp"

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;
using packet::Packet;

namespace {

/// The line of one record in the answer section; its name is that of the question.
std::string line(std::uint16_t type, const Octets& data, std::uint16_t rclass = 1) {
    const auto text =
        describe_reply(Packet::reply("x.test", 255).answer(packet::record({0xc0, 12}, type, data, 60, rclass)));
    const std::string before = "NOERROR qr rd ra\n;; answer\n";
    REQUIRE(text.substr(0, before.size()) == before);
    REQUIRE(text.back() == '\n');
    return text.substr(before.size(), text.size() - before.size() - 1);
}

}  // namespace

TEST_CASE("rcode and flags come first", "[dns]") {
    CHECK(describe_reply(Packet::reply("x", 1).rcode(3)) == "NXDOMAIN qr rd ra\n");
    CHECK(describe_reply(Packet().flags(0x87b5)) == "REFUSED qr aa tc rd ra ad cd\n");
    CHECK(describe_reply(Packet().flags(0x000d)) == "RCODE13\n");
}

TEST_CASE("records of the usual types are in presentation form", "[dns]") {
    CHECK(line(1, {192, 0, 2, 1}) == "x.test. 60 IN A 192.0.2.1");
    CHECK(line(28, {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == "x.test. 60 IN AAAA 2001:db8::1");
    CHECK(line(5, {1, 'y', 0xc0, 12}) == "x.test. 60 IN CNAME y.x.test.");
    CHECK(line(2, {0}) == "x.test. 60 IN NS .");
    CHECK(line(12, packet::name("a.b")) == "x.test. 60 IN PTR a.b.");
    CHECK(line(15, {0, 10, 0xc0, 12}) == "x.test. 60 IN MX 10 x.test.");
    CHECK(line(33, {0, 1, 0, 2, 0, 53, 0xc0, 12}) == "x.test. 60 IN SRV 1 2 53 x.test.");
    CHECK(line(6, packet::soa_data(7, {0xc0, 12}, packet::name("m"))) ==
          "x.test. 60 IN SOA x.test. m. 7 3600 600 86400 30");
    CHECK(line(16, {2, 'h', 'i', 3, '"', '\\', 7}) == "x.test. 60 IN TXT \"hi\" \"\\\"\\\\\\007\"");
    CHECK(line(16, {0}) == "x.test. 60 IN TXT \"\"");
    CHECK(line(16, {1, 'x'}, 3) == "x.test. 60 CH TXT \"x\"");
    CHECK(line(16, {1, 'x'}, 4) == "x.test. 60 HS TXT \"x\"");
    CHECK(line(16, {1, 'x'}, 77) == "x.test. 60 CLASS77 TXT \"x\"");
}

TEST_CASE("everything else is written as RFC 3597 says", "[dns]") {
    CHECK(line(65280, {0xab, 0x01}) == "x.test. 60 IN TYPE65280 \\# 2 ab01");
    CHECK(line(65280, {}) == "x.test. 60 IN TYPE65280 \\# 0");
    CHECK(line(1, {1, 2, 3}) == "x.test. 60 IN A \\# 3 010203");
    CHECK(line(1, {1, 2, 3, 4}, 3) == "x.test. 60 CH A \\# 4 01020304");
    CHECK(line(28, {1}) == "x.test. 60 IN AAAA \\# 1 01");
    CHECK(line(5, {0, 0}) == "x.test. 60 IN CNAME \\# 2 0000");
    CHECK(line(15, {0}) == "x.test. 60 IN MX \\# 1 00");
    CHECK(line(6, {0, 0, 1}) == "x.test. 60 IN SOA \\# 3 000001");
    CHECK(line(16, {}) == "x.test. 60 IN TXT \\# 0");
    CHECK(line(16, {2, 'x'}) == "x.test. 60 IN TXT \\# 2 0278");
    CHECK(line(2, {0xff, 0xff}) == "x.test. 60 IN NS \\# 2 ffff");
}

TEST_CASE("sections are named, the OPT is a comment", "[dns]") {
    const auto reply = Packet::reply("x", 1)
                           .answer("x", 1, {1, 2, 3, 4}, 1)
                           .authority(packet::record({0xc0, 12}, 2, {0xc0, 12}, 2))
                           .edns(1232, packet::option(15, {0, 22, 'h', 'm'}), 0x8000)
                           .additional(packet::record({0xc0, 12}, 1, {1, 2, 3, 5}, 3));
    CHECK(describe_reply(reply) ==
          "NOERROR qr rd ra\n"
          ";; answer\nx. 1 IN A 1.2.3.4\n"
          ";; authority\nx. 2 IN NS x.\n"
          ";; EDNS version 0 size 1232 do EDE 22 \"hm\"\n"
          ";; additional\nx. 3 IN A 1.2.3.5\n");
    CHECK(describe_reply(Packet().flags(0x8000).edns(512, packet::option(15, {0, 18}))) ==
          "NOERROR qr\n;; EDNS version 0 size 512 EDE 18\n");
    CHECK(describe_reply(Packet().flags(0x8000).edns(512, packet::option(15, {0}))) ==
          "NOERROR qr\n;; EDNS version 0 size 512 option 15\n");
    CHECK(describe_reply(Packet().flags(0x8000).edns(512, {0, 3, 0, 9})) ==
          "NOERROR qr\n;; EDNS version 0 size 512 (options cannot be read)\n");
}

TEST_CASE("the OPT holds the upper bits of the rcode", "[dns]") {
    CHECK(describe_reply(Packet().flags(0x8000).edns(512, {}, 0x01000000)) ==
          "BADVERS qr\n;; EDNS version 0 size 512\n");
    CHECK(describe_reply(Packet().flags(0x8001).edns(512, {}, 0xff000000)) ==
          "RCODE4081 qr\n;; EDNS version 0 size 512\n");
}

TEST_CASE("hostile replies are described as far as they go", "[dns]") {
    CHECK(describe_reply(Octets(11, 0)) == ";; not a DNS message: shorter than its header\n");
    CHECK(describe_reply(Packet::reply("x", 1).counts(9, 0, 0, 0)) ==
          "NOERROR qr rd ra\n;; the question cannot be read\n");
    CHECK(describe_reply(Packet::reply("x", 1).counts(1, 9, 0, 0)) ==
          "NOERROR qr rd ra\n;; the record at byte 19 cannot be read\n");
    const auto looping = Packet().flags(0x8000).answer(packet::record({0xc0, 12}, 1, {1, 2, 3, 4}));
    CHECK(describe_reply(looping) == "NOERROR qr\n;; answer\n<unreadable name> 300 IN A 1.2.3.4\n");
    const auto whole =
        Packet::reply("x", 1).answer("x", 6, packet::soa_data(1)).edns(1232, packet::option(15, {0, 1})).bytes();
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK(describe_reply(Bytes(whole).first(length)).find("cannot be read") !=
              (length < 12 ? 0 : std::string::npos));
}
