// SPDX-License-Identifier: MIT
#include "net/proxy_header.hpp"

#include <vector>

#include "catch.hpp"

using dproxy::net::Endpoint;
using dproxy::net::ProxyCommand;
using dproxy::net::ProxyTransport;

namespace {

using Header = std::vector<std::uint8_t>;

Header header(ProxyCommand command, ProxyTransport transport, const char* source, const char* destination) {
    std::array<std::uint8_t, dproxy::net::proxy_header_capacity> out{};
    const auto length = dproxy::net::write_proxy_header(command, transport, *Endpoint::parse(source, 0),
                                                        *Endpoint::parse(destination, 0), out);
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(length)};
}

const Header signature = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

Header with_signature(const Header& rest) {
    Header all = signature;
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

}  // namespace

TEST_CASE("IPv4 endpoints take 28 bytes", "[net]") {
    const Header rest = {0x21, 0x12, 0, 12, 192, 0, 2, 1, 127, 0, 0, 2, 0x30, 0x39, 0, 53};
    CHECK(header(ProxyCommand::proxy, ProxyTransport::datagram, "192.0.2.1:12345", "127.0.0.2:53") ==
          with_signature(rest));
}

TEST_CASE("IPv6 endpoints take 52 bytes", "[net]") {
    const Header rest = {0x21, 0x21, 0, 36, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 7,
                         0,    0,    0, 0,  0,    0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xfe, 0, 53};
    const auto written = header(ProxyCommand::proxy, ProxyTransport::stream, "[2001:db8::7]:65534", "[::1]:53");
    CHECK(written == with_signature(rest));
    CHECK(written.size() == dproxy::net::proxy_header_capacity);
}

TEST_CASE("endpoints of two families are both written as IPv6", "[net]") {
    const auto written = header(ProxyCommand::proxy, ProxyTransport::stream, "192.0.2.1:1", "[::1]:53");
    REQUIRE(written.size() == 52);
    CHECK(written[13] == 0x21);
    CHECK(Header(written.begin() + 26, written.begin() + 32) == Header{0xff, 0xff, 192, 0, 2, 1});
}

TEST_CASE("a local header names nobody", "[net]") {
    CHECK(header(ProxyCommand::local, ProxyTransport::stream, "192.0.2.1:1", "[::1]:53") ==
          with_signature({0x20, 0, 0, 0}));
}
