// SPDX-License-Identifier: MIT
// The story of a query in one worker: judged, routed, sent to an upstream (again), answered. One thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "clients/client_sides.hpp"
#include "clients/query_handler.hpp"
#include "clients/worker_options.hpp"
#include "net/proxy_header.hpp"
#include "probing/loop_reports.hpp"
#include "queries/deadline_queue.hpp"
#include "queries/limits.hpp"
#include "relay/answers.hpp"
#include "relay/client_tap.hpp"
#include "relay/kept_answers.hpp"
#include "relay/loops.hpp"
#include "relay/merged_queries.hpp"
#include "relay/own_hop.hpp"
#include "relay/query_records.hpp"
#include "relay/query_trace.hpp"
#include "relay/route_inflight.hpp"
#include "relay/transfers.hpp"
#include "relay/verdict.hpp"
#include "routing/rate_limit.hpp"
#include "upstreams/generation.hpp"

namespace dproxy::proxy {

class Relay final : public QueryHandler, private LinkEvents, private TransferEvents {
public:
    /// `index`: which of the workers it is.
    Relay(boost::asio::io_context& io, unsigned index, const WorkerOptions& options,
          telemetry::WorkerCounters& counters, TcpLimits& tcp_limits, LoopReports& loop_reports);
    ~Relay();

    ClientSides& clients() { return clients_; }

    /// Within a turn: from now on queries go by this, or, where it throws for want of memory, still by the one in
    /// force. Returns the one that was, for its table to be destroyed where that costs no query time.
    std::shared_ptr<const Publication> adopt(std::shared_ptr<const Publication> publication);

    /// From now on queries that these cover are answered, not relayed.
    void adopt_loops(std::shared_ptr<const routing::LoopMarks> marks) { loops_.adopt(std::move(marks)); }

    /// From now on the steps of these are told.
    void adopt_trace(std::shared_ptr<const trace::Order> order) { trace_.adopt(std::move(order)); }

    /// Called when something is in flight that has a deadline: tick() is to be called each tick_ns then.
    void set_start_ticking(std::function<void()> start) { start_ticking_ = std::move(start); }
    /// Wakes what is due. False when nothing is in flight any more, and ticking may stop.
    bool tick();
    /// Each second.
    void maintain();
    bool idle() const { return queries_.size() == 0 && transfers_.empty(); }
    /// When it ends: whether nothing is owed to anybody any more.
    bool is_done() { return queries_.size() == own_queries_ && transfers_.empty() && clients_.drained(); }
    std::uint32_t inflight() const { return queries_.size(); }
    void cut_transfers();

    void on_turn(TurnKey) override;
    void flush(TurnKey) override;
    std::uint64_t now_ns() const override { return context_.now_ns; }

private:
    // From clients.
    bool on_query(dns::MutableBytes message, const Client& client) override;
    void on_client_drained(const Client& client) override { transfers_.on_client_drained(client); }
    void on_client_gone(const Client& client) override;
    // From upstreams.
    bool on_reply(QueryIndex query, Link& link, Ticket ticket, dns::MutableBytes reply) override;
    // From transfers.
    void on_transfer_begin(const TransferRequest& request) override;
    void on_transfer_message(const TransferRequest& request, bool first, dns::MutableBytes message) override;
    void on_transfer_failure(const TransferRequest& request, dns::ExtendedError error) override;
    void on_transfer_given_way(const TransferRequest& request) override;
    void on_transfer_end(const TransferRequest& request) override;

    /// The table in force is another than before: what is in flight counts in it now.
    void continue_counting(const routing::RouteTable& before);
    /// What a query comes to once its own hop's options are dealt with; returns as on_query.
    bool take(dns::MutableBytes message, const dns::Query& query, const Client& client);
    /// False: beyond `ratelimit`, and dealt with. Other than `good` ones are
    /// answered by an error whatever they come by.
    bool is_within_rate(dns::Bytes message, const dns::Query& query, const Client& client, bool good);

    /// Where a name leads: the pool, and what counts for it.
    struct Destination {
        std::uint32_t pool = no_pool;
        routing::RouteIndex route = routing::no_route;
        telemetry::Slot slot = telemetry::no_route_slot;
    };
    Destination find_route(dns::Bytes name, std::uint16_t type, const Client& client) const;
    routing::RouteIndex route_for(dns::Bytes name, std::uint16_t type, const Client& client) const;

    bool begin(dns::MutableBytes message, const dns::Query& query, const Client& client, const Destination& to);
    bool begin_transfer(dns::MutableBytes message, const dns::Query& query, const Client& client,
                        const Destination& to);
    /// From now on it is in flight; there is room.
    QueryIndex enter(dns::Bytes message, const dns::Query& query, const Client& client, const Destination& to);
    /// Keeps the message in flight as the upstream shall see it. no_query when all places are taken.
    QueryIndex store(dns::Bytes message, const dns::Query& query, const Client& client,
                     const routing::RouteSettings& settings);
    // Of routes that keep answers, or merge queries; see relay_keeping.cpp.

    /// What a query that may be shared is known by: its key, and the client's network where that is a part of it.
    struct Sharing {
        std::array<std::uint8_t, cache::max_subnet_bytes> subnet;
        std::optional<cache::QuestionKey> key;
        bool has_stale = false;  ///< an answer beyond its TTL is kept, for when no other comes in time
    };
    void open_sharing(const PoolSet& pools);
    /// Fills `sharing`. True: the query is answered from what is kept.
    bool is_remembered(dns::Bytes message, const dns::Query& query, const Client& client, const Destination& to,
                       Sharing& sharing);
    bool answer_stale_at_once(const Pool& pool, const cache::QuestionKey& key);
    /// Asks for what is kept anew, for nobody. False: it is asked for already, or there is no room.
    bool ask_again(dns::Bytes message, const dns::Query& query, const Client& client, const Destination& to,
                   const cache::QuestionKey& key);
    /// Nobody waits for its answer from now on.
    void make_own(QueryIndex index);
    QueryIndex find_leader(const cache::QuestionKey& key, std::uint32_t pool, dns::Bytes message);
    /// It leads from now on, or (true) waits for another's reply.
    bool joins_another(QueryIndex index, const Sharing& sharing);
    cache::QuestionKey key_of_leader(QueryIndex index, Sharing& room);
    /// What is delivered to a query that leads goes to all that follow it, as far as it is good for them.
    ReplyAtHand share_reply(QueryIndex index, const ReplyAtHand& reply);
    /// Why what is kept beyond its TTL is given instead of a reply.
    enum class Lack : std::uint8_t {
        late,     ///< of one, which may come yet
        in_vain,  ///< the upstreams were asked, and there is none
    };
    /// To the query and its followers. False: nothing is kept.
    bool give_kept(QueryIndex index, Lack why);
    void fail_followers(QueryIndex index);
    /// Whoever follows it now, in the order they came.
    template <typename Call>
    void for_each_follower(QueryIndex leader, const Call& call);
    void leave_merged(QueryIndex index);
    void deliver(QueryIndex index, const ReplyAtHand& reply);

    /// The PROXY header that names the client, written to `room`; nothing where the route does not want one.
    dns::Bytes proxy_header(const Client& client, const routing::RouteSettings& settings,
                            std::span<std::uint8_t, net::proxy_header_capacity> room) const;
    /// What a query's attempts order, and all that follows from it, down to a wait or the end.
    void carry_out(QueryIndex index, routing::AttemptOrder order, const ReplyAtHand* reply = nullptr);
    /// This one, and tells what came of it: the next.
    routing::AttemptOrder carry_out_one(QueryIndex index, const routing::AttemptOrder& order, const ReplyAtHand* reply);
    /// Either of these; it is waited for where there is no memory.
    routing::AttemptOrder choose_or_send(QueryIndex index, const routing::AttemptOrder& order);
    routing::AttemptOrder choose(QueryIndex index, routing::AttemptOrder::Reason reason);
    routing::AttemptOrder send(QueryIndex index, const routing::AttemptOrder& order);
    void wait(QueryIndex index, std::uint64_t until_ns);
    void wake(QueryIndex index);
    void deliver_kept(QueryIndex index);
    /// Of dproxy's own, to a query in flight.
    void answer(QueryIndex index, const Verdict& verdict);
    /// All came to nothing: SERVFAIL, or what is kept.
    void end_in_vain(QueryIndex index);
    void close_attempt(QueryIndex index, Attempt& attempt);
    /// The same for one that brought nothing: its reply would still show that the upstream lives.
    void give_up_attempt(QueryIndex index, routing::AttemptNumber number);
    /// The upstream is told why an attempt came to nothing.
    void note_failure(QueryIndex index, const Attempt& attempt, telemetry::Failure failure);
    /// What links had to say in this turn, see LinkReport: fetched when none is in the midst of anything.
    void take_reports();
    void tell_of_encryption();
    void take_report(const LinkReport& report);
    void on_link_failure(QueryIndex query, Link& link, Ticket ticket, telemetry::Failure failure);
    void on_no_chance(const LinkReport& report);
    void on_hint(QueryIndex query, Link& link, telemetry::Failure failure);
    void on_guesses(Link& socket);
    /// The queries that waited for a connection of the upstream, as far as there is room.
    void send_waiting(Upstream& upstream);
    void finish(QueryIndex index);
    /// The message is as the client sent it from now on.
    void take_back_subnet(QueryIndex index);
    /// Memory that is kept for others in this worker.
    std::size_t held_bytes() const { return queries_.bytes() + clients_.held_bytes() + context_.meter->held(); }
    /// For one more query. Nothing when there is some, else why not.
    std::optional<telemetry::Rejection> make_room(routing::RouteIndex route, std::uint32_t route_limit,
                                                  std::size_t length);
    /// Ends queries, and cuts connections of clients, of those who hold most, until at least `wanted` is free.
    void free_bytes(std::size_t wanted);
    /// Ends queries (of one route) of those who have most in flight: a part of the limit.
    void free_places(std::optional<routing::RouteIndex> route, std::uint32_t limit);
    void give_way(QueryIndex index, telemetry::Rejection why);

    const WorkerOptions& options_;
    telemetry::WorkerCounters& counters_;
    InFlightTable queries_;
    DeadlineQueue deadlines_;
    std::vector<LinkReport> reports_;  ///< that are being taken
    UpstreamContext context_;
    ClientSides clients_;
    std::shared_ptr<const Publication> publication_;
    Generations generations_;
    RouteInflight route_inflight_;
    Transfers transfers_;
    OwnHop own_hop_;
    QueryRecords records_;
    ClientTap client_tap_;
    QueryTrace trace_;
    Answers answers_;
    KeptAnswers kept_;
    MergedQueries merged_;
    std::vector<QueryIndex> room_for_followers_;  ///< empty between calls
    struct Heir {
        QueryIndex query;
        std::uint32_t serial;
    };
    std::uint32_t own_queries_ = 0;  ///< in flight for nobody
    std::vector<Heir> to_begin_;  ///< whose leader ended without a reply for them
    routing::RateLimit rate_limit_;
    LoopReports& loop_reports_;
    Loops loops_;
    std::size_t next_rotation_ = 0;  ///< of the addresses of an `answer`
    std::function<void()> start_ticking_;
    bool ticking_ = false;
    std::size_t most_held_bytes_ = 0;  ///< since maintain()
};

}  // namespace dproxy::proxy
