// SPDX-License-Identifier: MIT
// How many queries a second each client network may ask: /24 of IPv4, /56 of IPv6. Token buckets that
// hold one second's worth, in a table of fixed size. No clock: the time is given.
#pragma once

#include <cstdint>
#include <memory>

#include "net/address.hpp"
#include "net/keyed_hash.hpp"

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
    /// Networks in a set. The one that owes least makes room: forgetting it gives away least, and a debt cannot be got
    /// rid of by queries in the names of others.
    static constexpr std::size_t ways = 4;

    /// `rate` in queries a second; 0: everything passes and nothing is stored. Only `hash` knows which networks share a
    /// set.
    explicit RateLimit(std::uint32_t rate, const net::KeyedHash& hash = net::process_hash());

    RateVerdict take(const net::Address& client, std::uint64_t now_ns);

private:
    struct Bucket {
        std::uint64_t network = 0;  ///< 0: never used
        std::uint64_t refilled_ns = 0;
        std::uint64_t spent_ns = 0;  ///< of one second's worth, at 1 / rate seconds a query
        bool slip = false;
    };

    static std::uint64_t debt_ns(const Bucket& bucket, std::uint64_t now_ns) {
        const std::uint64_t passed_ns = now_ns - bucket.refilled_ns;
        return bucket.spent_ns > passed_ns ? bucket.spent_ns - passed_ns : 0;
    }
    Bucket& bucket_of(std::uint64_t network, std::uint64_t now_ns);

    net::KeyedHash hash_;
    std::uint64_t cost_ns_ = 0;
    std::unique_ptr<Bucket[]> buckets_;
};

}  // namespace dproxy::routing
