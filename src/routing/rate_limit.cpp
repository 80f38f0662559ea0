// SPDX-License-Identifier: MIT
#include "routing/rate_limit.hpp"

#include <cstring>

namespace dproxy::routing {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

/// The network as a number that is never 0, and not the same for both families.
std::uint64_t network_of(const net::Address& client) {
    std::uint64_t network = 0;
    if (client.is_v4()) {
        for (std::size_t i = 12; i < 15; ++i) network = network << 8 | client.bytes[i];
        return network | std::uint64_t{1} << 56;
    }
    for (std::size_t i = 0; i < 7; ++i) network = network << 8 | client.bytes[i];
    return network | std::uint64_t{1} << 57;
}

std::size_t set_of(std::uint64_t network) {
    network *= 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>((network >> 40) % RateLimit::sets);
}

}  // namespace

RateLimit::RateLimit(std::uint32_t rate) {
    if (rate == 0) return;
    cost_ns_ = second_ns / rate;
    buckets_.reset(new Bucket[sets * ways]());
}

RateVerdict RateLimit::take(const net::Address& client, std::uint64_t now_ns) {
    if (!buckets_) return RateVerdict::pass;
    const std::uint64_t network = network_of(client);
    Bucket* const set = &buckets_[set_of(network) * ways];
    Bucket* bucket = set;
    for (std::size_t way = 0; way < ways; ++way) {
        if (set[way].network == network) {
            bucket = &set[way];
            break;
        }
        if (set[way].refilled_ns < bucket->refilled_ns) bucket = &set[way];
    }
    if (bucket->network != network) *bucket = {network, now_ns, 0, false};

    const std::uint64_t passed_ns = now_ns - bucket->refilled_ns;
    bucket->refilled_ns = now_ns;
    bucket->spent_ns = bucket->spent_ns > passed_ns ? bucket->spent_ns - passed_ns : 0;
    if (bucket->spent_ns + cost_ns_ <= second_ns) {
        bucket->spent_ns += cost_ns_;
        return RateVerdict::pass;
    }
    bucket->slip = !bucket->slip;
    return bucket->slip ? RateVerdict::truncate : RateVerdict::drop;
}

}  // namespace dproxy::routing
