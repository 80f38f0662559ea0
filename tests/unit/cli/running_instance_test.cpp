// SPDX-License-Identifier: MIT
#include "cli/running_instance.hpp"

#include <boost/json.hpp>
#include <sstream>

#include "catch.hpp"
#include "cli/arguments.hpp"
#include "settings/setting_keys.hpp"
#include "one_shot_server.hpp"

namespace {

using namespace dproxy;
using namespace dproxy::cli;
using namespace dproxy::test;

struct Fetched {
    std::optional<boost::json::value> report;
    std::string said;
    int status = -1;
};

Fetched fetch(const std::string& url, std::string_view path = "/routes") {
    Fetched fetched;
    std::ostringstream err;
    fetched.report = fetch_report(url, path, err, fetched.status);
    fetched.said = err.str();
    return fetched;
}

}  // namespace

TEST_CASE("a report is fetched below the address that was named", "[running_instance]") {
    for (const auto* below : {"", "/", "/behind/a/proxy", "/behind/a/proxy/"}) {
        std::string request;
        {
            const OneShotServer server(SOCK_STREAM, http_page(http_response("200 OK", R"({"routes":[1]})"), &request));
            const auto fetched = fetch(server.endpoint().to_string() + below);
            CHECK(fetched.status == exit_good);
            CHECK(fetched.said == "");
            REQUIRE(fetched.report);
            CHECK(fetched.report->at("routes").as_array().size() == 1);
        }
        const std::string expected(below);
        const std::string prefix = expected.ends_with('/') ? expected.substr(0, expected.size() - 1) : expected;
        CHECK(request.starts_with("GET " + prefix + "/routes HTTP/1.1\r\n"));
    }
}

TEST_CASE("an instance that does not answer well is said", "[running_instance]") {
    const auto bad_url = fetch("https://dproxy.example");
    CHECK(bad_url.status == exit_usage);
    CHECK(bad_url.said.starts_with("--admin: `https://dproxy.example` was found; expected a URL"));
    {
        const OneShotServer server(SOCK_STREAM, http_page(http_response("404 Not Found", "no such page\nmore")));
        const auto missing = fetch(server.endpoint().to_string());
        CHECK(missing.status == exit_faults);
        CHECK(missing.said == "http://" + server.endpoint().to_string() + "/routes: status 404, `no such page`\n");
    }
    for (const auto* body : {"<html>", "", "{} {}", R"({"routes":)"}) {
        const OneShotServer server(SOCK_STREAM, http_page(http_response("200 OK", body)));
        const auto fetched = fetch(server.endpoint().to_string());
        CHECK_FALSE(fetched.report);
        CHECK(fetched.status == exit_faults);
        CHECK(fetched.said.find("is not JSON") != std::string::npos);
    }
    net::Endpoint closed;
    {
        closed = OneShotServer(SOCK_STREAM, [](int) {}).endpoint();
    }
    CHECK(fetch(closed.to_string()).status == exit_faults);
    CHECK_FALSE(fetch(closed.to_string()).said.empty());
}

TEST_CASE("a wildcard is reached at the loopback address of its family", "[running_instance]") {
    const auto reached = [](const char* address) { return reachable(*net::Address::parse(address)).to_string(); };
    CHECK(reached("0.0.0.0") == "127.0.0.1");
    CHECK(reached("::") == "::1");
    CHECK(reached("192.0.2.1") == "192.0.2.1");
    CHECK(reached("::1") == "::1");
    CHECK(loopback().is_loopback());
}

TEST_CASE("the running instance is found at its own address", "[running_instance]") {
    auto settings = config::default_settings();
    CHECK(local_url(settings, "/readyz") == "http://localhost:8080/readyz");
    settings.admin = net::Endpoint::parse("[::]:9090", 0);
    CHECK(local_url(settings, "/readyz") == "http://[::1]:9090/readyz");
    settings.admin = net::Endpoint::parse("0.0.0.0:9090", 0);
    CHECK(local_url(settings, "/") == "http://127.0.0.1:9090/");
    settings.admin = net::Endpoint::parse("192.0.2.1:9090", 0);
    CHECK(local_url(settings, "/") == "http://192.0.2.1:9090/");
    settings.admin_enabled = false;
    CHECK_FALSE(local_url(settings, "/"));
}
