// SPDX-License-Identifier: MIT
// The PROXY protocol, version 2: sixteen bytes and two endpoints in front of a message or connection
// tell a server on whose behalf dproxy speaks ("The PROXY protocol", 2.2). Sockets are not known here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/address.hpp"

namespace dproxy::net {

enum class ProxyCommand : std::uint8_t {
    local = 0,  ///< dproxy speaks for itself (probes): the header names no endpoint
    proxy = 1,  ///< on behalf of a client
};

enum class ProxyTransport : std::uint8_t { stream = 1, datagram = 2 };

/// How each header of version 2 begins.
inline constexpr std::array<std::uint8_t, 12> proxy_signature = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                                 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
inline constexpr unsigned proxy_version = 2;
inline constexpr unsigned proxy_family_v4 = 1;
inline constexpr unsigned proxy_family_v6 = 2;

/// The longest header written: no TLVs, so 16 bytes and two IPv6 addresses with ports.
inline constexpr std::size_t proxy_header_capacity = 16 + 2 * (16 + 2);

/// Writes the header and returns its length: 16 (local), 28 (IPv4) or 52 (IPv6). Where one endpoint is
/// IPv4 and the other IPv6, both are written as IPv6, the one in its mapped form.
std::size_t write_proxy_header(ProxyCommand command, ProxyTransport transport, const Endpoint& source,
                               const Endpoint& destination, std::span<std::uint8_t, proxy_header_capacity> out);

}  // namespace dproxy::net
