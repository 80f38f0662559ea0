// SPDX-License-Identifier: MIT
// Whose queries a connection towards an upstream carries: anybody's, or with proxy_protocol one client's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "proxy/in_flight.hpp"
#include "proxy/limits.hpp"

namespace dproxy::proxy {

/// The client is told by the PROXY header that begins the connection; a client over TCP also by its own
/// connection, as a later one may come from the same port.
struct StreamOwner {
    std::uint32_t client_serial = 0;  ///< Client::serial; 0: anybody, or a UDP client
    std::uint8_t preface_length = 0;  ///< 0: anybody
    std::array<std::uint8_t, preface_room> preface{};

    StreamOwner() = default;
    StreamOwner(const Client& client, dns::Bytes header)
        : client_serial(client.is_udp() || header.empty() ? 0 : client.serial),
          preface_length(static_cast<std::uint8_t>(header.size())) {
        std::copy(header.begin(), header.end(), preface.begin());
    }

    bool is_anybody() const { return preface_length == 0; }
    bool is_udp_client() const { return preface_length != 0 && client_serial == 0; }
    dns::Bytes header() const { return dns::Bytes(preface).first(preface_length); }
    bool operator==(const StreamOwner&) const = default;

    struct Hash {
        std::size_t operator()(const StreamOwner& owner) const {
            const std::string_view bytes(reinterpret_cast<const char*>(owner.preface.data()), owner.preface_length);
            return std::hash<std::string_view>{}(bytes) + owner.client_serial;
        }
    };
};

}  // namespace dproxy::proxy
