// SPDX-License-Identifier: MIT
#include "dns/ask.hpp"

#include <array>

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
using dproxy::test::Octets;
using dproxy::test::Packet;

namespace {

Octets written(std::string_view name, std::uint16_t type, const AskOptions& options = {}) {
    std::array<std::uint8_t, ask_capacity> out;
    out.fill(0xee);
    const auto length = write_query(Name::parse(name, false).name, type, 0xabcd, options, out);
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(length)};
}

}  // namespace

TEST_CASE("queries of our own are written", "[dns]") {
    CHECK(written(".", 2) == Packet::query("", 2).id(0xabcd).edns(1232).bytes());
    AskOptions options;
    options.recursion_desired = false;
    options.dnssec_ok = true;
    options.udp_size = 4096;
    options.qclass = 3;
    CHECK(written("version.bind", 16, options) ==
          Packet::query("version.bind", 16, 3).id(0xabcd).flags(0).edns(4096, {}, 0x8000).bytes());
    options = {};
    options.edns = false;
    CHECK(written("www.example.com", 1, options) == Packet::query("www.example.com", 1).id(0xabcd).bytes());
}

TEST_CASE("the longest name fits", "[dns]") {
    CHECK(written(dproxy::test::name_of_length(255), 1).size() == ask_capacity);
}
