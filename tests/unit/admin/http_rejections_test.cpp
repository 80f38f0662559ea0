// SPDX-License-Identifier: MIT
// Each request that is refused is counted once, by its reason. Limits of time and number: http_limits_test.cpp.
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "admin/http_server.hpp"
#include "catch.hpp"
#include "telemetry/http_rejections.hpp"
#include "unit/admin/http_client.hpp"

using namespace dproxy::admin;
using namespace std::chrono_literals;
using dproxy::telemetry::HttpRejection;

namespace {

struct Counted {
    Counted() { REQUIRE_FALSE(server.start({{dproxy::net::Address::v4(127, 0, 0, 1), 0}})); }
    std::uint64_t all() const {
        std::uint64_t sum = 0;
        dproxy::telemetry::HttpRejection reason{};
        for (; reason != HttpRejection::count_; reason = static_cast<HttpRejection>(static_cast<int>(reason) + 1)) {
            sum += rejections[reason].value();
        }
        return sum;
    }
    dproxy::telemetry::HttpRejections rejections;
    HttpServer server{{{"/page", [](const Request&) { return Response{200, "text/plain", "page"}; }},
                       {"/fails", [](const Request&) -> Response { throw std::runtime_error("no memory"); }},
                       {"/breaks",
                        [](const Request&) {
                            return Response{200, "text/plain", "begin", [](std::string&) { return true; }};
                        }}},
                      {},
                      {},
                      nullptr,
                      &rejections};
};

struct Refused {
    std::string request;
    HttpRejection reason;
};

}  // namespace

TEST_CASE("what is refused is counted by its reason") {
    const std::string host = " HTTP/1.1\r\nHost: test\r\n";
    const auto refused = GENERATE_COPY(values<Refused>({
        {"GET /" + std::string(9000, 'x') + host + "\r\n", HttpRejection::header_size},
        {"GET /page" + host + "Content-Length: 1\r\n\r\nx", HttpRejection::body},
        {"POST /page" + host + "\r\n", HttpRejection::method},
        {"nonsense\r\n\r\n", HttpRejection::malformed},
        {"GET /page?a=%2" + host + "\r\n", HttpRejection::malformed},
        {"GET /page HTTP/1.1\r\nHost: a.example\r\n\r\n", HttpRejection::host},
        {"GET /page HTTP/1.1\r\n\r\n", HttpRejection::host},
        {"GET /fails" + host + "\r\n", HttpRejection::failed},
    }));
    Counted counted;
    HttpClient client(counted.server.endpoints().front().port);
    client.send(refused.request);
    CHECK(client.receive().status >= 400);
    CHECK(counted.rejections[refused.reason].value() == 1);
    CHECK(counted.all() == 1);
}

TEST_CASE("a body that cannot go on is counted") {
    Counted counted;
    HttpClient client(counted.server.endpoints().front().port);
    client.send("GET /breaks HTTP/1.1\r\nHost: test\r\n\r\n");
    std::string all;
    client.receive_to_end(all);
    CHECK(counted.rejections[HttpRejection::failed].value() == 1);
}

TEST_CASE("what is answered is not counted, an unknown path neither") {
    Counted counted;
    HttpClient client(counted.server.endpoints().front().port);
    CHECK(client.get("/page").status == 200);
    CHECK(client.get("/nothing").status == 404);
    CHECK(counted.all() == 0);
}
