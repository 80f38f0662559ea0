// SPDX-License-Identifier: MIT
// What a query's attempt goes through: a UDP socket or a TCP connection of one upstream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/socket_address.hpp"
#include "net/address.hpp"
#include "queries/given_up.hpp"
#include "queries/in_flight.hpp"
#include "upstreams/limits.hpp"

namespace dproxy::proxy {

class Upstream;

/// What is so of every link of one kind.
struct LinkTraits {
    bool is_stream = false;        ///< its replies may be larger than what UDP clients should get (RFC 9715)
    std::size_t most_at_once = 0;  ///< queries that it carries at a time
    bool is_multiplexed = false;   ///< its protocol answers each query once, in any order (HTTP/2)
};

/// One thread. What is called never calls back: a link that the relay or its carrier calls notes what is to be said
/// of the call, or puts it on a list of its upstream's context, which the relay fetches (LinkReport). A link lives
/// until all attempts through it are released, and is destroyed by Carrier::maintain() only.
class Link {
public:
    Link(Upstream& upstream, const LinkTraits& traits) : upstream_(upstream), traits_(traits) {}
    virtual ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    Upstream& upstream() const { return upstream_; }
    const LinkTraits& traits() const { return traits_; }
    virtual int descriptor() const = 0;
    /// Our own address and port, asked of the system until it knows; `[::]:0` before.
    const net::Endpoint& local() {
        if (local_.port == 0) local_ = io::bound_endpoint(descriptor());
        return local_;
    }
    /// The attempt has come to its end. What of it has not left yet does not leave any more.
    virtual void release(Ticket ticket) = 0;
    /// The same, and its reply would still be a sign of life. `question`: hash_of_question().
    void give_up(Ticket ticket, std::uint32_t question) {
        given_up_.remember(ticket, question);
        leave_open(ticket);
    }
    /// The queries that have an attempt on it; twice where one has two.
    virtual std::vector<QueryIndex> waiting() const = 0;

    /// Nothing new is to leave by it where another link can be had, until something is heard by it.
    void suspect() { suspect_ = true; }
    bool is_suspect() const { return suspect_; }
    /// A reply came by it that fits an attempt, open or given up.
    void heard(std::uint64_t now_ns) {
        heard_ns_ = now_ns;
        timeouts_ = 0;
        suspect_ = false;
    }
    /// An attempt that was sent by it at `sent_ns` ran out of time. True when it is one of several in a row with
    /// nothing heard between: the way may be gone for this link alone (a pod behind a Service, an entry of a
    /// connection table), however well others do.
    bool timed_out(std::uint64_t sent_ns) {
        if (heard_ns_ > sent_ns) return false;
        return ++timeouts_ >= timeouts_to_dark;
    }

protected:
    /// As release(), of one that was given up.
    virtual void leave_open(Ticket ticket) { release(ticket); }
    /// True where the reply belongs to an attempt that was given up.
    bool take_late(Ticket ticket, dns::Bytes reply);
    const GivenUpAttempts& given_up() const { return given_up_; }

private:
    Upstream& upstream_;
    const LinkTraits& traits_;
    GivenUpAttempts given_up_;
    net::Endpoint local_;
    std::uint64_t heard_ns_ = 0;
    std::uint32_t timeouts_ = 0;  ///< since then
    bool suspect_ = false;
};

/// Of name (in any case), type and class.
std::uint32_t hash_of_question(dns::Bytes message, const dns::Question& question);

}  // namespace dproxy::proxy
