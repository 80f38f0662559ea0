// SPDX-License-Identifier: MIT
// One TCP connection towards an upstream, kept and shared by queries (RFC 7766 6.2.1).
#pragma once

#include <vector>

#include "io/message_stream.hpp"
#include "proxy/upstream.hpp"

namespace dproxy::proxy {

class UpstreamStream final : public Link, private io::MessageStream::Events {
public:
    explicit UpstreamStream(Upstream& upstream);
    ~UpstreamStream() override;

    bool has_room() const;
    /// Sends the query's stored message under a fresh ID. has_room() holds.
    void queue(QueryIndex query, Attempt& attempt);

    void release(std::uint16_t id) override;
    void suspect(std::uint64_t now_ns) override;
    bool is_stream() const override { return true; }

    /// Nothing waits on it, and it has been idle for long or brought no reply in time.
    bool may_go() const;

private:
    struct Pending {
        std::uint16_t id;
        QueryIndex query;
        std::uint64_t replies_before;
    };

    void on_connected() override { connected_ = true; }
    void on_message(dns::MutableBytes message) override;
    void on_end(io::StreamEnd end, std::error_code error) override;

    std::vector<Pending> pending_;
    std::uint64_t replies_ = 0;
    std::uint64_t last_used_ns_;
    bool connected_ = false;
    bool suspect_ = false;
    io::MessageStream stream_;
};

}  // namespace dproxy::proxy
