// SPDX-License-Identifier: MIT
// Whom limits count together: the network that a client can be taken to have for itself.
#pragma once

#include <compare>
#include <cstdint>

#include "net/address.hpp"

namespace dproxy::net {

struct ClientNetwork {
    std::uint64_t prefix = 0;   ///< its leading bits, the rest 0
    std::uint8_t family_and_length = 0;

    auto operator<=>(const ClientNetwork&) const = default;

    /// /24 and /56: of a source address that may be forged.
    static ClientNetwork claimed(const Address& client) { return of(client, 24, 56); }
    /// /32 and /64: of one that has answered (a TCP handshake).
    static ClientNetwork proven(const Address& client) { return of(client, 32, 64); }

    bool is_v4() const { return family_and_length < 128; }

private:
    static ClientNetwork of(const Address& client, unsigned v4_length, unsigned v6_length) {
        const bool v4 = client.is_v4();
        const unsigned length = v4 ? v4_length : v6_length;
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            const std::uint8_t v4_byte = i < 4 ? client.bytes[12 + i] : std::uint8_t{0};
            bits = bits << 8 | (v4 ? v4_byte : client.bytes[i]);
        }
        const std::uint64_t mask = length == 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> length);
        return {bits & mask, static_cast<std::uint8_t>(v4 ? length : 128 + length)};
    }
};

}  // namespace dproxy::net
