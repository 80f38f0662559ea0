// SPDX-License-Identifier: MIT
// A trace that somebody ordered over the HTTP side: begun, and its steps taken out of the workers' rings as JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "admin/pages.hpp"
#include "query_log/rings.hpp"
#include "telemetry/counters.hpp"
#include "telemetry/log.hpp"
#include "trace/order.hpp"

namespace dproxy::server {

/// The thread's that makes pages. One trace at a time: the next takes the place of the last.
class Tracing {
public:
    using Publish = std::function<void(const std::shared_ptr<const trace::Order>&)>;

    /// `counters`: all that there are, once something is asked for. `publish` hands an order to the workers.
    Tracing(std::shared_ptr<query_log::Rings> rings, const std::vector<const telemetry::WorkerCounters*>& counters,
            telemetry::Log& log, Publish publish)
        : rings_(std::move(rings)), counters_(counters), log_(log), publish_(std::move(publish)) {}

    /// Of `name` and all names below it, for as long as `duration` says. {"trace", "name", "ms"}. Told in the log.
    admin::Finding begin(std::string_view name, std::string_view duration);
    /// {"trace", "is_over", "lost", "steps"}: those since it was asked last, in the order of their times.
    admin::Finding steps();

private:
    std::uint64_t lost() const;

    std::shared_ptr<query_log::Rings> rings_;
    const std::vector<const telemetry::WorkerCounters*>& counters_;
    telemetry::Log& log_;
    Publish publish_;
    std::shared_ptr<const trace::Order> order_;  ///< null: there never was one
    std::uint32_t serial_ = 0;
    std::uint64_t lost_before_ = 0;  ///< of all steps that ever found no room, those before this trace
};

}  // namespace dproxy::server
