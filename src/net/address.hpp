// SPDX-License-Identifier: MIT
// IP addresses, endpoints and networks as plain values. No sockets: io turns them into sockaddr.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dproxy::net {

/// An IPv4 or IPv6 address. IPv4 is kept in its mapped form (::ffff:a.b.c.d, RFC 4291 2.5.5.2), so
/// that one comparison serves both; an IPv4-mapped IPv6 address therefore *is* the IPv4 address.
struct Address {
    std::array<std::uint8_t, 16> bytes{};

    static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
    /// `127.0.0.1`, `::1`, `::ffff:127.0.0.1`. No brackets, no port, no zone (`%eth0`).
    static std::optional<Address> parse(std::string_view text);

    bool is_v4() const;
    bool is_loopback() const;
    bool is_unspecified() const;  ///< 0.0.0.0 or ::
    std::string to_string() const;
    auto operator<=>(const Address&) const = default;
};

/// An address and a port.
struct Endpoint {
    Address address;
    std::uint16_t port = 0;

    /// `IP`, `IP:port`, `[IPv6]`, `[IPv6]:port`; a bare IPv6 address has no port. `default_port`
    /// stands where none is written. Port 0 is taken (tests bind to it); callers that connect refuse it.
    static std::optional<Endpoint> parse(std::string_view text, std::uint16_t default_port);
    std::string to_string() const;  ///< `127.0.0.1:53`, `[::1]:53`
    auto operator<=>(const Endpoint&) const = default;
};

/// A network in CIDR notation. Bits beyond the prefix are zero. A network of IPv6 addresses (prefix
/// below 96) holds no IPv4 address, although the mapped form lies within `::/0`: `0.0.0.0/0` does that.
struct Network {
    Address base;
    std::uint8_t prefix = 0;  ///< 0 to 128, counted on the mapped form (IPv4 /8 is 104)

    /// `10.0.0.0/8`, `fc00::/7`, or a single address. Host bits set beyond the prefix are cleared.
    static std::optional<Network> parse(std::string_view text);
    bool contains(const Address& address) const;
    std::string to_string() const;
    auto operator<=>(const Network&) const = default;
};

/// Client networks that may use something. Immutable once built; any thread may read it.
class NetworkList {
public:
    NetworkList() = default;
    explicit NetworkList(std::vector<Network> networks);

    bool contains(const Address& address) const;
    bool empty() const { return networks_.empty(); }
    const std::vector<Network>& networks() const { return networks_; }
    auto operator<=>(const NetworkList&) const = default;

private:
    std::vector<Network> networks_;
};

}  // namespace dproxy::net

template <>
struct std::hash<dproxy::net::Address> {
    std::size_t operator()(const dproxy::net::Address& address) const noexcept;
};
template <>
struct std::hash<dproxy::net::Endpoint> {
    std::size_t operator()(const dproxy::net::Endpoint& endpoint) const noexcept;
};
