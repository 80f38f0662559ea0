// SPDX-License-Identifier: MIT
// One connection of a client, whatever it carries messages by: how long it may live, what it counts for, its handshake.
#pragma once

#include <cstddef>
#include <cstdint>

#include "clients/admitted.hpp"
#include "clients/connection_context.hpp"
#include "clients/session_rules.hpp"
#include "dns/message.hpp"
#include "io/stream_end.hpp"
#include "io/stream_filter.hpp"
#include "net/address.hpp"
#include "net/client_network.hpp"
#include "queries/client.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// One thread. Keeps the places that it was admitted to until it goes.
class ClientConnection {
public:
    /// `client`: with its source, transport, place and serial. `filter`: null where it is not encrypted; the stream's.
    ClientConnection(ConnectionContext& context, const Client& client, Admitted admitted,
                     const io::StreamFilter* filter);
    virtual ~ClientConnection();
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    const Client& client() const { return client_; }
    const net::ClientNetwork& network() const { return admitted_.client(); }
    std::uint64_t began_ns() const { return began_ns_; }
    std::uint64_t moved_ns() const { return rules_.moved_ns(); }
    std::uint64_t idle_since_ns() const { return rules_.idle_since_ns(queued_bytes(), context_.now_ns()); }
    /// The address and port that the client asked.
    const net::Endpoint& asked();

    /// Ends it, perhaps in the midst of a call from its stream: the connection itself goes at the next look.
    void cut();
    bool is_cut() const { return cut_; }
    /// It has been without progress for too long: it is cut, now or at a later look.
    void expire();

    bool is_handshaking() const { return admitted_.is_handshaking(); }
    /// How the handshake under way is to be counted when the connection goes, which is next.
    void end_handshake(telemetry::Handshake how) { admitted_.count_handshake_as(how); }

    // As ClientSide has them. `client`: this one's, with the number of the request.
    virtual bool answer(const Client& client, dns::Bytes message) = 0;
    virtual void done(const Client& client) = 0;
    virtual void flush() {}
    /// Each second. False when it has had no progress for too long.
    virtual bool check_progress() = 0;
    /// No further query is taken; it ends when all are answered.
    virtual void finish() = 0;
    /// All answers were taken, and nothing more comes.
    virtual bool drained() const = 0;
    virtual std::size_t queued_bytes() const = 0;
    virtual std::size_t held_bytes() const = 0;

protected:
    virtual void close() = 0;
    /// The peer is told that it ends, so that nothing is lost that is on its way. False: there is no such word, or it
    /// was said.
    virtual bool take_leave() { return false; }
    virtual net::Endpoint local_endpoint() const = 0;

    /// A query has come, and its limits are counted.
    SessionRules::Reached take_query();
    void handshake_is_done();
    /// The stream has ended, and the connection with it: the last thing to be done.
    void end(io::StreamEnd how);

    ConnectionContext& context_;
    SessionRules rules_;
    const io::StreamFilter* const filter_;

private:
    Admitted admitted_;
    const Client client_;
    net::Endpoint asked_;
    bool cut_ = false;
    bool expired_ = false;
    const std::uint64_t began_ns_;
};

}  // namespace dproxy::proxy
