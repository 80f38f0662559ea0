// SPDX-License-Identifier: MIT
// Held by tests/integration/test_trace.py.
#include "server/tracing.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "dns/name.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"
#include "io/wall_time.hpp"
#include "reports/rfc3339.hpp"
#include "trace/limits.hpp"
#include "trace/step.hpp"

namespace dproxy::server {

namespace {

/// Told at once, of each worker: the rest is told when it is asked for again.
constexpr std::size_t steps_at_once = 1000;

struct Told {
    std::uint64_t at_ns;
    boost::json::object step;
};

Told told(const trace::Step& step, unsigned worker, unsigned workers) {
    return {step.at_ns,
            {{"time", config::rfc3339(io::wall_time(step.at_ns))},
             {"query", std::uint64_t{step.query} * workers + worker + 1},
             {"us", (step.at_ns - step.asked_ns) / 1000},
             {"step", trace::name_of(step.kind)},
             {"text", step.text}}};
}

}  // namespace

std::uint64_t Tracing::lost() const {
    std::uint64_t lost = 0;
    for (const telemetry::WorkerCounters* worker : counters_) lost += worker->trace_dropped.value();
    return lost;
}

admin::Finding Tracing::begin(std::string_view name, std::string_view duration) {
    const auto read = dns::Name::parse(name, true);
    if (read.fault) {
        return {false, "The name " + config::excerpt(name) + " cannot be read: " +
                           std::string(dns::describe(*read.fault)) + ". Expected one such as example.com."};
    }
    const auto length = config::parse_duration(duration, std::chrono::seconds{1}, trace::trace_time);
    if (!length) return {false, "for: " + length.fault};
    order_ = std::make_shared<const trace::Order>(
        trace::Order{read.name, io::monotonic_ns() + io::nanoseconds_of(*length), ++serial_});
    lost_before_ = lost();
    publish_(order_);
    const std::string text = read.name.to_text();
    log_.info("a trace begins", {{"name", text}, {"ms", length.value->count()}});
    return {true, boost::json::serialize(boost::json::object{
                      {"trace", serial_}, {"name", text}, {"ms", length.value->count()}})};
}

admin::Finding Tracing::steps() {
    if (!order_) return {false, "There is no trace; POST /trace?name=www.example.com begins one."};
    const bool is_late = io::monotonic_ns() >= order_->until_ns;  // first: what was put in before is found then
    bool is_all = true;
    std::vector<Told> found;
    for (unsigned worker = 0; worker < rings_->workers(); ++worker) {
        query_log::Ring* const ring = rings_->of(worker);
        std::size_t taken = 0;
        for (; ring != nullptr && taken < steps_at_once && !ring->front().empty(); ++taken, ring->pop()) {
            const trace::Step step = trace::read(ring->front());
            if (step.trace == order_->serial) found.push_back(told(step, worker, rings_->workers()));
        }
        is_all = is_all && taken < steps_at_once;
    }
    const auto is_before = [](const Told& one, const Told& other) { return one.at_ns < other.at_ns; };
    std::stable_sort(found.begin(), found.end(), is_before);
    boost::json::array steps;
    for (Told& one : found) steps.push_back(std::move(one.step));
    return {true, boost::json::serialize(boost::json::object{{"trace", order_->serial},
                                                             {"is_over", is_late && is_all},
                                                             {"lost", lost() - lost_before_},
                                                             {"steps", std::move(steps)}})};
}

}  // namespace dproxy::server
