// SPDX-License-Identifier: MIT
#include "proxy/loop_watch.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <utility>

#include "proxy/monotonic.hpp"

namespace dproxy::proxy {

using routing::LoopMark;
using routing::LoopPlace;
using routing::LoopSearch;

namespace {

std::string source_of(const LoopPlace& place) {
    return place.file.empty() ? "masterupstream" : place.file + ":" + std::to_string(place.line);
}

}  // namespace

LoopWatch::LoopWatch(ProbeContext& context, telemetry::Log& log, const routing::LoopToken& token, Changed changed)
    : context_(context), log_(log), token_(token), changed_(std::move(changed)), timer_(context.io) {}

void LoopWatch::adopt(const Publication& publication) {
    pools_ = publication.pools;
    pool_of_.clear();
    for (std::uint32_t i = 0; i < pools_->pools.size(); ++i) pool_of_.emplace(pools_->pools[i].settings.get(), i);
    // A change of an address alone brings no new route.
    if (std::exchange(table_serial_, publication.table_serial) == publication.table_serial) return work();
    const routing::RouteTable& table = *publication.table;
    const auto master = pools_->master == no_pool ? nullptr : pools_->pools[pools_->master].settings;

    if (!search_.idle()) forget_what_is_gone(table);
    auto chosen = places_.choose(table, master);
    const std::uint64_t now_ns = monotonic_ns();
    for (LoopPlace& place : chosen.places) {
        if (place.domain.wire().size() <= routing::LoopToken::longest_domain) search_.expect(std::move(place), now_ns);
    }
    if (chosen.left_out > 0) {
        log_.info("too many new routes: not all are asked about loops", {{"left_out", chosen.left_out}});
    }
    work();
}

void LoopWatch::forget_what_is_gone(const routing::RouteTable& table) {
    std::vector<std::pair<const routing::RouteSettings*, std::uint64_t>> routes;
    routes.reserve(table.route_count() + 1);
    for (routing::RouteIndex route = 0; route < table.route_count(); ++route) {
        routes.emplace_back(&table.settings(route), table.key(route));
    }
    if (pools_->master != no_pool) {
        routes.emplace_back(pools_->pools[pools_->master].settings.get(), routing::master_route_key);
    }
    std::sort(routes.begin(), routes.end());
    search_.retain([&](const LoopPlace& place) {
        return std::binary_search(routes.begin(), routes.end(), std::pair(place.settings.get(), place.route_key));
    });
}

void LoopWatch::returned(std::uint64_t number, const net::Address& peer) {
    const auto found = sent_.find(number);
    if (found == sent_.end()) return;
    const LoopPlace* place = search_.place_of(found->second.check);
    // Whoever may not use the route is refused, and nothing goes in circles.
    if (place == nullptr || !place->settings->allows(peer)) return;
    search_.returned(found->second.check, found->second.upstream, monotonic_ns());
    work();
}

void LoopWatch::suspect(LoopPlace place) {
    // What is too long for a label below it is asked as a part of its parent.
    while (place.domain.wire().size() > routing::LoopToken::longest_domain) {
        std::size_t at = std::size_t{place.domain.wire()[0]} + 1;
        place.domain = *dns::Name::read(place.domain.wire(), at);
    }
    if (!pool_of_.contains(place.settings.get())) return;
    search_.suspect(std::move(place), monotonic_ns());
    work();
}

/// Does what is due, and waits for what comes next.
void LoopWatch::work() {
    const std::uint64_t now_ns = monotonic_ns();
    forget_old(now_ns);
    while (const auto id = search_.next(now_ns)) ask(*id, now_ns);
    tell();
    wait();
}

void LoopWatch::wait() {
    auto next_ns = search_.next_ns();
    if (!sent_.empty()) {
        const std::uint64_t look_ns = monotonic_ns() + LoopSearch::patience_ns;
        next_ns = std::min(next_ns.value_or(look_ns), look_ns);
    }
    if (!next_ns) {
        timer_.cancel();
        return;
    }
    const std::uint64_t now_ns = monotonic_ns();
    timer_.expires_after(std::chrono::nanoseconds(*next_ns > now_ns ? *next_ns - now_ns : 0));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) work();
    });
}

void LoopWatch::ask(CheckId id, std::uint64_t now_ns) {
    if (open_ + max_upstreams_asked > max_open_probes) return search_.postpone(id, now_ns + wait_for_room_ns);
    const LoopPlace& place = *search_.place_of(id);
    std::vector<const UpstreamSpec*> upstreams;
    // What retain() let stay has its pool.
    for (const std::uint32_t index : pools_->pools[pool_of_.at(place.settings.get())].upstreams) {
        const UpstreamSpec& upstream = pools_->upstreams[index];
        if (upstreams.size() < max_upstreams_asked && probe_transport(upstream.key.protocol)) {
            upstreams.push_back(&upstream);
        }
    }
    const dns::Name domain = place.domain;
    search_.asked(id, static_cast<unsigned>(upstreams.size()), now_ns);
    for (const UpstreamSpec* upstream : upstreams) send(id, domain, *upstream, now_ns);
}

void LoopWatch::send(CheckId id, const dns::Name& domain, const UpstreamSpec& upstream, std::uint64_t now_ns) {
    const std::uint64_t number = random();
    const ProbeQuestion question{token_.probe_name(number, domain.wire()), dns::type::hinfo, true};
    const auto transport = static_cast<std::size_t>(*probe_transport(upstream.key.protocol));
    context_.counters.upstream(upstream.slot).requests[transport][telemetry::AttemptReason::probe].add();
    Sent& sent = sent_[number];
    sent = {id, now_ns, upstream.key.endpoint.to_string(), nullptr};
    sent.probe = start_probe(context_, upstream.key,
                             [this, number](auto failure) { on_reply(number, !failure); }, question).probe;
    if (sent.probe) ++open_;
}

void LoopWatch::on_reply(std::uint64_t number, bool answered) {
    Sent& sent = sent_.at(number);
    sent.probe.reset();
    --open_;
    if (!answered) return;  // as good as silence
    search_.answered(sent.check, monotonic_ns());
    wait();
}

void LoopWatch::forget_old(std::uint64_t now_ns) {
    std::erase_if(sent_, [&](const auto& one) {
        if (now_ns - one.second.sent_ns < LoopSearch::patience_ns) return false;
        if (one.second.probe) --open_;
        return true;
    });
}

void LoopWatch::tell() {
    if (search_.take_changed()) changed_(std::make_shared<const routing::LoopMarks>(search_.marks()));
    for (const LoopSearch::News& news : search_.take_news()) tell_one(news);
    if (search_.left_out() != told_left_out_) {
        told_left_out_ = search_.left_out();
        log_.warning("too many loops are looked for at a time: some are not found",
                     {{"left_out", told_left_out_}});
    }
}

void LoopWatch::tell_one(const LoopSearch::News& news) {
    const LoopPlace& place = news.mark.place;
    const std::string source = source_of(place), domain = place.domain.to_text();
    if (news.what == LoopSearch::News::What::found) {
        log_.error("loop found", {{"route", place.route},
                                  {"source", source},
                                  {"domain", domain},
                                  {"upstream", news.mark.upstream},
                                  {"answered", place.whole_route ? "SERVFAIL for all names of the route"
                                                                 : "SERVFAIL for the domain's names of the route"}});
        return;
    }
    const bool widened = news.what == LoopSearch::News::What::widened;
    const bool gone = news.what == LoopSearch::News::What::route_gone;
    const char* reason = widened ? "part of a wider loop" : gone ? "the route changed" : "a probe came back no more";
    log_.info("loop ended", {{"route", place.route},
                             {"source", source},
                             {"domain", domain},
                             {"upstream", news.mark.upstream},
                             {"reason", reason}});
}

std::uint64_t LoopWatch::random() {
    std::uint64_t number = 0;
    for (int i = 0; i < 4; ++i) number = number << 16 | context_.random.next();
    return number;
}

}  // namespace dproxy::proxy
