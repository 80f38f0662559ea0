// SPDX-License-Identifier: MIT
#include "dns/hop_options.hpp"

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;
using packet::Packet;
using packet::qtype::a;

namespace {

const Octets client_cookie{1, 2, 3, 4, 5, 6, 7, 8};
const Octets cookie = packet::option(10, client_cookie);
const Octets keepalive = packet::option(11, {});
const Octets padding = packet::option(12, Octets(40, 0));
const Octets nsid = packet::option(3, {});
const Octets tsig{0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0};

Octets without(Octets message) {
    Query query = read_query(message);
    const std::size_t records_end = query.records_end, before = message.size();
    message.resize(remove_hop_options(message, query));
    CHECK(records_end - query.records_end == before - message.size());
    CHECK(read_query(message).records_end == query.records_end);
    return message;
}

}  // namespace

TEST_CASE("a query's cookie is read, and its length looked at", "[dns]") {
    const auto read = [](const Octets& options, std::uint8_t version = 0) {
        return read_query(Packet::query("x", a).edns(1232, options, std::uint32_t{version} << 16));
    };
    CHECK_FALSE(read(nsid).hop.any);
    const Query bare = read(nsid + cookie);
    CHECK(bare.hop.any);
    CHECK(bare.hop.has_cookie);
    CHECK(Octets(bare.hop.cookie.begin(), bare.hop.cookie.end()) == client_cookie);
    CHECK(bare.hop.server_cookie_length == 0);
    for (const std::size_t length : {8u, 16u, 32u}) {
        const auto message = Packet::query("x", a).edns(1232, packet::option(10, client_cookie + Octets(length, 9)));
        const Query query = read_query(message);
        CHECK(query.form == QueryForm::good);
        CHECK(query.hop.server_cookie_length == length);
        CHECK(message.bytes()[query.hop.server_cookie_offset] == 9);
    }
    for (const std::size_t length : {0u, 7u, 9u, 15u, 41u}) {
        CHECK(read(packet::option(10, Octets(length, 1))).form == QueryForm::format_error);
    }
    CHECK(read(cookie + packet::option(10, {1})).form == QueryForm::good);  // the second one is ignored
    CHECK(read(keepalive).hop.asks_keepalive);
    CHECK(read(padding).hop.any);
    CHECK_FALSE(read(cookie, 1).hop.any);
}

TEST_CASE("a signed query is relayed with its cookie, whatever that is", "[dns]") {
    const Octets message = Packet::query("x", a).edns(1232, packet::option(10, {1})).additional(tsig);
    const Query query = read_query(message);
    CHECK(query.form == QueryForm::good);
    CHECK(query.is_signed);
    CHECK_FALSE(query.hop.any);
    CHECK(without(message) == message);
}

TEST_CASE("options of the hop are taken out, and nothing else", "[dns]") {
    const auto other = packet::option(65001, {1, 2, 3});
    CHECK(without(Packet::query("x", a).edns(1400, cookie + nsid + keepalive + other + padding, 0x8000)) ==
          Packet::query("x", a).edns(1400, nsid + other, 0x8000).bytes());
    CHECK(without(Packet::query("x", a).edns(1400, cookie).trailing({1, 2})) ==
          Packet::query("x", a).edns(1400).trailing({1, 2}).bytes());
    const Octets plain = Packet::query("x", a).edns(1400, nsid);
    CHECK(without(plain) == plain);
}

TEST_CASE("what has options of a hop is told from what has none at a glance", "[dns]") {
    CHECK_FALSE(may_have_hop_options(Packet::query("x", a).bytes()));
    CHECK_FALSE(may_have_hop_options(Packet::query("x", a).edns(1232).bytes()));
    CHECK(may_have_hop_options(Packet::query("x", a).edns(1232, cookie).bytes()));
    CHECK(may_have_hop_options(Packet::query("x", a).edns(1232, keepalive).trailing({1}).bytes()));
    CHECK_FALSE(may_have_hop_options(Octets(header_length, 0xff)));
}

TEST_CASE("our answer says cookie and keepalive", "[dns]") {
    HopAnswer answer;
    CHECK(answer.options().empty());
    ClientCookie client;
    std::copy(client_cookie.begin(), client_cookie.end(), client.begin());
    answer.add_cookie(client, ServerCookie{1});
    answer.add_keepalive(100);
    Octets server(16, 0);
    server[0] = 1;
    const Octets expected = packet::option(10, client_cookie + server) + packet::option(11, {0, 100});
    CHECK(Octets(answer.options().begin(), answer.options().end()) == expected);
}

TEST_CASE("an answer is padded to a multiple of 468 bytes, option and all", "[dns]") {
    const auto padded = [](std::size_t length, std::size_t most = 65535) {
        HopAnswer answer;
        answer.add_padding(length, most);
        return length + answer.options().size();
    };
    CHECK(padded(100) == 468);
    CHECK(padded(464) == 468);
    CHECK(padded(465) == 936);
    CHECK(padded(468) == 936);
    CHECK(padded(1000, 1232) == 1232);
    CHECK(padded(1230, 1232) == 1230);
    CHECK(padded(65530) == 65535);
    CHECK(padded(65535) == 65535);
    HopAnswer answer;
    answer.add_cookie({}, {});
    answer.add_keepalive(100);
    const std::size_t before = answer.options().size();
    answer.add_padding(465, 65535);
    CHECK(answer.options().size() == before + 936 - 465);
    CHECK(answer.options()[before + 1] == 12);
}

TEST_CASE("a query with EDNS is padded to a multiple of 128 bytes", "[dns]") {
    Octets room(1024 + 2 * query_padding_block);
    const auto padded = [&](const Octets& message) {
        const std::size_t length = write_padded(message, room);
        return Octets(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(length));
    };
    for (std::size_t label = 1; label < 60; ++label) {
        const Octets query = Packet::query(std::string(label, 'x') + ".example", a).edns(1232, nsid);
        const Octets more = padded(query);
        REQUIRE(more.size() % query_padding_block == 0);
        REQUIRE(more.size() >= query.size() + option_header_length);
        REQUIRE(more.size() < query.size() + option_header_length + query_padding_block);
        const Query read = read_query(more);
        REQUIRE(read.form == QueryForm::good);
        REQUIRE(without(more) == query);
    }
    CHECK(padded(Packet::query("x", a)).empty());
    CHECK(padded(Packet::query("x", a).edns(1232).additional(tsig)).empty());
    Octets largest = Packet::query("x", a).edns(1232);
    const std::size_t rest = max_message_length - largest.size() - option_header_length;
    largest = Packet::query("x", a).edns(1232, packet::option(65001, Octets(rest - 50, 0)));
    room.resize(largest.size() + 2 * query_padding_block);
    CHECK(padded(largest).empty());
}
