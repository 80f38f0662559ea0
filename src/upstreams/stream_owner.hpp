// SPDX-License-Identifier: MIT
// Whose queries a connection towards an upstream carries: anybody's, or with proxy_protocol one client's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/keyed_hash.hpp"
#include "queries/in_flight.hpp"
#include "queries/limits.hpp"

namespace dproxy::proxy {

/// The client is told by the PROXY header that begins the connection; a client on a connection also by
/// that, as a later one may come from the same port.
struct StreamOwner {
    std::uint32_t client_serial = 0;  ///< Client::serial; 0: anybody, or a client without a connection
    std::uint8_t preface_length = 0;  ///< 0: anybody
    std::array<std::uint8_t, preface_room> preface{};

    StreamOwner() = default;
    StreamOwner(const Client& client, dns::Bytes header)
        : client_serial(header.empty() ? 0 : client.serial),
          preface_length(static_cast<std::uint8_t>(header.size())) {
        std::copy(header.begin(), header.end(), preface.begin());
    }

    /// It is a client's, and no end of a connection of the client's ends it.
    bool outlives_client() const { return preface_length != 0 && client_serial == 0; }
    dns::Bytes header() const { return dns::Bytes(preface).first(preface_length); }
    bool operator==(const StreamOwner&) const = default;

    struct Hash {
        std::size_t operator()(const StreamOwner& owner) const {
            const net::KeyedHash& hash = net::process_hash();
            const std::string_view bytes(reinterpret_cast<const char*>(owner.preface.data()), owner.preface_length);
            const std::uint64_t state = hash.take_text(hash.begin(), bytes);
            return static_cast<std::size_t>(hash.finish(hash.take(state, owner.client_serial)));
        }
    };
};

}  // namespace dproxy::proxy
