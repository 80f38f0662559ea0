// SPDX-License-Identifier: MIT
#include "cli/top_facts.hpp"

#include <boost/json.hpp>

#include "catch.hpp"

namespace {

using namespace dproxy::cli;
namespace json = boost::json;

constexpr const char* none = R"({"seconds":{"queries":[],"failures":[],"p50_ms":[],"p99_ms":[]}})";

std::optional<TopFacts> read(const std::string& history, const std::string& status = "{}") {
    return read_top(json::parse(history), json::parse(status));
}

}  // namespace

TEST_CASE("means are of the seconds that are known", "[top_facts]") {
    const auto facts = read(R"({"total":{"seconds":{"queries":[null,10,30,null],"failures":[null,1,0,null],
        "p50_ms":[null,1.0,2.0,null],"p99_ms":[null,9.0,3.0,null]}},"routes":[],"upstreams":[]})");
    REQUIRE(facts);
    CHECK(facts->total.queries == 20);
    CHECK(facts->total.failures == 0.5);
    CHECK(facts->total.p50_ms == 1.75);
    CHECK(facts->total.p99_ms == 9.0);
}

TEST_CASE("where nothing is known there are no times", "[top_facts]") {
    for (const char* one : {none, R"({"seconds":{"queries":[null],"failures":[null],"p50_ms":[null],"p99_ms":[null]}})",
                            R"({"seconds":{"queries":[0],"failures":[0],"p50_ms":[null],"p99_ms":[null]}})"}) {
        const auto facts = read(R"({"total":)" + std::string(one) + "}");
        REQUIRE(facts);
        CHECK(facts->total.queries == 0);
        CHECK_FALSE(facts->total.p50_ms);
        CHECK_FALSE(facts->total.p99_ms);
    }
}

TEST_CASE("an upstream is down where one of its address is", "[top_facts]") {
    const std::string one = R"("seconds":{"queries":[4],"failures":[0],"p50_ms":[1],"p99_ms":[2]}})";
    const auto facts = read(R"({"total":)" + std::string(none) + R"(,"routes":[{"route":"a.test",)" + one +
                                R"(],"routes_left_out":2,"upstreams_left_out":1,
                                "upstreams":[{"upstream":"192.0.2.1:53",)" +
                                one + R"(,{"upstream":"192.0.2.2:53",)" + one + R"(,{"upstream":"other",)" + one + "]}",
                            R"({"version":"1.2.3","uptime_seconds":61,"workers":2,"not_ready":"draining",
                                "traffic":{"inflight":7},"upstreams":[{"address":"192.0.2.1:53","up":true},
                                {"address":"192.0.2.1:53","up":false},{"address":"192.0.2.2:53","up":true},
                                {"address":"192.0.2.3:53","up":false},{"address":"192.0.2.4:53","up":true}]})");
    REQUIRE(facts);
    CHECK(facts->version == "1.2.3");
    CHECK(facts->uptime_s == 61);
    CHECK(facts->workers == 2);
    CHECK(facts->not_ready == "draining");
    CHECK(facts->inflight == 7);
    CHECK(facts->left_out == 3);
    REQUIRE(facts->routes.size() == 1);
    CHECK(facts->routes[0].name == "a.test");
    CHECK(facts->routes[0].pace.queries == 4);
    REQUIRE(facts->upstreams.size() == 4);  // with the one that is down, though nobody asked it
    CHECK(facts->upstreams[0].up == false);
    CHECK(facts->upstreams[1].up == true);
    CHECK_FALSE(facts->upstreams[2].up);
    CHECK(facts->upstreams[3].name == "192.0.2.3:53");
    CHECK(facts->upstreams[3].up == false);
}

TEST_CASE("what another program tells is not taken for it", "[top_facts]") {
    CHECK_FALSE(read("[]"));
    CHECK_FALSE(read("{}"));
    CHECK_FALSE(read(R"({"total":[]})"));
    CHECK_FALSE(read(R"({"total":{"seconds":{}}})"));
    CHECK_FALSE(read(R"({"total":)" + std::string(none) + "}", "[]"));
    const auto odd = read(R"({"total":{"seconds":{"queries":["x",2],"failures":[],"p50_ms":{}}},"routes":{},
        "upstreams":[1,{"upstream":3}],"routes_left_out":-1})",
                          R"({"upstreams":[1,{"up":1}],"workers":-3,"version":[]})");
    REQUIRE(odd);
    CHECK(odd->total.queries == 2);
    CHECK(odd->upstreams.empty());
    CHECK(odd->left_out == 0);
    CHECK(odd->workers == 0);
}
