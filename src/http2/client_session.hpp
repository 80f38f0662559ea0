// SPDX-License-Identifier: MIT
// A connection to a server that is asked over HTTP/2 (RFC 8484): each question is a POST on a stream of its own. Bytes
// in and out, no socket and no clock.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/message.hpp"
#include "http/server_session.hpp"
#include "http2/connection.hpp"

namespace dproxy::http2 {

/// Whom all questions of a session are for. Immutable, outlives it.
struct Resource {
    std::string authority;  ///< host, and the port where it is not 443
    std::string path = "/dns-query";
};

/// How a question ended, of which there was no reply that the session could give.
enum class Outcome : std::uint8_t {
    answered,
    unheard,       ///< the server did not look at it, and said so or cannot have: it may be asked again, whatever it is
    lost,          ///< the stream or the connection ended; nobody knows whether it was looked at
    status,        ///< other than 200
    content_type,  ///< other than application/dns-message
    length,        ///< shorter than a header, or other than announced
    too_large,
    malformed,     ///< against the rules of HTTP
};

struct Reply {
    StreamId id = 0;
    Outcome outcome = Outcome::answered;
    std::uint16_t status = 0;           ///< 0 where none came
    std::vector<std::uint8_t> message;  ///< where it is answered; ID and question are the caller's to compare
};

/// Nothing that is called calls back: replies wait until they are fetched. One thread. Hostile bytes end it, nothing
/// throws but for want of memory.
class ClientSession final : private Connection::Events {
public:
    enum class State : std::uint8_t {
        open,
        leaving,  ///< no further question is taken (GOAWAY, stream IDs used up); replies still come
        ended,    ///< all replies are there; the connection is to be closed when what fetch() gives was written
    };

    explicit ClientSession(const Resource& resource);
    ~ClientSession();

    /// Whether ask() would take one now: the server's limit of streams, and ours.
    bool has_room() const;
    std::size_t room() const;
    /// Of the next question.
    StreamId next_id() const { return connection_.next_id(); }
    /// Queues a question; the message ID in it is as it will be sent. Nothing where there is no room.
    std::optional<StreamId> ask(dns::Bytes message);
    /// Its reply is not waited for any more, and none is told.
    void cancel(StreamId id);

    void take(dns::Bytes from_server, std::uint64_t now_ns);
    /// The connection is gone: what is under way ends as unheard or lost.
    void take_end();
    /// In the order in which they came. To be asked until there is none after each take(), fetch() and take_end().
    std::optional<Reply> next_reply();

    /// What is to go to the server is appended, and forgotten here, until there are `enough` bytes in all or nothing
    /// more for now. To be asked after each of the above, and at first.
    void fetch(std::vector<std::uint8_t>& to_server, std::size_t enough);

    /// Asks whether anybody is there; one at a time.
    void ping();
    bool is_ping_unanswered() const { return ping_unanswered_; }
    /// No further question; the server is told.
    void finish();

    State state() const;
    http::SessionEnd end() const { return end_; }
    std::size_t in_flight() const { return streams_.size(); }
    /// Of questions that the server has not made room for, or nobody fetched.
    std::size_t queued_bytes() const;
    /// Memory that it takes, about.
    std::size_t held_bytes() const;

private:
    struct Stream;

    void on_field(void* stream, std::string_view name, std::string_view value) override;
    void on_head(void* stream) override;
    void on_body(void* stream, dns::Bytes piece) override;
    void on_said(void* stream) override;
    void on_closed(void* stream, std::uint32_t code) override;
    void on_unsent(StreamId id) override;
    void on_head_sent(void* stream) override;
    void on_ping_answered() override { ping_unanswered_ = false; }
    void on_goaway() override { leaving_ = true; }
    void on_resets() override {}  // they are our own doing

    Stream* find(StreamId id) const;
    void give_up(Stream& stream, Outcome outcome);
    void finish_all();
    void end(http::SessionEnd why);

    const Resource& resource_;
    Connection connection_;
    std::vector<std::unique_ptr<Stream>> streams_;  ///< at most concurrent_streams; not in order
    std::deque<Reply> replies_;
    bool leaving_ = false;
    bool ping_unanswered_ = false;
    http::SessionEnd end_ = http::SessionEnd::not_yet;
};

}  // namespace dproxy::http2
