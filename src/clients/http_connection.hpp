// SPDX-License-Identifier: MIT
// A connection of a client, or of a proxy that speaks for many, that asks over HTTP (RFC 8484): HTTP/2 or HTTP/1.1,
// with TLS or without.
#pragma once

#include <memory>
#include <vector>

#include "clients/client_connection.hpp"
#include "clients/client_listener.hpp"
#include "http/server_session.hpp"

namespace dproxy::proxy {

class HttpConnection final : public ClientConnection {
public:
    /// `newcomer`: the client's, admitted. `filter`: none where it is not encrypted.
    HttpConnection(ConnectionContext& context, const Client& client, Admitted admitted, Newcomer newcomer,
                      std::unique_ptr<io::StreamFilter> filter);
    ~HttpConnection() override;

    bool answer(const Client& client, dns::Bytes message) override;
    void done(const Client& client) override;
    /// What the session has to say goes to the stream, as far as that has room.
    void flush() override;
    bool check_progress() override;
    void finish() override;
    bool drained() const override;
    std::size_t queued_bytes() const override;
    std::size_t held_bytes() const override;

private:
    class Stream;

    void close() override;
    bool take_leave() override;
    net::Endpoint local_endpoint() const override;

    // From the stream.
    void on_opened();
    void on_bytes(dns::Bytes bytes);
    void on_drained();
    /// What is left when reading was paused.
    void on_resumed();
    bool on_half_closed();
    void on_end(io::StreamEnd how);

    void take(dns::Bytes bytes);
    void begin(bool speaks_http2);
    void go_on();
    bool take_request();
    void refuse(const Client& client, http::Status status);
    void count_events();
    void flush_later();
    void say_goodbye();
    void measure();
    bool has_room() const;
    /// Between two requests; the next one may be on its way.
    bool is_at_rest() const;

    const bool speaks_for_others_;  ///< the peer is one of `trusted_proxies`
    const net::Address peer_address_;
    std::vector<std::uint8_t> beginning_;              ///< before it is known which HTTP it is
    std::unique_ptr<http::ServerSession> session_;     ///< null until then
    bool waits_for_flush_ = false;
    bool finishing_ = false;
    bool end_is_counted_ = false;
    bool closing_ = false;  ///< all that is to be said has been handed to the stream
    std::shared_ptr<Stream> stream_;
};

}  // namespace dproxy::proxy
