// SPDX-License-Identifier: MIT
#include "dns/designated_resolvers.hpp"

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;

namespace {

Octets wire(std::string_view name) { return packet::name(name); }

DesignatedResolvers told(std::vector<DesignatedResolver> resolvers) {
    return {Name::parse("dns.example", true).name, resolvers};
}

}  // namespace

TEST_CASE("a resolver that tells nothing covers nothing", "[designated_resolvers]") {
    const DesignatedResolvers none;
    CHECK_FALSE(none.covers(wire("_dns.resolver.arpa")));
    CHECK(none.records_of(wire("_dns.resolver.arpa")).empty());
}

TEST_CASE("one name has the records, and all below resolver.arpa are covered", "[designated_resolvers]") {
    const auto resolvers = told({{"dot", 0, ""}});
    CHECK(resolvers.records_of(wire("_dns.resolver.arpa")).size() == 1);
    CHECK(resolvers.records_of(wire("_DNS.Resolver.ARPA")).size() == 1);
    for (const auto* other : {"resolver.arpa", "x.resolver.arpa", "a._dns.resolver.arpa"}) {
        CHECK(resolvers.covers(wire(other)));
        CHECK(resolvers.records_of(wire(other)).empty());
    }
    for (const auto* outside : {"arpa", "", "_dns.resolver.arpa.example", "xresolver.arpa", "_dns.resolver.arp"}) {
        CHECK_FALSE(resolvers.covers(wire(outside)));
        CHECK(resolvers.records_of(wire(outside)).empty());
    }
}

TEST_CASE("each way is a record, its parameters in ascending order", "[designated_resolvers]") {
    const auto resolvers = told({{"dot", 0, ""}, {"dot", 8853, ""}, {"h2", 444, "/q{?dns}"}});
    const auto records = resolvers.records_of(wire("_dns.resolver.arpa"));
    REQUIRE(records.size() == 3);
    const Octets name = wire("dns.example");
    const Octets dot{0, 1, 0, 4, 3, 'd', 'o', 't'};
    CHECK(records[0] == Octets{0, 1} + name + dot);
    CHECK(records[1] == Octets{0, 2} + name + dot + Octets{0, 3, 0, 2, 0x22, 0x95});
    CHECK(records[2] == Octets{0, 3} + name + Octets{0, 1, 0, 3, 2, 'h', '2', 0, 3, 0, 2, 1, 188, 0, 7, 0, 8} +
                            Octets{'/', 'q', '{', '?', 'd', 'n', 's', '}'});
}
