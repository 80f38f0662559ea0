// SPDX-License-Identifier: MIT
// Held by tests/integration/test_health.py, tests/integration/test_health_by_queries.py and
// tests/integration/test_health_probes.py.
#include "probing/prober.hpp"

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
#include <utility>
#include <vector>

#include "io/do_and_always.hpp"
#include "io/monotonic.hpp"
#include "probing/loop_watch.hpp"
#include "probing/probe.hpp"
#include "routing/health_judgement.hpp"
#include "telemetry/every_so_often.hpp"

namespace dproxy::proxy {

namespace asio = boost::asio;
using routing::Health;
using routing::HealthJudgement;
using routing::ProbeEnd;
using telemetry::Failure;

namespace {

ProbeQuestion question_of(const UpstreamSpec& spec) {
    if (!spec.probe) return {};
    return {dns::Name::parse(spec.probe->name, true).name, spec.probe->type};
}

/// What it says about the upstream, if anything.
std::optional<ProbeEnd> end_by(Failure failure) {
    switch (failure) {
        case Failure::refused:
        case Failure::unreachable:
        case Failure::tls:  // it is there, but is not who it should be, or speaks otherwise
        case Failure::http:
            return ProbeEnd::refused;
        case Failure::overload:  // of our own
            return std::nullopt;
        default:
            return ProbeEnd::silence;
    }
}

/// Workers read it: nothing is written that is there already.
void write_if_new(std::atomic<bool>& fact, bool value) {
    if (fact.load(std::memory_order_relaxed) != value) fact.store(value, std::memory_order_relaxed);
}

struct ProbeUnderWay {
    std::uint64_t sent_ns = 0;
    std::unique_ptr<Probe> probe;  ///< null while it is being made
};

struct Watched {
    UpstreamSpec spec;
    HealthJudgement judgement;
    std::vector<ProbeUnderWay> probes;  ///< under way, the oldest first
    std::string told_fault{};           ///< of encryption, that was logged last
    std::uint64_t told_fault_ns = 0;
};

}  // namespace

struct Prober::State {
    State(telemetry::WorkerCounters& own_counters, telemetry::Log& the_log, telemetry::HandlerFailures& of_handlers,
          const routing::LoopToken& token, LoopsChanged loops_changed)
        : counters(own_counters),
          log(the_log),
          failures(of_handlers),
          // Other threads post; the descriptors are this thread's alone.
          io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
          work(io.get_executor()),
          timer(io),
          context{io, own_counters, {}, {}, {}, {}},
          loops(context, the_log, token, std::move(loops_changed)) {}

    void adopt(const Publication& publication);
    void take_over(const UpstreamSpec& spec, std::uint64_t spread_ns, std::map<std::uint64_t, Watched>& stay);
    Watched watch(const UpstreamSpec& spec, std::uint64_t spread_ns);
    void look_soon();
    void look();
    void look_at(Watched& watched, std::uint64_t now_ns);
    void probe_what_is_due(std::uint64_t now_ns);
    void probe(Watched& watched, std::uint64_t now_ns);
    void on_probe_done(std::uint64_t serial, std::uint64_t sent_ns, std::optional<ProbeFailure> failure);
    void fail_probe(Watched& watched, std::uint64_t sent_ns, const ProbeFailure& failed, std::uint64_t now_ns);
    void end_probe(Watched& watched, std::uint64_t sent_ns);
    void withdraw_probes(Watched& watched);
    void tell(Watched& watched, std::string_view reason, std::uint64_t now_ns);
    void tell_of_guesses(const net::Endpoint& upstream);
    void tell_of_encryption(Watched& watched, const std::string& reason, std::uint64_t now_ns);
    std::uint32_t random() { return std::uint32_t{context.random.next()} << 16 | context.random.next(); }

    telemetry::WorkerCounters& counters;
    telemetry::Log& log;
    telemetry::HandlerFailures& failures;
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work;
    asio::steady_timer timer;
    ProbeContext context;
    LoopWatch loops;
    std::map<std::uint64_t, Watched> watched_by_serial;
    std::uint64_t next_serial = 0;  ///< whose turn to be probed it is
    std::size_t under_way = 0;
    bool looking = false;
    telemetry::EverySoOften guesses{std::chrono::minutes(1)};
    telemetry::EverySoOften turns{turns_interval, max_turns_told};
    telemetry::EverySoOften encryption_faults{turns_interval, max_turns_told};
    std::thread thread;
};

void Prober::State::adopt(const Publication& publication) {
    for (const telemetry::Slot slot : publication.upstream_slots_to_clear) counters.upstream(slot).clear();
    const auto& upstreams = publication.pools->upstreams;
    // A few are probed at once: what was never answered proves nothing.
    const std::uint64_t spread_ns =
        upstreams.size() <= max_probes_a_look
            ? 0
            : std::min<std::uint64_t>(upstreams.size() * first_probe_spread_ns, HealthJudgement::interval_ns);
    std::map<std::uint64_t, Watched> stay;
    try {
        for (const UpstreamSpec& spec : upstreams) take_over(spec, spread_ns, stay);
    } catch (...) {  // no memory: those that were watched still are
        watched_by_serial.merge(stay);
        look_soon();
        throw;
    }
    for (auto& [serial, gone] : watched_by_serial) withdraw_probes(gone);
    watched_by_serial = std::move(stay);
    std::erase_if(context.filters, [this](const auto& one) { return !watched_by_serial.contains(one.first); });
    probe_what_is_due(io::monotonic_ns());
    look_soon();
    loops.adopt(publication);
}

/// To `stay`, with all that is known of it.
void Prober::State::take_over(const UpstreamSpec& spec, std::uint64_t spread_ns,
                              std::map<std::uint64_t, Watched>& stay) {
    const auto known = watched_by_serial.find(spec.serial);
    if (known == watched_by_serial.end()) {
        stay.emplace(spec.serial, watch(spec, spread_ns));
        return;
    }
    Watched& watched = known->second;
    const bool asks_anew = watched.spec.probe != spec.probe;
    watched.spec = spec;
    if (asks_anew || spec.health_mode != Health::on) withdraw_probes(watched);
    if (asks_anew) watched.judgement.begin_anew(io::monotonic_ns());
    watched.judgement.set_mode(spec.health_mode, io::monotonic_ns());
    tell(watched, "health = off", io::monotonic_ns());
    stay.insert(watched_by_serial.extract(known));
}

Watched Prober::State::watch(const UpstreamSpec& spec, std::uint64_t spread_ns) {
    const std::uint64_t now_ns = io::monotonic_ns();
    spec.health->changed_ns.store(now_ns, std::memory_order_relaxed);
    return {spec, HealthJudgement(spec.health_mode, now_ns + (spread_ns * random() >> 32)), {}, {}, 0};
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
        look_soon();  // first, as there must be a next look also where this one fails
        look();
    });
}

void Prober::State::look() {
    const std::uint64_t now_ns = io::monotonic_ns();
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
    while (!watched.probes.empty()) {
        const std::uint64_t oldest_ns = watched.probes.front().sent_ns;
        if (now_ns - oldest_ns < HealthJudgement::probe_timeout_ns) break;
        fail_probe(watched, oldest_ns, {Failure::timeout}, now_ns);
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
    watched.probes.push_back({now_ns, nullptr});
    watched.judgement.probe_sent(now_ns, random());
    ++under_way;
    const auto done = [this, serial = spec.serial, now_ns](auto failure) { on_probe_done(serial, now_ns, failure); };
    StartedProbe started = start_probe(context, spec, done, question_of(spec));
    if (!started.probe) return fail_probe(watched, now_ns, started.failure, now_ns);
    watched.probes.back().probe = std::move(started.probe);
}

void Prober::State::on_probe_done(std::uint64_t serial, std::uint64_t sent_ns,
                                  std::optional<ProbeFailure> failure) {
    Watched& watched = watched_by_serial.at(serial);
    const std::uint64_t now_ns = io::monotonic_ns();
    if (failure) return fail_probe(watched, sent_ns, *failure, now_ns);
    end_probe(watched, sent_ns);
    watched.judgement.probe_answered(sent_ns, now_ns);
    watched.spec.health->probed_ns.store(now_ns, std::memory_order_relaxed);
    tell(watched, "a probe was answered", now_ns);
}

void Prober::State::fail_probe(Watched& watched, std::uint64_t sent_ns, const ProbeFailure& failed,
                               std::uint64_t now_ns) {
    const Failure failure = failed.failure;
    if (!failed.reason.empty()) tell_of_encryption(watched, failed.reason, now_ns);
    end_probe(watched, sent_ns);
    counters.upstream(watched.spec.slot).failures[failure].add();
    // What a worker heard a moment ago may not be written yet.
    std::uint64_t heard_ns = watched.spec.health->heard_ns.load(std::memory_order_relaxed);
    if (heard_ns > 0) heard_ns += UpstreamHealth::report_interval_ns;
    if (const auto why = end_by(failure)) {
        watched.judgement.probe_failed(sent_ns, *why, heard_ns, now_ns);
    } else {
        watched.judgement.probe_withdrawn(sent_ns);
    }
    tell(watched, std::string("probes failed: ").append(telemetry::name_of(failure)), now_ns);
}

void Prober::State::end_probe(Watched& watched, std::uint64_t sent_ns) {
    under_way -= std::erase_if(watched.probes, [sent_ns](const auto& one) { return one.sent_ns == sent_ns; });
}

void Prober::State::withdraw_probes(Watched& watched) {
    for (const ProbeUnderWay& one : watched.probes) watched.judgement.probe_withdrawn(one.sent_ns);
    under_way -= watched.probes.size();
    watched.probes.clear();
}

/// Where the judgement has turned, everyone learns of it.
void Prober::State::tell(Watched& watched, std::string_view reason, std::uint64_t now_ns) {
    UpstreamHealth& health = *watched.spec.health;
    write_if_new(health.probes_tell, watched.judgement.probes_tell());
    write_if_new(health.down_by_probes, watched.judgement.down_by_probes());
    const bool up = watched.judgement.up();
    if (up == health.up.load(std::memory_order_relaxed)) return;
    const std::uint64_t lasted_ns = now_ns - health.changed_ns.load(std::memory_order_relaxed);
    // Time-outs are counted anew from each turn.
    health.timeouts.store(0, std::memory_order_relaxed);
    health.changed_ns.store(now_ns, std::memory_order_relaxed);
    health.up.store(up, std::memory_order_relaxed);
    const auto left_out = turns.due(std::chrono::steady_clock::now());
    if (!left_out) return;
    if (*left_out > 0) log.warning("upstreams went up and down that are not named", {{"turns", *left_out}});
    const std::string address = watched.spec.key.endpoint.to_string();
    if (up) {
        log.info("upstream up", {{"upstream", address},
                                 {"reason", reason},
                                 {"down_seconds", lasted_ns / std::uint64_t{1'000'000'000}}});
    } else {
        log.warning("upstream down", {{"upstream", address}, {"reason", reason}});
    }
}

/// At once where it is another reason than before.
void Prober::State::tell_of_encryption(Watched& watched, const std::string& reason, std::uint64_t now_ns) {
    watched.spec.health->encryption_fault.tell(reason, now_ns);
    if (watched.told_fault == reason && now_ns - watched.told_fault_ns < encryption_fault_again_ns) return;
    const auto left_out = encryption_faults.due(std::chrono::steady_clock::now());
    if (!left_out) return;
    watched.told_fault = reason;
    watched.told_fault_ns = now_ns;
    const routing::UpstreamKey& key = watched.spec.key;
    log.warning("upstream cannot be asked encrypted", {{"upstream", key.endpoint.to_string()},
                                                       {"name", key.tls.name},
                                                       {"reason", reason},
                                                       {"left_out", *left_out}});
}

void Prober::State::tell_of_guesses(const net::Endpoint& upstream) {
    const auto left_out = guesses.due(std::chrono::steady_clock::now());
    if (!left_out) return;
    log.warning("forged replies come to a port that asks an upstream: its queries go by TCP and another port",
                {{"upstream", upstream.to_string()}, {"left_out", *left_out}});
}

Prober::Prober(telemetry::WorkerCounters& counters, telemetry::Log& log, telemetry::HandlerFailures& failures,
               const routing::LoopToken& token, LoopsChanged loops_changed)
    : state_(std::make_unique<State>(counters, log, failures, token, std::move(loops_changed))) {}

Prober::~Prober() { stop(); }

void Prober::start(std::shared_ptr<const Publication> publication) {
    // On its own thread: with a million routes it takes a moment.
    asio::post(state_->io, [state = state_.get(), first = std::move(publication)] { state->adopt(*first); });
    state_->thread = std::thread([state = state_.get()] {
        pthread_setname_np(pthread_self(), "prober");
        state->failures.run(state->io, "prober");
    });
}

void Prober::adopt(std::shared_ptr<const Publication> publication,
                   std::function<void(std::shared_ptr<const Publication>)> adopted) {
    asio::post(state_->io, [state = state_.get(), publication = std::move(publication),
                            adopted = std::move(adopted)]() mutable {
        // It is let go of whatever happens.
        io::do_and_always([&] { state->adopt(*publication); }, [&] { adopted(std::move(publication)); });
    });
}

void Prober::loop_probe_returned(std::uint64_t number, const net::Address& peer) {
    asio::post(state_->io, [state = state_.get(), number, peer] { state->loops.returned(number, peer); });
}

void Prober::loop_suspected(routing::LoopPlace place) {
    asio::post(state_->io,
               [state = state_.get(), place = std::move(place)]() mutable { state->loops.suspect(std::move(place)); });
}

void Prober::replies_guessed(const net::Endpoint& upstream) {
    asio::post(state_->io, [state = state_.get(), upstream] { state->tell_of_guesses(upstream); });
}

void Prober::encryption_failed(std::uint64_t upstream, std::string reason) {
    asio::post(state_->io, [state = state_.get(), upstream, reason = std::move(reason)] {
        const auto watched = state->watched_by_serial.find(upstream);
        if (watched == state->watched_by_serial.end()) return;
        state->tell_of_encryption(watched->second, reason, io::monotonic_ns());
    });
}

void Prober::stop() {
    state_->io.stop();
    if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace dproxy::proxy
