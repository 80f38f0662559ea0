// SPDX-License-Identifier: MIT
// Sends the probes that the search for loops wants, and tells what it found. Belongs to the prober's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "probing/probe.hpp"
#include "publication/publication.hpp"
#include "routing/loop_marks.hpp"
#include "routing/loop_passes.hpp"
#include "routing/loop_places.hpp"
#include "routing/loop_search.hpp"
#include "routing/loop_token.hpp"
#include "telemetry/log.hpp"

namespace dproxy::proxy {

class LoopWatch {
public:
    /// Of a route's upstreams, as many are asked.
    static constexpr std::size_t max_upstreams_asked = 4;
    static constexpr std::size_t max_open_probes = 128;
    static constexpr std::uint64_t wait_for_room_ns = 100'000'000;

    /// Called with the marks that are in force from now on.
    using Changed = std::function<void(std::shared_ptr<const routing::LoopMarks>)>;

    LoopWatch(ProbeContext& context, telemetry::Log& log, const routing::LoopToken& token, Changed changed);

    /// Asks about what is new in it, forgets what is gone.
    void adopt(const Publication& publication);
    void returned(std::uint64_t number, const net::Address& peer);
    void suspect(routing::LoopPlace place);

private:
    using CheckId = routing::LoopSearch::CheckId;
    /// A probe that was sent. Kept, without its socket, for as long as it may come back.
    struct Sent {
        CheckId check;
        std::uint64_t sent_ns;
        std::string upstream;
        std::unique_ptr<Probe> probe;
    };

    void forget_what_is_gone(const routing::RouteTable& table);
    void work();
    void expect_others(std::uint64_t now_ns);
    void wait();
    void ask(CheckId id, std::uint64_t now_ns);
    void send(CheckId id, const dns::Name& domain, const UpstreamSpec& upstream, std::uint64_t now_ns);
    void on_reply(std::uint64_t number, bool answered);
    void forget_old(std::uint64_t now_ns);
    void tell();
    void tell_one(const routing::LoopSearch::News& news);
    void forget_probes_of(CheckId check);
    std::uint64_t draw_number(std::uint64_t now_ns);

    ProbeContext& context_;
    telemetry::Log& log_;
    const routing::LoopToken token_;
    const Changed changed_;
    boost::asio::steady_timer timer_;
    routing::LoopPlaces places_;
    routing::LoopSearch search_;
    routing::LoopPasses passes_;
    std::shared_ptr<const routing::RouteTable> table_;
    std::shared_ptr<const PoolSet> pools_;
    std::unordered_map<const routing::RouteSettings*, std::uint32_t> pool_of_;
    std::uint64_t table_serial_ = 0;      ///< of the publication adopted last; they are counted from 1
    std::map<std::uint64_t, Sent> sent_;  ///< by number
    std::size_t open_ = 0;                ///< those with a socket
    std::uint64_t told_left_out_ = 0;
};

}  // namespace dproxy::proxy
