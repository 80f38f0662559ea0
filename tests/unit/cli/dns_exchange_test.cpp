// SPDX-License-Identifier: MIT
#include "cli/dns_exchange.hpp"

#include <array>

#include "catch.hpp"
#include "dns/ask.hpp"
#include "dns_answers.hpp"

namespace {

using namespace dproxy;
using namespace dproxy::cli;
using namespace dproxy::test;
using std::chrono::milliseconds;

constexpr milliseconds ample{10'000};
constexpr milliseconds brief{50};

std::vector<std::uint8_t> query_for(std::string_view name) {
    std::array<std::uint8_t, dns::ask_capacity> bytes;
    const auto length = dns::write_query(dns::Name::parse(name, false).name, dns::type::a, 0x1234, {}, bytes);
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)};
}

}  // namespace

TEST_CASE("UDP: the reply is taken, what is none is passed over", "[dns_exchange]") {
    const OneShotServer server(SOCK_DGRAM, [](int socket) {
        const auto query = receive(socket);
        send_back(socket, query, "");
        send_back(socket, query, query.text);  // QR is clear
        auto other_id = reply_to(query.text, dns::Rcode::noerror);
        other_id[0] = static_cast<char>(~other_id[0]);
        send_back(socket, query, other_id);
        auto other_name = reply_to(query.text, dns::Rcode::noerror);
        other_name[13] = 'z';
        send_back(socket, query, other_name);
        send_back(socket, query, reply_to(query.text, dns::Rcode::refused));
    });
    const auto answer = exchange_udp(server.endpoint(), query_for("www.example"), ample);
    CHECK(answer.error == "");
    REQUIRE(answer.reply.size() >= dns::header_length);
    CHECK(dns::rcode_of(answer.reply) == 5);
}

TEST_CASE("UDP: a lost query is sent once more", "[dns_exchange]") {
    const OneShotServer server(SOCK_DGRAM, [](int socket) {
        receive(socket);
        const auto again = receive(socket);
        send_back(socket, again, reply_to(again.text, dns::Rcode::noerror));
    });
    // The first pause runs out; the second may be cut short by nothing but the answer.
    const auto answer = exchange_udp(server.endpoint(), query_for("www.example"), milliseconds{1500});
    CHECK(answer.error == "");
}

TEST_CASE("UDP: silence ends", "[dns_exchange]") {
    const OneShotServer server(SOCK_DGRAM, [](int socket) {
        receive(socket);
        receive(socket);
    });
    CHECK(exchange_udp(server.endpoint(), query_for("www.example"), brief).error == "no answer in time");
}

TEST_CASE("TCP: the reply, whole", "[dns_exchange]") {
    const OneShotServer server(
        SOCK_STREAM, tcp_answer([](std::string query) { return reply_to(std::move(query), dns::Rcode::nxdomain); }));
    const auto answer = exchange_tcp(server.endpoint(), query_for("www.example"), ample);
    CHECK(answer.error == "");
    REQUIRE(answer.reply.size() >= dns::header_length);
    CHECK(dns::rcode_of(answer.reply) == 3);
}

TEST_CASE("TCP: what goes wrong is said", "[dns_exchange]") {
    SECTION("cut short") {
        const OneShotServer server(SOCK_STREAM, tcp_answer([](std::string query) { return query; }, 20));
        CHECK(exchange_tcp(server.endpoint(), query_for("www.example"), ample).error ==
              "the connection was closed before the answer");
    }
    SECTION("another message") {
        const OneShotServer server(SOCK_STREAM, tcp_answer([](const std::string&) { return std::string("short"); }));
        const auto answer = exchange_tcp(server.endpoint(), query_for("www.example"), ample);
        CHECK(answer.error == "what came is not a reply to the query");
        CHECK(answer.reply.empty());
    }
    SECTION("silence") {
        const OneShotServer server(SOCK_STREAM, [](int listener) {
            const auto connection = accept_one(listener);
            read_until(connection.get(), "never");
        });
        CHECK(exchange_tcp(server.endpoint(), query_for("www.example"), brief).error == "no answer in time");
    }
    SECTION("nobody there") {
        net::Endpoint closed;
        {
            closed = OneShotServer(SOCK_STREAM, [](int) {}).endpoint();
        }
        CHECK(exchange_tcp(closed, query_for("www.example"), ample).error == "Connection refused");
    }
}

TEST_CASE("UDP: a message over 512 bytes comes whole", "[dns_exchange]") {
    const OneShotServer server(SOCK_DGRAM, [](int socket) {
        const auto query = receive(socket);
        send_back(socket, query, reply_to(query.text, dns::Rcode::noerror) + std::string(20'000, 'x'));
    });
    CHECK(exchange_udp(server.endpoint(), query_for("www.example"), ample).reply.size() > 20'000);
}

TEST_CASE("UDP: nobody there is said, and that it was refused", "[dns_exchange]") {
    net::Endpoint closed;
    {
        closed = OneShotServer(SOCK_DGRAM, [](int) {}).endpoint();
    }
    const auto answer = exchange_udp(closed, query_for("www.example"), ample);
    CHECK(answer.error == "Connection refused");
    CHECK(answer.refused);
    CHECK(answer.reply.empty());
}

TEST_CASE("TCP: a message that comes byte by byte, and the longest", "[dns_exchange]") {
    SECTION("byte by byte") {
        const OneShotServer server(SOCK_STREAM, [](int listener) {
            const auto connection = accept_one(listener);
            char query[1024];
            if (!readable(connection.get())) return;
            const auto count = ::recv(connection.get(), query, sizeof query, 0);
            if (count < 2) return;
            const auto reply = reply_to({query + 2, static_cast<std::size_t>(count - 2)}, dns::Rcode::noerror);
            const std::string framed = std::string{'\0', static_cast<char>(reply.size())} + reply;
            for (const char byte : framed) send_text(connection.get(), {&byte, 1});
        });
        CHECK(exchange_tcp(server.endpoint(), query_for("www.example"), ample).error == "");
    }
    SECTION("the longest") {
        const OneShotServer server(SOCK_STREAM, tcp_answer([](std::string query) {
                                       auto reply = reply_to(std::move(query), dns::Rcode::noerror);
                                       reply.resize(65'535, 'x');
                                       return reply;
                                   }));
        CHECK(exchange_tcp(server.endpoint(), query_for("www.example"), ample).reply.size() == 65'535);
    }
    SECTION("none at all") {
        const OneShotServer server(SOCK_STREAM, tcp_answer([](const std::string&) { return std::string(); }));
        CHECK(exchange_tcp(server.endpoint(), query_for("www.example"), ample).error ==
              "what came is not a reply to the query");
    }
}

TEST_CASE("a server that this machine has no way to is said", "[dns_exchange]") {
    const net::Endpoint broadcast{net::Address::v4(255, 255, 255, 255), 53};
    CHECK_FALSE(exchange_udp(broadcast, query_for("www.example"), brief).error.empty());
    CHECK_FALSE(exchange_tcp(broadcast, query_for("www.example"), brief).error.empty());
}
