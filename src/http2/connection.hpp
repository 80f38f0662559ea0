// SPDX-License-Identifier: MIT
// A connection of HTTP/2 (RFC 9113), either role, with nghttp2 for its frames. What a stream means is its owner's to
// know: ServerSession, ClientSession.
// Held by tests/unit/http2/server_session_test.cpp and tests/unit/http2/client_session_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dns/message.hpp"
#include "http/response_head.hpp"
#include "http/server_session.hpp"
#include "http2/closed_streams.hpp"
#include "http2/frame_watch.hpp"

struct nghttp2_session;

namespace dproxy::http2 {

class SessionMemory;

/// RFC 9113 7, those that are said.
enum class ErrorCode : std::uint32_t {
    no_error = 0, protocol_error = 1, stream_closed = 5, refused_stream = 7, cancel = 8, enhance_your_calm = 11,
};

/// A body on its way out. Lives as long as its stream.
struct OutgoingBody {
    std::vector<std::uint8_t> bytes;
    std::size_t sent = 0;

    std::size_t unsent() const { return bytes.size() - sent; }
};

enum class Role : std::uint8_t { server, client };

/// One thread. Only take() and fetch() tell the owner anything, by its Events.
class Connection {
public:
    /// Is told within take() and fetch(). May queue what it likes; must not destroy the connection.
    class Events {
    public:
        /// A client opened a stream. The pointer is given back with what comes on it; null: the stream is refused.
        virtual void* on_opened(StreamId) { return nullptr; }
        virtual void on_field(void* stream, std::string_view name, std::string_view value) = 0;
        /// A head is whole: the first, of a response another after one of 1xx, or a trailer.
        virtual void on_head(void* stream) = 0;
        virtual void on_body(void* stream, dns::Bytes piece) = 0;
        /// The peer has said all.
        virtual void on_said(void* stream) = 0;
        /// The last of a stream. `code`: 0 where both sides had said all.
        virtual void on_closed(void* stream, std::uint32_t code) = 0;
        /// A request that we made will never leave; its stream does not exist.
        virtual void on_unsent(StreamId) {}
        /// The head of a request that we made was fetched: the peer may have heard of it.
        virtual void on_head_sent(void*) {}
        virtual void on_ping_answered() = 0;
        /// The peer takes no further stream.
        virtual void on_goaway() {}
        /// More streams were reset, by us too, than a client may have reset.
        virtual void on_resets() {}

    protected:
        ~Events() = default;
    };

    Connection(Role role, Events& events);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Not to be called after it told an end. The peer is told what was wrong by what fetch() gives.
    http::SessionEnd take(dns::Bytes from_peer, std::uint64_t now_ns);
    void fetch(std::vector<std::uint8_t>& to_peer, std::size_t enough);
    /// Nothing more is to be read, and nothing more will be fetched.
    bool is_over() const;

    // Server.
    /// `head` and `body` stay where they are until the stream is closed.
    bool respond(StreamId id, const http::ResponseHead& head, OutgoingBody& body);
    void tell_to_go_on(StreamId id);
    /// To be followed by say_last() when requests that are on their way have had time to come.
    void announce_end();
    /// No stream that has not come yet is taken.
    void say_last();

    // Client. The views in `fields` are those of `head`.
    bool may_open() const;
    StreamId next_id() const;
    /// Streams that the server allows at a time.
    std::uint32_t most_streams() const;
    std::optional<StreamId> open(std::span<const http::Field> fields, OutgoingBody& body, void* stream);

    /// The pointer that was given to a stream that is open, else null.
    void* find(StreamId id) const;
    void reset(StreamId id, ErrorCode code);
    void ping();
    /// Ends it, the peer told why.
    void terminate(ErrorCode code);
    /// A frame has begun to come, and is not whole.
    bool is_within_frame() const { return watch_.is_within_frame(); }
    /// Memory that nghttp2 took for it.
    std::size_t held_bytes() const;

private:
    struct Callbacks;

    http::SessionEnd feed(dns::Bytes bytes);
    http::SessionEnd judge(const FrameHeader& header);
    std::optional<ErrorCode> fault_of_stream(const FrameHeader& header);

    Events& events_;
    const Role role_;
    bool lacks_memory_ = false;
    bool is_terminated_ = false;
    FrameWatch watch_;
    ClosedStreams closed_;
    StreamId last_opened_ = 0;  ///< by a client
    std::uint64_t now_ns_ = 0;
    std::unique_ptr<SessionMemory> memory_;
    nghttp2_session* session_ = nullptr;
};

}  // namespace dproxy::http2
