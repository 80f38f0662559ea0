// SPDX-License-Identifier: MIT
// Held by tests/integration/test_loops.py and tests/integration/test_loop_spies.py.
#include "probing/loop_watch.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <utility>

#include "io/do_and_always.hpp"
#include "io/monotonic.hpp"

namespace dproxy::proxy {

using routing::LoopMark;
using routing::LoopPlace;
using routing::LoopSearch;

namespace {

std::string source_of(const LoopPlace& place) {
    return place.file.empty() ? "masterupstream" : place.file + ":" + std::to_string(place.line);
}

std::string_view reason_of(LoopSearch::News::What what) {
    switch (what) {
        case LoopSearch::News::What::widened: return "part of a wider loop";
        case LoopSearch::News::What::route_gone: return "the route changed";
        case LoopSearch::News::What::made_room: return "too many are known";
        case LoopSearch::News::What::ended:
        case LoopSearch::News::What::found: break;
    }
    return "a probe came back no more";
}

}  // namespace

LoopWatch::LoopWatch(ProbeContext& context, telemetry::Log& log, const routing::LoopToken& token, Changed changed)
    : context_(context), log_(log), token_(token), changed_(std::move(changed)), timer_(context.io) {}

void LoopWatch::adopt(const Publication& publication) {
    table_ = publication.table;
    pools_ = publication.pools;
    pool_of_.clear();
    for (std::uint32_t i = 0; i < pools_->pools.size(); ++i) pool_of_.emplace(pools_->pools[i].settings.get(), i);
    // A change of an address alone brings no new route.
    if (std::exchange(table_serial_, publication.table_serial) == publication.table_serial) return work();
    const routing::RouteTable& table = *publication.table;
    const auto master = pools_->master == no_pool ? nullptr : pools_->pools[pools_->master].settings;

    if (!search_.idle() || passes_.size() > 0) forget_what_is_gone(table);
    auto chosen = places_.choose(table, master);
    const std::uint64_t now_ns = io::monotonic_ns();
    for (LoopPlace& place : chosen.places) {
        if (place.domain.wire().size() > routing::LoopToken::longest_domain) continue;
        if (!search_.expect(std::move(place), now_ns)) ++chosen.left_out;
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
    const auto is_there = [&routes](const routing::RouteSettings* settings, std::uint64_t key) {
        return std::binary_search(routes.begin(), routes.end(), std::pair(settings, key));
    };
    search_.retain([&](const LoopPlace& place) { return is_there(place.settings.get(), place.route_key); });
    passes_.retain(is_there);
}

void LoopWatch::returned(std::uint64_t number, const net::Address& peer) {
    const auto found = sent_.find(number);
    if (found == sent_.end()) return;
    const LoopPlace* place = search_.place_of(found->second.check);
    // Whoever may not use the route is refused, and nothing goes in circles.
    if (place == nullptr || !place->settings->allows(peer)) return;
    const CheckId check = found->second.check;
    if (!passes_.goes_round(*table_, *place, token_.probe_name(number, place->domain.wire()).wire(), peer)) return;
    const std::string upstream = found->second.upstream;
    forget_probes_of(check);  // what was sent with this one says nothing about what is asked next
    search_.returned(check, upstream, io::monotonic_ns());
    work();
}

void LoopWatch::suspect(LoopPlace place) {
    // What is too long for a label below it is asked as a part of its parent.
    while (place.domain.wire().size() > routing::LoopToken::longest_domain) {
        if (place.is_whole_pattern()) return;
        std::size_t at = std::size_t{place.domain.wire()[0]} + 1;
        place.domain = *dns::Name::read(place.domain.wire(), at);
    }
    if (!pool_of_.contains(place.settings.get())) return;
    search_.suspect(std::move(place), io::monotonic_ns());
    work();
}

/// Does what is due, and waits for what comes next.
void LoopWatch::work() {
    const std::uint64_t now_ns = io::monotonic_ns();
    const auto do_what_is_due = [&] {
        forget_old(now_ns);
        expect_others(now_ns);
        while (const auto id = search_.next(now_ns)) ask(*id, now_ns);
        tell();
    };
    io::do_and_always(do_what_is_due, [this] { wait(); });
}

/// Their upstreams are those of the pattern that proved to be a loop, and nobody may ask for them for long.
void LoopWatch::expect_others(std::uint64_t now_ns) {
    for (const LoopPlace& place : search_.take_confirmed()) {
        auto others = routing::LoopPlaces::others_of(place, *table_);
        std::erase_if(others, [](const LoopPlace& one) {
            return one.domain.wire().size() > routing::LoopToken::longest_domain;
        });
        search_.expect_others(std::move(others), now_ns);
    }
}

void LoopWatch::wait() {
    auto next_ns = search_.next_ns();
    if (!sent_.empty()) {
        const std::uint64_t look_ns = io::monotonic_ns() + LoopSearch::patience_ns;
        next_ns = std::min(next_ns.value_or(look_ns), look_ns);
    }
    if (!next_ns) {
        timer_.cancel();
        return;
    }
    const std::uint64_t now_ns = io::monotonic_ns();
    timer_.expires_after(std::chrono::nanoseconds(*next_ns > now_ns ? *next_ns - now_ns : 0));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) work();
    });
}

void LoopWatch::ask(CheckId id, std::uint64_t now_ns) {
    if (open_ + max_upstreams_asked > max_open_probes) return search_.postpone(id, now_ns + wait_for_room_ns);
    const LoopPlace& place = *search_.place_of(id);
    const std::string& through = search_.asked_through(id);
    std::vector<const UpstreamSpec*> upstreams;
    // What retain() let stay has its pool.
    for (const std::uint32_t index : pools_->pools[pool_of_.at(place.settings.get())].upstreams) {
        const UpstreamSpec& upstream = pools_->upstreams[index];
        if (!through.empty() && through != upstream.key.endpoint.to_string()) continue;
        if (upstreams.size() < max_upstreams_asked) upstreams.push_back(&upstream);
    }
    const dns::Name domain = place.domain;
    search_.asked(id, static_cast<unsigned>(upstreams.size()), now_ns);
    for (const UpstreamSpec* upstream : upstreams) send(id, domain, *upstream, now_ns);
}

void LoopWatch::send(CheckId id, const dns::Name& domain, const UpstreamSpec& upstream, std::uint64_t now_ns) {
    const std::uint64_t number = draw_number(now_ns);
    const std::uint16_t type = routing::probe_type_of(*search_.place_of(id)->settings);
    const ProbeQuestion question{token_.probe_name(number, domain.wire()), type, true};
    Sent& sent = sent_[number];
    sent = {id, now_ns, upstream.key.endpoint.to_string(), nullptr};
    sent.probe = start_probe(context_, upstream,
                             [this, number](auto failure) { on_reply(number, !failure); }, question).probe;
    if (sent.probe) ++open_;
}

void LoopWatch::on_reply(std::uint64_t number, bool answered) {
    Sent& sent = sent_.at(number);
    sent.probe.reset();
    --open_;
    if (!answered) return;  // as good as silence
    search_.answered(sent.check, io::monotonic_ns());
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
                                  {"answered", place.is_whole_pattern()
                                                   ? "SERVFAIL for all names of the pattern"
                                                   : "SERVFAIL for the domain's names of the route"}});
        return;
    }
    const std::string_view reason = reason_of(news.what);
    log_.info("loop ended", {{"route", place.route},
                             {"source", source},
                             {"domain", domain},
                             {"upstream", news.mark.upstream},
                             {"reason", reason}});
}

void LoopWatch::forget_probes_of(CheckId check) {
    std::erase_if(sent_, [&](const auto& one) {
        if (one.second.check != check) return false;
        if (one.second.probe) --open_;
        return true;
    });
}

std::uint64_t LoopWatch::draw_number(std::uint64_t now_ns) {
    for (;;) {
        const std::uint32_t high = context_.random.next();
        const std::uint64_t number = routing::LoopToken::number_of_probe(now_ns, high << 16 | context_.random.next());
        if (!sent_.contains(number)) return number;
    }
}

}  // namespace dproxy::proxy
