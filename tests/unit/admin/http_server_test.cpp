// SPDX-License-Identifier: MIT
// What the server does with good and with bad requests.
#include "admin/http_server.hpp"

#include <stdexcept>

#include "unit/admin/http_client.hpp"
#include "catch.hpp"

using namespace dproxy::admin;
using dproxy::net::Address;
using dproxy::net::Endpoint;

namespace {

Response echo(const Request& request) {
    const std::string* name = request.parameters.find("name");
    return {200, "text/plain", request.path + " " + (name ? *name : "-")};
}

Response fail(const Request&) { throw std::runtime_error("out of luck"); }

const Endpoint loopback{Address::v4(127, 0, 0, 1), 0};

struct Running {
    Running() { REQUIRE_FALSE(server.start({loopback})); }
    std::uint16_t port() const { return server.endpoints().front().port; }
    HttpServer server{{{"/echo", echo}, {"/fail", fail}}};
};

}  // namespace

TEST_CASE("a page is served, and the connection kept") {
    Running running;
    HttpClient client(running.port());
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.get("/echo?name=a%2Eb");
        CHECK(answer.status == 200);
        CHECK(answer.body == "/echo a.b");
        CHECK(answer.has("Content-Type: text/plain"));
        CHECK(answer.has("Cache-Control: no-store"));
        CHECK(answer.has("X-Content-Type-Options: nosniff"));
    }
}

TEST_CASE("requests may be pipelined, and come byte by byte") {
    Running running;
    HttpClient client(running.port());
    std::string requests;
    for (int i = 0; i < 20; ++i) {
        requests += "GET /echo?name=" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\n\r\n";
    }
    SECTION("in one piece") { client.send(requests); }
    SECTION("byte by byte") {
        for (const char& byte : requests) client.send({&byte, 1});
    }
    for (int i = 0; i < 20; ++i) CHECK(client.receive().body == "/echo " + std::to_string(i));
}

TEST_CASE("HEAD has the header of GET and no body") {
    Running running;
    HttpClient client(running.port());
    client.send("HEAD /echo HTTP/1.1\r\nHost: test\r\n\r\nHEAD /none HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto answer = client.receive(true);
    CHECK(answer.status == 200);
    CHECK(answer.has("Content-Length: 7"));
    CHECK(client.receive(true).status == 404);
    CHECK(client.get("/echo").body == "/echo -");  // nothing stood in between
}

TEST_CASE("a client of HTTP/1.0, or that asks for it, is closed after its answer") {
    Running running;
    HttpClient client(running.port());
    SECTION("1.0") { client.send("GET /echo HTTP/1.0\r\n\r\n"); }
    SECTION("close") { client.send("GET /echo HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"); }
    CHECK(client.receive().body == "/echo -");
    CHECK(client.is_closed());
}

TEST_CASE("an unknown path is told what there is") {
    Running running;
    HttpClient client(running.port());
    const auto answer = client.get("/nothing");
    CHECK(answer.status == 404);
    CHECK(answer.body.find("/echo\n/fail\n") != answer.body.npos);
    CHECK(client.get("/echo/").status == 404);
    CHECK(client.get("/ECHO").status == 404);
}

TEST_CASE("other methods are refused") {
    Running running;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PRI"}) {
        HttpClient client(running.port());
        client.send(std::string(method) + " /echo HTTP/1.1\r\nHost: test\r\n\r\n");
        const auto answer = client.receive();
        INFO(method);
        CHECK(answer.status == 405);
        CHECK(answer.has("Allow: GET, HEAD"));
        CHECK(client.is_closed());
    }
}

TEST_CASE("other methods are refused for what they are, whatever body they bring") {
    Running running;
    for (const std::string& rest :
         {std::string("Content-Length: 5\r\n\r\nhello"), std::string("Content-Length: 0\r\n\r\n"),
          std::string("Content-Length: 99999999999\r\n\r\n"),
          std::string("Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
          std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")}) {
        for (const char* method : {"POST", "PUT", "PATCH", "FROB"}) {
            HttpClient client(running.port());
            client.send(std::string(method) + " /echo HTTP/1.1\r\nHost: test\r\n" + rest);
            const auto answer = client.receive();
            INFO(method << ' ' << rest);
            CHECK(answer.status == 405);
            CHECK(answer.has("Allow: GET, HEAD"));
            CHECK(client.is_closed());
        }
    }
}

TEST_CASE("a request with a body is refused") {
    Running running;
    HttpClient client(running.port());
    SECTION("of known length") { client.send("GET /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"); }
    SECTION("huge") { client.send("GET /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"); }
    SECTION("in chunks") {
        client.send("GET /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    }
    CHECK(client.receive().status == 413);
    CHECK(client.is_closed());
}

TEST_CASE("garbage gets 400, and the server goes on") {
    Running running;
    for (const std::string& garbage :
         {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), std::string(200, '\0'),
          std::string("GET\r\n\r\n"), std::string("GET /echo HTTP/9.9\r\n\r\n"),
          std::string("GET /echo HTTP/1.1\r\nno colon\r\n\r\n")}) {
        HttpClient client(running.port());
        client.send(garbage);
        CHECK(client.receive().status == 400);
        CHECK(client.is_closed());
    }
    HttpClient(running.port()).send("GET /ec");  // and goes away
    CHECK(HttpClient(running.port()).get("/echo").status == 200);
}

TEST_CASE("a bad percent escape gets 400") {
    Running running;
    HttpClient client(running.port());
    CHECK(client.get("/echo?name=%zz").status == 400);
    CHECK(client.get("/echo?name=ok").status == 200);  // the request was well-formed HTTP: the connection stays
}

TEST_CASE("a page that fails costs its own request only") {
    Running running;
    HttpClient client(running.port());
    const auto answer = client.get("/fail");
    CHECK(answer.status == 500);
    CHECK(answer.body.find("out of luck") != answer.body.npos);
    CHECK(client.get("/echo").status == 200);
}

TEST_CASE("an address in use is a fault that names it") {
    Running running;
    HttpServer second({{"/echo", echo}});
    const Endpoint taken{Address::v4(127, 0, 0, 1), running.port()};
    const auto fault = second.start({taken});
    REQUIRE(fault);
    CHECK(fault->address == taken.to_string());
    CHECK(fault->error == std::errc::address_in_use);
    CHECK(second.endpoints().empty());
    second.stop();

    HttpServer third({{"/echo", echo}});
    REQUIRE(third.start({loopback, taken}));  // the first was good, and is given back
    CHECK(third.endpoints().empty());
}

TEST_CASE("an address that is not this host's is a fault") {
    HttpServer server({{"/echo", echo}});
    const auto fault = server.start({Endpoint{Address::v4(192, 0, 2, 1), 0}});
    REQUIRE(fault);
    CHECK(fault->error == std::errc::address_not_available);
}

TEST_CASE("every address: both families on one port where there are both") {
    const auto wanted = every_address(8080);
    REQUIRE(wanted.size() == 2);
    CHECK(wanted[0] == *Endpoint::parse("[::]:8080", 0));
    CHECK(wanted[1] == *Endpoint::parse("0.0.0.0:8080", 0));

    HttpServer server({{"/echo", echo}});
    // A port that is free in one family may be somebody's in the other one.
    bool started = false;
    for (int tries = 0; tries < 100 && !started; ++tries) {
        started = !server.start({Endpoint{*Address::parse("::1"), 0}, loopback});
    }
    REQUIRE(started);
    REQUIRE_FALSE(server.endpoints().empty());
    CHECK(server.endpoints().back().address == loopback.address);
    CHECK(server.endpoints().front().port == server.endpoints().back().port);
    CHECK(HttpClient(server.endpoints().back().port).get("/echo").status == 200);
}

TEST_CASE("an IPv6 address that cannot be bound is left out while another remains") {
    HttpServer server({{"/echo", echo}});
    const Endpoint foreign{*Address::parse("2001:db8::1"), 0};
    REQUIRE_FALSE(server.start({foreign, loopback}));
    CHECK(server.endpoints().size() == 1);
    HttpServer alone({{"/echo", echo}});
    CHECK(alone.start({foreign}));
}

TEST_CASE("stop closes every connection, and may be called again") {
    Running running;
    HttpClient client(running.port());
    CHECK(client.get("/echo").status == 200);
    running.server.stop();
    CHECK(client.is_closed());
    running.server.stop();
    HttpServer never({});
    never.stop();
}
