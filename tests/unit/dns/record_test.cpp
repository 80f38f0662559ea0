// SPDX-License-Identifier: MIT
#include "dns/record.hpp"

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;
using packet::Packet;

namespace {

bool skips(const Octets& message, std::size_t expected_end) {
    std::size_t at = 0;
    return skip_name(message, at) && at == expected_end;
}

bool refuses(const Octets& message) {
    std::size_t at = 0;
    return !skip_name(message, at);
}

}  // namespace

TEST_CASE("names are skipped, a pointer ends one", "[dns]") {
    CHECK(skips({0, 9}, 1));
    CHECK(skips({1, 'a', 0, 9}, 3));
    CHECK(skips({1, 'a', 0xc0, 0, 9}, 4));
    CHECK(skips({0xff, 0xff}, 2));  // where it leads is not looked at
    CHECK(skips(packet::name(packet::name_of_length(255)), 255));
    CHECK(refuses(packet::name(packet::name_of_length(256))));
    CHECK(refuses({}));
    CHECK(refuses({1, 'a'}));
    CHECK(refuses({2, 'a'}));
    CHECK(refuses({0xc0}));
    CHECK(refuses({0x40, 0}));
    CHECK(refuses({0x80, 0}));
}

TEST_CASE("a record is found with its parts", "[dns]") {
    const Octets bytes = packet::record(packet::name("a"), 0x1122, {1, 2, 3}, 0x33445566, 0x0708);
    std::size_t at = 0;
    Record record;
    REQUIRE(read_record(bytes, at, record));
    CHECK(at == bytes.size());
    CHECK(record.begin == 0);
    CHECK(record.fixed == 3);
    CHECK(record.type == 0x1122);
    CHECK(record.rclass == 0x0708);
    CHECK(record.ttl(bytes) == 0x33445566);
    CHECK(record.rdata(bytes).size() == 3);
    CHECK_FALSE(record.has_root_owner());
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        const Octets cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
        at = 0;
        CHECK_FALSE(read_record(cut, at, record));
    }
}

TEST_CASE("options are walked to the end of their data", "[dns]") {
    Octets options = packet::option(8, {1, 2});
    options += packet::option(15, {});
    std::vector<std::pair<int, std::size_t>> seen;
    const auto visit = [&](std::uint16_t code, Bytes data, std::size_t at) {
        seen.emplace_back(code * 10 + data.size(), at);
    };
    CHECK(walk_options(options, visit));
    CHECK(seen == std::vector<std::pair<int, std::size_t>>{{82, 0}, {150, 6}});
    CHECK(walk_options(Bytes{}, visit));
    for (std::size_t length = 1; length < options.size(); ++length)
        CHECK(walk_options(Bytes(options).first(length), visit) == (length == 6));
}

TEST_CASE("the OPT is found in the additional section only", "[dns]") {
    const auto plain = Packet::reply("a", 1).answer("a", 1, {1, 2, 3, 4}).edns(1232).bytes();
    const auto place = find_opt(plain);
    CHECK(place.walks);
    REQUIRE(place.found);
    CHECK(place.opt.end - place.opt.begin == 11);
    CHECK(place.records_end == plain.size());
    CHECK_FALSE(find_opt(Packet::reply("a", 1).answer(packet::opt_record(512))).found);
    CHECK_FALSE(find_opt(Packet::reply("a", 1).authority(packet::opt_record(512))).found);
    CHECK_FALSE(find_opt(Packet::reply("a", 1).additional(packet::record(packet::name("a"), 41, {}))).found);
    CHECK(find_opt(Packet::reply("a", 1)).walks);
    CHECK(find_opt(Packet::reply("a", 1).edns(1).edns(2)).opt.rclass == 1);
}

TEST_CASE("a message that does not walk says so", "[dns]") {
    const auto bytes = Packet::reply("a", 1).answer("a", 1, {1, 2, 3, 4}).edns(1232).bytes();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CHECK_FALSE(find_opt(Bytes(bytes).first(length)).walks);
    }
    CHECK_FALSE(find_opt(Packet::reply("a", 1).counts(2, 0, 0, 0)).walks);
    CHECK_FALSE(find_opt(Packet::reply("a", 1).counts(1, 65535, 65535, 65535)).walks);
    CHECK(find_opt(Packet::reply("a", 1).question("b", 1).edns(512)).found);
}
