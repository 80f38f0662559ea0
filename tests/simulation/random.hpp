// SPDX-License-Identifier: MIT
// All chance in a run, out of its seed alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace dproxy::simulation {

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 0x2545f4914f6cdd1d) {}

    /// SplitMix64 (Steele, Lea, Flood 2014).
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    /// 0 to `count` - 1; 0 where `count` is 0.
    std::uint64_t below(std::uint64_t count) { return count == 0 ? 0 : next() % count; }
    std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
    /// Once in `in_so_many`; never where that is 0.
    bool once_in(std::uint64_t in_so_many) { return in_so_many != 0 && below(in_so_many) == 0; }
    bool percent(std::uint64_t chance) { return below(100) < chance; }
    template <typename T>
    T one_of(std::initializer_list<T> choices) {
        return *(choices.begin() + below(choices.size()));
    }

private:
    std::uint64_t state_;
};

}  // namespace dproxy::simulation
