// SPDX-License-Identifier: MIT
#include "route_files/keeping_keys.hpp"

#include "section_reading.hpp"

namespace dproxy::config {

TEST_CASE("answers are kept as the keys say", "[keeping_keys]") {
    using std::chrono::seconds;
    const auto all = read({{"address", "192.0.2.1"}, {"cache", "on"}, {"cache_ttl", "5s - 1h"},
                           {"cache_negative", "0s"}, {"cache_stale", "1d"}, {"cache_stale_after", "0s"},
                           {"cache_prefetch", "255"}});
    REQUIRE(all.settings);
    const routing::Keeping& keeping = all.settings->keeping;
    CHECK(keeping.cache);
    CHECK(keeping.merge);
    CHECK(keeping.least == seconds{5});
    CHECK(keeping.most == seconds{3600});
    CHECK(keeping.negative == seconds{0});
    CHECK(keeping.stale == seconds{86'400});
    CHECK(keeping.stale_after.count() == 0);
    CHECK(keeping.prefetch == 255);
    const auto merges = read({{"address", "192.0.2.1"}, {"merge", "on"}});
    REQUIRE(merges.settings);
    CHECK_FALSE(merges.settings->keeping.cache);
    CHECK(merges.settings->keeping.merge);
    const auto off = read({{"address", "192.0.2.1"}, {"cache", "off"}, {"merge", "off"}});
    REQUIRE(off.settings);
    CHECK(off.settings->keeping == routing::Keeping{});
}

TEST_CASE("what cannot be kept, or is said of nothing kept, is a fault", "[keeping_keys]") {
    const auto beside = [](std::string_view key, std::string_view value, std::string_view other = "cache",
                           std::string_view on = "on") {
        const auto reading = read({{"address", "192.0.2.1"}, {other, on}, {key, value}});
        REQUIRE(reading.faults.size() == 1);
        return reading.faults.front().message;
    };
    CHECK(mentions(beside("cache_ttl", "1h"), "`0s-1h`"));
    CHECK(mentions(beside("cache_ttl", "1h-1m"), "the least time before the longest"));
    CHECK(mentions(beside("cache_ttl", "0s-8d"), "7d"));
    CHECK(mentions(beside("cache_negative", "1500ms"), "whole seconds"));
    CHECK(mentions(beside("cache_stale", "on"), "or `off`"));
    CHECK(mentions(beside("cache_stale_after", "11s"), "10s"));
    CHECK(mentions(beside("cache_prefetch", "256"), "1 to 255, or `off`"));
    CHECK(mentions(beside("proxy_protocol", "v2"), "expected one of them"));
    CHECK(mentions(beside("proxy_protocol", "v2", "merge"), "`merge = on` stands beside `proxy_protocol`"));
    for (const char* key : {"cache_negative", "cache_stale", "cache_stale_after"}) {
        CHECK(mentions(beside(key, "1s", "merge", "on"), "it goes with `cache = on`"));
    }
    const auto local = read({{"answer", "nxdomain"}, {"cache", "on"}});
    REQUIRE(local.faults.size() == 1);
    CHECK(mentions(local.faults.front().message, "no upstream is asked"));
}

}  // namespace dproxy::config
