// SPDX-License-Identifier: MIT
// Held by tests/integration/test_client_tcp.py and tests/integration/test_client_tcp_limits.py.
#include "clients/message_connection.hpp"

#include <utility>

#include "queries/turn.hpp"

namespace dproxy::proxy {

MessageConnection::MessageConnection(ConnectionContext& context, const Client& client, Admitted admitted,
                                     Newcomer newcomer, std::unique_ptr<io::StreamFilter> filter)
    : ClientConnection(context, client, std::move(admitted), filter.get()),
      stream_(context.io, std::move(newcomer.connection), newcomer.v4, *this, context.meter, std::move(filter)) {
    if (filter_) stream_.open_in_turns(context.handshake_turns);
}

bool MessageConnection::answer(const Client&, dns::Bytes message) {
    stream_.send(message);
    return true;
}

void MessageConnection::done(const Client&) {
    rules_.done();
    go_on();
}

bool MessageConnection::check_progress() {
    const bool has_part = stream_.has_part_of_message();
    return rules_.check_progress({stream_.taken_bytes(), stream_.queued_bytes(), has_part}, context_.now_ns());
}

void MessageConnection::finish() {
    rules_.finish();
    go_on();
}

void MessageConnection::on_connected() {
    const Turn turn(*context_.handler);
    handshake_is_done();
}

void MessageConnection::on_messages(io::MessageStream::Incoming& incoming) {
    const Turn turn(*context_.handler);
    do {
        while (const auto message = incoming.next()) take(*message);
    } while (incoming.refill());
}

void MessageConnection::take(dns::MutableBytes message) {
    take_query();
    if (!context_.handler->on_query(message, client())) rules_.done();
    go_on();
}

void MessageConnection::on_grown() { const Turn turn(*context_.handler); }

void MessageConnection::on_drained() {
    const Turn turn(*context_.handler);
    go_on();
    context_.handler->on_client_drained(client());
}

bool MessageConnection::on_half_closed() {
    const Turn turn(*context_.handler);
    finish();
    return true;
}

void MessageConnection::on_end(io::StreamEnd how, std::error_code) {
    const Turn turn(*context_.handler);
    end(how);
}

void MessageConnection::go_on() {
    switch (rules_.next(stream_.queued_bytes())) {
        case SessionRules::Next::read: return stream_.resume_reading();
        case SessionRules::Next::pause: return stream_.pause_reading();
        case SessionRules::Next::end: return stream_.close_when_drained();
    }
}

}  // namespace dproxy::proxy
