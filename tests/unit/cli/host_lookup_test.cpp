// SPDX-License-Identifier: MIT
#include "cli/host_lookup.hpp"

#include <map>
#include <sstream>

#include "catch.hpp"
#include "cli/verbs.hpp"
#include "dns/record.hpp"
#include "one_shot_server.hpp"

namespace {

using namespace dproxy;
using namespace dproxy::cli;
using namespace dproxy::test;
using std::chrono::milliseconds;

constexpr milliseconds ample{10'000};

/// A question as the nameserver saw it, `name type`.
std::string question_of(const std::string& query) {
    std::string text;
    std::size_t at = dns::header_length;
    while (query[at] != 0) {
        text += query.substr(at + 1, static_cast<std::size_t>(query[at])) + ".";
        at += static_cast<std::size_t>(query[at]) + 1;
    }
    return text + (query[at + 2] == dns::type::a ? " A" : " AAAA");
}

/// Answers `count` queries by what stands for their question: the data of an address, or nothing. Questions are
/// kept in `asked`.
std::function<void(int)> nameserver(int count, std::map<std::string, std::string> data, std::string& asked) {
    return [count, data = std::move(data), &asked](int socket) {
        for (int i = 0; i < count && readable(socket); ++i) {
            char buffer[1024];
            sockaddr_in from{};
            socklen_t length = sizeof from;
            auto* any = reinterpret_cast<sockaddr*>(&from);
            const auto size = ::recvfrom(socket, buffer, sizeof buffer, 0, any, &length);
            std::string reply(buffer, static_cast<std::size_t>(size));
            const auto question = question_of(reply);
            asked += question + ", ";
            const auto opt = reply.substr(reply.size() - 11);
            reply.resize(reply.size() - opt.size());
            reply[2] = static_cast<char>(reply[2] | 0x80);
            reply[3] = static_cast<char>(data.contains(question) ? dns::Rcode::noerror : dns::Rcode::nxdomain);
            if (data.contains(question)) {
                const auto& address = data.at(question);
                const char type = address.size() == 4 ? dns::type::a : dns::type::aaaa;
                const std::string alias("\x04host\xc0\x0c");
                reply[7] = 2;  // the alias, and its address
                reply += std::string("\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x07", 12) + alias;
                reply += alias + '\0' + type + std::string("\0\x01\0\0\0\x3c\0", 7);
                reply += static_cast<char>(address.size()) + address;
            }
            ::sendto(socket, (reply + opt).data(), reply.size() + opt.size(), 0, any, length);
        }
    };
}

const std::string v4("\xc0\0\x02\x07", 4);
const std::string v6("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", 16);

routing::ResolverSettings asking(std::uint16_t port, std::vector<std::string> search = {}) {
    routing::ResolverSettings settings;
    settings.nameservers = {{*net::Address::parse("127.0.0.1"), port}};
    settings.search = std::move(search);
    return settings;
}

}  // namespace

TEST_CASE("a host is found behind an alias, by the search list", "[ask]") {
    std::string asked;
    {
        const OneShotServer server(SOCK_DGRAM, nameserver(3, {{"a.two.test. A", v4}}, asked));
        CHECK(look_up_host("a", asking(server.endpoint().port, {"one.test", "two.test"}), ample) ==
              net::Address::parse("192.0.2.7"));
    }
    CHECK(asked == "a.one.test. A, a.one.test. AAAA, a.two.test. A, ");
}

TEST_CASE("a host that has an IPv6 address alone is found", "[ask]") {
    std::string asked;
    const OneShotServer server(SOCK_DGRAM, nameserver(2, {{"a.test. AAAA", v6}}, asked));
    CHECK(look_up_host("a.test", asking(server.endpoint().port), ample) == net::Address::parse("2001:db8::7"));
}

TEST_CASE("a host that nobody knows has no address", "[ask]") {
    std::string asked;
    {
        const OneShotServer server(SOCK_DGRAM, nameserver(2, {}, asked));
        CHECK_FALSE(look_up_host("a.test", asking(server.endpoint().port), ample));
    }
    CHECK(asked == "a.test. A, a.test. AAAA, ");
    CHECK_FALSE(look_up_host("a.test", {}, ample));  // no nameserver
    CHECK(look_up_host("LocalHost.", {}, ample) == net::Address::parse("127.0.0.1"));
}

TEST_CASE("a silent nameserver is waited for no longer than the time given", "[ask]") {
    const OneShotServer server(SOCK_DGRAM, [](int socket) { readable(socket); });
    CHECK_FALSE(look_up_host("a.test", asking(server.endpoint().port, {"one.test", "two.test"}), milliseconds{50}));
}
