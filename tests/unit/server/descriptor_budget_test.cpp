// SPDX-License-Identifier: MIT
#include "server/descriptor_budget.hpp"

#include "catch.hpp"

using namespace dproxy::server;

namespace {

DescriptorNeeds usual(std::uint64_t limit) { return {limit, 2, 2, 3, 256, 4096}; }

}  // namespace

TEST_CASE("with descriptors enough clients have what the settings say", "[descriptor_budget]") {
    const auto budget = share_out(usual(1'048'576));
    CHECK(budget.tcp_connections == 4096);
    CHECK(budget.transfers == 256);
    CHECK(budget.first_reserved > 1'000'000);
    CHECK(share_out(usual(~std::uint64_t{0})).tcp_connections == 4096);
}

TEST_CASE("with too few descriptors the others have theirs first, and what would do is known", "[descriptor_budget]") {
    for (const std::uint64_t limit : {64u, 256u, 1024u, 4096u}) {
        const auto budget = share_out(usual(limit));
        CAPTURE(limit);
        CHECK(budget.tcp_connections >= 1);
        CHECK(budget.tcp_connections < 4096);
        CHECK(budget.first_reserved < static_cast<int>(limit));
        CHECK(budget.wanted_limit > limit);
        CHECK(share_out(usual(budget.wanted_limit)).tcp_connections == 4096);
        CHECK(share_out(usual(budget.wanted_limit - 8)).tcp_connections < 4096);
    }
    CHECK(share_out(usual(1024)).tcp_connections > 200);
    CHECK(share_out(usual(4096)).tcp_connections > 2000);
}
