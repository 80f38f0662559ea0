// SPDX-License-Identifier: MIT
// Attempts whose reply nobody waits for any more. When it comes after all, it shows that the upstream lives, which
// nothing does that was not asked for: whoever sends messages at random cannot keep a dead server up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace dproxy::proxy {

/// Of one link; one thread. The latest of each place is kept, so an early one may be forgotten. Costs memory (2 KiB)
/// from the first attempt on that is given up.
class GivenUpAttempts {
public:
    static constexpr std::size_t places = 256;

    /// `question`: a hash of what was asked.
    void remember(std::uint16_t id, std::uint32_t question) {
        ++count_;
        // Without memory it is forgotten at once: whoever ends a query must not fail.
        if (!attempts_) attempts_.reset(new (std::nothrow) std::array<Attempt, places>());
        if (attempts_) (*attempts_)[id % places] = {question, id, true};
    }
    /// Whether such a one was given up: it is forgotten then.
    bool take(std::uint16_t id, std::uint32_t question) {
        if (!attempts_) return false;
        Attempt& attempt = (*attempts_)[id % places];
        if (!attempt.open || attempt.id != id || attempt.question != question) return false;
        attempt.open = false;
        return true;
    }
    /// How many were given up so far.
    std::uint64_t count() const { return count_; }

private:
    struct Attempt {
        std::uint32_t question = 0;
        std::uint16_t id = 0;
        bool open = false;
    };
    std::unique_ptr<std::array<Attempt, places>> attempts_;
    std::uint64_t count_ = 0;
};

}  // namespace dproxy::proxy
