// SPDX-License-Identifier: MIT
#include "cli/http_request.hpp"

#include "catch.hpp"
#include "one_shot_server.hpp"

namespace {

using namespace dproxy::cli;
using namespace dproxy::test;

Url url_of(const OneShotServer& server, const std::string& target) {
    return *Url::parse("http://" + server.endpoint().to_string() + target);
}

}  // namespace

TEST_CASE("a URL is read", "[http_request]") {
    const auto url = Url::parse("http://127.0.0.1:8080/explain?name=a");
    REQUIRE(url);
    CHECK(url->endpoints == std::vector{*dproxy::net::Endpoint::parse("127.0.0.1:8080", 0)});
    CHECK(url->host == "127.0.0.1:8080");
    CHECK(url->target == "/explain?name=a");
    CHECK(url->to_string() == "http://127.0.0.1:8080/explain?name=a");
    CHECK(Url::parse("http://[::1]:81")->endpoints.front().to_string() == "[::1]:81");
    CHECK(Url::parse("http://[::1]")->target == "/");
    CHECK(Url::parse("127.0.0.1")->endpoints.front().port == 80);
    CHECK(Url::parse("localhost:8080/x")->endpoints ==
          std::vector{*dproxy::net::Endpoint::parse("127.0.0.1:8080", 0),
                      *dproxy::net::Endpoint::parse("[::1]:8080", 0)});
    CHECK(Url::parse("http://localhost")->endpoints.back().to_string() == "[::1]:80");
    CHECK(Url::parse("http://[fe80::1%eth0]:8080/x")->endpoints.front().to_string() == "[fe80::1%eth0]:8080");
    CHECK(Url::parse("127.0.0.1?x")->target == "/?x");
    for (const auto* bad :
         {"", "http://", "https://127.0.0.1", "http://example.com/", "http://127.0.0.1:0/", "http://127.0.0.1:99999",
          "/readyz", "localhostx", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y"}) {
        INFO(bad);
        CHECK_FALSE(Url::parse(bad));
    }
}

TEST_CASE("a query string is encoded", "[http_request]") {
    CHECK(percent_encode("www.Example-1.com_~") == "www.Example-1.com_~");
    CHECK(percent_encode("a b&c=\\%\xff") == "a%20b%26c%3D%5C%25%FF");
}

TEST_CASE("a page is fetched", "[http_request]") {
    std::string request;
    HttpAnswer answer;
    {
        const OneShotServer server(SOCK_STREAM,
                                   http_page(http_response("503 Service Unavailable", "draining\n"), &request));
        answer = http_request(HttpMethod::get, url_of(server, "/readyz"));
    }
    CHECK(answer.error == "");
    CHECK(answer.status == 503);
    CHECK(answer.body == "draining\n");
    CHECK(request.starts_with("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:"));
}

TEST_CASE("a body that ends with the connection is fetched", "[http_request]") {
    const OneShotServer server(SOCK_STREAM, http_page("HTTP/1.1 200 OK\r\n\r\nready\n"));
    const auto answer = http_request(HttpMethod::get, url_of(server, "/"));
    CHECK(answer.status == 200);
    CHECK(answer.body == "ready\n");
}

TEST_CASE("what goes wrong is said", "[http_request]") {
    std::uint16_t closed_port = 0;
    {
        const OneShotServer server(SOCK_STREAM, [](int) {});
        closed_port = server.endpoint().port;
    }
    const auto refused = http_request(HttpMethod::get, *Url::parse("127.0.0.1:" + std::to_string(closed_port)));
    CHECK(refused.error.starts_with("connecting: "));
    CHECK(refused.status == 0);

    const OneShotServer cut(SOCK_STREAM, http_page("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"));
    CHECK(http_request(HttpMethod::get, url_of(cut, "/")).error.starts_with("reading the answer: "));
    const OneShotServer other(SOCK_STREAM, http_page("SSH-2.0-something\r\n\r\n"));
    CHECK(http_request(HttpMethod::get, url_of(other, "/")).error.starts_with("reading the answer: "));
}

TEST_CASE("a server that never answers does not hold us for ever", "[http_request]") {
    // The server waits until we have gone.
    const OneShotServer server(SOCK_STREAM, [](int listener) {
        const auto connection = accept_one(listener);
        read_until(connection.get(), "never");
    });
    CHECK(http_request(HttpMethod::get, url_of(server, "/"), std::chrono::milliseconds{50}).error ==
          "reading the answer: no answer in time");
}
