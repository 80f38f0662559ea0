// SPDX-License-Identifier: MIT
// A fingerprint of bytes: equal content is known without keeping it, and pods can be compared by it. The
// same on every machine of one byte order; not made against someone who looks for collisions.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace dproxy::config {

/// 128 bits.
struct ContentHash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    /// The hash of what has been added so far and, after it, of `bytes`. The cut between two calls counts.
    void add(std::string_view bytes);
    std::string to_string() const;  ///< `high`, as 16 hexadecimal digits: enough to tell two states apart
    auto operator<=>(const ContentHash&) const = default;
};

ContentHash hash_of(std::string_view bytes);

}  // namespace dproxy::config
