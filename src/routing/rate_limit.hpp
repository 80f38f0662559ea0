// SPDX-License-Identifier: MIT
// How many queries a second each client network may ask: /24 of IPv4, /56 of IPv6. Token buckets that
// hold one second's worth, in a table of fixed size. No clock: the time is given.
#pragma once

#include <cstdint>
#include <memory>

#include "net/address.hpp"

namespace dproxy::routing {

enum class RateVerdict : std::uint8_t {
    pass,
    truncate,  ///< every second time beyond the rate: the client may come back over TCP
    drop,
};

/// One thread.
class RateLimit {
public:
    static constexpr std::size_t sets = 8192;
    static constexpr std::size_t ways = 4;  ///< networks in a set; the one idle longest is forgotten

    /// `rate` in queries a second; 0: everything passes and nothing is stored.
    explicit RateLimit(std::uint32_t rate);

    RateVerdict take(const net::Address& client, std::uint64_t now_ns);

private:
    struct Bucket {
        std::uint64_t network = 0;  ///< 0: never used
        std::uint64_t refilled_ns = 0;
        std::uint64_t spent_ns = 0;  ///< of one second's worth, at 1 / rate seconds a query
        bool slip = false;
    };

    std::uint64_t cost_ns_ = 0;
    std::unique_ptr<Bucket[]> buckets_;
};

}  // namespace dproxy::routing
