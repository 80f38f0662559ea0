// SPDX-License-Identifier: MIT
// Orders: from this machine only, by POST only, from no browser and through no proxy.
#include <atomic>

#include "admin/http_server.hpp"
#include "catch.hpp"
#include "telemetry/http_rejections.hpp"
#include "unit/admin/http_client.hpp"

using namespace dproxy::admin;
using dproxy::telemetry::HttpRejection;

namespace {

struct Ordered {
    Ordered() { REQUIRE_FALSE(server.start({{dproxy::net::Address::v4(127, 0, 0, 1), 0}})); }
    HttpClient::Answer ask(const std::string& request) {
        HttpClient client(server.endpoints().front().port);
        client.send(request);
        return client.receive(request.starts_with("HEAD"));
    }
    HttpClient::Answer post(const std::string& fields, const std::string& target = "/do?what=it") {
        return ask("POST " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
    }
    std::atomic<int> done = 0;
    dproxy::telemetry::HttpRejections rejections;
    HttpServer server{{{"/do",
                        [this](const Request& request) {
                            ++done;
                            return Response{200, "text/plain", *request.parameters.find("what")};
                        },
                        PageKind::order},
                       {"/page", [](const Request&) { return Response{200, "text/plain", "page"}; }}},
                      {},
                      {},
                      nullptr,
                      &rejections};
};

}  // namespace

TEST_CASE("an order is carried out, and the connection kept") {
    Ordered ordered;
    CHECK(ordered.post("").body == "it");
    CHECK(ordered.post("Content-Length: 0\r\n").status == 200);
    CHECK(ordered.post("Content-Type: application/x-www-form-urlencoded\r\nUser-Agent: curl\r\n").status == 200);
    HttpClient client(ordered.server.endpoints().front().port);
    for (int i = 0; i < 3; ++i) {
        client.send("POST /do?what=%69t HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
        CHECK(client.receive().body == "it");
    }
    CHECK(client.get("/page").body == "page");
    CHECK(ordered.done == 6);
}

TEST_CASE("an order is given by POST alone, a page asked for by GET and HEAD alone") {
    Ordered ordered;
    for (const std::string method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "FROB"}) {
        const auto answer = ordered.ask(method + " /do?what=it HTTP/1.1\r\nHost: localhost\r\n\r\n");
        INFO(method);
        CHECK(answer.status == 405);
        CHECK(answer.has("Allow: POST"));
    }
    for (const std::string target : {"/page", "/none", "/do/", "//do", "/%64o", "/DO"}) {
        const auto answer = ordered.post("", target);
        INFO(target);
        CHECK(answer.status == 405);
        CHECK(answer.has("Allow: GET, HEAD"));
    }
    CHECK(ordered.done == 0);
    CHECK(ordered.rejections[HttpRejection::method].value() == 12);
}

TEST_CASE("an order has no body") {
    Ordered ordered;
    for (const std::string body : {"Content-Length: 7\r\n\r\nwhat=no", "Content-Length: 99999999999\r\n",
                                   "Transfer-Encoding: chunked\r\n\r\n7\r\nwhat=no\r\n0\r\n",
                                   "Expect: 100-continue\r\nContent-Length: 7\r\n"}) {
        INFO(body);
        CHECK(ordered.post(body).status == 413);
    }
    CHECK(ordered.done == 0);
}

TEST_CASE("an order is given by nobody who leads a browser or a proxy here") {
    Ordered ordered;
    for (const std::string field :
         {"Origin: null", "Origin: http://localhost:8080", "origin:", "Sec-Fetch-Site: same-origin",
          "Referer: http://localhost:8080/", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "Via: 1.1 a",
          "X-Real-IP: 127.0.0.1", "X-Forwarded-Host: localhost"}) {
        INFO(field);
        CHECK(ordered.post(field + "\r\n").status == 403);
    }
    CHECK(ordered.rejections[HttpRejection::not_local].value() == 10);
    CHECK(ordered.ask("POST /do?what=it HTTP/1.1\r\nHost: rebind.example.net\r\n\r\n").status == 421);
    CHECK(ordered.ask("POST /do?what=it HTTP/1.1\r\n\r\n").status == 400);
    CHECK(ordered.ask("POST /do?what=it HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n").status == 400);
    CHECK(ordered.ask("POST http://rebind.example.net/do?what=it HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 421);
    CHECK(ordered.post("", "/do?what=%2").status == 400);
    CHECK(ordered.done == 0);
}
