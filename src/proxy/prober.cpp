// SPDX-License-Identifier: MIT
#include "proxy/prober.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "proxy/loop_watch.hpp"
#include "proxy/monotonic.hpp"
#include "proxy/probe.hpp"
#include "routing/health_judgement.hpp"

namespace dproxy::proxy {

namespace asio = boost::asio;
using routing::Health;
using routing::HealthJudgement;
using telemetry::AttemptReason;
using telemetry::Failure;

namespace {

/// Where no probe can be sent, real queries tell.
Health mode_of(const UpstreamSpec& spec) {
    const bool can_probe = probe_transport(spec.key.protocol).has_value();
    return spec.health_mode == Health::on && !can_probe ? Health::passive : spec.health_mode;
}

struct Watched {
    UpstreamSpec spec;
    HealthJudgement judgement;
    std::unique_ptr<Probe> probe;  ///< under way
};

}  // namespace

struct Prober::State {
    State(telemetry::WorkerCounters& own_counters, telemetry::Log& the_log, const routing::LoopToken& token,
          LoopsChanged loops_changed)
        : counters(own_counters),
          log(the_log),
          // Other threads post; the descriptors are this thread's alone.
          io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
          work(io.get_executor()),
          timer(io),
          context{io, own_counters, {}, {}, {}},
          loops(context, the_log, token, std::move(loops_changed)) {}

    void adopt(const Publication& publication);
    Watched watch(const UpstreamSpec& spec, std::uint64_t spread_ns);
    void look_soon();
    void look();
    void look_at(Watched& watched, std::uint64_t now_ns);
    void probe_what_is_due(std::uint64_t now_ns);
    void probe(Watched& watched, std::uint64_t now_ns);
    void on_probe_done(std::uint64_t serial, std::optional<Failure> failure);
    void fail_probe(Watched& watched, Failure failure, std::uint64_t now_ns);
    void withdraw_probe(Watched& watched);
    void tell(Watched& watched, std::string_view reason, std::uint64_t now_ns);
    std::uint32_t random() { return std::uint32_t{context.random.next()} << 16 | context.random.next(); }

    telemetry::WorkerCounters& counters;
    telemetry::Log& log;
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work;
    asio::steady_timer timer;
    ProbeContext context;
    LoopWatch loops;
    std::map<std::uint64_t, Watched> watched_by_serial;
    std::uint64_t next_serial = 0;  ///< whose turn to be probed it is
    std::size_t under_way = 0;
    bool looking = false;
    std::thread thread;
};

void Prober::State::adopt(const Publication& publication) {
    for (const telemetry::Slot slot : publication.upstream_slots_to_clear) counters.upstream(slot).clear();
    const auto& upstreams = publication.pools->upstreams;
    const std::uint64_t spread_ns =
        std::min<std::uint64_t>(upstreams.size() * first_probe_spread_ns, HealthJudgement::interval_ns);
    std::map<std::uint64_t, Watched> stay;
    for (const UpstreamSpec& spec : upstreams) {
        auto known = watched_by_serial.extract(spec.serial);
        if (!known) {
            stay.emplace(spec.serial, watch(spec, spread_ns));
            continue;
        }
        Watched& watched = known.mapped();
        watched.spec = spec;
        if (mode_of(spec) != Health::on) withdraw_probe(watched);
        watched.judgement.set_mode(mode_of(spec), monotonic_ns());
        tell(watched, "health = off", monotonic_ns());
        stay.insert(std::move(known));
    }
    for (auto& [serial, gone] : watched_by_serial) withdraw_probe(gone);
    watched_by_serial = std::move(stay);
    look_soon();
    loops.adopt(publication);
}

Watched Prober::State::watch(const UpstreamSpec& spec, std::uint64_t spread_ns) {
    const std::uint64_t now_ns = monotonic_ns();
    spec.health->changed_ns.store(now_ns, std::memory_order_relaxed);
    return {spec, HealthJudgement(mode_of(spec), now_ns + (spread_ns * random() >> 32)), nullptr};
}

/// Looks again and again for as long as there is something to watch.
void Prober::State::look_soon() {
    const bool needed = std::any_of(watched_by_serial.begin(), watched_by_serial.end(), [](const auto& one) {
        return one.second.judgement.mode() != Health::off;
    });
    if (looking || !needed) return;
    looking = true;
    timer.expires_after(std::chrono::nanoseconds(look_interval_ns));
    timer.async_wait([this](const boost::system::error_code& error) {
        looking = false;
        if (error) return;
        look();
        look_soon();
    });
}

void Prober::State::look() {
    const std::uint64_t now_ns = monotonic_ns();
    for (auto& [serial, watched] : watched_by_serial) look_at(watched, now_ns);
    probe_what_is_due(now_ns);
}

void Prober::State::look_at(Watched& watched, std::uint64_t now_ns) {
    HealthJudgement& judgement = watched.judgement;
    UpstreamHealth& health = *watched.spec.health;
    routing::Sightings seen;
    seen.heard_ns = health.heard_ns.load(std::memory_order_relaxed);
    seen.timeouts = health.timeouts.load(std::memory_order_relaxed);
    seen.suspected = health.suspected.load(std::memory_order_relaxed);
    judgement.look(seen, now_ns);
    tell(watched, judgement.up() ? "a query was answered" : "queries timed out", now_ns);
    if (judgement.probe_under_way() && now_ns - judgement.probe_sent_ns() >= HealthJudgement::probe_timeout_ns) {
        fail_probe(watched, Failure::timeout, now_ns);
    }
}

/// Begins where the last look ended, so that each upstream has its turn when there are too many.
void Prober::State::probe_what_is_due(std::uint64_t now_ns) {
    std::size_t begun = 0;
    auto next = watched_by_serial.lower_bound(next_serial);
    for (std::size_t i = 0; i < watched_by_serial.size(); ++i) {
        if (begun == max_probes_a_look || under_way == max_probes_under_way) break;
        if (next == watched_by_serial.end()) next = watched_by_serial.begin();
        if (next->second.judgement.probe_due(now_ns)) {
            probe(next->second, now_ns);
            ++begun;
        }
        ++next;
    }
    next_serial = next == watched_by_serial.end() ? 0 : next->first;
}

void Prober::State::probe(Watched& watched, std::uint64_t now_ns) {
    const UpstreamSpec& spec = watched.spec;
    spec.health->suspected.store(false, std::memory_order_relaxed);
    watched.judgement.probe_sent(now_ns);
    ++under_way;
    const auto transport = static_cast<std::size_t>(*probe_transport(spec.key.protocol));
    counters.upstream(spec.slot).requests[transport][AttemptReason::probe].add();
    StartedProbe started = start_probe(context, spec.key, [this, serial = spec.serial](auto failure) {
        on_probe_done(serial, failure);
    });
    watched.probe = std::move(started.probe);
    if (!watched.probe) fail_probe(watched, started.failure, now_ns);
}

void Prober::State::on_probe_done(std::uint64_t serial, std::optional<Failure> failure) {
    Watched& watched = watched_by_serial.at(serial);
    const std::uint64_t now_ns = monotonic_ns();
    if (failure) return fail_probe(watched, *failure, now_ns);
    watched.probe.reset();
    --under_way;
    watched.judgement.probe_answered(now_ns);
    watched.spec.health->probed_ns.store(now_ns, std::memory_order_relaxed);
    tell(watched, "a probe was answered", now_ns);
}

void Prober::State::fail_probe(Watched& watched, Failure failure, std::uint64_t now_ns) {
    watched.probe.reset();
    --under_way;
    counters.upstream(watched.spec.slot).failures[failure].add();
    // What a worker heard a moment ago may not be written yet.
    std::uint64_t heard_ns = watched.spec.health->heard_ns.load(std::memory_order_relaxed);
    if (heard_ns > 0) heard_ns += UpstreamHealth::report_interval_ns;
    watched.judgement.probe_failed(now_ns, heard_ns, random());
    tell(watched, std::string("probes failed: ").append(telemetry::name_of(failure)), now_ns);
}

void Prober::State::withdraw_probe(Watched& watched) {
    if (!watched.judgement.probe_under_way()) return;
    watched.probe.reset();
    --under_way;
    watched.judgement.probe_withdrawn();
}

/// Where the judgement has turned, everyone learns of it.
void Prober::State::tell(Watched& watched, std::string_view reason, std::uint64_t now_ns) {
    UpstreamHealth& health = *watched.spec.health;
    const bool up = watched.judgement.up();
    if (up == health.up.load(std::memory_order_relaxed)) return;
    const std::uint64_t lasted_ns = now_ns - health.changed_ns.load(std::memory_order_relaxed);
    // Time-outs are counted anew from each turn.
    health.timeouts.store(0, std::memory_order_relaxed);
    health.changed_ns.store(now_ns, std::memory_order_relaxed);
    health.up.store(up, std::memory_order_relaxed);
    const std::string address = watched.spec.key.endpoint.to_string();
    if (up) {
        log.info("upstream up", {{"upstream", address},
                                 {"reason", reason},
                                 {"down_seconds", lasted_ns / std::uint64_t{1'000'000'000}}});
    } else {
        log.warning("upstream down", {{"upstream", address}, {"reason", reason}});
    }
}

Prober::Prober(telemetry::WorkerCounters& counters, telemetry::Log& log, const routing::LoopToken& token,
               LoopsChanged loops_changed)
    : state_(std::make_unique<State>(counters, log, token, std::move(loops_changed))) {}

Prober::~Prober() { stop(); }

void Prober::start(std::shared_ptr<const Publication> publication) {
    state_->thread = std::thread([state = state_.get(), publication = std::move(publication)]() mutable {
        pthread_setname_np(pthread_self(), "prober");
        state->adopt(*publication);  // here: with a million routes it takes a moment
        publication.reset();
        state->io.run();
    });
}

void Prober::adopt(std::shared_ptr<const Publication> publication,
                   std::function<void(std::shared_ptr<const Publication>)> adopted) {
    asio::post(state_->io, [state = state_.get(), publication = std::move(publication),
                            adopted = std::move(adopted)]() mutable {
        state->adopt(*publication);
        adopted(std::move(publication));
    });
}

void Prober::loop_probe_returned(std::uint64_t number, const net::Address& peer) {
    asio::post(state_->io, [state = state_.get(), number, peer] { state->loops.returned(number, peer); });
}

void Prober::loop_suspected(routing::LoopPlace place) {
    asio::post(state_->io,
               [state = state_.get(), place = std::move(place)]() mutable { state->loops.suspect(std::move(place)); });
}

void Prober::stop() {
    state_->io.stop();
    if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace dproxy::proxy
