// SPDX-License-Identifier: MIT
#include "reports/route_report.hpp"

#include <boost/json.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "route_files/route_keys.hpp"
#include "route_files/route_store.hpp"
#include "settings/setting_keys.hpp"
#include "support/config_directory.hpp"
#include "unit/route_files/trusting_encryption.hpp"

namespace {

using namespace dproxy::config;
namespace json = boost::json;
using dproxy::test::TemporaryDirectory;
using dproxy::test::write_file;

class Routes {
public:
    explicit Routes(const std::string& text, const std::string& list = "") {
        write_file(directory_ / "a.prox", text);
        write_file(directory_ / "list.txt", list);
        RouteStoreOptions options;
        options.locations = {directory_.text()};
        options.prox.capabilities.encryption = &dproxy::test::trusting_encryption;
        state_ = RouteStore(std::move(options)).reload({}, {}).state;
    }
    const dproxy::routing::RouteTable& table() const { return *state_->table; }
    std::string file() const { return directory_.text() + "/a.prox"; }
    std::string list() const { return directory_.text() + "/list.txt"; }

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
                       std::string_view type = "", std::string_view client = "") {
    const auto parsed = parse_route_question(name, type, client);
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
              "  allow      10.0.0.0/8\n"
              "lost\n"
              "  *" +
              std::string(7, ' ') + "  " + routes.file() +
              ":9  `*` takes only names that nothing else matches\n"
              "  (master)  192.0.2.53:53" +
              std::string(routes.file().size() + 2 - 13, ' ') + "  every route wins over the master upstream\n");
}

TEST_CASE("explain and routes tell where in a list a name stands", "[route_report]") {
    const Routes routes("[a.example]\nanswer = refused\npatterns = list.txt\n", "# names\n*.b.example\nc.example\n");
    const auto report = explained(routes, default_settings(), "x.b.example");
    CHECK(report.at("route") == "a.example");
    CHECK(report.at("pattern") == "*.b.example");
    CHECK(report.at("line") == 1);
    CHECK(report.at("patterns") == json::value(routes.list()));
    CHECK(report.at("list") == json::value(routes.list()));
    CHECK(report.at("list_line") == 2);
    CHECK(explain_text(report).find("\n  list       " + routes.list() + ":2\n") != std::string::npos);
    CHECK_FALSE(explained(routes, default_settings(), "a.example").contains("list"));
    CHECK(routes_text(routes.table(), default_settings()) ==
          "a.example    answers REFUSED  " + routes.file() + ":1\n" +
              "c.example    answers REFUSED  " + routes.list() + ":3\n" +
              "*.b.example  answers REFUSED  " + routes.list() + ":2\n" + "(none)       answers REFUSED\n");
}

TEST_CASE("explain tells every key of a route", "[route_report]") {
    const Routes routes("[a.example]\naddress = 192.0.2.1\nallow = 10.0.0.0/8\nprobe = a.example SOA\n"
                        "cache = on\ncache_stale = 1m\nquerylog = 1/100\n\n"
                        "[b.example]\nanswer = 192.0.2.1\nclients = ::1\ntypes = A\npatterns = list.txt\n");
    json::object told = explained(routes, default_settings(), "a.example");
    for (const auto& member : explained(routes, default_settings(), "b.example", "A", "::1")) told.insert(member);
    const std::map<std::string_view, std::string_view> by_another_name{
        {"address", "upstreams"}, {"port", "upstreams"}, {"timeout", "timeout_ms"}, {"ttl", "ttl_s"}};
    const std::set<std::string_view> of_encryption{"tls_name", "tls_ca",  "tls_verify", "tls_pin",
                                                   "tls_cert", "tls_key", "https_path"};  // see below
    for (const RouteKey& key : route_keys()) {
        const auto other = by_another_name.find(key.name);
        CAPTURE(key.name);
        CHECK((of_encryption.contains(key.name) ||
               told.contains(other == by_another_name.end() ? key.name : other->second)));
    }
}

TEST_CASE("explain tells the keys of encryption, and nothing of a private key", "[route_report]") {
    const auto told = [](const std::string& file) {
        const Routes routes("[a.example]\naddress = 192.0.2.1\nprotocol = tls\ntls_name = dns.example\n"
                            "tls_ca = list.txt\ntls_pin = sha256/x\ntls_cert = list.txt\ntls_key = list.txt\n", file);
        return explained(routes, default_settings(), "a.example");
    };
    const json::object first = told("one.example"), second = told("two.example");
    CHECK(first.at("protocol") == "tls");
    CHECK(first.at("tls_name") == "dns.example");
    CHECK(first.at("tls_ca") == "list.txt");
    CHECK(first.at("tls_pin") == json::array{"sha256/x"});
    CHECK(first.at("tls_cert") == "list.txt");
    CHECK(first.at("tls_key") == "list.txt");
    CHECK_FALSE(first.contains("tls_verify"));
    CHECK_FALSE(first.contains("tls_key_hash"));
    CHECK(first.at("tls_ca_hash") != second.at("tls_ca_hash"));
    const Routes https("[a.example]\naddress = 192.0.2.1\nprotocol = https\nhttps_path = /a\n");
    CHECK(explained(https, default_settings(), "a.example").at("https_path") == "/a");
    const Routes off("[a.example]\naddress = 192.0.2.1\nprotocol = tls\ntls_verify = off\n");
    CHECK(explained(off, default_settings(), "a.example").at("tls_verify") == "off");
    CHECK(json::parse(routes_json(off.table(), default_settings())).at("routes").at(0).at("tls_verify") == "off");
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

TEST_CASE("explain goes by client and type, and says for whom others are", "[route_report]") {
    const Routes routes(
        "[.x.test]\naddress=192.0.2.1\n[.x.test]\nclients=10.0.0.0/8\naddress=192.0.2.2\n"
        "[.x.test]\nclients=10.1.0.0/16 192.0.2.0/24\naddress=192.0.2.3\n"
        "[.x.test]\ntypes=AAAA\nanswer=nodata\n[a.x.test]\nclients=fd00::/8\nanswer=192.0.2.9, 2001:db8::9\nttl=5m\n");
    const auto reasons = [](const json::object& report) {
        std::map<std::int64_t, std::string> by_line;
        for (const auto& one : report.at("lost").as_array()) {
            by_line[one.at("line").to_number<std::int64_t>()] = std::string(one.at("reason").as_string());
        }
        return by_line;
    };
    const auto line = [](const json::object& report) { return report.at("line").to_number<std::int64_t>(); };

    const auto office = explained(routes, default_settings(), "a.x.test", "A", "10.1.2.3");
    CHECK(line(office) == 6);
    CHECK(office.at("client") == "10.1.2.3");
    CHECK(office.at("route") == "[.x.test] clients=10.1.0.0/16,192.0.2.0/24");
    CHECK(office.at("clients") == json::array{"10.1.0.0/16", "192.0.2.0/24"});
    CHECK(reasons(office) == std::map<std::int64_t, std::string>{{1, "a section for the client's network wins"},
                                                                 {3, "the section with the longer network wins"},
                                                                 {9, "not for this type"},
                                                                 {12, "not for this client"}});
    CHECK(explain_text(office).starts_with("a.x.test A for 10.1.2.3 is routed by *.x.test\n"
                                           "  section    [.x.test] clients=10.1.0.0/16,192.0.2.0/24 in "));

    const auto other = explained(routes, default_settings(), "x.test", "AAAA", "198.51.100.1");
    CHECK(line(other) == 9);
    CHECK(other.at("types") == json::array{"AAAA"});
    CHECK(reasons(other).at(1) == "a section for the type wins");

    const auto named = explained(routes, default_settings(), "a.x.test", "", "fd00::1");
    CHECK(named.at("answer") == "192.0.2.9, 2001:db8::9");
    CHECK(named.at("ttl_s") == 300);
    CHECK(explain_text(named).find("  answer     192.0.2.9, 2001:db8::9\n  ttl        5m\n") != std::string::npos);

    const auto anyone = explained(routes, default_settings(), "a.x.test");
    CHECK(line(anyone) == 1);
    CHECK(anyone.at("remark") == "Some sections are for certain clients: name one by `--client ADDRESS`. "
                                 "Some sections are for certain types: without one, A is meant.");
    CHECK(parse_route_question("a", "", "office").fault ==
          "the client `office` was found; expected an address such as 192.0.2.1 or 2001:db8::1");

    const Routes for_some("[x.test]\nclients=10.0.0.0/8\naddress=192.0.2.1\n");
    const auto none = explained(for_some, default_settings(), "x.test", "A", "11.0.0.1");
    CHECK(none.at("result") == "none");
    CHECK(reasons(none).at(1) == "not for this client");
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

TEST_CASE("explain says why a name is not denied", "[route_report]") {
    const Routes routes("[.corp.test]\nanswer = nxdomain\n[.a.b.corp.test]\naddress = 192.0.2.1\n");
    const std::string why =
        "NODATA in place of NXDOMAIN: the pattern .a.b.corp.test stands below this name, and NXDOMAIN would hold for "
        "all below (RFC 8020).";
    const auto report = explained(routes, default_settings(), "B.corp.test");
    CHECK(report.at("pattern") == "*.corp.test");
    CHECK(report.at("answer") == "nodata");
    CHECK(report.at("remark") == json::value(why));
    CHECK(explain_text(report) == "b.corp.test is routed by *.corp.test\n  section    [.corp.test] in " +
                                      routes.file() + ":1\n  answer     NODATA\nremark\n  " + why + "\n");
    const auto denied = explained(routes, default_settings(), "x.corp.test");
    CHECK(denied.at("answer") == "nxdomain");
    CHECK_FALSE(denied.contains("remark"));
    const auto both = explained(routes, default_settings(), "corp.test", "DS");
    CHECK(std::string(both.at("remark").as_string()).starts_with(why + " DS records stand"));

    auto settings = default_settings();
    settings.no_route_answer = dproxy::routing::LocalAnswer::nxdomain;
    const auto none = explained(routes, settings, "test");
    CHECK(none.at("answer") == "nodata");
    CHECK(explain_text(none) == "test has no route and is answered NODATA\nremark\n  " + why + "\n");
    CHECK(explained(routes, settings, "other").at("answer") == "nxdomain");
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
