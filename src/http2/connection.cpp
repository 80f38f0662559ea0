// SPDX-License-Identifier: MIT
// Held by tests/unit/http2/server_session_test.cpp and tests/unit/http2/client_session_test.cpp.
#include "http2/connection.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

#include "http/preface.hpp"
#include "http2/limits.hpp"
#include "http2/session_memory.hpp"

namespace dproxy::http2 {

using http::SessionEnd;

namespace {

std::string_view view(const std::uint8_t* bytes, std::size_t length) {
    return {reinterpret_cast<const char*>(bytes), length};
}

/// A GOAWAY with it only announces the end (RFC 9113 6.8).
constexpr std::int32_t no_last_stream = 0x7fffffff;

/// Not copied: names and values stay until the frame was written.
nghttp2_nv field_of(std::string_view name, std::string_view value, std::uint8_t more_flags = 0) {
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    const std::uint8_t flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE | more_flags;
    return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

nghttp2_nv field_of(const http::Field& field) {
    // What the next message says otherwise would only push the rest out of the table.
    const bool changes = http::ResponseHead::is_of_one_answer(field.name);
    return field_of(field.name, field.value, changes ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE);
}

ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t room, std::uint32_t* flags,
                  nghttp2_data_source* source, void*) {
    auto& body = *static_cast<OutgoingBody*>(source->ptr);
    const std::size_t count = std::min(room, body.unsent());
    std::copy_n(body.bytes.begin() + static_cast<std::ptrdiff_t>(body.sent), count, into);
    body.sent += count;
    if (body.unsent() == 0) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
}

[[noreturn]] void lack_memory() { throw std::bad_alloc(); }

}  // namespace

/// What nghttp2 tells. It is written in C: nothing may be thrown through it.
struct Connection::Callbacks {
    template <class Tell>
    static int guarded(void* user, Tell tell) {
        auto& connection = *static_cast<Connection*>(user);
        try {
            return tell(connection.events_, connection);
        } catch (const std::bad_alloc&) {
            connection.lacks_memory_ = true;
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
    }

    static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
        if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
        return guarded(user, [&](Events& events, Connection&) {
            const StreamId id = frame->hd.stream_id;
            void* stream = events.on_opened(id);
            if (stream != nullptr) return nghttp2_session_set_stream_user_data(session, id, stream);
            nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
            return int{NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE};
        });
    }

    static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                         std::size_t name_length, const std::uint8_t* value, std::size_t value_length, std::uint8_t,
                         void* user) {
        void* stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
        if (stream == nullptr || frame->hd.type != NGHTTP2_HEADERS) return 0;
        return guarded(user, [&](Events& events, Connection&) {
            events.on_field(stream, view(name, name_length), view(value, value_length));
            return 0;
        });
    }

    static int on_data_chunk(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                             std::size_t length, void* user) {
        void* stream = nghttp2_session_get_stream_user_data(session, id);
        if (stream == nullptr) return 0;
        return guarded(user, [&](Events& events, Connection&) {
            events.on_body(stream, {data, length});
            return 0;
        });
    }

    static int on_frame_received(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
        return guarded(user, [&](Events& events, Connection&) {
            if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) events.on_ping_answered();
            if (frame->hd.type == NGHTTP2_GOAWAY) events.on_goaway();
            if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
            void* stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
            if (stream == nullptr) return 0;
            if (frame->hd.type == NGHTTP2_HEADERS) events.on_head(stream);
            if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) events.on_said(stream);
            return 0;
        });
    }

    static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
        return guarded(user, [&](Events& events, Connection& connection) {
            const StreamId id = frame->hd.stream_id;
            void* stream = nghttp2_session_get_stream_user_data(session, id);
            if (frame->hd.type == NGHTTP2_RST_STREAM) {
                connection.closed_.add(id, true);
                const bool is_fault = frame->rst_stream.error_code != NGHTTP2_NO_ERROR;
                if (is_fault && !connection.watch_.take_reset(connection.now_ns_)) events.on_resets();
            }
            // Not before: a PING that is queued with it goes first, and its answer would say nothing of what crossed.
            if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id == no_last_stream) connection.ping();
            if (frame->hd.type == NGHTTP2_HEADERS && stream != nullptr) events.on_head_sent(stream);
            const bool is_end = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                                (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
            // Answered before all of it came: the rest is not wanted (RFC 9113 8.1).
            if (is_end && connection.role_ == Role::server && nghttp2_session_get_stream_remote_close(session, id) == 0)
                nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
            return 0;
        });
    }

    static int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
        if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
        return guarded(user, [&](Events& events, Connection&) {
            events.on_unsent(frame->hd.stream_id);
            return 0;
        });
    }

    static int on_stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t code, void* user) {
        void* stream = nghttp2_session_get_stream_user_data(session, id);
        return guarded(user, [&](Events& events, Connection& connection) {
            connection.closed_.add(id, false);
            if (stream != nullptr) events.on_closed(stream, code);
            return 0;
        });
    }

    static nghttp2_session_callbacks* make() {
        nghttp2_session_callbacks* made = nullptr;
        if (nghttp2_session_callbacks_new(&made) != 0) lack_memory();
        nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(made, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data_chunk);
        nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame_received);
        nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_sent);
        nghttp2_session_callbacks_set_on_frame_not_send_callback(made, on_frame_not_sent);
        nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
        return made;
    }
};

namespace {

nghttp2_option* make_options() {
    nghttp2_option* options = nullptr;
    if (nghttp2_option_new(&options) != 0) lack_memory();
    nghttp2_option_set_no_closed_streams(options, 1);
    nghttp2_option_set_max_deflate_dynamic_table_size(options, header_table_bytes);
    nghttp2_option_set_max_outbound_ack(options, unsent_acknowledgements);
    nghttp2_option_set_max_settings(options, settings_parameters);
    // Frames that come in pieces are counted more than once there; ours is FrameWatch, which goes first.
    nghttp2_option_set_max_continuations(options, 16 * continuation_frames);
    nghttp2_option_set_max_reserved_remote_streams(options, 0);  // nothing is to be pushed
    nghttp2_option_set_peer_max_concurrent_streams(options, concurrent_streams);
    // Its limit of resets goes by a clock of its own; ours is FrameWatch.
    nghttp2_option_set_stream_reset_rate_limit(options, ~std::uint32_t{0}, ~std::uint32_t{0});
    return options;
}

}  // namespace

Connection::Connection(Role role, Events& events)
    : events_(events),
      role_(role),
      watch_(role == Role::server ? http::http2_preface.size() : 0),
      memory_(std::make_unique<SessionMemory>()) {
    const std::unique_ptr<nghttp2_session_callbacks, void (*)(nghttp2_session_callbacks*)> callbacks(
        Callbacks::make(), nghttp2_session_callbacks_del);
    const std::unique_ptr<nghttp2_option, void (*)(nghttp2_option*)> options(make_options(), nghttp2_option_del);
    nghttp2_mem memory = memory_->functions();
    const auto make = role == Role::server ? nghttp2_session_server_new3 : nghttp2_session_client_new3;
    if (make(&session_, callbacks.get(), this, options.get(), &memory) != 0) lack_memory();

    std::vector<nghttp2_settings_entry> settings = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, http::header_bytes},
    };
    if (role == Role::server) {
        settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, concurrent_streams});
        settings.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
    } else {
        settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
    }
    if (nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0) {
        nghttp2_session_del(session_);
        lack_memory();
    }
}

Connection::~Connection() { nghttp2_session_del(session_); }

std::size_t Connection::held_bytes() const { return memory_->held_bytes(); }

/// Frame by frame: what its header says is judged when all before it was acted on.
SessionEnd Connection::take(dns::Bytes from_peer, std::uint64_t now_ns) {
    now_ns_ = now_ns;
    SessionEnd end = SessionEnd::not_yet;
    while (!from_peer.empty() && end == SessionEnd::not_yet && !is_terminated_) {
        dns::Bytes rest = from_peer;
        const auto header = watch_.advance(rest);
        const dns::Bytes piece = from_peer.first(from_peer.size() - rest.size());
        from_peer = rest;
        if (!header) return feed(piece);
        end = feed(piece.first(piece.size() - 1));
        if (end == SessionEnd::not_yet) end = judge(*header);
        if (end == SessionEnd::not_yet) end = feed(piece.last(1));
    }
    return end;
}

SessionEnd Connection::feed(dns::Bytes bytes) {
    const ssize_t taken = nghttp2_session_mem_recv(session_, bytes.data(), bytes.size());
    if (lacks_memory_ || taken == NGHTTP2_ERR_NOMEM) lack_memory();
    if (taken >= 0) return SessionEnd::not_yet;
    const bool is_flood = taken == NGHTTP2_ERR_FLOODED;
    terminate(is_flood ? ErrorCode::enhance_your_calm : ErrorCode::protocol_error);
    return is_flood ? SessionEnd::acknowledgements : SessionEnd::malformed;
}

SessionEnd Connection::judge(const FrameHeader& header) {
    const SessionEnd flood = watch_.judge(header, now_ns_);
    if (flood != SessionEnd::not_yet) {
        terminate(ErrorCode::enhance_your_calm);
        return flood;
    }
    const auto fault = role_ == Role::server ? fault_of_stream(header) : std::nullopt;
    if (!fault) return SessionEnd::not_yet;
    terminate(*fault);
    return SessionEnd::malformed;
}

/// What nghttp2 lets pass: frames for streams that have ended (RFC 9113 5.1, 5.1.1), a priority of none (6.3).
std::optional<ErrorCode> Connection::fault_of_stream(const FrameHeader& header) {
    const StreamId id = header.stream;
    if (header.type == frame_type::priority && id == 0) return ErrorCode::protocol_error;
    const bool opens = header.type == frame_type::headers;
    if ((!opens && header.type != frame_type::data) || id % 2 == 0) return std::nullopt;
    if (id > last_opened_) {
        if (opens) last_opened_ = id;
        return std::nullopt;
    }
    if (nghttp2_session_find_stream(session_, id) != nullptr) return std::nullopt;
    const auto known = closed_.find(id);
    if (known == ClosedStreams::Known::ended) return ErrorCode::stream_closed;
    return opens && known == ClosedStreams::Known::no ? std::optional(ErrorCode::protocol_error) : std::nullopt;
}

void Connection::fetch(std::vector<std::uint8_t>& to_peer, std::size_t enough) {
    while (to_peer.size() < enough) {
        const std::uint8_t* bytes = nullptr;
        const ssize_t count = nghttp2_session_mem_send(session_, &bytes);
        if (lacks_memory_ || count == NGHTTP2_ERR_NOMEM) lack_memory();
        if (count <= 0) return;
        to_peer.insert(to_peer.end(), bytes, bytes + count);
    }
}

bool Connection::is_over() const {
    return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

bool Connection::respond(StreamId id, const http::ResponseHead& head, OutgoingBody& body) {
    std::array<nghttp2_nv, 8> fields;
    std::size_t count = 0;
    fields[count++] = field_of(":status", head.status_text());
    for (const http::Field& field : head.fields()) fields[count++] = field_of(field);
    nghttp2_data_provider provider{{.ptr = &body}, read_body};
    const auto* body_or_none = body.bytes.empty() ? nullptr : &provider;
    const int error = nghttp2_submit_response(session_, id, fields.data(), count, body_or_none);
    if (error == NGHTTP2_ERR_NOMEM) lack_memory();
    return error == 0;
}

void Connection::tell_to_go_on(StreamId id) {
    const nghttp2_nv status = field_of(":status", "100");
    if (nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, id, nullptr, &status, 1, nullptr) == NGHTTP2_ERR_NOMEM)
        lack_memory();
}

void Connection::announce_end() {
    if (nghttp2_submit_shutdown_notice(session_) == NGHTTP2_ERR_NOMEM) lack_memory();
}

void Connection::say_last() {
    const StreamId last = nghttp2_session_get_last_proc_stream_id(session_);
    if (nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0) == NGHTTP2_ERR_NOMEM)
        lack_memory();
}

bool Connection::may_open() const { return nghttp2_session_check_request_allowed(session_) != 0; }

StreamId Connection::next_id() const {
    return static_cast<StreamId>(nghttp2_session_get_next_stream_id(session_));
}

std::uint32_t Connection::most_streams() const {
    return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::optional<StreamId> Connection::open(std::span<const http::Field> fields, OutgoingBody& body, void* stream) {
    std::array<nghttp2_nv, 8> all;
    assert(fields.size() <= all.size());
    for (std::size_t index = 0; index < fields.size(); ++index) all[index] = field_of(fields[index]);
    nghttp2_data_provider provider{{.ptr = &body}, read_body};
    const StreamId id = nghttp2_submit_request(session_, nullptr, all.data(), fields.size(), &provider, stream);
    if (id == NGHTTP2_ERR_NOMEM) lack_memory();
    return id > 0 ? std::optional(id) : std::nullopt;
}

void* Connection::find(StreamId id) const { return nghttp2_session_get_stream_user_data(session_, id); }

void Connection::reset(StreamId id, ErrorCode code) {
    const auto number = static_cast<std::uint32_t>(code);
    if (nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, number) == NGHTTP2_ERR_NOMEM) lack_memory();
}

void Connection::ping() {
    if (nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr) == NGHTTP2_ERR_NOMEM) lack_memory();
}

void Connection::terminate(ErrorCode code) {
    is_terminated_ = true;
    nghttp2_session_terminate_session(session_, static_cast<std::uint32_t>(code));
}

}  // namespace dproxy::http2
