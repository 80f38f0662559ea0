// SPDX-License-Identifier: MIT
#include "import/corefile_cache.hpp"

#include "catch.hpp"
#include "drafted.hpp"
#include "import/corefile.hpp"

namespace {

using namespace dproxy;

test::Drafted read(const std::string& cache) {
    return test::drafted(foreign::read_corefile, "a.test {\n forward . 192.0.2.1\n " + cache + "\n}\n");
}

std::string section(const std::string& keys) { return "2 .a.test: address=192.0.2.1 cache=on " + keys + "\n"; }

}  // namespace

TEST_CASE("Corefile: times of cache", "[import]") {
    CHECK(read("cache").sections == section("cache_ttl=5s-3600s cache_negative=1800s"));
    const auto done = read("cache 30");
    CHECK(done.sections == section("cache_ttl=5s-30s cache_negative=30s"));
    CHECK(done.told == "");
    const auto both = read("cache {\n success 5000 300 10\n denial 2500 60 10\n }");
    CHECK(both.sections == section("cache_ttl=10s-300s cache_negative=60s"));
    CHECK(test::lines_of(both.told) == "4 5");
    CHECK(read("cache {\n disable denial\n }").sections == section("cache_ttl=5s-3600s cache_negative=0s"));
}

TEST_CASE("Corefile: stale answers and prefetch of cache", "[import]") {
    const std::string times = "cache_ttl=5s-3600s cache_negative=1800s ";
    CHECK(read("cache {\n serve_stale\n }").sections == section(times + "cache_stale=3600s cache_stale_after=0s"));
    const auto verified = read("cache {\n serve_stale 2h verify\n prefetch 10\n }");
    CHECK(verified.sections == section(times + "cache_stale=7200s cache_prefetch=10"));
    CHECK(verified.told == "");
    CHECK(test::lines_of(read("cache {\n prefetch 10 5m 20%\n servfail 5s\n keepttl\n disable success\n }").told) ==
          "4 5 6 7");
}

TEST_CASE("Corefile: zones of cache", "[import]") {
    CHECK(read("cache 30 a.test").sections == section("cache_ttl=5s-30s cache_negative=30s"));
    const auto below = read("cache 30 x.a.test");
    CHECK(below.sections == "2 .a.test: address=192.0.2.1\n");
    CHECK(test::lines_of(below.told) == "3 3");
    CHECK(test::lines_of(read("cache 30\n cache 40").told) == "4");
}
