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

namespace dproxy::net {

/// The longest zone is the longest name of an interface (IFNAMSIZ, less the zero at its end).
inline constexpr std::size_t max_zone_length = 15;

/// An IPv4 or IPv6 address. IPv4 is kept in its mapped form (::ffff:a.b.c.d, RFC 4291 2.5.5.2), so
/// that one comparison serves both; an IPv4-mapped IPv6 address therefore *is* the IPv4 address.
struct Address {
    std::array<std::uint8_t, 16> bytes{};
    /// Of a link-local address as it was written, the interface (RFC 4007 11): its name or its number, filled up with
    /// zeros. Empty for all else, and for what came from a packet. Kept as text, because an interface that goes and
    /// comes back has another number.
    std::array<char, max_zone_length + 1> zone{};

    static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
    /// `127.0.0.1`, `::1`, `::ffff:127.0.0.1`. No brackets, no port, no zone (`%eth0`).
    static std::optional<Address> parse(std::string_view text);
    /// The same, or a link-local address with its zone, `fe80::1%eth0`, `fe80::1%2`.
    static std::optional<Address> parse_zoned(std::string_view text);

    bool is_v4() const;
    bool is_loopback() const;
    bool is_unspecified() const;  ///< 0.0.0.0 or ::
    bool is_link_local() const;   ///< fe80::/10 (RFC 4291 2.5.6), which means nothing without a zone
    std::string_view zone_text() const { return zone.data(); }
    std::string to_string() const;  ///< with its zone
    auto operator<=>(const Address&) const = default;
};

/// An address and a port.
struct Endpoint {
    Address address;
    std::uint16_t port = 0;

    /// `IP`, `IP:port`, `[IPv6]`, `[IPv6]:port`, an IPv6 address with its zone where it is link-local; a bare one has
    /// no port. `default_port` stands where none is written. Port 0 is taken (tests bind to it); callers that connect
    /// refuse it.
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
    /// Whether all of the other network lies in this one.
    bool holds(const Network& other) const { return prefix <= other.prefix && contains(other.base); }
    std::string to_string() const;
    auto operator<=>(const Network&) const = default;
};

}  // namespace dproxy::net

/// Keyed (net/keyed_hash.hpp): clients choose their addresses, within a /64 nearly all bits of them.
template <>
struct std::hash<dproxy::net::Address> {
    std::size_t operator()(const dproxy::net::Address& address) const noexcept;
};
template <>
struct std::hash<dproxy::net::Endpoint> {
    std::size_t operator()(const dproxy::net::Endpoint& endpoint) const noexcept;
};
