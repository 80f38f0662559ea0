// SPDX-License-Identifier: MIT
// Which queries are logged where it is one in N.
#pragma once

#include <cstdint>

namespace dproxy::query_log {

/// Of each N that come one after the other exactly one, at a place among them that is drawn anew each time: who always
/// asks for A and then for AAAA has both in the log. One thread.
class Sampler {
public:
    /// `one_in`: at least 1.
    explicit Sampler(std::uint32_t one_in, std::uint64_t seed = 0);

    std::uint32_t one_in() const { return one_in_; }
    /// Whether the query that has come is logged.
    bool take() {
        const bool taken = passed_ == chosen_;
        if (++passed_ == one_in_) begin();
        return taken;
    }

private:
    void begin();

    std::uint32_t one_in_;
    std::uint32_t passed_ = 0;
    std::uint32_t chosen_ = 0;
    std::uint64_t state_;
};

}  // namespace dproxy::query_log
