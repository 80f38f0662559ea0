// SPDX-License-Identifier: MIT
#include "dns/freshness.hpp"

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy;
using dns::Freshness;
using test::Octets;
using test::Packet;
namespace qtype = test::qtype;
using Kind = Freshness::Kind;

namespace {

/// A SOA whose MINIMUM is 30 s.
Octets soa(std::uint32_t ttl) { return test::record(test::name("test"), qtype::soa, test::soa_data(1), ttl); }

void check(const Octets& message, Kind kind, std::uint32_t ttl) {
    const Freshness found = dns::read_freshness(message);
    CHECK(found.kind == kind);
    CHECK(found.ttl == ttl);
}

Packet answer(std::uint32_t ttl) {
    return Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}, ttl);
}

}  // namespace

TEST_CASE("an answer holds for the least TTL of its answer section", "[freshness]") {
    check(answer(300).answer("a.test", qtype::a, {192, 0, 2, 2}, 60).answer("a.test", qtype::a, {192, 0, 2, 3}, 90),
          Kind::answer, 60);
    check(answer(300)
              .authority(test::record(test::name("test"), qtype::ns, test::name("ns.test"), 5))
              .additional(test::record(test::name("ns.test"), qtype::a, {192, 0, 2, 9}, 4))
              .edns(1232),
          Kind::answer, 300);
    check(answer(0), Kind::answer, 0);
}

TEST_CASE("a TTL with the highest bit set holds for no time", "[freshness]") {
    check(answer(0x80000001), Kind::answer, 0);
    check(answer(0x7fffffff), Kind::answer, 0x7fffffff);
}

TEST_CASE("a negative answer holds for the lesser of its SOA's TTL and MINIMUM", "[freshness]") {
    check(Packet::reply("a.test", qtype::a).rcode(3).authority(soa(3600)), Kind::negative, 30);
    check(Packet::reply("a.test", qtype::a).rcode(3).authority(soa(7)), Kind::negative, 7);
    check(Packet::reply("a.test", qtype::a).authority(soa(3600)).edns(1232), Kind::negative, 30);
}

TEST_CASE("an alias that ends in nothing holds no longer than either", "[freshness]") {
    const auto alias = [](std::uint32_t ttl) {
        return Packet::reply("a.test", qtype::a).rcode(3).answer("a.test", qtype::cname, test::name("b.test"), ttl);
    };
    check(alias(300).authority(soa(3600)), Kind::answer, 30);
    check(alias(10).authority(soa(3600)), Kind::answer, 10);
}

TEST_CASE("without a TTL to go by nothing holds", "[freshness]") {
    check(Packet::reply("a.test", qtype::a), Kind::none, 0);
    check(Packet::reply("a.test", qtype::a).rcode(3), Kind::none, 0);
    const Octets delegation = test::record(test::name("test"), qtype::ns, test::name("ns.test"));
    check(Packet::reply("a.test", qtype::a).authority(delegation), Kind::none, 0);
}

TEST_CASE("errors, cut answers and what is no answer do not hold", "[freshness]") {
    check(answer(300).rcode(2), Kind::none, 0);
    check(answer(300).rcode(5), Kind::none, 0);
    check(answer(300).set(0x0200), Kind::none, 0);
    check(answer(300).opcode(4), Kind::none, 0);
    check(Packet::query("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}), Kind::none, 0);
}

TEST_CASE("what cannot be walked does not hold", "[freshness]") {
    const Octets whole = answer(300).authority(soa(5)).edns(1232);
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK(dns::read_freshness(whole.first(length)) == Freshness{});
    check(answer(300).counts(1, 2, 0, 0), Kind::none, 0);
    const auto negative = [](const Octets& data) {
        return Packet::reply("a.test", qtype::a).authority(test::record(test::name("test"), qtype::soa, data));
    };
    const Octets data = test::soa_data(1);
    for (std::size_t length = 0; length < data.size(); ++length) check(negative(data.first(length)), Kind::none, 0);
    check(negative(data + Octets{0}), Kind::none, 0);
    check(negative(data), Kind::negative, 30);
}
