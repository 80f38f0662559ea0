// SPDX-License-Identifier: MIT
// By which names the pages may be asked, whatever form the request has.
#include "admin/http_server.hpp"
#include "catch.hpp"
#include "unit/admin/http_client.hpp"

using namespace dproxy::admin;

namespace {

Response hello(const Request& request) { return {200, "text/plain", request.path}; }

struct Named {
    Named() { REQUIRE_FALSE(server.start({{dproxy::net::Address::v4(127, 0, 0, 1), 0}})); }
    int status(const std::string& target, const std::string& rest, const std::string& version = "1.1") {
        HttpClient client(server.endpoints().front().port);
        client.send("GET " + target + " HTTP/" + version + "\r\n" + rest + "\r\n");
        return client.receive().status;
    }
    HttpServer server{{{"/page", hello}, {"/metrics", hello, PageKind::metrics}, {"/livez", hello, PageKind::probe}},
                      {},
                      {"dns.example.com"}};
};

}  // namespace

TEST_CASE("a page is for who asks by a name that is ours") {
    Named named;
    CHECK(named.status("/page", "Host: 127.0.0.1:8080\r\n") == 200);
    CHECK(named.status("/page", "host:LOCALHOST\r\n") == 200);
    CHECK(named.status("/page", "Host: \t dns.Example.com.:80 \t\r\n") == 200);
    CHECK(named.status("/page", "Host: rebind.example.net\r\n") == 421);
    CHECK(named.status("/page?x=y", "Host: rebind.example.net:8080\r\n") == 421);
    CHECK(named.status("/none", "Host: rebind.example.net\r\n") == 421);  // nor what pages there are
    CHECK(named.status("/none", "Host: localhost\r\n") == 404);
}

TEST_CASE("a name is asked for once, and said at all") {
    Named named;
    CHECK(named.status("/page", "") == 400);
    CHECK(named.status("/page", "", "1.0") == 200);  // which knows no Host; no browser speaks it
    CHECK(named.status("/page", "Host: rebind.example.net\r\n", "1.0") == 421);
    CHECK(named.status("/page", "Host:\r\n") == 400);
    CHECK(named.status("/page", "Host: a b\r\n") == 400);
    CHECK(named.status("/page", "Host: localhost\r\nHost: rebind.example.net\r\n") == 400);
    CHECK(named.status("/page", "Host: rebind.example.net\r\nHost: localhost\r\n") == 400);
    CHECK(named.status("/page", "Host: localhost\r\nhOST: localhost\r\n") == 400);
    CHECK(named.status("/page", "Host: localhost, rebind.example.net\r\n") == 400);
}

TEST_CASE("an absolute target's own name counts, not the field") {
    Named named;
    CHECK(named.status("http://rebind.example.net/page", "Host: localhost\r\n") == 421);
    CHECK(named.status("http://localhost/page", "Host: rebind.example.net\r\n") == 200);
    CHECK(named.status("HTTP://dns.example.com:8080/page?a", "Host: dns.example.com:8080\r\n") == 200);
    CHECK(named.status("http://rebind.example.net/page", "", "1.0") == 421);
    CHECK(named.status("http://localhost@rebind.example.net/page", "Host: localhost\r\n") == 400);
    CHECK(named.status("http:///page", "Host: localhost\r\n") == 400);
    CHECK(named.status("http://localhost/page", "Host: localhost\r\nHost: localhost\r\n") == 400);
}

TEST_CASE("probes and metrics are for whoever reaches them") {
    Named named;
    for (const char* path : {"/livez", "/metrics", "http://rebind.example.net/livez"}) {
        for (const char* host : {"Host: rebind.example.net\r\n", "", "Host:\r\n", "Host: a\r\nHost: b\r\n"}) {
            INFO(path << ' ' << host);
            CHECK(named.status(path, host) == 200);
        }
    }
    CHECK(named.status("/livez/../page", "Host: rebind.example.net\r\n") == 421);
}
