// SPDX-License-Identifier: MIT
// One TCP connection towards an upstream, kept and shared by queries (RFC 7766 6.2.1): of all clients, or with
// the PROXY protocol of one.
#pragma once

#include <vector>

#include "io/message_stream.hpp"
#include "proxy/stream_owner.hpp"
#include "proxy/upstream.hpp"

namespace dproxy::proxy {

class UpstreamStream final : public Link, private io::MessageStream::Events {
public:
    UpstreamStream(Upstream& upstream, const StreamOwner& owner);
    ~UpstreamStream() override;

    const StreamOwner& owner() const { return owner_; }
    bool has_room() const;
    bool is_idle() const { return pending_.empty(); }
    std::uint64_t last_used_ns() const { return last_used_ns_; }
    /// A reply has come on it, and more may.
    bool has_served() const { return replies_ > 0 && !suspect_; }
    /// It lives, and no reply has ever come on it.
    bool is_unserved() const { return replies_ == 0 && !ended_; }
    /// Sends the query's stored message under a fresh ID. has_room() holds.
    void queue(QueryIndex query, Attempt& attempt);

    void release(std::uint16_t id) override;
    void suspect(std::uint64_t now_ns) override;
    bool is_stream() const override { return true; }

    /// The client whose connection it was is gone. Ends this stream, now or when its last query has ended.
    void client_gone();
    /// Ends the connection; nothing is waited for on it.
    void close() { stream_.close(); }
    /// Nothing waits on it, and its client is gone, or it has been idle for long or brought no reply in time.
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

    const StreamOwner owner_;
    std::vector<Pending> pending_;
    std::uint64_t replies_ = 0;
    std::uint64_t last_used_ns_;
    bool connected_ = false;
    bool suspect_ = false;
    bool client_gone_ = false;
    bool ended_ = false;
    io::MessageStream stream_;
};

}  // namespace dproxy::proxy
