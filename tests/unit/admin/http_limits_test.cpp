// SPDX-License-Identifier: MIT
// Clients that take, hold or send too much.
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "unit/admin/http_client.hpp"
#include "admin/http_server.hpp"
#include "catch.hpp"

using namespace dproxy::admin;
using namespace std::chrono_literals;
using dproxy::telemetry::HttpRejection;

namespace {

constexpr std::size_t large = 16 * 1024 * 1024;  // more than the kernel's buffers hold

Response alive(const Request&) { return {200, "text/plain", "ok"}; }

struct Limited {
    explicit Limited(HttpLimits limits)
        : server({{"/small", [](const Request&) { return Response{200, "text/plain", "small"}; }},
                  {"/large", [](const Request&) { return Response{200, "text/plain", std::string(large, 'x')}; }}},
                 limits, {}, nullptr, &rejections) {
        REQUIRE_FALSE(server.start({{dproxy::net::Address::v4(127, 0, 0, 1), 0}}));
    }
    std::uint16_t port() const { return server.endpoints().front().port; }
    /// Asks until the server has noticed that a connection ended.
    int ask_until_not(int status) {
        int found = status;
        for (int i = 0; i < 100'000 && found == status; ++i) found = HttpClient(port()).get("/small").status;
        return found;
    }
    /// Waits until a limit was counted, and says how often.
    std::uint64_t count_of(HttpRejection reason) const {
        for (int i = 0; i < 10'000 && rejections[reason].value() == 0; ++i) std::this_thread::sleep_for(1ms);
        return rejections[reason].value();
    }
    dproxy::telemetry::HttpRejections rejections;
    HttpServer server;
};

HttpLimits limits_with(auto set) {
    HttpLimits limits;
    set(limits);
    return limits;
}

}  // namespace

TEST_CASE("a connection over the limit takes the place of the longest idle") {
    const bool of_one_client = GENERATE(true, false);
    Limited limited(limits_with([=](HttpLimits& limits) {
        (of_one_client ? limits.connections_per_client : limits.connections) = 3;
    }));
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<HttpClient>(limited.port()));
        CHECK(clients.back()->get("/small").status == 200);
    }
    CHECK(clients.front()->get("/small").status == 200);  // now the second is idle longest
    HttpClient another(limited.port());
    CHECK(another.get("/small").status == 200);
    CHECK(clients[1]->is_closed());
    CHECK(limited.count_of(of_one_client ? HttpRejection::connections_per_client : HttpRejection::connections) == 1);
    for (const int kept : {0, 2}) CHECK(clients[static_cast<std::size_t>(kept)]->get("/small").status == 200);
    CHECK(another.get("/small").status == 200);
}

TEST_CASE("who has most gives way, and half a request is idle") {
    Limited limited(limits_with([](HttpLimits& limits) { limits.connections = 8; }));
    HttpClient probe(limited.port(), 0, "127.0.0.2");
    CHECK(probe.get("/small").status == 200);
    std::vector<std::unique_ptr<HttpClient>> crowd;
    for (int i = 0; i < 100; ++i) {
        crowd.push_back(std::make_unique<HttpClient>(limited.port()));
        crowd.back()->send("GET /small HTTP/1.1\r\nHost:");
    }
    CHECK(probe.get("/small").status == 200);
    CHECK(crowd.front()->is_closed());
    CHECK(limited.count_of(HttpRejection::connections) > 0);
    CHECK(HttpClient(limited.port(), 0, "127.0.0.3").get("/small").status == 200);
    CHECK(HttpClient(limited.port()).get("/small").status == 200);
    CHECK(probe.get("/small").status == 200);
}

TEST_CASE("probes are answered while pages are made, however many wait") {
    std::mutex held;
    std::unique_lock hold(held);
    HttpServer server({{"/slow",
                        [&](const Request&) {
                            const std::lock_guard wait(held);
                            return Response{200, "text/plain", "slow"};
                        }},
                       {"/livez", alive, PageKind::probe}});
    REQUIRE_FALSE(server.start({{dproxy::net::Address::v4(127, 0, 0, 1), 0}}));
    const std::uint16_t port = server.endpoints().front().port;
    std::vector<std::unique_ptr<HttpClient>> waiting;
    for (int i = 0; i < 200; ++i) {
        waiting.push_back(std::make_unique<HttpClient>(port));
        waiting.back()->send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
        if (i % 20 == 0) CHECK(HttpClient(port, 0, "127.0.0.2").get("/livez").body == "ok");
    }
    CHECK(HttpClient(port).get("/livez").body == "ok");
    hold.unlock();
    CHECK(waiting.back()->receive().body == "slow");
}

TEST_CASE("probes are answered where nothing else is") {
    HttpLimits limits;
    limits.response_bytes = 0;
    HttpServer server({{"/page", [](const Request&) { return Response{200, "text/plain", "x"}; }},
                       {"/livez", alive, PageKind::probe}},
                      limits);
    REQUIRE_FALSE(server.start({{dproxy::net::Address::v4(127, 0, 0, 1), 0}}));
    HttpClient client(server.endpoints().front().port);
    CHECK(client.get("/page").status == 503);
    CHECK(client.get("/livez").status == 200);
}

TEST_CASE("a header over the limit gets 431") {
    Limited limited(limits_with([](HttpLimits& limits) { limits.header_bytes = 1024; }));
    HttpClient client(limited.port());
    SECTION("a long field") { client.send("GET /small HTTP/1.1\r\nA: " + std::string(2000, 'a') + "\r\n\r\n"); }
    SECTION("many fields") {
        std::string request = "GET /small HTTP/1.1\r\n";
        for (int i = 0; i < 500; ++i) request += "a: b\r\n";
        client.send(request + "\r\n");
    }
    SECTION("a long target") { client.send("GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n\r\n"); }
    SECTION("without an end") { client.send("GET /" + std::string(2000, 'a')); }
    CHECK(client.receive().status == 431);
    CHECK(limited.count_of(HttpRejection::header_size) == 1);
    CHECK(HttpClient(limited.port()).get("/small").status == 200);
}

TEST_CASE("a header just below the limit is taken") {
    Limited limited(limits_with([](HttpLimits& limits) { limits.header_bytes = 1024; }));
    HttpClient client(limited.port());
    client.send("GET /small HTTP/1.1\r\nHost: test\r\nA: " + std::string(900, 'a') + "\r\n\r\n");
    CHECK(client.receive().status == 200);
}

TEST_CASE("who sends nothing is closed") {
    Limited limited(limits_with([](HttpLimits& limits) { limits.idle = 200ms; }));
    HttpClient client(limited.port());
    SECTION("from the start") {}
    SECTION("after a request") { client.get("/small"); }
    CHECK(client.is_closed());
    CHECK(limited.count_of(HttpRejection::idle) == 1);
}

TEST_CASE("who does not end its request is closed") {
    Limited limited(limits_with([](HttpLimits& limits) { limits.request = 200ms; }));
    HttpClient client(limited.port());
    client.send("GET /small HTTP/1.1\r\nHost: test\r\nA: ");
    CHECK(HttpClient(limited.port()).get("/small").status == 200);  // others are served meanwhile
    CHECK(client.is_closed());
    CHECK(limited.count_of(HttpRejection::request_timeout) == 1);
}

TEST_CASE("who does not read its response is cut, and others are served meanwhile") {
    Limited limited(limits_with([](HttpLimits& limits) {
        limits.response = 300ms;
        limits.response_bytes = large;
    }));
    HttpClient client(limited.port(), 4096);
    client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
    client.await_first_byte();
    CHECK(limited.ask_until_not(503) == 200);  // the response is no longer held
    std::string all;
    CHECK(client.receive_to_end(all));
    CHECK(all.size() < large);
    CHECK(limited.count_of(HttpRejection::response_timeout) == 1);
}

TEST_CASE("responses that wait for their readers have a limit together") {
    Limited limited(limits_with([](HttpLimits& limits) { limits.response_bytes = large; }));
    {
        HttpClient client(limited.port(), 4096);
        client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
        client.await_first_byte();
        CHECK(HttpClient(limited.port()).get("/small").status == 503);
        CHECK(limited.count_of(HttpRejection::response_bytes) == 1);
    }
    CHECK(limited.ask_until_not(503) == 200);  // the client went, and its response with it
}

TEST_CASE("a response over the limit is sent when no other is") {
    Limited limited(limits_with([](HttpLimits& limits) { limits.response_bytes = 1; }));
    HttpClient client(limited.port());
    CHECK(client.get("/large").body.size() == large);
    CHECK(client.get("/small").status == 200);
}

TEST_CASE("endless requests without reading hold no more than one response") {
    Limited limited(limits_with([](HttpLimits& limits) {
        limits.response = 200ms;
        limits.response_bytes = 2 * large;
    }));
    HttpClient client(limited.port(), 4096);
    for (int i = 0; i < 1000; ++i) client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(HttpClient(limited.port()).get("/small").status == 200);
}
