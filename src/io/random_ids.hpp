// SPDX-License-Identifier: MIT
// Message IDs that cannot be guessed (RFC 5452 4.3, 9.2), drawn from the kernel in large portions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dproxy::io {

/// One thread.
class RandomIds {
public:
    std::uint16_t next() {
        if (used_ == ids_.size()) refill();
        return ids_[used_++];
    }

private:
    void refill();

    std::array<std::uint16_t, 2048> ids_{};
    std::size_t used_ = ids_.size();
};

}  // namespace dproxy::io
