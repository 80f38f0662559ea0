// SPDX-License-Identifier: MIT
#include "http2/client_session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "http/media_type.hpp"
#include "http2/limits.hpp"

namespace dproxy::http2 {

using http::SessionEnd;

namespace {

constexpr unsigned refused_stream = static_cast<unsigned>(ErrorCode::refused_stream);
constexpr std::uint16_t status_ok = 200;

/// Nothing where it is no number; more than fits is as good as the most that does.
std::optional<std::size_t> number_of(std::string_view text) {
    std::size_t number = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || stopped != text.data() + text.size()) return std::nullopt;
    return error == std::errc{} ? number : ~std::size_t{0};
}

}  // namespace

/// A question that is under way.
struct ClientSession::Stream {
    StreamId id = 0;
    OutgoingBody question;
    std::array<char, 8> question_length{};
    bool is_sent = false;        ///< the server may have heard of it
    bool is_decided = false;     ///< its reply is told, or nobody waits for it
    bool has_head = false;       ///< the final one
    bool is_dns_message = false;
    bool is_encoded = false;
    bool is_said = false;
    std::uint16_t status = 0;
    std::size_t header_size = 0;
    std::vector<std::uint8_t> message;
};

ClientSession::ClientSession(const Resource& resource) : resource_(resource), connection_(Role::client, *this) {}

ClientSession::~ClientSession() = default;

std::size_t ClientSession::room() const {
    if (end_ != SessionEnd::not_yet || leaving_ || !connection_.may_open()) return 0;
    const std::size_t most = std::min(connection_.most_streams(), concurrent_streams);
    return most - std::min<std::size_t>(most, streams_.size());
}

bool ClientSession::has_room() const { return room() != 0; }

std::optional<StreamId> ClientSession::ask(dns::Bytes message) {
    if (!has_room()) return std::nullopt;
    Stream* const stream = streams_.emplace_back(std::make_unique<Stream>()).get();
    stream->question.bytes.assign(message.begin(), message.end());
    char* digits = stream->question_length.data();
    char* digits_end = std::to_chars(digits, digits + stream->question_length.size(), message.size()).ptr;
    const std::array<http::Field, 7> fields = {{
        {":method", "POST"},
        {":scheme", "https"},
        {":authority", resource_.authority},
        {":path", resource_.path},
        {"accept", http::dns_media_type},
        {"content-type", http::dns_media_type},
        {"content-length", {digits, static_cast<std::size_t>(digits_end - digits)}},
    }};
    const auto id = connection_.open(fields, stream->question, stream);
    if (id) stream->id = *id;
    if (!id) {
        streams_.pop_back();
        leaving_ = true;  // stream IDs are used up
    }
    return id;
}

/// Of those that have not left, too.
ClientSession::Stream* ClientSession::find(StreamId id) const {
    const auto found = std::find_if(streams_.begin(), streams_.end(), [&](const auto& one) { return one->id == id; });
    return found == streams_.end() ? nullptr : found->get();
}

void ClientSession::cancel(StreamId id) {
    Stream* stream = find(id);
    if (stream == nullptr || end_ != SessionEnd::not_yet) return;
    stream->is_decided = true;
    connection_.reset(id, ErrorCode::cancel);
}

void ClientSession::take(dns::Bytes from_server, std::uint64_t now_ns) {
    if (end_ != SessionEnd::not_yet) return;
    const SessionEnd why = connection_.take(from_server, now_ns);
    if (why != SessionEnd::not_yet) end(why);
}

void ClientSession::take_end() {
    if (end_ == SessionEnd::not_yet) end_ = SessionEnd::finished;
    finish_all();
}

void ClientSession::end(SessionEnd why) {
    if (end_ != SessionEnd::not_yet) return;
    end_ = why;
    if (why != SessionEnd::finished) connection_.terminate(ErrorCode::enhance_your_calm);
}

/// Whoever still waits is told that nothing comes.
void ClientSession::finish_all() {
    for (const auto& stream : streams_)
        if (!stream->is_decided) give_up(*stream, stream->is_sent ? Outcome::lost : Outcome::unheard);
}

std::optional<Reply> ClientSession::next_reply() {
    if (end_ != SessionEnd::not_yet) finish_all();
    if (replies_.empty()) return std::nullopt;
    Reply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
}

void ClientSession::on_field(void* data, std::string_view name, std::string_view value) {
    auto& stream = *static_cast<Stream*>(data);
    if (end_ != SessionEnd::not_yet || stream.has_head) return;
    stream.header_size += name.size() + value.size() + http::field_overhead;
    if (stream.header_size > endless_header_bytes) return end(SessionEnd::fields);
    if (name == ":status") stream.status = static_cast<std::uint16_t>(number_of(value).value_or(0));
    if (name == "content-type") stream.is_dns_message = http::is_dns_media_type(value);
    if (name == "content-encoding") stream.is_encoded = stream.is_encoded || value != "identity";
    const bool is_length = name == "content-length";
    if (is_length && number_of(value).value_or(0) > http::body_bytes) give_up(stream, Outcome::too_large);
}

void ClientSession::on_head(void* data) {
    auto& stream = *static_cast<Stream*>(data);
    if (end_ != SessionEnd::not_yet || stream.has_head || stream.status / 100 == 1) return;
    stream.has_head = true;
    if (stream.header_size > http::header_bytes) return give_up(stream, Outcome::malformed);
    if (stream.status != status_ok) return give_up(stream, Outcome::status);
    if (!stream.is_dns_message || stream.is_encoded) give_up(stream, Outcome::content_type);
}

void ClientSession::on_body(void* data, dns::Bytes piece) {
    auto& stream = *static_cast<Stream*>(data);
    if (end_ != SessionEnd::not_yet || stream.is_decided) return;
    if (piece.size() > http::body_bytes - stream.message.size()) return give_up(stream, Outcome::too_large);
    stream.message.insert(stream.message.end(), piece.begin(), piece.end());
}

void ClientSession::on_said(void* data) {
    auto& stream = *static_cast<Stream*>(data);
    stream.is_said = true;
    if (end_ != SessionEnd::not_yet || stream.is_decided || !stream.has_head) return;
    if (stream.message.size() < dns::header_length) return give_up(stream, Outcome::length);
    stream.is_decided = true;
    replies_.push_back({stream.id, Outcome::answered, stream.status, std::move(stream.message)});
}

void ClientSession::give_up(Stream& stream, Outcome outcome) {
    if (std::exchange(stream.is_decided, true)) return;
    stream.message = std::vector<std::uint8_t>();
    replies_.push_back({stream.id, outcome, stream.status, {}});
    if (end_ == SessionEnd::not_yet) connection_.reset(stream.id, ErrorCode::cancel);
}

void ClientSession::on_closed(void* data, std::uint32_t code) {
    const auto is_it = [data](const auto& one) { return one.get() == data; };
    const auto found = std::find_if(streams_.begin(), streams_.end(), is_it);
    if (found == streams_.end()) return;
    Stream& stream = **found;
    if (!std::exchange(stream.is_decided, true)) {
        // That it was refused is true of a stream that said nothing (RFC 9113 8.7); so are those behind a GOAWAY.
        const bool is_unheard = !stream.is_sent || (code == refused_stream && stream.status == 0);
        const bool is_against_rules = code == static_cast<unsigned>(ErrorCode::protocol_error);
        const Outcome outcome = is_unheard ? Outcome::unheard : is_against_rules ? Outcome::malformed : Outcome::lost;
        replies_.push_back({stream.id, outcome, stream.status, {}});
    }
    std::swap(*found, streams_.back());
    streams_.pop_back();
}

void ClientSession::on_unsent(StreamId id) {
    if (Stream* stream = find(id)) on_closed(stream, refused_stream);
}

void ClientSession::on_head_sent(void* data) { static_cast<Stream*>(data)->is_sent = true; }

void ClientSession::fetch(std::vector<std::uint8_t>& to_server, std::size_t enough) {
    connection_.fetch(to_server, enough);
    if (connection_.is_over()) end(leaving_ ? SessionEnd::finished : SessionEnd::malformed);
}

void ClientSession::ping() {
    if (end_ != SessionEnd::not_yet || std::exchange(ping_unanswered_, true)) return;
    connection_.ping();
}

void ClientSession::finish() {
    if (end_ == SessionEnd::not_yet && !std::exchange(leaving_, true)) connection_.say_last();
}

ClientSession::State ClientSession::state() const {
    if (end_ != SessionEnd::not_yet) return State::ended;
    if (!leaving_ && connection_.may_open()) return State::open;
    return streams_.empty() ? State::ended : State::leaving;
}

std::size_t ClientSession::queued_bytes() const {
    std::size_t queued = 0;
    for (const auto& stream : streams_) queued += stream->question.unsent();
    return queued;
}

std::size_t ClientSession::held_bytes() const {
    std::size_t held = sizeof *this + connection_.held_bytes() + streams_.capacity() * sizeof(streams_[0]);
    for (const Reply& reply : replies_) held += sizeof reply + reply.message.capacity();
    for (const auto& stream : streams_)
        held += sizeof *stream + stream->question.bytes.capacity() + stream->message.capacity();
    return held;
}

}  // namespace dproxy::http2
