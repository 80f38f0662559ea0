// SPDX-License-Identifier: MIT
// Held by tests/integration/test_client_tcp_limits.py, tests/integration/test_dot_hostile.py.
#include "clients/client_connection.hpp"

#include <utility>

#include "queries/handshake_label.hpp"

namespace dproxy::proxy {

using telemetry::Handshake;
using telemetry::Rejection;
using telemetry::Side;

ClientConnection::ClientConnection(ConnectionContext& context, const Client& client, Admitted admitted,
                                   const io::StreamFilter* filter)
    : context_(context),
      rules_(context.session_limits, context.now_ns()),
      filter_(filter),
      admitted_(std::move(admitted)),
      client_(client),
      began_ns_(context.now_ns()) {
    context_.counters.tcp_connections[Side::client].add();
}

ClientConnection::~ClientConnection() {
    context_.counters.tcp_connections[Side::client].subtract();
}

/// The kernel is asked when it matters for the first time.
const net::Endpoint& ClientConnection::asked() {
    if (asked_.port == 0) asked_ = local_endpoint();
    return asked_;
}

void ClientConnection::cut() {
    cut_ = true;
    close();
}

void ClientConnection::expire() {
    if (!std::exchange(expired_, true)) context_.counters.rejected[Rejection::tcp_idle].add();
    if (!take_leave()) cut();
}

void ClientConnection::handshake_is_done() {
    admitted_.end_handshake(Handshake::ok);
    if (filter_->is_resumed()) context_.handshakes.note_resumed();
}

SessionRules::Reached ClientConnection::take_query() {
    const auto reached = rules_.take_query(context_.now_ns());
    auto& rejected = context_.counters.rejected;
    if (reached == SessionRules::Reached::queries) rejected[Rejection::tcp_queries].add();
    if (reached == SessionRules::Reached::inflight) rejected[Rejection::tcp_inflight].add();
    return reached;
}

void ClientConnection::end(io::StreamEnd how) {
    auto& rejected = context_.counters.rejected;
    if (how == io::StreamEnd::bad_length || how == io::StreamEnd::cut_short) rejected[Rejection::tcp_framing].add();
    if (is_handshaking()) {
        end_handshake(handshake_label(filter_->fault()));
    } else if (how == io::StreamEnd::filter && filter_->fault() != io::FilterFault::alert) {
        rejected[Rejection::tls_records].add();
    }
    context_.holder.on_end(*this);
}

}  // namespace dproxy::proxy
