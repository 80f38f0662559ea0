// SPDX-License-Identifier: MIT
// The story of a query in one worker: judged, routed, sent to an upstream (again), answered. One thread.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "net/proxy_header.hpp"
#include "proxy/deadline_queue.hpp"
#include "proxy/generation.hpp"
#include "proxy/loop_reports.hpp"
#include "proxy/loop_suspicion.hpp"
#include "proxy/query_handler.hpp"
#include "proxy/tcp_clients.hpp"
#include "proxy/transfers.hpp"
#include "proxy/udp_clients.hpp"
#include "proxy/verdict.hpp"
#include "proxy/worker_options.hpp"
#include "routing/rate_limit.hpp"

namespace dproxy::proxy {

class Relay final : public QueryHandler, private LinkEvents, private TransferEvents {
public:
    Relay(boost::asio::io_context& io, const WorkerOptions& options, telemetry::WorkerCounters& counters,
          TcpLimits& tcp_limits, LoopReports& loop_reports);
    ~Relay();

    UdpClients& udp() { return udp_; }
    TcpClients& tcp() { return tcp_; }

    /// From now on queries go by this. Returns the publication that was in force, for its table to be
    /// destroyed where that costs no query time.
    std::shared_ptr<const Publication> adopt(std::shared_ptr<const Publication> publication);

    /// From now on queries that these cover are answered, not relayed.
    void adopt_loops(std::shared_ptr<const routing::LoopMarks> marks) { loop_marks_ = std::move(marks); }

    /// Called when something is in flight that has a deadline: tick() is to be called each tick_ns then.
    void set_start_ticking(std::function<void()> start) { start_ticking_ = std::move(start); }
    /// Wakes what is due. False when nothing is in flight any more, and ticking may stop.
    bool tick();
    /// Each second.
    void maintain();
    bool idle() const { return queries_.size() == 0 && transfers_.empty(); }
    std::uint32_t inflight() const { return queries_.size(); }
    void cut_transfers() { transfers_.cut_all(); }

    void on_turn() override;
    void flush() override;
    std::uint64_t now_ns() const override { return context_.now_ns; }

private:
    // From clients.
    bool on_query(dns::MutableBytes message, const Client& client) override;
    void on_client_drained(const Client& client) override { transfers_.on_client_drained(client); }
    void on_client_gone(const Client& client) override;
    // From upstreams.
    void on_reply(QueryIndex query, Link& link, dns::MutableBytes reply) override;
    void on_link_failure(QueryIndex query, Link& link, telemetry::Failure failure) override;
    void on_stale_stream(QueryIndex query, Link& link) override;
    void on_stream_free(Upstream& upstream) override;
    // From transfers.
    void on_transfer_message(const TransferRequest& request, bool first, dns::Bytes message) override;
    void on_transfer_failure(const TransferRequest& request, dns::ExtendedError error) override;
    void on_transfer_end(const TransferRequest& request) override;

    /// Where a name leads: the pool, and what counts for it.
    struct Destination {
        std::uint32_t pool = no_pool;
        routing::RouteIndex route = routing::no_route;
        telemetry::Slot slot = telemetry::no_route_slot;
    };
    Destination find_route(dns::Bytes name) const;

    bool begin(dns::MutableBytes message, const dns::Query& query, const Client& client, const Destination& to);
    bool begin_transfer(dns::MutableBytes message, const dns::Query& query, const Client& client,
                        const Destination& to);
    /// Keeps the message in flight as the upstream shall see it. no_query when all places are taken.
    QueryIndex store(dns::Bytes message, const dns::Query& query, const Client& client,
                     const routing::RouteSettings& settings);
    /// The PROXY header that names the client, written to `room`; nothing where the route does not want one.
    dns::Bytes proxy_header(const Client& client, const routing::RouteSettings& settings,
                            std::span<std::uint8_t, net::proxy_header_capacity> room) const;
    /// Asks the next upstream.
    void attempt(QueryIndex index);
    /// Time for a second query to another upstream, where one is up and the budget allows.
    void hedge(QueryIndex index);
    std::uint64_t hedge_due_ns(const InFlight& entry) const;
    void begin_attempt(QueryIndex index, Upstream& upstream, telemetry::AttemptReason reason);
    /// Whom to ask next; null when all are down and none may be risked.
    Upstream* choose(QueryIndex index);
    bool goes_over_tcp(const InFlight& entry) const;
    bool falls_back(const InFlight& entry, std::uint8_t rcode) const;
    void deliver(const InFlight& entry, dns::MutableBytes reply, bool by_stream);
    void send_attempt(QueryIndex index, Attempt& attempt, const Link* avoid);
    void schedule(QueryIndex index);
    void wake(QueryIndex index);
    void close_attempt(Attempt& attempt);
    void next_step(QueryIndex index, routing::Step step);
    void give_up(QueryIndex index);
    void finish(QueryIndex index);

    /// True when it was one that came back, and has been dealt with.
    bool take_loop_probe(dns::Bytes message, const dns::Query& query, const Client& client);
    bool would_loop(dns::Bytes name, const Destination& to, const routing::RouteSettings& settings) const;
    std::uint64_t route_key_of(const Destination& to) const;
    /// The query may be one of many that go in circles.
    void suspect_loop(QueryIndex index, const Destination& to, std::uint32_t route_limit);

    void answer(const Client& client, dns::Bytes message, telemetry::Slot route_slot, telemetry::Source source,
                std::uint64_t started_ns);
    void answer_own(dns::Bytes message, const dns::Query& query, const Client& client, const Verdict& verdict,
                    telemetry::Slot route_slot, std::uint64_t started_ns);

    const WorkerOptions& options_;
    telemetry::WorkerCounters& counters_;
    InFlightTable queries_;
    DeadlineQueue deadlines_;
    UpstreamContext context_;
    UdpClients udp_;
    TcpClients tcp_;
    std::shared_ptr<const Publication> publication_;
    Generations generations_;
    Transfers transfers_;
    routing::RateLimit rate_limit_;
    LoopReports& loop_reports_;
    std::shared_ptr<const routing::LoopMarks> loop_marks_;  ///< null: none were found yet
    LoopSuspicion loop_suspicion_;
    std::uint64_t loop_reports_since_ns_ = 0;
    std::uint32_t loop_reports_made_ = 0;  ///< since then
    std::function<void()> start_ticking_;
    bool ticking_ = false;
};

}  // namespace dproxy::proxy
