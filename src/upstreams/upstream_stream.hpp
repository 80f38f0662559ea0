// SPDX-License-Identifier: MIT
// A connection towards an upstream that carries messages behind their lengths (RFC 1035 4.2.2), with TLS or without.
#pragma once

#include <memory>

#include "io/message_stream.hpp"
#include "upstreams/stream_link.hpp"

namespace dproxy::proxy {

class UpstreamStream final : public StreamLink, private io::MessageStream::Events {
public:
    /// `filter`: null where it is not encrypted.
    UpstreamStream(Upstream& upstream, StreamCarrier& carrier, const StreamOwner& owner,
                   std::unique_ptr<io::StreamFilter> filter = nullptr);
    ~UpstreamStream() override;

    int descriptor() const override { return stream_.descriptor(); }

private:
    /// The ID of the message.
    Ticket draw_ticket() override;
    void send(QueryIndex query, Ticket ticket) override { stream_.send(message_to_send(query, ticket)); }
    std::size_t queued_bytes() const override { return stream_.queued_bytes(); }
    bool is_connected() const override { return stream_.is_connected(); }
    void close_stream() override { stream_.close(); }

    void on_connected() override;
    void on_messages(io::MessageStream::Incoming& incoming) override;
    void on_end(io::StreamEnd end, std::error_code error) override;

    io::MessageStream stream_;
};

}  // namespace dproxy::proxy
