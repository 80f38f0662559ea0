// SPDX-License-Identifier: MIT
#include <boost/json.hpp>
#include <string>

#include "catch.hpp"
#include "reports/route_report.hpp"

namespace {

using namespace dproxy::config;
namespace json = boost::json;

std::string explained(std::string_view report) { return explain_text(json::parse(report)); }
std::string listed(std::string_view report) { return routes_text(json::parse(report)); }

}  // namespace

TEST_CASE("an explanation says what becomes of the name first, then where that stands", "[route_report_text]") {
    CHECK(explained(R"({"name":"a.test","type":"MX","result":"route","pattern":"*.test","route":"*.test x.test",
                        "file":"d/a.prox","line":3,"upstreams":["192.0.2.1:53","192.0.2.2:53"],"protocol":"tcp",
                        "policy":"first","timeout_ms":4000,"attempts":2,"hedge":"off","allow":["10.0.0.0/8"]})") ==
          "a.test MX is routed by *.test\n"
          "  section    [*.test x.test] in d/a.prox:3\n"
          "  upstreams  192.0.2.1:53, 192.0.2.2:53 (tcp)\n"
          "  protocol   tcp\n"
          "  policy     first\n"
          "  timeout    4s, 2 attempts\n"
          "  allow      10.0.0.0/8\n");
}

TEST_CASE("answers of dproxy's own are written as rcodes, and a drop as what it is", "[route_report_text]") {
    CHECK(explained(R"({"name":"a","result":"none","answer":"refused"})") ==
          "a has no route and is answered REFUSED\n");
    CHECK(explained(R"({"name":"a","result":"none","answer":"drop"})") == "a has no route and is dropped\n");
    CHECK(explained(R"({"name":"a","result":"route","pattern":"a","answer":"nxdomain"})") ==
          "a is routed by a\n  answer     NXDOMAIN\n");
    CHECK(explained(R"({"name":"a","result":"master","upstreams":["192.0.2.1:53"]})") ==
          "a has no route and goes to the master upstream\n  upstreams  192.0.2.1:53\n");
    CHECK(explained(R"({"name":"a","result":"master","system":true})") ==
          "a has no route and goes to the master upstream\n  upstreams  the nameservers of /etc/resolv.conf\n");
}

TEST_CASE("a cache is told in one line, and merging where there is none", "[route_report_text]") {
    CHECK(explained(R"({"name":"a","result":"master","cache":"on","cache_ttl":"0s-1d","cache_negative":"5m",)"
                    R"("cache_stale":"90s","cache_stale_after":"1800ms","cache_prefetch":"5","merge":"on"})") ==
          "a has no route and goes to the master upstream\n"
          "  cache      0s-1d, negative 5m, stale 90s after 1800ms, prefetch 5\n");
    CHECK(explained(R"({"name":"a","result":"master","cache":"off","merge":"on"})") ==
          "a has no route and goes to the master upstream\n  merge      on\n");
}

TEST_CASE("whether queries are logged is told where the section says it", "[route_report_text]") {
    CHECK(explained(R"({"name":"a","result":"route","pattern":"a","answer":"nxdomain","querylog":"1/100"})") ==
          "a is routed by a\n  answer     NXDOMAIN\n  querylog   1/100\n");
}

TEST_CASE("one attempt is one attempt, and a hedge is told where there is one", "[route_report_text]") {
    CHECK(explained(R"({"name":"a","result":"master","timeout_ms":1500,"attempts":1,"hedge":"p95"})") ==
          "a has no route and goes to the master upstream\n  timeout    1500ms, 1 attempt\n  hedge      p95\n");
}

TEST_CASE("those that lost stand in columns", "[route_report_text]") {
    CHECK(explained(R"({"name":"a","result":"none","answer":"refused","remark":"why","lost":[
                        {"pattern":"*.a","file":"f","line":1,"reason":"longer"},
                        {"pattern":"*","file":"directory/g","line":22,"reason":"shorter"},
                        {"result":"master","upstreams":["192.0.2.1:53"],"reason":"a route"}]})") ==
          "a has no route and is answered REFUSED\n"
          "lost\n"
          "  *.a       f:1             longer\n"
          "  *         directory/g:22  shorter\n"
          "  (master)  192.0.2.1:53    a route\n"
          "remark\n"
          "  why\n");
}

TEST_CASE("a long cell pushes its own row aside, and no other", "[route_report_text]") {
    const std::string longest(48, 'a'), longer(49, 'b');
    const std::string rows = R"({"pattern":")" + longer + R"(","answer":"refused","file":"f","line":1},)" +
                             R"({"pattern":"c","answer":"drop","file":"f","line":2})";
    CHECK(listed(R"({"routes":[)" + rows + "]}") ==
          longer + "  answers REFUSED  f:1\nc  dropped          f:2\n");
    CHECK(listed(R"({"routes":[{"pattern":")" + longest + R"("},{"pattern":"c","answer":"drop"}]})") ==
          longest + "\nc" + std::string(49, ' ') + "dropped\n");
}

TEST_CASE("a report of another instance may hold anything", "[route_report_text]") {
    for (const auto* text :
         {"null", "[]", "{}", "1", "\"x\"", R"({"routes":1})", R"({"routes":[1,null,{}],"otherwise":3})",
          R"({"lost":[1,{"pattern":7}],"upstreams":[1,2],"timeout_ms":"x","file":{},"result":[]})"}) {
        INFO(text);
        CHECK_FALSE(explain_text(json::parse(text)).empty());
        routes_text(json::parse(text));
    }
}
