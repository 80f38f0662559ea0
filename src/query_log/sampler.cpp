// SPDX-License-Identifier: MIT
#include "query_log/sampler.hpp"

namespace dproxy::query_log {

Sampler::Sampler(std::uint32_t one_in, std::uint64_t seed) : one_in_(one_in), state_(seed) { begin(); }

void Sampler::begin() {
    // SplitMix64 (Steele, Lea, Flood 2014); its upper half, scaled to the range.
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t drawn = state_;
    drawn = (drawn ^ drawn >> 30) * 0xbf58476d1ce4e5b9;
    drawn = (drawn ^ drawn >> 27) * 0x94d049bb133111eb;
    drawn ^= drawn >> 31;
    passed_ = 0;
    chosen_ = static_cast<std::uint32_t>((drawn >> 32) * one_in_ >> 32);
}

}  // namespace dproxy::query_log
