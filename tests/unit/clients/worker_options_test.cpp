// SPDX-License-Identifier: MIT
#include "clients/worker_options.hpp"

#include "catch.hpp"

using namespace dproxy::proxy;

TEST_CASE("the shares of all workers are at least the limit, and at most one each more", "[worker_options]") {
    CHECK(share_of(100, 1) == 100);
    CHECK(share_of(100, 3) == 34);
    CHECK(share_of(1, 64) == 1);
    for (const std::uint32_t limit : {1u, 7u, 64u, 100'000u}) {
        for (unsigned workers = 1; workers <= 64; ++workers) {
            CHECK(share_of(limit, workers) * workers >= limit);
            CHECK(share_of(limit, workers) * workers < limit + workers);
        }
    }
}
