// SPDX-License-Identifier: MIT
// What servers gave to resume a session with: a few for each upstream, the newest first.
#pragma once

#include <array>
#include <cstddef>

#include "tls/handles.hpp"

namespace dproxy::tls {

/// One thread. For sessions of one context: what was verified then is not verified again.
class TicketStore {
public:
    static constexpr std::size_t max_tickets = 4;

    /// The oldest makes room.
    void put(ResumableHandle resumable);
    /// The newest that is still good, or nothing. Of TLS 1.3 each is given once: used twice, it would tell onlookers
    /// that both connections are of one client (RFC 8446 C.4).
    ResumableHandle take();
    std::size_t size() const { return size_; }

private:
    std::array<ResumableHandle, max_tickets> tickets_;  ///< the oldest first
    std::size_t size_ = 0;
};

}  // namespace dproxy::tls
