// SPDX-License-Identifier: MIT
#include "routing/settings_pool.hpp"

#include "catch.hpp"

namespace dproxy::routing {

TEST_CASE("equal settings are kept once, others apart", "[settings_pool]") {
    SettingsPool pool;
    RouteSettings settings;
    settings.targets = {{"", {net::Address::v4(192, 0, 2, 1), 53}}};
    const auto first = pool.intern(settings);
    CHECK(pool.intern(settings) == first);

    // Each of these differs in something that the hash does not look at.
    RouteSettings other = settings;
    other.attempts = 3;
    CHECK(pool.intern(other) != first);
    other = settings;
    other.tls_ca = "/etc/ca.pem";
    CHECK(pool.intern(other) != first);
    other = settings;
    other.allow_all = false;
    CHECK(pool.intern(other) != first);
    CHECK(pool.size() == 4);
}

TEST_CASE("the pool forgets what nobody holds", "[settings_pool]") {
    SettingsPool pool;
    RouteSettings settings;
    const auto held = pool.intern(settings);
    settings.attempts = 5;
    pool.intern(settings);
    CHECK(pool.size() == 2);
    pool.forget_unused();
    CHECK(pool.size() == 1);
    settings.attempts = 2;
    CHECK(pool.intern(settings) == held);
}

}  // namespace dproxy::routing
