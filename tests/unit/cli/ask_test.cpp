// SPDX-License-Identifier: MIT
#include "dns/ask.hpp"

#include <array>
#include <sstream>

#include "catch.hpp"
#include "cli/dns_exchange.hpp"
#include "cli/verbs.hpp"
#include "one_shot_server.hpp"

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

/// The query with QR set and an rcode: a reply without records of its own.
std::string reply_to(std::string query, dns::Rcode rcode) {
    query[2] = static_cast<char>(query[2] | 0x80);
    query[3] = static_cast<char>(rcode);
    return query;
}

struct Datagram {
    std::string text;
    sockaddr_in from{};
};
Datagram receive(int socket) {
    Datagram datagram;
    if (!readable(socket)) return datagram;
    char buffer[1024];
    socklen_t length = sizeof datagram.from;
    const auto count =
        ::recvfrom(socket, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&datagram.from), &length);
    datagram.text.assign(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return datagram;
}
void send_back(int socket, const Datagram& to, std::string_view text) {
    ::sendto(socket, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to.from), sizeof to.from);
}

/// Answers one query over UDP.
std::function<void(int)> udp_answer(dns::Rcode rcode) {
    return [rcode](int socket) {
        const auto query = receive(socket);
        send_back(socket, query, reply_to(query.text, rcode));
    };
}

/// Reads one query over TCP, then sends what `answer` makes of it, with its length unless it is cut.
std::function<void(int)> tcp_answer(std::function<std::string(std::string)> answer, std::size_t cut = 65537) {
    return [answer = std::move(answer), cut](int listener) {
        const auto connection = accept_one(listener);
        std::string query;
        while (query.size() < 2 ||
               query.size() < 2U + dns::read_u16(reinterpret_cast<const std::uint8_t*>(query.data()))) {
            char buffer[1024];
            if (!readable(connection.get())) return;
            const auto count = ::recv(connection.get(), buffer, sizeof buffer, 0);
            if (count <= 0) return;
            query.append(buffer, static_cast<std::size_t>(count));
        }
        const auto reply = answer(query.substr(2));
        std::string framed{static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size())};
        send_text(connection.get(), (framed + reply).substr(0, cut));
    };
}

struct Run {
    int status;
    std::string out;
    std::string err;
};
Run ask(std::vector<std::string> words) {
    words.insert(words.begin(), "ask");
    const auto parsed = parse_arguments(words);
    REQUIRE(parsed.error == "");
    std::ostringstream out;
    std::ostringstream err;
    const int status = run_verb(parsed.arguments, {}, out, err);
    return {status, out.str(), err.str()};
}

}  // namespace

TEST_CASE("UDP: the reply is taken, what is none is passed over", "[ask]") {
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

TEST_CASE("UDP: a lost query is sent once more", "[ask]") {
    const OneShotServer server(SOCK_DGRAM, [](int socket) {
        receive(socket);
        const auto again = receive(socket);
        send_back(socket, again, reply_to(again.text, dns::Rcode::noerror));
    });
    // The first pause runs out; the second may be cut short by nothing but the answer.
    const auto answer = exchange_udp(server.endpoint(), query_for("www.example"), milliseconds{500});
    CHECK(answer.error == "");
}

TEST_CASE("UDP: silence ends", "[ask]") {
    const OneShotServer server(SOCK_DGRAM, [](int socket) {
        receive(socket);
        receive(socket);
    });
    CHECK(exchange_udp(server.endpoint(), query_for("www.example"), brief).error == "no answer in time");
}

TEST_CASE("TCP: the reply, whole", "[ask]") {
    const OneShotServer server(
        SOCK_STREAM, tcp_answer([](std::string query) { return reply_to(std::move(query), dns::Rcode::nxdomain); }));
    const auto answer = exchange_tcp(server.endpoint(), query_for("www.example"), ample);
    CHECK(answer.error == "");
    REQUIRE(answer.reply.size() >= dns::header_length);
    CHECK(dns::rcode_of(answer.reply) == 3);
}

TEST_CASE("TCP: what goes wrong is said", "[ask]") {
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

TEST_CASE("ask prints the rcode, and its status says whether it is the one expected", "[ask]") {
    {
        const OneShotServer server(SOCK_DGRAM, udp_answer(dns::Rcode::refused));
        const auto run = ask({"www.example", "@" + server.endpoint().to_string()});
        CHECK(run.status == exit_good);  // an answer is an answer
        CHECK(run.out.starts_with("REFUSED"));
        CHECK(run.err == "");
    }
    {
        const OneShotServer server(SOCK_DGRAM, udp_answer(dns::Rcode::nxdomain));
        CHECK(ask({"www.example", "@" + server.endpoint().to_string(), "--expect", "NXDOMAIN"}).status == exit_good);
    }
    const OneShotServer server(
        SOCK_STREAM, tcp_answer([](std::string query) { return reply_to(std::move(query), dns::Rcode::servfail); }));
    const auto address = server.endpoint().to_string();
    const auto run = ask({"www.example", "MX", "@" + address, "--tcp", "--expect", "noerror"});
    CHECK(run.status == exit_faults);
    CHECK(run.out.starts_with("SERVFAIL"));
    CHECK(run.err == address + ": SERVFAIL was found; expected NOERROR\n");
}

TEST_CASE("ask goes to the dproxy of the settings where no server is named", "[ask]") {
    {
        const OneShotServer server(SOCK_DGRAM, udp_answer(dns::Rcode::noerror));
        CHECK(ask({"a", "--port", std::to_string(server.endpoint().port)}).status == exit_good);
    }
    {
        const OneShotServer server(SOCK_DGRAM, udp_answer(dns::Rcode::noerror));
        CHECK(ask({"a", "--listen", "0.0.0.0:" + std::to_string(server.endpoint().port)}).status == exit_good);
    }
    const auto bad = ask({"a", "--port", "0"});
    CHECK(bad.status == exit_usage);
    CHECK(bad.err == "--port: `0` is out of range; expected 1 to 65535\n");
    CHECK(ask({"a..b", "@127.0.0.1:1"}).status == exit_usage);
    net::Endpoint closed;
    {
        closed = OneShotServer(SOCK_STREAM, [](int) {}).endpoint();
    }
    const auto refused = ask({"a", "--tcp", "@" + closed.to_string()});
    CHECK(refused.status == exit_faults);
    CHECK(refused.err == closed.to_string() + " over TCP: Connection refused\n");
}
