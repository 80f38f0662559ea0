// SPDX-License-Identifier: MIT
// One connection of a client that asks over HTTP, whichever HTTP: bytes in, DNS messages out; answers in, bytes out. No
// socket and no clock: what came is told, and so is the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dns/message.hpp"
#include "http/status.hpp"
#include "net/address.hpp"

namespace dproxy::http {

/// In HTTP/2 the stream; in HTTP/1.1 the number of the request. Never twice in a session.
using RequestId = std::uint32_t;

struct Request {
    RequestId id = 0;
    std::vector<std::uint8_t> message;  ///< a DNS message, or at least as long as one
    net::Address client;                ///< on whose behalf, as far as it can be believed
};

/// Why a session has ended, for a metric and the log. Each but the first two is a limit, or a client that breaks rules.
enum class SessionEnd : std::uint8_t {
    not_yet,
    finished,         ///< all that was taken is answered; the client or the owner wanted no more
    malformed,        ///< no HTTP, or against its rules
    fields,           ///< a head without an end
    pipelined,        ///< HTTP/1.1: far more sent ahead than one request
    resets,           ///< HTTP/2, here and below: streams opened and given up (CVE-2023-44487)
    settings,
    pings,
    priorities,
    window_updates,
    empty_frames,
    continuations,    ///< a head in too many frames
    unknown_frames,
    acknowledgements,  ///< that the client makes us owe it, and does not read
};

/// Nothing that is called calls back: what there is to tell waits until it is fetched. One thread. Hostile bytes end
/// it, nothing throws but for want of memory.
class ServerSession {
public:
    enum class State : std::uint8_t {
        open,
        finishing,  ///< what is under way is answered; then it ends
        ended,      ///< when what fetch() gives has been written, the connection is to be closed
    };

    virtual ~ServerSession() = default;

    /// What came from the client, in any pieces. All of it is taken.
    virtual void take(dns::Bytes from_client, std::uint64_t now_ns) = 0;
    /// False: nothing more should be read for now. What is taken all the same is kept, up to a limit.
    virtual bool wants_more() const = 0;
    /// The client sends nothing more.
    virtual void take_end() = 0;

    // What came, one by one: to be fetched after take(), and in HTTP/1.1 after answer(), refuse() and fetch(), too,
    // since the next request waits for its turn.
    virtual std::optional<Request> next_request() = 0;
    /// A request that was fetched, and whose answer nobody waits for any more.
    virtual std::optional<RequestId> next_cancelled() = 0;
    /// What a request was answered with that never became one of next_request(): for a metric.
    virtual std::optional<Status> next_refused() = 0;

    /// Streams that were turned away since the last call, as too much of the client's lies unread or unfinished.
    virtual std::size_t take_turned_away() = 0;

    /// Answers a request, each once. False where nobody waits for it.
    virtual bool answer(RequestId id, dns::Bytes message) = 0;
    virtual bool refuse(RequestId id, Status status) = 0;

    /// What is to go to the client is appended, and forgotten here, until there are `enough` bytes in all or nothing
    /// more for now. To be asked after each of the above, and at first.
    virtual void fetch(std::vector<std::uint8_t>& to_client, std::size_t enough) = 0;

    /// No further request is taken, and the client is told so. Said a second time, those that may be on their way are
    /// not waited for either.
    virtual void finish() = 0;
    virtual State state() const = 0;
    virtual SessionEnd end() const = 0;
    /// Requests that were fetched and are not answered.
    virtual std::size_t in_flight() const = 0;
    /// A request has begun to come and is not whole.
    virtual bool has_part_of_request() const = 0;
    /// Of answers that the client has not made room for, or nobody fetched.
    virtual std::size_t queued_bytes() const = 0;
    /// Memory that it takes, about, with the above.
    virtual std::size_t held_bytes() const = 0;
};

}  // namespace dproxy::http
