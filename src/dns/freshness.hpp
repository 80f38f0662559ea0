// SPDX-License-Identifier: MIT
// How long an answer holds, for those who keep it without looking into it: HTTP caches (RFC 8484 5.1).
#pragma once

#include <cstdint>

#include "dns/message.hpp"

namespace dproxy::dns {

struct Freshness {
    enum class Kind : std::uint8_t {
        none,      ///< not at all: an error, cut (TC), without a TTL to go by, or not to be walked to its end
        answer,    ///< the least TTL of its answer section, and of the end of its aliases where that is negative
        negative,  ///< of NXDOMAIN and NODATA: the lesser of the SOA's TTL and its MINIMUM (RFC 2308 5)
    };
    Kind kind = Kind::none;
    std::uint32_t ttl = 0;  ///< seconds, at most 2^31 - 1

    bool operator==(const Freshness&) const = default;
};

/// Any bytes are taken. A TTL with the highest bit set counts as 0 (RFC 2181 8).
Freshness read_freshness(Bytes reply);

}  // namespace dproxy::dns
