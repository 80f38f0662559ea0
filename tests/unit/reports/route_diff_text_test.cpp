// SPDX-License-Identifier: MIT
#include <boost/json.hpp>
#include <sstream>

#include "catch.hpp"
#include "reports/route_diff.hpp"
#include "route_set_of.hpp"

using namespace dproxy::config;
using dproxy::test::add_routes;
namespace json = boost::json;

namespace {

using Write = void (*)(const RouteDiff&, std::ostream&);

std::string written(Write write, const std::string& before, const std::string& after) {
    RouteSet old, now;
    add_routes(old, before);
    add_routes(now, after);
    const RouteDiff diff(old, now, R"({"result":"none","answer":"refused"})");
    std::ostringstream out;
    write(diff, out);
    return out.str();
}

const std::string old_routes =
    "*.test 192.0.2.1\na.test 192.0.2.2 timeout_ms=100\nb.test 192.0.2.2\nc.test 192.0.2.2\n";
const std::string new_routes =
    "*.test 192.0.2.1\na.test 192.0.2.2\nb.test nxdomain\nd.test 192.0.2.3\n* clients=10.0.0.0/8 drop\n";

}  // namespace

TEST_CASE("a diff as text has a line for each pattern, and counts them", "[route_diff_text]") {
    CHECK(written(write_diff_text, old_routes, old_routes) == "0 patterns added, 0 removed, 0 changed\n");
    CHECK(written(write_diff_text, old_routes, new_routes) ==
          "~ a.test  192.0.2.2; timeout_ms 100 -> default  f:2\n"
          "~ b.test  192.0.2.2 -> answers NXDOMAIN  f:3\n"
          "+ d.test  192.0.2.1 by *.test -> 192.0.2.3  f:4\n"
          "+ * (clients 10.0.0.0/8)  answers REFUSED by no route -> dropped  f:5\n"
          "- c.test  192.0.2.2 -> 192.0.2.1 by *.test  f:4\n"
          "2 patterns added, 1 removed, 2 changed\n");
    CHECK(written(write_diff_text, "*.test 192.0.2.1\n", "*.test 192.0.2.1\na.test 192.0.2.1\n") ==
          "0 patterns added, 0 removed, 0 changed; 1 more came or went, and their names go where they went\n");
    CHECK(written(write_diff_text, "*.test 192.0.2.1\n*.test types=A 192.0.2.2\n",
                  "*.test 192.0.2.1\n*.test types=A 192.0.2.2\na.test 192.0.2.3\n") ==
          "+ a.test  192.0.2.2 by *.test (types A), and 192.0.2.1 by *.test -> 192.0.2.3  f:3\n"
          "1 pattern added, 0 removed, 0 changed\n");
}

TEST_CASE("a diff as JSON", "[route_diff_text]") {
    const auto report = json::parse(written(write_diff_json, old_routes, new_routes)).as_object();
    CHECK(report.at("added") == 2);
    CHECK(report.at("removed") == 1);
    CHECK(report.at("changed") == 2);
    CHECK(report.at("unmoved") == 0);
    const auto& changes = report.at("changes").as_array();
    REQUIRE(changes.size() == 5);
    CHECK(changes[0] == json::parse(R"({"kind":"changed","pattern":"a.test","keys":["timeout_ms"],
        "before":[{"pattern":"a.test","place":"f:2","protocol":"udp","timeout_ms":"100","upstreams":["192.0.2.2"]}],
        "after":[{"pattern":"a.test","place":"f:2","protocol":"udp","upstreams":["192.0.2.2"]}]})"));
    CHECK(changes[3] == json::parse(R"({"kind":"added","pattern":"*","for":"clients 10.0.0.0/8",
        "before":[{"result":"none","answer":"refused"}],
        "after":[{"pattern":"*","for":"clients 10.0.0.0/8","place":"f:5","answer":"drop"}]})"));
    CHECK(changes[4].at("after").at(0).at("pattern") == "*.test");
    CHECK(json::parse(written(write_diff_json, "", "")).at("changes").as_array().empty());
}

TEST_CASE("a diff as Markdown is a table", "[route_diff_text]") {
    CHECK(written(write_diff_markdown, "", "") == "0 patterns added, 0 removed, 0 changed\n");
    const std::string all = "*.test 192.0.2.1\n";
    CHECK(written(write_diff_markdown, all, all + "a|b.test refused\nc`d.test refused\n") ==
          "2 patterns added, 0 removed, 0 changed\n\n"
          "| | pattern | before | after | where |\n|---|---|---|---|---|\n"
          "| added | `a\\|b.test` | `192.0.2.1 by *.test` | `answers REFUSED` | `f:2` |\n"
          "| added | `` c`d.test `` | `192.0.2.1 by *.test` | `answers REFUSED` | `f:3` |\n");
}

TEST_CASE("a diff as Markdown is bounded, in rows and in bytes, and counts the rest", "[route_diff_text]") {
    std::string many, long_ones;
    for (int i = 0; i < 1000; ++i) many += "n" + std::to_string(i) + ".test refused\n";
    const std::string of_many = written(write_diff_markdown, "", many);
    CHECK(of_many.size() < max_markdown_bytes);
    CHECK(of_many.ends_with("| `f:200` |\n\nAnd 800 more.\n"));
    const std::string tail(600, 'x');
    for (int i = 0; i < 300; ++i) long_ones += std::to_string(i) + tail + ".test refused\n";
    const std::string of_long = written(write_diff_markdown, "", long_ones);
    CHECK(of_long.size() < max_markdown_bytes + 32);
    CHECK(of_long.size() > max_markdown_bytes - 1000);
    CHECK(of_long.ends_with(" more.\n"));
}

TEST_CASE("what another instance tells cannot break out of its line", "[route_diff_text]") {
    RouteSet old, now;
    now.add({{"pattern", "a\n\x1b[2J.test"}, {"answer", "x\ny"}, {"file", "f\rg"}, {"line", 1}});
    const RouteDiff diff(old, now, "not JSON");
    std::ostringstream out;
    write_diff_text(diff, out);
    CHECK(out.str() == "+ a??[2J.test   by no route -> answers X?Y  f?g:1\n1 pattern added, 0 removed, 0 changed\n");
}
