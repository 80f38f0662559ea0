// SPDX-License-Identifier: MIT
// What a query's attempt goes through: a UDP socket or a TCP connection of one upstream.
#pragma once

#include <cstdint>

#include "proxy/in_flight.hpp"

namespace dproxy::proxy {

class Upstream;

class Link {
public:
    explicit Link(Upstream& upstream) : upstream_(upstream) {}
    virtual ~Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    Upstream& upstream() const { return upstream_; }
    /// The reply to this ID is waited for no longer.
    virtual void release(std::uint16_t id) = 0;
    /// An attempt on this link ran out of time, and nothing has come from the upstream since it was sent.
    virtual void suspect(std::uint64_t now_ns) = 0;
    /// Replies that come by this link may be larger than what UDP clients should get (RFC 9715).
    virtual bool is_stream() const = 0;

private:
    Upstream& upstream_;
};

}  // namespace dproxy::proxy
