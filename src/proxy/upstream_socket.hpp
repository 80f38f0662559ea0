// SPDX-License-Identifier: MIT
// One connected UDP socket towards an upstream, with the IDs in use on it.
#pragma once

#include <vector>

#include "io/readiness.hpp"
#include "proxy/upstream.hpp"

namespace dproxy::proxy {

class UpstreamSocket final : public Link {
public:
    UpstreamSocket(Upstream& upstream, io::Fd socket, std::uint64_t expires_ns);

    /// Queues the query's stored message under a fresh ID. False when IDs run short.
    bool queue(QueryIndex query, Attempt& attempt);
    /// Sends what was queued in this turn.
    void flush();

    void release(std::uint16_t id) override;
    void suspect(std::uint64_t now_ns) override;
    bool is_stream() const override { return false; }

    std::uint32_t inflight() const { return inflight_; }
    std::uint64_t expires_ns() const { return expires_ns_; }
    std::uint64_t last_used_ns() const { return last_used_ns_; }
    void retire() { retired_ = true; }

private:
    void read();
    void take(dns::MutableBytes message);
    void fail_all(int error);

    io::Readiness readiness_;
    IdTable ids_;
    std::vector<QueryIndex> queued_;
    std::uint64_t expires_ns_;
    std::uint64_t last_used_ns_;
    std::uint32_t inflight_ = 0;
    std::uint32_t kernel_drops_ = 0;
    bool retired_ = false;
};

/// The reason under which an errno of the network counts.
telemetry::Failure failure_of(int error);

}  // namespace dproxy::proxy
