// SPDX-License-Identifier: MIT
#include "relay/own_hop.hpp"

#include <algorithm>

#include "catch.hpp"
#include "support/packets.hpp"

namespace dproxy::proxy {

namespace {

using test::Octets;

constexpr std::uint32_t now = 1'700'000'000;
constexpr std::uint64_t second = 1'000'000'000;
const Octets client_cookie{1, 2, 3, 4, 5, 6, 7, 8};

struct Trial {
    dns::CookieSecrets secrets;
    OwnHop hop{secrets, 10 * second};
    Client client;

    explicit Trial(Transport transport = Transport::udp) {
        client.transport = transport;
        client.source = io::SocketAddress({*net::Address::parse("192.0.2.1"), 5353});
    }
    /// What is left of a query with these options.
    Octets take(const Octets& options, std::uint32_t at = now) {
        Octets message = test::Packet::query("a.test", test::qtype::a).edns(1232, options).bytes();
        dns::Query query = dns::read_query(message);
        const auto left = hop.take(message, query, client, at);
        return {left.begin(), left.end()};
    }
    Octets answer(const Octets& options) {
        const Octets message = test::Packet::query("a.test", test::qtype::a).edns(1232, options).bytes();
        const dns::HopAnswer answer = hop.answer(dns::read_query(message), client, now);
        return {answer.options().begin(), answer.options().end()};
    }
};

}  // namespace

TEST_CASE("the options of one hop go no further", "[own_hop]") {
    Trial trial;
    const Octets nsid = test::option(3, {});
    Octets options = test::option(10, client_cookie);
    options.insert(options.end(), nsid.begin(), nsid.end());
    CHECK(trial.take(options) == test::Packet::query("a.test", test::qtype::a).edns(1232, nsid).bytes());
    CHECK_FALSE(trial.client.has_cookie);
}

TEST_CASE("a cookie that we made proves where a client is", "[own_hop]") {
    Trial trial;
    const Octets ours = trial.answer(test::option(10, client_cookie));
    REQUIRE(ours.size() == 4 + dns::client_cookie_length + dns::server_cookie_length);
    SECTION("from there") {
        trial.take(ours, now + 60);
        CHECK(trial.client.is_source_proved());
    }
    SECTION("not from elsewhere") {
        trial.client.source = io::SocketAddress({*net::Address::parse("192.0.2.2"), 5353});
        trial.take(ours);
        CHECK_FALSE(trial.client.is_source_proved());
    }
    SECTION("not for ever") {
        trial.take(ours, now + static_cast<std::uint32_t>(dns::cookie_age) + 1);
        CHECK_FALSE(trial.client.is_source_proved());
    }
    SECTION("nor where another made it") {
        Octets other = ours;
        other.back() ^= 1;
        trial.take(other);
        CHECK_FALSE(trial.client.is_source_proved());
    }
}

TEST_CASE("keepalive is answered on connections only, by as much as it can say", "[own_hop]") {
    const Octets asks = test::option(11, {});
    CHECK(Trial(Transport::udp).answer(asks).empty());
    CHECK(Trial(Transport::tcp).answer(asks) == test::option(11, {0, 100}));
    Trial trial(Transport::tcp);
    trial.hop = OwnHop(trial.secrets, 100'000 * second);
    CHECK(trial.answer(asks) == test::option(11, {0xff, 0xff}));
}

TEST_CASE("who asked for nothing is told nothing", "[own_hop]") {
    CHECK(Trial(Transport::tcp).answer({}).empty());
}

TEST_CASE("what an upstream says of its own hop is taken out, unless it is signed for", "[own_hop]") {
    Octets reply = test::Packet::query("a.test", test::qtype::a).edns(1232, test::option(11, {0, 9})).bytes();
    reply[2] |= 0x80;
    const Octets bare = [&] {
        Octets made = test::Packet::query("a.test", test::qtype::a).edns(1232).bytes();
        made[2] |= 0x80;
        return made;
    }();
    dns::Query query;
    SECTION("signed") {
        query.is_signed = true;
        CHECK(without_hop_options(reply, query).size() == reply.size());
    }
    SECTION("not signed") {
        const auto left = without_hop_options(reply, query);
        CHECK(std::ranges::equal(left, bare));
    }
}

}  // namespace dproxy::proxy
