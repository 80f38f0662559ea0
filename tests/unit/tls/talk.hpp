// SPDX-License-Identifier: MIT
// Two sessions, or one and OpenSSL itself, that speak to each other without a socket.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tls/client_context.hpp"
#include "tls/server_context.hpp"
#include "tls/session.hpp"
#include "tls/ticket_store.hpp"

namespace dproxy::tls {

using State = io::StreamFilter::State;

inline dns::Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string read_all(Session& session) {
    std::string all;
    std::vector<std::uint8_t> room(700);
    while (const std::size_t count = session.read(room)) {
        all.append(reinterpret_cast<const char*>(room.data()), count);
    }
    return all;
}

/// What the one has for the other, in pieces of so many bytes; what the other means by it is appended to `heard`.
inline bool carry(Session& from, Session& to, std::size_t piece, std::string& heard) {
    std::vector<std::uint8_t> bytes;
    from.fetch(bytes);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        to.take(dns::Bytes(bytes).subspan(at, std::min(piece, bytes.size() - at)));
        heard += read_all(to);
    }
    return !bytes.empty();
}

struct Talk {
    static constexpr std::size_t whole = SIZE_MAX / 2;

    Session client, server;
    std::string heard_by_client{}, heard_by_server{};

    Talk(std::shared_ptr<const ServerContext> server_context, std::shared_ptr<const ClientContext> client_context,
         std::shared_ptr<TicketStore> tickets = nullptr)
        : client(std::move(client_context), std::move(tickets)), server(std::move(server_context)) {}

    /// Until neither has anything more to say.
    Talk& run(std::size_t piece = whole) {
        bool said = true;
        while (said) {
            said = carry(client, server, piece, heard_by_server);
            said = carry(server, client, piece, heard_by_client) || said;
        }
        return *this;
    }
    bool is_open() const { return client.state() == State::open && server.state() == State::open; }
};

/// OpenSSL by itself, for what no session of ours does.
struct RawPeer {
    ContextHandle context;
    ConnectionHandle connection;

    explicit RawPeer(Side side, int least = 0, int most = 0)
        : context(SSL_CTX_new(side == Side::server ? TLS_server_method() : TLS_client_method())) {
        SSL_CTX_set_security_level(context.get(), 0);
        SSL_CTX_set_min_proto_version(context.get(), least);
        SSL_CTX_set_max_proto_version(context.get(), most);
        connection.reset(SSL_new(context.get()));
        SSL_set_bio(connection.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        side == Side::server ? SSL_set_accept_state(connection.get()) : SSL_set_connect_state(connection.get());
    }

    std::vector<std::uint8_t> fetch() {
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(BIO_pending(SSL_get_wbio(connection.get()))));
        BIO_read(SSL_get_wbio(connection.get()), bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }
    void give(const std::vector<std::uint8_t>& bytes) {
        BIO_write(SSL_get_rbio(connection.get()), bytes.data(), static_cast<int>(bytes.size()));
    }
    /// Shakes hands with a session, as far as that goes; true: both are open.
    bool shake(Session& session) {
        for (int round = 0; round < 10; ++round) {
            SSL_do_handshake(connection.get());
            session.take(fetch());
            read_all(session);
            std::vector<std::uint8_t> bytes;
            session.fetch(bytes);
            give(bytes);
        }
        const bool open = SSL_is_init_finished(connection.get()) == 1 && session.state() == State::open;
        return open;
    }
};

}  // namespace dproxy::tls
