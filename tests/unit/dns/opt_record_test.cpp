// SPDX-License-Identifier: MIT
#include "dns/opt_record.hpp"

#include <initializer_list>

#include "catch.hpp"
#include "dns/message.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
namespace packet = dproxy::test;
using packet::Octets;
using packet::Packet;
using packet::qtype::a;

namespace {

const Octets cookie = packet::option(10, {1, 2, 3, 4, 5, 6, 7, 8});
const Octets nsid = packet::option(3, {});
const Octets tsig{0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0};

Octets without_opt(Octets message) {
    const OptPlace place = find_opt(message);
    REQUIRE(place.found);
    message.resize(remove_opt(message, place));
    return message;
}

Octets without_options(Octets message, OptionSet options) {
    const OptPlace place = find_opt(message);
    REQUIRE(place.found);
    message.resize(remove_options(message, place, options));
    return message;
}

Octets with(const Octets& message, const Octets& options) {
    Octets out(message.size() + options.size() + opt_fixed_length);
    out.resize(write_with_options(message, options, out));
    return out;
}

/// A pointer to `at` (RFC 1035 4.1.4).
Octets pointer(std::size_t at) { return packet::u16(static_cast<unsigned>(0xc000 | at)); }

/// A reply with an OPT in the middle of its additional section, and behind it a record of `type` with `data`, whose
/// owner is a name of its own, and one whose owner is a pointer to that name. `data` is given the offset of that name.
template <typename Data>
Octets with_opt_before(std::uint16_t type, const Octets& options, bool opt, const Data& data) {
    auto message = Packet::reply("x", a);
    if (opt) message.edns(1232, options);
    const std::size_t name_at = message.bytes().size();
    message.additional(packet::record(packet::name("late"), type, data(name_at)));
    return message.additional(packet::record(pointer(name_at), a, {192, 0, 2, 1}));
}

}  // namespace

TEST_CASE("an OPT is taken out, and nothing else", "[opt_record]") {
    CHECK(without_opt(Packet::query("x", a).edns(1400, nsid + cookie)) == Packet::query("x", a).bytes());
    CHECK(without_opt(Packet::query("x", a).edns(1400).trailing({1, 2})) ==
          Packet::query("x", a).trailing({1, 2}).bytes());
    const Octets glue = packet::record(packet::name("ns"), a, {192, 0, 2, 1});
    CHECK(without_opt(Packet::reply("x", a).additional(glue).edns(1400).additional(glue)) ==
          Packet::reply("x", a).additional(glue).additional(glue).bytes());
}

TEST_CASE("an rcode whose upper bits go with the OPT is SERVFAIL", "[opt_record]") {
    const auto reply = [](unsigned rcode) { return Packet::reply("x", a).rcode(rcode); };
    CHECK(without_opt(reply(0).edns(1232, {}, 0x01000000)) == reply(2).bytes());  // BADVERS
    CHECK(without_opt(reply(7).edns(1232, {}, 0xff000000)) == reply(2).bytes());
    CHECK(without_opt(reply(3).edns(1232, {}, 0x00ff8000)) == reply(3).bytes());  // version and DO are no rcode
}

TEST_CASE("pointers behind an OPT that is taken out lead where they did, in owners and in data", "[opt_record]") {
    // Where the names of older types stand (RFC 3597 4): so many bytes before them, and how many they are.
    struct Form {
        std::uint16_t type;
        std::size_t before;
        std::size_t names;
    };
    const std::initializer_list<Form> forms{
        {2, 0, 1},  {3, 0, 1},  {4, 0, 1},   {5, 0, 1},   {6, 0, 2},  {7, 0, 1},  {8, 0, 1},  {9, 0, 1},  {12, 0, 1},
        {14, 0, 2}, {15, 2, 1}, {17, 0, 2},  {18, 2, 1},  {21, 2, 1}, {24, 18, 1}, {26, 2, 2}, {30, 0, 1}, {33, 6, 1},
        {36, 2, 1}, {39, 0, 1}};
    for (const Form form : forms) {
        INFO("type " << form.type);
        const auto data = [&](std::size_t name_at) {
            Octets octets(form.before, 1);  // what is covered by SIG is not 0: that would be a signature
            octets += pointer(name_at);
            if (form.names == 2) octets += Octets{2, 'a', 'b'} + pointer(name_at);
            return octets += Octets{0xcc, 0xcc};  // looks like a pointer, and is none
        };
        const Octets expected = with_opt_before(form.type, {}, false, data);
        CHECK(without_opt(with_opt_before(form.type, nsid + cookie, true, data)) == expected);
        CHECK(without_options(with_opt_before(form.type, nsid + cookie, true, data), set_of(3)) ==
              with_opt_before(form.type, cookie, true, data));
    }
}

TEST_CASE("data of types that hold no compressed names stays byte for byte", "[opt_record]") {
    for (const std::uint16_t type : std::initializer_list<std::uint16_t>{1, 16, 28, 41, 43, 65, 257, 65535}) {
        const auto data = [](std::size_t) { return pointer(60) + pointer(61); };
        CHECK(without_opt(with_opt_before(type, cookie, true, data)) == with_opt_before(type, {}, false, data));
    }
}

TEST_CASE("pointers to what stands before the OPT stay", "[opt_record]") {
    const auto data = [](std::size_t) { return pointer(header_length); };
    CHECK(without_opt(with_opt_before(2, cookie, true, data)) == with_opt_before(2, {}, false, data));
}

TEST_CASE("options are taken out by their codes, and the OPT stays", "[opt_record]") {
    const Octets other = packet::option(65001, {1, 2, 3});
    const auto with_options = [](const Octets& options) {
        return Packet::query("x", a).edns(1400, options, 0x8000).trailing({9}).bytes();
    };
    CHECK(without_options(with_options(cookie + nsid + cookie + other), set_of(10)) == with_options(nsid + other));
    CHECK(without_options(with_options(cookie + nsid), set_of(10) | set_of(3)) == with_options({}));
    CHECK(without_options(with_options(nsid), set_of(10)) == with_options(nsid));
    CHECK(without_options(with_options(other), ~OptionSet{0}) == with_options(other));  // codes from 32 on
    CHECK(without_options(with_options({}), ~OptionSet{0}) == with_options({}));
}

TEST_CASE("options that do not fill their OPT are left as they are", "[opt_record]") {
    for (const Octets& broken : {Octets{0}, Octets{0, 10, 0}, Octets{0, 10, 0, 9, 1}}) {
        const Octets message = Packet::query("x", a).edns(1400, cookie + broken);
        CHECK(without_options(message, set_of(10)) == message);
    }
}

TEST_CASE("options are added to the OPT, which is last then", "[opt_record]") {
    CHECK(with(Packet::query("x", a).edns(900, nsid, 0x8000).trailing({7}), cookie) ==
          Packet::query("x", a).edns(900, nsid + cookie, 0x8000).trailing({7}).bytes());
    CHECK(with(Packet::query("x", a), cookie) == Packet::query("x", a).edns(1232, cookie).bytes());
    CHECK(with(Packet::query("x", a).trailing({7}), cookie) ==
          Packet::query("x", a).edns(1232, cookie).trailing({7}).bytes());
    CHECK(with(Packet::query("x", a).edns(900).additional(tsig), cookie).empty());
    CHECK(with(Octets(header_length, 0xff), cookie).empty());
}

TEST_CASE("a record behind the OPT keeps its names when options are added", "[opt_record]") {
    // `x A`, then an OPT of 15 bytes with NSID, then `ns.<pointer to x> NS <pointer to the owner of itself>`.
    const Octets begin = Packet::query("x", a).edns(900, nsid);
    const auto owner_at = static_cast<std::uint8_t>(begin.size());
    const Octets record{2, 'n', 's', 0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, owner_at};
    Octets message = begin + record;
    message[11] = 2;
    const Octets out = with(message, cookie);
    const std::size_t opt_length = opt_fixed_length + nsid.size();
    Octets moved = record;
    moved.back() = static_cast<std::uint8_t>(owner_at - opt_length);
    const Octets question(begin.begin(), begin.end() - static_cast<std::ptrdiff_t>(opt_length));
    Octets expected = question + moved + packet::opt_record(900, nsid + cookie);
    expected[11] = 2;
    CHECK(out == expected);
}

TEST_CASE("nothing is added beyond 65,535 bytes", "[opt_record]") {
    const auto of_length = [](std::size_t length) {
        Octets message = Packet::query("x", a).edns(900);
        message.resize(length);
        return message;
    };
    CHECK(with(of_length(max_message_length - cookie.size()), cookie).size() == max_message_length);
    CHECK(with(of_length(max_message_length - cookie.size() + 1), cookie).empty());
}
