// SPDX-License-Identifier: MIT
#include "dns/client_subnet.hpp"

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using dproxy::net::Address;
using packet::Octets;
using packet::Packet;
using packet::qtype::a;

namespace {

const Address client_v4 = Address::v4(192, 0, 2, 77);
const Address client_v6 = *Address::parse("2001:db8:1:2345:6789::1");
const Octets subnet_v4 = packet::option(8, {0, 1, 24, 0, 192, 0, 2});
const Octets subnet_v6 = packet::option(8, {0, 2, 56, 0, 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0x23});
const Octets cookie = packet::option(10, Octets(8, 7));

struct Result {
    AddedSubnet added;
    Octets bytes;
};

Result add(const Octets& message, const Address& client = client_v4) {
    Octets out(message.size() + client_subnet_growth);
    const auto result = add_client_subnet(message, read_query(message), client, out);
    out.resize(result.length);
    return {result.added, out};
}

Octets removed(Octets message, AddedSubnet added) {
    message.resize(remove_client_subnet(message, added));
    return message;
}

void check_untouched(const Octets& message) {
    const auto result = add(message);
    CHECK(result.added == AddedSubnet::nothing);
    CHECK(result.bytes.empty());
}

}  // namespace

TEST_CASE("a query without EDNS gets an OPT with the client's network and its size", "[dns]") {
    const auto v4 = add(Packet::query("x", a));
    CHECK(v4.added == AddedSubnet::opt);
    CHECK(v4.bytes == Packet::query("x", a).edns(512, subnet_v4).bytes());
    CHECK(add(Packet::query("x", a), client_v6).bytes == Packet::query("x", a).edns(512, subnet_v6).bytes());
    CHECK(add(Packet::query("x", a).trailing({1, 2})).bytes ==
          Packet::query("x", a).edns(512, subnet_v4).trailing({1, 2}).bytes());
}

TEST_CASE("an OPT gets the option behind its own", "[dns]") {
    const auto result = add(Packet::query("x", a).edns(4096, cookie, 0x8000).trailing({9}), client_v6);
    CHECK(result.added == AddedSubnet::option);
    CHECK(result.bytes == Packet::query("x", a).edns(4096, cookie + subnet_v6, 0x8000).trailing({9}).bytes());
    CHECK(add(Packet::query("x", a).edns(1232)).bytes == Packet::query("x", a).edns(1232, subnet_v4).bytes());
}

TEST_CASE("messages that must not change do not", "[dns]") {
    const auto tsig = packet::record(packet::name("key"), packet::qtype::tsig, {1, 2, 3}, 0, 255);
    check_untouched(Packet::query("x", a).additional(tsig));
    check_untouched(Packet::query("x", a).edns(1232).additional(tsig));
    check_untouched(Packet::query("x", a).edns(1232, subnet_v4));
    check_untouched(Packet::query("x", a).counts(1, 0, 0, 1));
    check_untouched(Packet::query("x", a).opcode(5));
    check_untouched(Packet::query("x", a).opcode(9));
    check_untouched(Packet::query("x", a).edns(1232, {}, 0x00010000));
    check_untouched(Packet::query("x", a).edns(1232).additional(packet::record({0xc0, 12}, a, {1, 2, 3, 4})));
    check_untouched(Packet());
}

TEST_CASE("what does not fit is not added", "[dns]") {
    const auto message = Packet::query("x", a).bytes();
    Octets exact(message.size() + 11 + 11);
    CHECK(add_client_subnet(message, read_query(message), client_v4, exact).length == exact.size());
    CHECK(
        add_client_subnet(message, read_query(message), client_v4, MutableBytes(exact).first(exact.size() - 1)).added ==
        AddedSubnet::nothing);
    const auto longest = Packet::query("x", a).trailing(Octets(65535 - 19, 0)).bytes();
    REQUIRE(longest.size() == max_message_length);
    check_untouched(longest);
}

TEST_CASE("the growth stated is the largest there is", "[dns]") {
    const auto message = Packet::query("x", a).bytes();
    CHECK(add(message, client_v6).bytes.size() == message.size() + client_subnet_growth);
}

TEST_CASE("what was added is taken out again", "[dns]") {
    for (const auto& query :
         {Packet::query("x", a), Packet::query("x", a).edns(1232), Packet::query("x", a).edns(1232, cookie),
          Packet::query("x", a).edns(1232, cookie).trailing({1, 2, 3}), Packet::query("x", a).trailing({1, 2})})
        for (const auto& client : {client_v4, client_v6}) {
            const auto result = add(query, client);
            REQUIRE(result.added != AddedSubnet::nothing);
            CHECK(removed(result.bytes, result.added) == query.bytes());
        }
}

TEST_CASE("replies lose the option or the OPT, and nothing else", "[dns]") {
    const auto reply = Packet::reply("x", a).answer("x", a, {1, 2, 3, 4});
    const auto with_both = Packet(reply).edns(1232, cookie + subnet_v4 + packet::option(15, {0, 3}), 0x8000).bytes();
    CHECK(removed(with_both, AddedSubnet::option) ==
          Packet(reply).edns(1232, cookie + packet::option(15, {0, 3}), 0x8000).bytes());
    CHECK(removed(with_both, AddedSubnet::opt) == reply.bytes());
    CHECK(removed(with_both, AddedSubnet::nothing) == with_both);
    CHECK(removed(Packet(reply).edns(512, subnet_v4 + subnet_v6), AddedSubnet::option) ==
          Packet(reply).edns(512).bytes());
    CHECK(removed(Packet(reply).edns(512, cookie), AddedSubnet::option) == Packet(reply).edns(512, cookie).bytes());
    CHECK(removed(reply, AddedSubnet::option) == reply.bytes());
    CHECK(removed(reply, AddedSubnet::opt) == reply.bytes());
}

TEST_CASE("replies that cannot be walked stay as they are", "[dns]") {
    const auto reply = Packet::reply("x", a).edns(512, subnet_v4).counts(1, 0, 0, 2).bytes();
    CHECK(removed(reply, AddedSubnet::opt) == reply);
    CHECK(removed(reply, AddedSubnet::option) == reply);
    const auto open_option = Packet::reply("x", a).edns(512, subnet_v4 + Octets{0, 8, 0, 9}).bytes();
    CHECK(removed(open_option, AddedSubnet::option) == open_option);
    CHECK(removed({1, 2, 3}, AddedSubnet::opt) == Octets{1, 2, 3});
}

TEST_CASE("pointers behind the OPT lead where they did", "[dns]") {
    // The records behind the OPT begin with `ns.x`, written out, and the others point to it or to `x`.
    const std::size_t opt_begin = 12 + 3 + 4;
    const auto message = [&](const Octets& opt) {
        auto packet = Packet::reply("x", a);
        if (!opt.empty()) packet.additional(opt);
        const auto first = static_cast<std::uint8_t>(opt_begin + opt.size());
        const Octets pointer = {0xc0, first};
        packet.additional(packet::record({2, 'n', 's', 0xc0, 12}, a, {1, 2, 3, 4}));
        packet.additional(packet::record(pointer, 28, Octets(16, 0xc0)));
        packet.additional(packet::record({1, 'y', 0xc0, first}, packet::qtype::mx, Octets{0, 10} + pointer));
        packet.additional(packet::record({0xc0, 12}, 6, packet::soa_data(1, pointer, {1, 'm', 0xc0, first})));
        packet.additional(packet::record({0}, packet::qtype::srv, Octets{0, 1, 0, 2, 0, 3} + pointer));
        packet.additional(packet::record({0xc0, 12}, 16, Octets{1} + pointer));  // no name, though it looks like one
        packet.additional(packet::record({0xc0, 12}, 2, {}));                    // too short for its name
        packet.additional(packet::record({0xc0, 12}, 5, {5, 'a'}));
        return packet.bytes();
    };
    // TXT holds whatever bytes it holds: those of the message before the cut.
    const auto expect_text_kept = [&](Octets expected, const Octets& original) {
        const auto text_at = [](const Octets& octets) { return octets.size() - 14 - 12 - 2; };
        std::copy_n(original.begin() + static_cast<std::ptrdiff_t>(text_at(original)), 2,
                    expected.begin() + static_cast<std::ptrdiff_t>(text_at(expected)));
        return expected;
    };
    const auto whole = message(packet::opt_record(512, cookie + subnet_v4));
    CHECK(removed(whole, AddedSubnet::opt) == expect_text_kept(message({}), whole));
    CHECK(removed(whole, AddedSubnet::option) == expect_text_kept(message(packet::opt_record(512, cookie)), whole));
}
