// SPDX-License-Identifier: MIT
// Within which time an upstream answers 95 of 100 queries, by the last several hundred: for `hedge = p95`.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dproxy::routing {

/// Times in buckets that grow by a quarter of an octave, from 16 us to 17 s. Old ones fade: all counts are
/// halved when the sum reaches its limit. One owner.
class ReplyQuantile {
public:
    static constexpr std::uint32_t enough = 32;       ///< observations, before anything is said
    static constexpr std::uint32_t fade_at = 512;     ///< observations that are remembered at most
    static constexpr std::uint32_t percent = 95;

    /// A reply took this long, or is not there after this long.
    void observe(std::uint64_t taken_ns) {
        ++counts_[bucket_of(taken_ns)];
        if (++total_ == fade_at) fade();
        if (total_ % enough == 0) find();
    }

    /// No less than the quantile, and at most a fifth more; 0 while too little is known.
    std::uint64_t value_ns() const { return value_ns_; }

private:
    static constexpr unsigned unit_bits = 12;  ///< of about 4 us
    static constexpr unsigned parts = 4;       ///< of an octave
    static constexpr unsigned octaves = 20;

    static std::size_t bucket_of(std::uint64_t taken_ns) {
        const std::uint64_t units = std::clamp<std::uint64_t>(taken_ns >> unit_bits, parts, (parts << octaves) - 1);
        const auto octave = static_cast<unsigned>(std::bit_width(units / parts)) - 1;
        return octave * parts + ((units >> octave) - parts);
    }
    static std::uint64_t upper_ns(std::size_t bucket) {
        return (parts + bucket % parts + 1) << bucket / parts << unit_bits;
    }
    void fade() {
        total_ = 0;
        for (std::uint16_t& count : counts_) total_ += count /= 2;
    }
    void find() {
        const std::uint32_t wanted = (total_ * percent + 99) / 100;
        std::uint32_t seen = 0;
        std::size_t bucket = 0;
        while ((seen += counts_[bucket]) < wanted) ++bucket;
        value_ns_ = upper_ns(bucket);
    }

    std::array<std::uint16_t, octaves * parts> counts_{};
    std::uint32_t total_ = 0;
    std::uint64_t value_ns_ = 0;
};

}  // namespace dproxy::routing
