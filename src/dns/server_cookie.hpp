// SPDX-License-Identifier: MIT
// DNS Cookies (RFC 7873) in the form that servers of different make agree on (RFC 9018): who sends one back that was
// made for its address can receive there.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dns/message.hpp"
#include "net/address.hpp"
#include "net/sip_hash.hpp"

namespace dproxy::dns {

inline constexpr std::size_t client_cookie_length = 8;   ///< RFC 7873 4.1
inline constexpr std::size_t server_cookie_length = 16;  ///< RFC 9018 4
/// Seconds. Replicas' clocks may differ by so much, and a cookie is good for so long (RFC 9018 4.3).
inline constexpr std::int32_t cookie_from_future = 300, cookie_age = 3600;

using ClientCookie = std::array<std::uint8_t, client_cookie_length>;
using ServerCookie = std::array<std::uint8_t, server_cookie_length>;
using CookieSecret = std::array<std::uint8_t, net::SipHash::key_bytes>;

/// Immutable; any thread. Times are seconds since 1970, modulo 2^32.
class CookieSecrets {
public:
    CookieSecrets() = default;
    /// The first makes cookies, those of all are taken.
    explicit CookieSecrets(std::span<const CookieSecret> secrets);

    ServerCookie make(const ClientCookie& client, const net::Address& address, std::uint32_t now) const;
    /// Whether `cookie`, of any length, was made for this client, by a holder of one of the secrets, of late.
    bool accepts(Bytes cookie, const ClientCookie& client, const net::Address& address, std::uint32_t now) const;

private:
    std::vector<net::SipHash::Key> keys_{net::SipHash::Key{}};
};

}  // namespace dproxy::dns
