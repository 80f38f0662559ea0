// SPDX-License-Identifier: MIT
// One TLS connection, of either side, between the bytes of its socket and those that its owner means. It has no socket;
// whether a certificate is valid now, OpenSSL asks the system's clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/stream_filter.hpp"
#include "tls/failure.hpp"
#include "tls/handles.hpp"
#include "tls/wire.hpp"

namespace dproxy::tls {

class ClientContext;
class ServerContext;
class TicketStore;

/// One thread. An end without finish() of the peer's (a cut) shows at the socket alone, not here.
class Session final : public io::StreamFilter {
public:
    /// Messages after the handshake that are not data: key updates, tickets, wishes to renegotiate. Each costs work
    /// that the peer does not pay for. A server sends a ticket or two, a key is changed after millions of records.
    static constexpr std::size_t max_messages_without_data = 32;

    /// Of a server: waits for the client's hello.
    explicit Session(std::shared_ptr<const ServerContext> context);
    /// Of a client: its hello is there to be fetched. `tickets`: those of the same context, or none; new ones go there.
    Session(std::shared_ptr<const ClientContext> context, std::shared_ptr<TicketStore> tickets);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void take(dns::Bytes from_peer) override;
    std::size_t read(dns::MutableBytes room) override;
    void write(dns::Bytes meant) override;
    void finish() override;
    void fetch(std::vector<std::uint8_t>& to_peer) override;
    State state() const override { return state_; }
    io::FilterFault fault() const override;
    std::string_view fault_word() const override { return to_word(verdict_.failure); }
    std::string_view reason() const override { return verdict_.text; }
    std::size_t held_bytes() const override;
    bool is_resumed() const override;
    std::string_view protocol() const override;

    /// Where it failed.
    const Verdict& verdict() const { return verdict_; }

    // Once it is open:
    std::string_view version() const;     ///< `TLSv1.3`
    std::string_view asked_name() const;  ///< of a server: the name that the client asks for, any bytes but NUL

    /// What the context of a client calls when a server gave something to resume with. 1: it is taken.
    static int keep_ticket(ssl_st* connection, ssl_session_st* resumable);

private:
    explicit Session(ssl_ctx_st* context);
    static Session& of(const ssl_st* connection);
    /// What OpenSSL calls with each message of TLS itself.
    static void count_message(int is_written, int version, int content_type, const void* bytes, std::size_t size,
                              ssl_st* connection, void* argument);

    void handshake();
    /// After a call that did not do all: what OpenSSL says of it.
    void judge(int result);
    void fail(Verdict verdict);

    std::shared_ptr<const void> context_{};
    std::shared_ptr<TicketStore> tickets_{};
    Wire wire_;
    ConnectionHandle connection_;
    State state_ = State::opening;
    Verdict verdict_;
    std::size_t messages_without_data_ = 0;
};

}  // namespace dproxy::tls
