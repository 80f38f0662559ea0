// SPDX-License-Identifier: MIT
// What went lately without having been asked for again: by hash alone. Who comes back stays longer (S3-FIFO's ghost
// queue).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dproxy::cache {

/// One thread.
class Ghosts {
public:
    static constexpr std::size_t ways = 4;
    /// `memory`: zeroed, a power of two of buckets, kept by the caller. Remembers half as many as it has words.
    explicit Ghosts(std::span<std::uint64_t> memory)
        : memory_(memory),
          mask_(memory.size() / ways - 1),
          remembered_(static_cast<std::uint32_t>(memory.size() / 2)) {}

    void add(std::uint64_t hash);
    /// True where it is among them, and is no more.
    bool take(std::uint64_t hash);

private:
    // Each word: when it was added, counted in others, and the upper half of its hash.
    std::span<std::uint64_t> bucket(std::uint64_t hash) const {
        return memory_.subspan(static_cast<std::size_t>(hash & mask_) * ways, ways);
    }
    static std::uint32_t mark(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
    bool is_remembered(std::uint64_t word) const {
        return word != 0 && added_ - static_cast<std::uint32_t>(word >> 32) < remembered_;
    }

    std::span<std::uint64_t> memory_;
    std::uint64_t mask_;
    std::uint32_t remembered_;
    std::uint32_t added_ = 0;
};

}  // namespace dproxy::cache
