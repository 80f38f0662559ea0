// SPDX-License-Identifier: MIT
#include "http/request_target.hpp"

#include <string>

#include "catch.hpp"
#include "http/limits.hpp"

using namespace dproxy;
using http::Status;

namespace {

/// A header of 12 zero bytes.
const std::string zeros = "AAAAAAAAAAAAAAAA";

Status status(const std::string& query) { return http::read_dns_parameter(query).status; }

std::string path(const char* target) { return std::string(http::split_target(target).path); }
std::string query(const char* target) { return std::string(http::split_target(target).query); }

}  // namespace

TEST_CASE("a target has a path and a query", "[request_target]") {
    CHECK(path("/dns-query?dns=AA") == "/dns-query");
    CHECK(query("/dns-query?dns=AA?b") == "dns=AA?b");
    CHECK(path("/dns-query") == "/dns-query");
    CHECK(query("/dns-query").empty());
    CHECK(query("/dns-query?").empty());
    CHECK(path("https://a.test:8443/dns-query?dns=x") == "/dns-query");
    CHECK(query("http://a.test?dns=x") == "dns=x");
    CHECK(path("*") == "*");
    CHECK(path("https://a.test") == "https://a.test");
    CHECK(path("/http://x/dns-query") == "/http://x/dns-query");
    CHECK(path("").empty());
}

TEST_CASE("the parameter dns carries a message", "[request_target]") {
    const auto found = http::read_dns_parameter("a=b&dns=" + zeros + "&c");
    CHECK(found.status == Status::ok);
    CHECK(found.message == std::vector<std::uint8_t>(12, 0));
    CHECK(status("%64n%73=" + zeros) == Status::ok);
    CHECK(status("dns=%41AAAAAAAAAAAAAAA") == Status::ok);
}

TEST_CASE("the parameter dns stands there once", "[request_target]") {
    CHECK(status("") == Status::bad_request);
    CHECK(status("name=example.com&type=A") == Status::bad_request);
    CHECK(status("DNS=" + zeros) == Status::bad_request);
    CHECK(status("dns") == Status::bad_request);
    CHECK(status("dns=") == Status::bad_request);
    CHECK(status("dns=" + zeros + "&dns=" + zeros) == Status::bad_request);
    CHECK(status("dns=" + zeros + "&dns") == Status::bad_request);
}

TEST_CASE("what is no base64url, and no message, is refused", "[request_target]") {
    CHECK(status("dns=" + zeros + "=") == Status::bad_request);
    CHECK(status("dns=" + zeros + "%3D") == Status::bad_request);
    CHECK(status("dns=" + zeros + "+") == Status::bad_request);
    CHECK(status("dns=" + zeros + "A") == Status::bad_request);
    CHECK(status("dns=AAAAAAAAAAAAAAA") == Status::bad_request);  // 11 bytes
    for (const char* broken : {"%", "%4", "%4g", "%g4"}) {
        CHECK(status("dns=" + zeros + broken) == Status::bad_request);
        CHECK(status(std::string(broken) + "=x&dns=" + zeros) == Status::bad_request);
    }
}

TEST_CASE("what is too long is not decoded", "[request_target]") {
    CHECK(status("dns=" + std::string(http::target_bytes - 4, 'A')) == Status::ok);
    CHECK(status("dns=" + std::string(http::target_bytes - 3, 'A')) == Status::target_too_long);
}
