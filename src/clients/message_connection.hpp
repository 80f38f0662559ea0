// SPDX-License-Identifier: MIT
// A connection of a client that carries messages behind their lengths: over TCP (RFC 7766, RFC 9210) or TLS (RFC 7858).
#pragma once

#include <memory>

#include "clients/client_connection.hpp"
#include "clients/client_listener.hpp"
#include "io/message_stream.hpp"

namespace dproxy::proxy {

class MessageConnection final : public ClientConnection, private io::MessageStream::Events {
public:
    /// `newcomer`: the client's, admitted. `filter`: none where it is not encrypted.
    MessageConnection(ConnectionContext& context, const Client& client, Admitted admitted, Newcomer newcomer,
                      std::unique_ptr<io::StreamFilter> filter);

    bool answer(const Client& client, dns::Bytes message) override;
    void done(const Client& client) override;
    bool check_progress() override;
    void finish() override;
    bool drained() const override { return rules_.all_done() && stream_.all_taken(); }
    std::size_t queued_bytes() const override { return stream_.queued_bytes(); }
    std::size_t held_bytes() const override { return stream_.held_bytes(); }

private:
    void close() override { stream_.close(); }
    net::Endpoint local_endpoint() const override { return stream_.local_endpoint(); }

    void on_connected() override;
    void on_messages(io::MessageStream::Incoming& incoming) override;
    void on_grown() override;
    void on_drained() override;
    bool on_half_closed() override;
    void on_end(io::StreamEnd how, std::error_code) override;

    void take(dns::MutableBytes message);
    void go_on();

    io::MessageStream stream_;
};

}  // namespace dproxy::proxy
