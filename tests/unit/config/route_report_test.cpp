// SPDX-License-Identifier: MIT
#include "config/route_report.hpp"

#include <boost/json.hpp>

#include "catch.hpp"
#include "config/route_store.hpp"
#include "config/setting_keys.hpp"
#include "support/config_directory.hpp"

namespace {

using namespace dproxy::config;
namespace json = boost::json;
using dproxy::test::TemporaryDirectory;
using dproxy::test::write_file;

class Routes {
public:
    explicit Routes(const std::string& text) {
        write_file(directory_ / "a.prox", text);
        RouteStoreOptions options;
        options.locations = {directory_.text()};
        state_ = RouteStore(std::move(options)).reload({}, {}).state;
    }
    const dproxy::routing::RouteTable& table() const { return *state_->table; }
    std::string file() const { return directory_.text() + "/a.prox"; }

private:
    TemporaryDirectory directory_;
    std::shared_ptr<const RoutesState> state_;
};

Settings with_master() {
    auto settings = default_settings();
    settings.use_master_upstream = true;
    settings.master_upstream = {{"", *dproxy::net::Endpoint::parse("192.0.2.53", 53)}};
    return settings;
}

json::object explained(const Routes& routes, const Settings& settings, std::string_view name,
                       std::string_view type = "") {
    const auto parsed = parse_route_question(name, type);
    REQUIRE(parsed.fault == "");
    return explain_report(routes.table(), settings, parsed.question).as_object();
}

const std::string three_routes =
    "[cryo.network]\naddress = 192.0.2.1, 192.0.2.2:54\nallow = 10.0.0.0/8\n\n"
    "[*.cryo.network *.other.example]\naddress = 192.0.2.3\nprotocol = tcp\n\n"
    "[*]\nanswer = nxdomain\n";

}  // namespace

TEST_CASE("explain names the route, where it stands and what it does", "[route_report]") {
    const Routes routes(three_routes);
    const auto report = explained(routes, with_master(), "CRYO.network.", "MX");
    CHECK(report.at("name") == "cryo.network");
    CHECK(report.at("type") == "MX");
    CHECK(report.at("result") == "route");
    CHECK(report.at("pattern") == "cryo.network");
    CHECK(report.at("file") == json::value(routes.file()));
    CHECK(report.at("line") == 1);
    CHECK(report.at("upstreams") == json::array{"192.0.2.1:53", "192.0.2.2:54"});
    CHECK(report.at("protocol") == "udp");
    CHECK(report.at("policy") == "least-outstanding");
    CHECK(report.at("timeout_ms") == 4000);
    CHECK(report.at("attempts") == 2);
    CHECK(report.at("allow") == json::array{"10.0.0.0/8"});
    CHECK_FALSE(report.contains("remark"));
    const auto& lost = report.at("lost").as_array();
    REQUIRE(lost.size() == 2);
    CHECK(lost[0].at("pattern") == "*");
    CHECK(lost[0].at("line") == 9);
    CHECK(lost[0].at("reason") == "`*` takes only names that nothing else matches");
    CHECK(lost[1].at("result") == "master");
    CHECK(lost[1].at("reason") == "every route wins over the master upstream");

    CHECK(explain_text(report) ==
          "cryo.network MX is routed by cryo.network\n"
          "  section    [cryo.network] in " +
              routes.file() +
              ":1\n"
              "  upstreams  192.0.2.1:53, 192.0.2.2:54\n"
              "  protocol   udp\n"
              "  policy     least-outstanding\n"
              "  timeout    4s, 2 attempts\n"
              "  clients    10.0.0.0/8\n"
              "lost\n"
              "  *" +
              std::string(7, ' ') + "  " + routes.file() +
              ":9  `*` takes only names that nothing else matches\n"
              "  (master)  192.0.2.53:53" +
              std::string(routes.file().size() + 2 - 13, ' ') + "  every route wins over the master upstream\n");
}

TEST_CASE("explain says why other patterns lost", "[route_report]") {
    const Routes routes(
        "[a.b.example]\naddress=192.0.2.1\n[*.b.example]\naddress=192.0.2.2\n[*.example]\naddress=192.0.2.3\n");
    const auto exact = explained(routes, default_settings(), "a.b.example");
    CHECK(exact.at("pattern") == "a.b.example");
    REQUIRE(exact.at("lost").as_array().size() == 2);
    CHECK(exact.at("lost").at(0).at("pattern") == "*.b.example");
    CHECK(exact.at("lost").at(0).at("reason") == "an exact name wins over a wildcard");
    const auto wildcard = explained(routes, default_settings(), "x.b.example");
    CHECK(wildcard.at("pattern") == "*.b.example");
    REQUIRE(wildcard.at("lost").as_array().size() == 1);
    CHECK(wildcard.at("lost").at(0).at("reason") == "the longer wildcard wins");
}

TEST_CASE("explain of local answers, of the master upstream and of nothing", "[route_report]") {
    const Routes routes(three_routes);
    const auto answer = explained(routes, default_settings(), "x.example");
    CHECK(answer.at("result") == "route");
    CHECK(answer.at("answer") == "nxdomain");
    CHECK_FALSE(answer.contains("upstreams"));
    CHECK(explain_text(answer) ==
          "x.example is routed by *\n  section    [*] in " + routes.file() + ":9\n  answer     NXDOMAIN\n");

    const Routes none("");
    const auto master = explained(none, with_master(), "x.example");
    CHECK(master.at("result") == "master");
    CHECK(master.at("upstreams") == json::array{"192.0.2.53:53"});
    CHECK(master.at("allow").as_array().size() == 9);
    CHECK(master.at("lost").as_array().empty());
    CHECK(explain_text(master).starts_with(
        "x.example has no route and goes to the master upstream\n  upstreams  192.0.2.53:53\n"));

    auto settings = default_settings();
    CHECK(explain_text(explained(none, settings, ".", "A")) == ". A has no route and is answered REFUSED\n");
    settings.no_route_answer = dproxy::routing::LocalAnswer::drop;
    CHECK(explained(none, settings, "x").at("answer") == "drop");
    CHECK(explain_text(explained(none, settings, "x")) == "x has no route and is dropped\n");
}

TEST_CASE("explain has a remark for DS alone", "[route_report]") {
    const Routes routes(three_routes);
    const auto ds = explained(routes, default_settings(), "cryo.network", "ds");
    CHECK(ds.at("type") == "DS");
    CHECK(std::string(ds.at("remark").as_string()).find("parent zone") != std::string::npos);
    CHECK(explain_text(ds).find("remark\n  DS records") != std::string::npos);
}

TEST_CASE("a question that cannot be read says why", "[route_report]") {
    CHECK(parse_route_question("a..b", "").fault.find("`a..b`") != std::string::npos);
    CHECK(parse_route_question("", "").fault != "");
    CHECK(parse_route_question("a", "NOTYPE").fault.find("`NOTYPE`") != std::string::npos);
    CHECK(parse_route_question("a", "TYPE65280").question.type == 65280);
    CHECK_FALSE(parse_route_question("a", "").question.type);
}

TEST_CASE("routes are listed with the most specific first", "[route_report]") {
    const Routes routes(three_routes);
    const auto report = json::parse(routes_json(routes.table(), with_master())).as_object();
    const auto& list = report.at("routes").as_array();
    REQUIRE(list.size() == 4);
    CHECK(list[0].at("pattern") == "cryo.network");
    CHECK(list[0].at("upstreams") == json::array{"192.0.2.1:53", "192.0.2.2:54"});
    CHECK(list[1].at("protocol") == "tcp");
    CHECK(list[1].at("route") == "*.cryo.network *.other.example");
    CHECK(list[1].at("line") == 5);
    CHECK(list[3].at("pattern") == "*");
    CHECK(list[3].at("answer") == "nxdomain");
    CHECK(report.at("otherwise").at("result") == "master");

    const auto text = routes_text(routes.table(), with_master());
    CHECK(text.starts_with("cryo.network     192.0.2.1:53, 192.0.2.2:54  " + routes.file() + ":1\n"));
    CHECK(text.find("*.cryo.network   192.0.2.3:53 (tcp)          ") != std::string::npos);
    CHECK(text.find("*                answers NXDOMAIN            ") != std::string::npos);
    CHECK(text.ends_with("(master)         192.0.2.53:53\n"));
    CHECK(routes_text(report) == text);
    CHECK(routes_text(Routes("").table(), default_settings()) == "(none)  answers REFUSED\n");

    auto settings = with_master();
    settings.master_upstream.clear();
    settings.master_is_system = true;
    CHECK(routes_text(Routes("").table(), settings) == "(master)  the nameservers of /etc/resolv.conf\n");
}

TEST_CASE("a report of another instance may hold anything", "[route_report]") {
    for (const auto* text :
         {"null", "[]", "{}", "1", "\"x\"", R"({"routes":1})", R"({"routes":[1,null,{}],"otherwise":3})",
          R"({"lost":[1,{"pattern":7}],"upstreams":[1,2],"timeout_ms":"x","file":{},"result":[]})"}) {
        INFO(text);
        CHECK_FALSE(explain_text(json::parse(text)).empty());
        routes_text(json::parse(text));
    }
}
