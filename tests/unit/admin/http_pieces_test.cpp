// SPDX-License-Identifier: MIT
// Bodies that are made piece by piece, as they are read.
#include <atomic>
#include <memory>
#include <vector>

#include "admin/http_server.hpp"
#include "catch.hpp"
#include "unit/admin/http_client.hpp"

using namespace dproxy::admin;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::size_t pieces = 1000;  // 64 MB: more than all buffers hold

struct Pieces {
    explicit Pieces(HttpLimits limits = {}, std::size_t good_ones = pieces)
        : good(good_ones),
          server({{"/pieces", [this](const Request&) { return first(); }},
                  {"/livez", [](const Request&) { return Response{200, "text/plain", "ok"}; }, PageKind::probe}},
                 limits) {
        REQUIRE_FALSE(server.start({{dproxy::net::Address::v4(127, 0, 0, 1), 0}}));
    }
    Response first() {
        const std::shared_ptr<void> end(nullptr, [this](void*) { ++ended; });
        return {200, "text/plain", "begin\n", [this, end, at = std::size_t{0}](std::string& piece) mutable {
                    if (at == good && good < pieces) return true;  // it cannot go on
                    ++made;
                    piece.append(piece_bytes, static_cast<char>('a' + at % 26));
                    return ++at < pieces;
                }};
    }
    std::uint16_t port() const { return server.endpoints().front().port; }

    std::atomic<std::size_t> made = 0;
    std::atomic<std::size_t> ended = 0;  ///< bodies that nobody reads any more
    std::size_t good;
    HttpServer server;
};

constexpr const char* request = "GET /pieces HTTP/1.1\r\nHost: test\r\n\r\n";
const std::string last_chunk = "\r\n0\r\n\r\n";

}  // namespace

TEST_CASE("what is made in pieces comes in chunks, and the connection is kept") {
    Pieces pages;
    HttpClient client(pages.port());
    client.send(request);
    const auto answer = client.receive_chunked();
    CHECK(answer.has("Transfer-Encoding: chunked"));
    CHECK(answer.header.find("Content-Length") == answer.header.npos);
    REQUIRE(answer.body.size() == 6 + pieces * piece_bytes);
    CHECK(answer.body.substr(0, 7) == "begin\na");
    CHECK(answer.body.back() == static_cast<char>('a' + (pieces - 1) % 26));
    CHECK(client.get("/livez").body == "ok");
    client.send("HEAD /pieces HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(client.receive(true).status == 200);
    CHECK(client.get("/livez").body == "ok");
}

TEST_CASE("a client of HTTP/1.0 reads to the end of the connection") {
    Pieces pages;
    HttpClient client(pages.port());
    client.send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    std::string all;
    CHECK(client.receive_to_end(all));
    CHECK(all.substr(all.find("\r\n\r\n") + 4).size() == 6 + pieces * piece_bytes);
}

TEST_CASE("slow readers hold a piece each, and probes are answered meanwhile") {
    Pieces pages;
    std::vector<std::unique_ptr<HttpClient>> readers;
    for (int i = 0; i < 10; ++i) {
        readers.push_back(std::make_unique<HttpClient>(pages.port(), 4096));
        readers.back()->send(request);
        readers.back()->await_first_byte();
        CHECK(HttpClient(pages.port()).get("/livez").body == "ok");
    }
    // No more is made than was taken: what the kernel holds for ten connections, not ten bodies.
    CHECK(pages.made < 10 * pieces / 2);
    std::size_t before = pages.made;
    while (HttpClient(pages.port()).get("/livez").body == "ok" && pages.made != before) before = pages.made;
    CHECK(pages.made < 10 * pieces / 2);
}

TEST_CASE("a body that cannot go on is cut, so that nobody takes it for whole") {
    Pieces pages({}, 3);
    HttpClient client(pages.port());
    client.send(request);
    std::string all;
    client.receive_to_end(all);
    CHECK(all.find(last_chunk) == all.npos);
    CHECK(HttpClient(pages.port()).get("/livez").body == "ok");
}

TEST_CASE("who takes no piece in time is cut") {
    HttpLimits limits;
    limits.response = 200ms;
    Pieces pages(limits);
    HttpClient client(pages.port(), 4096);
    client.send(request);
    client.await_first_byte();
    while (pages.ended == 0) CHECK(HttpClient(pages.port()).get("/livez").body == "ok");
    std::string all;
    client.receive_to_end(all);
    CHECK(all.size() < pieces * piece_bytes);
}

TEST_CASE("who takes too long for all pieces is cut") {
    HttpLimits limits;
    limits.pieces = 0ms;
    Pieces pages(limits);
    HttpClient client(pages.port());
    client.send(request);
    std::string all;
    client.receive_to_end(all);
    CHECK(all.find(last_chunk) == all.npos);
    CHECK(pages.made <= 1);
}
