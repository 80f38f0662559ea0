// SPDX-License-Identifier: MIT
// Held by tests/integration/test_doh.py, tests/integration/test_doh_hostile.py and
// tests/integration/test_transports.py.
#include "clients/http_connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "clients/http_labels.hpp"
#include "clients/limits.hpp"
#include "http/http1_session.hpp"
#include "http/preface.hpp"
#include "http2/server_session.hpp"
#include "io/byte_stream.hpp"
#include "queries/turn.hpp"

namespace dproxy::proxy {

/// Bytes as they are, to the connection at once: what is kept of them, the session keeps.
class HttpConnection::Stream final : public io::ByteStream {
public:
    Stream(boost::asio::io_context& io, std::shared_ptr<io::ByteMeter> meter, std::unique_ptr<io::StreamFilter> filter,
           HttpConnection& connection)
        : ByteStream(io, std::move(meter), std::move(filter), true), connection_(connection) {}

    /// Memory that is held behind it.
    void hold(std::size_t bytes) {
        held_behind_ = bytes;
        measure();
    }

private:
    static constexpr std::size_t room_bytes = 4096;

    void opened() override { connection_.on_opened(); }
    dns::MutableBytes space() override {
        if (!room_) room_ = std::make_unique<std::array<std::uint8_t, room_bytes>>();
        return *room_;
    }
    void taken(std::size_t count) override {
        if (count == 0) return connection_.on_resumed();
        connection_.on_bytes(dns::Bytes(*room_).first(count));
    }
    bool has_part() const override { return false; }  // what an end within a request means, the session knows
    void drained() override { connection_.on_drained(); }
    bool half_closed() override { return connection_.on_half_closed(); }
    void ended(io::StreamEnd how, std::error_code) override { connection_.on_end(how); }
    std::size_t buffered_bytes() const override { return held_behind_ + (room_ ? room_bytes : 0); }
    void free_input() override { room_.reset(); }

    HttpConnection& connection_;  ///< not called once it is closed
    std::size_t held_behind_ = 0;
    std::unique_ptr<std::array<std::uint8_t, room_bytes>> room_;
};

HttpConnection::HttpConnection(ConnectionContext& context, const Client& client, Admitted admitted, Newcomer newcomer,
                               std::unique_ptr<io::StreamFilter> filter)
    : ClientConnection(context, client, std::move(admitted), filter.get()),
      speaks_for_others_(context.options.http.trusted_proxies.contains(client.source.address())),
      peer_address_(client.source.address()),
      stream_(std::make_shared<Stream>(context.io, context.meter, std::move(filter), *this)) {
    if (filter_) stream_->open_in_turns(context.handshake_turns);
    stream_->accept(std::move(newcomer.connection), newcomer.v4);
}

HttpConnection::~HttpConnection() {
    stream_->close();
    if (waits_for_flush_) std::erase(context_.to_flush, this);
}

void HttpConnection::close() { stream_->close(); }

net::Endpoint HttpConnection::local_endpoint() const { return stream_->local_endpoint(); }

std::size_t HttpConnection::queued_bytes() const {
    return stream_->queued_bytes() + (session_ ? session_->queued_bytes() : 0);
}

std::size_t HttpConnection::held_bytes() const { return stream_->held_bytes(); }

void HttpConnection::begin(bool speaks_http2) {
    const http::Place& place = context_.options.http;
    if (speaks_http2) {
        session_ = std::make_unique<http2::ServerSession>(place, peer_address_);
    } else {
        session_ = std::make_unique<http::Http1Session>(place, peer_address_);
    }
    if (finishing_) session_->finish();
}

/// With TLS it is agreed upon which HTTP it is (RFC 9113 3.2); who agrees on none has no other than HTTP/1.1.
void HttpConnection::on_opened() {
    const Turn turn(*context_.handler);
    handshake_is_done();
    begin(filter_->protocol() == "h2");
    go_on();
}

void HttpConnection::on_bytes(dns::Bytes bytes) {
    const Turn turn(*context_.handler);
    take(bytes);
    go_on();
}

void HttpConnection::on_resumed() {
    const Turn turn(*context_.handler);
    go_on();
}

void HttpConnection::on_drained() {
    const Turn turn(*context_.handler);
    if (closing_) return cut();
    go_on();
}

bool HttpConnection::on_half_closed() {
    const Turn turn(*context_.handler);
    if (!session_) return false;
    session_->take_end();
    go_on();
    return true;
}

void HttpConnection::on_end(io::StreamEnd how) {
    const Turn turn(*context_.handler);
    end(how);
}

void HttpConnection::take(dns::Bytes bytes) {
    if (session_) return session_->take(bytes, context_.now_ns());
    beginning_.insert(beginning_.end(), bytes.begin(), bytes.end());
    const http::Protocol protocol = http::protocol_of(beginning_);
    if (protocol == http::Protocol::unknown) return;
    begin(protocol == http::Protocol::http2);
    session_->take(beginning_, context_.now_ns());
    beginning_ = std::vector<std::uint8_t>();  // `{}` would keep its room
}

bool HttpConnection::has_room() const { return !closing_ && rules_.has_room(stream_->queued_bytes()); }

/// Takes up what requests have come, as many as may be in flight, and says whether more are to be read.
void HttpConnection::go_on() {
    if (!session_) return measure();
    while (!is_cut() && has_room() && take_request()) {
    }
    count_events();
    flush_later();
    if (closing_) return;
    if (session_->wants_more() && has_room()) {
        stream_->resume();
    } else {
        stream_->pause();
    }
}

bool HttpConnection::take_request() {
    std::optional<http::Request> request = session_->next_request();
    if (!request) return false;
    Client client = this->client();
    client.request = request->id;
    if (request->client != peer_address_) client.source = io::SocketAddress(net::Endpoint{request->client, 0});
    if (take_query() == SessionRules::Reached::queries) finish();
    if (!context_.handler->on_query(request->message, client)) {
        rules_.done();
        refuse(client, http::Status::bad_request);  // where it was dropped, not answered
    }
    return true;
}

bool HttpConnection::answer(const Client& client, dns::Bytes message) {
    if (!session_->answer(client.request, message)) return false;
    context_.counters.http_responses[http_code(http::Status::ok)].add();
    flush_later();
    return true;
}

/// Nothing happens where it was answered, or nobody waits for it.
void HttpConnection::refuse(const Client& client, http::Status status) {
    if (!session_->refuse(client.request, status)) return;
    context_.counters.http_responses[http_code(status)].add();
    flush_later();
}

void HttpConnection::done(const Client& client) {
    rules_.done();
    refuse(client, http::Status::unavailable);
    // The next request is taken up in a turn of its own: this may be in the midst of one that came.
    if (has_room()) stream_->resume();
}

void HttpConnection::count_events() {
    while (session_->next_cancelled()) {
    }  // its query goes on, and counts as one in flight until it is done
    while (const auto status = session_->next_refused()) context_.counters.http_responses[http_code(*status)].add();
    auto& rejected = context_.counters.rejected;
    if (const std::size_t streams = session_->take_turned_away()) {
        rejected[telemetry::Rejection::http_streams].add(streams);
    }
    const auto why = rejection_of(session_->end());
    if (!why || std::exchange(end_is_counted_, true)) return;
    rejected[*why].add();
}

void HttpConnection::flush_later() {
    if (std::exchange(waits_for_flush_, true)) return;
    context_.to_flush.push_back(this);
}

void HttpConnection::flush() {
    waits_for_flush_ = false;
    if (is_cut() || closing_) return;
    std::vector<std::uint8_t>& output = context_.output;
    bool is_all = false;
    while (!is_all && stream_->queued_bytes() < pause_reading_at) {
        output.clear();
        session_->fetch(output, pause_reading_at - stream_->queued_bytes());
        is_all = output.empty();
        if (!is_all) stream_->write(output, {});
    }
    count_events();
    measure();
    if (is_all && session_->state() == http::ServerSession::State::ended) say_goodbye();
}

/// All that there was to say is on its way. What still comes from who floods is not even read.
void HttpConnection::say_goodbye() {
    closing_ = true;
    if (!is_flood(session_->end())) return stream_->close_when_drained();
    if (stream_->queued_bytes() == 0) cut();
}

void HttpConnection::measure() {
    stream_->hold(beginning_.capacity() + (session_ ? session_->held_bytes() : 0));
}

bool HttpConnection::is_at_rest() const {
    return session_ && !closing_ && rules_.all_done() && queued_bytes() == 0 && !session_->has_part_of_request();
}

bool HttpConnection::check_progress() {
    const std::uint64_t now_ns = context_.now_ns();
    const bool has_part = !stream_->is_paused() && (session_ ? session_->has_part_of_request() : !beginning_.empty());
    if (rules_.check_progress({stream_->taken_bytes(), queued_bytes(), has_part}, now_ns)) {
        // Whoever was told that it ends, and has not said by now that it knows, is not waited for.
        if (finishing_ && session_) {
            session_->finish();
            go_on();
        }
        return true;
    }
    // A proxy keeps connections for the next request of anybody: one that ends as it comes would be that one's loss.
    return speaks_for_others_ && !finishing_ && is_at_rest() && now_ns - rules_.moved_ns() < longest_proxy_idle_ns;
}

/// First that it is about to end, at the next look that it has: who does not close it then is cut at the one after.
bool HttpConnection::take_leave() {
    if (!is_at_rest()) return false;
    finish();
    return true;
}

void HttpConnection::finish() {
    finishing_ = true;
    if (!session_) {
        closing_ = true;
        return stream_->close_when_drained();
    }
    session_->finish();
    flush_later();
}

bool HttpConnection::drained() const { return closing_ && rules_.all_done() && stream_->all_taken(); }

}  // namespace dproxy::proxy
