// SPDX-License-Identifier: MIT
#include "http2/server_session.hpp"

#include <algorithm>
#include <utility>

#include "http2/limits.hpp"

namespace dproxy::http2 {

using http::RequestId;
using http::SessionEnd;
using http::Status;

/// From its first frame until both sides have said all.
struct ServerSession::Stream {
    enum class Stage : std::uint8_t {
        head,
        body,
        whole,     ///< a request that waits to be fetched
        awaited,   ///< and was fetched
        answered,
    };

    Stream(StreamId with, const http::Place& place, const net::Address& peer) : id(with), request(place, peer) {}

    StreamId id;
    Stage stage = Stage::head;
    http::DnsRequest request;
    std::size_t body_bytes = 0;  ///< that came, kept or not
    std::optional<http::ResponseHead> head;
    OutgoingBody body;
};

ServerSession::ServerSession(const http::Place& place, const net::Address& peer)
    : place_(place), peer_(peer), connection_(Role::server, *this) {}

ServerSession::~ServerSession() = default;

void ServerSession::take(dns::Bytes from_client, std::uint64_t now_ns) {
    if (end_ != SessionEnd::not_yet || client_ended_) return;
    const SessionEnd why = connection_.take(from_client, now_ns);
    if (why != SessionEnd::not_yet) end(why);
}

void ServerSession::take_end() {
    client_ended_ = true;
    if (end_ != SessionEnd::not_yet) return;
    for (const auto& stream : streams_)
        if (stream->stage < Stream::Stage::whole) connection_.reset(stream->id, ErrorCode::cancel);
    if (streams_.empty()) end_ = SessionEnd::finished;
}

/// Nothing more is read, and nothing that is under way is answered.
void ServerSession::end(SessionEnd why) {
    if (end_ != SessionEnd::not_yet) return;
    end_ = why;
    if (why != SessionEnd::finished) connection_.terminate(ErrorCode::enhance_your_calm);
    for (const auto& stream : streams_)
        if (stream->stage == Stream::Stage::awaited) cancelled_.push_back(static_cast<RequestId>(stream->id));
    whole_.clear();
}

void* ServerSession::on_opened(StreamId id) {
    if (end_ != SessionEnd::not_yet) return nullptr;
    if (queued_bytes() > unsent_answer_bytes) {
        ++turned_away_;
        return nullptr;
    }
    return streams_.emplace_back(std::make_unique<Stream>(id, place_, peer_)).get();
}

void ServerSession::on_field(void* data, std::string_view name, std::string_view value) {
    auto& stream = *static_cast<Stream*>(data);
    if (end_ != SessionEnd::not_yet || stream.stage != Stream::Stage::head) return;
    http::DnsRequest& request = stream.request;
    if (name == ":method") {
        request.take_method(value);
    } else if (name == ":path") {
        request.take_target(value);
    } else {
        request.take_field(name, value);
    }
    if (request.header_size() > endless_header_bytes) end(SessionEnd::fields);
}

/// A request that is refused is answered when all of it has come, which shows whether it keeps to the rules; at once
/// where it is too large, or the client waits for a word before it sends the rest.
void ServerSession::on_head(void* data) {
    auto& stream = *static_cast<Stream*>(data);
    if (end_ != SessionEnd::not_yet || stream.stage != Stream::Stage::head) return;
    stream.stage = Stream::Stage::body;
    stream.request.end_head(false);  // a body is known by its bytes
    const auto refused = stream.request.refused();
    const bool is_too_large = refused == Status::fields_too_large || refused == Status::content_too_large;
    if (is_too_large || (refused && stream.request.expects_continue())) return refuse(stream);
    if (stream.request.expects_continue()) connection_.tell_to_go_on(stream.id);
}

void ServerSession::on_body(void* data, dns::Bytes piece) {
    auto& stream = *static_cast<Stream*>(data);
    if (end_ != SessionEnd::not_yet || stream.stage != Stream::Stage::body) return;
    if (unfinished_bytes() + piece.size() > unfinished_body_bytes) {
        stream.stage = Stream::Stage::answered;
        stream.request.refuse(Status::unavailable);
        ++turned_away_;
        return connection_.reset(stream.id, ErrorCode::refused_stream);
    }
    stream.request.take_body(piece);
    stream.body_bytes += piece.size();
    if (stream.body_bytes > http::body_bytes) refuse(stream);
}

void ServerSession::on_said(void* data) {
    auto& stream = *static_cast<Stream*>(data);
    if (end_ != SessionEnd::not_yet || stream.stage != Stream::Stage::body) return;
    stream.request.end();
    if (stream.request.refused()) return refuse(stream);
    stream.stage = Stream::Stage::whole;
    whole_.push_back(stream.id);
}

void ServerSession::refuse(Stream& stream) {
    stream.stage = Stream::Stage::answered;
    refused_.push_back(*stream.request.refused());
    stream.head.emplace(stream.request.refusal());
    connection_.respond(stream.id, *stream.head, stream.body);
}

void ServerSession::on_closed(void* data, std::uint32_t) {
    const auto is_it = [data](const auto& one) { return one.get() == data; };
    const auto found = std::find_if(streams_.begin(), streams_.end(), is_it);
    if (found == streams_.end()) return;
    const Stream& stream = **found;
    if (stream.stage == Stream::Stage::whole) std::erase(whole_, stream.id);
    const bool is_awaited = stream.stage == Stream::Stage::awaited && end_ == SessionEnd::not_yet;
    if (is_awaited) cancelled_.push_back(static_cast<RequestId>(stream.id));
    std::swap(*found, streams_.back());
    streams_.pop_back();
    if (streams_.empty() && client_ended_ && end_ == SessionEnd::not_yet) end_ = SessionEnd::finished;
}

/// What a client had sent before it heard of the end has come by now.
void ServerSession::on_ping_answered() {
    if (announced_ && !std::exchange(said_last_, true)) connection_.say_last();
}

std::optional<http::Request> ServerSession::next_request() {
    if (whole_.empty()) return std::nullopt;
    auto& stream = *static_cast<Stream*>(connection_.find(whole_.front()));
    whole_.erase(whole_.begin());
    stream.stage = Stream::Stage::awaited;
    return http::Request{static_cast<RequestId>(stream.id), stream.request.take_message(), stream.request.client()};
}

std::optional<RequestId> ServerSession::next_cancelled() {
    if (cancelled_.empty()) return std::nullopt;
    const RequestId id = cancelled_.back();
    cancelled_.pop_back();
    return id;
}

std::optional<Status> ServerSession::next_refused() {
    if (refused_.empty()) return std::nullopt;
    const Status status = refused_.back();
    refused_.pop_back();
    return status;
}

/// Null where nobody waits for its answer.
ServerSession::Stream* ServerSession::awaited(RequestId id) const {
    if (end_ != SessionEnd::not_yet || id > 0x7fffffff) return nullptr;
    auto* stream = static_cast<Stream*>(connection_.find(static_cast<StreamId>(id)));
    return stream != nullptr && stream->stage == Stream::Stage::awaited ? stream : nullptr;
}

bool ServerSession::answer(RequestId id, dns::Bytes message) {
    Stream* stream = awaited(id);
    if (stream == nullptr) return false;
    stream->body.bytes.assign(message.begin(), message.end());
    stream->head.emplace(message);
    stream->stage = Stream::Stage::answered;
    return connection_.respond(stream->id, *stream->head, stream->body);
}

bool ServerSession::refuse(RequestId id, Status status) {
    Stream* stream = awaited(id);
    if (stream == nullptr) return false;
    stream->head.emplace(http::Refusal{status, false});
    stream->stage = Stream::Stage::answered;
    return connection_.respond(stream->id, *stream->head, stream->body);
}

void ServerSession::fetch(std::vector<std::uint8_t>& to_client, std::size_t enough) {
    connection_.fetch(to_client, enough);
    // nghttp2 ends it by itself where frames are against the rules.
    if (connection_.is_over()) end(said_last_ ? SessionEnd::finished : SessionEnd::malformed);
}

void ServerSession::finish() {
    if (end_ != SessionEnd::not_yet) return;
    if (!std::exchange(announced_, true)) return connection_.announce_end();
    if (!std::exchange(said_last_, true)) connection_.say_last();
}

ServerSession::State ServerSession::state() const {
    const bool all_done = (said_last_ || client_ended_) && streams_.empty();
    if (end_ != SessionEnd::not_yet || all_done) return State::ended;
    return announced_ || client_ended_ ? State::finishing : State::open;
}

std::size_t ServerSession::in_flight() const {
    if (end_ != SessionEnd::not_yet) return 0;  // they were all told as cancelled
    return static_cast<std::size_t>(std::count_if(streams_.begin(), streams_.end(), [](const auto& stream) {
        return stream->stage == Stream::Stage::awaited;
    }));
}

bool ServerSession::has_part_of_request() const {
    const auto is_coming = [](const auto& stream) { return stream->stage <= Stream::Stage::body; };
    return connection_.is_within_frame() || std::any_of(streams_.begin(), streams_.end(), is_coming);
}

std::size_t ServerSession::queued_bytes() const {
    std::size_t queued = 0;
    for (const auto& stream : streams_) queued += stream->body.unsent();
    return queued;
}

/// Bodies that have begun to come.
std::size_t ServerSession::unfinished_bytes() const {
    std::size_t unfinished = 0;
    for (const auto& stream : streams_)
        if (stream->stage == Stream::Stage::body) unfinished += stream->request.held_bytes();
    return unfinished;
}

std::size_t ServerSession::held_bytes() const {
    std::size_t held = sizeof *this + connection_.held_bytes() + streams_.capacity() * sizeof(streams_[0]);
    held += whole_.capacity() * sizeof(StreamId) + cancelled_.capacity() * sizeof(RequestId) +
            refused_.capacity() * sizeof(Status);
    for (const auto& stream : streams_)
        held += sizeof *stream + stream->request.held_bytes() + stream->body.bytes.capacity();
    return held;
}

}  // namespace dproxy::http2
