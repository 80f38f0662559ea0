// SPDX-License-Identifier: MIT
#include "routing/rate_limit.hpp"

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

}  // namespace

RateLimit::RateLimit(std::uint32_t rate, const net::KeyedHash& hash) : hash_(hash) {
    if (rate == 0) return;
    cost_ns_ = second_ns / rate;
    buckets_.reset(new Bucket[sets * ways]());
}

RateLimit::Bucket& RateLimit::bucket_of(std::uint64_t network, std::uint64_t now_ns) {
    const std::uint64_t hash = hash_.finish(hash_.take_number(hash_.begin(), network));
    Bucket* const set = &buckets_[(hash >> 32) % sets * ways];
    Bucket* least = set;
    for (Bucket* bucket = set; bucket != set + ways; ++bucket) {
        if (bucket->network == network) return *bucket;
        if (debt_ns(*bucket, now_ns) < debt_ns(*least, now_ns)) least = bucket;
    }
    *least = {network, now_ns, 0, false};
    return *least;
}

RateVerdict RateLimit::take(const net::Address& client, std::uint64_t now_ns) {
    if (!buckets_) return RateVerdict::pass;
    Bucket& bucket = bucket_of(network_of(client), now_ns);
    bucket.spent_ns = debt_ns(bucket, now_ns);
    bucket.refilled_ns = now_ns;
    if (bucket.spent_ns + cost_ns_ <= second_ns) {
        bucket.spent_ns += cost_ns_;
        return RateVerdict::pass;
    }
    bucket.slip = !bucket.slip;
    return bucket.slip ? RateVerdict::truncate : RateVerdict::drop;
}

}  // namespace dproxy::routing
