// SPDX-License-Identifier: MIT
#include "routing/settings_pool.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

namespace dproxy::routing {

namespace {

TextBeside text_beside(std::string name, std::string text) {
    const auto shared = std::make_shared<const std::string>(std::move(text));
    return {std::move(name), shared, "digest of " + *shared};
}

}  // namespace

TEST_CASE("equal settings are kept once, others apart", "[settings_pool]") {
    SettingsPool pool;
    RouteSettings settings;
    settings.targets = {{"", {net::Address::v4(192, 0, 2, 1), 53}}};
    const auto first = pool.intern(settings);
    CHECK(pool.intern(settings) == first);

    RouteSettings other = settings;
    other.attempts = 3;
    CHECK(pool.intern(other) != first);
    other = settings;
    other.tls.authorities = text_beside("ca.pem", "some");
    CHECK(pool.intern(other) != first);
    other = settings;
    other.allow_all = false;
    CHECK(pool.intern(other) != first);
    CHECK(pool.size() == 4);
}

TEST_CASE("settings that differ in one thing only are found as fast as others", "[settings_pool]") {
    // By the lengths of chains, as time decides no test: with the hash of before, all of these met in one.
    SettingsPool pool;
    std::vector<std::shared_ptr<const RouteSettings>> held;
    const auto add = [&](auto change) {
        RouteSettings settings;
        settings.targets = {{"", {net::Address::v4(192, 0, 2, 1), 53}}};
        change(settings);
        held.push_back(pool.intern(settings));
    };
    for (std::uint8_t i = 1; i < 200; ++i) {
        add([i](RouteSettings& settings) { settings.attempts = i; });
        add([i](RouteSettings& settings) { settings.fallback_on = i; });
        add([i](RouteSettings& settings) { settings.hedge_after = std::chrono::milliseconds(i); });
        add([i](RouteSettings& settings) { settings.tls.name = std::string(i, 'n'); });
        add([i](RouteSettings& settings) { settings.tls.pins = {std::string(i, 'n')}; });
        add([i](RouteSettings& settings) { settings.tls.authorities = text_beside("ca.pem", std::string(i, 'n')); });
        add([i](RouteSettings& settings) { settings.tls.certificate = text_beside("a.crt", std::string(i, 'n')); });
        add([i](RouteSettings& settings) { settings.tls.key = text_beside(std::string(i, 'n'), "a key"); });
        add([i](RouteSettings& settings) { settings.probe = ProbeSetting{std::string(i, 'n'), 1}; });
        add([i](RouteSettings& settings) { settings.probe = ProbeSetting{".", i}; });
        // The sum that was made of these two was the same for all.
        add([i](RouteSettings& settings) {
            settings.timeout = std::chrono::milliseconds(1000 + i);
            settings.max_inflight = 100'000 - 31u * i;
        });
        add([i](RouteSettings& settings) {
            settings.allow_all = false;
            settings.allow = net::NetworkList({{net::Address::v4(10, i, 0, 0), 112}});
        });
        add([i](RouteSettings& settings) {
            settings.allow = net::NetworkList({{net::Address{}, static_cast<std::uint8_t>(i % 128 + 1)}});
        });
    }
    CHECK(pool.size() >= 1900);
    CHECK(pool.longest_chain() < 20);
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
