// SPDX-License-Identifier: MIT
#include "dns/server_cookie.hpp"

#include <cassert>
#include <string>

#include "catch.hpp"
#include "support/packets.hpp"

using namespace dproxy::dns;
using dproxy::net::Address;
using dproxy::test::Octets;

namespace {

template <class Bytes>
Bytes hex(std::string_view digits) {
    Bytes bytes{};
    if constexpr (requires { bytes.resize(1); }) bytes.resize(digits.size() / 2);
    assert(bytes.size() == digits.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(std::stoi(std::string(digits.substr(2 * i, 2)), nullptr, 16));
    return bytes;
}

const auto secret = hex<CookieSecret>("e5e973e5a6b2a43f48e7dc849e37bfcf");
const auto client = hex<ClientCookie>("2464c4abcf10c957");
const Address address = Address::v4(198, 51, 100, 100);
constexpr std::uint32_t now = 1559731985;

CookieSecrets with(std::initializer_list<CookieSecret> secrets) {
    return CookieSecrets({secrets.begin(), secrets.size()});
}

}  // namespace

TEST_CASE("server cookies are those of RFC 9018, appendix A", "[dns]") {
    const CookieSecrets secrets = with({secret});
    CHECK(secrets.make(client, address, now) == hex<ServerCookie>("010000005cf79f111f8130c3eee29480"));
    CHECK(secrets.make(client, address, 1559734385) == hex<ServerCookie>("010000005cf7a871d4a564a1442aca77"));
    CHECK(secrets.accepts(hex<Octets>("010000005cf79f111f8130c3eee29480"), client, address, 1559734385));

    // Reserved bits that are set are part of what is sealed.
    CHECK(secrets.accepts(hex<Octets>("01abcdef5cf78f71a314227b6679ebf5"), hex<ClientCookie>("fc93fc62807ddb86"),
                          Address::v4(203, 0, 113, 203), 1559727985 + 10));

    const Address v6 = *Address::parse("2001:db8:220:1:59de:d0f4:8769:82b8");
    const auto old_secret = hex<CookieSecret>("dd3bdf9344b678b185a6f5cb60fca715");
    const auto new_secret = hex<CookieSecret>("445536bcd2513298075a5d379663c962");
    const auto v6_client = hex<ClientCookie>("22681ab97d52c298");
    const auto made = hex<Octets>("010000005cf7c57926556bd0934c72f8");
    CHECK(with({new_secret, old_secret}).accepts(made, v6_client, v6, 1559741961));
    CHECK_FALSE(with({new_secret}).accepts(made, v6_client, v6, 1559741961));
    CHECK(with({new_secret, old_secret}).make(v6_client, v6, 1559741961) ==
          hex<ServerCookie>("010000005cf7c609a6bb79d16625507a"));
}

TEST_CASE("a server cookie is good for one client, one address and an hour", "[dns]") {
    const CookieSecrets secrets = with({secret});
    const ServerCookie made = secrets.make(client, address, now);
    CHECK(secrets.accepts(made, client, address, now));
    CHECK(secrets.accepts(made, client, address, now + 3600));
    CHECK_FALSE(secrets.accepts(made, client, address, now + 3601));
    CHECK(secrets.accepts(made, client, address, now - 300));
    CHECK_FALSE(secrets.accepts(made, client, address, now - 301));
    CHECK_FALSE(secrets.accepts(made, client, Address::v4(198, 51, 100, 101), now));
    CHECK_FALSE(secrets.accepts(made, hex<ClientCookie>("2464c4abcf10c958"), address, now));
    CHECK_FALSE(secrets.accepts(Bytes(made).first(15), client, address, now));
    for (std::size_t i = 0; i < made.size(); ++i) {
        ServerCookie other = made;
        other[i] ^= 1;
        CHECK_FALSE(secrets.accepts(other, client, address, now));
    }
    Octets longer(made.begin(), made.end());
    longer.push_back(0);
    CHECK_FALSE(secrets.accepts(longer, client, address, now));
}

TEST_CASE("time goes on where 32 bits end", "[dns]") {
    const CookieSecrets secrets = with({secret});
    const std::uint32_t last = 0xffffffff;
    CHECK(secrets.accepts(secrets.make(client, address, last), client, address, last + 1000));
    CHECK(secrets.accepts(secrets.make(client, address, 100), client, address, last));
}
