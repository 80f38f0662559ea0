// SPDX-License-Identifier: MIT
// What nghttp2 allocates for one session: counted, and not resident before it is used.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>

namespace dproxy::http2 {

/// One thread. Outlives the session.
class SessionMemory {
public:
    /// From here on memory comes as pages, of which those count for the system that were written to. nghttp2 makes room
    /// for the largest frame of all (16 KiB) when a session begins; what DNS sends fills a tenth of it.
    static constexpr std::size_t paged_bytes = 8 * 1024;

    /// What nghttp2 calls.
    nghttp2_mem functions();
    /// As much as was asked for.
    std::size_t held_bytes() const { return held_; }

private:
    struct Block;

    void* take(std::size_t length) noexcept;
    void give_back(void* taken) noexcept;

    std::size_t held_ = 0;
};

}  // namespace dproxy::http2
