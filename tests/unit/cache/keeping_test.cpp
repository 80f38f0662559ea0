// SPDX-License-Identifier: MIT
#include "cache/keeping.hpp"

#include "catch.hpp"
#include "kept.hpp"

using namespace dproxy;
using test::Asked;
using test::kept;
using test::Octets;
using test::Packet;
namespace qtype = test::qtype;

namespace {

Packet query() { return Packet::query("a.test", qtype::a); }
Packet answer(std::uint32_t ttl = 300) {
    return Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}, ttl);
}
Packet negative(unsigned rcode) { return Packet::reply("a.test", qtype::a).rcode(rcode); }

/// For how long it is kept; 0 where it is not.
std::uint32_t time_of(const Packet& reply, const cache::KeepingTerms& terms = {}) {
    const Asked asked(query());
    const auto record = kept(asked, reply, terms);
    return record.empty() ? 0 : cache::KeptAnswer(record).head().fresh_s;
}

}  // namespace

TEST_CASE("an answer is kept for the least of its TTLs", "[keeping]") {
    CHECK(time_of(answer(300)) == 300);
    CHECK(time_of(answer(300).answer("a.test", qtype::a, {192, 0, 2, 2}, 60)) == 60);
    CHECK(time_of(answer().authority(test::record(test::name("test"), qtype::ns, test::name("ns.test"), 50))) == 50);
    CHECK(time_of(answer().additional(test::record(test::name("ns.test"), qtype::a, {1, 2, 3, 4}, 40))) == 40);
    CHECK(time_of(answer().edns(1232)) == 300);
    CHECK(time_of(answer(0)) == 0);
    CHECK(time_of(answer(0x80000000)) == 0);  // RFC 2181 8
}

TEST_CASE("times are kept within those of the route", "[keeping]") {
    const cache::KeepingTerms terms{.least_s = 10, .most_s = 100, .negative_s = 5, .stale_s = 7};
    CHECK(time_of(answer(0), terms) == 10);
    CHECK(time_of(answer(50), terms) == 50);
    CHECK(time_of(answer(500), terms) == 100);
    CHECK(time_of(negative(3).authority(test::soa()), terms) == 5);
    const Asked asked(query());
    CHECK(cache::KeptAnswer(kept(asked, answer(), terms)).head().stale_s == 7);
}

TEST_CASE("negative answers are kept by their SOA, and without one not at all", "[keeping]") {
    for (const unsigned rcode : {0u, 3u}) {
        CHECK(time_of(negative(rcode).authority(test::soa(3600))) == 30);  // MINIMUM
        CHECK(time_of(negative(rcode).authority(test::soa(9))) == 9);
        CHECK(time_of(negative(rcode)) == 0);
        const auto referral = test::record(test::name("test"), qtype::ns, test::name("ns"), 9);
        CHECK(time_of(negative(rcode).authority(referral)) == 0);
        CHECK(time_of(negative(rcode).authority(test::soa(0))) == 0);
    }
    const auto alias = [] { return negative(3).answer("a.test", qtype::cname, test::name("b.test"), 20); };
    CHECK(time_of(alias()) == 0);
    CHECK(time_of(alias().authority(test::soa())) == 20);
}

TEST_CASE("an alias without what was asked for is negative too, where a SOA says so", "[keeping]") {
    const cache::KeepingTerms terms{.least_s = 600, .most_s = 3600, .negative_s = 100};
    const auto alias = [] {
        return Packet::reply("a.test", qtype::a).answer("a.test", qtype::cname, test::name("b.test"), 20);
    };
    CHECK(time_of(alias().authority(test::soa()), terms) == 20);
    CHECK(time_of(alias().authority(test::soa()), {.negative_s = 10}) == 10);
    CHECK(time_of(alias().authority(test::soa()), {.negative_s = 0}) == 0);
    // With the record, or with nobody who says that there is none: the alias itself is the answer.
    CHECK(time_of(alias().answer("b.test", qtype::a, {192, 0, 2, 1}).authority(test::soa()), terms) == 600);
    CHECK(time_of(alias(), terms) == 600);
    const Asked of_alias(Packet::query("a.test", qtype::cname));
    const auto record = kept(of_alias, Packet::reply("a.test", qtype::cname)
                                           .answer("a.test", qtype::cname, test::name("b.test"), 20)
                                           .authority(test::soa()), terms);
    REQUIRE_FALSE(record.empty());
    CHECK(cache::KeptAnswer(record).head().fresh_s == 600);
}

TEST_CASE("no TTL of a negative answer is longer than it is kept", "[keeping]") {
    const Asked asked(query());
    const auto soa_ttl_at = [&](const cache::KeepingTerms& terms, std::uint64_t seconds) {
        const auto record = kept(asked, negative(3).authority(test::soa(3600)), terms);
        const Octets out = test::written(record, asked, seconds * test::second);
        const std::size_t at = asked.message.size() + test::name("test").size() + 4;
        return std::uint32_t{dns::read_u16(out.data() + at)} << 16 | dns::read_u16(out.data() + at + 2);
    };
    CHECK(soa_ttl_at({}, 0) == 30);  // MINIMUM
    CHECK(soa_ttl_at({}, 25) == 5);
    CHECK(soa_ttl_at({.negative_s = 8}, 0) == 8);
    CHECK(soa_ttl_at({.negative_s = 8}, 7) == 1);
}

TEST_CASE("failures are kept for a moment, other rcodes and cut replies not at all", "[keeping]") {
    CHECK(time_of(negative(2), {.stale_s = 60}) == cache::failure_kept_s);
    const Asked asked(query());
    CHECK(cache::KeptAnswer(kept(asked, negative(2), {.stale_s = 60})).head().stale_s == 0);
    for (const unsigned rcode : {1u, 4u, 5u, 9u}) CHECK(time_of(negative(rcode).authority(test::soa())) == 0);
    CHECK(time_of(answer().set(0x0200)) == 0);                      // TC
    CHECK(time_of(answer().edns(1232, {}, 0x01000000)) == 0);       // upper bits of the rcode
    CHECK(time_of(answer().edns(1232, {}, 0x00010000)) == 0);       // version 1
}

TEST_CASE("what is about somebody, signed or does not walk is not kept", "[keeping]") {
    CHECK(time_of(answer().edns(1232, test::option(8, {0, 1, 24, 24, 192, 0, 2}))) == 0);
    CHECK(time_of(answer().additional(test::record(test::name("k"), qtype::tsig, {0}, 0, 255))) == 0);
    CHECK(time_of(answer().trailing({0})) == 0);
    CHECK(time_of(answer().counts(1, 2, 0, 0)) == 0);
    CHECK(time_of(answer().counts(0, 1, 0, 0)) == 0);
    CHECK(time_of(answer().edns(1232).additional(test::record(test::name("n"), qtype::a, {1, 2, 3, 4}))) == 0);
    CHECK(time_of(answer().edns(1232).edns(1232)) == 0);
    CHECK(time_of(answer().edns(1232, {0, 15, 0, 9})) == 0);
    CHECK(time_of(answer().opcode(4)) == 0);
    CHECK(time_of(Packet::query("a.test", qtype::a).answer("a.test", qtype::a, {1, 2, 3, 4})) == 0);
    CHECK(time_of(Packet::reply("b.test", qtype::a).answer("b.test", qtype::a, {1, 2, 3, 4})) == 0);
    CHECK(time_of(Packet::reply("a.test", qtype::aaaa).answer("a.test", qtype::a, {1, 2, 3, 4})) == 0);
}

TEST_CASE("any piece of a reply is taken, and none of it is kept but the whole", "[keeping]") {
    const Asked asked(query());
    const Octets whole = answer().authority(test::soa()).edns(1232, test::option(15, {0, 3})).bytes();
    auto room = cache::make_record_room();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CHECK(cache::make_kept(std::span(whole).first(length), *asked.key, {}, {}, room).empty());
    }
    CHECK_FALSE(cache::make_kept(whole, *asked.key, {}, {}, room).empty());
}
