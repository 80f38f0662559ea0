// SPDX-License-Identifier: MIT
#include "dns/address_answer.hpp"

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy;
using dns::AddressAnswer;
using dns::AddressFinding;
using test::Octets;
using test::Packet;
namespace qtype = test::qtype;

namespace {

AddressAnswer read(const Octets& message) { return dns::read_address_answer({message.data(), message.size()}); }

std::string text(const AddressAnswer& answer) {
    std::string text;
    for (const auto& address : answer.addresses) text += address.to_string() + " ";
    return text;
}

Octets v6(std::uint8_t last) { return {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}; }

}  // namespace

TEST_CASE("addresses of the asked name, in order and each once, with the least TTL", "[address_answer]") {
    const auto answer = read(Packet::reply("ns.test", qtype::a)
                                 .answer("ns.test", qtype::a, {192, 0, 2, 9}, 60)
                                 .answer("NS.Test", qtype::a, {192, 0, 2, 1}, 30)
                                 .answer("ns.test", qtype::a, {192, 0, 2, 9}, 90)
                                 .answer("other.test", qtype::a, {192, 0, 2, 66}, 1)
                                 .answer("ns.test", qtype::txt, {1, 'x'}, 1));
    CHECK(answer.finding == AddressFinding::found);
    CHECK(text(answer) == "192.0.2.1 192.0.2.9 ");
    CHECK(answer.ttl == 30);

    const auto six = read(Packet::reply("ns.test", qtype::aaaa)
                              .answer("ns.test", qtype::aaaa, v6(2), 60)
                              .answer("ns.test", qtype::a, {192, 0, 2, 1}));
    CHECK(text(six) == "2001:db8::2 ");
}

TEST_CASE("aliases are followed in any order, and their TTL counts", "[address_answer]") {
    const auto answer = read(Packet::reply("a.test", qtype::a)
                                 .answer("c.test", qtype::a, {192, 0, 2, 1}, 300)
                                 .answer("b.test", qtype::cname, test::name("c.test"), 7)
                                 .answer("a.test", qtype::cname, test::name("B.test"), 100));
    CHECK(text(answer) == "192.0.2.1 ");
    CHECK(answer.ttl == 7);

    const auto out = read(Packet::reply("a.test", qtype::a).answer("a.test", qtype::cname, test::name("b.test")));
    CHECK(out.finding == AddressFinding::no_address);
}

TEST_CASE("a chain of aliases without an end is a failure", "[address_answer]") {
    CHECK(read(Packet::reply("a.test", qtype::a)
                   .answer("a.test", qtype::cname, test::name("b.test"))
                   .answer("b.test", qtype::cname, test::name("a.test")))
              .finding == AddressFinding::failed);
    Packet chain = Packet::reply("0.test", qtype::a);
    for (std::size_t i = 0; i <= dns::max_aliases; ++i) {
        chain.answer(std::to_string(i) + ".test", qtype::cname, test::name(std::to_string(i + 1) + ".test"));
    }
    chain.answer(std::to_string(dns::max_aliases + 1) + ".test", qtype::a, {192, 0, 2, 1});
    CHECK(read(chain).finding == AddressFinding::failed);
}

TEST_CASE("rcodes", "[address_answer]") {
    const auto finding = [](unsigned rcode) { return read(Packet::reply("a.test", qtype::a).rcode(rcode)).finding; };
    CHECK(finding(0) == AddressFinding::no_address);
    CHECK(finding(3) == AddressFinding::no_such_name);
    for (const unsigned rcode : {1u, 2u, 4u, 5u, 9u, 15u}) CHECK(finding(rcode) == AddressFinding::failed);
}

TEST_CASE("a TTL with the highest bit set is 0", "[address_answer]") {
    const auto answer = read(Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}, 0x80000001));
    CHECK(answer.finding == AddressFinding::found);
    CHECK(answer.ttl == 0);
}

TEST_CASE("what cannot be read is a failure", "[address_answer]") {
    const Packet good = Packet::reply("a.test", qtype::a)
                            .answer("a.test", qtype::cname, test::name("b.test"))
                            .answer("b.test", qtype::a, {192, 0, 2, 1});
    const Octets whole = good.bytes();
    REQUIRE(read(whole).finding == AddressFinding::found);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        INFO(length);
        CHECK(read(whole.first(length)).finding == AddressFinding::failed);
    }
    const auto fails = [](const Octets& message) { return read(message).finding == AddressFinding::failed; };
    CHECK(fails(Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2})));
    CHECK(fails(Packet::reply("a.test", qtype::aaaa).answer("a.test", qtype::aaaa, {192, 0, 2, 1})));
    CHECK(fails(Packet::reply("a.test", qtype::a).answer("a.test", qtype::cname, test::name("b.test") + Octets{0})));
    CHECK(fails(Packet::reply("a.test", qtype::a).counts(0, 0, 0, 0)));
    CHECK(fails(Packet::reply("a.test", qtype::a).counts(1, 1, 0, 0)));
    // The owner's pointer leads to itself.
    CHECK(fails(Packet::reply("a.test", qtype::a).answer(test::record({0xc0, 24}, qtype::a, {192, 0, 2, 1}))));
}

TEST_CASE("of a giant answer only the first records are read", "[address_answer]") {
    Packet giant = Packet::reply("a.test", qtype::a);
    for (unsigned i = 0; i < 4000; ++i) {
        giant.answer(test::record({0xc0, 12}, qtype::a,
                                  {10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}));
    }
    const auto answer = read(giant);
    CHECK(answer.finding == AddressFinding::found);
    CHECK(answer.addresses.size() == dns::max_answer_records);
}
