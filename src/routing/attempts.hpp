// SPDX-License-Identifier: MIT
// The attempts of one query: when it is sent, how, when again, and what a reply or a failure means for it. Events go
// in, and each gives one order; who carries it out tells what came of it. No sockets, no clock. Which upstream is asked
// is another decision (upstream_choice.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "dns/message.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::routing {

/// The n-th message sent for a query, counted from 0.
using AttemptNumber = std::uint8_t;
inline constexpr AttemptNumber no_attempt = 0xff;

/// How often a query is sent again that its upstream did not look at.
inline constexpr std::uint8_t max_unheard = 8;

/// What of a query and of its route its attempts depend on.
struct AttemptTerms {
    const RouteSettings* settings = nullptr;  ///< outlive the attempts
    std::size_t upstreams = 0;                ///< of the route's pool
    std::uint64_t deadline_ns = 0;            ///< the client has its answer by then
    std::uint8_t opcode = 0;                  ///< only QUERY is ever sent twice: others may not be repeated safely
    bool came_by_stream = false;
    bool is_signed = false;                   ///< by TSIG or SIG(0)
    bool has_subnet = false;                  ///< the client's network was added to the message
};

/// What is to be done next about a query.
struct AttemptOrder {
    enum class Act : std::uint8_t {
        nothing,
        choose,        ///< an upstream, by the route's policy; then chosen() or nobody_left()
        send,          ///< `attempt`, as manner() says; then sent() or not_sent()
        wait,          ///< until `until_ns`; then time_came(), where nothing has happened before
        tell_overdue,  ///< `attempt` has run out of time: its upstream is told; then time_came() again
        keep,          ///< the reply at hand while a better one is hoped for; then kept()
        deliver,       ///< the reply at hand; then end()
        deliver_kept,  ///< the one that was kept; then end()
        fail,          ///< SERVFAIL with error(); then end()
    };
    enum class Reason : std::uint8_t {
        first,
        retry,  ///< also of the same attempt, where the reply was about how it was asked
        hedge,  ///< choose: another upstream that is up, if the budget allows, or nobody_left()
        moved,  ///< the same attempt, which has come to no end yet: not counted
    };
    /// What the event says of the upstream whose attempt it was about.
    enum class Note : std::uint8_t { nothing, failed, insists_on_cookies, refuses_subnet };

    Act act = Act::nothing;
    Reason reason = Reason::moved;
    AttemptNumber attempt = no_attempt;
    AttemptNumber avoid = no_attempt;   ///< send: not by the link of this one, where there is another
    AttemptNumber closed = no_attempt;  ///< first of all: this one has come to its end
    Note note = Note::nothing;
    std::uint64_t until_ns = 0;
};

/// What is known of an upstream that decides how it is asked.
struct UpstreamHabits {
    bool refuses_subnet = false;      ///< queries with the client's network in them
    bool insists_on_cookies = false;  ///< over UDP
};

/// How a message leaves.
struct AttemptManner {
    bool by_stream = false;
    bool takes_back_subnet = false;  ///< first: the client's network is taken out of the message, for good
};

/// How long an upstream takes.
struct UsualTime {
    std::uint64_t attempt_ns = std::numeric_limits<std::uint64_t>::max();  ///< ReplyTime::attempt_ns()
    std::uint64_t quantile_ns = 0;  ///< ReplyQuantile::value_ns(); 0: not known
};

/// Small and trivially copyable: it lies in the query's entry. One that was made by default has ended. After end()
/// every order is `nothing`; so is the order of an event about an attempt that is not open.
class Attempts {
public:
    using Order = AttemptOrder;
    /// Why an attempt brought nothing.
    enum class Failure : std::uint8_t {
        network,   ///< the network said no: ICMP, reset, connection closed
        overload,  ///< could not be sent within our own limits
    };

    Attempts() = default;
    explicit Attempts(const AttemptTerms& terms);

    Order begin();
    /// The query has come to its end: an order that says so was carried out, or there was a reason outside of it. An
    /// end that there was no memory to carry out comes again in time_came().
    void end() { ended_ = true; }

    // What came of the order before; never without it.

    Order chosen();
    /// All are down and none may be risked; or none is there to hedge with.
    Order nobody_left();
    /// How the attempt that is sent now leaves.
    AttemptManner manner(AttemptNumber attempt, const UpstreamHabits& of);
    /// It left, or it waits for a free stream. After `choose` too: there was no memory to carry the order out, and it
    /// is as if the upstream were silent. `usual`: of the newest attempt's upstream, if there is any.
    Order sent(const UsualTime& usual, std::uint64_t now_ns);
    Order not_sent(AttemptNumber attempt, Failure why);
    Order kept();

    // What comes by itself.

    /// A reply to the question that was asked. `rcode` with its upper bits.
    Order replied(AttemptNumber attempt, std::uint16_t rcode, bool by_stream);
    /// A reply that was cut to a datagram (TC), to a client that takes all of it. It is asked for once more, over a
    /// stream; nothing: it was so before, and this reply is what there is.
    Order reply_cut(AttemptNumber attempt);
    /// The link says that nothing will come.
    Order failed(AttemptNumber attempt, Failure why, bool by_stream);
    /// Something that nobody signed (ICMP) says that nothing will come. It is waited for all the same.
    Order doubted(AttemptNumber attempt);
    /// The connection that it lay on has ended, and that was no answer to it: it has had no chance.
    Order cut_off(AttemptNumber attempt);
    /// The upstream did not look at it, and says so (RFC 9113 8.7): it may be sent again, whatever it is, but only so
    /// often: who looks at nothing has failed.
    Order unheard(AttemptNumber attempt);
    /// Forged replies come to the socket that it left by (RFC 5452 5): it is asked over TCP, where that takes a
    /// sequence number as well, and no reply to this socket is taken any more. What may not be asked twice is still
    /// waited for.
    Order guessed_at(AttemptNumber attempt);
    /// It waited for a stream, and one has room.
    Order stream_free(AttemptNumber attempt);
    Order time_came(std::uint64_t now_ns);

    // What stands.

    AttemptNumber count() const { return count_; }
    /// Its reply would be taken.
    bool is_open(AttemptNumber attempt) const { return (open_ & bit(attempt)) != 0; }
    /// Its time ran out.
    bool is_overdue(AttemptNumber attempt) const { return (overdue_ & bit(attempt)) != 0; }
    /// It left with the client's network, which is to be taken out of its reply.
    bool has_subnet(AttemptNumber attempt) const { return (with_subnet_ & bit(attempt)) != 0; }
    /// What the client is told when all came to nothing.
    dns::ExtendedError error() const {
        return network_error_ ? dns::ExtendedError::network_error : dns::ExtendedError::no_reachable_authority;
    }
    bool has_ended() const { return ended_; }

private:
    using Act = Order::Act;
    using Reason = Order::Reason;
    using Note = Order::Note;
    /// One bit for each attempt.
    using Set = std::uint8_t;
    static_assert(max_attempts <= 8 * sizeof(Set));
    enum class Subnet : std::uint8_t { none, added, unwanted, taken_back };

    static Set bit(AttemptNumber attempt) {
        return attempt < max_attempts ? static_cast<Set>(1u << attempt) : Set{0};
    }
    bool is_live(AttemptNumber attempt) const { return !ended_ && is_open(attempt); }
    bool is_newest(AttemptNumber attempt) const { return attempt + 1 == count_; }
    bool falls_back(std::uint16_t rcode) const;
    std::uint64_t hedge_after_ns(const UsualTime& usual) const;

    Order choose(Reason reason);
    Order send(Reason reason, AttemptNumber attempt, AttemptNumber avoid = no_attempt);
    /// The same upstream is asked again, as part of the same attempt: its reply was about how, not about what.
    Order ask_again(AttemptNumber attempt);
    Order wait_until(std::uint64_t until_ns, bool for_hedge = false);
    /// The next attempt, or what is still open, or the end.
    Order go_on();
    Order close_and_go_on(AttemptNumber attempt);
    Order close_as_failed(AttemptNumber attempt, Failure why);
    Order give_up();
    Order finish(Act act);

    const RouteSettings* settings_ = nullptr;
    std::uint64_t deadline_ns_ = 0;
    std::uint64_t due_ns_ = 0;          ///< what was waited for last
    std::uint64_t attempt_end_ns_ = 0;  ///< when the time of the newest attempt runs out
    std::uint8_t upstreams_ = 0;        ///< as far as attempts can count them
    std::uint8_t left_ = 0;             ///< attempts that may yet be made
    std::uint8_t unheard_left_ = max_unheard;
    std::uint8_t count_ = 0;
    Set open_ = 0;
    Set overdue_ = 0;
    Set doubted_ = 0;
    Set with_subnet_ = 0;
    Set refused_ = 0;           ///< asked again without the client's network
    Set cookie_demanded_ = 0;   ///< asked again over TCP
    Set cut_ = 0;               ///< asked again over TCP, as its reply was cut
    Subnet subnet_ = Subnet::none;
    Act carried_out_ = Act::nothing;  ///< what is answered for next
    Reason chosen_for_ = Reason::first;
    bool may_repeat_ = false;
    bool is_signed_ = false;
    bool stream_asked_for_ = false;   ///< by the client or the route
    bool moved_to_stream_ = false;    ///< our own idea: for cookies, cut replies, or because of forged ones
    bool hedge_is_next_ = false;      ///< at due_ns_
    bool has_kept_ = false;
    bool network_error_ = false;
    bool ended_ = true;
};

}  // namespace dproxy::routing
