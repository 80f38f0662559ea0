// SPDX-License-Identifier: MIT
// One connected UDP socket towards an upstream, with the IDs in use on it.
#pragma once

#include <vector>

#include "io/readiness.hpp"
#include "upstreams/link.hpp"
#include "upstreams/link_reports.hpp"

namespace dproxy::proxy {

class UpstreamSocket final : public Link {
public:
    /// `error` says why it is of no use: the system cannot watch it.
    UpstreamSocket(Upstream& upstream, io::Fd socket, std::uint64_t expires_ns, std::error_code& error);
    ~UpstreamSocket() override;

    /// Queues the query's stored message under a fresh ID, which is written when the bytes leave. False when IDs run
    /// short. Nothing leaves before flush(): as much waits for it as there are IDs.
    bool queue(QueryIndex query, Attempt& attempt);
    /// Sends what was queued in this turn. What could not be sent is reported.
    void flush();

    int descriptor() const override { return readiness_.fd(); }
    void release(Ticket id) override;
    std::vector<QueryIndex> waiting() const override;

    std::uint32_t inflight() const { return inflight_; }
    std::uint64_t expires_ns() const { return expires_ns_; }
    std::uint64_t last_used_ns() const { return last_used_ns_; }
    /// Somebody sends replies at random to its port (RFC 5452 9.2): nothing new is to leave by it.
    bool is_guessed_at() const { return guessed_at_; }

private:
    struct Queued {
        QueryIndex query;
        Ticket id;
    };

    /// So many of what is queued, from this one on, leave at once.
    std::size_t batch_from(std::size_t first) const;
    void flush_batch(std::size_t first, std::size_t count);
    void tell_of_batch(std::size_t first, std::size_t count, std::uint64_t failed_mask);
    void read();
    /// False where nothing more is there.
    bool read_batch();
    void take_batch(std::size_t count);
    void take(dns::MutableBytes message);
    void report_all(LinkReport::Kind kind, telemetry::Failure failure);
    bool has_many_unexpected() const;

    io::Readiness readiness_;
    IdTable ids_;
    std::vector<Queued> queued_;
    std::uint64_t expires_ns_;
    std::uint64_t last_used_ns_;
    std::uint64_t replies_ = 0;
    std::uint64_t unexpected_ = 0;  ///< messages that fit nothing
    std::uint32_t inflight_ = 0;
    std::uint32_t kernel_drops_ = 0;
    bool guessed_at_ = false;
};

}  // namespace dproxy::proxy
